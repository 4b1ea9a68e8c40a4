use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::testing::Mock;

const CONTACT: &str = "+5215599992222";

/// Sends; the id of the answer.
fn send(mock: &mut Mock, callbacks: &Value) -> Value {
    let request = json!({
        "from": "5215500001111", "to": CONTACT, "type": "text", "message": "Your table is ready",
        "externalId": "ord7781", "clientId": "cust42",
    });
    let body = json!({"channel": "WHATSAPP", "request": request, "callbacks": callbacks});
    let request = Request::post("/notification")
        .header("authorization", "Bearer demo-token")
        .header("content-type", "application/json");
    let seen = mock.step(&request.body(Bytes::from(body.to_string())).unwrap());
    assert_eq!(seen.status, 200, "{}", seen.json);
    seen.json["data"]["id"].clone()
}

fn open() -> Mock {
    let mut mock = Mock::new();
    mock.inbound("messangi", CONTACT);
    mock.listen("messangi");
    mock
}

#[test]
fn a_status_carries_the_message_and_both_references() {
    let mut mock = open();
    let id = send(&mut mock, &Value::Null);
    let sent = json!({
        "id": id, "status": "SENT", "from": "5215500001111", "to": CONTACT, "externalId": "ord7781", "clientId": "cust42",
        "campaignId": null, "callback": "http://127.0.0.1:9000/hook", "date": "2026-05-11T09:20:00.000Z",
        "timestamp": 1_778_491_200_000_u64, "username": "demo@example.com", "message": "Your table is ready",
    });
    assert_eq!(mock.sent_calls(), [sent]);
    mock.advance("1s");
    let sent_calls = mock.sent_calls();
    assert_eq!(
        (&sent_calls[0]["status"], &sent_calls[0]["timestamp"]),
        (&json!("DELIVERED"), &json!(1_778_491_201_000_u64))
    );
}

#[test]
fn each_local_callback_of_the_request_is_called_and_named() {
    for callbacks in [
        json!(["http://127.0.0.1:9001/a", "https://hooks.example.net/dlr", "http://localhost:9002/b"]),
        json!("http://127.0.0.1:9001/a, https://hooks.example.net/dlr ,http://localhost:9002/b"),
    ] {
        let mut mock = open();
        send(&mut mock, &callbacks);
        let sent_calls = mock.sent_calls();
        let named: Vec<&str> = sent_calls.iter().map(|sent_calls| sent_calls["callback"].as_str().unwrap()).collect();
        assert_eq!(named, ["http://127.0.0.1:9001/a", "http://localhost:9002/b"], "{callbacks}");
    }
}

#[test]
fn text_outside_window_fails_by_callback_if_switched() {
    let mut mock = Mock::new();
    mock.listen("messangi");
    mock.control("config", &json!({"provider": "messangi", "window_error": "callback"}));
    let id = send(&mut mock, &Value::Null);
    mock.advance("1h");
    let sent_calls = mock.sent_calls();
    assert_eq!((sent_calls.len(), &sent_calls[0]["id"], &sent_calls[0]["status"]), (1, &id, &json!("FAILED")));
    assert!(sent_calls[0]["reason"].as_str().unwrap().contains("131047"));
}

#[test]
fn a_sender_that_is_off_is_told_as_the_answer_words_it() {
    let mut mock = open();
    mock.control("config", &json!({"provider": "messangi", "sender": "5215500001111", "online": false}));
    send(&mut mock, &Value::Null);
    mock.advance("1h");
    let sent_calls = mock.sent_calls();
    assert_eq!((sent_calls.len(), &sent_calls[0]["status"]), (1, &json!("CODE_NOT_ALLOWED")));
}

#[test]
fn what_a_customer_writes_is_told_with_the_writer() {
    let mut mock = Mock::new();
    mock.listen("messangi");
    let answer =
        mock.control("inbound", &json!({"provider": "messangi", "from": CONTACT, "name": "Ana", "text": "On my way"}));
    let expected = json!({
        "id": answer["message_id"], "owner": "demo@example.com", "date": "2026-05-11T09:20:00.000Z", "processId": 88,
        "origin": "5215500001111", "user": CONTACT, "connection": "WHATSAPP", "externalId": "",
        "callback": "http://127.0.0.1:9000/hook", "text": "On my way",
        "extraInfo": {"type": "text", "contacts": [{"profile": {"name": "Ana"}, "wa_id": "5215599992222"}]},
    });
    assert_eq!(mock.sent_calls(), [expected]);
}

#[test]
fn files_are_attachments_and_a_choice_has_its_title_as_text() {
    let mut mock = Mock::new();
    mock.listen("messangi");
    let file =
        json!({"type": "document", "link": "https://files.example.net/a.pdf", "filename": "a.pdf", "caption": "c"});
    for content in [file, json!({"type": "button_reply", "id": "yes", "title": "Yes"})] {
        mock.control("inbound", &json!({"provider": "messangi", "from": CONTACT, "content": content}));
    }
    let sent_calls = mock.sent_calls();
    let attachment = json!({"fileName": "a.pdf", "url": "https://files.example.net/a.pdf", "caption": "c"});
    assert_eq!(
        (&sent_calls[0]["text"], &sent_calls[0]["extraInfo"]["attachments"]),
        (&json!(""), &json!([attachment]))
    );
    let chosen = json!({"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}});
    assert_eq!((&sent_calls[1]["text"], &sent_calls[1]["extraInfo"]["interactive"]), (&json!("Yes"), &chosen));
}

#[test]
fn nothing_is_signed_and_nothing_is_tried_twice() {
    let mut mock = open();
    send(&mut mock, &Value::Null);
    let delivery = mock.answer_webhook(500).unwrap();
    assert!(delivery.request.headers().keys().all(|name| !name.as_str().contains("signature")));
    mock.control("config", &json!({"provider": "messangi", "last_status": "sent"}));
    mock.answer_webhook(200);
    mock.advance("30d");
    let attempts: Vec<u32> = std::iter::from_fn(|| mock.answer_webhook(500)).map(|delivery| delivery.attempt).collect();
    assert_eq!(attempts, [1]);
}
