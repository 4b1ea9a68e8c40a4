//! What Exotel posts to a webhook: the first of its documented simulators, a list of delivery reports or incoming
//! messages within a channel.

use std::time::Duration;

use serde_json::{Value, json};

use super::callback_forms;
use super::common::NAME;
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, Source};
use crate::core::phone::Phone;
use crate::core::time::local_time;
use crate::core::webhook::{AcceptedMessage, DeliveryStatus, Failure, MessageEvent, MessageEventKind, WebhookRules};
use crate::core::world::World;
use crate::simulators::cloud_api::{is_medium, received};

/// The zone of the samples' times, in minutes east of UTC.
const ZONE: i16 = 330;

/// The three pages that state a number of retries; the pauses are those of Receive Messages and of WhatsApp Webhooks.
const PAUSES_OF_FOUR: [Duration; 4] = [seconds(30), seconds(120), seconds(600), seconds(3600)];
const PAUSES_OF_FIVE: [Duration; 5] = [seconds(30), seconds(120), seconds(600), seconds(1800), seconds(3600)];

pub(super) const CALLBACK_RETRIES: Switch = Switch {
    name: "callback_retries",
    default: "2",
    allowed: &["2", "4", "5"],
    about: "How often a webhook call that failed is tried again: 2 after 30 s and 2 min; 4 with 10 min and 1 h, too; 5 with 30 \
            min between those.",
    source: Source::new("Webhooks; Receive Messages; WhatsApp Webhooks", Certainty::Docs),
};

/// Free text outside the window.
pub(super) const REENGAGEMENT: Failure = Failure {
    code: 30018,
    name: "EX_REENGAGEMENT_ERROR",
    text: "More than 24 hours have passed since the customer last wrote",
};
/// A sender that is not set up.
pub(super) const SETUP: Failure =
    Failure { code: 30006, name: "EX_SETUP_ERROR", text: "The sender is not set up to send" };
pub(super) const MESSAGE_TOO_LONG: Failure =
    Failure { code: 30029, name: "EX_MESSAGE_TOO_LONG", text: "The text is longer than 4096 characters" };
/// A template that is there and not approved.
pub(super) const TEMPLATE: Failure =
    Failure { code: 30022, name: "EX_TEMPLATE_ERROR", text: "The template cannot be sent" };
pub(super) const TEMPLATE_PARAMETERS: Failure =
    Failure { code: 30023, name: "EX_TEMPLATE_PARAM_ERROR", text: "The parameters are not those of the template" };
pub(super) const TEMPLATE_TOO_LONG: Failure =
    Failure { code: 30025, name: "EX_TEMPLATE_TEXT_TOO_LONG", text: "The text of the template is too long" };
pub(super) const TEMPLATE_NOT_FOUND: Failure =
    Failure { code: 30024, name: "EX_TEMPLATE_NOT_FOUND", text: "The template does not exist in this language" };

/// Source: WhatsApp Status Codes (docs); the sentences are ours.
pub(super) const FAILURES: [Failure; 12] = [
    REENGAGEMENT,
    failure(30012, "EX_INVALID_RECIPIENT", "The recipient is not valid"),
    failure(30013, "EX_INCAPABLE_RECIPIENT", "The recipient cannot receive this message"),
    failure(30014, "EX_RECIPIENT_BLOCKED", "The recipient is blocked"),
    failure(30004, "EX_SYSTEM_ERROR", "The service failed"),
    SETUP,
    failure(30007, "EX_RATE_LIMIT_HIT", "Too many messages"),
    failure(30016, "EX_MEDIA_DOWNLOAD_ERROR", "The file could not be fetched"),
    TEMPLATE,
    TEMPLATE_PARAMETERS,
    TEMPLATE_NOT_FOUND,
    MESSAGE_TOO_LONG,
];

const fn failure(code: u32, name: &'static str, text: &'static str) -> Failure {
    Failure { code, name, text }
}

/// A message that was accepted, for the webhooks. `callback` is the address that the request named, the nearest one to the
/// message.
pub(super) fn report(
    sid: &str,
    (from, to): (&Phone, &Phone),
    reference: Option<&str>,
    callback: Option<&str>,
    failure: Option<Failure>,
) -> AcceptedMessage {
    AcceptedMessage {
        provider: NAME,
        message_id: sid.to_owned(),
        from: from.clone(),
        to: to.clone(),
        reference: reference.map(str::to_owned),
        callbacks: callback.map(str::to_owned).into_iter().collect(),
        details: Value::Null,
        failure,
    }
}

