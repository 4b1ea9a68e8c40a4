//! The journal for other tools, and twice the same for the same script.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::{Method, Request};
use serde_json::{Value, json};

/// A script that touches every provider, faults, windows, limits and webhooks.
fn script(mock: &mut Mock) {
    mock.post("clock", &json!({"set": "2026-05-11T09:20:00Z", "freeze": true}));
    mock.post("webhooks", &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "k"}));
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi", "name": "Asha"}));
    }
    mock.post(
        "faults",
        &json!([{"provider": "exotel", "fault": "html", "every": 3}, {"provider": "autocalls", "fault": "status", "status": 503, "next": 1}]),
    );
    for _ in 0..3 {
        for request in requests() {
            mock.raw(&request);
        }
        mock.post("clock", &json!({"advance": "7h"}));
        while let Some(delivery) = mock.simulator.due(mock.real_now) {
            mock.simulator.delivered(delivery.id, transom_mock_server::DeliveryOutcome::Unanswered);
        }
    }
}

fn requests() -> Vec<Request<Bytes>> {
    let post = |path: &str, header: (&str, &str), body: Value| {
        let request = Request::post(path).header("content-type", "application/json").header(header.0, header.1);
        request.body(Bytes::from(body.to_string())).unwrap()
    };
    let bearer = ("authorization", "Bearer demo-key");
    vec![
        Mock::exotel_text(),
        post(
            "/api/user/whatsapp/send-freeform",
            bearer,
            json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "it's on"}),
        ),
        post(
            "/v1/messages",
            ("x-api-key", "gsk_test_demo"),
            json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "text", "text": {"body": "Hi"}}),
        ),
        post(
            "/notification",
            bearer,
            json!({"channel": "WHATSAPP", "request": {"from": "5215500001111", "to": CONTACT, "type": "text", "message": "Hi"}}),
        ),
    ]
}

fn raw(mock: &mut Mock, call: &str) -> Bytes {
    let request = Request::get(format!("/_mock/{call}")).header("host", "127.0.0.1:4010").body(Bytes::new()).unwrap();
    mock.answer(&request).into_body()
}

#[test]
fn same_seed_and_script_give_identical_journals_in_100_runs() {
    let run = |seed: u64| {
        let mut mock = Mock::new();
        mock.simulator = mock.simulator.with_seed(seed);
        script(&mut mock);
        ["requests", "messages", "webhooks/deliveries", "requests/har", "requests/curl", "state"]
            .map(|call| raw(&mut mock, call))
    };
    let first = run(7);
    for _ in 1..100 {
        assert_eq!(run(7), first);
    }
    assert_ne!(run(8)[0], first[0]);
}

#[test]
fn script_after_reset_gives_identical_journal() {
    let mut mock = Mock::new();
    script(&mut mock);
    let first = raw(&mut mock, "requests");
    assert!(String::from_utf8_lossy(&first).contains("fault 2 (status)"));
    mock.call(Method::POST, "reset", "");
    script(&mut mock);
    assert_eq!(raw(&mut mock, "requests"), first);
}

#[test]
fn import_keeps_fault_ids() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.open_window();
    mock.post("faults", &json!([{"provider": "exotel", "fault": "html", "next": 1}, {"provider": "exotel", "fault": "status", "status": 500, "always": true}]));
    mock.send();
    let state = mock.ask("state");
    let mut other = Mock::new();
    assert_eq!(other.call(Method::PUT, "state", &state.to_string()).0, 200);
    assert_eq!(other.ask("state"), state);
    for mock in [&mut mock, &mut other] {
        let reply = mock.simulator.step(mock.real_now, &Mock::exotel_text());
        assert_eq!(reply.response.headers()["x-mock-cause"], "fault 2 (status)");
        mock.post("faults", &json!({"provider": "exotel", "fault": "html", "always": true}));
        assert_eq!(mock.ask("faults")[1]["id"], 3);
    }
    for (change, error) in
        [("id", "`id` is 2, expected more than 2"), ("last_fault", "`last_fault` is 1, expected at least 2")]
    {
        let mut wrong = state.clone();
        if change == "id" {
            let rule = wrong["faults"][0].clone();
            wrong["faults"].as_array_mut().unwrap().push(rule);
        } else {
            wrong["last_fault"] = json!(1);
        }
        let (status, said) = other.call(Method::PUT, "state", &wrong.to_string());
        assert!(status == 400 && said["error"].as_str().unwrap().contains(error), "{said}");
    }
}

