//! Exotel's callbacks: delivery statuses and inbound messages, which share one envelope and often one URL.
//!
//! Four dialects are documented; this is the one that the legacy tables, the newer pages and captures agree on [docs,
//! Receive Messages; field]. Anything else is kept as [`Event::Unknown`].

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use transom::time::rfc3339;
use transom::{
    CodeFact, DeliveryStatus, Error, ErrorKind, Event, Events, Inbound, PhoneNumber, Result, Secret, StatusUpdate,
    json, signature,
};

use crate::error::CALLBACKS;

/// Verifies and reads one callback.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<Events> {
    // With and without the prefix: the page shows it, the vendor's sample application does not [docs, Receive Messages].
    let given = json::header(request.headers(), "x-exotel-signature");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = signature::verify_hmac_sha256(secrets, request.body(), given)?;
    let body: Value = serde_json::from_slice(request.body())
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error))?;
    Ok(Events::new(verified, events(body)))
}

fn events(body: Value) -> Vec<Event> {
    if body.get("type").and_then(Value::as_str) == Some("verification")
        && let Some(challenge) = body.get("challenge").and_then(Value::as_str)
    {
        return vec![Event::Challenge(challenge.to_owned())];
    }
    match body.pointer("/whatsapp/messages") {
        Some(Value::Array(messages)) => messages.iter().map(event).collect(),
        _ => vec![Event::Unknown(body)],
    }
}

fn event(message: &Value) -> Event {
    let known = match message.get("callback_type").and_then(Value::as_str) {
        Some("dlr") => status(message).map(Event::Status),
        // `icm` on the pages, `incoming_message` in captures.
        Some("icm" | "incoming_message") => inbound(message).map(Event::Inbound),
        _ => None,
    };
    known.unwrap_or_else(|| Event::Unknown(message.clone()))
}

/// A delivery receipt. Its `to` is the customer.
#[derive(Deserialize)]
struct Dlr {
    sid: String,
    to: Option<String>,
    #[serde(default, deserialize_with = "json::text_or_number")]
    exo_status_code: Option<String>,
    exo_detailed_status: Option<String>,
    timestamp: Option<String>,
    custom_data: Option<String>,
}

fn status(message: &Value) -> Option<StatusUpdate> {
    let dlr: Dlr = parse(message)?;
    let code = dlr.exo_status_code.unwrap_or_default();
    let name = dlr.exo_detailed_status.unwrap_or_default();
    let mut error = None;
    // 30001 to 30003 are successes in the midst of a range of failures.
    let status = match (name.as_str(), code.as_str()) {
        ("EX_MESSAGE_SENT", _) | ("", "30001") => DeliveryStatus::Sent,
        ("EX_MESSAGE_DELIVERED", _) | ("", "30002") => DeliveryStatus::Delivered,
        ("EX_MESSAGE_SEEN", _) | ("", "30003") => DeliveryStatus::Read,
        (name, code) => {
            let fact = CALLBACKS.iter().find(|fact| fact.name == name).or_else(|| CodeFact::find(CALLBACKS, code));
            match fact {
                Some(fact) => {
                    error = Some((fact.kind, if code.is_empty() { fact.code.to_owned() } else { code.to_owned() }));
                    DeliveryStatus::Failed
                }
                None => DeliveryStatus::Other(if name.is_empty() { code.to_owned() } else { name.to_owned() }),
            }
        }
    };
    let mut update = StatusUpdate::new(dlr.sid, status);
    update.at = dlr.timestamp.as_deref().and_then(rfc3339::parse);
    update.to = dlr.to.as_deref().and_then(phone);
    update.reference = dlr.custom_data;
    update.error = error;
    Some(update)
}

#[derive(Deserialize)]
struct Icm {
    sid: Option<String>,
    from: String,
    to: Option<String>,
    profile_name: Option<String>,
    timestamp: String,
    content: Value,
}

fn inbound(message: &Value) -> Option<Inbound> {
    let icm: Icm = parse(message)?;
    let at: SystemTime = rfc3339::parse(&icm.timestamp)?;
    let mut inbound = Inbound::new(icm.sid.unwrap_or_default(), phone(&icm.from)?, at, content(&icm.content));
    inbound.to = icm.to.as_deref().and_then(phone);
    inbound.name = icm.profile_name;
    Some(inbound)
}

/// What the person wrote, in our own form; what is not known stays as it came.
fn content(content: &Value) -> Value {
    let kind = content.get("type").and_then(Value::as_str).unwrap_or_default();
    let object = content.get(kind).unwrap_or(&Value::Null);
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let known = match kind {
        "text" => text("body").map(|body| json!({ "type": "text", "body": body })),
        "image" | "video" | "audio" | "document" | "sticker" => media(kind, object),
        "location" | "contacts" => Some(typed(kind, object)),
        "button" => text("text").map(|title| json!({ "type": "button_reply", "id": text("payload"), "title": title })),
        "interactive" => reply(object),
        _ => None,
    };
    known.unwrap_or_else(|| json!({ "type": "unknown", "raw": content }))
}

fn media(kind: &str, object: &Value) -> Option<Value> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let link = text("url").or_else(|| text("link"));
    let mut media = Map::from_iter([("type".to_owned(), kind.into())]);
    for (name, value) in [
        ("link", link),
        ("id", text("id").filter(|_| link.is_none())),
        ("caption", text("caption")),
        ("filename", text("filename")),
        ("mime_type", text("mime_type")),
    ] {
        if let Some(value) = value {
            media.insert(name.to_owned(), value.into());
        }
    }
    (media.contains_key("link") || media.contains_key("id")).then(|| media.into())
}

