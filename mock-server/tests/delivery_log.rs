//! Webhook calls that are late, lost, only logged, or go where a message said; and all that the log tells of them.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/requests.rs"]
mod requests;

use common::{CONTACT, Mock};
use http::{Method, StatusCode};
use requests::{exotel_with, gosendapi, listening, told};
use serde_json::{Value, json};
use transom_mock_server::DeliveryOutcome;

fn listen(mock: &mut Mock, more: &Value) -> Value {
    let mut body = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "s3cret-of-ours"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    mock.post("webhooks", &body)
}

fn log(mock: &mut Mock) -> Vec<Value> {
    mock.ask("webhooks/deliveries").as_array().unwrap().clone()
}

#[test]
fn what_was_registered_is_shown_but_for_the_secret() {
    let mut mock = Mock::new();
    let shown = listen(
        &mut mock,
        &json!({"copies": 2, "reorder": true, "signature": "wrong", "lose_every": 3, "delay": "1m30s"}),
    );
    assert_eq!(
        shown,
        json!({
            "provider": "exotel", "url": "http://127.0.0.1:9000/hook", "sink": false, "signed": true,
            "announcements": false, "copies": 2,
            "reorder": true, "signature": "wrong", "lose_every": 3, "delay": "90s",
        })
    );
    assert_eq!(mock.ask("webhooks"), json!([shown]));
    for (more, error) in [
        (json!({"delay": "25h"}), "expected a duration of at most 24h"),
        (json!({"lose_every": 0}), "`lose_every` is 0"),
        (json!({"sink": true}), "there are `sink` and `url`, expected one of them"),
        (
            json!({"url": null}),
            "`url` is missing, expected a loopback URL such as \"http://127.0.0.1:9000/hook\", or `sink`",
        ),
    ] {
        let mut body = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = mock.refused("webhooks", &body);
        assert!(said.contains(error), "{said}");
    }
    assert_eq!(mock.ask("webhooks"), json!([shown]));
}

#[test]
fn each_third_call_is_lost_which_the_provider_does_not_know() {
    let mut mock = Mock::new();
    listen(&mut mock, &json!({"lose_every": 3}));
    for _ in 0..6 {
        mock.open_window();
    }
    assert_eq!(told(&mut mock).len(), 4);
    let errors: Vec<Value> = log(&mut mock).iter().map(|tried| tried["error"].clone()).collect();
    let lost = json!("lost");
    assert_eq!(errors, [Value::Null, Value::Null, lost.clone(), Value::Null, Value::Null, lost]);
    mock.post("clock", &json!({"advance": "25h"}));
    assert!(told(&mut mock).is_empty(), "what is lost is not tried again");
}

#[test]
fn delayed_call_is_listed_as_waiting_until_due() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    listen(&mut mock, &json!({"delay": "5m", "copies": 2}));
    mock.open_window();
    assert!(told(&mut mock).is_empty());
    let waiting = mock.ask("webhooks/waiting");
    let seen: Vec<[&Value; 4]> = waiting
        .as_array()
        .unwrap()
        .iter()
        .map(|call| ["url", "attempt", "copy", "at"].map(|name| &call[name]))
        .collect();
    let (url, at) = (json!("http://127.0.0.1:9000/hook"), json!("2026-05-11T09:25:00Z"));
    assert_eq!(seen, [[&url, &json!(1), &json!(1), &at], [&url, &json!(1), &json!(2), &at]]);
    assert_eq!(waiting[0]["body"]["whatsapp"]["messages"][0]["content"]["text"]["body"], "hi");
    mock.post("clock", &json!({"advance": "5m"}));
    assert_eq!(told(&mut mock).len(), 2);
    assert_eq!(mock.ask("webhooks/waiting"), json!([]));
    assert_eq!(mock.ask("webhooks/waiting?provider=messangi&last=5"), json!([]));
}

#[test]
fn sink_logs_signed_calls_and_sends_none() {
    let mut mock = Mock::new();
    mock.post("webhooks", &json!({"provider": "exotel", "sink": true, "secret": "s3cret-of-ours"}));
    mock.open_window();
    assert!(mock.simulator.due(mock.real_now).is_none());
    let log = log(&mut mock);
    assert_eq!((&log[0]["url"], &log[0]["status"], &log[0]["error"]), (&json!("sink"), &Value::Null, &Value::Null));
    assert_eq!(log[0]["body"]["whatsapp"]["messages"][0]["callback_type"], "incoming_message");
    assert!(log[0]["headers"]["x-exotel-signature"].as_str().unwrap().starts_with("sha256="));
    mock.post("webhooks", &json!({"provider": "messangi", "sink": true}));
    mock.post("inbound", &json!({"provider": "messangi", "from": CONTACT, "text": "hi"}));
    assert!(mock.simulator.due(mock.real_now).is_none());
    assert_eq!(mock.ask("webhooks/deliveries?provider=messangi")[0]["body"]["callback"], "sink");
}

