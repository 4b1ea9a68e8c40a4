//! Webhook events, in one form for all providers.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::error::Result;
use crate::phone::PhoneNumber;
use crate::session::ledger::WindowLedger;
use crate::time::rfc3339;
use crate::webhook::dedupe::KeyBuilder;
use crate::webhook::inbound::{Inbound, TimeSource};
use crate::webhook::seen::Seen;
use crate::webhook::status::StatusUpdate;

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
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A contact wrote.
    Inbound(Box<Inbound>),
    /// The status of one of our messages.
    Status(StatusUpdate),
    /// A conversation changed its state.
    Conversation(ConversationUpdate),
    /// A template changed its state.
    Template(TemplateUpdate),
    /// The provider checks that the URL is ours: respond with the value.
    Challenge(String),
    /// An unknown event, as received.
    Unknown(Value),
}

/// A change of a conversation.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationUpdate {
    /// The provider's id of it.
    pub id: String,
    /// The provider's word for its state.
    pub state: String,
    /// The provider's word for what happened, such as `created`, where it says so.
    pub event: Option<String>,
    /// The contact.
    pub contact: Option<PhoneNumber>,
    /// Why it ended, in the provider's word.
    pub reason: Option<String>,
    /// When, by the provider's clock.
    pub at: Option<SystemTime>,
}

/// A change of a template.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateUpdate {
    /// Its name, or the provider's id if the event has no name.
    pub name: String,
    /// Its language.
    pub language: Option<String>,
    /// The provider's word for the state, in lower case, such as `approved`.
    pub status: String,
    /// The reason of a rejection.
    pub reason: Option<String>,
    /// When, by the provider's clock.
    pub at: Option<SystemTime>,
}

impl WebhookEvents {
    /// Events of a webhook call, verified or not.
    pub const fn new(verified: bool, events: Vec<Event>) -> Self {
        Self { verified, events }
    }

    /// The session windows that these events open: each contact with the time of its message. Ignores unverified events
    /// unless `trust_unsigned`, so that a forged call cannot open a window. `now` is the time of receipt. A message from the
    /// future counts as received now, so that no window lasts longer than 24 hours from now.
    pub fn opened_windows(
        &self,
        trust_unsigned: bool,
        now: SystemTime,
    ) -> impl Iterator<Item = (&PhoneNumber, SystemTime)> {
        let trusted = self.events.iter().filter(move |_| self.verified || trust_unsigned);
        trusted.filter_map(move |event| match event {
            Event::Inbound(inbound) if inbound.opens_window => Some((inbound.from.as_ref()?, inbound.at.min(now))),
            _ => None,
        })
    }

    /// Records the [opened windows](Self::opened_windows) in `ledger`.
    ///
    /// # Errors
    /// If the ledger cannot be written. Let the webhook call fail then, so that the provider repeats it.
    pub async fn record(&self, ledger: &dyn WindowLedger, trust_unsigned: bool, now: SystemTime) -> Result<()> {
        for (contact, at) in self.opened_windows(trust_unsigned, now) {
            ledger.record(contact, at).await?;
        }
        Ok(())
    }

    /// These events without those that `seen` has on record; the others are put on record. A forged event cannot suppress
    /// a verified one, because unverified events are recorded apart.
    ///
    /// # Errors
    /// If the record cannot be reached. Let the webhook call fail then, so that the provider repeats it.
    pub async fn only_new(mut self, seen: &dyn Seen) -> Result<Self> {
        let mut new = Vec::with_capacity(self.events.len());
        for event in self.events {
            if seen.first_time(&record_key(&event, self.verified)).await? {
                new.push(event);
            }
        }
        self.events = new;
        Ok(self)
    }

    /// Removes these events from the record of `seen`: they could not be handled, and their repetition is welcome.
    ///
    /// # Errors
    /// If the record cannot be reached.
    pub async fn forget(&self, seen: &dyn Seen) -> Result<()> {
        for event in &self.events {
            seen.forget(&record_key(event, self.verified)).await?;
        }
        Ok(())
    }
}

fn record_key(event: &Event, verified: bool) -> String {
    let key = event.dedupe_key();
    if verified { key } else { format!("unverified:{key}") }
}

