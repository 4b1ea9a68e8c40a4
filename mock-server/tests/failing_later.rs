//! Messages that are taken and well answered, and then fail by callback.

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
use requests::{autocalls, exotel, gosendapi, listening, messangi, told};
use serde_json::{Value, json};

/// A send to a provider, and where its webhook says what came of it.
fn send(provider: &str) -> (Request<bytes::Bytes>, [&'static str; 2]) {
    match provider {
        "autocalls" => (autocalls(), ["/status", "/error_code"]),
        "exotel" => {
            (exotel("acme"), ["/whatsapp/messages/0/exo_detailed_status", "/whatsapp/messages/0/exo_status_code"])
        }
        "gosendapi" => (gosendapi("k"), ["/data/message/status", "/data/message/errors/0/code"]),
        _ => (messangi("k"), ["/status", "/reason"]),
    }
}

#[test]
fn late_failure_is_accepted_then_reported_as_failed() {
    for (provider, order, expected) in [
        ("autocalls", json!({}), [json!("failed"), json!(63016)]),
        ("autocalls", json!({"code": 30008}), [json!("failed"), json!(30008)]),
        ("exotel", json!({"code": 30014}), [json!("EX_RECIPIENT_BLOCKED"), json!(30014)]),
        ("exotel", json!({"name": "ex_incapable_recipient"}), [json!("EX_INCAPABLE_RECIPIENT"), json!(30013)]),
        ("gosendapi", json!({"code": 131_026}), [json!("failed"), json!(131_026)]),
        ("messangi", json!({"name": "BLACKLISTED"}), [json!("BLACKLISTED"), json!("the recipient is blocked")]),
        (
            "messangi",
            json!({"name": "QUOTA_EXCEEDED"}),
            [json!("QUOTA_EXCEEDED"), json!("the account's limit is used up")],
        ),
    ] {
        let mut mock = listening(provider);
        let mut fault = json!({"provider": provider, "fault": "fail_later", "next": 1});
        fault.as_object_mut().unwrap().extend(order.as_object().unwrap().clone());
        mock.post("faults", &fault);
        let (request, places) = send(provider);
        let reply = mock.simulator.step(mock.real_now, &request);
        assert!(reply.response.status().is_success(), "{provider}: {reply:?}");
        assert_eq!(reply.response.headers()["x-mock-cause"], "fault 1 (fail_later)");
        assert_eq!(mock.ask("messages"), json!([]), "{provider}");
        mock.post("clock", &json!({"advance": "1m"}));
        let told = told(&mut mock);
        assert_eq!(told.len(), 1, "{provider}: {told:?}");
        assert_eq!(places.map(|place| told[0].pointer(place).cloned().unwrap_or_default()), expected, "{provider}");
        // The next one arrives.
        assert!(mock.raw(&request).0 < 300);
        assert_eq!(mock.ask("messages").as_array().unwrap().len(), 1, "{provider}");
    }
}

#[test]
fn an_order_to_fail_that_cannot_be_is_refused() {
    let mut mock = Mock::new();
    for (more, error) in [
        (json!({"name": "TIRED"}), "`name` is \"TIRED\", expected one of `EX_REENGAGEMENT_ERROR`, `EX_SYSTEM_ERROR`"),
        (json!({"code": "30014"}), "`code` is \"30014\", expected a whole number"),
        (json!({"after_accept": false}), "`after_accept` is false, expected true"),
        (json!({"ms": 5}), "unknown member `ms`"),
    ] {
        let mut fault = json!({"provider": "exotel", "fault": "fail_later", "next": 1});
        fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = mock.refused("faults", &fault);
        assert!(said.contains(error), "{said}");
    }
    let headers = json!({"provider": "exotel", "fault": "rate_limited", "next": 1, "headers": {"a": "b"}});
    let said = mock.refused("faults", &headers);
    assert!(
        said.contains("unknown member `headers`")
            && !said.contains("some of `headers`")
            && said.matches("`headers`").count() == 1,
        "{said}"
    );
    assert_eq!(mock.ask("faults"), json!([]));
}

#[test]
fn an_order_to_fail_is_exported_and_imported_as_it_was() {
    let mut mock = Mock::new();
    for order in [json!({"code": 30014}), json!({"code": 39999}), json!({"name": "EX_SETUP_ERROR"})] {
        let mut fault = json!({"provider": "exotel", "fault": "fail_later", "always": true});
        fault.as_object_mut().unwrap().extend(order.as_object().unwrap().clone());
        mock.post("faults", &fault);
    }
    let state = mock.ask("state");
    let mut other = Mock::new();
    assert_eq!(other.call(http::Method::PUT, "state", &state.to_string()).0, 200);
    assert_eq!(other.ask("faults"), mock.ask("faults"));
}

#[test]
fn last_status_switch_makes_messages_fail_or_undelivered() {
    let words = |provider: &str, last_status: &str| {
        let mut mock = listening(provider);
        mock.post("config", &json!({"provider": provider, "last_status": last_status}));
        let (request, places) = send(provider);
        assert!(mock.raw(&request).0 < 300);
        mock.post("clock", &json!({"advance": "1m"}));
        assert_eq!(mock.ask("messages"), json!([]));
        told(&mut mock).iter().map(|told| told.pointer(places[0]).cloned().unwrap_or_default()).collect::<Vec<Value>>()
    };
    assert_eq!(words("autocalls", "undelivered"), ["sent", "undelivered"]);
    for (provider, word) in
        [("autocalls", "failed"), ("exotel", "EX_REENGAGEMENT_ERROR"), ("gosendapi", "failed"), ("messangi", "FAILED")]
    {
        assert_eq!(words(provider, "failed"), [word], "{provider}");
    }
    let said = Mock::new().refused("config", &json!({"provider": "exotel", "last_status": "undelivered"}));
    assert!(said.contains("`last_status`"), "{said}");
}

#[test]
fn late_failure_is_in_conversations_and_provider_lists() {
    let mut mock = Mock::new();
    mock.post("config", &json!({"provider": "gosendapi", "window_error": "callback"}));
    let (status, accepted) = mock.raw(&gosendapi("k"));
    assert_eq!(status, 201);
    let wamid = accepted["messages"][0]["id"].as_str().unwrap().to_owned();
    let rows = mock.ask("conversations?provider=gosendapi");
    let row = rows.as_array().unwrap().iter().find(|row| row["contact"] == CONTACT).unwrap();
    assert_eq!(row["messages"][0]["statuses"][0]["status"], "failed");
    let one = mock.raw(&requests::get_gosendapi(&format!("messages/{wamid}"))).1;
    assert_eq!((&one["status"], &one["type"], &one["wamid"]), (&json!("failed"), &json!("text"), &json!(wamid)));
    let list = mock.raw(&requests::get_gosendapi("messages")).1;
    assert_eq!(list["data"], json!([one]));
}

#[test]
fn the_vendors_own_list_says_how_far_each_message_has_got() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "hi"}));
    mock.post("config", &json!({"provider": "gosendapi", "last_status": "read"}));
    assert_eq!(mock.raw(&gosendapi("k")).0, 201);
    for (advance, expected) in [("0s", "sent"), ("999ms", "sent"), ("1ms", "delivered"), ("1s", "read")] {
        mock.post("clock", &json!({"advance": advance}));
        let list = mock.raw(&requests::get_gosendapi("messages")).1;
        assert_eq!(list["data"][0]["status"], expected, "after {advance} more");
    }
    mock.post("faults", &json!({"provider": "gosendapi", "fault": "fail_later", "next": 1}));
    assert_eq!(mock.raw(&gosendapi("k")).0, 201);
    assert_eq!(mock.raw(&gosendapi("k")).0, 201);
    let list = mock.raw(&requests::get_gosendapi("messages")).1;
    let statuses: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["sent", "failed", "read"]);
}
