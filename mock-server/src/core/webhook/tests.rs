use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::core::webhook::{DeliveryOutcome, WebhookDelivery};
use crate::testing::Mock;

const CONTACT: &str = "+919876543210";

fn write(mock: &mut Mock, text: &str) {
    mock.control("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": text}));
}

/// Calls the control plane; status and JSON.
fn call(mock: &mut Mock, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(format!("/_mock/{path}"));
    let seen = mock.step(&request.body(Bytes::from(body.to_owned())).unwrap());
    (seen.status, seen.json)
}

fn texts(deliveries: &[WebhookDelivery]) -> Vec<String> {
    let texts = deliveries.iter().map(|delivery| {
        let body: Value = serde_json::from_slice(delivery.request.body()).unwrap();
        body["whatsapp"]["messages"][0]["content"]["text"]["body"].as_str().unwrap().to_owned()
    });
    texts.collect()
}

fn all_due(mock: &mut Mock, status: u16) -> Vec<WebhookDelivery> {
    std::iter::from_fn(|| mock.answer_webhook(status)).collect()
}

#[test]
fn webhook_is_registered_replaced_listed_and_removed() {
    let mut mock = Mock::new();
    assert_eq!(mock.control("webhooks", &Value::Null), json!([]));
    let unsigned = mock.control("webhooks", &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/a"}));
    let shown = |provider: &str, url: &str, signed: bool| {
        json!({
            "provider": provider, "url": url, "sink": false, "signed": signed, "announcements": false, "copies": 1,
            "reorder": false, "signature": "good", "lose_every": null, "delay": "0s",
        })
    };
    assert_eq!(unsigned, shown("exotel", "http://127.0.0.1:9000/a", false));
    mock.control(
        "webhooks",
        &json!({"provider": "exotel", "url": "http://[::1]:9000/b?token=s3cret", "secret": "s3cret"}),
    );
    mock.control("webhooks", &json!({"provider": "messangi", "url": "http://localhost:9000/", "secret": "s3cret"}));
    let exotel = shown("exotel", "http://[::1]:9000/b?token=***", true);
    // Messangi signs nothing, whatever secret there is.
    let messangi = shown("messangi", "http://localhost:9000/", false);
    assert_eq!(mock.control("webhooks", &Value::Null), json!([exotel, messangi]));
    assert_eq!(mock.control("webhooks?provider=messangi", &Value::Null), json!([messangi]));
    assert_eq!(call(&mut mock, "DELETE", "webhooks?provider=exotel", ""), (200, json!([messangi])));
    assert_eq!(call(&mut mock, "DELETE", "webhooks", ""), (200, json!([])));
}

#[test]
fn a_wrong_registration_is_refused_and_the_former_one_stays() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    let before = mock.control("webhooks", &Value::Null);
    let url = "http://127.0.0.1:9000/other";
    for (body, error) in [
        (json!({"url": url}), "`provider` is missing"),
        (json!({"provider": "twilio", "url": url}), "expected one of `autocalls`"),
        (json!({"provider": "exotel"}), "`url` is missing, expected a loopback URL"),
        (json!({"provider": "exotel", "url": 5}), "`url` is 5, expected a string"),
        (json!({"provider": "exotel", "url": "http://10.0.0.1/"}), "`url` has a host other than a loopback address"),
        (json!({"provider": "exotel", "url": url, "secret": ""}), "`secret` is not a string of at least one character"),
        (json!({"provider": "exotel", "url": url, "secret": 1_234_567}), "`secret` is not a string"),
        (json!({"provider": "exotel", "url": url, "events": []}), "unknown member `events`"),
    ] {
        let (status, said) = call(&mut mock, "POST", "webhooks", &body.to_string());
        let said = said["error"].as_str().unwrap().to_owned();
        assert!(status == 400 && said.contains(error) && !said.contains("1234567"), "{said}");
    }
    assert_eq!(mock.control("webhooks", &Value::Null), before);
}

#[test]
fn each_provider_signs_the_raw_body_in_its_own_header() {
    let mut mock = Mock::new();
    for (provider, header) in [("exotel", "x-exotel-signature"), ("gosendapi", "x-gosendapi-signature")] {
        mock.listen(provider);
        mock.inbound(provider, CONTACT);
        let request = mock.answer_webhook(200).unwrap().request;
        let signed = super::Secret::new("s3cret".to_owned()).unwrap().sign(request.body()).unwrap();
        assert_eq!(request.headers()[header], signed.as_str());
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["host"], "127.0.0.1:9000");
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/hook"));
    }
}

#[test]
fn without_a_secret_nothing_is_signed() {
    let mut mock = Mock::new();
    mock.control("webhooks", &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/"}));
    write(&mut mock, "hi");
    assert!(!mock.answer_webhook(200).unwrap().request.headers().contains_key("x-exotel-signature"));
}

#[test]
fn nobody_is_told_of_what_happened_before_the_webhook_was_there() {
    let mut mock = Mock::new();
    write(&mut mock, "hi");
    mock.listen("exotel");
    mock.advance("1h");
    assert!(mock.sent_calls().is_empty());
}

#[test]
fn due_calls_and_retries_follow_virtual_time() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    write(&mut mock, "first");
    assert_eq!(texts(&all_due(&mut mock, 500)), ["first"]);
    mock.advance("29s");
    write(&mut mock, "second");
    assert_eq!(texts(&all_due(&mut mock, 500)), ["second"]);
    // The first is due again 30 s, 150 s, 750 s and 4350 s after it was written, the second 29 s later each.
    mock.advance("25h");
    let retries = all_due(&mut mock, 500);
    assert_eq!(texts(&retries), ["first", "second"].repeat(4));
    let attempts: Vec<u32> = retries.iter().map(|delivery| delivery.attempt).collect();
    assert_eq!(attempts, [2, 2, 3, 3, 4, 4, 5, 5]);
}

