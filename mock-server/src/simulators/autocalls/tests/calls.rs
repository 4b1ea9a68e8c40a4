//! Every call of the provider's pages, method by method, and what the calls besides sends do.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{CONTACT, get, send, session, template, text};
use crate::testing::{Mock, Seen};

fn call(mock: &mut Mock, method: &str, path: &str, key: &str, body: &Value) -> Seen {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
    let request = request.header("content-type", "application/json").header("accept", "application/json");
    mock.step(&request.body(body).unwrap())
}

/// The UUID of the only conversation.
fn uuid(mock: &mut Mock) -> String {
    get(mock, "conversations").json["data"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_call_is_simulated_or_says_that_it_is_not() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    let of = |path: &str| format!("/api/{path}");
    let conversation = uuid(&mut mock);
    let freeform = json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hello"});
    let template = json!({"sender_id": 12, "template_id": 45, "recipient_phone": CONTACT, "variables": {"1": "John"}});
    let hook = json!({"assistant_id": 1, "webhook_url": "http://127.0.0.1:9000/ended"});
    for (method, path, body, status) in [
        ("POST", of("user/whatsapp/send-freeform"), freeform, 200),
        ("POST", of("user/whatsapp/send"), template, 200),
        ("GET", of("user/whatsapp/session-status?sender_id=12&recipient_phone=%2B447700900123"), Value::Null, 200),
        ("GET", of("user/whatsapp/senders"), Value::Null, 200),
        ("GET", of("user/whatsapp/senders/12/templates"), Value::Null, 200),
        ("GET", of("user/whatsapp/templates?sender_id=12"), Value::Null, 200),
        ("GET", of("user/conversations"), Value::Null, 200),
        ("GET", of(&format!("conversations/{conversation}")), Value::Null, 200),
        ("POST", of(&format!("automate/conversations/{conversation}/disable-ai")), Value::Null, 200),
        ("POST", of(&format!("automate/conversations/{conversation}/enable-ai")), Value::Null, 200),
        ("POST", of("user/assistants/enable-conversation-ended-webhook"), hook, 200),
        ("POST", of("user/assistants/disable-conversation-ended-webhook"), json!({"assistant_id": 1}), 200),
        ("GET", of("user/me"), Value::Null, 200),
        ("GET", of("user/api-keys"), Value::Null, 200),
        ("POST", of("user/api-keys"), json!({"name": "CI"}), 201),
        ("DELETE", of("user/api-keys/1"), Value::Null, 200),
    ] {
        let seen = call(&mut mock, method, &path, "demo-key", &body);
        assert_eq!(seen.status, status, "{method} {path}: {}", seen.json);
    }
    for (method, path) in [
        ("POST", "/api/user/ai/generate-reply"),
        ("POST", "/api/ai/generate-reply"),
        ("POST", "/api/conversations"),
        ("POST", "/api/conversations/1f0c/messages"),
        ("GET", "/api/user/assistants"),
        ("POST", "/api/automate/conversations/1f0c/close"),
        ("GET", "/api/whatsapp/send-freeform"),
        ("POST", "/api/user/assistants/enable-inbound-webhook"),
    ] {
        let seen = call(&mut mock, method, path, "demo-key", &Value::Null);
        let words = format!("`{method} {path}` is not simulated by this mock");
        assert!(seen.status == 404 && seen.json.get("error_code").is_none(), "{path}: {}", seen.json);
        assert!(seen.json["message"].as_str().unwrap().starts_with(&words), "{path}: {}", seen.json);
        let requests = mock.control("requests", &Value::Null);
        let last = requests.as_array().unwrap().last().unwrap();
        assert_eq!(last["provider"], "autocalls", "{path}");
    }
}

#[test]
fn ai_of_a_conversation_is_switched_off_and_on() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    let conversation = uuid(&mut mock);
    for (word, is_on) in [("disable-ai", false), ("enable-ai", true)] {
        let path = format!("/api/automate/conversations/{conversation}/{word}");
        let seen = call(&mut mock, "POST", &path, "demo-key", &Value::Null);
        assert_eq!((seen.status, seen.json), (200, json!({"status": true, "ai_enabled": is_on})));
        assert_eq!(get(&mut mock, "conversations").json["data"][0]["ai_enabled"], is_on);
        let refused = call(&mut mock, "POST", &path, "invalid", &Value::Null);
        assert_eq!((refused.status, refused.json), (401, json!({"error": "Unauthorized"})));
    }
    let unknown = call(&mut mock, "POST", "/api/automate/conversations/nobody/enable-ai", "demo-key", &Value::Null);
    assert_eq!((unknown.status, unknown.json), (404, json!({"status": false, "error": "Conversation not found"})));
}

