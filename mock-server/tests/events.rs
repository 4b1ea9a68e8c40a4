//! Server-sent events, seen by a client that knows nothing but bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use transom_mock_server::MockServer;

/// Nothing of this takes so long, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);
const CONTACT: &str = "+447700900123";

/// One listener.
struct Listener {
    lines: BufReader<TcpStream>,
    last_id: String,
}

impl Listener {
    async fn new(mock: &MockServer, last_id: Option<&str>) -> Self {
        Self::at(mock, "", last_id).await
    }

    /// Behind this prefix of the path.
    async fn at(mock: &MockServer, prefix: &str, last_id: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(mock.address()).await.unwrap();
        let last_id = last_id.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let request = format!("GET {prefix}/_mock/events HTTP/1.1\r\nhost: localhost\r\n{last_id}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut listener = Self { lines: BufReader::new(stream), last_id: String::new() };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            listener.lines.read_line(&mut head).await.unwrap();
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("text/event-stream"), "{head}");
        listener
    }

    /// The next event; none at the end of the stream.
    async fn try_next(&mut self) -> Option<(String, Value)> {
        // As a whole: signs of life come in between, and are no event.
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an event should come")
    }

    async fn read(&mut self) -> Option<(String, Value)> {
        let (mut name, mut data) = (String::new(), Value::Null);
        loop {
            let mut line = String::new();
            // A line that breaks off is the end, too.
            if self.lines.read_line(&mut line).await.ok()? == 0 || !line.ends_with('\n') {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut self.last_id),
                Some(("event", event)) => event.clone_into(&mut name),
                Some(("data", json)) => data = serde_json::from_str(json).unwrap(),
                // The chunks' own lines, comments, and the empty line at the end of an event.
                _ if !name.is_empty() && !data.is_null() && line.trim().is_empty() => return Some((name, data)),
                _ => {}
            }
        }
    }

    /// The data of the next event, as it stands there; it has to be one of this name.
    async fn next_text(&mut self, name: &str) -> String {
        let (mut is_it, mut line) = (false, String::new());
        loop {
            line.clear();
            let read = tokio::time::timeout(PATIENCE, self.lines.read_line(&mut line)).await;
            assert!(read.expect("an event should come").unwrap() > 0);
            match line.trim_end().split_once(": ") {
                Some(("event", event)) => is_it = event == name,
                Some(("data", data)) if is_it => return data.to_owned(),
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> (String, Value) {
        self.try_next().await.expect("the stream goes on")
    }

    /// Passes over events until one of this name.
    async fn wait_for(&mut self, wanted: &str) -> Value {
        loop {
            let (name, data) = self.next().await;
            if name == wanted {
                return data;
            }
        }
    }
}

/// One call; its answer with the head.
async fn call(mock: &MockServer, method: &str, path: &str, body: &Value) -> String {
    let mut stream = TcpStream::connect(mock.address()).await.unwrap();
    let body = body.to_string();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer demo-key\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn post(mock: &MockServer, name: &str, body: &Value) {
    let answer = call(mock, "POST", &format!("/_mock/{name}"), body).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn inbound(mock: &MockServer, text: &str) {
    post(mock, "inbound", &json!({"provider": "autocalls", "from": CONTACT, "name": "Ana", "text": text})).await;
}

/// A template, which goes at any time.
async fn send(mock: &MockServer) -> String {
    let body = json!({"sender_id": 12, "template_id": 312, "recipient_phone": CONTACT});
    call(mock, "POST", "/api/user/whatsapp/send", &body).await
}

#[tokio::test]
async fn listener_gets_hello_with_clock_then_inbound_event() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    let (name, clock) = listener.next().await;
    assert_eq!((name.as_str(), &clock["frozen"]), ("hello", &json!(false)));
    inbound(&mock, "hi\nthere").await;
    let (name, message) = listener.next().await;
    assert_eq!((name.as_str(), &message["content"]["body"]), ("inbound", &json!("hi\nthere")));
    assert_eq!((&message["from"], &message["window"]["state"]), (&json!(CONTACT), &json!("open")));
}

#[tokio::test]
async fn send_emits_message_request_and_status_events() {
    let mock = MockServer::start().await.unwrap();
    post(&mock, "clock", &json!({"freeze": true})).await;
    let mut listener = Listener::new(&mock, None).await;
    listener.wait_for("hello").await;
    assert!(send(&mock).await.starts_with("HTTP/1.1 200"));
    let (name, message) = listener.next().await;
    assert_eq!((name.as_str(), &message["content"]["type"]), ("message", &json!("template")));
    let (name, request) = listener.next().await;
    assert_eq!((name.as_str(), &request["path"]), ("request", &json!("/api/user/whatsapp/send")));
    assert_eq!(request["headers"]["authorization"], "Bearer ***");
    let (name, status) = listener.next().await;
    assert_eq!((name.as_str(), &status["status"]), ("status", &json!("sent")));
    assert_eq!(status["message_id"], message["message_id"]);
    // On a frozen clock nothing comes by itself.
    post(&mock, "clock", &json!({"advance": "1s"})).await;
    assert_eq!(listener.next().await.0, "clock");
    assert_eq!(listener.wait_for("status").await["status"], "delivered");
}

#[tokio::test]
async fn what_is_told_of_a_request_is_the_text_that_the_journal_shows() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    listener.wait_for("hello").await;
    let body = r#"{"z":1,"a":12345678901234567890123,"a":2,"recipient_phone":"+447700900123"}"#;
    let request = format!(
        "POST /api/user/whatsapp/send HTTP/1.1\r\nhost: localhost\r\nx-b: 1\r\nauthorization: Bearer demo-key\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(mock.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    let told = listener.next_text("request").await;
    assert!(told.contains(body), "{told}");
    let journal = call(&mock, "GET", "/_mock/requests", &Value::Null).await;
    assert!(journal.ends_with(&format!("[{told}]")), "{journal}\n{told}");
}

#[tokio::test]
async fn a_status_falls_due_by_itself_while_the_clock_runs() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    send(&mock).await;
    assert_eq!(listener.wait_for("status").await["status"], "sent");
    assert_eq!(listener.wait_for("status").await["status"], "delivered");
}

#[tokio::test]
async fn what_is_steered_is_told_by_subject() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    listener.wait_for("hello").await;
    post(&mock, "clock", &json!({"advance": "1h"})).await;
    assert_eq!(listener.next().await.0, "clock");
    post(&mock, "limits", &json!({"provider": "autocalls", "limit": 9, "window_s": 1})).await;
    assert_eq!(listener.next().await, ("config".to_owned(), json!({"call": "limits"})));
    post(&mock, "faults", &json!({"provider": "autocalls", "fault": "garbage", "next": 1})).await;
    let (name, faults) = listener.next().await;
    assert_eq!((name.as_str(), &faults[0]["fault"]), ("faults", &json!("garbage")));
    send(&mock).await;
    assert_eq!(listener.wait_for("request").await["fault"], "garbage");
    assert_eq!(listener.next().await, ("faults".to_owned(), json!([])));
    post(&mock, "reset", &json!({})).await;
    assert_eq!(listener.wait_for("reset").await, json!({"reason": "reset"}));
}

#[tokio::test]
async fn a_refused_call_tells_nothing() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    listener.wait_for("hello").await;
    assert!(call(&mock, "POST", "/_mock/faults", &json!({"fault": "none"})).await.starts_with("HTTP/1.1 400"));
    inbound(&mock, "hi").await;
    assert_eq!(listener.next().await.0, "inbound");
}

