//! What goes from one side to the other: messages on their way, and the lines of the ledger.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::Phone;

/// A message that a provider hands to a person. `Debug` leaves what it says out.
pub struct Message<'a> {
    /// The provider's name.
    pub provider: &'static str,
    /// The id that the provider's callbacks would carry.
    pub message_id: String,
    /// The business number.
    pub from: &'a Phone,
    /// The customer.
    pub to: &'a Phone,
    /// What was sent, in our own form of content (`{"type":"text","body":…}`), whatever the provider calls it.
    pub content: Value,
    /// The client's own reference, if the request had one.
    pub reference: Option<&'a str>,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut message = f.debug_struct("Message");
        message.field("provider", &self.provider).field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// A message from a customer.
#[derive(Debug)]
pub struct Inbound<'a> {
    /// The provider's name.
    pub provider: &'static str,
    /// The customer.
    pub from: &'a Phone,
    /// The business number.
    pub to: &'a Phone,
    /// The customer's profile name; none leaves what is known.
    pub name: Option<&'a str>,
}

/// A line of the ledger: one message that a person got.
#[derive(Clone, serde::Serialize)]
pub struct Delivery {
    /// The provider's name.
    pub provider: &'static str,
    /// The id that the provider's callbacks would carry.
    pub message_id: String,
    /// The business number; it serialises in E.164.
    #[serde(serialize_with = "serialize_phone")]
    pub from: Phone,
    /// The customer; the number serialises in E.164.
    #[serde(serialize_with = "serialize_phone")]
    pub to: Phone,
    /// See [`Message::content`].
    pub content: Box<RawValue>,
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
    serializer.serialize_str(&crate::rfc3339(*time))
}

fn serialize_phone<S: serde::Serializer>(phone: &Phone, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&phone.e164())
}
