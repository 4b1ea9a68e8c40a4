//! The control plane, call by call.

#[cfg(test)]
mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::{Method, Request};
use serde_json::{Value, json};

#[test]
fn an_inbound_message_opens_the_window_for_24_hours() {
    let mut mock = Mock::new();
    let answer = mock
        .post("inbound", &json!({"provider": "exotel", "from": "91 98765 43210", "to": "919876500001", "text": "hi"}));
    assert_eq!(answer["window"], json!({"state": "open", "until": "2026-05-12T09:20:00Z"}));
    assert!(answer["message_id"].is_string());
    assert_eq!(mock.send(), 202);
    mock.post("clock", &json!({"advance": "25h"}));
    assert_eq!(mock.send(), 400);
}

#[test]
fn an_inbound_message_may_have_content_instead_of_a_text() {
    let mut mock = Mock::new();
    let image = json!({"type": "image", "id": "m1"});
    mock.post(
        "inbound",
        &json!({"provider": "gosendapi", "from": CONTACT, "to": "555123456789", "content": image, "name": "Ana"}),
    );
}

#[test]
fn a_wrong_inbound_message_is_refused_with_what_was_expected() {
    let mut mock = Mock::new();
    for (body, error) in [
        (json!({"from": CONTACT, "text": "hi"}), "`provider` is missing"),
        (
            json!({"provider": "twilio", "from": CONTACT, "text": "hi"}),
            "expected one of `autocalls`, `exotel`, `gosendapi`, `messangi`",
        ),
        (json!({"provider": "exotel", "text": "hi"}), "`from` is missing"),
        (json!({"provider": "exotel", "from": "me", "text": "hi"}), "`from` is \"me\", expected a phone number"),
        (
            json!({"provider": "exotel", "from": "0091 98765 43210", "text": "hi"}),
            "`from` is \"0091 98765 43210\", expected a phone number",
        ),
        (
            json!({"provider": "exotel", "from": CONTACT, "to": "+911111111111", "text": "hi"}),
            "expected a sender of exotel: `+919876500001`",
        ),
        (
            json!({"provider": "gosendapi", "from": CONTACT, "to": "999000111222", "text": "hi"}),
            "expected a sender of gosendapi",
        ),
        (json!({"provider": "exotel", "from": CONTACT}), "expected a `text` or a `content`"),
        (
            json!({"provider": "exotel", "from": CONTACT, "text": "hi", "content": {"type": "text"}}),
            "expected one of them",
        ),
        (json!({"provider": "exotel", "from": CONTACT, "content": {"body": "hi"}}), "an object with a `type`"),
        (json!({"provider": "exotel", "from": CONTACT, "raw": {"body": "hi"}}), "an object with a `type`"),
        (json!({"provider": "exotel", "from": CONTACT, "text": 5}), "`text` is 5, expected a string"),
        (json!({"provider": "exotel", "from": CONTACT, "text": "hi", "body": "hi"}), "unknown member `body`"),
    ] {
        let said = mock.refused("inbound", &body);
        assert!(said.contains(error), "{said}");
    }
    assert_eq!(mock.send(), 400);
}

#[test]
fn impossible_inbound_content_is_refused_unless_raw() {
    let mut mock = Mock::new();
    for (content, error) in [
        (json!({"type": "banana"}), "`content`: `type` is \"banana\", expected one of `text`, `image`"),
        (json!({"type": "buttons", "body": "Pick"}), "anything else goes as `raw`"),
        (json!({"type": "text"}), "`content`: `body` is missing"),
        (json!({"type": "text", "body": 5}), "`content`: `body` is 5, expected a string"),
        (json!({"type": "text", "body": "hi", "text": "hi"}), "`content`: unknown member `text`"),
        (json!({"type": "image", "caption": "c"}), "`link` is missing, expected a `link` or an `id`"),
        (json!({"type": "location", "latitude": 13.08}), "`longitude` is missing"),
        (json!({"type": "location", "latitude": 130.8, "longitude": 8}), "`latitude` is 130.8"),
        (json!({"type": "contacts", "contacts": []}), "`contacts` is empty"),
        (json!({"type": "reaction", "emoji": "👍"}), "`message_id` is missing"),
        (json!({"type": "button_reply", "id": "yes"}), "`title` is missing"),
        (json!({"type": "button", "text": "OK"}), "`payload` is missing"),
    ] {
        let said = mock.refused("inbound", &json!({"provider": "exotel", "from": CONTACT, "content": content}));
        assert!(said.contains(error), "{said}");
        if content["type"] != "text" {
            mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "raw": content}));
        }
    }
}