#[test]
fn a_target_that_does_not_answer_is_tried_again() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    write(&mut mock, "hi");
    let first = mock.simulator.due(mock.real_now).unwrap();
    assert!(mock.simulator.due(mock.real_now).is_none(), "a call on its way is due again");
    mock.simulator.delivered(first.id, DeliveryOutcome::Unanswered);
    mock.advance("30s");
    let again = mock.simulator.due(mock.real_now).unwrap();
    mock.simulator.delivered(again.id, DeliveryOutcome::Answered(StatusCode::NO_CONTENT));
    mock.simulator.delivered(again.id, DeliveryOutcome::Unanswered);
    mock.advance("25h");
    assert!(mock.sent_calls().is_empty());
    let log = mock.control("webhooks/deliveries", &Value::Null);
    let statuses: Vec<&Value> = log.as_array().unwrap().iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [&Value::Null, &json!(204)]);
}

#[test]
fn the_log_has_every_try_with_its_body_and_its_moment() {
    let mut mock = Mock::new();
    mock.control(
        "webhooks",
        &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook?token=s3cret", "secret": "k"}),
    );
    write(&mut mock, "hi");
    mock.answer_webhook(503).unwrap();
    mock.advance("25h");
    let sent_calls = mock.sent_calls();
    let log = mock.control("webhooks/deliveries", &Value::Null);
    let line = |attempt: u32, status: u16, at: &str, next: Option<&str>| {
        json!({
            "number": attempt, "provider": "exotel", "url": "http://127.0.0.1:9000/hook?token=***", "attempt": attempt,
            "copy": 1, "status": status, "error": null, "headers": log[0]["headers"], "body": sent_calls[0], "at": at,
            "next_try_at": next,
        })
    };
    let (first, second) = ("2026-05-11T09:20:00Z", "2026-05-11T09:20:30Z");
    assert_eq!(log, json!([line(1, 503, first, Some(second)), line(2, 200, second, None)]));
    assert_eq!(mock.control("webhooks/deliveries?provider=messangi", &Value::Null), json!([]));
}

#[test]
fn the_log_forgets_the_oldest_beyond_10_000_tries() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    for number in 0..10_003 {
        write(&mut mock, &number.to_string());
        mock.answer_webhook(200).unwrap();
    }
    let log = mock.control("webhooks/deliveries", &Value::Null);
    let log = log.as_array().unwrap();
    assert_eq!(log.len(), 10_000);
    assert_eq!(log[0]["body"]["whatsapp"]["messages"][0]["content"]["text"]["body"], "3");
}

#[test]
fn removed_webhook_gets_no_calls_and_its_successor_gets_them() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    write(&mut mock, "hi");
    call(&mut mock, "DELETE", "webhooks?provider=exotel", "");
    assert!(mock.sent_calls().is_empty());
    mock.listen("exotel");
    write(&mut mock, "hi");
    mock.control("webhooks", &json!({"provider": "exotel", "url": "http://127.0.0.1:9009/new"}));
    assert_eq!(mock.answer_webhook(200).unwrap().addresses[0].port(), 9009);
}

#[test]
fn a_reset_forgets_webhooks_waiting_calls_and_the_log() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    write(&mut mock, "answered");
    mock.answer_webhook(200).unwrap();
    write(&mut mock, "on its way");
    let on_its_way = mock.simulator.due(mock.real_now).unwrap();
    write(&mut mock, "waiting");
    mock.control("reset", &json!({}));
    assert_eq!(mock.control("webhooks", &Value::Null), json!([]));
    mock.listen("exotel");
    write(&mut mock, "new");
    let new = mock.simulator.due(mock.real_now).unwrap();
    // The outcome of a try from before the reset belongs to nothing after it.
    mock.simulator.delivered(on_its_way.id, DeliveryOutcome::Unanswered);
    assert_eq!(mock.control("webhooks/deliveries", &Value::Null), json!([]));
    mock.simulator.delivered(new.id, DeliveryOutcome::Answered(StatusCode::OK));
    mock.advance("25h");
    assert!(mock.sent_calls().is_empty());
}

#[test]
fn the_wait_for_the_next_call_follows_the_clock() {
    let mut mock = Mock::new();
    mock.listen("exotel");
    assert_eq!(mock.simulator.next_due_in(mock.real_now), None);
    write(&mut mock, "hi");
    assert_eq!(mock.simulator.next_due_in(mock.real_now), Some(Duration::ZERO));
    mock.answer_webhook(500).unwrap();
    assert_eq!(mock.simulator.next_due_in(mock.real_now), Some(Duration::from_secs(30)));
    mock.real_now += Duration::from_secs(12);
    assert_eq!(mock.simulator.next_due_in(mock.real_now), Some(Duration::from_secs(18)));
    mock.control("clock", &json!({"freeze": true}));
    assert_eq!(mock.simulator.next_due_in(mock.real_now), None);
    mock.advance("18s");
    assert_eq!(mock.simulator.next_due_in(mock.real_now), Some(Duration::ZERO));
}

#[test]
fn debug_shows_neither_numbers_nor_secrets_nor_words() {
    let mut mock = Mock::new();
    mock.control(
        "webhooks",
        &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/?token=t0ken", "secret": "s3cret"}),
    );
    write(&mut mock, "private words");
    let printed = format!("{:?}", mock.simulator);
    let delivery = mock.simulator.due(mock.real_now).unwrap();
    let printed = format!("{printed} {delivery:?}");
    for hidden in ["s3cret", "t0ken", "private words", "9876543210"] {
        assert!(!printed.contains(hidden), "{hidden} in {printed}");
    }
}
