//! What `GoSendAPI` tells of conversations and templates.

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
use http::Request;
use requests::{gosendapi, told};
use serde_json::{Value, json};

fn listening() -> Mock {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post(
        "webhooks",
        &json!({"provider": "gosendapi", "url": "http://127.0.0.1:9000/hook", "announcements": true}),
    );
    mock
}

fn write(mock: &mut Mock) {
    mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "hi", "name": "Ana"}));
}

/// The events that are told by then, each with when it happened.
fn events(mock: &mut Mock, advance: &str) -> Vec<(String, String)> {
    mock.post("clock", &json!({"advance": advance}));
    let told = told(mock);
    let word = |told: &Value, name: &str| told[name].as_str().unwrap().to_owned();
    told.iter().map(|told| (word(told, "event").replace("whatsapp.", ""), word(told, "created_at"))).collect()
}

fn pairs(events: &[(String, String)]) -> Vec<(&str, &str)> {
    events.iter().map(|(event, at)| (event.as_str(), at.as_str())).collect()
}

#[test]
fn a_conversation_is_told_as_created_gone_quiet_and_ended() {
    let mut mock = listening();
    write(&mut mock);
    let all = events(&mut mock, "25h");
    let expected = [
        ("conversation.created", "2026-05-11T09:20:00Z"),
        ("message.received", "2026-05-11T09:20:00Z"),
        ("conversation.inactive", "2026-05-11T09:50:00Z"),
        ("conversation.ended", "2026-05-12T09:20:00Z"),
    ];
    assert_eq!(pairs(&all), expected);
    assert_eq!(events(&mut mock, "100h"), []);
    write(&mut mock);
    assert_eq!(events(&mut mock, "0s")[0].0, "conversation.created", "a new one begins");
}

#[test]
fn whoever_writes_puts_the_quiet_off_and_wakes_what_was_quiet() {
    let mut mock = listening();
    write(&mut mock);
    assert_eq!(events(&mut mock, "29m").len(), 2);
    assert_eq!(mock.raw(&gosendapi("k")).0, 201);
    let sent = events(&mut mock, "29m");
    assert!(sent.iter().all(|(event, _)| event.starts_with("message.")), "{sent:?}");
    assert_eq!(pairs(&events(&mut mock, "1m")), [("conversation.inactive", "2026-05-11T10:19:00Z")]);
    assert_eq!(mock.raw(&gosendapi("k")).0, 201);
    let later = events(&mut mock, "23h");
    assert_eq!(pairs(&later).last(), Some(&("conversation.inactive", "2026-05-11T10:49:00Z")), "{later:?}");
    assert_eq!(pairs(&events(&mut mock, "2h")), [("conversation.ended", "2026-05-12T10:19:00Z")]);
}

