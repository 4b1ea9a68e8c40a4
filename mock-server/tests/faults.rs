//! The script of what goes wrong: what it takes, and what each fault does.

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::Mock;
use http::{Method, Request};
use serde_json::{Value, json};
use transom_mock_server::WireFault;

#[test]
fn faults_are_appended_listed_with_what_remains_and_cleared() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.post(
        "faults",
        &json!([{"provider": "exotel", "fault": "status", "status": 502, "body": "bad gateway", "next": 2}]),
    );
    mock.post("faults", &json!({"provider": "exotel", "fault": "delay", "ms": 5, "always": true, "on": "any"}));
    assert_eq!(mock.send(), 502);
    let listed = mock.ask("faults");
    assert_eq!((&listed[0]["fault"], &listed[0]["remaining"]), (&json!("status"), &json!(1)));
    assert_eq!(
        (&listed[1]["ms"], &listed[1]["on"], &listed[1]["after_accept"]),
        (&json!(5), &json!("any"), &json!(true))
    );
    assert_eq!([mock.send(), mock.send()], [502, 202]);
    let (status, left) = mock.call(Method::DELETE, "faults", "");
    assert_eq!((status, left), (200, json!([])));
}

#[test]
fn each_fault_does_what_its_name_says() {
    let cases = [
        (json!({"fault": "lose_reply"}), 202, WireFault::Lost, 1),
        (json!({"fault": "reset"}), 202, WireFault::Reset, 1),
        (json!({"fault": "hang"}), 202, WireFault::Hang, 1),
        (json!({"fault": "garbage"}), 200, WireFault::Whole, 1),
        (json!({"fault": "html"}), 200, WireFault::Whole, 1),
        (json!({"fault": "delay", "ms": 1500}), 202, WireFault::Whole, 1),
        (json!({"fault": "delay", "ms": 1500, "after_accept": false}), 503, WireFault::Whole, 0),
        (json!({"fault": "lose_reply", "after_accept": false}), 503, WireFault::Lost, 0),
        (json!({"fault": "redirect"}), 307, WireFault::Whole, 0),
        (json!({"fault": "redirect", "status": 303, "location": "https://example.org/"}), 303, WireFault::Whole, 0),
        (
            json!({"fault": "status", "status": 503, "body": {"a": 1}, "headers": {"Retry-After": 7}}),
            503,
            WireFault::Whole,
            0,
        ),
        (json!({"fault": "status", "status": 500, "after_accept": true}), 500, WireFault::Whole, 1),
        (json!({"fault": "rate_limited"}), 429, WireFault::Whole, 0),
    ];
    for (mut fault, status, wire, delivered) in cases {
        let mut mock = Mock::new();
        mock.open_window();
        fault["provider"] = json!("exotel");
        fault["next"] = json!(1);
        mock.post("faults", &fault);
        let reply = mock.simulator.step(mock.real_now, &Mock::exotel_text());
        assert_eq!((reply.response.status().as_u16(), reply.wire), (status, wire), "{fault}");
        assert_eq!(reply.response.headers()["x-transom-fault"], fault["fault"].as_str().unwrap());
        assert_eq!(reply.delay.as_millis(), fault["ms"].as_u64().unwrap_or_default().into());
        assert_eq!(mock.ask("messages").as_array().unwrap().len(), delivered, "{fault}");
        assert_eq!(mock.ask("requests")[0]["fault"], fault["fault"]);
        let is_json = serde_json::from_slice::<Value>(reply.response.body()).is_ok();
        assert_eq!(
            is_json,
            !matches!(fault["fault"].as_str(), Some("garbage" | "html" | "redirect")) && fault["status"] != 500,
            "{fault}"
        );
    }
}

#[test]
fn redirect_defaults_to_the_requested_url() {
    let mut mock = Mock::new();
    mock.post("faults", &json!({"provider": "exotel", "fault": "redirect", "next": 1, "on": "any"}));
    let request = Request::get("/v2/accounts/acme/templates?waba_id=8").body(Bytes::new()).unwrap();
    let reply = mock.simulator.step(mock.real_now, &request);
    assert_eq!(reply.response.headers()["location"], "/v2/accounts/acme/templates?waba_id=8");
}

#[test]
fn a_truncated_answer_is_cut_within_its_body() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.post("faults", &json!({"provider": "exotel", "fault": "truncate", "next": 1}));
    let reply = mock.simulator.step(mock.real_now, &Mock::exotel_text());
    let WireFault::Truncated(at) = reply.wire else { panic!("{:?}", reply.wire) };
    assert!(at > 0 && at < reply.response.body().len());
}

#[test]
fn an_injected_429_is_the_providers_own_for_each_provider() {
    let mut mock = Mock::new();
    for (provider, path) in [
        ("autocalls", "/api/user/whatsapp/send"),
        ("exotel", "/v2/accounts/acme/messages"),
        ("gosendapi", "/v1/messages"),
        ("messangi", "/notification"),
    ] {
        mock.post("faults", &json!({"provider": provider, "fault": "rate_limited", "next": 1}));
        let request = Request::post(path).body(Bytes::new()).unwrap();
        let reply = mock.simulator.step(mock.real_now, &request);
        assert_eq!(reply.response.status(), 429, "{provider}");
        let headers = reply.response.headers();
        assert!(
            headers.contains_key("retry-after") || headers.contains_key("ratelimit-reset"),
            "{provider}: {headers:?}"
        );
    }
}

