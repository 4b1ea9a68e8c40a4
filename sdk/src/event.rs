//! What a provider's webhooks say, normalised.

use std::time::SystemTime;

use serde_json::Value;

use crate::error::ErrorKind;
use crate::message::MessageId;
use crate::phone::PhoneNumber;

/// The events of one webhook call, and whether its signature was verified.
///
/// Unverified events are whatever a stranger may have posted: show them, but let them decide nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Events {
    /// Whether a configured secret vouches for them.
    pub verified: bool,
    /// What happened, in the order told.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A person wrote to us: the window to them opens, or opens anew.
    Inbound(Inbound),
    /// What became of a message of ours.
    Status(StatusUpdate),
    /// A conversation changed its state.
    Conversation {
        /// The provider's id of it.
        id: String,
        /// The provider's word for the state.
        state: String,
    },
    /// The provider asks whether this is our URL: echo the value.
    Challenge(String),
    /// Something that this version does not know, as it came.
    Unknown(Value),
}

/// A person's message to us.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inbound {
    /// The provider's id of it.
    pub message_id: MessageId,
    /// The person.
    pub from: PhoneNumber,
    /// Our number.
    pub to: Option<PhoneNumber>,
    /// The name on the person's profile.
    pub name: Option<String>,
    /// When they wrote, by the provider's clock.
    pub at: SystemTime,
    /// The message of ours that it quotes.
    pub reply_to: Option<MessageId>,
    /// What they wrote, in the form of [`Content`](crate::Content)'s JSON.
    pub content: Value,
}

/// What became of a message of ours.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatusUpdate {
    /// The id on the send's receipt.
    pub message_id: MessageId,
    /// How far it got.
    pub status: DeliveryStatus,
    /// When, by the provider's clock.
    pub at: Option<SystemTime>,
    /// The person.
    pub to: Option<PhoneNumber>,
    /// The reference that the message carried.
    pub reference: Option<String>,
    /// Why it failed, with the provider's code.
    pub error: Option<(ErrorKind, String)>,
}

/// How far a message got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// The provider holds it.
    Queued,
    /// WhatsApp has it.
    Sent,
    /// The person's phone has it.
    Delivered,
    /// The person has seen it.
    Read,
    /// It will not arrive.
    Failed,
    /// A word that this version does not know, as it came.
    Other(String),
}

impl Events {
    /// These events, verified or not.
    pub const fn new(verified: bool, events: Vec<Event>) -> Self {
        Self { verified, events }
    }
}

impl Inbound {
    /// A message from `from`, written at `at`.
    pub fn new(message_id: impl Into<MessageId>, from: PhoneNumber, at: SystemTime, content: Value) -> Self {
        Self { message_id: message_id.into(), from, to: None, name: None, at, reply_to: None, content }
    }
}

impl StatusUpdate {
    /// `message_id` got as far as `status`.
    pub fn new(message_id: impl Into<MessageId>, status: DeliveryStatus) -> Self {
        Self { message_id: message_id.into(), status, at: None, to: None, reference: None, error: None }
    }
}
