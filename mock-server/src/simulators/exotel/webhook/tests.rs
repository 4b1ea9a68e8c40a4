use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::testing::Mock;

const CONTACT: &str = "+919876543210";

fn post(mock: &mut Mock, body: &Value) -> (u16, String) {
    let request = Request::post("/v2/accounts/acme/messages")
        .header("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==")
        .header("content-type", "application/json");
    let seen = mock.step(&request.body(Bytes::from(body.to_string())).unwrap());
    let sid = seen.json.pointer("/response/whatsapp/messages/0/data/sid").and_then(Value::as_str);
    (seen.status, sid.unwrap_or_default().to_owned())
}

fn text(body: &str) -> Value {
    json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": body}}})
}

fn template(name: &str) -> Value {
    let template = json!({"name": name, "language": {"code": "en", "policy": "deterministic"}});
    json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "template", "template": template}})
}

fn open() -> Mock {
    let mut mock = Mock::new();
    mock.inbound("exotel", CONTACT);
    mock.listen("exotel");
    mock
}

/// Code and name of each delivery report that is due.
fn reports(mock: &mut Mock) -> Vec<(u64, String)> {
    let reports = mock.sent_calls().into_iter().map(|sent_calls| {
        let message = &sent_calls["whatsapp"]["messages"][0];
        (message["exo_status_code"].as_u64().unwrap(), message["exo_detailed_status"].as_str().unwrap().to_owned())
    });
    reports.collect()
}

#[test]
fn message_is_reported_sent_then_delivered_after_one_second() {
    let mut mock = open();
    let mut body = text("Hi");
    body["custom_data"] = json!("job-7781");
    let (_, sid) = post(&mut mock, &body);
    let sent = json!({"whatsapp": {"messages": [{
        "callback_type": "dlr", "sid": sid, "to": "919876543210", "exo_status_code": 30001,
        "exo_detailed_status": "EX_MESSAGE_SENT", "description": "Sent", "timestamp": "2026-05-11T14:50:00.000+05:30",
        "custom_data": "job-7781",
    }]}});
    assert_eq!(mock.sent_calls(), [sent]);
    mock.advance("999ms");
    assert!(mock.sent_calls().is_empty());
    mock.advance("1ms");
    let delivered = json!({"whatsapp": {"messages": [{
        "callback_type": "dlr", "sid": sid, "to": "919876543210", "exo_status_code": 30002,
        "exo_detailed_status": "EX_MESSAGE_DELIVERED", "description": "Delivered",
        "timestamp": "2026-05-11T14:50:01.000+05:30", "custom_data": "job-7781",
    }]}});
    assert_eq!(mock.sent_calls(), [delivered]);
    mock.advance("1h");
    assert!(mock.sent_calls().is_empty());
}

#[test]
fn without_a_reference_there_is_no_custom_data() {
    let mut mock = open();
    post(&mut mock, &text("Hi"));
    assert!(mock.sent_calls()[0]["whatsapp"]["messages"][0].get("custom_data").is_none());
}

#[test]
fn a_message_is_read_only_where_the_switch_says_so() {
    let mut mock = open();
    mock.control("config", &json!({"provider": "exotel", "last_status": "read"}));
    post(&mut mock, &text("Hi"));
    mock.advance("1m");
    let codes: Vec<u64> = reports(&mut mock).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [30001, 30002, 30003]);
    mock.control("config", &json!({"provider": "exotel", "last_status": "sent"}));
    post(&mut mock, &text("Hi"));
    mock.advance("1m");
    assert_eq!(reports(&mut mock), [(30001, "EX_MESSAGE_SENT".to_owned())]);
}

#[test]
fn callback_rejection_reports_only_failed_with_its_code() {
    for (switch, body, code, name) in [
        (json!({"window_error": "callback"}), text("Hi"), 30018, "EX_REENGAGEMENT_ERROR"),
        (json!({"template_error": "callback"}), template("nowhere"), 30024, "EX_TEMPLATE_NOT_FOUND"),
        (json!({"template_error": "callback"}), template("pending_one"), 30024, "EX_TEMPLATE_NOT_FOUND"),
        (json!({"template_error": "callback"}), template("visit_reminder"), 30023, "EX_TEMPLATE_PARAM_ERROR"),
        (json!({"sender": "919876500001", "online": false}), template("re_engagement_v1"), 30006, "EX_SETUP_ERROR"),
    ] {
        let mut mock = Mock::new();
        mock.listen("exotel");
        let mut config = switch.clone();
        config["provider"] = json!("exotel");
        mock.control("config", &config);
        assert_eq!(post(&mut mock, &body).0, 202, "{switch}");
        mock.advance("1h");
        assert_eq!(reports(&mut mock), [(code, name.to_owned())], "{switch}");
        assert_eq!(mock.delivered(), 0, "{switch}");
    }
}

