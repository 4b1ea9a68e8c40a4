//! GoSendAPI's webhooks: inbound messages, delivery statuses, conversations, templates.
//!
//! The names of some events are documented, what stands inside them is not [docs, Webhooks; seed for conversations].
//! Messages are therefore read in Meta's shape, which the vendor says that it mirrors, at every place where they may
//! stand, in snake case or camel case [inferred]. Anything else is kept as [`Event::Unknown`].

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;
use transom::adapter::json;
use transom::adapter::json::Members;
use transom::message::MessageId;
use transom::webhook::platform::{self, MessageContext, OwnSender};
use transom::webhook::{
    ConversationUpdate, DeliveryFailure, DeliveryStatus, Event, StatusUpdate, TemplateUpdate, WebhookEvents, json_body,
};
use transom::{ErrorKind, Result, webhook};

use crate::config::Config;
use crate::error;

/// Verifies and reads one webhook call.
pub(crate) fn read(config: &Config, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
    // The header has one name on its own page and another in the migration guide [docs]. Both are verified alike.
    let names = ["x-gosendapi-signature", "x-signature"];
    let given = names.iter().find_map(|name| json::header(request.headers(), name));
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = webhook::verify_hmac_sha256(&config.webhook_secrets, request.body(), given)?;
    let body = json_body(request)?;
    let events = Call::read(config, &body, received_at).and_then(|call| call.events());
    Ok(WebhookEvents::new(verified, events.unwrap_or_else(|| vec![unknown(&body)])))
}

/// A call that is known. Its name, its time and its data stand in an envelope [docs, Webhooks; which members is inferred].
struct Call<'a> {
    config: &'a Config,
    envelope: Members,
    /// The name without `whatsapp.`.
    name: String,
    data: Box<RawValue>,
    sent_at: Option<SystemTime>,
    received_at: SystemTime,
}

impl<'a> Call<'a> {
    fn read(config: &'a Config, body: &RawValue, received_at: SystemTime) -> Option<Self> {
        let envelope = Members::from_raw(body)?;
        let names = ["event", "type", "event_type", "eventType"];
        let name = names.iter().find_map(|name| Some(envelope.text(&[name])?.strip_prefix("whatsapp.")?.to_owned()))?;
        let data = envelope.raw(&["data"]).unwrap_or(body).to_owned();
        let sent_at = envelope.time(&["created_at", "createdAt", "timestamp"]);
        Some(Self { config, envelope, name, data, sent_at, received_at })
    }

    fn events(&self) -> Option<Vec<Event>> {
        let (subject, word) = self.name.split_once('.')?;
        match subject {
            "message" => self.messages(word),
            "conversation" => self.each(&["conversation"], |item| self.conversation(item, word)),
            // The pages mention approvals and rejections; the names of their events follow the others' [inferred].
            "template" => self.each(&["template"], |item| self.template(item, word)),
            _ => None,
        }
    }

    fn messages(&self, word: &str) -> Option<Vec<Event>> {
        if word == "received" {
            return self.each(&["message", "messages"], |item| self.inbound(item));
        }
        if word.contains("echo") {
            return None;
        }
        // `received` and `delivered` are named on the page, the others follow their pattern [docs, Webhooks; inferred].
        let named = DeliveryStatus::from_word(word);
        let status = |item: &RawValue| {
            let own = Members::from_raw(item)?.text(&["status"]);
            let own = own.map(|word| DeliveryStatus::from_word(&word).unwrap_or(DeliveryStatus::Other(word)));
            // An item's own status beats the name of the event.
            status_update(item, own.or_else(|| named.clone())?, self.sent_at).map(Event::Status)
        };
        let statuses = self.each(&["status", "statuses", "message"], status);
        // Other events of messages may be about a contact's message, such as an edited one.
        statuses.or_else(|| {
            self.each(&["message", "messages"], |item| {
                Members::from_raw(item)?.raw(&["type"])?;
                self.inbound(item)
            })
        })
    }

