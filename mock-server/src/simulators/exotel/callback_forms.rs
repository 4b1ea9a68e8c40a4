//! The other simulators in which the documentation have callbacks: flat, by event and by type. Each says the same as
//! the first one, in the members that its page lists.

use serde_json::{Map, Value, json};

use super::common::ACCOUNT_SID;
use crate::core::time::local_time;
use crate::core::webhook::{DeliveryStatus, Failure, MessageEvent, MessageEventKind};

/// The flat form (Webhooks, docs), which is one of reports alone.
pub(super) fn flat(
    happening: &MessageEvent<'_>,
    progress: DeliveryStatus,
    (to, code): (&str, u32),
    zone: i16,
) -> Value {
    let status = match progress {
        DeliveryStatus::Read => "seen",
        other => word(other),
    };
    json!({
        "sid": happening.message_id, "from": happening.business.e164(), "to": to, "status": status,
        "exo_status_code": code, "timestamp": local_time(happening.at, zone),
    })
}

/// The form by `event` (an older revision of Receive Messages, docs).
pub(super) fn event(happening: &MessageEvent<'_>, to: &str, content: Option<(&str, Value)>) -> Value {
    let at = local_time(happening.at, 0);
    let (name, message) = match (happening.what, content) {
        (MessageEventKind::Status { progress, .. }, _) => {
            let message =
                json!({"id": happening.message_id, "status": word(progress), "recipient": to, "timestamp": at});
            ("message_status", with_errors(message, progress, "message"))
        }
        (MessageEventKind::Received { .. }, content) => {
            let (kind, member) = content.unwrap_or(("unsupported", Value::Null));
            let mut message = json!({
                "id": happening.message_id, "from": happening.contact.digits(), "to": happening.business.digits(),
                "timestamp": at, "type": kind,
            });
            put(&mut message, kind, member);
            ("incoming_message", message)
        }
    };
    let mut payload = json!({"event": name, "timestamp": at, "message": message});
    if let MessageEventKind::Received { name, .. } = happening.what {
        put(&mut payload, "account_sid", ACCOUNT_SID.into());
        put(&mut payload, "contact", contact(happening, name));
    }
    payload
}

/// The form by `type` (WhatsApp Webhooks, docs).
pub(super) fn typed(happening: &MessageEvent<'_>, to: &str, content: Option<(&str, Value)>) -> Value {
    let at = local_time(happening.at, 0);
    let (kind, data) = match (happening.what, content) {
        (MessageEventKind::Status { progress, .. }, _) => {
            let data = json!({
                "message_sid": happening.message_id, "from": happening.business.e164(), "to": to,
                "status": word(progress), "timestamp": at,
            });
            ("message_status", with_errors(data, progress, "detail"))
        }
        (MessageEventKind::Received { name, .. }, content) => {
            let (kind, member) = content.unwrap_or(("unsupported", Value::Null));
            let mut message = json!({"type": kind});
            put(&mut message, kind, member);
            let data = json!({
                "message_sid": happening.message_id, "from": happening.contact.e164(),
                "to": happening.business.e164(), "message": message, "contact": contact(happening, name),
            });
            ("inbound_message", data)
        }
    };
    json!({"type": kind, "timestamp": at, "account_sid": ACCOUNT_SID, "data": data})
}

fn word(progress: DeliveryStatus) -> &'static str {
    match progress {
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Read => "read",
        DeliveryStatus::Failed(_) => "failed",
    }
}

fn contact(happening: &MessageEvent<'_>, name: Option<&str>) -> Value {
    let mut profile = Map::new();
    if let Some(name) = name {
        profile.insert("name".to_owned(), name.into());
    }
    json!({"wa_id": happening.contact.digits(), "profile": profile})
}

fn with_errors(mut message: Value, progress: DeliveryStatus, text_member: &str) -> Value {
    if let DeliveryStatus::Failed(failure) = progress {
        let error = json!({"code": number(failure), "title": failure.name, text_member: failure.text});
        put(&mut message, "errors", json!([error]));
    }
    message
}

/// A failure in the numbering of these two forms (WhatsApp Status Codes of the support pages, docs), which is not that
/// of the first one; Meta's number for an error that nothing explains where it has none.
fn number(failure: Failure) -> u32 {
    match failure.code {
        30006 => 1003,
        30012..=30014 => 131_026,
        30015 => 131_051,
        30018 => 131_047,
        30022 => 2001,
        30023 => 2004,
        30024 => 2000,
        30029 => 100,
        _ => 131_000,
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}
