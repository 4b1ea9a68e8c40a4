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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn events_of(body: &str) -> Vec<Event> {
        let events = read(&[], &Request::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        assert!(!events.verified);
        events.events
    }

    fn one(body: &str) -> Event {
        let events = events_of(body);
        let [event] = events.as_slice() else { panic!("{events:?}") };
        event.clone()
    }

    const MESSAGE: &str = r#"{"from":"34611222333","id":"wamid.IN","timestamp":"1770110100","type":"text","text":{"body":"Thanks"},"context":{"id":"wamid.OUT"}}"#;

    #[test]
    fn an_inbound_message_is_read_wherever_its_name_and_its_object_stand() {
        for (name, data) in [
            ("event", format!(r#"{{"message":{MESSAGE},"contact_name":"Ana"}}"#)),
            ("type", format!(r#"{{"messages":[{MESSAGE}],"contacts":[{{"profile":{{"name":"Ana"}}}}]}}"#)),
            ("event_type", MESSAGE.replacen('{', r#"{"contact":{"name":"Ana"},"#, 1)),
        ] {
            let body = format!(r#"{{"id":"evt_1","{name}":"whatsapp.message.received","data":{data}}}"#);
            let Event::Inbound(inbound) = one(&body) else { panic!("{body}") };
            assert_eq!((inbound.message_id.as_str(), inbound.from.as_str()), ("wamid.IN", "+34611222333"));
            assert_eq!(rfc3339::format(inbound.at), "2026-02-03T09:15:00Z");
            assert_eq!(inbound.name.as_deref(), Some("Ana"), "{body}");
            assert_eq!(inbound.reply_to.unwrap().as_str(), "wamid.OUT");
            assert_eq!(inbound.content, json!({ "type": "text", "body": "Thanks" }));
        }
    }

    #[test]
    fn several_messages_in_one_call_are_several_events() {
        let body = format!(r#"{{"event":"whatsapp.message.received","data":{{"messages":[{MESSAGE},{MESSAGE}]}}}}"#);
        assert_eq!(events_of(&body).len(), 2);
    }

    #[test]
    fn what_a_person_can_send_is_read_into_our_own_form() {
        for (object, expected) in [
            (
                json!({ "type": "image", "image": { "id": "7", "mime_type": "image/png", "sha256": "x", "caption": "c" } }),
                json!({ "type": "image", "id": "7", "mime_type": "image/png", "caption": "c" }),
            ),
            (
                json!({ "type": "location", "location": { "latitude": 1.5, "longitude": 2 } }),
                json!({ "type": "location", "latitude": 1.5, "longitude": 2 }),
            ),
            (
                json!({ "type": "contacts", "contacts": [{ "name": {} }] }),
                json!({ "type": "contacts", "contacts": [{ "name": {} }] }),
            ),
            (
                json!({ "type": "reaction", "reaction": { "message_id": "wamid.x", "emoji": "👍" } }),
                json!({ "type": "reaction", "message_id": "wamid.x", "emoji": "👍" }),
            ),
            (
                json!({ "type": "button", "button": { "payload": "OK", "text": "Fine" } }),
                json!({ "type": "button_reply", "id": "OK", "title": "Fine" }),
            ),
            (
                json!({ "type": "interactive", "interactive": { "type": "list_reply", "list_reply": { "id": "m9", "title": "09:00", "description": "x" } } }),
                json!({ "type": "list_reply", "id": "m9", "title": "09:00" }),
            ),
        ] {
            assert_eq!(content::of(&object), expected);
        }
        for unknown in [json!({ "type": "unsupported", "errors": [] }), json!({ "type": "text" }), json!({}), json!(7)]
        {
            assert_eq!(content::of(&unknown), json!({ "type": "unknown", "raw": unknown }));
        }
    }

    #[test]
    fn a_status_is_what_the_events_name_says() {
        for (word, expected) in [
            ("sent", DeliveryStatus::Sent),
            ("delivered", DeliveryStatus::Delivered),
            ("read", DeliveryStatus::Read),
            ("failed", DeliveryStatus::Failed),
        ] {
            let status =
                format!(r#"{{"id":"wamid.A","status":"{word}","timestamp":1770110100,"recipient_id":"34611222333"}}"#);
            for data in [format!(r#"{{"message":{status}}}"#), format!(r#"{{"statuses":[{status}]}}"#), status.clone()]
            {
                let Event::Status(update) = one(&format!(r#"{{"event":"whatsapp.message.{word}","data":{data}}}"#))
                else {
                    panic!("{data}")
                };
                assert_eq!((update.message_id.as_str(), &update.status), ("wamid.A", &expected));
                assert_eq!(update.to.unwrap().as_str(), "+34611222333");
                assert_eq!(rfc3339::format(update.at.unwrap()), "2026-02-03T09:15:00Z");
                assert_eq!(update.error, None);
            }
        }
    }

    #[test]
    fn a_closed_window_may_come_as_a_failed_status_of_whatsapps_own_id() {
        let body = r#"{"event":"whatsapp.message.failed","created_at":"2026-02-03T09:15:00Z","data":{"id":90017,"wamid":"wamid.A","errors":[{"code":131047,"title":"Re-engagement message"}]}}"#;
        let Event::Status(update) = one(body) else { panic!() };
        assert_eq!(update.message_id.as_str(), "wamid.A");
        assert_eq!(update.error, Some((ErrorKind::SessionExpired, "131047".into())));
        assert_eq!(rfc3339::format(update.at.unwrap()), "2026-02-03T09:15:00Z");
        let Event::Status(unknown) = one(&body.replace("131047", "999999")) else { panic!() };
        assert_eq!(unknown.error, Some((ErrorKind::ProviderUnavailable, "999999".into())));
    }

    #[test]
    fn a_conversation_keeps_every_digit_of_its_id() {
        for (event, data, state) in [
            (
                "whatsapp.conversation.ended",
                r#"{"conversation":{"id":18446744073709551616,"status":"ended"}}"#,
                "ended",
            ),
            ("whatsapp.conversation.inactive", r#"{"id":"18446744073709551616"}"#, "inactive"),
        ] {
            let expected = Event::Conversation { id: "18446744073709551616".into(), state: state.into() };
            assert_eq!(one(&format!(r#"{{"event":"{event}","data":{data}}}"#)), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_kept_as_it_came() {
        for body in [
            "[]",
            "7",
            r#"{"event":"whatsapp.phone_number.created","data":{"id":"31"}}"#,
            r#"{"event":"whatsapp.message.edited","data":{}}"#,
            r#"{"event":"whatsapp.message.received","data":{"message":{"from":"nobody"}}}"#,
            r#"{"event":"whatsapp.message.received"}"#,
            r#"{"event":"whatsapp.message.read","data":[]}"#,
            r#"{"event":7,"data":{}}"#,
        ] {
            assert_eq!(one(body), Event::Unknown(serde_json::from_str(body).unwrap()), "{body}");
        }
        assert!(read(&[], &Request::new(Bytes::from_static(b"{"))).is_err());
    }

    #[test]
    fn with_a_secret_only_what_it_signed_is_read() {
        // printf '%s' '{"event":"new"}' | openssl dgst -sha256 -hmac whsec_0d41c7
        let (body, signature) =
            (r#"{"event":"new"}"#, "a7a5ba1ecd3f55492978def7e9d40bd1e2beacfa1ea160772b5575bacda532a0");
        let secrets = [Secret::new("whsec_0d41c7")];
        let call = |body: &str, header: &str, signature: &str| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            read(&secrets, &Request::builder().header(header, signature).body(body).unwrap())
        };
        let signature = format!("sha256={signature}");
        assert!(call(body, "X-GoSendAPI-Signature", &signature).unwrap().verified);
        for (body, header) in [(r#"{"event":"old"}"#, "X-GoSendAPI-Signature"), (body, "X-Signature")] {
            let error = call(body, header, &signature).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{body} {header}");
        }
    }
}
