//! Rate limits: whose requests count together, what is left, and none at all.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/requests.rs"]
mod requests;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::Request;
use requests::{autocalls, exotel, gosendapi, messangi};
use serde_json::{Value, json};

fn open(provider: &str) -> Mock {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi"}));
    mock
}

#[test]
fn limit_counts_per_key_or_account_as_the_provider_does() {
    for provider in ["exotel", "gosendapi"] {
        let mut mock = open(provider);
        let request = |of: &str| if provider == "exotel" { exotel(of) } else { gosendapi(of) };
        mock.post("limits", &json!({"provider": provider, "limit": 1, "window_s": 60}));
        assert!(mock.raw(&request("a")).0 < 300, "{provider}");
        assert!(mock.raw(&request("b")).0 < 300, "{provider}: another's count is another's");
        for of in ["a", "b"] {
            let reply = mock.simulator.step(mock.real_now, &request(of));
            assert_eq!(reply.response.status(), 429, "{provider} {of}");
            assert_eq!(reply.response.headers()["x-mock-cause"], "limit of 1 requests in 60 s");
        }
        mock.post("clock", &json!({"advance": "1m"}));
        assert!(mock.raw(&request("a")).0 < 300, "{provider}");
    }
    let mut mock = open("autocalls");
    mock.post("limits", &json!({"provider": "autocalls", "limit": 1, "window_s": 60}));
    let mut other = autocalls();
    other.headers_mut().insert("authorization", "Bearer other".parse().unwrap());
    assert_eq!((mock.raw(&autocalls()).0, mock.raw(&other).0), (200, 429), "a user's keys count together");
}

#[test]
fn what_is_left_is_shown_without_the_keys() {
    let mut mock = open("gosendapi");
    mock.post("limits", &json!({"provider": "gosendapi", "limit": 3, "window_s": 60}));
    for key in ["s3cret-a", "s3cret-a", "s3cret-b"] {
        assert_eq!(mock.raw(&gosendapi(key)).0, 201);
    }
    mock.raw(&exotel("harbour"));
    let limits = mock.ask("limits");
    assert!(!limits.to_string().contains("s3cret"));
    let of =
        |provider: &str| limits.as_array().unwrap().iter().find(|limit| limit["provider"] == provider).unwrap().clone();
    let limit = of("gosendapi");
    assert_eq!((&limit["limit"], &limit["window_s"]), (&json!(3), &json!(60)));
    let left: Vec<Value> =
        limit["buckets"].as_array().unwrap().iter().map(|bucket| bucket["remaining"].clone()).collect();
    assert_eq!(left, [1, 2]);
    assert_eq!(limit["buckets"][0]["resets_at"], "2026-05-11T09:21:00Z");
    assert_eq!(of("exotel")["buckets"][0]["account"], "harbour");
    assert_eq!(of("messangi"), json!({"provider": "messangi", "limit": 100, "window_s": 300, "buckets": []}));
    assert_eq!(mock.ask("limits?provider=exotel").as_array().unwrap().len(), 1);
}

#[test]
fn null_limit_rejects_nothing_and_keeps_headers() {
    let mut mock = open("exotel");
    mock.post("limits", &json!({"provider": "exotel", "limit": 1, "window_s": 60}));
    assert_eq!((mock.raw(&exotel("acme")).0, mock.raw(&exotel("acme")).0), (202, 429));
    assert_eq!(
        mock.post("limits", &json!({"provider": "exotel", "limit": null})),
        json!({"provider": "exotel", "limit": null, "window_s": 60})
    );
    for _ in 0..5 {
        let reply = mock.simulator.step(mock.real_now, &exotel("acme"));
        assert_eq!(
            (reply.response.status().as_u16(), &reply.response.headers()["x-ratelimit-limit"]),
            (202, &"1".parse().unwrap())
        );
    }
    assert_eq!(mock.ask("limits?provider=exotel")[0]["limit"], Value::Null);
    for body in [json!({"provider": "exotel", "window_s": 60}), json!({"provider": "exotel", "limit": 5})] {
        assert!(mock.refused("limits", &body).contains("is missing"), "{body}");
    }
}

#[test]
fn state_keeps_used_quotas_and_disabled_limits() {
    let mut mock = open("gosendapi");
    mock.post("limits", &json!({"provider": "gosendapi", "limit": 1, "window_s": 60}));
    mock.post("limits", &json!({"provider": "exotel", "limit": null}));
    assert_eq!(mock.raw(&gosendapi("s3cret")).0, 201);
    let state = mock.ask("state");
    assert!(!state.to_string().contains("s3cret"));
    let mut other = Mock::new();
    assert_eq!(other.call(http::Method::PUT, "state", &state.to_string()).0, 200);
    assert_eq!(other.ask("state"), state);
    assert_eq!(other.ask("limits"), mock.ask("limits"));
    assert_eq!((other.raw(&gosendapi("s3cret")).0, other.raw(&gosendapi("else")).0), (429, 201));
    for (row, error) in [
        (json!({"provider": "exotel", "used": 1}), "expected one of `key` and `account`"),
        (json!({"provider": "exotel", "account": "a"}), "`used` is missing"),
        (json!({"provider": "exotel", "key": "x", "used": 1}), "`key` is \"x\", expected 16 hexadecimal digits"),
    ] {
        let mut wrong = state.clone();
        wrong["buckets"] = json!([row]);
        let (status, said) = other.call(http::Method::PUT, "state", &wrong.to_string());
        assert!(status == 400 && said["error"].as_str().unwrap().contains(error), "{said}");
    }
}