#[tokio::test]
async fn a_webhook_delivery_is_told_with_its_outcome() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    // The mock itself answers 404 there, which will do.
    let url = format!("{}/hook", mock.url());
    post(&mock, "webhooks", &json!({"provider": "autocalls", "url": url})).await;
    send(&mock).await;
    let tried = listener.wait_for("webhook").await;
    assert_eq!(
        (&tried["attempt"], &tried["status"], &tried["provider"]),
        (&json!(1), &json!(404), &json!("autocalls"))
    );
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed_even_if_nobody_listened() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    inbound(&mock, "first").await;
    listener.wait_for("inbound").await;
    let last_id = listener.last_id.clone();
    drop(listener);
    inbound(&mock, "second").await;
    let mut again = Listener::new(&mock, Some(&last_id)).await;
    let (name, message) = again.next().await;
    assert_eq!((name.as_str(), &message["content"]["body"]), ("inbound", &json!("second")));
}

#[tokio::test]
async fn an_id_from_elsewhere_or_long_ago_is_answered_with_a_reset() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    inbound(&mock, "first").await;
    listener.wait_for("inbound").await;
    let last_id = listener.last_id.clone();
    for id in ["1", "0-1", "x", &last_id.replace("-1", "-99")] {
        let (name, data) = Listener::new(&mock, Some(id)).await.next().await;
        assert_eq!((name.as_str(), data), ("reset", json!({"reason": "gap"})), "{id}");
    }
}

