//! Webhook events, in one form for all providers.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::error::ErrorKind;
use crate::message::id::MessageId;
use crate::phone::PhoneNumber;
use crate::session::ledger::WindowLedger;
use crate::time::rfc3339;
use crate::webhook::inbound_content::InboundContent;

/// The events of one webhook call, and whether its signature was verified.
///
/// Unverified events may be forged. Show them, but do not act on them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WebhookEvents {
    /// Whether the signature matched a configured secret.
    pub verified: bool,
    /// The events, in the order of the call.
    pub events: Vec<Event>,
}

/// A webhook event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A contact wrote: the session window opens or starts again.
    Inbound(Inbound),
    /// The status of one of our messages.
    Status(StatusUpdate),
    /// A conversation changed its state.
    Conversation {
        /// The provider's id of it.
        id: String,
        /// The provider's word for the state.
        state: String,
    },
    /// A template changed its state.
    Template {
        /// Its name, or the provider's id if the event has no name.
        name: String,
        /// Its language, if the event has it.
        language: Option<String>,
        /// The provider's word for the state, in lower case, such as `approved`.
        status: String,
    },
    /// The provider checks that the URL is ours: respond with the value.
    Challenge(String),
    /// An unknown event, as received.
    Unknown(Value),
}

/// A message from a contact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inbound {
    /// The provider's id of it.
    pub message_id: MessageId,
    /// The contact.
    pub from: PhoneNumber,
    /// The sender that the contact wrote to.
    pub to: Option<PhoneNumber>,
    /// The contact's profile name.
    pub name: Option<String>,
    /// When the contact wrote, by the provider's clock.
    pub at: SystemTime,
    /// The message of ours that it replies to.
    pub reply_to: Option<MessageId>,
    /// The content.
    pub content: InboundContent,
}

/// The status of one of our messages.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatusUpdate {
    /// The id on the send's receipt.
    pub message_id: MessageId,
    /// The status.
    pub status: DeliveryStatus,
    /// The time by the provider's clock.
    pub at: Option<SystemTime>,
    /// The contact.
    pub to: Option<PhoneNumber>,
    /// The message's reference, if the provider carries it.
    pub reference: Option<String>,
    /// The reason of a failure, with the provider's code.
    pub error: Option<(ErrorKind, String)>,
}

/// The delivery status of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl WebhookEvents {
    /// Events of a webhook call, verified or not.
    pub const fn new(verified: bool, events: Vec<Event>) -> Self {
        Self { verified, events }
    }

    /// Records inbound messages in `ledger`, so that their session windows are known. Ignores unverified events unless
    /// `trust_unsigned`, so that a forged call cannot open a window. `now` is the time of receipt. A message from the
    /// future counts as received now, so that no window lasts longer than 24 hours from now.
    pub fn record(&self, ledger: &dyn WindowLedger, trust_unsigned: bool, now: SystemTime) {
        if !self.verified && !trust_unsigned {
            return;
        }
        for event in &self.events {
            if let Event::Inbound(inbound) = event {
                ledger.record(&inbound.from, inbound.at.min(now));
            }
        }
    }
}

impl Event {
    /// The event as the commands print it, one JSON object.
    pub fn to_json(&self, provider: &str, verified: bool) -> Value {
        let mut json = match self {
            Self::Inbound(inbound) => json!({
                "type": "inbound",
                "message_id": inbound.message_id,
                "from": inbound.from,
                "to": inbound.to,
                "name": inbound.name,
                "at": rfc3339::format(inbound.at),
                "reply_to": inbound.reply_to,
                "content": inbound.content.to_json(),
            }),
            Self::Status(update) => json!({
                "type": "status",
                "message_id": update.message_id,
                "status": update.status.as_str(),
                "at": update.at.map(rfc3339::format),
                "to": update.to,
                "reference": update.reference,
                "error": update.error.as_ref().map(|(kind, code)| json!({ "kind": kind.as_str(), "code": code })),
            }),
            Self::Conversation { id, state } => json!({ "type": "conversation", "id": id, "state": state }),
            Self::Template { name, language, status } => {
                json!({ "type": "template", "name": name, "language": language, "status": status })
            }
            Self::Challenge(value) => json!({ "type": "challenge", "value": value }),
            Self::Unknown(raw) => json!({ "type": "unknown", "raw": raw }),
        };
        if let Value::Object(members) = &mut json {
            members.insert("provider".to_owned(), provider.into());
            members.insert("verified".to_owned(), verified.into());
        }
        json
    }
}

impl DeliveryStatus {
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

impl Inbound {
    /// A message from `from`, written at `at`.
    pub fn new(
        message_id: impl Into<MessageId>,
        from: PhoneNumber,
        at: SystemTime,
        content: impl Into<InboundContent>,
    ) -> Self {
        let content = content.into();
        Self { message_id: message_id.into(), from, to: None, name: None, at, reply_to: None, content }
    }
}

impl StatusUpdate {
    /// A status of the message `message_id`.
    pub fn new(message_id: impl Into<MessageId>, status: DeliveryStatus) -> Self {
        Self { message_id: message_id.into(), status, at: None, to: None, reference: None, error: None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::ledger::MemoryLedger;

    fn inbound(at: SystemTime) -> Event {
        Event::Inbound(Inbound::new("m1", "+34600111222".parse().unwrap(), at, json!({ "type": "text", "body": "hi" })))
    }

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
    fn an_unverified_message_opens_no_window_unless_it_is_trusted() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let contact = "+34600111222".parse().unwrap();
        let ledger = MemoryLedger::default();
        WebhookEvents::new(false, vec![inbound(now)]).record(&ledger, false, now);
        assert_eq!(ledger.last_inbound_at(&contact), None);
        WebhookEvents::new(false, vec![inbound(now)]).record(&ledger, true, now);
        assert_eq!(ledger.last_inbound_at(&contact), Some(now));
    }

    #[test]
    fn a_message_from_the_future_keeps_no_window_open_longer() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let ledger = MemoryLedger::default();
        WebhookEvents::new(true, vec![inbound(now + Duration::from_secs(999_999))]).record(&ledger, false, now);
        assert_eq!(ledger.last_inbound_at(&"+34600111222".parse().unwrap()), Some(now));
    }

    #[test]
    fn an_event_is_written_with_its_provider_and_its_trust() {
        let mut update = StatusUpdate::new("m1", DeliveryStatus::Failed);
        update.error = Some((ErrorKind::SessionExpired, "30018".into()));
        let json = Event::Status(update).to_json("exotel", true);
        assert_eq!(
            json,
            json!({
                "type": "status", "provider": "exotel", "verified": true, "message_id": "m1", "status": "failed",
                "at": null, "to": null, "reference": null, "error": { "kind": "session_expired", "code": "30018" },
            })
        );
    }
}
