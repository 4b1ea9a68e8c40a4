//! The providers' published samples work against the mock with only scheme and host changed. Responses have the documented
//! members.

use super::support::{Answer, Mock};
use serde_json::{Value, json};

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn findings(mock: &Mock, provider: &str) -> Vec<Value> {
    let requests = mock.control(&format!("requests?provider={provider}"), "");
    requests.as_array().unwrap().iter().flat_map(|request| request["findings"].as_array().unwrap().clone()).collect()
}

/// Autocalls, Get Session Status: the sample has a bare `+` in its query, which means a space to a form decoder.
#[test]
fn session_status_sample_has_a_finding_about_its_plus() {
    let mock = Mock::start();
    let ask = || {
        let path = "/api/user/whatsapp/session-status?sender_id=12&recipient_phone=+1234567890";
        mock.http("GET", path, &[("Authorization", "Bearer YOUR_API_KEY")], "")
    };
    let never = ask();
    assert_eq!(never.status, 200);
    assert_eq!(members(&never.json()), ["has_conversation", "session_status", "success"]);
    assert_eq!(
        members(&never.json()["session_status"]),
        ["can_send_freeform", "is_open", "message", "requires_template"]
    );
    assert!(findings(&mock, "autocalls").iter().any(|finding| finding["text"].as_str().unwrap().contains('+')));

    mock.inbound("autocalls", "+1234567890");
    let open = ask().json();
    assert_eq!(open["session_status"]["can_send_freeform"], true);
    assert_eq!(
        members(&open["session_status"]),
        ["can_send_freeform", "expires_at", "is_open", "message", "minutes_remaining", "requires_template"]
    );
    mock.control("clock", r#"{"advance":"25h"}"#);
    let expired = ask().json();
    assert_eq!(
        members(&expired["session_status"]),
        ["can_send_freeform", "expired_at", "is_open", "message", "requires_template"]
    );
}

/// Autocalls, Send Freeform Message.
#[test]
fn send_freeform_sample_needs_an_open_window() {
    let mock = Mock::start();
    let send = || {
        mock.http(
            "POST",
            "/api/user/whatsapp/send-freeform",
            &[("Authorization", "Bearer YOUR_API_KEY"), ("Content-Type", "application/json")],
            r#"{
      "sender_id": 12,
      "recipient_phone": "+1234567890",
      "message": "Thank you for your inquiry! Our team will review your request and get back to you within 2 hours."
    }"#,
        )
    };
    let refused = send();
    assert_eq!((refused.status, refused.json()["error_code"].as_str()), (403, Some("SESSION_EXPIRED")));
    mock.inbound("autocalls", "+1234567890");
    let taken = send();
    assert_eq!(taken.status, 200);
    assert_eq!(
        members(&taken.json()),
        ["conversation_id", "message_id", "message_sid", "session_status", "success", "whatsapp_message_id"]
    );
    assert_eq!(mock.delivered("autocalls").len(), 1);
}

/// Exotel, WhatsApp Session Messages: text, image, reply buttons. curl turns the userinfo of the page's URL into a Basic
/// credential.
#[test]
fn session_message_samples_work_in_an_open_window() {
    let mock = Mock::start();
    mock.inbound("exotel", "+919876543210");
    for content in [
        json!({ "type": "text", "text": { "body": "Hi Rahul! Thanks for reaching out. Let me check your order status." } }),
        json!({ "type": "image", "image": { "link": "https://example.com/images/order-status.png", "caption": "Your order tracking details" } }),
        json!({ "type": "interactive", "interactive": {
            "type": "button",
            "body": { "text": "Your order #ORD-12345 is out for delivery. Is someone available to receive it?" },
            "action": { "buttons": [
                { "type": "reply", "reply": { "id": "yes", "title": "Yes, I am available" } },
                { "type": "reply", "reply": { "id": "reschedule", "title": "Reschedule" } },
            ] },
        } }),
    ] {
        let body = json!({ "from": "+919876500001", "to": "+919876543210", "content": content });
        let headers = [("Authorization", "Basic YXBpX2tleTphcGlfdG9rZW4="), ("Content-Type", "application/json")];
        let answer = mock.http("POST", "/v2/accounts/account_sid/messages", &headers, &body.to_string());
        assert_eq!(answer.status, 202, "{}", answer.body);
        assert!(answer.json().pointer("/response/whatsapp/messages/0/data/sid").is_some(), "{}", answer.body);
    }
    assert_eq!(mock.delivered("exotel").len(), 3);
}

/// GoSendAPI, Conversations: the two raw requests, and the recipe that asks with `status=active`.
#[test]
fn conversation_samples_list_and_close() {
    let mock = Mock::start();
    let key = [("X-API-Key", "gsk_test_demo")];
    mock.inbound("gosendapi", "5491140123456");
    let listed = mock.http("GET", "/v1/conversations?status=active&phone_number_id=555123456789&page=1", &key, "");
    assert_eq!(listed.status, 200);
    assert!(!listed.json()["data"].as_array().unwrap().is_empty(), "{}", listed.body);
    let asked = mock.http("GET", "/v1/conversations?contact_phone=5491140123456&status=active", &key, "");
    assert!(!asked.json()["data"].as_array().unwrap().is_empty(), "{}", asked.body);

    let headers = [("X-API-Key", "gsk_test_demo"), ("Content-Type", "application/json")];
    let closed = mock.http(
        "POST",
        "/v1/conversations/42/close",
        &headers,
        r#"{
  "reason": "agent_close"
}"#,
    );
    assert!((200..300).contains(&closed.status), "{}", closed.body);
}

/// Messangi, Sending WhatsApp Session Message: two requests in 300 seconds, and the third is refused.
#[test]
fn third_messangi_send_is_rate_limited() {
    let mock = Mock::start();
    mock.control("clock", r#"{"freeze":true}"#);
    mock.control("limits", r#"{"provider":"messangi","limit":2,"window_s":300}"#);
    mock.inbound("messangi", "+5215599992222");
    let send = || -> Answer {
        let body = json!({ "channel": "WHATSAPP", "request": { "from": "5215500001111", "to": "+5215599992222", "type": "text", "message": "Hola" } });
        mock.http(
            "POST",
            "/notification",
            &[("Authorization", "Bearer demo-key"), ("Content-Type", "application/json")],
            &body.to_string(),
        )
    };
    let first = send();
    assert_eq!(first.status, 200, "{}", first.body);
    for (name, value) in [
        ("ratelimit-limit", "2"),
        ("ratelimit-policy", "2;w= 300"),
        ("ratelimit-remaining", "1"),
        ("ratelimit-reset", "5m0s"),
    ] {
        assert_eq!(first.header(name), Some(value), "{name}");
    }
    assert_eq!(send().header("ratelimit-remaining"), Some("0"));
    let third = send();
    assert_eq!(third.status, 429);
    assert!(third.body.contains("Too Many Requests"), "{}", third.body);
    mock.control("clock", r#"{"advance":"300s"}"#);
    assert_eq!(send().header("ratelimit-remaining"), Some("1"), "the counter is reset to two");
    assert_eq!(mock.delivered("messangi").len(), 3);
}
