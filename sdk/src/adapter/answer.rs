//! The words of an answer that refuses.

use http::StatusCode;
use serde_json::value::RawValue;

use crate::adapter::json::{Members, without_mark};
use crate::webhook::platform;

/// How deep errors are looked for within errors.
const DEPTH_MAX: usize = 4;

/// What the errors in an answer's body say, one text for each: the words of the body itself first, then those under
/// `error` and `errors`. Each has title, message, details and whatever else providers call them
/// ([`platform::reason`]). A text that others contain is left out.
///
/// ```
/// use transom::adapter::reasons;
///
/// let body = br#"{"error":{"message":"(#100) Invalid parameter","error_data":{"details":"Parameter name is missing"}}}"#;
/// assert_eq!(reasons(body), ["(#100) Invalid parameter: Parameter name is missing"]);
/// assert_eq!(reasons(b"<html>"), [""; 0]);
/// ```
pub fn reasons(body: &[u8]) -> Vec<String> {
    let mut found = Found::default();
    if let Ok(raw) = serde_json::from_slice::<&RawValue>(without_mark(body)) {
        found.collect(raw, DEPTH_MAX);
    }
    let texts = if found.texts.is_empty() { found.phrases } else { found.texts };
    platform::distinct(texts)
}

/// The code of the first error under `errors` or `error` in an answer's body.
///
/// ```
/// use transom::adapter::first_code;
///
/// let body = br#"{"errors":[{"code":131026,"title":"Undeliverable"},{"code":131047}]}"#;
/// assert_eq!(first_code(body).as_deref(), Some("131026"));
/// ```
pub fn first_code(body: &[u8]) -> Option<String> {
    const CODE: &[&str] = &["error_code", "errorCode", "code"];
    let body = Members::from_raw(serde_json::from_slice(without_mark(body)).ok()?)?;
    let first = |name| Members::from_raw(body.objects(&[name])?.first()?)?.text(CODE);
    first("errors").or_else(|| first("error"))
}

#[derive(Default)]
struct Found {
    texts: Vec<String>,
    /// Names of HTTP statuses, such as `Bad Request`: they say something only where nothing else does.
    phrases: Vec<String>,
}

impl Found {
    fn collect(&mut self, raw: &RawValue, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match raw.get().as_bytes() {
            [b'{', ..] => {
                let Some(error) = Members::from_raw(raw) else { return };
                self.texts.extend(platform::reason(&error));
                for name in ["message", "error", "errors", "details"] {
                    // A plain text under the others is among the words of the error itself.
                    let is_own = |inner: &RawValue| !name.starts_with("error") && inner.get().starts_with('"');
                    if let Some(inner) = error.raw(&[name]).filter(|inner| !is_own(inner)) {
                        self.collect(inner, depth);
                    }
                }
            }
            [b'[', ..] => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
                for item in items {
                    self.collect(item, depth);
                }
            }
            [b'"', ..] => {
                let text: String = serde_json::from_str(raw.get()).unwrap_or_default();
                let texts = if is_phrase(&text) { &mut self.phrases } else { &mut self.texts };
                texts.push(text);
            }
            _ => {}
        }
    }
}

/// Whether it is the name of an HTTP status.
fn is_phrase(text: &str) -> bool {
    let names = (400..600).filter_map(|code| StatusCode::from_u16(code).ok()?.canonical_reason());
    names.into_iter().any(|name| name.eq_ignore_ascii_case(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_an_answer_has_its_words() {
        for (body, expected) in [
            (
                r#"{"error":{"message":"(#100) Invalid parameter","error_data":{"details":"Parameter name is missing or empty"}}}"#,
                &["(#100) Invalid parameter: Parameter name is missing or empty"][..],
            ),
            (
                r#"{"statusCode":400,"message":"(#100) Invalid parameter","error":"Bad Request","details":{"error_data":{"details":"name"}}}"#,
                &["(#100) Invalid parameter: name"],
            ),
            (
                r#"{"message":"m","description":"d","reason":"r","error_message":"e","error_user_msg":"u","title":"t"}"#,
                &["t: m: u: d: r"],
            ),
            (r#"{"error_message":"e","title":"t"}"#, &["t: e"]),
            (
                r#"{"errors":[{"code":1,"title":"first","message":"why"},{"title":"second"},"third"]}"#,
                &["first: why", "second", "third"],
            ),
            (r#"{"message":["to is wrong","type is wrong"],"error":"Bad Request"}"#, &["to is wrong", "type is wrong"]),
            (
                r#"{"message":"no","details":{"error":{"message":"(#100) Invalid parameter","error_data":{"details":"name"}}}}"#,
                &["no", "(#100) Invalid parameter: name"],
            ),
            (r#"{"error":"Bad Request"}"#, &["Bad Request"]),
            (r#"{"error":"no","message":"no"}"#, &["no"]),
            (r#"{"errors":{"reason":"why"}}"#, &["why"]),
            ("\u{feff} {\"message\":\"why\"}", &["why"]),
            (r#"{"message":7,"error":null,"errors":[null,[]]}"#, &["7"]),
            ("", &[]),
            ("[", &[]),
            ("<html>", &[]),
        ] {
            assert_eq!(reasons(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn first_errors_code_counts() {
        for (body, expected) in [
            (r#"{"code":7,"errors":[{"code":8}]}"#, Some("8")),
            (r#"{"code":7}"#, None),
            (r#"{"errors":[{"title":"x"},{"code":8}]}"#, None),
            (r#"{"errors":[{"code":8},{"code":9}],"error":{"code":10}}"#, Some("8")),
            (r#"{"error":{"error_code":"X"}}"#, Some("X")),
            (r#"{"error":"no","errors":["x"]}"#, None),
            ("[", None),
        ] {
            assert_eq!(first_code(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn errors_within_errors_end_somewhere() {
        let deep = format!("{}\"why\"{}", r#"{"error":"#.repeat(5_000), "}".repeat(5_000));
        assert_eq!(reasons(deep.as_bytes()), [""; 0]);
    }
}