impl Event {
    /// A key that is the same for every copy of the event, whatever process reads it: 32 hexadecimal digits. It is unique
    /// within a channel.
    ///
    /// It is a hash of what identifies the event: of an inbound message its id, and without an id the contact, the
    /// provider's time and the content; of a status the message's id, the status and the code of the failure; of a
    /// conversation or template its id or name, what happened, and the time; of any other event its whole text.
    pub fn dedupe_key(&self) -> String {
        let time = |at: Option<SystemTime>| at.map(rfc3339::format).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        match self {
            Self::Inbound(inbound) => {
                if let Some(id) = &inbound.message_id {
                    return KeyBuilder::new("inbound").with(id.as_str()).finish();
                }
                let number = inbound.from.as_ref().map(PhoneNumber::as_str);
                let at = (inbound.at_source == TimeSource::Provider).then_some(inbound.at);
                KeyBuilder::new("inbound without id")
                    .with(number.unwrap_or_default())
                    .with(&text(&inbound.user_id))
                    .with(&time(at))
                    .with_value(&inbound.content.to_json())
            }
            Self::Status(update) => KeyBuilder::new("status")
                .with(update.message_id.as_str())
                .with(update.status.as_str())
                .with(update.error.as_ref().map_or("", |failure| &failure.code)),
            Self::Conversation(update) => KeyBuilder::new("conversation")
                .with(&update.id)
                .with(&update.state)
                .with(&text(&update.event))
                .with(&time(update.at)),
            Self::Template(update) => KeyBuilder::new("template")
                .with(&update.name)
                .with(&text(&update.language))
                .with(&update.status)
                .with(&time(update.at)),
            Self::Challenge(value) => KeyBuilder::new("challenge").with(value),
            Self::Unknown(raw) => KeyBuilder::new("unknown").with_value(raw),
        }
        .finish()
    }

    /// The event as the commands print it, one JSON object.
    pub fn to_json(&self, provider: &str, verified: bool) -> Value {
        let mut json = match self {
            Self::Inbound(inbound) => json!({
                "type": "inbound",
                "message_id": inbound.message_id,
                "from": inbound.from,
                "user_id": inbound.user_id,
                "to": inbound.to,
                "name": inbound.name,
                "at": rfc3339::format(inbound.at),
                "at_source": inbound.at_source,
                "reply_to": inbound.reply_to,
                "referral": inbound.referral,
                "group_id": inbound.group_id,
                "content": inbound.content.to_json(),
            }),
            Self::Status(update) => json!({
                "type": "status",
                "message_id": update.message_id,
                "provider_message_id": update.provider_message_id,
                "status": update.status.as_str(),
                "at": update.at.map(rfc3339::format),
                "to": update.to,
                "reference": update.reference,
                "error": update.error.as_ref().map(|failure| json!({
                    "kind": failure.kind.as_str(),
                    "code": (!failure.code.is_empty()).then_some(&failure.code),
                    "reason": failure.reason,
                })),
            }),
            Self::Conversation(update) => json!({
                "type": "conversation",
                "id": update.id,
                "state": update.state,
                "event": update.event,
                "contact": update.contact,
                "reason": update.reason,
                "at": update.at.map(rfc3339::format),
            }),
            Self::Template(update) => json!({
                "type": "template",
                "name": update.name,
                "language": update.language,
                "status": update.status,
                "reason": update.reason,
                "at": update.at.map(rfc3339::format),
            }),
            Self::Challenge(value) => json!({ "type": "challenge", "value": value }),
            Self::Unknown(raw) => json!({ "type": "unknown", "raw": raw }),
        };
        if let Value::Object(members) = &mut json {
            members.insert("provider".to_owned(), provider.into());
            members.insert("verified".to_owned(), verified.into());
            members.insert("dedupe_key".to_owned(), self.dedupe_key().into());
        }
        json
    }
}

impl From<Inbound> for Event {
    fn from(inbound: Inbound) -> Self {
        Self::Inbound(Box::new(inbound))
    }
}

impl ConversationUpdate {
    /// The conversation `id` in this state.
    pub fn new(id: impl Into<String>, state: impl Into<String>) -> Self {
        Self { id: id.into(), state: state.into(), event: None, contact: None, reason: None, at: None }
    }
}

impl TemplateUpdate {
    /// The template `name` in this state, which becomes lower case.
    pub fn new(name: impl Into<String>, status: &str) -> Self {
        Self { name: name.into(), language: None, status: status.to_lowercase(), reason: None, at: None }
    }
}

#[cfg(test)]
mod tests;