#[test]
fn api_key_is_shown_once_and_refused_once_removed() {
    let mut mock = Mock::strict();
    let made = call(&mut mock, "POST", "/api/user/api-keys", "demo-key", &json!({"name": "CI"})).json["data"].clone();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("1|") && made["created_at"] == "2026-05-11T09:20:00.000000Z", "{made}");
    let listed = get(&mut mock, "api-keys").json;
    assert_eq!((&listed["data"][0]["name"], listed["data"][0].get("token")), (&json!("CI"), None));
    let me = |mock: &mut Mock, token: &str| call(mock, "GET", "/api/user/me", token, &Value::Null).status;
    assert_eq!((me(&mut mock, token), me(&mut mock, "1|other")), (200, 401));
    let remove = |mock: &mut Mock| call(mock, "DELETE", "/api/user/api-keys/1", "demo-key", &Value::Null).status;
    assert_eq!((remove(&mut mock), remove(&mut mock)), (200, 404));
    assert_eq!((me(&mut mock, token), get(&mut mock, "api-keys").json), (401, json!({"data": []})));
    assert_eq!(call(&mut mock, "POST", "/api/user/api-keys", "demo-key", &json!({})).status, 422);
}

#[test]
fn history_has_both_sides_in_order() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    text(&mut mock);
    let image = json!({"type": "image", "link": "https://files.example.net/a.png"});
    mock.control("inbound", &json!({"provider": "autocalls", "from": CONTACT, "content": image}));
    mock.inbound("autocalls", "+447700900199");
    let conversation = get(&mut mock, "conversations?customer_phone=%2B447700900123").json["data"][0].clone();
    assert_eq!((&conversation["message_count"], &conversation["total_cost"]), (&json!(3), &json!(1)));
    let path = format!("/api/conversations/{}", conversation["id"].as_str().unwrap());
    let history = call(&mut mock, "GET", &path, "demo-key", &Value::Null).json["history"].clone();
    let line = |role: &str, content: &str| json!({"role": role, "content": content});
    assert_eq!(history, json!([line("user", "hi"), line("assistant", "Hello"), line("user", "[image]")]));
}

#[test]
fn conversation_ended_is_told_unsigned_after_30_quiet_minutes() {
    let mut mock = Mock::new();
    mock.listen("autocalls");
    let enable = json!({"assistant_id": 1, "webhook_url": "http://127.0.0.1:9001/ended"});
    let path = "/api/user/assistants/enable-conversation-ended-webhook";
    assert_eq!(send(&mut mock, path, "demo-key", &enable).json["data"], json!([]));
    mock.inbound("autocalls", CONTACT);
    mock.advance("29m59s");
    assert!(mock.sent_calls().is_empty());
    mock.advance("1s");
    let told = mock.answer_webhook(404).unwrap();
    assert_eq!(told.request.uri(), "http://127.0.0.1:9001/ended");
    assert!(!told.request.headers().contains_key("x-signature-256"));
    let payload: Value = serde_json::from_slice(told.request.body()).unwrap();
    let expected = json!({
        "conversation_id": uuid(&mut mock), "assistant_id": "5f2c4b7a-11aa-4c3d-8e9f-0a1b2c3d4e5f", "type": "whatsapp",
        "message_count": 1, "status": "ended", "extracted_variables": {}, "input_variables": {},
        "transcript": [{"role": "user", "content": "hi"}], "formatted_transcript": "user: hi",
        "customer_phone": CONTACT, "customer_name": "Asha",
        "sender": {"phone_number": "+12025550100", "display_name": "Demo Clinic"},
        "created_at": "2026-05-11T09:20:00+00:00", "ended_at": "2026-05-11T09:50:00+00:00",
    });
    assert_eq!(payload, expected);
    mock.advance("30s");
    assert_eq!(mock.answer_webhook(200).map(|again| again.attempt), Some(2), "a 404 is tried again");
    mock.advance("48h");
    assert!(mock.sent_calls().is_empty());
    mock.control("config", &json!({"provider": "autocalls", "conversation_ended_edition": "later"}));
    let image = json!({"type": "image", "link": "https://files.example.net/a.png", "filename": "a.png"});
    mock.control("inbound", &json!({"provider": "autocalls", "from": CONTACT, "content": image}));
    mock.advance("30m");
    let later = mock.sent_calls().remove(0);
    let file = json!({"type": "image", "url": "https://files.example.net/a.png", "filename": "a.png"});
    assert_eq!(
        (&later["attachments"], &later["transcript"][0]["timestamp_unix"]),
        (&json!([file]), &json!(1_778_491_200))
    );
    let disable = "/api/user/assistants/disable-conversation-ended-webhook";
    assert_eq!(send(&mut mock, disable, "demo-key", &json!({"assistant_id": 1})).status, 200);
    mock.inbound("autocalls", CONTACT);
    mock.advance("1h");
    assert!(mock.sent_calls().is_empty());
    let seen = send(&mut mock, path, "demo-key", &json!({"assistant_id": 1, "webhook_url": "ended"}));
    assert_eq!((seen.status, &seen.json["message"]), (422, &json!("The webhook url field must be a valid URL.")));
    let strict =
        send(&mut Mock::strict(), path, "demo-key", &json!({"assistant_id": 9, "webhook_url": "http://127.0.0.1/"}));
    assert_eq!((strict.status, strict.json), (404, json!({"message": "Assistant not found"})));
}