#[test]
fn a_body_that_begins_like_a_file_is_no_file_in_the_script() {
    let mut mock = Mock::new();
    let request = Request::post("/v1/messages").body(Bytes::from_static(b"@/etc/hostname"));
    mock.raw(&request.unwrap());
    let script = String::from_utf8(raw(&mut mock, "requests/curl").to_vec()).unwrap();
    assert!(script.contains(" --data-raw '@/etc/hostname' ") && !script.contains("--data-binary"), "{script}");
}

#[test]
fn the_journal_as_har_has_each_exchange_and_no_credential() {
    let mut mock = Mock::new();
    script(&mut mock);
    let har = mock.ask("requests/har?provider=autocalls");
    assert_eq!(har["log"]["version"], "1.2");
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    let first = &entries[0];
    assert_eq!(first["request"]["url"], "http://localhost/api/user/whatsapp/send-freeform");
    assert_eq!((&first["response"]["status"], &first["comment"]), (&json!(503), &json!("fault 2 (status)")));
    assert!(first["request"]["postData"]["text"].as_str().unwrap().contains("it's on"));
    assert!(!har.to_string().contains("demo-key"));
    for member in ["startedDateTime", "time", "request", "response", "cache", "timings"] {
        assert!(entries.iter().all(|entry| entry.get(member).is_some()), "{member}");
    }
}

#[test]
fn curl_export_repeats_each_request_to_the_same_server() {
    let mut mock = Mock::new();
    script(&mut mock);
    let text = String::from_utf8(raw(&mut mock, "requests/curl?provider=autocalls").to_vec()).unwrap();
    let first = text.lines().nth(1).unwrap();
    assert_eq!(
        first,
        r#"curl -X POST -H 'content-type: application/json' -H 'authorization: Bearer ***' --data-raw '{"message":"it'\''s on","recipient_phone":"+919876543210","sender_id":12}' 'http://127.0.0.1:4010/api/user/whatsapp/send-freeform'"#
    );
    assert_eq!(text.lines().filter(|line| line.starts_with("curl ")).count(), 3);
    assert!(!text.contains("demo-key"));
}

#[test]
fn advance_next_goes_to_next_timer_and_names_it() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    let stays = mock.post("clock", &json!({"advance": "next"}));
    assert_eq!(stays, json!({"now": "2026-05-11T09:20:00Z", "frozen": true, "event": null, "fired": []}));
    mock.post("webhooks", &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook"}));
    mock.open_window();
    assert_eq!(mock.send(), 202);
    // The message of the customer and the status `sent` are due at once.
    for _ in 0..2 {
        let delivery = mock.simulator.due(mock.real_now).unwrap();
        mock.simulator.delivered(delivery.id, transom_mock_server::DeliveryOutcome::Answered(http::StatusCode::OK));
    }
    assert!(mock.simulator.due(mock.real_now).is_none());
    let delivered = mock.post("clock", &json!({"advance": "next"}));
    assert_eq!(delivered["now"], "2026-05-11T09:20:01Z");
    assert_eq!(delivered["event"], json!({"kind": "webhook", "provider": "exotel", "at": "2026-05-11T09:20:01Z"}));
    let delivery = mock.simulator.due(mock.real_now).unwrap();
    mock.simulator.delivered(delivery.id, transom_mock_server::DeliveryOutcome::Unanswered);
    assert_eq!(mock.post("clock", &json!({"advance": "next"}))["now"], "2026-05-11T09:20:31Z");
}

/// The statuses that the webhook is told, in order.
fn told(mock: &mut Mock) -> Vec<u64> {
    let mut told = Vec::new();
    mock.post("clock", &json!({"advance": "1h"}));
    while let Some(delivery) = mock.simulator.due(mock.real_now) {
        let body: Value = serde_json::from_slice(delivery.request.body()).unwrap();
        told.extend(body.pointer("/whatsapp/messages/0/exo_status_code").and_then(Value::as_u64));
        mock.simulator.delivered(delivery.id, transom_mock_server::DeliveryOutcome::Answered(http::StatusCode::OK));
    }
    told
}

