//! What `GoSendAPI` posts to a webhook. The names of the events and the signature are documented; the envelope is our
//! convention (inferred), since no page that could be read shows one. What it holds is worded as Meta does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::common::NAME;
use super::{conversations, directory, messages};
use crate::core::phone::Phone;
use crate::core::time::rfc3339;
use crate::core::webhook::{
    AcceptedMessage, AccountEvent, DeliveryStatus, Failure, MessageEvent, MessageEventKind, Subject, WebhookRules,
};
use crate::core::world::World;
use crate::simulators::cloud_api::{is_medium, received};

/// Free text outside the window.
pub(super) const REENGAGEMENT: Failure =
    Failure { code: 131_047, name: "Re-engagement message", text: "More than 24 hours since the last user message" };

/// Tries at 0 s, 1 min, 5 min, 30 min and 2 h, read as counted from the first. Source: Webhooks (docs).
const PAUSES: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(4 * 60), Duration::from_secs(25 * 60), Duration::from_secs(90 * 60)];

/// Meta's, which the vendor says it passes on. Source: Error codes of the Cloud API (docs of Meta).
pub(super) const FAILURES: [Failure; 4] = [
    REENGAGEMENT,
    Failure { code: 131_026, name: "Message undeliverable", text: "The recipient cannot receive messages" },
    Failure { code: 131_049, name: "Not delivered", text: "Withheld to keep the ecosystem healthy" },
    Failure { code: 131_050, name: "Opted out", text: "The recipient stopped marketing messages" },
];

/// A message that was accepted, for the webhooks and for the list of messages, which tells its type.
pub(super) fn report(
    wamid: &str,
    (from, to): (&Phone, &Phone),
    kind: &str,
    failure: Option<Failure>,
) -> AcceptedMessage {
    AcceptedMessage {
        provider: NAME,
        message_id: wamid.to_owned(),
        from: from.clone(),
        to: to.clone(),
        reference: None,
        callbacks: Vec::new(),
        details: kind.into(),
        failure,
    }
}

/// The name of an event, wherever the switch `event_name_member` puts it.
pub(super) fn event_name(payload: &Value) -> Option<&str> {
    ["event", "type", "event_type"].iter().find_map(|member| payload.get(member)?.as_str())
}

/// Sources: Webhooks (docs) for `whatsapp.message.received` and `.delivered`; `.sent`, `.read` and `.failed` follow their
/// naming (inferred).
pub(super) fn payload(world: &World, happening: &MessageEvent<'_>) -> Value {
    let (event, message) = match happening.what {
        MessageEventKind::Received { content, .. } => ("received", incoming(happening, content)),
        MessageEventKind::Status { progress, .. } => status(world, happening, progress),
    };
    let sender = world.account(NAME).sender_by_phone(happening.business);
    let name_member = world.switch(NAME, "event_name_member");
    json!({
        "id": format!("evt_{:016}", happening.number),
        if name_member.is_empty() { "event" } else { name_member }: format!("whatsapp.message.{event}"),
        "created_at": rfc3339(happening.at),
        "phone_number_id": sender.map(|sender| sender.id.as_str()),
        "data": {"message": message},
    })
}

/// Source: Webhooks (docs); Migration guide (docs) for the other name of the header.
pub(super) fn rules(world: &World) -> WebhookRules {
    let header = match world.switch(NAME, "signature_header") {
        "x-signature" => "x-signature",
        _ => "x-gosendapi-signature",
    };
    WebhookRules { signature_header: Some(header), pauses: &PAUSES, ..WebhookRules::default() }
}

fn incoming(happening: &MessageEvent<'_>, content: &Value) -> Value {
    let (kind, member) = received(content);
    let member = if is_medium(kind) { medium(kind, &member, happening.message_id) } else { member };
    let mut message = Map::new();
    let mut put = |name: &str, value: Value| message.insert(name.to_owned(), value);
    if let Some(number) = happening.phone() {
        put("from", number.digits().into());
    }
    // The name of the member is Meta's, as reports of its webhooks have it (field).
    if let Some(user_id) = happening.user_id {
        put("from_user_id", user_id.into());
    }
    put("id", happening.message_id.into());
    put("timestamp", unix_seconds(happening.at).into());
    put("type", kind.into());
    put(kind, member);
    if let Some(reply_to) = happening.reply_to {
        put("context", json!({"from": happening.business.digits(), "id": reply_to}));
    }
    if let Some(referral) = happening.referral {
        put("referral", referral.clone());
    }
    Value::Object(message)
}

