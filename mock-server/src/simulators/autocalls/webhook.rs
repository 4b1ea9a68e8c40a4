//! What Autocalls posts to webhooks: read receipts, and chats that ended. No webhook reports each message of a contact.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::common::{ASSISTANT_UUID, NAME};
use super::history;
use crate::core::phone::Phone;
use crate::core::time::offset_time;
use crate::core::webhook::{
    AcceptedMessage, AccountEvent, ConversationEvent, DeliveryStatus, Failure, MessageEvent, MessageEventKind, Subject,
    WebhookRules,
};
use crate::core::world::World;

/// Source: inferred from a twin of the API; the page of the other webhook, Conversation Ended, has the same (docs).
const PAUSES: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(120)];

/// Sources: Read Receipts Webhook (docs) for 63016; the other numbers are those that the carrier publishes and clients report
/// (field); the words are ours.
pub(super) const FAILURES: [Failure; 15] = [
    failure(63_016, "Failed to send freeform message", "Outside the messaging window"),
    failure(63_024, "Invalid message recipient", "The recipient is not on WhatsApp"),
    failure(63_018, "Rate limit exceeded", "Too many messages for this channel"),
    failure(63_003, "Invalid recipient", "The channel cannot find the recipient"),
    failure(63_032, "Recipient not reachable", "The recipient cannot be reached"),
    failure(63_033, "Recipient has blocked the sender", "The recipient has blocked messages"),
    failure(21_610, "Recipient is unsubscribed", "The recipient has opted out"),
    failure(63_027, "Template not found", "The template does not exist"),
    failure(63_028, "Wrong number of parameters", "The parameters are not those of the template"),
    failure(63_041, "Template is paused", "The template is paused"),
    failure(63_013, "Policy violation", "The content breaks a policy"),
    failure(63_021, "Invalid content", "The channel refused the content"),
    failure(63_049, "Not sent by choice of Meta", "Meta chose not to deliver this marketing message"),
    failure(63_007, "Sender not found", "The channel has no such sender"),
    failure(63_051, "Account is locked", "The business account is locked"),
];

const fn failure(code: u32, name: &'static str, text: &'static str) -> Failure {
    Failure { code, name, text }
}

/// A message that was accepted, for the webhooks. `sid` is that of the answer, null for a sender on Meta's own API.
pub(super) fn report(whatsapp_message_id: u64, from: &Phone, to: &Phone, sid: Option<&str>) -> AcceptedMessage {
    AcceptedMessage {
        provider: NAME,
        message_id: whatsapp_message_id.to_string(),
        from: from.clone(),
        to: to.clone(),
        reference: None,
        callbacks: Vec::new(),
        // A list: an object of one would be kept in ten times the room, for each message.
        details: Value::Array(sid.map(Value::from).into_iter().collect()),
        failure: None,
    }
}

/// Source: Read Receipts Webhook (docs).
pub(super) fn payload(world: &World, happening: &MessageEvent<'_>) -> Option<Value> {
    let MessageEventKind::Status { progress, report } = happening.what else { return None };
    let sender = world.account(NAME).sender_by_phone(happening.business);
    let conversation = world.latest_conversation(NAME, happening.business, happening.contact);
    let (status, error) = match progress {
        DeliveryStatus::Sent => ("sent", None),
        DeliveryStatus::Delivered => ("delivered", None),
        DeliveryStatus::Read => ("read", None),
        DeliveryStatus::Failed(failure) if happening.sent_before => ("undelivered", Some(failure)),
        DeliveryStatus::Failed(failure) => ("failed", Some(failure)),
    };
    // A sender is on a carrier, whose ids it then has, or on Meta's own API, which alone tells a time of its own.
    let sid = report.details.get(0).and_then(Value::as_str);
    let over_meta = sid.is_none();
    let now = offset_time(happening.at);
    Some(json!({
        "event": "message_status",
        "whatsapp_message_id": happening.message_id.parse::<u64>().ok(),
        "message_sid": sid,
        "meta_message_id": over_meta.then(|| format!("wamid.{}", happening.message_id)),
        "conversation_id": conversation.map(|row| row.uuid_text()),
        "assistant_id": null,
        "sender": sender.map(|sender| json!({
            // The seeded ids are numbers, as the page has them.
            "id": sender.id.parse::<u64>().ok(), "phone_number": sender.phone.e164(), "display_name": sender.name,
        })),
        "to": happening.contact.e164(),
        "from": happening.business.e164(),
        "direction": "outbound",
        "status": status,
        "error_code": error.map(|failure| failure.code),
        "error_message": error.map(|failure| failure.name),
        "error_description": error.map(|failure| failure.text),
        "provider_timestamp": over_meta.then(|| now.clone()),
        "timestamp": now,
    }))
}

/// A chat that went idle. Source: Conversation Ended Webhook (docs); a twin of the API has the later edition and the 30 minutes
/// (inferred).
pub(super) fn conversation_ended(world: &World, event: &AccountEvent<'_>) -> Option<Value> {
    let Subject::Conversation(ConversationEvent::Inactive, row) = event.about else { return None };
    let is_later = world.switch(NAME, "conversation_ended_edition") == "later";
    let lines = history::lines(world, row);
    let transcript: Vec<Value> = lines
        .iter()
        .map(|line| {
            let mut said = json!({"role": line.role, "content": line.words});
            if let (Value::Object(said), true) = (&mut said, is_later) {
                let unix = line.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
                said.insert("timestamp".to_owned(), offset_time(line.at).into());
                said.insert("timestamp_unix".to_owned(), unix.into());
            }
            said
        })
        .collect();
    let formatted: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.role, line.words)).collect();
    let sender = world.account(NAME).sender_by_phone(&row.business);
    let mut payload = json!({
        "conversation_id": row.uuid_text(), "assistant_id": ASSISTANT_UUID, "type": "whatsapp",
        "message_count": row.messages_count, "status": "ended", "extracted_variables": {}, "input_variables": {},
        "transcript": transcript, "formatted_transcript": formatted.join("\n"),
        "customer_phone": row.contact.e164(), "customer_name": row.contact_name.as_deref(),
        "sender": sender.map(|sender| json!({"phone_number": sender.phone.e164(), "display_name": sender.name})),
        "created_at": offset_time(row.started_at), "ended_at": offset_time(event.at),
    });
    if let (Value::Object(members), true) = (&mut payload, is_later) {
        let files = lines.iter().filter_map(|line| line.file.as_ref());
        let attachments =
            files.map(|file| json!({"type": file["type"], "url": file["link"], "filename": file["filename"]}));
        members.insert("id".to_owned(), row.id.into());
        members.insert("attachments".to_owned(), attachments.collect());
    }
    Some(payload)
}

/// Source: Conversation Ended Webhook (docs) for the retries after any failure; it has no signature.
pub(super) fn conversation_ended_rules() -> WebhookRules {
    WebhookRules { pauses: &PAUSES, ..WebhookRules::default() }
}

/// Source: Read Receipts Webhook (docs) for the header; that only failures, 5xx and 429 are tried again (inferred).
pub(super) fn rules() -> WebhookRules {
    WebhookRules {
        signature_header: Some("x-signature-256"),
        pauses: &PAUSES,
        client_errors_are_final: true,
        ..WebhookRules::default()
    }
}

#[cfg(test)]
mod tests;
