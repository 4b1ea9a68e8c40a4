//! The same again: ids that follow from a seed, and a state that goes out and comes back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lints' own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::{Method, Request};
use serde_json::{Value, json};
use transom_mock_server::Simulator;

/// The place of `GoSendAPI`'s conversation with the contact: after its old one, and those of the two providers before it.
const CLOSED: usize = 3;

fn seeded(seed: u64) -> Mock {
    let mock = Mock::new();
    Mock { simulator: mock.simulator.with_seed(seed), real_now: mock.real_now }
}

/// One request to each provider's send, and reads; what came back, byte for byte.
fn talk(mock: &mut Mock) -> Vec<String> {
    let json = |path: &str, header: (&str, &str), body: &Value| {
        let request = Request::post(path).header("content-type", "application/json").header(header.0, header.1);
        request.header("idempotency-key", "order 17").body(Bytes::from(body.to_string())).unwrap()
    };
    let read =
        |path: &str, header: (&str, &str)| Request::get(path).header(header.0, header.1).body(Bytes::new()).unwrap();
    let (bearer, key) = (("authorization", "Bearer s3cret-key"), ("x-api-key", "gsk_s3cret"));
    // As texts, for a number of a program would have lost its last digits before it is sent.
    let place = r#"{"latitude": 13.0827000000000012, "longitude": 80.270000000000012}"#;
    let place = json!({"type": "location", "location": serde_json::from_str::<Value>(place).unwrap()});
    let requests = [
        Mock::exotel_text(),
        json(
            "/v2/accounts/acme/messages",
            ("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg=="),
            &json!({"from": "+919876500001", "to": CONTACT, "content": place, "custom_data": "order-17"}),
        ),
        json(
            "/api/user/whatsapp/send-freeform",
            bearer,
            &json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hi"}),
        ),
        json(
            "/api/user/whatsapp/send",
            bearer,
            &json!({"sender_id": 12, "template_id": 310, "recipient_phone": "+447700900123", "variables": {"1": "A", "2": "B"}}),
        ),
        json(
            "/v1/messages",
            key,
            &json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "text", "text": {"body": "Hi"}}),
        ),
        json(
            "/notification",
            bearer,
            &json!({"channel": "WHATSAPP", "request": {"from": "5215500001111", "to": CONTACT, "type": "text", "message": "Hi"}}),
        ),
        read("/v1/conversations", key),
        read("/api/user/conversations", bearer),
        read("/api/user/me", bearer),
        read("/api/user/whatsapp/session-status?sender_id=12&recipient_phone=%2B919876543210", bearer),
    ];
    let answers = requests.map(|request| {
        let reply = mock.simulator.step(mock.real_now, &request);
        let (head, body) = reply.response.into_parts();
        format!("{:?} {:?} {} {}", reply.wire, head.headers, head.status, String::from_utf8_lossy(&body))
    });
    answers.into()
}

/// Leaves a trace in every part of the state.
fn live(mock: &mut Mock) {
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi", "name": "Asha"}));
    }
    talk(mock);
    mock.post("clock", &json!({"advance": "1h30m"}));
    mock.post(
        "config",
        &json!({"provider": "autocalls", "balance": 41.700_000_000_000_01, "sender": "13", "online": true}),
    );
    mock.post(
        "config",
        &json!({"provider": "exotel", "template": "follow_up", "status": "paused", "accepted_status": "200"}),
    );
    mock.post("limits", &json!({"provider": "messangi", "limit": 3, "window_s": 300}));
    talk(mock);
    mock.post(
        "faults",
        &json!([
            {"provider": "exotel", "fault": "status", "status": 503, "body": {"a": 1}, "headers": {"Retry-After": 7}, "next": 5},
            {"provider": "autocalls", "fault": "lose_reply", "every": 3},
            {"provider": "messangi", "fault": "delay", "ms": 5, "always": true, "on": "any"},
            {"provider": "gosendapi", "fault": "redirect", "location": "/elsewhere", "after_accept": true, "next": 1},
        ]),
    );
    talk(mock);
    let state = mock.simulator.export();
    let id = state["conversations"][CLOSED]["id"].as_str().unwrap();
    let request = Request::post(format!("/v1/conversations/{id}/close")).header("x-api-key", "gsk_s3cret");
    assert_eq!(mock.raw(&request.body(Bytes::new()).unwrap()).0, 200);
}

fn exported(mock: &mut Mock) -> String {
    let request = Request::get("/_mock/state").body(Bytes::new()).unwrap();
    String::from_utf8(mock.answer(&request).into_body().into()).unwrap()
}

/// What the control plane lists, byte for byte.
fn listed(mock: &mut Mock) -> Vec<String> {
    let lists = ["messages", "requests", "faults", "config", "clock"];
    lists.map(|call| mock.ask(call).to_string()).into()
}

