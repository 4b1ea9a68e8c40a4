//! Webhooks on real sockets: the mock, a client that sends, and a receiver that knows nothing but bytes.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use transom_mock_server::MockServer;

/// A delivery that nothing waits for is expected within this; it normally takes a millisecond.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a receiver does with a call.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers with a status and a body of so many bytes.
    SimulatedResponse(u16, usize),
    /// Answers with a redirect to itself.
    Redirect,
    /// Closes without a word.
    Close,
}

/// One call as it came.
#[derive(Debug, Clone)]
struct Call {
    head: String,
    body: String,
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn status_code(&self) -> u64 {
        self.json().pointer("/whatsapp/messages/0/exo_status_code").and_then(Value::as_u64).unwrap()
    }
}

/// A receiver on a port of its own. It behaves as told, call by call, and then answers 200.
struct Receiver {
    port: u16,
    calls: watch::Receiver<Vec<Call>>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    async fn start(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, calls) = watch::channel(Vec::new());
        let mut manners: VecDeque<Manner> = manners.iter().copied().collect();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(call) = read_call(&mut stream).await else { continue };
                seen.send_modify(|calls: &mut Vec<Call>| calls.push(call));
                let answer = match manners.pop_front().unwrap_or(Manner::SimulatedResponse(200, 0)) {
                    Manner::Close => continue,
                    Manner::SimulatedResponse(status, length) => {
                        format!("HTTP/1.1 {status} So\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length))
                    }
                    Manner::Redirect => {
                        format!(
                            "HTTP/1.1 307 So\r\nlocation: http://127.0.0.1:{port}/elsewhere\r\ncontent-length: 0\r\n\r\n"
                        )
                    }
                };
                // A caller that has read enough may be gone.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, calls, task }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?kind=a", self.port)
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// The calls, once there are so many.
    async fn wait_for(&self, count: usize) -> Vec<Call> {
        let mut calls = self.calls.clone();
        let enough = calls.wait_for(|calls| calls.len() >= count);
        let in_time = tokio::time::timeout(PATIENCE, enough).await.is_ok();
        assert!(in_time, "{} calls came, {count} were expected", self.calls().len());
        self.calls()
    }
}

async fn read_call(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return Some(Call { head: head.to_owned(), body: body.to_owned() });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Asks the mock on a connection of its own; status and JSON.
async fn ask(mock: &MockServer, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic ZGVtby1rZXk6ZGVtby10b2tlbg==\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(mock.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

async fn control(mock: &MockServer, call: &str, body: &Value) -> Value {
    let method = if body.is_null() { "GET" } else { "POST" };
    let (status, json) = ask(mock, method, &format!("/_mock/{call}"), body).await;
    assert_eq!(status, 200, "{call}: {json}");
    json
}

/// A mock whose clock stands still, and a receiver that it tells of Exotel.
async fn listening(manners: &[Manner]) -> (MockServer, Receiver) {
    let (mock, receiver) = (MockServer::start().await.unwrap(), Receiver::start(manners).await);
    control(&mock, "clock", &json!({"set": "2026-05-11T09:20:00Z", "freeze": true})).await;
    let webhook = json!({"provider": "exotel", "url": receiver.url(), "secret": "Jefe"});
    control(&mock, "webhooks", &webhook).await;
    (mock, receiver)
}

/// Sends a template, which goes at any time.
async fn send(mock: &MockServer) {
    let template = json!({"name": "re_engagement_v1", "language": {"code": "en", "policy": "deterministic"}});
    let content = json!({"type": "template", "template": template});
    let body = json!({"from": "+919876500001", "to": "+919876543210", "content": content});
    let (status, json) = ask(mock, "POST", "/v2/accounts/acme/messages", &body).await;
    assert_eq!(status, 202, "{json}");
}

async fn log(mock: &MockServer) -> Vec<(u64, Value)> {
    let log = control(mock, "webhooks/deliveries", &Value::Null).await;
    log.as_array().unwrap().iter().map(|line| (line["attempt"].as_u64().unwrap(), line["status"].clone())).collect()
}

#[tokio::test]
async fn an_inbound_message_is_posted_signed_to_the_webhook() {
    let (mock, receiver) = listening(&[]).await;
    let from = json!({"provider": "exotel", "from": "+919876543210", "text": "grüß 👋"});
    control(&mock, "inbound", &from).await;
    let call = receiver.wait_for(1).await.remove(0);
    assert!(call.head.starts_with("POST /hook?kind=a HTTP/1.1\r\n"), "{}", call.head);
    assert_eq!(call.header("host"), Some(format!("127.0.0.1:{}", receiver.port).as_str()));
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.json()["whatsapp"]["messages"][0]["content"]["text"]["body"], "grüß 👋");
    let signature = call.header("x-exotel-signature").unwrap();
    assert_eq!(signature, hmac_sha256("Jefe", call.body.as_bytes()));
}

#[tokio::test]
async fn advance_responds_after_all_due_calls_in_order() {
    let (mock, receiver) = listening(&[]).await;
    send(&mock).await;
    send(&mock).await;
    receiver.wait_for(2).await;
    control(&mock, "clock", &json!({"advance": "999ms"})).await;
    assert_eq!(receiver.calls().len(), 2);
    control(&mock, "clock", &json!({"advance": "1ms"})).await;
    let codes: Vec<u64> = receiver.calls().iter().map(Call::status_code).collect();
    assert_eq!(codes, [30001, 30001, 30002, 30002]);
}

#[tokio::test]
async fn one_turn_of_the_clock_runs_a_whole_schedule_of_retries() {
    let manners = [Manner::SimulatedResponse(500, 0), Manner::Close, Manner::SimulatedResponse(200, 0)];
    let (mock, receiver) = listening(&manners).await;
    control(&mock, "config", &json!({"provider": "exotel", "last_status": "sent"})).await;
    send(&mock).await;
    receiver.wait_for(1).await;
    control(&mock, "clock", &json!({"advance": "25h"})).await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    assert_eq!(log(&mock).await, [(1, json!(500)), (2, Value::Null), (3, json!(200))]);
}

#[tokio::test]
async fn advance_lists_calls_with_results_among_fired_timers() {
    let (mock, receiver) = listening(&[Manner::SimulatedResponse(200, 0), Manner::SimulatedResponse(500, 0)]).await;
    send(&mock).await;
    receiver.wait_for(1).await;
    let answer = control(&mock, "clock", &json!({"advance": "1m"})).await;
    let fired: Vec<[&Value; 4]> = answer["fired"]
        .as_array()
        .unwrap()
        .iter()
        .map(|due| ["kind", "at", "attempt", "status"].map(|name| &due[name]))
        .collect();
    let (webhook, second, later) = (json!("webhook"), json!("2026-05-11T09:20:01Z"), json!("2026-05-11T09:20:31Z"));
    assert_eq!(
        fired,
        [
            [&webhook, &second, &json!(1), &json!(500)],
            [&json!("status"), &second, &Value::Null, &json!("delivered")],
            [&webhook, &later, &json!(2), &json!(200)],
        ]
    );
}

#[tokio::test]
async fn setting_the_clock_ahead_delivers_as_well() {
    let (mock, receiver) = listening(&[]).await;
    send(&mock).await;
    control(&mock, "clock", &json!({"set": "2026-05-11T09:21:00Z"})).await;
    assert_eq!(receiver.calls().len(), 2);
}

#[tokio::test]
async fn a_running_clock_delivers_by_itself() {
    let (mock, receiver) = listening(&[]).await;
    send(&mock).await;
    control(&mock, "clock", &json!({"advance": "990ms"})).await;
    assert_eq!(receiver.calls().len(), 1);
    control(&mock, "clock", &json!({"freeze": false})).await;
    let codes: Vec<u64> = receiver.wait_for(2).await.iter().map(Call::status_code).collect();
    assert_eq!(codes, [30001, 30002]);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_counts_as_a_failure() {
    let (mock, receiver) = listening(&[Manner::Redirect]).await;
    control(&mock, "config", &json!({"provider": "exotel", "last_status": "sent"})).await;
    send(&mock).await;
    receiver.wait_for(1).await;
    control(&mock, "clock", &json!({"advance": "30s"})).await;
    assert!(receiver.calls().iter().all(|call| call.head.starts_with("POST /hook?kind=a ")));
    assert_eq!(log(&mock).await, [(1, json!(307)), (2, json!(200))]);
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let (mock, receiver) = listening(&[Manner::SimulatedResponse(200, 8 * 1024 * 1024)]).await;
    control(&mock, "config", &json!({"provider": "exotel", "last_status": "sent"})).await;
    send(&mock).await;
    receiver.wait_for(1).await;
    control(&mock, "clock", &json!({"advance": "1h"})).await;
    assert_eq!(log(&mock).await, [(1, json!(200))]);
}

#[tokio::test]
async fn nobody_listening_is_a_failed_try_and_the_mock_goes_on() {
    let (mock, receiver) = listening(&[]).await;
    // A bound socket keeps the port from everybody else, and does not listen.
    let deaf = TcpSocket::new_v4().unwrap();
    deaf.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = deaf.local_addr().unwrap();
    let gone = json!({"provider": "exotel", "url": format!("http://{closed}/")});
    control(&mock, "webhooks", &gone).await;
    send(&mock).await;
    control(&mock, "clock", &json!({"advance": "25h"})).await;
    let tries = log(&mock).await;
    assert_eq!(tries.len(), 2 * 5);
    assert!(tries.iter().all(|(_, status)| status.is_null()), "{tries:?}");
    assert!(receiver.calls().is_empty());
}

/// A target that takes connections, and never says a word.
async fn silent_target() -> (String, watch::Receiver<usize>, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (came, callers) = watch::channel(0);
    let task = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
            came.send_replace(kept.len());
        }
    });
    (url, callers, task)
}

#[tokio::test]
async fn silent_target_delays_no_other_target_world_or_clock() {
    let (mock, receiver) = listening(&[]).await;
    let (url, mut callers, _silent) = silent_target().await;
    let silent = json!({"provider": "gosendapi", "url": url});
    let inbound = |provider: &str| json!({"provider": provider, "from": "+919876543210", "text": "hi"});
    assert_eq!(ask(&mock, "POST", "/_ns/a/_mock/webhooks", &silent).await.0, 200);
    control(&mock, "webhooks", &silent).await;
    let told = std::time::Instant::now();
    for path in ["/_ns/a/_mock/inbound", "/_mock/inbound"] {
        assert_eq!(ask(&mock, "POST", path, &inbound("gosendapi")).await.0, 200);
    }
    callers.wait_for(|count| *count == 2).await.unwrap();
    // Another target of the same world, and one of another world that begins with it.
    control(&mock, "inbound", &inbound("exotel")).await;
    receiver.wait_for(1).await;
    assert_eq!(
        ask(&mock, "POST", "/_ns/b/_mock/webhooks", &json!({"provider": "exotel", "url": receiver.url()})).await.0,
        200
    );
    assert_eq!(ask(&mock, "POST", "/_ns/b/_mock/inbound", &inbound("exotel")).await.0, 200);
    assert_eq!(ask(&mock, "POST", "/_ns/b/_mock/clock", &json!({"advance": "1h"})).await.0, 200);
    assert_eq!(receiver.calls().len(), 2);
    assert_eq!(ask(&mock, "POST", "/_ns/c/_mock/clock", &json!({"advance": "1h"})).await.0, 200);
    assert!(told.elapsed() < Duration::from_secs(10), "all of it was before the silent target's time was up");
}

#[tokio::test]
async fn advance_waits_for_all_due_calls_and_keeps_order() {
    const SENDS: usize = 600;
    let (mock, receiver) = listening(&[]).await;
    control(&mock, "config", &json!({"provider": "exotel", "last_status": "delivered"})).await;
    control(&mock, "limits", &json!({"provider": "exotel", "limit": 100_000, "window_s": 60})).await;
    for _ in 0..SENDS {
        send(&mock).await;
    }
    receiver.wait_for(SENDS).await;
    control(&mock, "webhooks", &json!({"provider": "exotel", "url": receiver.url(), "copies": 2})).await;
    for _ in 0..SENDS {
        send(&mock).await;
    }
    control(&mock, "clock", &json!({"advance": "24h"})).await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), SENDS * 6, "one call for each status of the first half, two for each of the second");
    let codes: Vec<u64> = calls.iter().map(Call::status_code).collect();
    assert!(codes.is_sorted(), "every message was sent before any was delivered");
    let id = |call: &Call| call.json().pointer("/whatsapp/messages/0/sid").and_then(Value::as_str).unwrap().to_owned();
    let delivered: Vec<String> = calls.iter().skip(3 * SENDS).map(id).collect();
    let sent: Vec<String> = calls.iter().take(3 * SENDS).map(id).collect();
    assert_eq!(delivered, sent, "within one moment they go in the order in which they came");
}