#[test]
fn the_clock_advances_sets_freezes_and_dates_every_answer() {
    let mut mock = Mock::new();
    assert_eq!(mock.ask("clock"), json!({"now": "2026-05-11T09:20:00Z", "frozen": false}));
    assert_eq!(mock.post("clock", &json!({"advance": "1h30m"}))["now"], "2026-05-11T10:50:00Z");
    mock.real_now += Duration::from_secs(60);
    assert_eq!(mock.ask("clock")["now"], "2026-05-11T10:51:00Z");
    let frozen = json!({"now": "2026-01-01T00:00:00Z", "frozen": true});
    assert_eq!(mock.post("clock", &json!({"set": "2026-01-01T01:00:00+01:00", "freeze": true})), frozen);
    mock.real_now += Duration::from_secs(60);
    assert_eq!(mock.ask("clock"), frozen);
    for path in ["/_mock/clock", "/api/user/me", "/nowhere"] {
        let request = Request::get(path).body(Bytes::new()).unwrap();
        assert_eq!(mock.answer(&request).headers()["date"], "Thu, 01 Jan 2026 00:00:00 GMT", "{path}");
    }
}

#[test]
fn a_wrong_time_is_refused_and_the_clock_stays() {
    let mut mock = Mock::new();
    for (body, error) in [
        (json!({}), "expected some of `advance`, `set`, `freeze`"),
        (json!({"advance": "25 hours"}), "expected a duration such as \"25h\""),
        (json!({"advance": 25}), "`advance` is 25, expected a string"),
        (json!({"advance": "9999999d"}), "beyond the year 9000"),
        (json!({"set": "tomorrow"}), "expected a time such as"),
        (json!({"set": "1812-01-01T00:00:00Z"}), "between 1970 and 9000"),
        (json!({"freeze": "yes"}), "expected true or false"),
        (json!({"advance": "1h", "faster": 2}), "unknown member `faster`"),
        (json!([]), "it is an array, expected an object"),
    ] {
        let said = mock.refused("clock", &body);
        assert!(said.contains(error), "{said}");
    }
    let (status, json) = mock.call(Method::POST, "clock", "{");
    assert!(status == 400 && json["error"].as_str().unwrap().starts_with("the body is not JSON"));
    assert_eq!(mock.ask("clock")["now"], "2026-05-11T09:20:00Z");
}

#[test]
fn unknown_calls_are_404_and_wrong_methods_405() {
    let mut mock = Mock::new();
    for call in ["", "stats", "event", "clock/now", "console/none.js"] {
        let (status, json) = mock.call(Method::GET, call, "");
        assert!(
            status == 404 && json["error"].as_str().unwrap().contains("expected one of `/_mock/reset`"),
            "{call}: {json}"
        );
    }
    for (method, call) in
        [(Method::GET, "reset"), (Method::PUT, "clock"), (Method::DELETE, "messages"), (Method::GET, "inbound")]
    {
        let (status, json) = mock.call(method, call, "");
        assert!(status == 405 && json["error"].as_str().unwrap().contains("expected `"), "{call}: {json}");
    }
    assert_eq!(mock.raw(&Request::get("/nowhere").body(Bytes::new()).unwrap()).0, 404);
}

#[test]
fn a_web_page_of_another_origin_is_refused() {
    let mut mock = Mock::new();
    for (header, value) in [("host", "evil.example:4010"), ("origin", "https://evil.example"), ("origin", "null")] {
        let request = Request::post("/_mock/reset").header(header, value).body(Bytes::new()).unwrap();
        assert_eq!(mock.raw(&request).0, 403, "{header} {value}");
    }
    let request =
        Request::post("/_mock/reset").header("host", "localhost:4010").header("origin", "http://127.0.0.1:4010");
    assert_eq!(mock.raw(&request.body(Bytes::new()).unwrap()).0, 200);
}