fn listen(mock: &mut Mock, more: &Value) {
    let mut body = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "k"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    mock.post("webhooks", &body);
}

#[test]
fn webhooks_come_twice_and_newest_first_on_request() {
    for (more, expected) in [
        (json!({}), vec![30001, 30002, 30003]),
        (json!({"reorder": true}), vec![30003, 30002, 30001]),
        (json!({"copies": 2}), vec![30001, 30001, 30002, 30002, 30003, 30003]),
    ] {
        let mut mock = Mock::new();
        mock.post("config", &json!({"provider": "exotel", "last_status": "read"}));
        mock.open_window();
        listen(&mut mock, &more);
        assert_eq!(mock.send(), 202);
        assert_eq!(told(&mut mock), expected, "{more}");
    }
}

#[test]
fn a_signature_can_be_wrong_or_missing_on_request() {
    let signature = |more: Value| {
        let mut mock = Mock::new();
        listen(&mut mock, &more);
        mock.open_window();
        let delivery = mock.simulator.due(mock.real_now).unwrap();
        delivery.request.headers().get("x-exotel-signature").map(|value| value.to_str().unwrap().to_owned())
    };
    let good = signature(json!({})).unwrap();
    assert_eq!(signature(json!({"signature": "good"})), Some(good.clone()));
    let wrong = signature(json!({"signature": "wrong"})).unwrap();
    assert!(wrong != good && wrong.len() == good.len());
    assert_eq!(signature(json!({"signature": "missing"})), None);
}

#[test]
fn a_delivery_can_be_made_again_with_the_same_body() {
    let mut mock = Mock::new();
    listen(&mut mock, &json!({}));
    mock.open_window();
    let first = mock.simulator.due(mock.real_now).unwrap();
    mock.simulator.delivered(first.id, transom_mock_server::DeliveryOutcome::Answered(http::StatusCode::OK));
    let number = mock.ask("webhooks/deliveries")[0]["number"].clone();
    mock.post("webhooks/redeliver", &json!({"number": number}));
    let again = mock.simulator.due(mock.real_now).unwrap();
    assert_eq!((again.attempt, again.request.body()), (1, first.request.body()));
    for (body, error) in
        [(json!({}), "`number` is missing"), (json!({"number": 99}), "`number` is 99, expected that of a try")]
    {
        let said = mock.refused("webhooks/redeliver", &body);
        assert!(said.contains(error), "{said}");
    }
}

#[test]
fn removed_webhook_cannot_redeliver_and_its_queue_is_logged() {
    let mut mock = Mock::new();
    listen(&mut mock, &json!({}));
    mock.open_window();
    let first = mock.simulator.due(mock.real_now).unwrap();
    mock.simulator.delivered(first.id, transom_mock_server::DeliveryOutcome::Answered(http::StatusCode::OK));
    assert_eq!(mock.send(), 202);
    mock.call(Method::DELETE, "webhooks", "");
    let said = mock.refused("webhooks/redeliver", &json!({"number": 1}));
    assert!(said.contains("`number` is 1, whose webhook was removed"), "{said}");
    assert!(mock.simulator.due(mock.real_now).is_none());
    let log = mock.ask("webhooks/deliveries");
    assert_eq!((log.as_array().unwrap().len(), &log[1]["attempt"], &log[1]["status"]), (2, &json!(0), &Value::Null));
}

#[test]
fn wrong_trouble_with_webhooks_is_refused() {
    let mut mock = Mock::new();
    for (member, value, error) in [
        ("copies", json!(0), "`copies` is 0, expected a whole number from 1 to 10"),
        ("copies", json!(11), "from 1 to 10"),
        ("reorder", json!("yes"), "expected true or false"),
        ("signature", json!("none"), "expected one of `good`, `wrong`, `missing`"),
    ] {
        let mut body = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook"});
        body[member] = value;
        let said = mock.refused("webhooks", &body);
        assert!(said.contains(error), "{said}");
    }
    assert_eq!(mock.call(Method::GET, "webhooks", "").1, json!([]));
}
