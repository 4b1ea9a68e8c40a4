//! Every call that the pages of `GoSendAPI` and Messangi list, and the paths around them: each is simulated, or says in its
//! provider's own form that it is not.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::Request;
use serde_json::{Value, json};

/// What the mock does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// It answers with this status.
    Simulated(u16),
    /// It answers 404 in the provider's error form, and says that this is the mock's doing.
    NotSimulated,
}

use Call::{NotSimulated, Simulated};

fn request(method: &str, path: &str, body: &Value) -> Request<Bytes> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header("x-api-key", "gsk_test_demo");
    let request = request.header("authorization", "Bearer demo-key").header("content-type", "application/json");
    request.body(body).unwrap()
}

/// A mock with a message, a webhook and a template that waits for its review.
fn mock() -> (Mock, String) {
    let mut mock = Mock::new();
    for provider in ["gosendapi", "messangi"] {
        mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi"}));
    }
    let (_, made) = mock.raw(&request("POST", "/v1/webhooks", &json!({"url": "http://127.0.0.1:9000/hook"})));
    (mock, made["id"].as_str().unwrap().to_owned())
}

fn check(calls: &[(&str, &str, Value, Call)], provider: &str, text_of: impl Fn(&Value) -> String) {
    for (method, path, body, expected) in calls {
        let (mut mock, webhook) = mock();
        let path = path.replace("{webhook}", &webhook);
        let (status, answer) = mock.raw(&request(method, &path, body));
        let journal = mock.ask(&format!("requests?provider={provider}"));
        let exchange = journal.as_array().unwrap().last().unwrap().clone();
        assert_eq!(exchange["path"], path, "{method} {path} is a call of {provider}");
        let finding = exchange["findings"].to_string();
        assert!(!finding.contains("no call of the pages"), "{method} {path}: {finding}");
        match expected {
            Simulated(expected) => assert_eq!(status, *expected, "{method} {path}: {answer}"),
            NotSimulated => {
                let said = format!("`{method} {path}` is not simulated by this mock");
                assert_eq!((status, text_of(&answer)), (404, said.clone()), "{answer}");
                assert!(finding.contains(&said), "{finding}");
            }
        }
    }
}

