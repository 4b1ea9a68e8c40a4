//! Reads providers' JSON: tolerant of unused members, exact about ids.

mod ids;
mod loose_ids;
mod members;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::Result;
use crate::transport::{Operation, unreadable};

pub(crate) use ids::ids_at;
pub use ids::{ids, is_id};
pub use members::Members;

/// Reads the body of a successful answer.
///
/// # Errors
/// [`ErrorKind::MalformedResponse`](crate::ErrorKind::MalformedResponse); for a send it may have been sent, since the
/// provider said yes before it said something unreadable.
pub fn decode<T: DeserializeOwned>(response: &Response<Bytes>, operation: Operation) -> Result<T> {
    let body = object(response.body())
        .ok_or_else(|| unreadable(response.status(), operation, "the answer is no JSON object"))?;
    serde_json::from_slice(body).map_err(|error| {
        unreadable(response.status(), operation, "the answer is not the documented JSON").with_source(error)
    })
}

/// Reads as much as possible of the body of a rejection. An unreadable body is ignored, and the status counts.
pub fn decode_lenient<T: DeserializeOwned + Default>(response: &Response<Bytes>) -> T {
    object(response.body()).and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
}

/// The start of a body for an error message: printable, on one line, at most 200 characters.
pub fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..1024).unwrap_or(body));
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// An id or a code as text, from a text or a number, every digit kept. `None` for null, an empty text and anything
/// else, such as an object.
pub fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| text_of(raw.get())).filter(|text| !text.is_empty()))
}

fn text_of(raw: &str) -> Option<String> {
    match raw.bytes().next()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'-' | b'0'..=b'9' => Some(raw.to_owned()),
        _ => None,
    }
}

/// JSON to be passed on unread, and never null. A whole number beyond 64 bits is kept as text, because a value tree would
/// round it. So is the whole if it is null, or nested more than 127 deep.
pub fn as_it_came(raw: &RawValue) -> Value {
    match serde_json::from_str(raw.get()) {
        Ok(Value::Null) | Err(_) => Value::from(raw.get()),
        Ok(value) if holds_rounded(&value) => with_every_digit(raw),
        Ok(value) => value,
    }
}

fn holds_rounded(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(holds_rounded),
        Value::Object(members) => members.values().any(holds_rounded),
        _ => false,
    }
}

/// `raw` must not be nested deeply.
fn with_every_digit(raw: &RawValue) -> Value {
    let text = raw.get();
    let parsed = match text.as_bytes() {
        [b'{', ..] => serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text)
            .map(|members| members.iter().map(|(name, member)| (name.clone(), with_every_digit(member))).collect()),
        [b'[', ..] => serde_json::from_str::<Vec<Box<RawValue>>>(text)
            .map(|items| items.iter().map(|item| with_every_digit(item)).collect()),
        digits if digits.iter().all(|byte| matches!(byte, b'-' | b'0'..=b'9')) => match serde_json::from_str(text) {
            Ok(Value::Number(number)) if number.is_f64() => Ok(Value::from(text)),
            number => number,
        },
        _ => serde_json::from_str(text),
    };
    parsed.unwrap_or_default()
}

/// Whether a member such as `error` says something: null, false, 0 and what is empty do not.
pub fn is_said(member: &Value) -> bool {
    match member {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(members) => !members.is_empty(),
        other => other != 0,
    }
}

/// The value of a header as text, if there is exactly one readable value.
pub fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The body from its first brace, if it is an object. Providers answer with objects, and serde would read a list as the
/// members in order.
fn object(body: &[u8]) -> Option<&[u8]> {
    let body = without_mark(body);
    body.starts_with(b"{").then_some(body)
}

/// A body without a byte order mark and blanks before its text.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Answer {
        #[serde(default, deserialize_with = "text_or_number")]
        id: Option<String>,
    }

    fn id(json: &str) -> Option<String> {
        serde_json::from_str::<Answer>(json).unwrap().id
    }

    #[test]
    fn an_id_keeps_every_digit_whether_text_or_number() {
        assert_eq!(id(r#"{"id":18446744073709551616}"#).as_deref(), Some("18446744073709551616"));
        assert_eq!(id(r#"{"id":9007199254740993}"#).as_deref(), Some("9007199254740993"));
        assert_eq!(id(r#"{"id":"00417"}"#).as_deref(), Some("00417"));
    }

    #[test]
    fn what_is_passed_on_unread_keeps_every_digit() {
        let json = r#"{"a":[18446744073709551616,-9223372036854775809,9007199254740993],"b":{"c":1.5,"d":-1,"e":"x"}}"#;
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let expected = serde_json::json!({
            "a": ["18446744073709551616", "-9223372036854775809", 9_007_199_254_740_993_u64],
            "b": { "c": 1.5, "d": -1, "e": "x" },
        });
        assert_eq!(as_it_came(&raw), expected);
        let deep: Box<RawValue> =
            serde_json::from_str(&format!("{}1.5{}", "[".repeat(9999), "]".repeat(9999))).unwrap();
        assert_eq!(as_it_came(&deep), Value::from(deep.get()));
        assert_eq!(as_it_came(&serde_json::from_str::<Box<RawValue>>("null").unwrap()), "null");
    }

    #[test]
    fn what_is_no_id_is_none() {
        for json in [r#"{"id":null}"#, r#"{"id":""}"#, r#"{"id":{}}"#, r#"{"id":true}"#, r#"{"id":[1]}"#, "{}"] {
            assert_eq!(id(json), None, "{json}");
        }
    }

    #[test]
    fn a_success_that_cannot_be_read_may_have_been_sent() {
        let response = Response::new(Bytes::from_static(b"<html>"));
        let error = decode::<Answer>(&response, Operation::Send).unwrap_err();
        assert!(error.may_have_been_sent());
        assert!(!decode::<Answer>(&response, Operation::Read).unwrap_err().may_have_been_sent());
    }

    #[test]
    fn a_list_is_not_read_as_an_object_in_order() {
        let list = Response::new(Bytes::from_static(br#"["m1"]"#));
        assert!(decode::<Answer>(&list, Operation::Send).is_err());
        let marked = Response::new(Bytes::from_static(b"\xef\xbb\xbf {\"id\":7}"));
        assert_eq!(decode::<Answer>(&marked, Operation::Send).unwrap().id.as_deref(), Some("7"));
    }

    #[test]
    fn null_false_zero_and_empty_members_say_nothing() {
        use serde_json::json;
        for silent in [json!(null), json!(false), json!(0), json!(""), json!([]), json!({})] {
            assert!(!is_said(&silent), "{silent}");
        }
        for said in [json!(true), json!(7), json!("no"), json!([null]), json!({ "code": null })] {
            assert!(is_said(&said), "{said}");
        }
    }

    #[test]
    fn an_excerpt_is_one_short_printable_line() {
        assert_eq!(excerpt(b"<html>\n  \x1b[31mNo\x00pe"), "<html> [31mNope");
        assert!(excerpt(&[b'x'; 5000]).len() == 200);
    }
}