#[test]
fn form_body_is_read_unless_switched_or_strict() {
    let body = "sender_id=12&template_id=310&recipient_phone=%2B447700900123&variables[1]=Mara&variables%5B2%5D=12+May";
    let form = |mock: &mut Mock| {
        let request = Request::post("/api/user/whatsapp/send").header("authorization", "Bearer demo-key");
        let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        mock.step(&request.header("accept", "application/json").body(Bytes::from(body)).unwrap()).status
    };
    let mut mock = Mock::new();
    assert_eq!(form(&mut mock), 200);
    assert_eq!(mock.control("messages", &Value::Null)[0]["content"]["body"], json!(["Mara", "12 May"]));
    assert!(mock.findings()[0].starts_with("tolerated: `Content-Type` is that of a form"), "{:?}", mock.findings());
    mock.control("config", &json!({"provider": "autocalls", "form_body": "refused"}));
    assert_eq!((form(&mut mock), form(&mut Mock::strict())), (422, 422));
}

#[test]
fn templates_by_query_are_those_of_the_sender_if_switched() {
    let mut mock = Mock::new();
    let listed = get(&mut mock, "whatsapp/senders/12/templates?status=all").json;
    assert_eq!(get(&mut mock, "whatsapp/templates?sender_id=12&status=all").json, listed);
    assert!(mock.findings()[0].contains("is on no page"), "{:?}", mock.findings());
    assert_eq!(get(&mut mock, "whatsapp/templates").status, 422);
    assert_eq!(get(&mut mock, "whatsapp/templates?sender_id=99").json["error_code"], "SENDER_NOT_FOUND");
    mock.control("config", &json!({"provider": "autocalls", "templates_by_query": "off"}));
    assert_eq!(get(&mut mock, "whatsapp/templates?sender_id=12").status, 404);
}

#[test]
fn unanswered_message_has_the_words_of_the_switch() {
    for (value, words) in [
        ("no_message", "No customer message yet."),
        ("expired", "Session expired."),
        ("no_conversation", "No conversation exists"),
    ] {
        let mut mock = Mock::new();
        mock.control("config", &json!({"provider": "autocalls", "unanswered_message": value}));
        assert_eq!(template(&mut mock, 312, &json!({})).status, 200);
        let message = session(&mut mock)["session_status"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(words), "{value}: {message}");
    }
}

#[test]
fn wrong_names_of_variables_are_named() {
    let mut mock = Mock::new();
    let refused = template(&mut mock, 310, &json!({"1": "a", "x": "b"}));
    assert_eq!(refused.json["error"], "Template expects the variables 1, 2, given are 1, x");
}
