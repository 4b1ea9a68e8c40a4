use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::testing::Mock;

const CONTACT: &str = "34611222333";

/// Sends a text; the wamid of its answer.
fn send(mock: &mut Mock, key: Option<&str>) -> Value {
    let body = json!({
        "messaging_product": "whatsapp", "phone_number_id": "555123456789", "to": CONTACT, "type": "text", "text": {"body": "Hi"},
    });
    let mut request =
        Request::post("/v1/messages").header("x-api-key", "gsk_test_demo").header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let seen = mock.step(&request.body(Bytes::from(body.to_string())).unwrap());
    assert_eq!(seen.status, 201, "{}", seen.json);
    seen.json["messages"][0]["id"].clone()
}

fn listening() -> Mock {
    let mut mock = Mock::new();
    mock.listen("gosendapi");
    mock
}

#[test]
fn a_status_is_an_event_named_after_it_with_metas_members() {
    let mut mock = listening();
    mock.control("config", &json!({"provider": "gosendapi", "last_status": "read"}));
    mock.inbound("gosendapi", CONTACT);
    assert_eq!(mock.sent_calls().len(), 1);
    let wamid = send(&mut mock, None);
    mock.advance("2s");
    let sent_calls = mock.sent_calls();
    let expected = json!({
        "id": "evt_0000000000000002", "event": "whatsapp.message.sent", "created_at": "2026-05-11T09:20:00Z",
        "phone_number_id": "555123456789",
        "data": {"message": {"id": wamid, "status": "sent", "timestamp": "1778491200", "recipient_id": CONTACT}},
    });
    assert_eq!(sent_calls[0], expected);
    let names: Vec<&str> = sent_calls.iter().map(|sent_calls| sent_calls["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["whatsapp.message.sent", "whatsapp.message.delivered", "whatsapp.message.read"]);
    assert_eq!(sent_calls[1]["data"]["message"]["timestamp"], "1778491201");
}

#[test]
fn text_outside_window_fails_by_callback_if_switched() {
    let mut mock = listening();
    mock.control("config", &json!({"provider": "gosendapi", "window_error": "callback"}));
    let wamid = send(&mut mock, None);
    mock.advance("1h");
    let sent_calls = mock.sent_calls();
    assert_eq!((sent_calls.len(), &sent_calls[0]["event"]), (1, &json!("whatsapp.message.failed")));
    let message = &sent_calls[0]["data"]["message"];
    assert_eq!((&message["id"], &message["status"]), (&wamid, &json!("failed")));
    let error = json!({
        "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
        "error_data": {"details": "More than 24 hours since the last user message"},
    });
    assert_eq!(message["errors"], json!([error]));
}

#[test]
fn a_replayed_answer_tells_nothing_again() {
    let mut mock = listening();
    mock.inbound("gosendapi", CONTACT);
    let first = send(&mut mock, Some("order-17"));
    mock.advance("1s");
    assert_eq!(mock.sent_calls().len(), 3);
    assert_eq!(send(&mut mock, Some("order-17")), first);
    mock.advance("1h");
    assert!(mock.sent_calls().is_empty());
}

#[test]
fn what_a_customer_writes_is_told_as_meta_words_it() {
    let mut mock = listening();
    let answer = mock.control("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "Hola"}));
    let expected = json!({
        "id": "evt_0000000000000001", "event": "whatsapp.message.received", "created_at": "2026-05-11T09:20:00Z",
        "phone_number_id": "555123456789",
        "data": {"message": {
            "from": CONTACT, "id": answer["message_id"], "timestamp": "1778491200", "type": "text", "text": {"body": "Hola"},
        }},
    });
    assert_eq!(mock.sent_calls(), [expected]);
}

#[test]
fn a_file_from_a_customer_has_an_id_a_type_and_a_digest() {
    let mut mock = listening();
    let content = json!({"type": "image", "id": "m1", "caption": "c"});
    mock.control("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "content": content}));
    let sent_calls = mock.sent_calls();
    let image = &sent_calls[0]["data"]["message"]["image"];
    assert_eq!(
        (&image["id"], &image["mime_type"], &image["caption"]),
        (&json!("m1"), &json!("image/jpeg"), &json!("c"))
    );
    // SHA-256 of `m1`.
    assert_eq!(image["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_failed_call_is_tried_five_times_within_two_hours() {
    let mut mock = listening();
    mock.inbound("gosendapi", CONTACT);
    mock.answer_webhook(500).unwrap();
    for (pause, since_first) in [("1m", "1m"), ("4m", "5m"), ("25m", "30m"), ("90m", "2h")] {
        assert!(mock.answer_webhook(500).is_none(), "before {since_first}");
        mock.advance(pause);
        assert!(mock.answer_webhook(500).is_some(), "after {since_first}");
    }
    mock.advance("30d");
    assert!(mock.answer_webhook(500).is_none());
}