#[test]
fn too_long_text_fails_by_callback_if_switched() {
    let mut mock = open();
    mock.control("config", &json!({"provider": "exotel", "text_too_long": "callback"}));
    assert_eq!(post(&mut mock, &text(&"x".repeat(4097))).0, 202);
    assert_eq!(reports(&mut mock), [(30029, "EX_MESSAGE_TOO_LONG".to_owned())]);
}

#[test]
fn a_message_refused_at_once_is_not_reported() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    assert_eq!(post(&mut mock, &text("Hi")).0, 400);
    mock.advance("1h");
    assert!(mock.sent_calls().is_empty());
}

#[test]
fn the_callback_nearest_to_the_message_gets_its_reports() {
    let mut mock = open();
    let mut own = text("own");
    own["status_callback"] = json!("http://127.0.0.1:9001/own");
    let body = json!({
        "status_callback": "http://127.0.0.1:9001/root",
        "whatsapp": {"status_callback": "http://127.0.0.1:9001/channel", "messages": [own, text("inherits")]},
    });
    assert_eq!(post(&mut mock, &body).0, 202);
    let mut flat = text("elsewhere");
    flat["status_callback"] = json!("https://hooks.example.net/exo/wa");
    assert_eq!(post(&mut mock, &flat).0, 202);
    let paths: Vec<String> = std::iter::from_fn(|| mock.answer_webhook(200))
        .map(|delivery| delivery.request.uri().path().to_owned())
        .collect();
    // An address on another machine is passed over, and the registered one sent_calls.
    assert_eq!(paths, ["/own", "/channel", "/hook"]);
}

#[test]
fn what_a_customer_writes_is_told_in_full() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    let answer =
        mock.control("inbound", &json!({"provider": "exotel", "from": CONTACT, "name": "Asha", "text": "Thanks"}));
    let expected = json!({"whatsapp": {"messages": [{
        "callback_type": "incoming_message", "sid": answer["message_id"], "from": CONTACT, "to": "+919876500001", "profile_name": "Asha",
        "timestamp": "2026-05-11T14:50:00.000+05:30", "content": {"type": "text", "text": {"body": "Thanks"}},
    }]}});
    assert_eq!(mock.sent_calls(), [expected]);
}

#[test]
fn a_file_from_a_customer_has_a_url() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    let image = json!({"type": "image", "link": "https://files.example.net/a.jpg", "caption": "c"});
    mock.control("inbound", &json!({"provider": "exotel", "from": CONTACT, "content": image}));
    let message = mock.sent_calls()[0]["whatsapp"]["messages"][0].clone();
    let image = json!({"type": "image", "image": {"url": "https://files.example.net/a.jpg", "mime_type": "image/jpeg", "caption": "c"}});
    assert_eq!(message["content"], image);
    assert!(message.get("profile_name").is_none(), "{message}");
}

#[test]
fn failed_call_is_repeated_on_the_chosen_schedule() {
    for (retries, pauses) in [
        ("2", &["30s", "2m"][..]),
        ("4", &["30s", "2m", "10m", "1h"][..]),
        ("5", &["30s", "2m", "10m", "30m", "1h"][..]),
    ] {
        let mut mock = Mock::new();
        mock.listen("exotel");
        mock.control("config", &json!({"provider": "exotel", "callback_retries": retries}));
        mock.inbound("exotel", CONTACT);
        let first = mock.answer_webhook(500).unwrap();
        for pause in pauses {
            assert!(mock.answer_webhook(500).is_none(), "{retries}: before {pause}");
            mock.advance(pause);
            let again = mock.answer_webhook(500).unwrap_or_else(|| panic!("{retries}: after {pause}"));
            assert_eq!(again.request.body(), first.request.body());
            let signature =
                |of: &crate::core::webhook::WebhookDelivery| of.request.headers()["x-exotel-signature"].clone();
            assert_eq!(signature(&again), signature(&first));
        }
        mock.advance("30d");
        assert!(mock.answer_webhook(500).is_none(), "{retries}");
    }
}

