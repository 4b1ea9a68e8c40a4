//! The bodies of webhook calls, read so that an odd character costs nothing else.

use std::borrow::Cow;

use http::Request;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};

/// The body of a webhook call, as raw JSON, so that ids keep every digit. Reads what [`lenient_json`] repairs.
///
/// # Errors
/// [`ErrorKind::MalformedResponse`] if it is not JSON.
pub fn json_body(request: &Request<bytes::Bytes>) -> Result<Box<RawValue>> {
    serde_json::from_str(&lenient_json(request.body()))
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the webhook call is not JSON").with_source(error))
}

/// JSON text without its byte order mark, and with U+FFFD for what is no character: invalid UTF-8, and the escape of half a
/// surrogate pair. A text that was cut in the middle of an emoji ends in such an escape.
pub fn lenient_json(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    match half_surrogates(&text).as_slice() {
        [] => text,
        places => {
            let mut repaired = text.into_owned();
            for at in places {
                repaired.replace_range(*at..*at + ESCAPE, "\\ufffd");
            }
            Cow::Owned(repaired)
        }
    }
}

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// Where escapes of single surrogates stand. In JSON, a backslash occurs only in texts.
fn half_surrogates(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match (unit(text, at), unit(text, at + ESCAPE)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 2 * ESCAPE,
            (Some(0xd800..=0xdfff), _) => {
                places.push(at);
                at += ESCAPE;
            }
            (Some(_), _) => at += ESCAPE,
            // The escaped character is ASCII in valid JSON; in other text the search goes on at the next character.
            (None, _) => at += if text.is_char_boundary(at + 2) { 2 } else { 1 },
        }
    }
    places
}

/// The UTF-16 unit whose escape begins at `at`.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_surrogate_becomes_replacement_character() {
        for (written, read) in [
            (r#""hi \ud83d""#, "hi \u{fffd}"),
            (r#""\uD83D\uDC4D ok""#, "👍 ok"),
            (r#""\udc4d\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\udc4d""#, "\u{fffd}👍"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""a\\ud83d""#, "a\\ud83d"),
            (r#""\n\u00e9\"""#, "\né\""),
        ] {
            assert_eq!(serde_json::from_str::<String>(&lenient_json(written.as_bytes())).unwrap(), read, "{written}");
        }
    }

    #[test]
    fn byte_order_mark_and_invalid_utf8_cost_nothing_else() {
        assert_eq!(lenient_json(b"\xef\xbb\xbf{\"a\":1}"), "{\"a\":1}");
        assert_eq!(lenient_json(b"{\"a\":\"x\xff\"}"), "{\"a\":\"x\u{fffd}\"}");
        // No JSON, and no panic.
        for odd in ["\\", "\\u", "\\ud83", "\\é", "\\\\", "\\ud83d\\", "\\u+123"] {
            let _ = lenient_json(odd.as_bytes());
        }
    }
}
