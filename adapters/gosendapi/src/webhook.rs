//! GoSendAPI's webhooks: inbound messages, delivery statuses, conversations, templates.
//!
//! The names of some events are documented, what stands inside them is not [docs, Webhooks; seed for conversations].
//! Messages are therefore read in Meta's shape, which the vendor says that it mirrors, at every place where they may
//! stand, in snake case or camel case [inferred]. Anything else is kept as [`Event::Unknown`].

mod content;

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;
use transom::adapter::json;
use transom::adapter::json::Members;
use transom::webhook::{DeliveryStatus, Event, Inbound, StatusUpdate, WebhookEvents};
use transom::{Error, ErrorKind, Result, Secret, webhook};

use crate::error;

/// Verifies and reads one webhook call.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<WebhookEvents> {
    // The header has one name on its own page and another in the migration guide [docs]. Both are verified alike.
    let names = ["x-gosendapi-signature", "x-signature"];
    let given = names.iter().find_map(|name| json::header(request.headers(), name));
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = webhook::verify_hmac_sha256(secrets, request.body(), given)?;
    // Read as raw text, so that ids keep every digit.
    let body: Box<RawValue> = serde_json::from_slice(request.body())
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error))?;
    Ok(WebhookEvents::new(verified, events(&body).unwrap_or_else(|| vec![Event::Unknown(json::as_it_came(&body))])))
}

/// The events of a call that is known. Its name, its time and its data stand in an envelope [docs, Webhooks; which
/// members is inferred].
fn events(body: &RawValue) -> Option<Vec<Event>> {
    let envelope = Members::from_raw(body)?;
    let names = ["event", "type", "event_type", "eventType"];
    let name = names.iter().filter_map(|name| envelope.text(&[name])).find(|name| name.starts_with("whatsapp."))?;
    let sent_at = envelope.time(&["created_at", "createdAt"]);
    let data = envelope.raw(&["data"]).unwrap_or(body);
    let (subject, word) = name.strip_prefix("whatsapp.")?.split_once('.')?;
    match (subject, word) {
        ("message", "received") => each(data, &["message", "messages"], |item| inbound(item, data, sent_at)),
        ("message", _) => {
            let status = delivery_status(word)?;
            each(data, &["status", "statuses", "message"], |item| update(item, status.clone(), sent_at))
        }
        ("conversation", _) => each(data, &["conversation"], |item| conversation(item, word)),
        // The pages mention approvals and rejections; the names of their events follow the others' [inferred].
        ("template", _) => each(data, &["template"], |item| template(item, word)),
        _ => None,
    }
}

/// What `read` makes of each object under the first of `names` that holds any, else of `data` itself; one that cannot be
/// read takes no other with it. `None` if none of them can be read: the call is then kept as a whole.
fn each(data: &RawValue, names: &[&str], read: impl Fn(&RawValue) -> Option<Event>) -> Option<Vec<Event>> {
    match Members::from_raw(data)?.objects(names) {
        Some(items) => {
            let events: Vec<_> = items.iter().map(|item| read(item)).collect();
            let is_known = events.iter().any(Option::is_some);
            let all = events.into_iter().zip(&items);
            let kept = all.map(|(event, item)| event.unwrap_or_else(|| Event::Unknown(json::as_it_came(item))));
            is_known.then(|| kept.collect())
        }
        None => Some(vec![read(data)?]),
    }
}

/// `received` and `delivered` are named on the page, the others follow their pattern [docs, Webhooks; inferred].
fn delivery_status(word: &str) -> Option<DeliveryStatus> {
    match word {
        "queued" => Some(DeliveryStatus::Queued),
        "sent" => Some(DeliveryStatus::Sent),
        "delivered" => Some(DeliveryStatus::Delivered),
        "read" => Some(DeliveryStatus::Read),
        "failed" => Some(DeliveryStatus::Failed),
        _ => None,
    }
}