#[test]
fn inbound_message_has_exotels_id_context_and_mime_type() {
    let mut mock = open();
    let (_, sid) = post(&mut mock, &text("Which day?"));
    mock.sent_calls();
    for (form, place, context) in [
        ("wrapped", "/whatsapp/messages/0/sid", "/whatsapp/messages/0/content"),
        ("event", "/message/id", "/message"),
        ("typed", "/data/message_sid", "/data/message"),
    ] {
        mock.control("config", &json!({"provider": "exotel", "callback_form": form}));
        let content = json!({"type": "audio", "link": "https://files.example.net/a.mp3"});
        mock.control("inbound", &json!({"provider": "exotel", "from": CONTACT, "content": content, "reply_to": sid}));
        let told = mock.sent_calls();
        let told = told.last().unwrap();
        let id = told.pointer(place).and_then(Value::as_str).unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{form}: {id}");
        let message = told.pointer(context).unwrap();
        assert_eq!(message["context"], json!({"from": "+919876500001", "id": sid}), "{form}");
        let file = if form == "wrapped" {
            json!({"url": "https://files.example.net/a.mp3", "mime_type": "audio/mpeg"})
        } else {
            json!({"id": id, "mime_type": "audio/mpeg"})
        };
        assert_eq!(message["audio"], file, "{form}");
    }
}

#[test]
fn inbound_message_has_no_time_if_the_switch_says_so() {
    for (form, place) in [("wrapped", "/whatsapp/messages/0"), ("event", "/message"), ("typed", "")] {
        for (value, has) in [("present", true), ("absent", false)] {
            let mut mock = Mock::new();
            mock.listen("exotel");
            mock.control("config", &json!({"provider": "exotel", "callback_form": form}));
            mock.control("config", &json!({"provider": "exotel", "callback_time": value}));
            mock.inbound("exotel", CONTACT);
            let told = mock.sent_calls().remove(0);
            assert_eq!(told.pointer(place).unwrap().get("timestamp").is_some(), has, "{form}: {told}");
        }
    }
}

#[test]
fn every_typed_content_goes_out_in_the_words_of_the_platform() {
    for (form, place) in
        [("wrapped", "/whatsapp/messages/0/content"), ("event", "/message"), ("typed", "/data/message")]
    {
        for (content, kind, expected) in [
            (
                json!({"type": "order", "catalog_id": "c", "product_items": [{"product_retailer_id": "p", "quantity": 2}]}),
                "order",
                json!({"catalog_id": "c", "product_items": [{"product_retailer_id": "p", "quantity": 2}]}),
            ),
            (
                json!({"type": "flow_reply", "name": "flow", "body": "Sent", "response": {"day": "Fri"}}),
                "interactive",
                json!({"type": "nfm_reply",
                    "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"day\":\"Fri\"}"}}),
            ),
            (
                json!({"type": "list_reply", "id": "m9", "title": "09:00", "description": "Room A"}),
                "interactive",
                json!({"type": "list_reply", "list_reply": {"id": "m9", "title": "09:00", "description": "Room A"}}),
            ),
            (
                json!({"type": "audio", "id": "a1", "voice": true}),
                "audio",
                json!({"id": "a1", "voice": true, "mime_type": "audio/ogg"}),
            ),
        ] {
            let mut mock = Mock::new();
            mock.listen("exotel");
            mock.control("config", &json!({"provider": "exotel", "callback_form": form}));
            let referral = json!({"source_type": "ad", "source_id": "120", "ctwa_clid": "c1"});
            let inbound = json!({"provider": "exotel", "user_id": "IN.1002", "content": content, "referral": referral});
            mock.control("inbound", &inbound);
            let told = mock.sent_calls().remove(0);
            let message = told.pointer(place).unwrap();
            assert_eq!((&message["type"], &message[kind]), (&json!(kind), &expected), "{form} {content}");
            assert_eq!(message["referral"]["source_id"], "120", "{form}");
            let written = told.to_string();
            assert!(
                written.contains("\"from_user_id\":\"IN.1002\"") && !written.contains("\"from\":"),
                "{form}: {written}"
            );
        }
    }
}