/// Sources: Receive Messages, Send WhatsApp Message, WhatsApp Status Codes (docs); that incoming messages carry a `sid`
/// (field). The sentences of the description are ours, but for that of a delivery.
pub(super) fn payload(world: &World, happening: &MessageEvent<'_>) -> Value {
    let with_plus = world.switch(NAME, "callback_to") == "e164";
    let to = if with_plus { happening.contact.e164() } else { happening.contact.digits().to_owned() };
    let content = || match happening.what {
        MessageEventKind::Received { content, .. } => Some(member(content)),
        MessageEventKind::Status { .. } => None,
    };
    match (world.switch(NAME, "callback_form"), happening.what) {
        ("event", _) => return callback_forms::event(happening, &to, content()),
        ("typed", _) => return callback_forms::typed(happening, &to, content()),
        ("flat", MessageEventKind::Status { progress, .. }) => {
            return callback_forms::flat(happening, progress, (&to, words(progress).0), ZONE);
        }
        _ => {}
    }
    let callback_type = match world.switch(NAME, "callback_type") {
        "incoming_message" => "incoming_message",
        _ => "icm",
    };
    let timestamp = local_time(happening.at, ZONE);
    let mut message = match happening.what {
        MessageEventKind::Received { content, .. } => json!({
            "callback_type": callback_type, "sid": happening.message_id, "from": happening.contact.e164(), "to": happening.business.e164(),
            "content": incoming(content, happening.reply_to),
        }),
        MessageEventKind::Status { progress, .. } => {
            let (code, name, description) = words(progress);
            json!({
                "callback_type": "dlr", "sid": happening.message_id, "to": to,
                "exo_status_code": code, "exo_detailed_status": name, "description": description,
            })
        }
    };
    // Members that are there only when there is something to say.
    let (name, text) = match happening.what {
        MessageEventKind::Received { name, .. } => ("profile_name", name),
        MessageEventKind::Status { report, .. } => ("custom_data", report.reference.as_deref()),
    };
    if let Value::Object(members) = &mut message {
        members.insert("timestamp".to_owned(), timestamp.into());
        if let Some(text) = text {
            members.insert(name.to_owned(), text.into());
        }
    }
    json!({"whatsapp": {"messages": [message]}})
}

/// Source: Receive Messages (docs) for the header; Webhooks (docs) for two retries, two other pages say four and five.
pub(super) fn rules(world: &World) -> WebhookRules {
    let pauses: &'static [Duration] = match world.switch(NAME, CALLBACK_RETRIES.name) {
        "5" => &PAUSES_OF_FIVE,
        "4" => &PAUSES_OF_FOUR,
        _ => PAUSES_OF_FOUR.first_chunk::<2>().map_or(&[], <[Duration; 2]>::as_slice),
    };
    WebhookRules {
        signature_header: Some("x-exotel-signature"),
        signature_is_bare: world.switch(NAME, "signature_form") == "bare",
        pauses,
        client_errors_are_final: false,
        replies_go_to_callback: true,
    }
}

/// Source: WhatsApp Status Codes (docs).
fn words(progress: DeliveryStatus) -> (u32, &'static str, &'static str) {
    match progress {
        DeliveryStatus::Sent => (30001, "EX_MESSAGE_SENT", "Sent"),
        DeliveryStatus::Delivered => (30002, "EX_MESSAGE_DELIVERED", "Delivered"),
        DeliveryStatus::Read => (30003, "EX_MESSAGE_SEEN", "Seen"),
        DeliveryStatus::Failed(failure) => (failure.code, failure.name, failure.text),
    }
}

/// `content` of an incoming message. A file has a `url`, and a reply a `context` that names what it replies to (field).
fn incoming(content: &Value, reply_to: Option<&str>) -> Value {
    let (kind, member) = member(content);
    let mut content = json!({"type": kind, kind: member});
    if let (Some(reply_to), Value::Object(members)) = (reply_to, &mut content) {
        members.insert("context".to_owned(), json!({"id": reply_to}));
    }
    content
}

/// The type of what was written, and the member of that name.
fn member(content: &Value) -> (&str, Value) {
    let (kind, mut member) = received(content);
    if is_medium(kind)
        && let Value::Object(members) = &mut member
        && let Some(link) = members.remove("link")
    {
        members.insert("url".to_owned(), link);
    }
    (kind, member)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests;
