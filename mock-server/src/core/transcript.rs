//! Both sides of the conversations, with the status of each message.

use std::time::SystemTime;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::core::bounded::{GuestBounds, Ring};
use crate::core::phone::Phone;
use crate::core::time::rfc3339;
use crate::core::webhook::{AcceptedMessage, DeliveryStatus, Failure};
use crate::core::webhook::{MOST_CALLBACKS, ladder};
use crate::core::world::Inbound;

const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The last 10,000 entries of all conversations, or fewer if they are large. Texts of the business are in the world's
/// ledger and not repeated here.
#[derive(Debug)]
pub(crate) struct Transcript {
    entries: Ring<Entry>,
}

/// Something that was written.
#[derive(Debug)]
pub(crate) enum Entry {
    /// By a contact.
    Received(Received),
    /// By the business, and accepted by the provider.
    Accepted(Accepted),
}

/// A contact's message.
pub(crate) struct Received {
    pub(crate) provider: &'static str,
    pub(crate) message_id: Box<str>,
    /// The contact.
    pub(crate) from: Phone,
    /// The business number.
    pub(crate) to: Phone,
    name: Option<Box<str>>,
    /// WhatsApp's id of the contact, who may have no number.
    user_id: Option<Box<str>>,
    content: Box<RawValue>,
    pub(crate) at: SystemTime,
}

/// A message of the business, and what becomes of it.
pub(crate) struct Accepted {
    pub(crate) provider: &'static str,
    pub(crate) message_id: String,
    /// The business number.
    pub(crate) from: Phone,
    /// The contact.
    pub(crate) to: Phone,
    reference: Option<String>,
    /// The addresses that the request named for it.
    pub(crate) callbacks: Vec<String>,
    /// Its type, where the simulator needs it.
    pub(crate) kind: Option<String>,
    pub(crate) failure: Option<Failure>,
    last_status: &'static str,
    pub(crate) at: SystemTime,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { entries: Ring::new(MAX_ENTRIES, MAX_BYTES) }
    }

    pub(crate) fn guard(&mut self, guests: GuestBounds, entries: usize, bytes: usize) {
        self.entries.guard(guests, entries, bytes);
    }

    /// About how many bytes the entries hold.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        self.entries.bytes()
    }

    /// A contact wrote.
    pub(crate) fn received(
        &mut self,
        at: SystemTime,
        message: &Inbound<'_>,
        message_id: &str,
        content: &Value,
        user_id: Option<&str>,
    ) {
        // A `Value` always prints as JSON, so the fallback is out of reach.
        let content = serde_json::value::to_raw_value(content).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let texts = [message.name, user_id].into_iter().flatten().map(str::len).sum::<usize>();
        let size = 200 + message_id.len() + content.get().len() + texts;
        let received = Received {
            provider: message.provider,
            message_id: message_id.into(),
            from: message.from.clone(),
            to: message.to.clone(),
            name: message.name.map(Into::into),
            user_id: user_id.map(Into::into),
            content,
            at,
        };
        self.entries.push(Entry::Received(received), size);
    }

    /// A message of the business was accepted.
    pub(crate) fn accepted(&mut self, at: SystemTime, last_status: &'static str, report: AcceptedMessage) {
        let AcceptedMessage { provider, message_id, from, to, reference, mut callbacks, details, failure } = report;
        callbacks.truncate(MOST_CALLBACKS);
        let kind = match details {
            Value::String(kind) => Some(kind),
            _ => None,
        };
        let size = 300 + message_id.len() + reference.as_ref().map_or(0, String::len);
        let size = size + callbacks.iter().map(|callback| 24 + callback.len()).sum::<usize>();
        let accepted =
            Accepted { provider, message_id, from, to, reference, callbacks, kind, failure, last_status, at };
        self.entries.push(Entry::Accepted(accepted), size);
    }

    /// The entries after this number, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Entry> {
        self.entries.after(number).map(|(_, entry)| entry)
    }

    /// As [`after`](Self::after), each with its own number.
    pub(crate) fn numbered_after(&self, number: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.after(number)
    }

    /// The number of the last one; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.entries.total()
    }

    /// When a message next has another status.
    #[cfg(feature = "server")]
    pub(crate) fn next_status(&self, now: SystemTime) -> Option<SystemTime> {
        let accepted = self.entries.iter().filter_map(|entry| match entry {
            Entry::Accepted(message) => Some(message),
            Entry::Received(_) => None,
        });
        accepted.flat_map(Accepted::statuses).map(|(_, at)| at).filter(|at| *at > now).min()
    }

    /// The accepted messages of a provider, newest first.
    pub(crate) fn accepted_of(&self, provider: &str) -> impl Iterator<Item = &Accepted> {
        self.entries.iter().rev().filter_map(move |entry| match entry {
            Entry::Accepted(message) if message.provider == provider => Some(message),
            _ => None,
        })
    }
}

impl Received {
    /// As a line of the ledger, with the contact's name, and with the user id if there is one.
    pub(crate) fn json(&self) -> Value {
        let from = (!self.from.is_nobody()).then(|| self.from.e164());
        let mut line = json!({
            "provider": self.provider, "message_id": self.message_id, "from": from, "to": self.to.e164(),
            "name": self.name, "content": self.content, "reference": null, "at": rfc3339(self.at),
        });
        if let (Some(user_id), Value::Object(members)) = (&self.user_id, &mut line) {
            members.insert("user_id".to_owned(), (**user_id).into());
        }
        line
    }
}

impl Accepted {
    /// How far it got, or will get, and when.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = (DeliveryStatus, SystemTime)> {
        let at = self.at;
        ladder(self.failure, self.last_status).into_iter().map(move |(progress, after)| (progress, at + after))
    }

    /// How far it has got.
    pub(crate) fn progress(&self, now: SystemTime) -> Option<DeliveryStatus> {
        self.statuses().take_while(|(_, at)| *at <= now).last().map(|(progress, _)| progress)
    }

    /// A status: `{"status","at"}`, and the reason if it failed.
    pub(crate) fn status_json(progress: DeliveryStatus, at: SystemTime) -> Value {
        match progress {
            DeliveryStatus::Sent => json!({"status": "sent", "at": rfc3339(at)}),
            DeliveryStatus::Delivered => json!({"status": "delivered", "at": rfc3339(at)}),
            DeliveryStatus::Read => json!({"status": "read", "at": rfc3339(at)}),
            DeliveryStatus::Failed(Failure { code, name, text }) => {
                let error = json!({"code": code.to_string(), "name": name, "text": text});
                json!({"status": "failed", "at": rfc3339(at), "error": error})
            }
        }
    }

    /// Each status that it has come to, with whose message it is.
    pub(crate) fn status_lines(&self, now: SystemTime) -> Vec<Value> {
        let statuses = self.statuses().filter(|(_, at)| *at <= now);
        let lines = statuses.map(|(progress, at)| {
            let mut line = self.json();
            if let (Value::Object(members), Value::Object(more)) = (&mut line, Self::status_json(progress, at)) {
                members.remove("content");
                members.extend(more);
            }
            line
        });
        lines.collect()
    }

    /// As a line of the ledger, for a failed message, which has no line there.
    pub(crate) fn json(&self) -> Value {
        json!({
            "provider": self.provider, "message_id": self.message_id, "from": self.from.e164(), "to": self.to.e164(),
            "content": null, "reference": self.reference, "at": rfc3339(self.at),
        })
    }
}

// Private: leaves out texts and numbers.
impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut accepted = f.debug_struct("Accepted");
        accepted.field("provider", &self.provider).field("failure", &self.failure).finish_non_exhaustive()
    }
}
