//! The other simulators in which the documentation have callbacks: flat, by event and by type. Each says the same as
//! the first one, in the members that its page lists.

use serde_json::{Map, Value, json};

use super::common::ACCOUNT_SID;
use super::failures;
use super::part::insert;
use super::received::{Message, put_contact};
use crate::core::phone::Phone;
use crate::core::time::local_time;
use crate::core::webhook::{DeliveryStatus, Failure, MessageEvent};

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

/// A report in the form by `event` (an older revision of Receive Messages, docs).
pub(super) fn event_status(happening: &MessageEvent<'_>, progress: DeliveryStatus, to: &str) -> Value {
    let at = local_time(happening.at, 0);
    let message = json!({"id": happening.message_id, "status": word(progress), "recipient": to, "timestamp": at});
    json!({"event": "message_status", "timestamp": at, "message": with_errors(message, progress, "message")})
}

/// A contact's message in the form by `event`.
pub(super) fn event_received(
    happening: &MessageEvent<'_>,
    received: Message<'_>,
    name: Option<&str>,
    with_time: bool,
) -> Value {
    let at = with_time.then(|| local_time(happening.at, 0));
    let mut message = json!({"id": happening.message_id, "to": happening.business.digits()});
    put_contact(&mut message, happening, |phone| phone.digits().to_owned());
    insert(&mut message, "timestamp", at.clone());
    received.put(&mut message);
    let mut payload = json!({
        "event": "incoming_message", "message": message, "account_sid": ACCOUNT_SID, "contact": contact(happening, name),
    });
    insert(&mut payload, "timestamp", at);
    payload
}

/// A report in the form by `type` (WhatsApp Webhooks, docs).
pub(super) fn typed_status(happening: &MessageEvent<'_>, progress: DeliveryStatus, to: &str) -> Value {
    let at = local_time(happening.at, 0);
    let data = json!({
        "message_sid": happening.message_id, "from": happening.business.e164(), "to": to, "status": word(progress),
        "timestamp": at,
    });
    let data = with_errors(data, progress, "detail");
    json!({"type": "message_status", "timestamp": at, "account_sid": ACCOUNT_SID, "data": data})
}

/// A contact's message in the form by `type`.
pub(super) fn typed_received(
    happening: &MessageEvent<'_>,
    received: Message<'_>,
    name: Option<&str>,
    with_time: bool,
) -> Value {
    let mut message = json!({});
    received.put(&mut message);
    let mut data = json!({
        "message_sid": happening.message_id, "to": happening.business.e164(), "message": message,
        "contact": contact(happening, name),
    });
    put_contact(&mut data, happening, Phone::e164);
    let mut payload = json!({"type": "inbound_message", "account_sid": ACCOUNT_SID, "data": data});
    insert(&mut payload, "timestamp", with_time.then(|| local_time(happening.at, 0)));
    payload
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
    let mut contact = json!({"profile": profile});
    insert(&mut contact, "wa_id", happening.phone().map(Phone::digits));
    insert(&mut contact, "user_id", happening.user_id);
    contact
}

fn with_errors(mut message: Value, progress: DeliveryStatus, text_member: &str) -> Value {
    if let DeliveryStatus::Failed(failure) = progress {
        let error = json!({"code": number(failure), "title": failure.name, text_member: failure.text});
        insert(&mut message, "errors", Some(json!([error])));
    }
    message
}

/// A failure in the numbering of these two forms (WhatsApp Status Codes of the support pages, docs), which is not that
/// of the first one; Meta's number for an error that nothing explains where it has none.
fn number(failure: Failure) -> u32 {
    if failure == failures::TEMPLATE_NOT_APPROVED {
        return 2001;
    }
    match failure.code {
        30006 => 1003,
        30007..=30009 => 130_429,
        30012..=30014 => 131_026,
        30015 => 131_051,
        30016 => 131_052,
        30017 => 131_053,
        30018 => 131_047,
        30019 | 30021 => 131_009,
        30020 => 131_008,
        30022 | 30023 => 2004,
        30024 => 2000,
        30029 => 100,
        _ => 131_000,
    }
}
