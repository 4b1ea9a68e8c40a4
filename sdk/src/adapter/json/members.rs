//! Reads an object member by member, so that one malformed member does not hide the others.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{as_it_came, text_or_number};
use crate::phone::PhoneNumber;
use crate::time::parse_instant;

/// The members of an object in their raw form.
///
/// ```
/// use transom::adapter::json::Members;
///
/// let raw = serde_json::from_str(r#"{"id":18446744073709551616,"sentAt":"1770110100","to":"34611222333"}"#)?;
/// let members = Members::from_raw(raw).unwrap();
/// assert_eq!(members.text(&["message_id", "id"]).as_deref(), Some("18446744073709551616"));
/// assert!(members.time(&["sent_at", "sentAt"]).is_some());
/// assert_eq!(members.phone(&["to"]).unwrap().as_str(), "+34611222333");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Members(BTreeMap<String, Box<RawValue>>);

/// Only the names: values may hold messages and numbers.
impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Members {
    /// The members of `raw`, if it is an object.
    pub fn from_raw(raw: &RawValue) -> Option<Self> {
        parse(raw).map(Self)
    }

    /// The first of `names` that is present and not null.
    pub fn raw(&self, names: &[&str]) -> Option<&RawValue> {
        names.iter().filter_map(|name| self.0.get(*name)).map(|raw| &**raw).find(|raw| raw.get() != "null")
    }

    /// All members as they came.
    pub fn to_value(&self) -> Value {
        self.0.iter().map(|(name, raw)| (name.clone(), as_it_came(raw))).collect()
    }

    /// The first of `names` that is a non-empty text, or a number with every digit.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|raw| text(raw))
    }

    /// The first of `names` that is an object.
    pub fn object(&self, names: &[&str]) -> Option<Self> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|raw| Self::from_raw(raw))
    }

    /// The first of `names` that holds objects: one, or a list of at least one.
    pub fn objects(&self, names: &[&str]) -> Option<Vec<Box<RawValue>>> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|found| match found.get().as_bytes() {
            [b'{', ..] => Some(vec![found.clone()]),
            [b'[', ..] => parse::<Vec<Box<RawValue>>>(found).filter(|items| !items.is_empty()),
            _ => None,
        })
    }

    /// The first of `names` that is an instant in any form of [`parse_instant`].
    pub fn time(&self, names: &[&str]) -> Option<SystemTime> {
        names.iter().filter_map(|name| self.text(&[name])).find_map(|text| parse_instant(&text))
    }

    /// The first of `names` that is `true` or `false`, as JSON or as text.
    pub fn flag(&self, names: &[&str]) -> Option<bool> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|raw| match raw.get().trim_matches('"') {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    /// The first of `names` that is a text or a number, if it is a phone number, with or without its plus.
    pub fn phone(&self, names: &[&str]) -> Option<PhoneNumber> {
        PhoneNumber::from_e164(&self.text(names)?).ok()
    }
}

fn text(raw: &RawValue) -> Option<String> {
    text_or_number(&mut serde_json::Deserializer::from_str(raw.get())).ok()?
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
