//! An object of which nobody promised the form: read member by member, so that one that is odd takes no other with it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use transom::time::rfc3339;
use transom::{PhoneNumber, json};

/// The members of an object, each as it was written.
pub(super) struct Members(BTreeMap<String, Box<RawValue>>);

impl Members {
    /// Those of `raw`, if it is an object.
    pub(super) fn of(raw: &RawValue) -> Option<Self> {
        parse(raw).map(Self)
    }

    /// The first of `names` that is there and not null.
    pub(super) fn raw(&self, names: &[&str]) -> Option<&RawValue> {
        names.iter().filter_map(|name| self.0.get(*name)).map(|raw| &**raw).find(|raw| raw.get() != "null")
    }

    /// The first of `names` that is a text, or a number with every digit; an empty text is none.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|raw| text(raw))
    }

    /// The first of `names` that is an object.
    pub(super) fn object(&self, names: &[&str]) -> Option<Self> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|raw| Self::of(raw))
    }

    /// The first of `names` that holds objects: one, or a list of at least one.
    pub(super) fn objects(&self, names: &[&str]) -> Option<Vec<Box<RawValue>>> {
        names.iter().filter_map(|name| self.0.get(*name)).find_map(|found| match found.get().as_bytes() {
            [b'{', ..] => Some(vec![found.clone()]),
            [b'[', ..] => parse::<Vec<Box<RawValue>>>(found).filter(|items| !items.is_empty()),
            _ => None,
        })
    }

    /// The first of `names` that is an instant. Meta writes Unix seconds as a text, the vendor ISO 8601.
    pub(super) fn time(&self, names: &[&str]) -> Option<SystemTime> {
        let text = self.text(names)?;
        match text.parse() {
            Ok(seconds) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
            Err(_) => rfc3339::parse(&text),
        }
    }

    /// The first of `names` that is a phone number, with or without its plus.
    pub(super) fn phone(&self, names: &[&str]) -> Option<PhoneNumber> {
        self.text(names)?.parse().ok()
    }

    /// WhatsApp's own id of a message wherever it stands, since that is what receipts carry, else the vendor's.
    pub(super) fn message_id(&self) -> Option<String> {
        let names = ["wamid", "id", "message_id", "messageId"];
        let ids: Vec<String> = names.iter().filter_map(|name| self.text(&[name])).collect();
        ids.iter().find(|id| id.starts_with("wamid.")).or(ids.first()).cloned()
    }
}

/// What `raw` says, as a tree.
pub(super) fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn text(raw: &RawValue) -> Option<String> {
    json::text_or_number(&mut serde_json::Deserializer::from_str(raw.get())).ok()?
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
