//! Webhook calls about messages of contacts, in the provider's form, for the groups `inbound` and `window_rows`.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use transom::PhoneNumber;
use transom::session::MemoryLedger;
use transom::webhook::{Event, Inbound, WebhookEvents};

use crate::adapters::InboundSample;
use crate::assertions::{Failure, unexpected};
use crate::harness::{CONTACT, Harness};

/// When every call is received.
pub(super) fn received_at() -> SystemTime {
    after_1970(1_790_000_000)
}

/// This many seconds after 1970.
pub(super) fn after_1970(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// When the contact writes, a minute before.
pub(super) const WRITTEN: &str = "1789999940";

/// A message of [`CONTACT`] in WhatsApp's form.
pub(super) fn message(kind: &str, content: Value) -> Value {
    let mut message = json!({ "from": CONTACT.trim_start_matches('+'), "id": "wamid.IN1", "timestamp": WRITTEN });
    message["type"] = kind.into();
    message[kind] = content;
    message
}

/// A text of [`CONTACT`] in WhatsApp's form.
pub(super) fn text() -> Value {
    message("text", json!({ "body": "Hello" }))
}

/// `message` with these members; null removes one.
pub(super) fn with(mut message: Value, members: Value) -> Value {
    if let (Some(message), Value::Object(members)) = (message.as_object_mut(), members) {
        for (name, value) in members {
            if value.is_null() {
                message.remove(&name)
            } else {
                message.insert(name, value)
            };
        }
    }
    message
}

/// The sample of one message, without contacts.
pub(super) fn sample(message: Value) -> InboundSample {
    InboundSample { messages: vec![message], contacts: Vec::new(), is_to_other_sender: false }
}

/// The events of the provider's calls about `sample`, after `change` on each body.
pub(super) fn events_after(
    harness: &Harness,
    sample: &InboundSample,
    change: impl Fn(&str) -> String,
) -> Result<Vec<Event>, Failure> {
    let bodies = (harness.adapter.webhook_forms.inbound)(sample);
    if bodies.is_empty() {
        return Err("`webhook_forms.inbound` of the adapter under test gives no call".into());
    }
    let mut events = Vec::new();
    for body in bodies {
        let call = Request::post("/").header("content-type", "application/json");
        let call = call.body(Bytes::from(change(&body.to_string()))).map_err(unexpected)?;
        events.extend(harness.client.webhook_at(&call, received_at()).map_err(unexpected)?.events);
    }
    Ok(events)
}

/// The events of the provider's calls about `sample`.
pub(super) fn events(harness: &Harness, sample: &InboundSample) -> Result<Vec<Event>, Failure> {
    events_after(harness, sample, str::to_owned)
}

/// The one inbound message of the call about `message`.
pub(super) fn inbound(harness: &Harness, message: &Value) -> Result<Inbound, Failure> {
    only_inbound(events(harness, &sample(message.clone()))?)
}

/// The one inbound message that `events` are.
pub(super) fn only_inbound(events: Vec<Event>) -> Result<Inbound, Failure> {
    match <[Event; 1]>::try_from(events) {
        Ok([Event::Inbound(inbound)]) => Ok(*inbound),
        other => Err(format!("expected one message of the contact, got {other:?}").into()),
    }
}

/// The rows that `events` make in an empty ledger of a channel that trusts them.
pub(super) async fn rows(events: Vec<Event>) -> Result<Vec<(PhoneNumber, SystemTime)>, Failure> {
    let ledger = MemoryLedger::default();
    WebhookEvents::new(true, events).record(&ledger, false, received_at()).await.map_err(unexpected)?;
    Ok(ledger.rows())
}

/// Whether `part` stands somewhere in `whole`.
pub(super) fn holds(whole: &Value, part: &Value) -> bool {
    whole == part
        || match whole {
            Value::Object(members) => members.values().any(|member| holds(member, part)),
            Value::Array(items) => items.iter().any(|item| holds(item, part)),
            _ => false,
        }
}
