//! GoSendAPI's webhooks: inbound messages, delivery statuses, conversations.
//!
//! The names of some events are documented, what stands inside them is not [docs, Webhooks; seed for conversations].
//! Messages are therefore read in Meta's shape, which the vendor says that it mirrors, at every place where they may
//! stand [inferred]. Anything else is kept as [`Event::Unknown`].

mod content;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use transom::time::rfc3339;
use transom::{
    DeliveryStatus, Error, ErrorKind, Event, Events, Inbound, PhoneNumber, Result, Secret, StatusUpdate, json,
    signature,
};

use crate::error;

/// Verifies and reads one webhook call.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<Events> {
    // One page calls the header `X-Signature` in a table; this is its name everywhere else [docs, Webhooks].
    let given = json::header(request.headers(), "x-gosendapi-signature");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = signature::verify_hmac_sha256(secrets, request.body(), given)?;
    // Read as raw text, so that ids keep every digit.
    let body: Box<RawValue> = serde_json::from_slice(request.body())
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error))?;
    Ok(Events::new(verified, events(&body)))
}

#[derive(Deserialize)]
struct Envelope {
    /// The name of the event, in whichever member it stands [inferred].
    event: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<Value>,
    event_type: Option<Value>,
    created_at: Option<Value>,
    data: Option<Box<RawValue>>,
}

fn events(body: &RawValue) -> Vec<Event> {
    let known = parse::<Envelope>(body).and_then(|envelope| {
        let name = [&envelope.event, &envelope.kind, &envelope.event_type];
        let name = name.into_iter().flatten().find_map(Value::as_str)?;
        let data = envelope.data.as_deref().unwrap_or(body);
        let sent_at = envelope.created_at.as_ref().and_then(time);
        if name == "whatsapp.message.received" {
            return each(data, &["message", "messages"], |item| inbound(item, data, sent_at).map(Event::Inbound));
        }
        if let Some(status) = name.strip_prefix("whatsapp.message.").and_then(delivery_status) {
            let names = &["status", "statuses", "message"];
            return each(data, names, |item| update(item, status.clone(), sent_at).map(Event::Status));
        }
        let state = name.strip_prefix("whatsapp.conversation.")?;
        each(data, &["conversation"], |item| conversation(item, state))
    });
    known.unwrap_or_else(|| vec![Event::Unknown(value(body))])
}

/// What `read` makes of each object under the first of `names` that holds any, else of `data` itself. `None` if one of
/// them cannot be read: the call is then kept as a whole.
fn each(data: &RawValue, names: &[&str], read: impl Fn(&RawValue) -> Option<Event>) -> Option<Vec<Event>> {
    let members: BTreeMap<String, Box<RawValue>> = parse(data)?;
    let found = names.iter().filter_map(|name| members.get(*name)).find_map(|found| match found.get().as_bytes() {
        [b'{', ..] => Some(vec![found.clone()]),
        [b'[', ..] => parse::<Vec<Box<RawValue>>>(found).filter(|items| !items.is_empty()),
        _ => None,
    });
    match found {
        Some(items) => items.iter().map(|item| read(item)).collect(),
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

fn update(item: &RawValue, status: DeliveryStatus, sent_at: Option<SystemTime>) -> Option<StatusUpdate> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Item {
        wamid: Option<String>,
        /// Meta's status has WhatsApp's id of the message here, a record of the vendor's its own.
        #[serde(deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        message_id: Option<String>,
        timestamp: Option<Value>,
        #[serde(deserialize_with = "json::text_or_number")]
        recipient_id: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        to: Option<String>,
        errors: Vec<Failure>,
    }
    #[derive(Deserialize)]
    struct Failure {
        #[serde(default, deserialize_with = "json::text_or_number")]
        code: Option<String>,
    }
    let item: Item = parse(item)?;
    let mut update = StatusUpdate::new(item.wamid.or(item.id).or(item.message_id)?, status);
    update.at = item.timestamp.as_ref().and_then(time).or(sent_at);
    update.to = item.recipient_id.or(item.to).as_deref().and_then(phone);
    let code = item.errors.into_iter().find_map(|failure| failure.code);
    update.error = code.filter(|_| update.status == DeliveryStatus::Failed).map(|code| {
        let kind = error::fact(&code).map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind);
        (kind, code)
    });
    Some(update)
}

fn inbound(item: &RawValue, data: &RawValue, sent_at: Option<SystemTime>) -> Option<Inbound> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Item {
        #[serde(deserialize_with = "json::text_or_number")]
        from: Option<String>,
        wamid: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        id: Option<String>,
        timestamp: Option<Value>,
        context: Option<Quoted>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Quoted {
        id: Option<String>,
        message_id: Option<String>,
    }
    let message = value(item);
    let item: Item = parse(item)?;
    let at = item.timestamp.as_ref().and_then(time).or(sent_at)?;
    let from = item.from.as_deref().and_then(phone)?;
    let mut inbound = Inbound::new(item.wamid.or(item.id)?, from, at, content::of(&message));
    inbound.reply_to = item.context.and_then(|quoted| quoted.id.or(quoted.message_id)).map(Into::into);
    let around = value(data);
    let text = |paths: &[&str]| paths.iter().find_map(|path| around.pointer(path)?.as_str());
    let names = ["/contacts/0/profile/name", "/contact/profile/name", "/contact/name", "/contact_name"];
    inbound.name = text(&names).map(str::to_owned);
    inbound.to = text(&["/metadata/display_phone_number", "/message/to", "/to"]).and_then(phone);
    Some(inbound)
}

/// `state` is the last word of the event's name, for a conversation that does not tell its own.
fn conversation(item: &RawValue, state: &str) -> Option<Event> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Item {
        #[serde(deserialize_with = "json::text_or_number")]
        id: Option<String>,
        status: Option<String>,
    }
    let item: Item = parse(item)?;
    Some(Event::Conversation { id: item.id?, state: item.status.unwrap_or_else(|| state.to_owned()) })
}

/// Meta writes Unix seconds as a text, the vendor ISO 8601.
fn time(value: &Value) -> Option<SystemTime> {
    let seconds = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => match text.parse() {
            Ok(seconds) => Some(seconds),
            Err(_) => return rfc3339::parse(text),
        },
        _ => None,
    };
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds?))
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn phone(text: &str) -> Option<PhoneNumber> {
    text.parse().ok()
}