#[test]
fn the_journal_has_every_exchange_with_its_credentials_masked() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.send();
    let login = Request::post("/kingslanding/login?token=s3cret").header("content-type", "application/json");
    mock.raw(&login.body(Bytes::from(r#"{"username":"ops@example.com","password":"s3cret"}"#)).unwrap());
    let all = mock.ask("requests");
    assert_eq!(all.as_array().unwrap().len(), 2);
    let exchange = &all[0];
    let members: Vec<&String> = exchange.as_object().unwrap().keys().collect();
    let promised = ["at", "body", "findings", "headers", "method", "path", "provider", "response"];
    assert_eq!(members, [&promised[..], &["response_headers", "status"]].concat());
    assert_eq!((&exchange["method"], &exchange["path"]), (&json!("POST"), &json!("/v2/accounts/acme/messages")));
    assert_eq!((&exchange["status"], &exchange["response"]["http_code"]), (&json!(202), &json!(202)));
    assert_eq!((&exchange["body"]["to"], &exchange["at"]), (&json!(CONTACT), &json!("2026-05-11T09:20:00Z")));
    assert_eq!(exchange["headers"]["authorization"], "Basic ***");
    let text = all.to_string();
    assert!(!text.contains("s3cret") && !text.contains("ZGVtby1rZXk6ZGVtby10b2tlbg"), "{text}");
    assert_eq!(mock.ask("requests?provider=messangi").as_array().unwrap().len(), 1);
    assert_eq!(mock.call(Method::GET, "requests?provider=nobody", "").0, 400);
    assert_eq!(mock.call(Method::GET, "requests?before=1", "").0, 400);
}

#[test]
fn the_ledger_has_what_people_got_newest_last() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.send();
    mock.post("clock", &json!({"advance": "1h"}));
    mock.send();
    let ledger = mock.ask("messages?provider=exotel");
    let times: Vec<&str> = ledger.as_array().unwrap().iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-05-11T09:20:00Z", "2026-05-11T10:20:00Z"]);
    let members: Vec<&String> = ledger[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["at", "content", "from", "message_id", "provider", "reference", "to"]);
    assert_eq!(mock.ask("messages?provider=messangi"), json!([]));
}

#[test]
fn a_new_limit_starts_a_new_window_on_the_virtual_clock() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.post("clock", &json!({"freeze": true}));
    let limit = json!({"provider": "exotel", "limit": 2, "window_s": 300});
    assert_eq!(mock.post("limits", &limit), limit);
    assert_eq!([mock.send(), mock.send(), mock.send()], [202, 202, 429]);
    mock.post("clock", &json!({"advance": "299s"}));
    assert_eq!(mock.send(), 429);
    mock.post("limits", &limit);
    assert_eq!([mock.send(), mock.send(), mock.send()], [202, 202, 429]);
    mock.post("clock", &json!({"advance": "300s"}));
    assert_eq!(mock.send(), 202);
    for (body, error) in [
        (json!({"provider": "exotel", "limit": -1, "window_s": 1}), "`limit` is -1, expected a whole number"),
        (json!({"provider": "exotel", "limit": 1}), "`window_s` is missing"),
        (json!({"provider": "exotel", "limit": 1, "window_s": 0}), "`window_s` is 0"),
        (json!({"provider": "exotel", "limit": 1, "window_s": 1, "burst": 2}), "unknown member `burst`"),
    ] {
        let said = mock.refused("limits", &body);
        assert!(said.contains(error), "{said}");
    }
}