#[test]
fn waiting_until_limit_reset_is_long_enough() {
    for (provider, path, window) in [
        ("autocalls", "/api/user/whatsapp/send", 1),
        ("exotel", "/v2/accounts/acme/messages", 60),
        ("gosendapi", "/v1/messages", 1),
    ] {
        let mut mock = Mock::new();
        mock.post("faults", &json!({"provider": provider, "fault": "rate_limited", "next": 1}));
        let since = mock.real_now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        mock.real_now += std::time::Duration::from_millis(300);
        let request = Request::post(path).body(Bytes::new()).unwrap();
        let reply = mock.simulator.step(mock.real_now, &request);
        // The window ends 300 ms after a whole second, and the header has whole ones.
        let reset = (since + window + 1).to_string();
        assert_eq!(reply.response.headers()["x-ratelimit-reset"], reset.as_str(), "{provider}");
    }
}

#[test]
fn a_dropped_reply_can_be_foreseen_without_using_it_up() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.post(
        "faults",
        &json!([
            {"provider": "exotel", "fault": "html", "next": 1},
            {"provider": "exotel", "fault": "lose_reply", "next": 1},
        ]),
    );
    let request = Mock::exotel_text();
    assert!(!mock.simulator.would_drop_reply(&request));
    mock.send();
    assert!(mock.simulator.would_drop_reply(&request) && mock.simulator.would_drop_reply(&request));
    let read = Request::get("/v2/accounts/acme/templates?waba_id=8").body(Bytes::new()).unwrap();
    assert!(!mock.simulator.would_drop_reply(&read));
    mock.send();
    assert!(!mock.simulator.would_drop_reply(&request));
    mock.post("faults", &json!({"provider": "exotel", "fault": "reset", "next": 1}));
    assert!(mock.simulator.would_drop_reply(&request));
}

#[test]
fn wrong_fault_is_named_by_index_and_no_fault_is_added() {
    let mut mock = Mock::new();
    let good = json!({"provider": "exotel", "fault": "hang", "next": 1});
    for (bad, error) in [
        (json!({"fault": "hang", "next": 1}), "fault 2: `provider` is missing"),
        (json!({"provider": "exotel", "next": 1}), "fault 2: `fault` is missing"),
        (json!({"provider": "exotel", "fault": "explode", "next": 1}), "fault 2: `fault` is \"explode\""),
        (json!({"provider": "exotel", "fault": "hang"}), "one of `next`, `every` and `always`"),
        (
            json!({"provider": "exotel", "fault": "hang", "next": 1, "every": 2}),
            "several of `next`, `every` and `always`",
        ),
        (json!({"provider": "exotel", "fault": "hang", "next": 0}), "`next` is 0"),
        (json!({"provider": "exotel", "fault": "hang", "next": 1, "on": "read"}), "expected `send` or `any`"),
        (json!({"provider": "exotel", "fault": "delay", "next": 1}), "`ms` is missing"),
        (json!({"provider": "exotel", "fault": "status", "next": 1}), "`status` is missing"),
        (json!({"provider": "exotel", "fault": "status", "status": 99, "next": 1}), "`status` is 99"),
        (
            json!({"provider": "exotel", "fault": "status", "status": 500, "headers": {"a b": "c"}, "next": 1}),
            "`headers` has `a b`",
        ),
        (
            json!({"provider": "exotel", "fault": "status", "status": 500, "headers": {"content-length": "9"}, "next": 1}),
            "`headers` has",
        ),
        (json!({"provider": "exotel", "fault": "hang", "ms": 5, "next": 1}), "unknown member `ms`"),
    ] {
        let said = mock.refused("faults", &json!([good, bad]));
        assert!(said.contains(error), "{said}");
    }
    assert_eq!(mock.ask("faults"), json!([]));
}

/// Only what was accepted can fail afterwards.
#[test]
fn a_refused_send_does_not_spend_an_after_accept_fault() {
    for (fault, wire) in [("lose_reply", WireFault::Lost), ("gate", WireFault::Held(1))] {
        let mut mock = Mock::new();
        mock.post("faults", &json!({"provider": "exotel", "fault": fault, "next": 1}));
        let refused = mock.simulator.step(mock.real_now, &Mock::exotel_text());
        assert_eq!((refused.response.status().as_u16(), refused.wire), (400, WireFault::Whole), "{fault}");
        assert_eq!(refused.response.headers().get("x-mock-cause"), None);
        assert_eq!(mock.ask("faults")[0]["remaining"], 1);
        mock.open_window();
        let accepted = mock.simulator.step(mock.real_now, &Mock::exotel_text());
        assert_eq!((accepted.response.status().as_u16(), accepted.wire), (202, wire), "{fault}");
        assert_eq!(mock.ask("faults"), json!([]));
    }
    let mut mock = Mock::new();
    mock.post("faults", &json!({"provider": "exotel", "fault": "lose_reply", "after_accept": false, "next": 1}));
    assert_eq!(mock.simulator.step(mock.real_now, &Mock::exotel_text()).wire, WireFault::Lost);
    assert_eq!(mock.ask("faults"), json!([]), "it takes the place of the send, accepted or not");
}
