//! Events of messages.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;

use crate::core::phone::Phone;

/// The maximum number of callback addresses of a message.
pub(crate) const MOST_CALLBACKS: usize = 10;

/// An event of a message for the webhook. `Debug` shows neither numbers nor texts.
#[derive(Clone, Copy)]
pub struct MessageEvent<'a> {
    /// Counts the events since the last reset, from 1; for providers that number their events.
    pub number: u64,
    /// When it happened, in virtual time.
    pub at: SystemTime,
    /// The target, for providers whose payload repeats it.
    pub url: &'a str,
    /// The business number.
    pub business: &'a Phone,
    /// The contact. Without a number only [`user_id`](Self::user_id) is known; see [`phone`](Self::phone).
    pub contact: &'a Phone,
    /// The id of the message it is about.
    pub message_id: &'a str,
    /// The message of the business to which this message of a contact replies.
    pub reply_to: Option<&'a str>,
    /// WhatsApp's id of a contact who writes under a user name.
    pub user_id: Option<&'a str>,
    /// The advertisement from which the contact wrote, as WhatsApp describes it.
    pub referral: Option<&'a Value>,
    /// Whether a failed message was reported as sent before, for providers with a separate status for that.
    pub sent_before: bool,
    /// The kind of event.
    pub what: MessageEventKind<'a>,
}

/// The kind of event of a message.
#[derive(Clone, Copy)]
pub enum MessageEventKind<'a> {
    /// The contact wrote it.
    Received {
        /// The contact's profile name, if it is known.
        name: Option<&'a str>,
        /// The content in our own form (`{"type":"text","body":…}`).
        content: &'a Value,
    },
    /// The business sent it, and it got so far.
    Status {
        /// How far it got.
        progress: DeliveryStatus,
        /// The accepted message.
        report: &'a AcceptedMessage,
    },
}

/// How far a message of the business got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// WhatsApp has it.
    Sent,
    /// The contact's phone has it.
    Delivered,
    /// The contact has seen it.
    Read,
    /// It will not arrive.
    Failed(Failure),
}

impl MessageEvent<'_> {
    /// The contact's number; `None` if only the user id is known.
    pub fn phone(&self) -> Option<&Phone> {
        Some(self.contact).filter(|contact| !contact.is_nobody())
    }
}

impl DeliveryStatus {
    /// As the control plane prints it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed(_) => "failed",
        }
    }
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

/// A message that a provider accepted. Its events follow: sent, delivered and perhaps read, or failed. `Debug` shows
/// neither numbers nor references.
pub struct AcceptedMessage {
    /// The provider's name.
    pub provider: &'static str,
    /// The id that the provider's webhooks carry.
    pub message_id: String,
    /// The business number.
    pub from: Phone,
    /// The contact.
    pub to: Phone,
    /// The client's own reference, if the request had one.
    pub reference: Option<String>,
    /// The callback addresses in the request, as they were written. Addresses outside this machine are skipped.
    pub callbacks: Vec<String>,
    /// Whatever else the simulator needs to tell of it.
    pub details: Value,
    /// Why it fails after all; `None` if it arrives.
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