#[tokio::test]
async fn an_answer_says_which_event_it_includes() {
    let mock = MockServer::start().await.unwrap();
    assert!(!call(&mock, "GET", "/_mock/requests", &Value::Null).await.contains("x-transom-event"));
    let mut listener = Listener::new(&mock, None).await;
    inbound(&mock, "hi").await;
    listener.wait_for("inbound").await;
    let answer = call(&mock, "GET", "/_mock/conversations", &Value::Null).await;
    assert!(answer.contains(&format!("x-transom-event: {}\r\n", listener.last_id)), "{answer}");
}

#[tokio::test]
async fn a_namespace_tells_its_own_events_and_no_others() {
    let mock = MockServer::start().await.unwrap();
    let mut home = Listener::new(&mock, None).await;
    let mut own = Listener::at(&mock, "/_ns/t1", None).await;
    own.wait_for("hello").await;
    home.wait_for("hello").await;
    inbound(&mock, "at home").await;
    let write = |text: &str| json!({"provider": "autocalls", "from": CONTACT, "text": text});
    let answer = call(&mock, "POST", "/_ns/t1/_mock/inbound", &write("in the namespace")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-transom-event: "), "{answer}");
    assert_eq!(own.wait_for("inbound").await["content"]["body"], "in the namespace");
    assert_eq!(home.wait_for("inbound").await["content"]["body"], "at home");
    // What falls due by itself is told there, too.
    let body = json!({"sender_id": 12, "template_id": 312, "recipient_phone": CONTACT});
    let sent = call(&mock, "POST", "/_ns/t1/api/user/whatsapp/send", &body).await;
    assert!(sent.starts_with("HTTP/1.1 200"), "{sent}");
    assert_eq!(own.wait_for("status").await["status"], "sent");
    assert_eq!(own.wait_for("status").await["status"], "delivered");
    // A listener goes on where it stopped; one of another world has no place here.
    let last_id = own.last_id.clone();
    drop(own);
    call(&mock, "POST", "/_ns/t1/_mock/inbound", &write("meanwhile")).await;
    let mut again = Listener::at(&mock, "/_ns/t1", Some(&last_id)).await;
    assert_eq!(again.wait_for("inbound").await["content"]["body"], "meanwhile");
    let (name, data) = Listener::new(&mock, Some(&last_id)).await.next().await;
    assert_eq!((name.as_str(), data), ("reset", json!({"reason": "gap"})));
}

#[tokio::test]
async fn who_listens_to_a_namespace_that_is_forgotten_is_sent_away() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::at(&mock, "/_ns/t1", None).await;
    listener.wait_for("hello").await;
    call(&mock, "DELETE", "/_mock/namespaces?name=t1", &Value::Null).await;
    assert!(listener.try_next().await.is_none());
    let (name, data) = Listener::at(&mock, "/_ns/t1", Some(&listener.last_id)).await.next().await;
    assert_eq!((name.as_str(), data), ("reset", json!({"reason": "gap"})));
}

#[tokio::test]
async fn a_listener_who_does_not_read_is_cut_off_and_the_mock_goes_on() {
    let mock = MockServer::start().await.unwrap();
    let mut listener = Listener::new(&mock, None).await;
    listener.wait_for("hello").await;
    // More than the list of events keeps and the sockets' buffers hold.
    let large = "x".repeat(1_000_000);
    for _ in 0..40 {
        inbound(&mock, &large).await;
    }
    // What was on its way arrives, and then the end in place of what is missing.
    let mut heard = 0;
    while listener.try_next().await.is_some() {
        heard += 1;
    }
    assert!(heard < 40, "{heard}");
    let (name, data) = Listener::new(&mock, Some(&listener.last_id)).await.next().await;
    assert_eq!((name.as_str(), data), ("reset", json!({"reason": "gap"})));
}

#[tokio::test]
async fn listener_65_is_refused_until_one_leaves() {
    let mock = MockServer::start().await.unwrap();
    let mut all = Vec::new();
    for _ in 0..64 {
        all.push(Listener::new(&mock, None).await);
    }
    let refused = call(&mock, "GET", "/_mock/events", &Value::Null).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("too many listen"), "{refused}");
    all.pop();
    // That it left is noticed as soon as its connection is closed, which the mock learns in its own time.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut stream = TcpStream::connect(mock.address()).await.unwrap();
        stream.write_all(b"GET /_mock/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        if head == *b"HTTP/1.1 200" {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "no room came");
    }
}
