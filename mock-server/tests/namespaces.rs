//! Worlds of their own on one server: removing them, and addresses that lead back into them.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use serde_json::{Value, json};
use socket::{body_of, control, exchange, get, header, mock, post, request, status};

const FREEFORM: &str = "/api/user/whatsapp/send-freeform";
const TEXT: &str = r#"{"sender_id":12,"recipient_phone":"+447700900123","message":"Hi"}"#;

#[tokio::test]
async fn a_slip_in_a_call_removes_no_namespace() {
    let mock = mock().await;
    for name in ["a", "b"] {
        exchange(&mock, &get(&format!("/_ns/{name}/_mock/clock"))).await.unwrap();
    }
    for (method, call, error) in [
        ("DELETE", "namespaces?nam=a", "unknown parameter `nam`, expected `name`"),
        ("DELETE", "namespaces?name=nope", "`name` is `nope`, expected one of those"),
        ("GET", "namespaces?name=a", "unknown parameter `name`, expected none"),
    ] {
        let answer = exchange(&mock, &request(method, &format!("/_mock/{call}"), "", "")).await.unwrap();
        assert!(status(&answer) == 400 && body_of(&answer).contains(error), "{call}: {answer}");
    }
    let answer = exchange(&mock, &post("/_mock/namespaces", "")).await.unwrap();
    assert!(status(&answer) == 405 && header(&answer, "allow") == Some("GET, DELETE"), "{answer}");
    assert_eq!(control(&mock, "GET", "namespaces", "").await, json!(["a", "b"]));
    assert_eq!(control(&mock, "DELETE", "namespaces?name=a", "").await, json!(["b"]));
    assert_eq!(control(&mock, "DELETE", "namespaces", "").await, json!([]));
}

#[tokio::test]
async fn exports_and_redirects_stay_in_their_namespace() {
    let mock = mock().await;
    let fault = r#"{"provider":"autocalls","fault":"redirect","next":1}"#;
    exchange(&mock, &post("/_ns/t1/_mock/faults", fault)).await.unwrap();
    let redirected = exchange(&mock, &post(&format!("/_ns/t1{FREEFORM}"), TEXT)).await.unwrap();
    assert_eq!(header(&redirected, "location"), Some(format!("/_ns/t1{FREEFORM}").as_str()));
    exchange(&mock, &request("POST", FREEFORM, "x-mock-namespace: t1\r\n", TEXT)).await.unwrap();
    let har = exchange(&mock, &get("/_ns/t1/_mock/requests/har")).await.unwrap();
    let har: Value = serde_json::from_str(body_of(&har)).unwrap();
    let urls = har["log"]["entries"].as_array().unwrap().iter().map(|entry| entry["request"]["url"].clone());
    assert_eq!(
        urls.collect::<Vec<_>>(),
        [json!(format!("http://127.0.0.1/_ns/t1{FREEFORM}")), json!(format!("http://127.0.0.1/_ns/t1{FREEFORM}"))]
    );
    let script = exchange(&mock, &get("/_ns/t1/_mock/requests/curl")).await.unwrap();
    assert_eq!(script.matches(&format!("'http://127.0.0.1/_ns/t1{FREEFORM}'")).count(), 2, "{script}");
}