fn reply(object: &Value) -> Option<Value> {
    let kind = object.get("type")?.as_str()?;
    let reply = object.get(kind)?;
    matches!(kind, "button_reply" | "list_reply")
        .then(|| json!({ "type": kind, "id": reply["id"], "title": reply["title"] }))
}

/// A location object gets its type beside its members; a list of contacts goes under its name.
fn typed(kind: &str, object: &Value) -> Value {
    match object {
        Value::Object(members) => {
            let mut typed = members.clone();
            typed.insert("type".to_owned(), kind.into());
            typed.into()
        }
        other => json!({ "type": kind, kind: other }),
    }
}

/// Reads the message again as a struct, from its text, so that numbers keep their digits.
fn parse<T: for<'de> Deserialize<'de>>(message: &Value) -> Option<T> {
    serde_json::from_str(&message.to_string()).ok()
}

fn phone(text: &str) -> Option<PhoneNumber> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DLR: &str = r#"{"whatsapp":{"messages":[{"callback_type":"dlr","sid":"7c1e","to":"919000012345","exo_status_code":30018,"exo_detailed_status":"EX_REENGAGEMENT_ERROR","description":"x","timestamp":"2026-03-04T11:20:31.000+05:30","custom_data":"job-7781"}]}}"#;

    fn one(body: &str) -> Event {
        let events = read(&[], &Request::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        assert!(!events.verified);
        let [event] = events.events.as_slice() else { panic!("{events:?}") };
        event.clone()
    }

    #[test]
    fn a_closed_window_may_come_as_a_failed_status() {
        let Event::Status(status) = one(DLR) else { panic!() };
        assert_eq!(status.status, DeliveryStatus::Failed);
        assert_eq!(status.error, Some((ErrorKind::SessionExpired, "30018".into())));
        assert_eq!(status.reference.as_deref(), Some("job-7781"));
        assert_eq!(status.to.unwrap().as_str(), "+919000012345");
        assert_eq!(rfc3339::format(status.at.unwrap()), "2026-03-04T05:50:31Z");
    }

    #[test]
    fn a_name_decides_before_a_number() {
        for (code, name, expected) in [
            ("30004", "EX_RECIPIENT_BLOCKED", DeliveryStatus::Failed),
            ("30001", "EX_MESSAGE_SENT", DeliveryStatus::Sent),
            ("\"30002\"", "EX_MESSAGE_DELIVERED", DeliveryStatus::Delivered),
            ("30003", "EX_MESSAGE_SEEN", DeliveryStatus::Read),
            ("39999", "EX_NEW", DeliveryStatus::Other("EX_NEW".into())),
        ] {
            let body = DLR.replace("30018", code).replace("EX_REENGAGEMENT_ERROR", name);
            let Event::Status(status) = one(&body) else { panic!() };
            assert_eq!(status.status, expected, "{name}");
            if name == "EX_RECIPIENT_BLOCKED" {
                assert_eq!(status.error, Some((ErrorKind::RecipientInvalid, "30004".into())));
            }
        }
    }

    #[test]
    fn an_inbound_message_is_read_under_either_of_its_names() {
        for name in ["icm", "incoming_message"] {
            let Event::Inbound(inbound) = one(&format!(
                r#"{{"whatsapp":{{"messages":[{{"callback_type":"{name}","sid":"b0c2","from":"919000012345","to":"+914440001111","profile_name":"Asha","timestamp":"2026-03-04T11:22:00+05:30","content":{{"type":"text","text":{{"body":"Thanks"}}}},"new":1}}]}}}}"#
            )) else {
                panic!()
            };
            assert_eq!(inbound.from.as_str(), "+919000012345");
            assert_eq!(inbound.name.as_deref(), Some("Asha"));
            assert_eq!(inbound.content, json!({ "type": "text", "body": "Thanks" }));
        }
    }

    #[test]
    fn what_is_not_known_is_kept_as_it_came() {
        for body in [
            r#"{"a":1}"#,
            r#"{"whatsapp":{"messages":[{"callback_type":"new"}]}}"#,
            r#"{"whatsapp":{"messages":[{"callback_type":"dlr"}]}}"#,
            "[]",
        ] {
            assert!(matches!(one(body), Event::Unknown(_)), "{body}");
        }
    }

    #[test]
    fn a_flipped_bit_in_body_or_signature_is_refused() {
        // openssl dgst -sha256 -hmac secret, over the challenge below.
        let body = r#"{"type":"verification","challenge":"c-1"}"#;
        let signature = "3e8f9bb9b7f2343ec49984890537ad1e98dca38408e9edcea94bb82998c4c5d3";
        let secrets = [Secret::new("secret")];
        let request = |body: &str, signature: &str| {
            Request::builder()
                .header("X-Exotel-Signature", signature)
                .body(Bytes::copy_from_slice(body.as_bytes()))
                .unwrap()
        };
        for given in [signature.to_owned(), format!("sha256={signature}")] {
            let events = read(&secrets, &request(body, &given)).unwrap();
            assert!(events.verified);
            assert_eq!(events.events, [Event::Challenge("c-1".into())]);
        }
        assert!(read(&secrets, &request(&body.replace("c-1", "c-2"), signature)).is_err());
        assert!(read(&secrets, &Request::new(Bytes::from_static(b"{}"))).is_err());
    }
}
