//! Who wrote what to whom, and how far it got: the conversations as a person would read them.

use std::time::SystemTime;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::ring::Ring;
use crate::webhook::{LAST_STATUS, ladder};
use crate::{Failure, Inbound, Phone, Progress, Report, World, rfc3339};

const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The last 10,000 entries of all conversations, or fewer if they are large. What the business wrote stands in the world's
/// ledger, and is not repeated here.
#[derive(Debug)]
pub(crate) struct Transcript {
    entries: Ring<Entry>,
}

/// Something that was written.
#[derive(Debug)]
pub(crate) enum Entry {
    /// By a customer.
    Received(Received),
    /// By the business, and accepted by the provider.
    Accepted(Accepted),
}

/// A customer's message.
pub(crate) struct Received {
    pub(crate) provider: &'static str,
    pub(crate) message_id: Box<str>,
    /// The customer.
    pub(crate) from: Phone,
    /// The business number.
    pub(crate) to: Phone,
    name: Option<Box<str>>,
    content: Box<RawValue>,
    pub(crate) at: SystemTime,
}

/// A message of the business, and what becomes of it.
pub(crate) struct Accepted {
    pub(crate) provider: &'static str,
    pub(crate) message_id: String,
    /// The business number.
    pub(crate) from: Phone,
    /// The customer.
    pub(crate) to: Phone,
    reference: Option<String>,
    failure: Option<Failure>,
    last_status: &'static str,
    pub(crate) at: SystemTime,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { entries: Ring::new(MAX_ENTRIES, MAX_BYTES) }
    }

    /// A customer wrote.
    pub(crate) fn received(&mut self, at: SystemTime, message: &Inbound<'_>, message_id: &str, content: &Value) {
        // A `Value` always prints as JSON, so the fallback is out of reach.
        let content = serde_json::value::to_raw_value(content).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let size = 200 + message_id.len() + content.get().len() + message.name.map_or(0, str::len);
        let received = Received {
            provider: message.provider,
            message_id: message_id.into(),
            from: message.from.clone(),
            to: message.to.clone(),
            name: message.name.map(Into::into),
            content,
            at,
        };
        self.entries.push(Entry::Received(received), size);
    }

    /// A message of the business was accepted.
    pub(crate) fn accepted(&mut self, at: SystemTime, world: &World, report: Report) {
        let Report { provider, message_id, from, to, reference, failure, .. } = report;
        let size = 250 + message_id.len() + reference.as_ref().map_or(0, String::len);
        let last_status = world.switch(provider, LAST_STATUS);
        let accepted = Accepted { provider, message_id, from, to, reference, failure, last_status, at };
        self.entries.push(Entry::Accepted(accepted), size);
    }

    /// Those that came after the one of this number, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Entry> {
        self.entries.after(number).map(|(_, entry)| entry)
    }

    /// The number of the last one; 0 before the first.
    #[cfg(feature = "server")]
    pub(crate) fn last(&self) -> u64 {
        self.entries.total()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

impl Received {
    /// As a line of the ledger, with the customer's name.
    pub(crate) fn json(&self) -> Value {
        json!({
            "provider": self.provider, "message_id": self.message_id, "from": self.from.e164(), "to": self.to.e164(),
            "name": self.name, "content": self.content, "reference": null, "at": rfc3339(self.at),
        })
    }
}

impl Accepted {
    /// How far it got, or will get, and when.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = (Progress, SystemTime)> {
        let at = self.at;
        ladder(self.failure, self.last_status).into_iter().map(move |(progress, after)| (progress, at + after))
    }

    /// One of its statuses: `{"status","at"}`, and why if it failed.
    pub(crate) fn status_json(progress: Progress, at: SystemTime) -> Value {
        match progress {
            Progress::Sent => json!({"status": "sent", "at": rfc3339(at)}),
            Progress::Delivered => json!({"status": "delivered", "at": rfc3339(at)}),
            Progress::Read => json!({"status": "read", "at": rfc3339(at)}),
            Progress::Failed(Failure { code, name, text }) | Progress::Undelivered(Failure { code, name, text }) => {
                let error = json!({"code": code.to_string(), "name": name, "text": text});
                json!({"status": "failed", "at": rfc3339(at), "error": error})
            }
        }
    }

    /// As a line of the ledger, for a message that failed and so reached nobody.
    pub(crate) fn json(&self) -> Value {
        json!({
            "provider": self.provider, "message_id": self.message_id, "from": self.from.e164(), "to": self.to.e164(),
            "content": null, "reference": self.reference, "at": rfc3339(self.at),
        })
    }
}

// What was written, and by whom, is nobody's business.
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
