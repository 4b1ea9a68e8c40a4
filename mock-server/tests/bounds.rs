//! Clients that are slow, many, too large or lying: the mock keeps serving the others.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use std::time::{Duration, SystemTime};

use socket::{connect, control, delivered, exchange, mock, post, send, status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, advance, timeout};
use transom_mock_server::{MockServer, Simulator, serve};

/// Others are served well within this, and what would keep them out lasts far longer.
const SOON: Duration = Duration::from_secs(5);

/// Whether somebody else gets an answer.
async fn serves_others(mock: &MockServer) {
    let answer = timeout(SOON, exchange(mock, &send())).await.unwrap().unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
}

async fn many(mock: &MockServer, count: usize, bytes: &str) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = connect(mock).await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

#[tokio::test]
async fn three_hundred_idle_connections_keep_nobody_out() {
    let mock = mock().await;
    let idle = many(&mock, 300, "").await;
    serves_others(&mock).await;
    drop(idle);
    serves_others(&mock).await;
}

#[tokio::test]
async fn three_hundred_heads_that_never_end_keep_nobody_out() {
    let mock = mock().await;
    let _slow = many(&mock, 300, "GET /api/user/me HTTP/1.1\r\nhost: 127.0.0.1\r\nx-sl").await;
    serves_others(&mock).await;
}

#[tokio::test]
async fn three_hundred_bodies_that_never_end_keep_nobody_out() {
    let mock = mock().await;
    let head = "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n{";
    let _slow = many(&mock, 300, head).await;
    serves_others(&mock).await;
}