/// A message's own record, as a lookup gives it.
pub(crate) fn report(record: &RawValue) -> Option<StatusUpdate> {
    let members = Members::from_raw(record)?;
    if let Some(inner) = members.raw(&["data"]) {
        return report(inner);
    }
    let word = members.text(&["status"])?;
    let status = delivery_status(&word).unwrap_or(DeliveryStatus::Other(word));
    status_update(record, status, None)
}

fn update(item: &RawValue, status: DeliveryStatus, sent_at: Option<SystemTime>) -> Option<Event> {
    status_update(item, status, sent_at).map(Event::Status)
}

fn status_update(item: &RawValue, status: DeliveryStatus, sent_at: Option<SystemTime>) -> Option<StatusUpdate> {
    let item = Members::from_raw(item)?;
    let mut update = StatusUpdate::new(message_id(&item)?, status);
    update.at = item.time(&["timestamp"]).or(sent_at);
    update.to = item.phone(&["recipient_id", "recipientId", "to"]);
    if update.status == DeliveryStatus::Failed {
        let codes = &["code", "error_code", "errorCode"];
        // Meta's list, or the one of the vendor's record [inferred].
        let failures = item.objects(&["errors", "error"]).unwrap_or_default();
        update.error = failures.iter().find_map(|failure| Members::from_raw(failure)?.text(codes)).map(|code| {
            let kind = error::fact(&code).map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind);
            (kind, code)
        });
    }
    Some(update)
}

/// A message of a contact's. `data` is what stands around it, where the names of both ends are.
fn inbound(item: &RawValue, data: &RawValue, sent_at: Option<SystemTime>) -> Option<Event> {
    let message = Members::from_raw(item)?;
    // Meta's name, else the one of the vendor's record [inferred].
    let at = message.time(&["timestamp"]).or_else(|| message.time(&["created_at", "createdAt"])).or(sent_at)?;
    let from = message.phone(&["from"])?;
    let mut inbound = Inbound::new(message_id(&message)?, from, at, content::of(item));
    let quoted = message.object(&["context"]);
    inbound.reply_to = quoted.and_then(|quoted| message_id(&quoted)).map(Into::into);
    let around = Members::from_raw(data)?;
    let line = around.object(&["metadata"]);
    let line = line.and_then(|line| line.phone(&["display_phone_number", "displayPhoneNumber"]));
    inbound.to = line.or_else(|| message.phone(&["to"])).or_else(|| around.phone(&["to"]));
    let contacts = around.objects(&["contacts", "contact"]).unwrap_or_default();
    let contact = contacts.first().and_then(|contact| Members::from_raw(contact));
    let profile = contact.as_ref().and_then(|contact| contact.object(&["profile"]));
    let named = [profile, contact].into_iter().flatten().find_map(|person| person.text(&["name"]));
    inbound.name = named.or_else(|| around.text(&["contact_name", "contactName"]));
    Some(Event::Inbound(inbound))
}

/// WhatsApp's own id of a message wherever it stands, since that is what receipts carry, else the vendor's.
fn message_id(item: &Members) -> Option<String> {
    let names = ["wamid", "id", "message_id", "messageId"];
    let ids: Vec<String> = names.iter().filter_map(|name| item.text(&[name])).collect();
    ids.iter().find(|id| id.starts_with("wamid.")).or(ids.first()).cloned()
}

/// `word` ends the event's name, for a conversation that does not tell its own state.
fn conversation(item: &RawValue, word: &str) -> Option<Event> {
    let item = Members::from_raw(item)?;
    let state = item.text(&["status"]).unwrap_or_else(|| word.to_owned());
    Some(Event::Conversation { id: item.text(&["conversation_id", "conversationId", "id"])?, state })
}

/// `word` ends the event's name, for a template that does not tell its own state. The longer names are Meta's.
fn template(item: &RawValue, word: &str) -> Option<Event> {
    let item = Members::from_raw(item)?;
    let names = ["name", "template_name", "templateName", "message_template_name", "id", "template_id", "templateId"];
    let name = item.text(&names)?;
    let language = item.text(&["language", "message_template_language"]);
    Some(Event::Template { name, language, status: item.text(&["status"]).as_deref().unwrap_or(word).to_lowercase() })
}

#[cfg(test)]
mod tests;
