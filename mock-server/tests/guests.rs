//! What callers without the token of a mock leave behind.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use std::time::SystemTime;

use serde_json::json;
use socket::{body_of, exchange, status};
use transom_mock_server::{MockServer, Simulator};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn guarded() -> MockServer {
    MockServer::start_with(Simulator::new(SystemTime::now()).with_token(TOKEN).unwrap()).await.unwrap()
}

/// A template to a contact of its own, under an idempotency key and an API key of its own.
fn send(number: usize, more: &str) -> String {
    let body = json!({"phone_number_id": "555123456789", "to": format!("34600{number:06}"), "type": "template",
        "template": {"name": "re_engagement_v1", "language": {"code": "en"}}});
    let body = body.to_string();
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: gsk_test_{number}\r\nidempotency-key: \
         {number}{}\r\ncontent-type: application/json\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{body}",
        "k".repeat(2_000),
        body.len()
    )
}

async fn sends(mock: &MockServer, numbers: std::ops::Range<usize>, more: &str) {
    for number in numbers {
        let answer = exchange(mock, &send(number, more)).await.unwrap();
        assert_eq!(status(&answer), 201, "{answer}");
    }
}

async fn kept(mock: &MockServer, call: &str) -> usize {
    let head =
        format!("GET /_mock/{call} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-mock-token: {TOKEN}\r\nconnection: close\r\n\r\n");
    let answer = exchange(mock, &head).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    serde_json::from_str::<serde_json::Value>(body_of(&answer)).unwrap().as_array().unwrap().len()
}

#[tokio::test]
async fn callers_without_the_token_keep_their_newest_alone() {
    let mock = guarded().await;
    sends(&mock, 0..1_500, "").await;
    let (messages, requests) = (kept(&mock, "messages").await, kept(&mock, "requests").await);
    assert!((100..=500).contains(&messages) && (20..=250).contains(&requests), "{messages} {requests}");
}

#[tokio::test]
async fn holder_of_the_token_keeps_what_it_adds() {
    let mock = guarded().await;
    let token = format!("x-mock-token: {TOKEN}\r\n");
    sends(&mock, 0..600, &token).await;
    assert_eq!(kept(&mock, "messages").await, 600);
    // Guests first use up their own share, and only then push the oldest out.
    sends(&mock, 600..800, "").await;
    assert_eq!(kept(&mock, "messages").await, 800);
    let open = MockServer::start().await.unwrap();
    sends(&open, 0..600, "").await;
    assert_eq!(kept(&open, "messages").await, 600);
}