/// Sources: Conversations (seed) for the events `created`, `inactive` and `ended`; that templates are reported (docs), under which
/// names is not (inferred).
pub(super) fn announcement(world: &World, bulletin: &AccountEvent<'_>) -> Value {
    let (event, sender, data) = match bulletin.about {
        Subject::Conversation(turn, row) => {
            let sender = world.account(NAME).sender_by_phone(&row.business).map(|sender| sender.id.as_str());
            let conversation = conversations::print(world, row, bulletin.at);
            (format!("conversation.{}", turn.as_str()), sender, json!({"conversation": conversation}))
        }
        Subject::Template(template) => {
            let status = template.status.as_str();
            let data = json!({
                "id": template.id.to_string(), "name": template.name, "language": template.language,
                "status": status.to_uppercase(), "category": template.category.to_uppercase(),
            });
            (format!("template.{status}"), None, json!({"template": data}))
        }
    };
    json!({
        "id": format!("evt_{:016}", bulletin.number),
        "event": format!("whatsapp.{event}"),
        "created_at": rfc3339(bulletin.at),
        "phone_number_id": sender,
        "data": data,
    })
}

/// A file has an id to fetch it by, and no address.
fn medium(kind: &str, member: &Value, message_id: &str) -> Value {
    let id = member.get("id").and_then(Value::as_str).map_or_else(|| format!("media-{message_id}"), str::to_owned);
    let usual_type = match kind {
        "image" => "image/jpeg",
        "video" => "video/mp4",
        "audio" => "audio/ogg; codecs=opus",
        "sticker" => "image/webp",
        _ => "application/pdf",
    };
    // Nobody has the file, so the digest is that of its name.
    let sha256 = Sha256::digest(id.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let mut medium = Map::new();
    for (name, value) in [("id", id.as_str()), ("mime_type", usual_type), ("sha256", sha256.as_str())] {
        medium.insert(name.to_owned(), value.into());
    }
    if kind == "audio" {
        medium.insert("voice".to_owned(), false.into());
    }
    for name in ["mime_type", "sha256", "voice", "animated", "caption", "filename"] {
        if let Some(value) = member.get(name).filter(|value| !value.is_null()) {
            medium.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(medium)
}

/// In Meta's shape, or as the vendor's record with both ids where the switch has sends answered with it (inferred).
fn status(world: &World, happening: &MessageEvent<'_>, progress: DeliveryStatus) -> (&'static str, Value) {
    let (reached, errors) = match progress {
        DeliveryStatus::Sent => ("sent", None),
        DeliveryStatus::Delivered => ("delivered", None),
        DeliveryStatus::Read => ("read", None),
        DeliveryStatus::Failed(failure) => ("failed", Some(failure)),
    };
    let mut message = if world.switch(NAME, "response_shape").starts_with("record") {
        json!({
            "id": directory::own_id(world, messages::number(happening.message_id).to_owned()),
            "wamid": happening.message_id, "to": happening.contact.digits(), "status": reached,
            "timestamp": unix_seconds(happening.at),
        })
    } else {
        json!({
            "id": happening.message_id, "status": reached, "timestamp": unix_seconds(happening.at),
            "recipient_id": happening.contact.digits(),
        })
    };
    if let (Some(failure), Value::Object(members)) = (errors, &mut message) {
        let error = json!({
            "code": failure.code, "title": failure.name, "message": failure.name, "error_data": {"details": failure.text},
        });
        members.insert("errors".to_owned(), json!([error]));
    }
    (reached, message)
}

/// Unix seconds as a text, as Meta has them.
fn unix_seconds(time: SystemTime) -> String {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string()
}

#[cfg(test)]
mod tests;
