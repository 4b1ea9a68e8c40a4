//! Conversations as a person reads them, and the console's files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::{Method, Request};
use serde_json::{Value, json};

/// The conversation with the contact at Exotel.
fn conversation(mock: &mut Mock) -> Value {
    let all = mock.ask("conversations?provider=exotel");
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0].clone()
}

#[test]
fn conversation_lists_both_sides_window_and_statuses() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "name": "Asha", "text": "hi"}));
    assert_eq!(mock.send(), 202);
    mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "thanks"}));
    let seen = conversation(&mut mock);
    assert_eq!((&seen["business"], &seen["contact"]), (&json!("+919876500001"), &json!(CONTACT)));
    assert_eq!(seen["name"], "Asha");
    assert_eq!(seen["window"], json!({"state": "open", "until": "2026-05-12T09:20:00Z"}));
    let said = |index: usize| (&seen["messages"][index]["direction"], &seen["messages"][index]["content"]["body"]);
    assert_eq!(
        [said(0), said(1), said(2)],
        [(&json!("in"), &json!("hi")), (&json!("out"), &json!("Hi")), (&json!("in"), &json!("thanks"))]
    );
    assert_eq!(seen["messages"][1]["statuses"], json!([{"status": "sent", "at": "2026-05-11T09:20:00Z"}]));
    mock.post("clock", &json!({"advance": "25h"}));
    let seen = conversation(&mut mock);
    assert_eq!(seen["messages"][1]["statuses"][1]["status"], "delivered");
    assert_eq!(seen["window"], json!({"state": "expired", "since": "2026-05-12T09:20:00Z"}));
}

#[test]
fn accepted_message_that_fails_has_its_reason() {
    let mut mock = Mock::new();
    mock.post("config", &json!({"provider": "exotel", "window_error": "callback"}));
    assert_eq!(mock.send(), 202);
    // Nobody got it, and it is seen all the same.
    assert_eq!(conversation(&mut mock)["window"], json!({"state": "never"}));
    mock.open_window();
    let message = &conversation(&mut mock)["messages"][0];
    assert_eq!((&message["content"], &message["direction"]), (&Value::Null, &json!("out")));
    assert_eq!(message["statuses"][0]["status"], "failed");
    assert!(message["statuses"][0]["error"]["code"].is_string(), "{message}");
}

#[test]
fn seeded_conversation_is_listed_without_messages() {
    let mut mock = Mock::new();
    let all = mock.ask("conversations");
    assert_eq!((all.as_array().unwrap().len(), &all[0]["contact"]), (1, &json!("+5491140123456")));
    assert_eq!((&all[0]["window"]["state"], &all[0]["messages"]), (&json!("expired"), &json!([])));
}

#[test]
fn import_brings_ledger_and_drops_inbound_texts() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.send();
    let state = mock.ask("state");
    let (status, _) = mock.call(Method::PUT, "state", &state.to_string());
    assert_eq!(status, 200);
    let messages = conversation(&mut mock)["messages"].clone();
    assert_eq!((messages.as_array().unwrap().len(), &messages[0]["direction"]), (1, &json!("out")));
    mock.post("reset", &json!({}));
    assert_eq!(mock.ask("conversations?provider=exotel"), json!([]));
}

#[test]
fn the_last_requests_are_those_asked_for() {
    let mut mock = Mock::new();
    for _ in 0..3 {
        mock.send();
    }
    assert_eq!(mock.ask("requests?last=2").as_array().unwrap().len(), 2);
    assert_eq!(mock.ask("requests?last=2&provider=messangi"), json!([]));
    let (status, refused) = mock.call(Method::GET, "requests?last=few", "");
    assert_eq!((status, refused["error"].as_str().unwrap().contains("expected a whole number")), (400, true));
}

#[test]
fn one_fault_is_switched_off_by_its_id_and_the_others_stay() {
    let mut mock = Mock::new();
    let rule = |kind: &str| json!({"provider": "exotel", "fault": kind, "always": true});
    let rules = mock.post("faults", &json!([rule("html"), rule("garbage")]));
    let (status, left) = mock.call(Method::DELETE, &format!("faults?id={}", rules[0]["id"]), "");
    assert_eq!((status, left.as_array().unwrap().len(), &left[0]["fault"]), (200, 1, &json!("garbage")));
    for wrong in ["faults?id=99", "faults?id=first", "faults?kind=html"] {
        assert_eq!(mock.call(Method::DELETE, wrong, "").0, 400, "{wrong}");
    }
    assert_eq!(mock.call(Method::DELETE, "faults", ""), (200, json!([])));
}

fn page(mock: &mut Mock, path: &str, header: (&str, &str)) -> http::Response<Bytes> {
    let request = Request::get(path).header(header.0, header.1).body(Bytes::new()).unwrap();
    mock.answer(&request)
}

#[test]
fn the_console_is_a_page_that_runs_nothing_but_its_own_files() {
    let mut mock = Mock::new();
    let local = ("host", "127.0.0.1:4010");
    let html = page(&mut mock, "/", local);
    assert_eq!(
        (html.status().as_u16(), &html.headers()["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    let policy = html.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let text = String::from_utf8(html.body().to_vec()).unwrap();
    assert!(!text.contains("style=") && !text.contains("onclick"), "the policy would forbid it");
    // What the page names is there, and so is what its scripts import.
    let mut wanted: Vec<String> =
        text.split('"').filter(|part| part.starts_with("/_mock/console/")).map(str::to_owned).collect();
    assert!(wanted.len() >= 4, "{wanted:?}");
    let mut seen = 0;
    while let Some(path) = wanted.get(seen).cloned() {
        let file = page(&mut mock, &path, local);
        assert_eq!(file.status(), 200, "{path}");
        let text = String::from_utf8(file.body().to_vec()).unwrap();
        assert!(!text.is_empty() && !text.contains("innerHTML") && !text.contains("://cdn"), "{path}");
        for import in text.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()) {
            let path = format!("/_mock/console/{import}");
            if !wanted.contains(&path) {
                wanted.push(path);
            }
        }
        seen += 1;
    }
    assert_eq!(page(&mut mock, "/_mock/console/none.js", local).status(), 404);
}

#[test]
fn the_console_and_its_files_are_for_this_machine_only() {
    let mut mock = Mock::new();
    for path in ["/", "/_mock/console/app.js", "/_mock/events", "/_mock/openapi.json"] {
        for stranger in [("host", "evil.example:4010"), ("origin", "https://evil.example")] {
            assert_eq!(page(&mut mock, path, stranger).status(), 403, "{path} {stranger:?}");
        }
    }
    let post = Request::post("/").body(Bytes::new()).unwrap();
    assert_eq!(mock.raw(&post).0, 405);
}
