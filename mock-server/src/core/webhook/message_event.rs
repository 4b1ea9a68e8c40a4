//! What there is to tell.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;

use crate::core::phone::Phone;

/// Something that a provider tells a business by webhook. `Debug` shows neither numbers nor what was written.
#[derive(Clone, Copy)]
pub struct MessageEvent<'a> {
    /// Counts the happenings since the last reset, from 1; for providers that number their events.
    pub number: u64,
    /// When it happened, in virtual time.
    pub at: SystemTime,
    /// Where it is told, for providers whose payload repeats that.
    pub url: &'a str,
    /// The business number.
    pub business: &'a Phone,
    /// The customer.
    pub contact: &'a Phone,
    /// The id of the message it is about.
    pub message_id: &'a str,
    /// The message of the business that this message of a customer is a reply to, if it is one.
    pub reply_to: Option<&'a str>,
    /// Whether a message that failed was told as sent before, for providers that have a word of their own for that.
    pub sent_before: bool,
    /// What happened.
    pub what: MessageEventKind<'a>,
}

/// What happened to a message.
#[derive(Clone, Copy)]
pub enum MessageEventKind<'a> {
    /// The customer wrote it.
    Received {
        /// The customer's profile name, if it is known.
        name: Option<&'a str>,
        /// What was written, in our own form of content (`{"type":"text","body":…}`).
        content: &'a Value,
    },
    /// The business sent it, and it got so far.
    Status {
        /// How far it got.
        progress: DeliveryStatus,
        /// What the dialect said of the message.
        report: &'a AcceptedMessage,
    },
}

/// How far a message of the business got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// WhatsApp has it.
    Sent,
    /// The customer's phone has it.
    Delivered,
    /// The customer has seen it.
    Read,
    /// It will not arrive.
    Failed(Failure),
}

/// Why a message that was accepted does not arrive, as the provider words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The provider's number of it, or Meta's where the provider passes those on.
    pub code: u32,
    /// The provider's name of it.
    pub name: &'static str,
    /// A sentence on it.
    pub text: &'static str,
}

/// A message that a provider accepted. What is told of it follows: that it was sent, delivered and perhaps read, or that it
/// failed. `Debug` shows neither numbers nor references.
pub struct AcceptedMessage {
    /// The provider's name.
    pub provider: &'static str,
    /// The id that the provider's webhooks carry.
    pub message_id: String,
    /// The business number.
    pub from: Phone,
    /// The customer.
    pub to: Phone,
    /// The client's own reference, if the request had one.
    pub reference: Option<String>,
    /// The addresses that the request named for this message, as they were written. Those that are not on this machine are
    /// passed over.
    pub callbacks: Vec<String>,
    /// Whatever else the dialect needs to tell of it.
    pub details: Value,
    /// Why it fails after all; none if it arrives.
    pub failure: Option<Failure>,
}

impl fmt::Debug for MessageEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut happening = f.debug_struct("MessageEvent");
        happening.field("number", &self.number).field("message_id", &self.message_id).field("what", &self.what);
        happening.finish_non_exhaustive()
    }
}

impl fmt::Debug for MessageEventKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received { .. } => f.write_str("Received"),
            Self::Status { progress, .. } => fmt::Debug::fmt(progress, f),
        }
    }
}

impl fmt::Debug for AcceptedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut report = f.debug_struct("AcceptedMessage");
        report.field("provider", &self.provider).field("message_id", &self.message_id).field("failure", &self.failure);
        report.finish_non_exhaustive()
    }
}
