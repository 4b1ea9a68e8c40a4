//! What Messangi posts to a webhook. A part of the members is documented (Callback URL WhatsApp Business, Callback URL for
//! incoming messages; docs), the rest is our convention (inferred). Nothing is signed, and nothing is tried twice: no page
//! speaks of either.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::common::{NAME, USER};
use super::request::Notification;
use crate::core::phone::Phone;
use crate::core::time::local_time;
use crate::core::webhook::{AcceptedMessage, DeliveryStatus, Failure, MessageEvent, MessageEventKind, WebhookRules};
use crate::core::world::World;
use crate::simulators::cloud_api::{is_medium, received};

/// Free text outside the window. The word and Meta's number in the reason are inferred.
pub(super) const REENGAGEMENT: Failure =
    Failure { code: 131_047, name: "FAILED", text: "131047 Re-engagement message: more than 24 hours without a reply" };
/// A sender that cannot send. Source: WhatsApp Status (docs) for the word.
pub(super) const CODE_NOT_ALLOWED: Failure =
    Failure { code: 0, name: "CODE_NOT_ALLOWED", text: "the sender is inactive" };

/// A template of whose placeholders one has no value. Source: WhatsApp Status (docs) for the word.
pub(super) const INCOMPLETE: Failure =
    Failure { code: 0, name: "INCOMPLETE", text: "a placeholder of the template has no value" };

/// Source: WhatsApp Status (docs) for the words; the reasons are ours.
pub(super) const FAILURES: [Failure; 5] = [
    REENGAGEMENT,
    CODE_NOT_ALLOWED,
    Failure { code: 0, name: "BLACKLISTED", text: "the recipient is blocked" },
    Failure { code: 0, name: "QUOTA_EXCEEDED", text: "the account's limit is used up" },
    INCOMPLETE,
];

/// The pauses where something is tried again (inferred).
const PAUSES: [Duration; 3] = [Duration::from_secs(60); 3];

/// The id of the process that forwards what contacts write.
const PROCESS: u32 = 88;

/// A message that was accepted, for the webhooks.
pub(super) fn report(
    id: &str,
    (from, to): (&Phone, &Phone),
    message: &Notification<'_>,
    failure: Option<Failure>,
) -> AcceptedMessage {
    AcceptedMessage {
        provider: NAME,
        message_id: id.to_owned(),
        from: from.clone(),
        to: to.clone(),
        reference: message.external_id.map(str::to_owned),
        callbacks: message.callbacks.clone(),
        // A list: an object of two would be kept in ten times the room, for each message.
        details: Value::Array(vec![message.client_id.into(), message.content.body().into()]),
        failure,
    }
}

pub(super) fn payload(world: &World, happening: &MessageEvent<'_>) -> Value {
    let mut payload = match happening.what {
        MessageEventKind::Received { name, content } => incoming(happening, name, content),
        MessageEventKind::Status { progress, report } => {
            status(happening, word(world.switch(NAME, "final_statuses"), progress), progress, report)
        }
    };
    if world.switch(NAME, "callback_date") == "dashed"
        && let Some(Value::String(date)) = payload.get_mut("date")
    {
        *date = date.replacen('T', "-T", 1);
    }
    payload
}

/// Nothing is signed, and nothing tried again unless the switch says so.
pub(super) fn rules(world: &World) -> WebhookRules {
    let retries = world.switch(NAME, "callback_retries").parse().unwrap_or(0);
    WebhookRules { pauses: PAUSES.get(..retries).unwrap_or_default(), ..WebhookRules::default() }
}

