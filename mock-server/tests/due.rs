//! Going to what falls due next, and being told what fell due.

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
use requests::{autocalls, exotel, gosendapi};
use serde_json::{Value, json};

fn next(mock: &mut Mock) -> Value {
    mock.post("clock", &json!({"advance": "next"})).get("event").cloned().unwrap()
}

fn frozen(provider: &str) -> Mock {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi"}));
    mock
}

#[test]
fn without_webhook_next_steps_through_statuses_and_window_end() {
    let mut mock = frozen("exotel");
    let (_, sent) = mock.raw(&exotel("acme"));
    let id = &sent["response"]["whatsapp"]["messages"][0]["data"]["sid"];
    let delivered = json!({
        "kind": "status", "provider": "exotel", "at": "2026-05-11T09:20:01Z", "message_id": id, "to": CONTACT,
        "status": "delivered",
    });
    assert_eq!(next(&mut mock), delivered);
    let closes = json!({
        "kind": "window", "provider": "exotel", "at": "2026-05-12T09:20:00Z", "business": "+919876500001",
        "contact": CONTACT, "state": "expired",
    });
    assert_eq!(next(&mut mock), closes);
    assert_eq!(mock.send(), 400, "the window is closed from that very instant");
    assert_eq!(next(&mut mock), Value::Null);
    assert_eq!(mock.ask("clock")["now"], "2026-05-12T09:20:00Z");
}

#[test]
fn next_steps_to_idle_and_ended_conversations() {
    let mut mock = frozen("gosendapi");
    let mut turns = Vec::new();
    while let Value::Object(event) = next(&mut mock) {
        turns.push(["kind", "state", "at"].map(|name| event[name].as_str().unwrap().to_owned()));
    }
    let turns: Vec<[&str; 3]> = turns.iter().map(|turn| turn.each_ref().map(String::as_str)).collect();
    assert_eq!(turns[0], ["conversation", "inactive", "2026-05-11T09:50:00Z"],);
    assert_eq!(turns.len(), 2, "the window and the conversation end at the same moment: {turns:?}");
    assert_eq!(turns[1][2], "2026-05-12T09:20:00Z");
}

#[test]
fn next_steps_to_the_reset_of_a_used_up_limit_only() {
    let mut mock = frozen("autocalls");
    mock.post("config", &json!({"provider": "autocalls", "last_status": "sent"}));
    mock.raw(&autocalls());
    mock.post("limits", &json!({"provider": "autocalls", "limit": 2, "window_s": 60}));
    mock.raw(&autocalls());
    assert_eq!(next(&mut mock)["kind"], "window");
    mock.post("clock", &json!({"set": "2026-05-11T09:21:00Z"}));
    for expected in [200, 200, 429] {
        assert_eq!(mock.raw(&autocalls()).0, expected);
    }
    assert_eq!(next(&mut mock), json!({"kind": "limit", "provider": "autocalls", "at": "2026-05-11T09:22:00Z"}));
    assert_eq!(mock.raw(&autocalls()).0, 200);
}

#[test]
fn advance_lists_fired_timers_but_set_and_freeze_do_not() {
    let mut mock = frozen("gosendapi");
    mock.raw(&gosendapi("k"));
    let fired = mock.post("clock", &json!({"advance": "25h"}));
    let kinds: Vec<&str> = fired["fired"].as_array().unwrap().iter().map(|due| due["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["status", "conversation", "window", "conversation"], "{fired}");
    assert_eq!((&fired["now"], &fired["frozen"]), (&json!("2026-05-12T10:20:00Z"), &json!(true)));
    assert_eq!(mock.post("clock", &json!({"advance": "1h"}))["fired"], json!([]));
    assert_eq!(mock.post("clock", &json!({"freeze": true})), json!({"now": "2026-05-12T11:20:00Z", "frozen": true}));
}

#[test]
fn more_than_a_thousand_are_counted_and_not_listed() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    for person in 0..1_010 {
        mock.post("inbound", &json!({"provider": "exotel", "from": format!("+91987654{person:04}"), "text": "hi"}));
    }
    let fired = mock.post("clock", &json!({"advance": "25h"}));
    assert_eq!((fired["fired"].as_array().unwrap().len(), &fired["more_fired"]), (1_000, &json!(10)));
}