#[test]
fn same_seed_and_script_give_identical_journal_and_ledger() {
    let run = |seed| {
        let mut mock = seeded(seed);
        mock.post("clock", &json!({"set": "2026-05-11T09:00:00Z", "freeze": true}));
        // A frozen clock does not care when the script runs.
        mock.real_now += Duration::from_secs(seed * 1000);
        live(&mut mock);
        listed(&mut mock)
    };
    let first = run(7);
    assert!(first[0].len() > 1000, "{}", first[0]);
    assert_eq!(first, run(7));
    assert_ne!(first[0], run(8)[0]);
}

#[test]
fn without_a_seed_ids_are_those_of_every_other_run_without_one() {
    let (mut one, mut other) = (Mock::new(), Mock::new());
    live(&mut one);
    live(&mut other);
    assert_eq!(listed(&mut one), listed(&mut other));
}

#[test]
fn a_reset_and_strictness_keep_the_seed() {
    let id = |mock: &mut Mock| mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "hi"}));
    let mut mock = seeded(7);
    let first = id(&mut mock);
    assert_ne!(first, id(&mut Mock::new()));
    mock.call(Method::POST, "reset", "");
    assert_eq!(first, id(&mut mock));
    let strict = seeded(7).simulator.strict();
    assert_eq!(first, id(&mut Mock { simulator: strict, real_now: mock.real_now }));
}

#[test]
fn a_state_comes_back_byte_for_byte_after_a_reset() {
    for frozen in [true, false] {
        let mut mock = seeded(7);
        live(&mut mock);
        mock.post("clock", &json!({"freeze": frozen}));
        let state = exported(&mut mock);
        assert_eq!(serde_json::to_string(&mock.simulator.snapshot()).unwrap(), state);
        mock.call(Method::POST, "reset", "");
        assert_ne!(exported(&mut mock), state);
        assert_eq!(mock.call(Method::PUT, "state", &state), (200, json!({"imported": true})));
        assert_eq!(exported(&mut mock), state);
    }
}

#[test]
fn answers_go_on_after_an_import_as_if_nothing_had_happened() {
    let (mut whole, mut moved) = (seeded(7), seeded(7));
    live(&mut whole);
    live(&mut moved);
    let state = moved.simulator.export();
    // Elsewhere, later, and with another seed of its own.
    let mut moved = Mock { simulator: Simulator::new(moved.real_now).with_seed(1), real_now: moved.real_now };
    moved.simulator.import(&state).unwrap();
    for _ in 0..4 {
        assert_eq!(talk(&mut moved), talk(&mut whole));
        for mock in [&mut whole, &mut moved] {
            mock.real_now += Duration::from_millis(700);
        }
    }
    for mock in [&mut whole, &mut moved] {
        mock.post("clock", &json!({"advance": "23h"}));
        mock.call(Method::DELETE, "faults", "");
    }
    assert_eq!(talk(&mut moved), talk(&mut whole));
    assert_eq!((moved.ask("messages"), moved.ask("config")), (whole.ask("messages"), whole.ask("config")));
}

#[test]
fn import_keeps_running_clock_offset_and_frozen_time() {
    for (change, later) in [
        (json!({"advance": "25h"}), "2026-05-12T10:21:40Z"),
        (json!({"set": "2026-05-11T09:00:00Z"}), "2026-05-11T09:01:40Z"),
        (json!({"set": "2026-05-11T09:00:00Z", "freeze": true}), "2026-05-11T09:00:00Z"),
    ] {
        let mut mock = Mock::new();
        mock.post("clock", &change);
        let state = mock.simulator.export();
        let real_now = mock.real_now + Duration::from_secs(100);
        let mut again = Mock { simulator: Simulator::new(real_now), real_now };
        again.simulator.import(&state).unwrap();
        assert_eq!(again.ask("clock"), json!({"now": later, "frozen": change.get("freeze").is_some()}));
    }
}

