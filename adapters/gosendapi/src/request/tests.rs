use serde_json::{Value, json};
use transom::{ErrorKind, Template};

use super::*;
use crate::error::tests::{config, text, to};

fn encode(message: &Message) -> Result<Request<Bytes>> {
    check(&config(), message)?;
    encode_send(&config(), message, None)
}

fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

/// Checks what stands beside the sender and the recipient.
fn sends(content: &Value, kind: &str, object: &Value) {
    let message = Message::new(to(), serde_json::from_value(content.clone()).unwrap());
    let request = encode(&message).unwrap();
    let expected = json!({ "phone_number_id": "109876543210987", "to": "34611222333", "type": kind, kind: object });
    assert_eq!(body(&request), expected);
}

#[test]
fn a_text_goes_to_the_digits_without_their_plus() {
    let request = encode(&text()).unwrap();
    assert_eq!(request.uri(), "https://cloud.gosendapi.com/v1/messages");
    assert_eq!(request.headers()[API_KEY], "gsk_test_key");
    assert!(request.headers()[API_KEY].is_sensitive());
    assert_eq!(request.headers()["content-type"], "application/json");
    sends(&json!({ "type": "text", "body": "Hi" }), "text", &json!({ "body": "Hi" }));
}

#[test]
fn a_key_makes_a_send_that_may_be_repeated() {
    let without = encode(&text()).unwrap();
    assert_eq!(Operation::of(&without), Operation::Send);
    assert!(!without.headers().contains_key(IDEMPOTENCY_KEY));
    let mut message = text();
    message.idempotency_key = Some("visit-88-reminder".into());
    let keyed = encode(&message).unwrap();
    assert_eq!(Operation::of(&keyed), Operation::IdempotentSend);
    assert_eq!(keyed.headers()[IDEMPOTENCY_KEY], "visit-88-reminder");
}

#[test]
fn every_type_is_metas_object_under_its_own_name() {
    let link = "https://files.example.org/x";
    for kind in ["image", "video", "document"] {
        let content = json!({ "type": kind, "link": link, "caption": "c" });
        sends(&content, kind, &json!({ "link": link, "caption": "c" }));
    }
    for kind in ["audio", "sticker"] {
        sends(&json!({ "type": kind, "id": "770011" }), kind, &json!({ "id": "770011" }));
    }
    sends(
        &json!({ "type": "location", "latitude": 41.3874, "longitude": 2.1686, "name": "Shop" }),
        "location",
        &json!({ "latitude": 41.3874, "longitude": 2.1686, "name": "Shop" }),
    );
    let card =
        json!({ "name": { "formatted_name": "Ana Ruiz" }, "phones": [{ "phone": "+34600111222", "type": "WORK" }] });
    sends(&json!({ "type": "contacts", "contacts": [card.clone()] }), "contacts", &json!([card]));
    sends(
        &json!({ "type": "buttons", "body": "?", "buttons": [{ "id": "yes", "title": "Yes" }] }),
        "interactive",
        &json!({ "type": "button", "body": { "text": "?" },
            "action": { "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] } }),
    );
    sends(
        &json!({ "type": "list", "body": "?", "button": "Slots", "sections": [{ "rows": [{ "id": "m9", "title": "09:00" }] }] }),
        "interactive",
        &json!({ "type": "list", "body": { "text": "?" },
            "action": { "button": "Slots", "sections": [{ "rows": [{ "id": "m9", "title": "09:00" }] }] } }),
    );
}

#[test]
fn template_has_no_policy_and_no_empty_components() {
    sends(
        &json!({ "type": "template", "name": "visit_reminder", "language": "es_ES", "body": ["Ana", "12/02"] }),
        "template",
        &json!({ "name": "visit_reminder", "language": { "code": "es_ES" }, "components": [
            { "type": "body", "parameters": [{ "type": "text", "text": "Ana" }, { "type": "text", "text": "12/02" }] },
        ]}),
    );
    sends(
        &json!({ "type": "template", "name": "again", "language": "en" }),
        "template",
        &json!({ "name": "again", "language": { "code": "en" } }),
    );
}

#[test]
fn unlisted_or_unsupported_content_is_refused() {
    let refused = |message: &Message| encode(message).unwrap_err().kind();
    let reaction = json!({ "type": "reaction", "message_id": "wamid.x", "emoji": "👍" });
    let reaction = Message::new(to(), serde_json::from_value(reaction).unwrap());
    assert_eq!(refused(&reaction), ErrorKind::Unsupported);
    assert_eq!(refused(&Message::text(to(), "x".repeat(4097))), ErrorKind::InvalidRequest);
    let named = Template::new("visit").body_named([("day", "12/02")]);
    assert_eq!(refused(&Message::template(to(), named)), ErrorKind::InvalidRequest);
}