#[test]
fn every_call_of_gosendapis_pages_is_answered_in_its_form() {
    let text = json!({"phone_number_id": "555123456789", "to": &CONTACT[1..], "type": "text", "text": {"body": "Hi"}});
    let template = json!({"name": "order_ready", "language": "en", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Ready."}]});
    let (none, object) = (Value::Null, json!({}));
    let calls = [
        ("POST", "/v1/messages", text, Simulated(201)),
        ("GET", "/v1/messages", none.clone(), Simulated(200)),
        ("GET", "/v1/messages/0", none.clone(), Simulated(404)),
        ("POST", "/v1/media", object.clone(), Simulated(415)),
        ("GET", "/v1/wabas", none.clone(), Simulated(200)),
        ("GET", "/v1/wabas/8", none.clone(), Simulated(200)),
        ("GET", "/v1/wabas/8/phone-numbers", none.clone(), Simulated(200)),
        ("GET", "/v1/wabas/8/templates", none.clone(), Simulated(200)),
        ("POST", "/v1/wabas/8/templates", template, Simulated(201)),
        ("POST", "/v1/wabas/8/templates/sync", none.clone(), Simulated(201)),
        ("DELETE", "/v1/wabas/8/templates/310", none.clone(), Simulated(200)),
        ("GET", "/v1/conversations", none.clone(), Simulated(200)),
        ("GET", "/v1/conversations/42", none.clone(), Simulated(200)),
        ("POST", "/v1/conversations/42/close", json!({"reason": "agent_close"}), Simulated(200)),
        ("GET", "/v1/webhooks", none.clone(), Simulated(200)),
        ("POST", "/v1/webhooks", json!({"url": "https://hooks.example.org/wa"}), Simulated(201)),
        ("PATCH", "/v1/webhooks/{webhook}", json!({"enabled": false}), Simulated(200)),
        ("GET", "/v1/webhooks/{webhook}/deliveries", none.clone(), Simulated(200)),
        ("DELETE", "/v1/webhooks/{webhook}", none.clone(), Simulated(200)),
        ("GET", "/v1/me", none.clone(), Simulated(200)),
        // Onboarding, whose credentials no page documents.
        ("POST", "/v1/admin/customers", object.clone(), NotSimulated),
        ("GET", "/v1/admin/customers/1", none.clone(), NotSimulated),
        ("POST", "/v1/admin/customers/1/setup-links", object.clone(), NotSimulated),
        // Not on the pages that could be read.
        ("GET", "/v1/media/1", none.clone(), NotSimulated),
        ("PUT", "/v1/webhooks/1", object.clone(), NotSimulated),
        ("POST", "/v1/me", object, NotSimulated),
        ("GET", "/v1/nowhere", none, NotSimulated),
    ];
    check(&calls, "gosendapi", |answer| {
        assert_eq!((&answer["statusCode"], &answer["error"]), (&json!(404), &json!("Not Found")));
        answer["message"].as_str().unwrap().to_owned()
    });
}

fn envelope(members: &Value) -> Value {
    json!({"channel": "WHATSAPP", "request": members})
}

fn flat(members: &Value) -> Value {
    let mut body = json!({"from": "5215500001111", "to": CONTACT});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

#[test]
fn every_call_of_messangis_pages_is_answered_in_its_form() {
    let text = envelope(&flat(&json!({"type": "text", "message": "Hi"})));
    let buttons =
        envelope(&flat(&json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}}})));
    let template = flat(&json!({"templateName": "recordatorio", "templateLanguage": "es",
        "placeholders": {"customer": "Ana", "day": "lunes"}, "callbacks": ["http://127.0.0.1:9000/x"]}));
    let (none, object) = (Value::Null, json!({}));
    let calls = [
        ("POST", "/kingslanding/login", json!({"username": "u", "password": "p"}), Simulated(200)),
        ("GET", "/kingslanding/login", none.clone(), Simulated(405)),
        ("POST", "/notification", text.clone(), Simulated(200)),
        ("POST", "/oberyn/v2/notification", text.clone(), Simulated(200)),
        ("GET", "/notification", none.clone(), Simulated(405)),
        ("POST", "/v3/messages", buttons, Simulated(200)),
        ("POST", "/v3/messages", template, Simulated(200)),
        ("POST", "/balerion/v3/messages", text, Simulated(200)),
        ("POST", "/balerion/v3/messages", flat(&json!({"type": "text", "body": "Hi"})), Simulated(200)),
        ("POST", "/balerion/v3/messages", flat(&json!({"type": "text"})), Simulated(400)),
        ("GET", "/v3/messages", none.clone(), Simulated(405)),
        // The services of other channels, and what is named without its path.
        ("POST", "/raven/v2/messages", flat(&json!({"body": "Hi"})), NotSimulated),
        ("POST", "/crowsnest/v2/emails", object.clone(), NotSimulated),
        ("GET", "/balerion/v3/templates", none.clone(), NotSimulated),
        ("GET", "/oberyn/v2/notification/1", none.clone(), NotSimulated),
        ("POST", "/kingslanding/keys", object, NotSimulated),
    ];
    check(&calls, "messangi", |answer| answer["errors"]["reason"].as_str().unwrap().to_owned());
}

#[test]
fn text_on_the_channel_path_reaches_the_contact() {
    let (mut mock, _) = mock();
    mock.raw(&request(
        "POST",
        "/balerion/v3/messages",
        &flat(&json!({"type": "text", "body": "Hi", "externalId": "e1"})),
    ));
    let line = mock.ask("messages?provider=messangi")[0].clone();
    assert_eq!((&line["content"], &line["reference"]), (&json!({"type": "text", "body": "Hi"}), &json!("e1")));
}

#[test]
fn sample_ids_of_the_pages_work() {
    let mut mock = Mock::new();
    let template = json!({"phone_number_id": "555123456789", "to": &CONTACT[1..], "type": "template", "template":
        {"name": "appointment_reminder", "language": {"code": "es_AR"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "9:00"}]}]}});
    assert_eq!(mock.raw(&request("POST", "/v1/messages", &template)).0, 201);
    mock.post("inbound", &json!({"provider": "messangi", "from": CONTACT, "to": "1000000001", "text": "hi"}));
    let text = envelope(&json!({"from": "1000000001", "to": CONTACT, "type": "text", "message": "Hi"}));
    assert_eq!(mock.raw(&request("POST", "/notification", &text)).0, 200);
}
