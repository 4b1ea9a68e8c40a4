//! JSON and queries into structs; errors name the member, its value and the expected form.

use std::time::{Duration, SystemTime};

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::error::ControlError;
use crate::core::time::rfc3339;
use crate::core::time::{parse_duration, parse_time};

/// Reads a control body.
///
/// # Errors
///
/// The member that is wrong, and the expected form.
pub fn from_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ControlError> {
    // serde would take an array as the members in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(ControlError::Unreadable("the body: it is an array, expected an object".to_owned()));
    }
    from_json_or_list(body)
}

/// As [`from_json`], of a type that takes an array, too.
pub(crate) fn from_json_or_list<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ControlError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            ControlError::Unreadable(describe(&path, &error.to_string()))
        } else {
            ControlError::Unreadable(format!("the body is not JSON: {error}"))
        }
    })?;
    json.end().map_err(|error| ControlError::Unreadable(format!("the body is not JSON: {error}")))?;
    Ok(read)
}

/// As [`from_json`], from a value.
pub(crate) fn from_value<'de, T: Deserialize<'de>>(
    value: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, ControlError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        ControlError::Unreadable(describe(&path, &error.into_inner().to_string()))
    })
}

/// Reads the parameters of a query.
///
/// # Errors
///
/// The parameter that is wrong, and the expected form.
#[cfg(feature = "server")]
pub(crate) fn from_query<T: for<'a> Deserialize<'a>>(query: &str) -> Result<T, ControlError> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        ControlError::Unreadable(
            describe(&path, &problem).replace("unknown member", "unknown parameter").replace("some of ", ""),
        )
    })
}

/// serde's words in the form of [`ControlError`], with the member and the path to it.
fn describe(path: &str, problem: &str) -> String {
    let problem = problem.split(" at line ").next().unwrap_or_default();
    let path = path.trim_start_matches('.');
    let (place, member) = path.rsplit_once('.').unwrap_or(("", path));
    // The path of a member that is missing or unknown leads to the object around it.
    let (place, text) = if let Some(wrong) =
        problem.strip_prefix("invalid type: ").or_else(|| problem.strip_prefix("invalid value: "))
    {
        let wrong = wrong.replace("null, expected", "missing, expected");
        let member = if member.is_empty() { "the body: it".to_owned() } else { format!("`{member}`") };
        (place, format!("{member} is {}", plain(&wrong)))
    } else if let Some(variant) = problem.strip_prefix("unknown variant `") {
        let (value, expected) = variant.split_once("`, ").unwrap_or((variant, ""));
        (place, format!("`{member}` is \"{value}\", {expected}"))
    } else if let Some(missing) = problem.strip_prefix("missing field ") {
        (path, format!("{missing} is missing, expected a value"))
    } else if let Some((unknown, expected)) =
        problem.strip_prefix("unknown ").and_then(|unknown| unknown.split_once(", "))
    {
        let place = path.strip_suffix(unknown.split('`').nth(1).unwrap_or("`")).unwrap_or(path).trim_end_matches('.');
        let expected =
            expected.replace("expected one of", "expected some of").replace("there are no fields", "expected none");
        (place, format!("unknown {}, {expected}", unknown.replace("field", "member")))
    } else {
        (place, problem.to_owned())
    };
    match place.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::parse::<usize>) {
        // Faults alone come as a list.
        Some(Ok(index)) => format!("fault {}: {text}", index + 1),
        _ if place.is_empty() => text,
        _ => format!("`{place}`: {text}"),
    }
}

/// A value and the expected form, without the names of Rust's types.
fn plain(wrong: &str) -> String {
    let (value, expected) = wrong.rsplit_once(", expected ").unwrap_or((wrong, "another"));
    let value = match value {
        "sequence" => "an array",
        "map" => "an object",
        value => {
            let named = ["string ", "integer `", "floating point `", "boolean `"];
            let bare = named.iter().find_map(|name| value.strip_prefix(name));
            bare.unwrap_or(value).trim_end_matches('`')
        }
    };
    let expected = match expected {
        "u16" | "u32" | "u64" | "usize" | "a nonzero usize" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        expected => expected,
    };
    format!("{value}, expected {expected}")
}

/// A moment; in JSON RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Time(pub SystemTime);

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        Self(time)
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a time such as \"2026-05-11T09:00:00Z\"", |text| parse_time(text).map(Self))
    }
}

/// A duration such as `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, example = "1h30m")]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a duration such as `5s` or `1h30m`", |text| parse_duration(text).map(Self))
    }
}

/// A text that `read` understands.
pub(super) fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    read(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &expected))
}

/// A whole number of a query, which is a text there.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    parsed(deserializer, "a whole number such as 100", |text| text.parse().ok()).map(Some)
}

/// A text, or a number as one.
pub(super) fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        other => Err(D::Error::custom(format!("invalid value: {other}, expected a text or a number"))),
    }
}

/// A member that may be `null`, which is not the same as absent.
#[allow(clippy::option_option, reason = "absent, null and a value are three cases")]
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
