//! Messages in both directions, and the lines of the ledger.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::core::phone::Phone;

/// A message that a provider delivers to a contact. `Debug` leaves its content out.
pub struct Message<'a> {
    /// The provider's name.
    pub provider: &'static str,
    /// The id that the provider's callbacks would carry.
    pub message_id: String,
    /// The business number.
    pub from: &'a Phone,
    /// The contact.
    pub to: &'a Phone,
    /// The content.
    pub content: Content<'a>,
    /// The client's own reference, if the request had one.
    pub reference: Option<&'a str>,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut message = f.debug_struct("Message");
        message.field("provider", &self.provider).field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// The content of a message in our own form: an object with a `type`. `Debug` prints only the type.
#[derive(Clone, PartialEq)]
pub enum Content<'a> {
    /// `{"type":"text","body":…}`, which is nearly all that is sent.
    Text {
        /// The text.
        body: &'a str,
        /// Whether the request asks for a link preview.
        preview_url: Option<bool>,
    },
    /// Anything else.
    Other(Value),
}

/// The [`Content`] of a ledger line in compact form: nearly every request adds one, and few are read again.
#[derive(Clone)]
pub struct StoredContent(Inner);

#[derive(Clone)]
enum Inner {
    Text(Box<str>, Option<bool>),
    Other(Box<RawValue>),
}

impl StoredContent {
    /// As JSON.
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        match &self.0 {
            Inner::Text(body, _) => body.len(),
            Inner::Other(json) => json.get().len(),
        }
    }
}

impl From<Content<'_>> for StoredContent {
    fn from(content: Content<'_>) -> Self {
        Self(match content {
            Content::Text { body, preview_url } => Inner::Text(body.into(), preview_url),
            Content::Other(content) => {
                // A `Value` always prints as JSON, so the fallback is out of reach.
                let json = serde_json::value::to_raw_value(&content);
                Inner::Other(json.unwrap_or_else(|_| RawValue::NULL.to_owned()))
            }
        })
    }
}

impl Serialize for StoredContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Inner::Text(body, preview_url) => Content::Text { body, preview_url: *preview_url }.serialize(serializer),
            Inner::Other(json) => json.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StoredContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Content::Other(Value::Object(Map::deserialize(deserializer)?)).into())
    }
}

// Private: leaves out the text.
impl fmt::Debug for StoredContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredContent").finish_non_exhaustive()
    }
}

impl Content<'_> {
    /// Its `type`; empty if it has none.
    pub fn kind(&self) -> &str {
        match self {
            Self::Text { .. } => "text",
            Self::Other(content) => content.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The text it has, or has below a picture or above buttons.
    pub fn body(&self) -> Option<&str> {
        match self {
            Self::Text { body, .. } => Some(body),
            Self::Other(content) => content.get("body").and_then(Value::as_str),
        }
    }
}

impl From<Value> for Content<'_> {
    fn from(content: Value) -> Self {
        Self::Other(content)
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// In the order in which the members of any other content are printed.
        #[derive(Serialize)]
        struct Text<'a> {
            body: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            preview_url: Option<bool>,
            r#type: &'static str,
        }
        match self {
            Self::Text { body, preview_url } => {
                Text { body, preview_url: *preview_url, r#type: "text" }.serialize(serializer)
            }
            Self::Other(content) => content.serialize(serializer),
        }
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("type", &self.kind()).finish_non_exhaustive()
    }
}

/// A message from a contact.
#[derive(Debug)]
pub struct Inbound<'a> {
    /// The provider's name.
    pub provider: &'static str,
    /// The contact.
    pub from: &'a Phone,
    /// The business number.
    pub to: &'a Phone,
    /// The contact's profile name; `None` keeps the known one.
    pub name: Option<&'a str>,
}

/// A line of the ledger: a message that a contact got.
#[derive(Clone, Serialize)]
pub struct Delivery {
    /// The provider's name.
    pub provider: &'static str,
    /// The id that the provider's callbacks would carry.
    pub message_id: String,
    /// The business number; it serialises in E.164.
    #[serde(serialize_with = "serialize_phone")]
    pub from: Phone,
    /// The contact; the number serialises in E.164.
    #[serde(serialize_with = "serialize_phone")]
    pub to: Phone,
    /// The content, serialised in our own form, see [`Content`].
    pub content: StoredContent,
    /// The client's own reference.
    pub reference: Option<String>,
    /// When, in virtual time.
    #[serde(serialize_with = "serialize_time")]
    pub at: SystemTime,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("provider", &self.provider)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

pub(crate) fn serialize_time<S: serde::Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::core::time::rfc3339(*time))
}

fn serialize_phone<S: serde::Serializer>(phone: &Phone, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&phone.e164())
}
