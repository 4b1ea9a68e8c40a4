//! What a provider's webhooks say, normalised.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::error::ErrorKind;
use crate::message::id::MessageId;
use crate::phone::PhoneNumber;
use crate::session::ledger::WindowLedger;
use crate::time::rfc3339;

/// The events of one webhook call, and whether its signature was verified.
///
/// Unverified events are whatever a stranger may have posted: show them, but let them decide nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WebhookEvents {
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
    /// A template changed its state.
    Template {
        /// Its name, or the provider's id of it where no name is told.
        name: String,
        /// Its language, where that is told.
        language: Option<String>,
        /// The provider's word for the state, in lower case, such as `approved`.
        status: String,
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

impl WebhookEvents {
    /// These events, verified or not.
    pub const fn new(verified: bool, events: Vec<Event>) -> Self {
        Self { verified, events }
    }

    /// Records the contacts' messages in `ledger`, so that the windows they open are known. Unverified events are passed
    /// over unless `trust_unsigned`: a stranger must not be able to open a window. `now` is the time of receipt; a message
    /// from the future counts as received now, so that it cannot keep a window open for longer than 24 hours from here.
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
                "content": inbound.content,
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

    /// What is known after both, whichever was told first and however often: statuses move forward only. A failure beats
    /// what came before the phone had the message; a message that was delivered or read has not failed. Words that this
    /// version does not know say the least.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::ledger::MemoryLedger;

    fn inbound(at: SystemTime) -> Event {
        Event::Inbound(Inbound::new("m1", "+34600111222".parse().unwrap(), at, json!({ "type": "text", "body": "hi" })))
    }

    #[test]
    fn merged_statuses_do_not_depend_on_order_or_copies() {
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
