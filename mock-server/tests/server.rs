//! The mock on a real socket, seen by a client that knows nothing but bytes.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use transom_mock_server::{MockServer, Simulator, serve_until};

/// A hang is proved by waiting this long for a byte.
const PATIENCE: Duration = Duration::from_millis(200);

async fn mock() -> MockServer {
    MockServer::start().await.unwrap()
}

async fn connect(mock: &MockServer) -> TcpStream {
    TcpStream::connect(mock.address()).await.unwrap()
}

/// Sends bytes and reads until the mock closes.
async fn exchange(mock: &MockServer, bytes: &str) -> io::Result<String> {
    let mut stream = connect(mock).await;
    stream.write_all(bytes.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer demo-key\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer demo-key\r\n{more}\r\n")
}

/// A template, which goes at any time.
fn send() -> String {
    post("/api/user/whatsapp/send", r#"{"sender_id":12,"template_id":312,"recipient_phone":"+447700900123"}"#)
}

async fn order(mock: &MockServer, fault: &str) {
    let answer = exchange(mock, &post("/_mock/faults", fault)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// How many messages the ledger has.
async fn delivered(mock: &MockServer) -> usize {
    let answer = exchange(mock, &get("/_mock/messages", "connection: close\r\n")).await.unwrap();
    answer.matches("\"message_id\"").count()
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn declared_length(answer: &str) -> usize {
    let line = answer.lines().find(|line| line.starts_with("content-length:")).unwrap();
    line.trim_start_matches("content-length:").trim().parse().unwrap()
}

#[tokio::test]
async fn a_whole_answer_arrives() {
    let mock = mock().await;
    let answer = exchange(&mock, &send()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(body_of(&answer).len(), declared_length(&answer));
    assert!(answer.contains("\r\ndate: "), "{answer}");
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn the_clock_starts_at_real_time() {
    let answer = exchange(&mock().await, &get("/_mock/clock", "connection: close\r\n")).await.unwrap();
    let date = answer.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    let age = httpdate::parse_http_date(date).unwrap().elapsed().unwrap();
    assert!(age < Duration::from_secs(60), "{date}");
}

#[tokio::test]
async fn lost_reply_closes_connection_and_accepts_message() {
    let mock = mock().await;
    order(&mock, r#"{"provider":"autocalls","fault":"lose_reply","next":1}"#).await;
    assert_eq!(exchange(&mock, &send()).await.unwrap(), "");
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn a_truncated_answer_declares_more_than_it_brings() {
    let mock = mock().await;
    order(&mock, r#"{"provider":"autocalls","fault":"truncate","next":1}"#).await;
    let answer = exchange(&mock, &send()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("x-transom-fault: truncate"), "{answer}");
    let arrived = body_of(&answer).len();
    assert!(arrived > 0 && arrived < declared_length(&answer), "{arrived} of {}", declared_length(&answer));
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn a_hanging_answer_neither_comes_nor_closes() {
    let mock = mock().await;
    order(&mock, r#"{"provider":"autocalls","fault":"hang","next":1}"#).await;
    let mut stream = connect(&mock).await;
    stream.write_all(send().as_bytes()).await.unwrap();
    let mut byte = [0];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut byte)).await;
    assert!(read.is_err(), "{read:?}");
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_no_orderly_end() {
    let mock = mock().await;
    order(&mock, r#"{"provider":"autocalls","fault":"reset","next":1}"#).await;
    let error = exchange(&mock, &send()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn a_refused_message_was_not_taken_before_the_answer_was_lost() {
    let mock = mock().await;
    order(&mock, r#"{"provider":"autocalls","fault":"lose_reply","next":1,"after_accept":false}"#).await;
    assert_eq!(exchange(&mock, &send()).await.unwrap(), "");
    assert_eq!(delivered(&mock).await, 0);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_on_one_connection() {
    let mock = mock().await;
    let both = get("/api/user/me", "") + &get("/api/user/whatsapp/senders", "connection: close\r\n");
    let answer = exchange(&mock, &both).await.unwrap();
    let (first, second) = (answer.find("total_balance").unwrap(), answer.find("phone_number").unwrap());
    assert!(first < second && answer.matches("HTTP/1.1 200").count() == 2, "{answer}");
}

#[tokio::test]
async fn an_answer_before_a_lost_one_still_arrives() {
    let mock = mock().await;
    order(&mock, r#"{"provider":"autocalls","fault":"lose_reply","next":1}"#).await;
    let answer = exchange(&mock, &(get("/api/user/me", "") + &send())).await.unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_head_request_gets_the_length_and_no_body() {
    let mock = mock().await;
    let plain = exchange(&mock, &get("/api/user/me", "connection: close\r\n")).await.unwrap();
    let head = get("/api/user/me", "connection: close\r\n").replacen("GET", "HEAD", 1);
    let answer = exchange(&mock, &head).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!((declared_length(&answer), body_of(&answer)), (declared_length(&plain), ""));
}

#[tokio::test]
async fn a_body_over_3_mib_is_413_and_one_of_3_mib_is_not() {
    let mock = mock().await;
    let clock =
        exchange(&mock, &post("/_mock/clock", r#"{"set":"2026-05-11T09:20:00Z","freeze":true}"#)).await.unwrap();
    assert!(clock.starts_with("HTTP/1.1 200"), "{clock}");
    let most = 3 * 1024 * 1024;
    let answer = exchange(&mock, &post("/api/user/whatsapp/send", &"x".repeat(most + 1))).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("date: Mon, 11 May 2026 09:20:00 GMT"), "{answer}");
    let answer = exchange(&mock, &post("/api/user/whatsapp/send", &"x".repeat(most))).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_refused_before_it_comes() {
    let mock = mock().await;
    let head = |more: &str| {
        format!(
            "POST /v1/media HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{more}content-length: 104857600\r\n\r\n"
        )
    };
    let mut patient = connect(&mock).await;
    patient.write_all(head("expect: 100-continue\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(50 * PATIENCE, patient.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Whoever sends it all the same can go on for a while, and finds the answer there.
    let mut hasty = connect(&mock).await;
    hasty.write_all(head("").as_bytes()).await.unwrap();
    hasty.write_all(&vec![b'x'; 8 * 1024 * 1024]).await.unwrap();
    let mut status = [0; 12];
    tokio::time::timeout(50 * PATIENCE, hasty.read_exact(&mut status)).await.unwrap().unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_peer_that_speaks_no_http_harms_nobody() {
    let mock = mock().await;
    let answer = exchange(&mock, "\u{16}\u{3}\u{1} hello?\r\n\r\n").await.unwrap();
    assert!(!answer.contains("200"), "{answer}");
    assert!(exchange(&mock, &send()).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_dropped_mock_stops_listening() {
    let mock = MockServer::start_with(Simulator::new(std::time::UNIX_EPOCH).strict()).await.unwrap();
    let address = mock.address();
    assert_eq!(mock.url(), format!("http://{address}"));
    drop(mock);
    // The task ends at its next turn, which this connection attempt may still precede.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(10 * PATIENCE, refused).await.unwrap();
}

#[test]
fn spawned_mock_responds_and_stops_on_drop() {
    use std::io::{Read as _, Write as _};
    let mock = MockServer::builder().strict().seed(7).spawn().unwrap();
    let address = mock.address();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(send().as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(mock);
    // The thread ends at its next turn, which this connection attempt may still precede.
    let deadline = std::time::Instant::now() + 50 * PATIENCE;
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(std::time::Instant::now() < deadline, "it goes on");
    }
}

/// A provider whose dialect has a bug.
#[derive(Debug)]
struct Buggy;

impl transom_mock_server::ProviderSimulator for Buggy {
    fn name(&self) -> &'static str {
        "buggy"
    }

    fn matches_path(&self, path: &str) -> bool {
        path.starts_with("/buggy")
    }

    fn seed(&self, _: &mut transom_mock_server::World) {}

    fn switches(&self) -> &'static [transom_mock_server::Switch] {
        &[]
    }

    fn is_send(&self, _: &http::Request<bytes::Bytes>) -> bool {
        false
    }

    fn handle(&self, context: transom_mock_server::RequestContext<'_>) -> transom_mock_server::SimulatedResponse {
        assert_ne!(context.request.uri().path(), "/buggy/panic", "a bug");
        context.finish(transom_mock_server::text_response(200, "fine"), Vec::new())
    }

    fn rate_limited(
        &self,
        _: &transom_mock_server::World,
        _: transom_mock_server::Quota,
        _: std::time::SystemTime,
    ) -> http::Response<bytes::Bytes> {
        transom_mock_server::text_response(429, "")
    }
}

#[tokio::test]
async fn a_panic_in_a_dialect_is_a_500_and_the_server_goes_on() {
    let simulator = Simulator::with_providers(std::time::UNIX_EPOCH, vec![Box::new(Buggy)]);
    let mock = MockServer::start_with(simulator).await.unwrap();
    let both = get("/buggy/panic", "") + &get("/buggy/fine", "connection: close\r\n");
    let answer = exchange(&mock, &both).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 500") && answer.ends_with("fine"), "{answer}");
}

#[tokio::test]
async fn a_state_as_long_as_many_messages_make_it_goes_back_in() {
    let simulator = Simulator::new(std::time::UNIX_EPOCH);
    let mut state = simulator.export();
    let content = serde_json::json!({"type": "text", "body": "x"});
    state["messages"] = serde_json::json!([{
        "provider": "exotel", "message_id": "7c1e", "from": "+919876500001", "to": "+919876543210", "content": content,
        "reference": null, "at": "2026-05-11T09:00:00Z",
    }]);
    let mock = MockServer::start_with(simulator).await.unwrap();
    // Longer than what is read of a body that is too long.
    let long = format!("{state}{}", " ".repeat(66 * 1024 * 1024));
    let put = post("/_mock/state", &long).replacen("POST", "PUT", 1);
    assert!(exchange(&mock, &put).await.unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(delivered(&mock).await, 1);
}

#[tokio::test]
async fn a_server_that_is_stopped_gives_back_what_happened() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(send().as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    let simulator = serve_until(listener, Simulator::new(std::time::SystemTime::now()), client).await;
    assert_eq!(simulator.world().ledger().count(), 1);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn requests_run_during_state_save_and_stop_waits_for_it() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (began, mut has_begun) = tokio::sync::watch::channel(false);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let saved = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ask = move |request: String| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(50 * PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    let stop = async move {
        ask(send()).await;
        has_begun.wait_for(|has_begun| *has_begun).await.unwrap();
        ask(send()).await;
        go_on.send(()).unwrap();
    };
    let done = std::sync::Arc::clone(&saved);
    let save = move |state: &serde_json::Value| {
        assert_eq!(state["messages"].as_array().unwrap().len(), 1);
        began.send_replace(true);
        wait.recv_timeout(50 * PATIENCE).unwrap();
        done.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let simulator =
        transom_mock_server::serve_and_save(listener, Simulator::new(std::time::SystemTime::now()), stop, save).await;
    assert!(saved.load(std::sync::atomic::Ordering::SeqCst));
    assert_eq!(simulator.world().ledger().count(), 2);
}
