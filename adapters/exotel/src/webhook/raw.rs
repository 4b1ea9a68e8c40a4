//! Reads JSON as received: ids keep every digit, and a list is never read as an object.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::time::rfc3339;

/// The members of an object as received.
pub(super) type Members = BTreeMap<String, Box<RawValue>>;

/// The struct that an object holds.
pub(super) fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

/// A member that is a text or a number, as text; an empty one is none.
pub(super) fn text(members: &Members, name: &str) -> Option<String> {
    let raw = members.get(name)?.get();
    match raw.as_bytes() {
        [b'"', ..] => serde_json::from_str(raw).ok().filter(|text: &String| !text.is_empty()),
        [b'-' | b'0'..=b'9', ..] => Some(raw.to_owned()),
        _ => None,
    }
}

/// A number with or without its `+`.
pub(super) fn phone(text: Option<&str>) -> Option<PhoneNumber> {
    text?.parse().ok()
}

/// ISO 8601 with an offset, usually `+05:30`; or Unix time, as WhatsApp itself writes it, in seconds or milliseconds.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    /// The year 5138 in seconds, and 1973 in milliseconds.
    const MILLISECONDS_FROM: u64 = 100_000_000_000;
    let since_1970 = match text.parse() {
        Ok(number) if number >= MILLISECONDS_FROM => Duration::from_millis(number),
        Ok(number) => Duration::from_secs(number),
        Err(_) => return rfc3339::parse(text),
    };
    SystemTime::UNIX_EPOCH.checked_add(since_1970)
}
