//! The statuses of our messages.

use std::time::SystemTime;

use crate::error::ErrorKind;
use crate::message::id::MessageId;
use crate::phone::PhoneNumber;

/// The status of one of our messages.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct StatusUpdate {
    /// The id on the send's receipt.
    pub message_id: MessageId,
    /// The provider's own id of the message, where it has one beside [`message_id`](Self::message_id). A receipt from
    /// before WhatsApp gave its id carries this one.
    pub provider_message_id: Option<MessageId>,
    /// The status.
    pub status: DeliveryStatus,
    /// The time by the provider's clock.
    pub at: Option<SystemTime>,
    /// The contact.
    pub to: Option<PhoneNumber>,
    /// The message's reference, if the provider carries it.
    pub reference: Option<String>,
    /// Why the message failed.
    pub error: Option<DeliveryFailure>,
}

/// Why a message will not arrive.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryFailure {
    /// The kind. Of a list of errors, the first decides.
    pub kind: ErrorKind,
    /// The provider's code; empty if it gives none.
    pub code: String,
    /// The provider's words, those of every error of a list; `None` if it gives none.
    pub reason: Option<String>,
}

/// The delivery status of a message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// The provider queued it.
    Queued,
    /// WhatsApp has it.
    Sent,
    /// The contact's phone has it.
    Delivered,
    /// The contact has read it.
    Read,
    /// It will not arrive.
    Failed,
    /// An unknown status, as received.
    Other(String),
}

impl StatusUpdate {
    /// A status of the message `message_id`.
    pub fn new(message_id: impl Into<MessageId>, status: DeliveryStatus) -> Self {
        let message_id = message_id.into();
        Self { message_id, provider_message_id: None, status, at: None, to: None, reference: None, error: None }
    }

    /// Whether the status is about the message that a receipt or an event called `id`.
    pub fn is_about(&self, id: &MessageId) -> bool {
        self.message_id == *id || self.provider_message_id.as_ref() == Some(id)
    }
}

impl DeliveryFailure {
    /// A failure of this kind, with the provider's code.
    pub fn new(kind: ErrorKind, code: impl Into<String>) -> Self {
        Self { kind, code: code.into(), reason: None }
    }

    /// Adds the provider's words.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }
}

impl DeliveryStatus {
    /// The status that this word names, in any case; `None` for other words. All providers use these words.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "accepted" | "queued" => Some(Self::Queued),
            "sent" => Some(Self::Sent),
            "delivered" => Some(Self::Delivered),
            "read" | "seen" | "played" => Some(Self::Read),
            "failed" | "undelivered" => Some(Self::Failed),
            _ => None,
        }
    }

    /// The word used in JSON; an unknown one is the provider's own.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }

    /// Merges two statuses, in any order and with any copies: statuses only move forward. A failure overrides `queued`
    /// and `sent`, and `delivered` and `read` override a failure. Unknown statuses override nothing.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if (other.rank(), other.as_str()) > (self.rank(), self.as_str()) { other } else { self }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::Queued => 1,
            Self::Sent => 2,
            Self::Failed => 3,
            Self::Delivered => 4,
            Self::Read => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_status_ignores_order_and_copies() {
        use DeliveryStatus::{Delivered, Failed, Other, Queued, Read, Sent};
        let all = [Other("held".into()), Queued, Sent, Failed, Delivered, Read];
        for a in &all {
            assert_eq!(a.clone().merge(a.clone()), *a, "a copy changes nothing");
            for b in &all {
                assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()), "{a:?} {b:?}");
                for c in &all {
                    let left = a.clone().merge(b.clone()).merge(c.clone());
                    assert_eq!(left, a.clone().merge(b.clone().merge(c.clone())), "{a:?} {b:?} {c:?}");
                }
            }
        }
        assert_eq!(Read.merge(Sent), Read);
        assert_eq!(Sent.merge(Failed), Failed);
        assert_eq!(Failed.merge(Delivered), Delivered);
    }

    #[test]
    fn status_is_about_message_under_either_id() {
        let mut update = StatusUpdate::new("wamid.A", DeliveryStatus::Sent);
        update.provider_message_id = Some("90017".into());
        for (id, expected) in [("wamid.A", true), ("90017", true), ("90018", false)] {
            assert_eq!(update.is_about(&id.into()), expected, "{id}");
        }
    }
}