    /// What `read` makes of each object under the first of `names` that holds any, else of the data itself; one that cannot
    /// be read takes no other with it. `None` if none of them can be read: the call is then kept as a whole.
    fn each(&self, names: &[&str], read: impl Fn(&RawValue) -> Option<Event>) -> Option<Vec<Event>> {
        match Members::from_raw(&self.data)?.objects(names) {
            Some(items) => {
                let events: Vec<_> = items.iter().map(|item| read(item)).collect();
                let is_known = events.iter().any(Option::is_some);
                let all = events.into_iter().zip(&items);
                is_known.then(|| all.map(|(event, item)| event.unwrap_or_else(|| unknown(item))).collect())
            }
            None => Some(vec![read(&self.data)?]),
        }
    }

    fn inbound(&self, item: &RawValue) -> Option<Event> {
        let (message, data) = (Members::from_raw(item)?, Members::from_raw(&self.data)?);
        let context = MessageContext {
            around: &[&data, &self.envelope],
            sent_at: self.sent_at,
            received_at: self.received_at,
            sender: OwnSender::Id(&self.config.phone_number_id),
        };
        platform::inbound(message_id(&message), &[&message], platform::content(item), &context).map(Event::from)
    }

    /// `word` ends the event's name: what happened, and the state of a conversation that does not tell its own.
    fn conversation(&self, item: &RawValue, word: &str) -> Option<Event> {
        let item = Members::from_raw(item)?;
        let state = item.text(&["status"]).unwrap_or_else(|| word.to_owned());
        let mut update = ConversationUpdate::new(item.text(&["conversation_id", "conversationId", "id"])?, state);
        update.event = Some(word.to_owned());
        update.contact = item.phone(&["contact_phone", "contactPhone"]);
        update.reason = item.text(&["ended_reason", "endedReason"]);
        update.at = self.sent_at;
        Some(Event::Conversation(update))
    }

    /// `word` ends the event's name, for a template that does not tell its own state. The longer names are Meta's.
    fn template(&self, item: &RawValue, word: &str) -> Option<Event> {
        let item = Members::from_raw(item)?;
        let names =
            ["name", "template_name", "templateName", "message_template_name", "id", "template_id", "templateId"];
        let mut update = TemplateUpdate::new(item.text(&names)?, item.text(&["status"]).as_deref().unwrap_or(word));
        update.language = item.text(&["language", "message_template_language"]);
        update.reason = item.text(&["rejected_reason", "rejectedReason", "reason"]);
        update.at = self.sent_at;
        Some(Event::Template(update))
    }
}

/// A message's own record, as a lookup gives it.
pub(crate) fn report(record: &RawValue) -> Option<StatusUpdate> {
    let members = Members::from_raw(record)?;
    if let Some(inner) = members.raw(&["data"]) {
        return report(inner);
    }
    let word = members.text(&["status"])?;
    status_update(record, DeliveryStatus::from_word(&word).unwrap_or(DeliveryStatus::Other(word)), None)
}

fn status_update(item: &RawValue, status: DeliveryStatus, sent_at: Option<SystemTime>) -> Option<StatusUpdate> {
    let item = Members::from_raw(item)?;
    let id = message_id(&item)?;
    let own = item.text(&["id", "message_id", "messageId"]).filter(|own| *own != id);
    let mut update = StatusUpdate::new(id, status);
    update.provider_message_id = own.map(MessageId::from);
    update.at = item.time(&["timestamp"]).or(sent_at);
    update.to = item.phone(&["recipient_id", "recipientId", "to"]);
    if update.status == DeliveryStatus::Failed {
        // Meta's list, or the one of the vendor's record [inferred].
        let errors = platform::failure(&item, &["errors", "error"], |code, _| Some(error::fact(code)?.kind));
        update.error = errors.or_else(|| {
            let code = item.text(&["error_code", "errorCode"])?;
            let kind = error::fact(&code).map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind);
            Some(DeliveryFailure::new(kind, code).with_reason(platform::reason(&item)))
        });
    }
    Some(update)
}

/// WhatsApp's own id of a message wherever it stands, since that is what receipts carry, else the vendor's.
fn message_id(item: &Members) -> Option<String> {
    platform::id(item, &["wamid", "id", "message_id", "messageId"])
}

fn unknown(raw: &RawValue) -> Event {
    Event::Unknown(json::as_it_came(raw))
}

#[cfg(test)]
mod tests;