#[tokio::test]
async fn silent_target_costs_one_timeout_per_advance() {
    let (mock, receiver) = listening(&[]).await;
    let (url, mut callers, _silent) = silent_target().await;
    control(&mock, "webhooks", &json!({"provider": "exotel", "url": url})).await;
    for _ in 0..20 {
        send(&mock).await;
    }
    callers.wait_for(|count| *count == 1).await.unwrap();
    let turn = json!({"advance": "24h"});
    tokio::time::timeout(12 * PATIENCE, control(&mock, "clock", &turn)).await.unwrap();
    let tries = log(&mock).await;
    assert_eq!(
        (tries.len(), *callers.borrow()),
        (20 * 2 * 5, 1),
        "each on its whole schedule, and one of them for real"
    );
    assert!(tries.iter().all(|(_, status)| status.is_null()));
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn the_callback_of_a_message_is_told_on_the_wire() {
    let (mock, receiver) = listening(&[]).await;
    let own = Receiver::start(&[]).await;
    let template = json!({"name": "re_engagement_v1", "language": {"code": "en", "policy": "deterministic"}});
    let body = json!({
        "from": "+919876500001", "to": "+919876543210", "status_callback": own.url(), "custom_data": "order-17",
        "content": {"type": "template", "template": template},
    });
    assert_eq!(ask(&mock, "POST", "/v2/accounts/acme/messages", &body).await.0, 202);
    control(&mock, "clock", &json!({"advance": "1s"})).await;
    let references: Vec<Value> =
        own.calls().iter().map(|call| call.json()["whatsapp"]["messages"][0]["custom_data"].clone()).collect();
    assert_eq!(references, ["order-17", "order-17"]);
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn webhook_to_another_machine_is_refused_and_not_called() {
    let (mock, receiver) = listening(&[]).await;
    for url in [
        format!("http://0.0.0.0:{}/", receiver.port),
        format!("http://2130706433:{}/", receiver.port),
        format!("http://[::ffff:127.0.0.1]:{}/", receiver.port),
        format!("http://user:pass@127.0.0.1:{}/", receiver.port),
        format!("https://0.0.0.0:{}/", receiver.port),
    ] {
        let body = json!({"provider": "messangi", "url": url});
        let (status, json) = ask(&mock, "POST", "/_mock/webhooks", &body).await;
        assert!(status == 400 && json["error"].as_str().unwrap().contains("`url` "), "{url}: {json}");
    }
    control(&mock, "inbound", &json!({"provider": "messangi", "from": "+5215599992222", "text": "hi"})).await;
    control(&mock, "clock", &json!({"advance": "1h"})).await;
    assert!(receiver.calls().is_empty());
}

/// By its definition (RFC 2104), so that the signer is not checked with itself.
fn hmac_sha256(key: &str, body: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key.bytes()).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(body).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().fold(String::from("sha256="), |hex, byte| format!("{hex}{byte:02x}"))
}
