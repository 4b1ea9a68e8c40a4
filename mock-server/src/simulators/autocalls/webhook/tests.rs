use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::testing::Mock;

const CONTACT: &str = "+447700900123";

/// Sends a template; its answer.
fn send(mock: &mut Mock) -> Value {
    let body = json!({"sender_id": 12, "template_id": 312, "recipient_phone": CONTACT});
    let request = Request::post("/api/user/whatsapp/send")
        .header("authorization", "Bearer demo-key")
        .header("content-type", "application/json")
        .header("accept", "application/json");
    let seen = mock.step(&request.body(Bytes::from(body.to_string())).unwrap());
    assert_eq!(seen.status, 200, "{}", seen.json);
    seen.json
}

#[test]
fn a_read_receipt_has_every_member_of_the_page() {
    let mut mock = Mock::new();
    mock.listen("autocalls");
    let answer = send(&mut mock);
    let sent_calls = mock.sent_calls();
    let uuid = sent_calls[0]["conversation_id"].clone();
    assert_eq!(uuid.as_str().unwrap().len(), 36);
    let expected = json!({
        "event": "message_status", "whatsapp_message_id": answer["whatsapp_message_id"], "message_sid": answer["message_sid"],
        "meta_message_id": null, "conversation_id": uuid, "assistant_id": null,
        "sender": {"id": 12, "phone_number": "+12025550100", "display_name": "Demo Clinic"},
        "to": CONTACT, "from": "+12025550100", "direction": "outbound", "status": "sent",
        "error_code": null, "error_message": null, "error_description": null,
        "timestamp": "2026-05-11T09:20:00+00:00", "provider_timestamp": null,
    });
    assert_eq!(sent_calls, [expected]);
    mock.advance("1s");
    let sent_calls = mock.sent_calls();
    assert_eq!(
        (&sent_calls[0]["status"], &sent_calls[0]["timestamp"]),
        (&json!("delivered"), &json!("2026-05-11T09:20:01+00:00"))
    );
    assert_eq!(sent_calls[0]["conversation_id"], uuid);
}

#[test]
fn a_sender_on_metas_own_api_has_metas_id_and_time() {
    let mut mock = Mock::new();
    mock.listen("autocalls");
    mock.control("config", &json!({"provider": "autocalls", "message_sid": "null"}));
    send(&mut mock);
    let sent_calls = mock.sent_calls();
    assert_eq!(sent_calls[0]["message_sid"], Value::Null);
    assert!(sent_calls[0]["meta_message_id"].as_str().unwrap().starts_with("wamid."));
    assert_eq!(sent_calls[0]["provider_timestamp"], sent_calls[0]["timestamp"]);
}

#[test]
fn what_customers_write_is_told_to_nobody() {
    let mut mock = Mock::new();
    mock.listen("autocalls");
    mock.inbound("autocalls", CONTACT);
    mock.advance("1h");
    assert!(mock.sent_calls().is_empty());
}

#[test]
fn a_failed_call_is_tried_again_after_30_60_and_120_seconds() {
    let mut mock = Mock::new();
    mock.listen("autocalls");
    mock.control("config", &json!({"provider": "autocalls", "last_status": "sent"}));
    send(&mut mock);
    let first = mock.answer_webhook(503).unwrap();
    assert_eq!(first.attempt, 1);
    assert!(first.request.headers()["x-signature-256"].to_str().unwrap().starts_with("sha256="));
    for (pause, attempt) in [("30s", 2), ("60s", 3), ("120s", 4)] {
        assert!(mock.answer_webhook(503).is_none(), "before {pause}");
        mock.advance(pause);
        assert_eq!(mock.answer_webhook(503).map(|delivery| delivery.attempt), Some(attempt));
    }
    mock.advance("30d");
    assert!(mock.answer_webhook(503).is_none());
}

#[test]
fn a_client_error_is_final_but_for_429() {
    for (status, again) in [(404, false), (401, false), (429, true), (302, true)] {
        let mut mock = Mock::new();
        mock.listen("autocalls");
        mock.control("config", &json!({"provider": "autocalls", "last_status": "sent"}));
        send(&mut mock);
        mock.answer_webhook(status).unwrap();
        mock.advance("30s");
        assert_eq!(mock.answer_webhook(200).is_some(), again, "{status}");
    }
}