#[test]
fn no_more_than_10_000_keys_are_counted_apart() {
    let mut mock = open("gosendapi");
    mock.post("limits", &json!({"provider": "gosendapi", "limit": 1, "window_s": 3600}));
    for key in 0..=10_000 {
        mock.raw(&requests::get_gosendapi_as("me", &format!("k{key}")));
    }
    assert_eq!(mock.ask("limits?provider=gosendapi")[0]["buckets"].as_array().unwrap().len(), 10_000);
    assert_eq!(mock.raw(&requests::get_gosendapi_as("me", "k10000")).0, 429);
    assert_eq!(mock.raw(&requests::get_gosendapi_as("me", "k0")).0, 200, "the first is forgotten");
}

/// Source: Sending WhatsApp Session Message (seed): the calls that the user can make.
#[test]
fn messangis_limit_is_the_users_whatever_the_key() {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post("limits", &json!({"provider": "messangi", "limit": 1, "window_s": 300}));
    let login = |mock: &mut Mock, user: &str| {
        let body = json!({"username": user, "password": "p"}).to_string();
        let request = Request::post("/kingslanding/login").header("content-type", "application/json");
        let response = mock.answer(&request.body(Bytes::from(body)).unwrap());
        response.headers()["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned()
    };
    let mut seen = Vec::new();
    for (user, advance) in [("a@example.com", "1s"), ("a@example.com", "1s"), ("b@example.com", "1s")] {
        let key = login(&mut mock, user);
        seen.push(mock.raw(&messangi(&key)).0);
        mock.post("clock", &json!({"advance": advance}));
    }
    assert_eq!(seen, [400, 429, 400], "a new login gives no new quota");
    let plain = ["k1", "k2", "demo-key"].map(|key| mock.raw(&messangi(key)).0);
    assert_eq!(plain, [400, 429, 429], "keys that no login gave out are the account's own user's");
    let own = login(&mut mock, "demo@example.com");
    assert_eq!(mock.raw(&messangi(&own)).0, 429);
    let buckets = mock.ask("limits?provider=messangi")[0]["buckets"].clone();
    assert!(buckets.to_string().contains("demo@example.com") && !buckets.to_string().contains("a@example.com"));
}

/// Source: Rate limits (docs).
#[test]
fn gosendapi_keys_have_the_limits_of_their_kind_if_switched() {
    let ask = |mock: &mut Mock, key: &str| {
        let response = mock.answer(&requests::get_gosendapi_as("me", key));
        (response.status().as_u16(), response.headers()["x-ratelimit-limit"].to_str().unwrap().to_owned())
    };
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    assert_eq!(ask(&mut mock, "gsk_test_demo"), (200, "100".to_owned()));
    mock.post("config", &json!({"provider": "gosendapi", "key_limits": "on"}));
    assert_eq!(ask(&mut mock, "gsk_live_a"), (200, "100".to_owned()));
    mock.post("clock", &json!({"advance": "1s"}));
    for second in 0..101 {
        for request in 0..11 {
            // A hundred seconds of ten requests use up the day.
            let expected = if request < 10 && second < 100 { 200 } else { 429 };
            assert_eq!(ask(&mut mock, "gsk_test_demo"), (expected, "10".to_owned()), "{second} {request}");
        }
        mock.post("clock", &json!({"advance": "1s"}));
    }
    let state = mock.ask("state");
    mock.post("clock", &json!({"advance": "24h"}));
    assert_eq!(ask(&mut mock, "gsk_test_demo").0, 200);
    let mut other = Mock::new();
    other.simulator.import(&state).unwrap();
    other.post("clock", &json!({"freeze": true}));
    assert_eq!(ask(&mut other, "gsk_test_demo").0, 429, "the day is kept with the state");
}

/// Source: Authentication (docs).
#[test]
fn gosendapi_key_of_another_form_is_malformed_if_held_to_it() {
    let mut mock = Mock::new();
    let code = |mock: &mut Mock| mock.raw(&requests::get_gosendapi_as("me", "demo-key"));
    assert_eq!(code(&mut mock).0, 200);
    mock.post("config", &json!({"provider": "gosendapi", "key_form": "held"}));
    let (status, refused) = code(&mut mock);
    assert_eq!((status, &refused["code"]), (401, &json!("MALFORMED_API_KEY")));
    mock.simulator = mock.simulator.sibling(mock.real_now).strict();
    assert_eq!(code(&mut mock).0, 401);
}