#[test]
fn wrong_state_is_refused_by_member_and_changes_nothing() {
    let mut mock = seeded(7);
    live(&mut mock);
    let before = (exported(&mut mock), listed(&mut mock));
    let good = mock.simulator.export();
    for (pointer, value, error) in [
        ("/version", json!(2), "the state: `version` is 2, expected 1"),
        ("/version", Value::Null, "`version` is missing, expected 1"),
        ("/extra", json!(1), "the state: unknown member `extra`"),
        ("/clock/frozen", json!("no"), "`clock`: `frozen` is \"no\", expected true or false"),
        ("/clock/now", json!("2026-05-11T09:00:00Z"), "expected `now` if it is `frozen`"),
        ("/clock/ahead", json!("999999999d"), "beyond the years 1970 to 9000"),
        ("/ids/last", json!(5), "`ids`: `last` is 5, expected a string"),
        ("/ids/seed", json!("-1"), "`seed` is \"-1\", expected digits in a string"),
        ("/accounts", json!([]), "`accounts` lacks `autocalls`, `exotel`, `gosendapi`, `messangi`"),
        ("/accounts/1/provider", json!("autocalls"), "`accounts[1]`: `provider` is \"autocalls\" a second time"),
        ("/accounts/1/provider", json!("twilio"), "`provider` is \"twilio\", expected one of `autocalls`"),
        ("/accounts/0/balance", json!("much"), "`accounts[0]`: `balance` is \"much\", expected a number"),
        ("/accounts/0/limit/window", json!("9999d"), "`accounts[0].limit`: `window` is \"9999d\""),
        ("/accounts/0/limit/used", json!(-1), "`used` is -1, expected a whole number"),
        ("/accounts/1/switches/window_error", json!("later"), "expected one of `sync`, `callback`"),
        ("/accounts/1/switches/mood", json!("good"), "`switches`: `mood` is no switch here"),
        ("/accounts/0/senders/1/online", Value::Null, "`accounts[0].senders[1]`: `online` is missing"),
        ("/accounts/0/templates/0/status", json!("lost"), "expected one of `approved`"),
        ("/accounts/0/templates/0/parameters", json!("1"), "expected an array"),
        ("/contacts/0/contact", json!("me"), "`contacts[0]`: `contact` is \"me\", expected a phone number"),
        ("/contacts/0/last_inbound_at", json!("9999-01-01T00:00:00Z"), "expected a time between 1970 and 9000"),
        ("/conversations/1/id", json!("42"), "`conversations[1]`: `id` is \"42\" a second time"),
        ("/conversations/3/closed/reason", Value::Null, "`conversations[3].closed`: `reason` is missing"),
        ("/conversations/0/messages_count", json!("6"), "`messages_count` is \"6\", expected a whole number"),
        ("/messages/0/content", json!("Hi"), "`messages[0]`: `content` is \"Hi\", expected an object"),
        ("/messages/0/at", Value::Null, "`messages[0]`: `at` is missing"),
        ("/messages", json!({}), "`messages` is an object, expected an array"),
        ("/idempotency/0/digest", json!("7"), "expected 16 hexadecimal digits"),
        ("/idempotency/0/status", json!(20), "`status` is 20"),
        ("/faults/0/fault", json!("explode"), "`faults[0]`: `fault` is \"explode\""),
        ("/faults/0/seen", json!(1), "`seen` goes with `every`"),
        ("/faults/1/seen", json!(3), "`faults[1]`: `seen` goes with `every`"),
        ("/faults/1/id", json!(1), "`faults[1]`: `id` is 1, expected more than 1"),
        ("/last_fault", json!(1), "`last_fault` is 1, expected at least 3"),
    ] {
        let mut state = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = state.pointer_mut(parent).unwrap();
        match name.parse::<usize>() {
            Ok(index) => parent[index] = value,
            Err(_) => parent[name] = value,
        }
        let (status, json) = mock.call(Method::PUT, "state", &state.to_string());
        let said = json["error"].as_str().unwrap_or_default();
        assert!(status == 400 && said.contains(error), "{pointer}: {status} {json}");
    }
    let (status, json) = mock.call(Method::PUT, "state", "[]");
    assert_eq!((status, json), (400, json!({"error": "the state: it is an array, expected an object"})));
    assert_eq!((exported(&mut mock), listed(&mut mock)), before);
}

#[test]
fn state_without_a_new_switch_uses_its_default() {
    let mut mock = Mock::new();
    mock.post("config", &json!({"provider": "exotel", "window_error": "callback", "auth_error": "rest_exception"}));
    let mut state = mock.simulator.export();
    state["accounts"][1]["switches"].as_object_mut().unwrap().remove("window_error");
    mock.simulator.import(&state).unwrap();
    let switches = &mock.ask("config?provider=exotel")["accounts"][0]["switches"];
    assert_eq!((&switches["window_error"], &switches["auth_error"]), (&json!("sync"), &json!("rest_exception")));
}

#[test]
fn no_credential_is_in_a_state_and_the_journal_is_not() {
    let mut mock = Mock::new();
    live(&mut mock);
    let state = exported(&mut mock);
    assert!(!state.contains("s3cret") && !state.contains("demo-key") && !state.contains("/api/user"), "{state}");
    let journal = mock.ask("requests");
    mock.call(Method::PUT, "state", &state);
    assert_eq!(mock.ask("requests"), journal);
}