#[test]
fn every_switch_is_listed_with_default_value_choices_and_source() {
    let mut mock = Mock::new();
    mock.post("config", &json!({"provider": "exotel", "window_error": "callback"}));
    let config = mock.ask("config");
    let switches = config["switches"].as_array().unwrap();
    let window =
        switches.iter().find(|switch| switch["provider"] == "exotel" && switch["name"] == "window_error").unwrap();
    assert_eq!(
        (&window["default"], &window["value"], &window["allowed"]),
        (&json!("sync"), &json!("callback"), &json!(["sync", "callback"]))
    );
    assert_eq!(window["source"], "WhatsApp Session Messages [seed]");
    for switch in switches {
        assert!(switch["allowed"].as_array().unwrap().contains(&switch["default"]), "{switch}");
        assert!(switch["source"].as_str().unwrap().ends_with(']'), "{switch}");
    }
    assert_eq!(mock.ask("config?provider=autocalls")["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn the_account_can_be_changed_and_wrong_changes_change_nothing() {
    let mut mock = Mock::new();
    let changed = mock.post(
        "config",
        &json!({"provider": "autocalls", "balance": 3, "sender": "12", "online": false, "template": "visit_reminder", "status": "paused"}),
    );
    assert_eq!((&changed["balance"], &changed["senders"][0]["online"]), (&json!(3.0), &json!(false)));
    assert_eq!(changed["templates"][0]["status"], "paused");
    for (body, error) in [
        (json!({"no_such_switch": 1}), "say which one is meant as `provider`"),
        (json!({"provider": "autocalls", "balance": "a lot"}), "`balance` is \"a lot\", expected a number"),
        (json!({"provider": "autocalls", "sender": "99", "online": true}), "expected one of `12`, `13`"),
        (json!({"provider": "autocalls", "sender": "12"}), "`online` is missing"),
        (json!({"provider": "autocalls", "online": true}), "`sender` is missing"),
        (
            json!({"provider": "autocalls", "template": "nothing", "status": "paused"}),
            "expected one of `visit_reminder`",
        ),
        (
            json!({"provider": "autocalls", "template": "visit_reminder", "status": "lost"}),
            "expected one of `approved`, `pending`",
        ),
        (json!({"provider": "autocalls", "balance": 9, "window_error": "sync"}), "unknown member `window_error`"),
        (
            json!({"provider": "exotel", "window_error": "later"}),
            "`window_error` is \"later\", expected one of `sync`, `callback`",
        ),
    ] {
        let said = mock.refused("config", &body);
        assert!(said.contains(error), "{said}");
    }
    assert_eq!(mock.ask("config?provider=autocalls")["accounts"][0]["balance"], 3.0);
}

#[test]
fn a_reset_brings_back_the_seeded_world() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.send();
    mock.post("clock", &json!({"advance": "2h", "freeze": true}));
    mock.post("config", &json!({"provider": "exotel", "window_error": "callback", "balance": 1}));
    mock.post("limits", &json!({"provider": "exotel", "limit": 1, "window_s": 60}));
    mock.post("faults", &json!({"provider": "exotel", "fault": "html", "always": true}));
    let (status, _) = mock.call(Method::POST, "reset", "");
    assert_eq!(status, 200);
    assert_eq!(mock.ask("clock"), json!({"now": "2026-05-11T09:20:00Z", "frozen": false}));
    assert_eq!((mock.ask("messages"), mock.ask("requests"), mock.ask("faults")), (json!([]), json!([]), json!([])));
    assert_eq!(mock.ask("config?provider=exotel")["accounts"][0]["balance"], Value::Null);
    assert_eq!([mock.send(), mock.send()], [400, 400]);
    assert!(mock.refused("reset", &json!({"hard": true})).contains("unknown member `hard`"));
}

#[test]
fn a_head_request_is_a_get_without_its_body() {
    let mut mock = Mock::new();
    let request = Request::head("/_mock/clock").body(Bytes::new()).unwrap();
    let response = mock.answer(&request);
    assert_eq!((response.status().as_u16(), response.body().len()), (200, 0));
    assert_eq!(response.headers()["content-length"], "45");
}

#[test]
fn a_change_without_a_provider_is_made_wherever_it_fits() {
    let mut mock = Mock::new();
    assert_eq!(mock.post("config", &json!({"sender": "12", "online": false}))["provider"], "autocalls");
    assert_eq!(mock.post("config", &json!({"balance": 3}))["provider"], "autocalls");
    let changed = mock.post("config", &json!({"template": "visit_reminder", "status": "paused"}));
    assert_eq!(changed.as_array().map(Vec::len), Some(4), "every provider has it: {changed}");
    let error = mock.refused("config", &json!({"sender": "no-such", "online": false}));
    assert!(error.contains("`provider`"), "{error}");
}

#[test]
fn the_journal_is_forgotten_on_request_and_its_numbers_go_on() {
    let mut mock = Mock::new();
    mock.open_window();
    assert_eq!((mock.send(), mock.send()), (202, 202));
    assert_eq!(mock.call(Method::DELETE, "requests", ""), (200, json!({"forgotten": 2})));
    assert_eq!(mock.ask("requests"), json!([]));
    assert_eq!(mock.ask("messages").as_array().unwrap().len(), 2, "what the requests did stays");
    assert_eq!(mock.send(), 202);
    assert_eq!(mock.ask("requests?since=2").as_array().unwrap().len(), 1);
    assert_eq!(mock.ask("requests?since=3"), json!([]));
    assert_eq!(mock.call(Method::DELETE, "requests?provider=exotel", "").0, 400, "of all providers or none");
}

#[test]
fn messages_filter_by_contact_and_requests_by_since() {
    let mut mock = Mock::new();
    mock.open_window();
    for _ in 0..3 {
        assert_eq!(mock.send(), 202);
    }
    assert_eq!(mock.ask("messages?to=%2B919876543210").as_array().unwrap().len(), 3);
    assert_eq!(mock.ask("messages?to=919876543211"), json!([]));
    assert_eq!(mock.ask("messages?since=2").as_array().unwrap().len(), 1);
    assert_eq!(mock.ask("messages?last=2").as_array().unwrap().len(), 2);
    assert_eq!(mock.ask("requests?since=2").as_array().unwrap().len(), 1);
    assert_eq!(mock.ask("requests?since=1&last=1").as_array().unwrap().len(), 1);
    assert_eq!(mock.ask("requests?since=3"), json!([]));
    for (call, error) in [
        ("messages?to=me", "`to` is `me`, expected a phone number"),
        ("messages?before=1", "unknown parameter `before`, expected `provider`, `to`, `last`, `since`"),
        ("requests?since=x", "`since` is \"x\", expected a whole number"),
    ] {
        let (status, said) = mock.call(Method::GET, call, "");
        assert!(status == 400 && said["error"].as_str().unwrap().contains(error), "{call}: {said}");
    }
}

#[test]
fn journal_and_har_have_response_headers() {
    let mut mock = Mock::new();
    mock.open_window();
    mock.post(
        "faults",
        &json!({"provider": "exotel", "fault": "status", "status": 503, "headers": {"retry-after": "7"}, "next": 1}),
    );
    mock.send();
    mock.send();
    let lines = mock.ask("requests");
    assert_eq!(
        lines[0]["response_headers"],
        json!({"retry-after": "7", "x-mock-cause": "fault 1 (status)", "x-transom-fault": "status"})
    );
    assert_eq!(lines[1]["response_headers"]["x-ratelimit-limit"], "200");
    assert_eq!(lines[1]["response_headers"]["content-type"], "application/json");
    let har = mock.ask("requests/har");
    let headers = har["log"]["entries"][0]["response"]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!({"name": "retry-after", "value": "7"})), "{headers:?}");
    assert_eq!(har["log"]["entries"][1]["response"]["content"]["mimeType"], "application/json");
}

#[test]
fn wait_matches_inbound_messages_and_statuses() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.open_window();
    assert_eq!(mock.send(), 202);
    let inbound = mock.ask("wait?for=inbound&from=%2B919876543210&timeout=0s");
    assert_eq!((&inbound["last"], &inbound["matches"][0]["content"]["body"]), (&json!(1), &json!("hi")));
    assert_eq!(mock.ask("wait?for=status&status=sent&timeout=0s")["matches"][0]["to"], CONTACT);
    assert_eq!(mock.call(Method::GET, "wait?for=status&status=delivered&timeout=0s", "").0, 504);
    mock.post("clock", &json!({"advance": "1s"}));
    let delivered = mock.ask("wait?for=status&status=delivered&timeout=0s");
    assert_eq!((&delivered["last"], &delivered["matches"][0]["at"]), (&json!(2), &json!("2026-05-11T09:20:01Z")));
    assert_eq!(mock.call(Method::GET, "wait?for=inbound&since=1&timeout=0s", "").0, 504);
    assert_eq!(mock.call(Method::GET, "wait?for=status&content=x", "").0, 400);
}
