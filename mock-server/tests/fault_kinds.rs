//! Every kind of fault on every schedule, as a client sees it that knows nothing but bytes.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use std::io::ErrorKind;
use std::time::Duration;

use socket::{body_of, connect, control, delivered, exchange, header, mock, send, status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use transom_mock_server::MockServer;

/// A hang is proved by waiting this long for a byte.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a client gets to see.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    Usual,
    Nothing,
    Reset,
    Silence,
    Stuck,
    Part,
    NotJson,
    Page,
    Redirect,
    Status(u16),
}

/// Each kind with what else it says, what is seen of it, and whether the message is taken all the same.
const KINDS: [(&str, &str, Seen, bool); 10] = [
    ("lose_reply", "", Seen::Nothing, true),
    ("reset", "", Seen::Reset, true),
    ("hang", "", Seen::Silence, true),
    ("truncate", "", Seen::Part, true),
    ("garbage", "", Seen::NotJson, true),
    ("html", "", Seen::Page, true),
    ("delay", r#","ms":1"#, Seen::Usual, true),
    ("redirect", "", Seen::Redirect, false),
    ("status", r#","status":503,"body":{"error":"maintenance"}"#, Seen::Status(503), false),
    ("rate_limited", "", Seen::Status(429), false),
];

async fn look(mock: &MockServer) -> Seen {
    let mut stream = connect(mock).await;
    stream.write_all(send().as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    match timeout(PATIENCE, stream.read_to_end(&mut bytes)).await {
        // Half an answer without an end would be none of what is expected.
        Err(_) => return if bytes.is_empty() { Seen::Silence } else { Seen::Stuck },
        Ok(Err(error)) => {
            assert_eq!((error.kind(), bytes.len()), (ErrorKind::ConnectionReset, 0));
            return Seen::Reset;
        }
        Ok(Ok(0)) => return Seen::Nothing,
        Ok(Ok(_)) => {}
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let declared: usize = header(&text, "content-length").unwrap().parse().unwrap();
    let body = bytes.len() - (text.find("\r\n\r\n").unwrap() + 4);
    match status(&text) {
        200 if body < declared => Seen::Part,
        200 if header(&text, "content-type").is_some_and(|kind| kind.starts_with("text/html")) => Seen::Page,
        200 if serde_json::from_str::<serde_json::Value>(body_of(&text)).is_err() => Seen::NotJson,
        200 => Seen::Usual,
        307 if header(&text, "location").is_some() => Seen::Redirect,
        other => Seen::Status(other),
    }
}

async fn order(mock: &MockServer, kind: &str, more: &str, schedule: &str) {
    let fault = format!(r#"{{"provider":"autocalls","fault":"{kind}"{more},{schedule}}}"#);
    control(mock, "POST", "faults", &fault).await;
}

#[tokio::test]
async fn each_kind_is_seen_as_its_name_says_on_each_schedule() {
    for (kind, more, seen, taken) in KINDS {
        for (schedule, hits) in
            [(r#""next":2"#, [1, 1, 0, 0]), (r#""every":2"#, [0, 1, 0, 1]), (r#""always":true"#, [1; 4])]
        {
            let mock = mock().await;
            control(&mock, "POST", "limits", r#"{"provider":"autocalls","limit":1000,"window_s":1}"#).await;
            order(&mock, kind, more, schedule).await;
            let mut sent = 0;
            for (request, hit) in hits.into_iter().enumerate() {
                let expected = if hit == 1 { seen } else { Seen::Usual };
                assert_eq!(look(&mock).await, expected, "{kind} {schedule}, request {request}");
                sent += usize::from(hit == 0 || taken);
                assert_eq!(delivered(&mock).await, sent, "{kind} {schedule}, request {request}");
            }
        }
    }
}

#[tokio::test]
async fn a_message_can_be_refused_or_taken_whatever_is_seen_of_it() {
    for (kind, more, seen, _) in KINDS {
        for taken in [false, true] {
            let mock = mock().await;
            order(&mock, kind, &format!(r#"{more},"after_accept":{taken}"#), r#""next":1"#).await;
            let expected = if kind == "delay" && !taken { Seen::Status(503) } else { seen };
            let expected = if kind == "truncate" && !taken { Seen::Status(503) } else { expected };
            assert_eq!(look(&mock).await, expected, "{kind} taken: {taken}");
            assert_eq!(delivered(&mock).await, usize::from(taken), "{kind} taken: {taken}");
        }
    }
}

#[tokio::test]
async fn fault_is_named_in_response_header_and_journal() {
    let mock = mock().await;
    order(&mock, "html", "", r#""every":1000"#).await;
    order(&mock, "status", r#","status":503"#, r#""next":1"#).await;
    let answer = exchange(&mock, &send()).await.unwrap();
    assert_eq!(header(&answer, "x-mock-cause"), Some("fault 2 (status)"));
    assert_eq!(header(&answer, "x-transom-fault"), Some("status"));
    control(&mock, "POST", "limits", r#"{"provider":"autocalls","limit":0,"window_s":5}"#).await;
    let answer = exchange(&mock, &send()).await.unwrap();
    assert_eq!((status(&answer), header(&answer, "x-mock-cause")), (429, Some("limit of 0 requests in 5 s")));
    control(&mock, "POST", "limits", r#"{"provider":"autocalls","limit":9,"window_s":5}"#).await;
    let answer = exchange(&mock, &send()).await.unwrap();
    assert_eq!((status(&answer), header(&answer, "x-mock-cause")), (200, None));
    let journal = control(&mock, "GET", "requests", "").await;
    let causes: Vec<_> = journal.as_array().unwrap().iter().map(|row| row["cause"].as_str()).collect();
    assert_eq!(causes, [Some("fault 2 (status)"), Some("limit of 0 requests in 5 s"), None]);
    let faults = control(&mock, "GET", "faults", "").await;
    assert_eq!((faults.as_array().unwrap().len(), &faults[0]["id"]), (1, &serde_json::json!(1)));
}
