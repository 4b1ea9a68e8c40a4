//! GoSendAPI's requests and answers: `POST /v1/messages`. Pure.

pub(crate) mod lists;
pub(crate) mod session;

use std::time::SystemTime;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::value::RawValue;
use transom::request::RequestBuilder;
use transom::transport::unreadable;
use transom::{Capability, Content, Limits, Message, Purpose, Receipt, Result, cloud_api, json, unsupported};

use crate::NAME;
use crate::config::Config;
use crate::error;

/// WhatsApp's own limits: the vendor states none, and says that its payload is Meta's [docs, Messages].
const LIMITS: Limits = Limits::WHATSAPP;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request that sends `message`. With a key, the vendor answers a repetition within 24 hours with the first answer
/// and sends nothing [docs, Error handling].
pub(crate) fn encode_send(config: &Config, message: &Message) -> Result<Request<Bytes>> {
    if matches!(message.content, Content::Reaction(_)) {
        // It is not among the ten types that the vendor lists [docs, Messages].
        return unsupported(NAME, Capability::Reaction);
    }
    LIMITS.check(message)?;
    let (kind, object) = cloud_api::content(&message.content, |template| {
        // The vendor's sample has no `language.policy` [docs, Sending messages].
        cloud_api::template(template, &config.templates.resolve(template), None)
    })?;
    let mut body = Map::new();
    body.insert("phone_number_id".into(), config.phone_number_id.clone().into());
    // A leading `+` is refused, not taken off [docs, API Reference].
    body.insert("to".into(), message.to.digits().into());
    body.insert("type".into(), kind.into());
    body.insert(kind.into(), object);
    let request = with_key(config, RequestBuilder::post(&config.base_url, &["v1", "messages"]));
    match &message.idempotency_key {
        Some(key) => request.header(IDEMPOTENCY_KEY, key).json(Purpose::KeyedSend, &body),
        None => request.json(Purpose::Send, &body),
    }
}

/// What the answer to a send says. Any 2xx is a yes; which one it is, and what stands in it, is not documented.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let purpose = if message.idempotency_key.is_some() { Purpose::KeyedSend } else { Purpose::Send };
    if !response.status().is_success() {
        return Err(error::of_send(response, now, purpose, message));
    }
    let forms: Forms = json::decode(response, purpose)?;
    let record: Record = json::decode(response, purpose)?;
    let id = forms.id(record);
    let id = id.ok_or_else(|| unreadable(response.status(), purpose, "there is no message id in the answer"))?;
    Ok(Receipt::new(NAME, id))
}

/// The forms that an answer may have besides the bare record of the vendor's: Meta's list of messages, and the record
/// within `data` [inferred].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Forms {
    messages: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
}

/// A record of one message. WhatsApp's own id of it comes first, since that is what webhooks carry.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(deserialize_with = "json::text_or_number")]
    wamid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
    #[serde(rename = "messageId", deserialize_with = "json::text_or_number")]
    camel_message_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
}

impl Forms {
    fn id(self, record: Record) -> Option<String> {
        let messages: Vec<Record> = self.messages.and_then(|raw| parse(&raw)).unwrap_or_default();
        // In Meta's list `id` is WhatsApp's own.
        let metas = messages.into_iter().next().and_then(|message| message.id);
        let within: Record = self.data.and_then(|raw| parse(&raw)).unwrap_or_default();
        let Record { wamid, message_id, camel_message_id, id } = record;
        metas
            .or(wamid)
            .or(message_id)
            .or(camel_message_id)
            .or_else(|| within.wamid.or(within.message_id).or(within.camel_message_id).or(within.id))
            .or(id)
    }
}

/// Reads a part of an answer that may be of any form.
fn parse<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn get(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::get(&config.base_url, &[&["v1"], path].concat()))
}

