//! What Autocalls posts to a webhook: read receipts. No webhook reports messages of contacts.

use std::time::Duration;

use serde_json::{Value, json};

use super::common::NAME;
use crate::core::phone::Phone;
use crate::core::time::offset_time;
use crate::core::webhook::{AcceptedMessage, DeliveryStatus, Failure, MessageEvent, MessageEventKind, WebhookRules};
use crate::core::world::World;

/// Source: inferred from a twin of the API; the page of the other webhook, Conversation Ended, has the same (docs).
const PAUSES: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(120)];

/// Source: Read Receipts Webhook (docs) for the number, which is the carrier's; the words around it are ours.
pub(super) const FAILURES: [Failure; 3] = [
    Failure { code: 63_016, name: "Failed to send freeform message", text: "Outside the messaging window" },
    Failure { code: 63_024, name: "Invalid message recipient", text: "The recipient is not on WhatsApp" },
    Failure { code: 63_018, name: "Rate limit exceeded", text: "Too many messages for this channel" },
];

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