/// What a status is called. Failures that are documented have their own word, whatever the others are called.
fn word(style: &str, progress: DeliveryStatus) -> &'static str {
    match (progress, style) {
        (DeliveryStatus::Sent, _) => "SENT",
        (DeliveryStatus::Delivered, "smpp") => "DELIVRD",
        (DeliveryStatus::Delivered, _) => "DELIVERED",
        (DeliveryStatus::Read, "smpp") => "SEEN",
        (DeliveryStatus::Read, _) => "READ",
        (DeliveryStatus::Failed(failure), _) if failure.name != REENGAGEMENT.name => failure.name,
        (DeliveryStatus::Failed(_), "smpp") => "UNDELIV",
        (DeliveryStatus::Failed(_), "undelivered") => "UNDELIVERED",
        (DeliveryStatus::Failed(_), "rejected") => "REJECTED",
        (DeliveryStatus::Failed(_), "expired") => "EXPIRED",
        (DeliveryStatus::Failed(_), _) => "FAILED",
    }
}

fn status(happening: &MessageEvent<'_>, word: &str, progress: DeliveryStatus, report: &AcceptedMessage) -> Value {
    let reason = match progress {
        DeliveryStatus::Failed(failure) => Some(failure.text),
        DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Read => None,
    };
    let since = happening.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut members = json!({
        "id": happening.message_id,
        "status": word,
        "from": happening.business.digits(),
        "to": happening.contact.e164(),
        "externalId": report.reference,
        "clientId": report.details.get(0),
        "campaignId": null,
        "callback": happening.url,
        "date": local_time(happening.at, 0),
        "timestamp": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        "username": USER,
        "message": report.details.get(1),
    });
    if let (Some(reason), Value::Object(members)) = (reason, &mut members) {
        members.insert("reason".to_owned(), reason.into());
    }
    members
}

fn incoming(happening: &MessageEvent<'_>, name: Option<&str>, content: &Value) -> Value {
    let (kind, member) = received(content);
    json!({
        "id": happening.message_id,
        "owner": USER,
        "date": local_time(happening.at, 0),
        "processId": PROCESS,
        "origin": happening.business.digits(),
        "user": happening.phone().map(Phone::e164),
        "connection": "WHATSAPP",
        "externalId": "",
        "callback": happening.url,
        "text": text(kind, &member),
        "extraInfo": extra_info(happening, name, kind, &member),
    })
}

/// The words of a message: its text, or the title of what was chosen.
fn text(kind: &str, member: &Value) -> Value {
    let chosen = || ["button_reply", "list_reply"].into_iter().find_map(|reply| member.get(reply)?.get("title"));
    let text = match kind {
        "text" => member.get("body"),
        "button" => member.get("text"),
        "interactive" => chosen(),
        _ => None,
    };
    text.cloned().unwrap_or_else(|| "".into())
}

/// The type, the writer, and what there is besides text: files as attachments, anything else under the name of its type.
fn extra_info(happening: &MessageEvent<'_>, name: Option<&str>, kind: &str, member: &Value) -> Value {
    let contact = happening.phone().map(Phone::digits);
    let mut writer = Map::new();
    writer.insert("profile".to_owned(), json!({"name": name.or(contact).or(happening.user_id)}));
    for (member, value) in [("wa_id", contact), ("user_id", happening.user_id)] {
        if let Some(value) = value {
            writer.insert(member.to_owned(), value.into());
        }
    }
    let mut info = Map::new();
    info.insert("type".to_owned(), kind.into());
    info.insert("contacts".to_owned(), json!([writer]));
    if let Some(referral) = happening.referral {
        info.insert("referral".to_owned(), referral.clone());
    }
    match kind {
        "text" => {}
        kind if is_medium(kind) => {
            let mut file = Map::new();
            for (theirs, ours) in [("fileName", "filename"), ("url", "link"), ("caption", "caption"), ("id", "id")] {
                if let Some(value) = member.get(ours) {
                    file.insert(theirs.to_owned(), value.clone());
                }
            }
            info.insert("attachments".to_owned(), json!([file]));
        }
        // `contacts` is the writer's, so the cards that were shared need another name.
        "contacts" => {
            info.insert("sharedContacts".to_owned(), member.clone());
        }
        kind => {
            info.insert(kind.to_owned(), member.clone());
        }
    }
    Value::Object(info)
}

#[cfg(test)]
mod tests;