#[test]
fn closed_conversation_is_announced_once_with_reason() {
    let mut mock = listening();
    write(&mut mock);
    told(&mut mock);
    let row = mock.raw(&requests::get_gosendapi("conversations?contact_phone=919876543210")).1["data"][0].clone();
    for _ in 0..2 {
        let close = Request::post(format!("/v1/conversations/{}/close", row["id"].as_str().unwrap()));
        let body = bytes::Bytes::from_static(br#"{"reason":"agent_close"}"#);
        let close = close.header("x-api-key", "k").header("content-type", "application/json").body(body);
        assert_eq!(mock.raw(&close.unwrap()).0, 200);
    }
    mock.post("clock", &json!({"advance": "25h"}));
    let ended = told(&mut mock);
    assert_eq!(ended.len(), 1, "{ended:?}");
    let conversation = &ended[0]["data"]["conversation"];
    assert_eq!(
        (&ended[0]["event"], &ended[0]["created_at"]),
        (&json!("whatsapp.conversation.ended"), &json!("2026-05-11T09:20:00Z"))
    );
    assert_eq!((&conversation["id"], &conversation["status"]), (&row["id"], &json!("ended")));
    assert_eq!(conversation["ended_reason"], "agent_close");
}

#[test]
fn a_template_whose_review_ends_is_told_with_its_verdict() {
    let mut mock = listening();
    for (name, status) in [("pending_one", "approved"), ("visit_reminder", "rejected"), ("visit_reminder", "paused")] {
        mock.post("config", &json!({"provider": "gosendapi", "template": name, "status": status}));
        mock.post("config", &json!({"provider": "gosendapi", "template": name, "status": status}));
    }
    let told = told(&mut mock);
    let words = told
        .iter()
        .map(|told| [&told["event"], &told["data"]["template"]["name"], &told["data"]["template"]["status"]]);
    assert_eq!(
        words.collect::<Vec<_>>(),
        [
            [&json!("whatsapp.template.approved"), &json!("pending_one"), &json!("APPROVED")],
            [&json!("whatsapp.template.rejected"), &json!("visit_reminder"), &json!("REJECTED")],
        ]
    );
}

#[test]
fn without_announcements_only_message_events_are_sent() {
    let mut mock = requests::listening("gosendapi");
    mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "hi"}));
    mock.post("clock", &json!({"advance": "25h"}));
    let told = told(&mut mock);
    assert_eq!((told.len(), &told[0]["event"]), (1, &json!("whatsapp.message.received")));
    for provider in ["exotel", "messangi"] {
        let body = json!({"provider": provider, "url": "http://127.0.0.1:9000/hook", "announcements": true});
        let said = mock.refused("webhooks", &body);
        assert!(said.contains(&format!("expected false: {provider} tells of messages alone")), "{said}");
    }
}

#[test]
fn minutes_of_the_switch_move_the_webhook_and_the_clock() {
    let mut mock = listening();
    write(&mut mock);
    mock.post("config", &json!({"provider": "gosendapi", "inactive_after_minutes": "120"}));
    let fired = |mock: &mut Mock, advance: &str| {
        let turn = mock.post("clock", &json!({"advance": advance}));
        let fired = turn["fired"].as_array().unwrap().clone();
        fired.iter().filter(|event| event["state"] == "inactive").count()
    };
    assert_eq!(fired(&mut mock, "119m"), 0);
    assert!(told(&mut mock).iter().all(|told| told["event"] != "whatsapp.conversation.inactive"));
    assert_eq!(fired(&mut mock, "1m"), 1);
    assert_eq!(pairs(&events(&mut mock, "0s")), [("conversation.inactive", "2026-05-11T11:20:00Z")]);
    write(&mut mock);
    mock.post("config", &json!({"provider": "gosendapi", "inactive_after_minutes": "5"}));
    assert_eq!(fired(&mut mock, "5m"), 1);
    assert_eq!(pairs(&events(&mut mock, "0s")).last(), Some(&("conversation.inactive", "2026-05-11T11:25:00Z")));
}

#[test]
fn switches_decide_about_announcements_and_a_close_by_hand() {
    let mut mock = requests::listening("gosendapi");
    let registered = mock.ask("webhooks")[0]["announcements"].clone();
    mock.post("config", &json!({"provider": "gosendapi", "announcements": "on"}));
    assert_eq!((registered, &mock.ask("webhooks")[0]["announcements"]), (json!(false), &json!(true)));
    let close = |mock: &mut Mock| {
        write(mock);
        let list = mock.raw(&requests::get_gosendapi("conversations?contact_phone=919876543210&status=active")).1;
        let path = format!("/v1/conversations/{}/close", list["data"][0]["id"].as_str().unwrap());
        assert_eq!(mock.raw(&Request::post(path).header("x-api-key", "k").body(bytes::Bytes::new()).unwrap()).0, 200);
        let told = told(mock);
        told.iter().filter(|told| told["event"] == "whatsapp.conversation.ended").count()
    };
    assert_eq!(close(&mut mock), 1);
    mock.post("config", &json!({"provider": "gosendapi", "close_event": "off"}));
    assert_eq!(close(&mut mock), 0);
}