#[test]
fn log_has_headers_failure_reason_and_next_attempt() {
    let mut mock = listening("exotel");
    listen(&mut mock, &json!({"copies": 1}));
    mock.open_window();
    for outcome in [DeliveryOutcome::Refused, DeliveryOutcome::TimedOut, DeliveryOutcome::Unanswered] {
        let delivery = mock.simulator.due(mock.real_now).unwrap();
        let signature = delivery.request.headers()["x-exotel-signature"].to_str().unwrap().to_owned();
        mock.simulator.delivered(delivery.id, outcome);
        let log = log(&mut mock);
        let last = log.last().unwrap();
        assert_eq!(last["headers"]["x-exotel-signature"], signature);
        assert_eq!(last["headers"]["host"], "127.0.0.1:9000");
        mock.post("clock", &json!({"advance": "10m"}));
    }
    let tries = log(&mut mock);
    let seen: Vec<[&Value; 4]> =
        tries.iter().map(|tried| ["attempt", "copy", "error", "next_try_at"].map(|name| &tried[name])).collect();
    let one = json!(1);
    assert_eq!(
        seen,
        [
            [&one, &one, &json!("refused"), &json!("2026-05-11T09:20:30Z")],
            [&json!(2), &one, &json!("timed_out"), &json!("2026-05-11T09:22:30Z")],
            [&json!(3), &one, &json!("no_answer"), &json!("2026-05-11T09:32:30Z")],
        ]
    );
    assert!(!json!(tries).to_string().contains("s3cret-of-ours"));
    mock.open_window();
    mock.call(Method::DELETE, "webhooks", "");
    assert!(mock.simulator.due(mock.real_now).is_none());
    let last = log(&mut mock).pop().unwrap();
    assert_eq!((&last["attempt"], &last["error"]), (&json!(0), &json!("removed")));
}

#[test]
fn reply_goes_to_status_callback_of_the_quoted_message() {
    let mut mock = listening("exotel");
    let (status, sent) = mock.raw(&exotel_with("acme", &json!({"status_callback": "http://127.0.0.1:9001/own"})));
    assert_eq!(status, 202);
    let sid = sent["response"]["whatsapp"]["messages"][0]["data"]["sid"].as_str().unwrap().to_owned();
    told(&mut mock);
    mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "yes", "reply_to": sid}));
    mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "hello?"}));
    let mut seen = Vec::new();
    while let Some(delivery) = mock.simulator.due(mock.real_now) {
        let body: Value = serde_json::from_slice(delivery.request.body()).unwrap();
        let content = &body["whatsapp"]["messages"][0]["content"];
        seen.push((
            delivery.request.uri().to_string(),
            content["text"]["body"].clone(),
            content["context"]["id"].clone(),
        ));
        mock.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::OK));
    }
    let own = ("http://127.0.0.1:9001/own".to_owned(), json!("yes"), json!(sid));
    let unprompted = ("http://127.0.0.1:9000/hook".to_owned(), json!("hello?"), Value::Null);
    assert_eq!(seen, [own, unprompted]);
}

#[test]
fn reply_to_unknown_or_foreign_message_is_refused() {
    let mut mock = listening("gosendapi");
    let (_, sent) = mock.raw(&gosendapi("k"));
    let wamid = sent["messages"][0]["id"].as_str().unwrap().to_owned();
    for (from, reply_to) in [(CONTACT, "wamid.nothing"), ("+919876543211", wamid.as_str())] {
        let said = mock
            .refused("inbound", &json!({"provider": "gosendapi", "from": from, "text": "yes", "reply_to": reply_to}));
        assert!(
            said.contains(&format!(
                "`reply_to` is \"{reply_to}\", expected the `message_id` of a message of gosendapi to {from}"
            )),
            "{said}"
        );
    }
    told(&mut mock);
    mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "yes", "reply_to": wamid}));
    let reply = told(&mut mock).pop().unwrap();
    assert_eq!(reply["data"]["message"]["context"], json!({"from": "34611000000", "id": wamid}));
}