#[tokio::test]
async fn leaving_300_hung_responses_blocks_no_client() {
    let mock = mock().await;
    control(&mock, "POST", "faults", r#"{"provider":"gosendapi","fault":"hang","always":true,"on":"any"}"#).await;
    drop(many(&mock, 300, "GET /v1/me HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await);
    serves_others(&mock).await;
}

/// Three hundred clients that wait for an answer that is held.
async fn held_by(mock: &MockServer, fault: &str, path: &str) -> Vec<TcpStream> {
    if !fault.is_empty() {
        control(mock, "POST", "faults", fault).await;
    }
    many(mock, 300, &format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: k\r\n\r\n")).await
}

#[tokio::test]
async fn waiting_for_300_held_responses_blocks_no_client() {
    for (fault, path) in [
        (r#"{"provider":"gosendapi","fault":"gate","always":true,"on":"any"}"#, "/v1/me"),
        (r#"{"provider":"gosendapi","fault":"hang","always":true,"on":"any"}"#, "/v1/me"),
        (r#"{"provider":"gosendapi","fault":"delay","ms":600000,"always":true,"on":"any"}"#, "/v1/me"),
        ("", "/_mock/wait?for=message&count=99&timeout=600s"),
    ] {
        let mock = mock().await;
        let _held = timeout(SOON, held_by(&mock, fault, path)).await.unwrap();
        let clock = timeout(SOON, control(&mock, "GET", "clock", "")).await;
        assert!(clock.is_ok(), "the control plane answers while {path} is held by {fault}");
        serves_others(&mock).await;
    }
}

#[tokio::test]
async fn a_gate_that_many_wait_at_can_still_be_opened() {
    let mock = mock().await;
    control(&mock, "POST", "limits", r#"{"provider":"gosendapi","limit":1000,"window_s":1}"#).await;
    let fault = r#"{"provider":"gosendapi","fault":"gate","always":true,"on":"any"}"#;
    let mut held = held_by(&mock, fault, "/v1/me").await;
    let mut last = held.pop().unwrap();
    timeout(SOON, control(&mock, "GET", "wait?for=request&count=300&timeout=1m", "")).await.unwrap();
    timeout(SOON, control(&mock, "DELETE", "gates", "")).await.unwrap();
    let mut start = [0; 12];
    timeout(SOON, last.read_exact(&mut start)).await.unwrap().unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[tokio::test]
async fn the_connection_that_goes_is_the_one_that_was_idle_longest() {
    let mock = mock().await;
    let mut first = connect(&mock).await;
    let rest = many(&mock, 255, "").await;
    // Longer than the time in which a connection counts as still writing.
    timeout(Duration::from_millis(300), first.read_u8()).await.unwrap_err();
    serves_others(&mock).await;
    assert_eq!(timeout(SOON, first.read(&mut [0])).await.unwrap().unwrap(), 0, "the oldest is closed");
    for mut stream in rest {
        let get =
            "GET /api/user/me HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer k\r\nconnection: close\r\n\r\n";
        stream.write_all(get.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(status(&answer), 200, "{answer}");
    }
}

#[tokio::test]
async fn body_of_100_mb_is_refused_and_blocks_no_client() {
    let mock = mock().await;
    let mut stream = connect(&mock).await;
    let head = "POST /v1/media HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 104857600\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let part = vec![b'x'; 1024 * 1024];
    for megabyte in 0..100 {
        if stream.write_all(&part).await.is_err() {
            // It has read enough to know, and has closed.
            assert!(megabyte >= 60, "{megabyte}");
            break;
        }
        if megabyte == 10 {
            serves_others(&mock).await;
        }
    }
    let mut answer = Vec::new();
    // The refusal may be cut by the reset that answers the bytes nobody read.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || status(&answer) == 413, "{answer}");
    serves_others(&mock).await;
    assert_eq!(delivered(&mock).await, 2);
}

#[tokio::test]
async fn a_body_that_is_shorter_than_it_says_sends_nothing() {
    let mock = mock().await;
    let whole = send();
    let mut stream = connect(&mock).await;
    stream.write_all(whole.as_bytes().split_last().unwrap().1).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_ne!(status(&answer), 200, "{answer}");
    assert_eq!(delivered(&mock).await, 0);
    serves_others(&mock).await;
}

#[tokio::test]
async fn a_body_that_is_longer_than_it_says_sends_its_first_part_once() {
    let mock = mock().await;
    let keep_open = send().replace("connection: close\r\n", "");
    let answer = exchange(&mock, &format!("{keep_open}GARBAGE that is no request\r\n\r\n")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("HTTP/1.1 400"), "{answer}");
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn two_lengths_that_contradict_each_other_are_refused() {
    let mock = mock().await;
    let body = r#"{"sender_id":12,"template_id":312,"recipient_phone":"+447700900123"}"#;
    for lies in ["content-length: 5\r\n", "transfer-encoding: chunked\r\ncontent-length: 5\r\n"] {
        let both = post("/api/user/whatsapp/send", body).replacen("connection: close\r\n", lies, 1);
        let answer = timeout(SOON, exchange(&mock, &both)).await.unwrap().unwrap();
        assert_ne!(status(&answer), 200, "{lies}: {answer}");
    }
    assert_eq!(delivered(&mock).await, 0);
}

#[tokio::test]
async fn a_hundred_pipelined_requests_are_answered_in_order() {
    let mock = mock().await;
    control(&mock, "POST", "limits", r#"{"provider":"autocalls","limit":1000,"window_s":1}"#).await;
    let one = send().replace("connection: close\r\n", "");
    let answer = exchange(&mock, &format!("{}{}", one.repeat(99), send())).await.unwrap();
    let ids: Vec<u64> = answer
        .split("\"whatsapp_message_id\":")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids.len(), 100);
    assert!(ids.is_sorted(), "{ids:?}");
}

#[tokio::test]
async fn a_head_with_too_many_headers_is_refused() {
    let mock = mock().await;
    let many = (0..101).fold(String::new(), |all, number| format!("{all}x-{number}: 1\r\n"));
    let answer = exchange(&mock, &format!("GET /api/user/me HTTP/1.1\r\nhost: 127.0.0.1\r\n{many}\r\n")).await.unwrap();
    assert_eq!(status(&answer), 431, "{answer}");
    serves_others(&mock).await;
}

/// Time stands until nobody has anything to do, and then goes to where somebody has: what takes a minute is over at once.
#[tokio::test(start_paused = true)]
async fn head_must_end_in_10_s_and_idle_connection_stays_open() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, Simulator::new(SystemTime::now())));
    let mut slow = TcpStream::connect(address).await.unwrap();
    let mut patient = TcpStream::connect(address).await.unwrap();
    let begun = Instant::now();
    slow.write_all(b"GET /_mock/clock HTTP/1.1\r\nhost: 127.0.0.1\r\n").await.unwrap();
    let mut rest = [0; 100];
    let read = timeout(Duration::from_secs(60), slow.read(&mut rest)).await.unwrap();
    assert_eq!(read.unwrap_or_default(), 0, "it is closed without an answer");
    let taken = begun.elapsed();
    assert!((10..13).contains(&taken.as_secs()), "{taken:?}");

    for _ in 0..2 {
        for _ in 0..60 {
            advance(Duration::from_secs(1)).await;
        }
        patient.write_all(b"GET /_mock/clock HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.unwrap();
        let mut answer = [0; 4096];
        let length = patient.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    }
    serving.abort();
}