fn with_key(config: &Config, request: RequestBuilder) -> RequestBuilder {
    request.secret_header(API_KEY, config.api_key.expose())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use transom::{ErrorKind, Sent, Template};

    use super::*;
    use crate::error::tests::{answer, config, text, to};

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    /// Checks what stands beside the sender and the recipient.
    fn check(content: &Value, kind: &str, object: &Value) {
        let message = Message::new(to(), serde_json::from_value(content.clone()).unwrap());
        let request = encode_send(&config(), &message).unwrap();
        let expected = json!({ "phone_number_id": "109876543210987", "to": "34611222333", "type": kind, kind: object });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn a_text_goes_to_the_digits_without_their_plus() {
        let request = encode_send(&config(), &text()).unwrap();
        assert_eq!(request.uri(), "https://cloud.gosendapi.com/v1/messages");
        assert_eq!(request.headers()[API_KEY], "gsk_test_key");
        assert!(request.headers()[API_KEY].is_sensitive());
        assert_eq!(request.headers()["content-type"], "application/json");
        check(&json!({ "type": "text", "body": "Hi" }), "text", &json!({ "body": "Hi" }));
    }

    #[test]
    fn a_key_makes_a_send_that_may_be_repeated() {
        let without = encode_send(&config(), &text()).unwrap();
        assert_eq!(Purpose::of(&without), Purpose::Send);
        assert!(!without.headers().contains_key(IDEMPOTENCY_KEY));
        let mut message = text();
        message.idempotency_key = Some("visit-88-reminder".into());
        let keyed = encode_send(&config(), &message).unwrap();
        assert_eq!(Purpose::of(&keyed), Purpose::KeyedSend);
        assert_eq!(keyed.headers()[IDEMPOTENCY_KEY], "visit-88-reminder");
    }

    #[test]
    fn every_type_is_metas_object_under_its_own_name() {
        let link = "https://files.example.org/x";
        for kind in ["image", "video", "document"] {
            let content = json!({ "type": kind, "link": link, "caption": "c" });
            check(&content, kind, &json!({ "link": link, "caption": "c" }));
        }
        for kind in ["audio", "sticker"] {
            check(&json!({ "type": kind, "id": "770011" }), kind, &json!({ "id": "770011" }));
        }
        check(
            &json!({ "type": "location", "latitude": 41.3874, "longitude": 2.1686, "name": "Shop" }),
            "location",
            &json!({ "latitude": 41.3874, "longitude": 2.1686, "name": "Shop" }),
        );
        let card = json!({ "name": { "formatted_name": "Ana Ruiz" }, "phones": [{ "phone": "+34600111222", "type": "WORK" }] });
        check(&json!({ "type": "contacts", "contacts": [card.clone()] }), "contacts", &json!([card]));
        check(
            &json!({ "type": "buttons", "body": "?", "buttons": [{ "id": "yes", "title": "Yes" }] }),
            "interactive",
            &json!({ "type": "button", "body": { "text": "?" },
                "action": { "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] } }),
        );
        check(
            &json!({ "type": "list", "body": "?", "button": "Slots", "sections": [{ "rows": [{ "id": "m9", "title": "09:00" }] }] }),
            "interactive",
            &json!({ "type": "list", "body": { "text": "?" },
                "action": { "button": "Slots", "sections": [{ "rows": [{ "id": "m9", "title": "09:00" }] }] } }),
        );
    }

    #[test]
    fn a_template_has_a_language_without_a_policy_and_no_components_without_values() {
        check(
            &json!({ "type": "template", "name": "visit_reminder", "language": "es_ES", "body": ["Ana", "12/02"] }),
            "template",
            &json!({ "name": "visit_reminder", "language": { "code": "es_ES" }, "components": [
                { "type": "body", "parameters": [{ "type": "text", "text": "Ana" }, { "type": "text", "text": "12/02" }] },
            ]}),
        );
        check(
            &json!({ "type": "template", "name": "again", "language": "en" }),
            "template",
            &json!({ "name": "again", "language": { "code": "en" } }),
        );
    }

    #[test]
    fn what_the_vendor_does_not_list_or_whatsapp_does_not_take_is_refused() {
        let refused = |message: &Message| encode_send(&config(), message).unwrap_err().kind();
        let reaction = json!({ "type": "reaction", "message_id": "wamid.x", "emoji": "👍" });
        let reaction = Message::new(to(), serde_json::from_value(reaction).unwrap());
        assert_eq!(refused(&reaction), ErrorKind::Unsupported);
        assert_eq!(refused(&Message::text(to(), "x".repeat(4097))), ErrorKind::InvalidRequest);
        let named = Template::new("visit", "en").body_named([("day", "12/02")]);
        assert_eq!(refused(&Message::template(to(), named)), ErrorKind::InvalidRequest);
    }

    fn decode(status: u16, body: &str) -> Result<Receipt> {
        decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &text())
    }

    #[test]
    fn the_id_is_whatsapps_own_wherever_it_stands_else_the_vendors() {
        for (body, id) in [
            (
                r#"{"messaging_product":"whatsapp","contacts":[{"wa_id":"34611222333"}],"messages":[{"id":"wamid.A","message_status":"accepted"}],"id":"90017"}"#,
                "wamid.A",
            ),
            (r#"{"id":"90017","wamid":"wamid.B","status":"queued"}"#, "wamid.B"),
            (r#"{"id":90017,"wamid":null,"status":"queued"}"#, "90017"),
            (r#"{"id":"90017","message_id":"wamid.C"}"#, "wamid.C"),
            (r#"{"id":"90017","messageId":"wamid.D"}"#, "wamid.D"),
            (r#"{"id":"req-1","data":{"id":18446744073709551616}}"#, "18446744073709551616"),
            (r#"{"data":{"id":"90017","wamid":"wamid.E"}}"#, "wamid.E"),
            (r#"{"messages":[],"data":[],"id":"90017"}"#, "90017"),
            (r#"{"messages":"one","data":7,"id":"90017"}"#, "90017"),
        ] {
            for status in [200, 201, 202] {
                assert_eq!(decode(status, body).unwrap().message_id.as_str(), id, "{body}");
            }
        }
    }

    #[test]
    fn a_success_without_an_id_may_have_been_sent() {
        for body in ["", "{", "<html>", "[]", "7", "{}", r#"{"messages":[{}]}"#, r#"{"id":""}"#, r#"{"id":{}}"#] {
            let error = decode(201, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }
}
