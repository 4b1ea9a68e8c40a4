//! What Exotel posts to a webhook: the first of its documented simulators, a list of delivery reports or incoming
//! messages within a channel.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Value, json};

use super::common::NAME;
use super::part::insert;
use super::{callback_forms, received};
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, Source};
use crate::core::phone::Phone;
use crate::core::time::local_time;
use crate::core::webhook::{AcceptedMessage, DeliveryStatus, Failure, MessageEvent, MessageEventKind, WebhookRules};
use crate::core::world::World;

/// The zone of the samples' times, in minutes east of UTC.
const ZONE: i16 = 330;

/// The three pages that state a number of retries; the pauses are those of Receive Messages and of WhatsApp Webhooks.
const PAUSES_OF_FOUR: [Duration; 4] = [seconds(30), seconds(120), seconds(600), seconds(3600)];
const PAUSES_OF_FIVE: [Duration; 5] = [seconds(30), seconds(120), seconds(600), seconds(1800), seconds(3600)];

pub(super) const CALLBACK_RETRIES: Switch = Switch {
    name: "callback_retries",
    default: "4",
    allowed: &["4", "5", "2"],
    about: "How often a webhook call that failed is tried again. The pages on WhatsApp have 4, after 30 s, 2 min, 10 min and \
            1 h, and 5, with 30 min before the hour. The page on all webhooks has 2.",
    source: Source::new("Receive Messages; WhatsApp Webhooks; Webhooks", Certainty::Docs),
};

/// `custom_data` of a message: a text, or the JSON of an object.
#[derive(Debug, Clone)]
pub(super) struct Reference<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) is_object: bool,
}

/// A message that was accepted, for the webhooks. `callback` is the address that the request named, the nearest one to the
/// message.
pub(super) fn report(
    sid: &str,
    (from, to): (&Phone, &Phone),
    reference: Option<&Reference<'_>>,
    callback: Option<&str>,
    failure: Option<Failure>,
) -> AcceptedMessage {
    AcceptedMessage {
        provider: NAME,
        message_id: sid.to_owned(),
        from: from.clone(),
        to: to.clone(),
        reference: reference.map(|reference| reference.text.to_string()),
        callbacks: callback.map(str::to_owned).into_iter().collect(),
        details: if reference.is_some_and(|reference| reference.is_object) { Value::Bool(true) } else { Value::Null },
        failure,
    }
}

/// Sources: Receive Messages, Send WhatsApp Message, WhatsApp Status Codes (docs); that incoming messages carry a `sid`
/// (field). The sentences of the description are ours, but for that of a delivery.
pub(super) fn payload(world: &World, happening: &MessageEvent<'_>) -> Value {
    let form = world.switch(NAME, "callback_form");
    match happening.what {
        MessageEventKind::Received { content, name } => {
            let with_time = world.switch(NAME, "callback_time") != "absent";
            match form {
                "event" => {
                    callback_forms::event_received(happening, received::by_id(content, happening), name, with_time)
                }
                "typed" => {
                    callback_forms::typed_received(happening, received::by_id(content, happening), name, with_time)
                }
                _ => wrapped_received(world, happening, (content, name), with_time),
            }
        }
        MessageEventKind::Status { progress, report } => {
            let with_plus = world.switch(NAME, "callback_to") == "e164";
            let to = if with_plus { happening.contact.e164() } else { happening.contact.digits().to_owned() };
            match form {
                "event" => callback_forms::event_status(happening, progress, &to),
                "typed" => callback_forms::typed_status(happening, progress, &to),
                "flat" => callback_forms::flat(happening, progress, (&to, words(progress).0), ZONE),
                _ => wrapped_status(happening, progress, &to, report),
            }
        }
    }
}

fn wrapped_received(
    world: &World,
    happening: &MessageEvent<'_>,
    (content, name): (&Value, Option<&str>),
    with_time: bool,
) -> Value {
    let callback_type = if world.switch(NAME, "callback_type") == "icm" { "icm" } else { "incoming_message" };
    let mut message = json!({
        "callback_type": callback_type, "sid": happening.message_id, "to": happening.business.e164(), "content": {},
    });
    received::put_contact(&mut message, happening, Phone::e164);
    if let Some(content_member) = message.get_mut("content") {
        received::by_url(content, happening).put(content_member);
    }
    insert(&mut message, "timestamp", with_time.then(|| local_time(happening.at, ZONE)));
    insert(&mut message, "profile_name", name);
    json!({"whatsapp": {"messages": [message]}})
}

fn wrapped_status(happening: &MessageEvent<'_>, progress: DeliveryStatus, to: &str, report: &AcceptedMessage) -> Value {
    let (code, name, description) = words(progress);
    let mut message = json!({
        "callback_type": "dlr", "sid": happening.message_id, "to": to, "exo_status_code": code,
        "exo_detailed_status": name, "description": description, "timestamp": local_time(happening.at, ZONE),
    });
    let reference = report.reference.as_deref();
    // The reference of a message that gave an object is its JSON.
    let was_object = report.details == Value::Bool(true);
    let reference = reference.map(|text| {
        let object = was_object.then(|| serde_json::from_str(text).ok()).flatten();
        object.unwrap_or_else(|| Value::from(text))
    });
    insert(&mut message, "custom_data", reference);
    json!({"whatsapp": {"messages": [message]}})
}

/// Source: Receive Messages (docs) for the header and for four retries; two other pages have five and two.
pub(super) fn rules(world: &World) -> WebhookRules {
    let pauses: &'static [Duration] = match world.switch(NAME, CALLBACK_RETRIES.name) {
        "5" => &PAUSES_OF_FIVE,
        "2" => PAUSES_OF_FOUR.first_chunk::<2>().map_or(&[], <[Duration; 2]>::as_slice),
        _ => &PAUSES_OF_FOUR,
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

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests;
