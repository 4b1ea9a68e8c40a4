//! What happens outside the browser: an application that uses the SDK, and raw requests to the mock.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use transom::config::{ChannelConfig, process_env};
use transom::{Client, Message, Receipt, Registry, Result};
use transom_mock_server::MockServer;

pub(crate) const CONTACT: &str = "+919876543210";

/// An Exotel client for this mock.
pub(crate) fn client(mock: &MockServer) -> Client {
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://demo-key:demo-token@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env()).unwrap();
    registry.connect(&channel).unwrap()
}

pub(crate) async fn send_text(client: &Client, text: &str) -> Result<Receipt> {
    client.send(&Message::text(CONTACT.parse().unwrap(), text)).await
}

/// Sends a message with this content, as JSON.
pub(crate) async fn send(client: &Client, content: Value, reference: &str) -> Result<Receipt> {
    let message = json!({"to": CONTACT, "reference": reference, "content": content});
    client.send(&serde_json::from_value(message).unwrap()).await
}

/// Calls the control plane.
pub(crate) async fn control(mock: &MockServer, call: &str, body: &Value) {
    control_at(mock, &format!("/_mock/{call}"), body).await;
}

/// Calls the control plane by its whole path, which may start with a namespace.
pub(crate) async fn control_at(mock: &MockServer, path: &str, body: &Value) {
    let answer = exchange(mock, &format!("POST {path}"), &body.to_string()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A raw GET request, to a provider or to the control plane.
pub(crate) async fn ask(mock: &MockServer, path: &str) -> String {
    exchange(mock, &format!("GET {path}"), "").await
}

/// Sends a text to Exotel, and gives the whole response.
pub(crate) async fn post_text(mock: &MockServer, text: &str) -> String {
    let head = "POST /v2/accounts/acme/messages HTTP/1.1\r\nauthorization: Basic ZGVtby1rZXk6ZGVtby10b2tlbg==\r\ncontent-type: application/json";
    speak(mock, head, text_body(text).as_bytes()).await
}

fn text_body(text: &str) -> String {
    let content = json!({"type": "text", "text": {"body": text}});
    json!({"from": "+919876500001", "to": CONTACT, "content": content}).to_string()
}

/// Sends `count` texts (`message 1` and so on) to Exotel on one connection, each after the response to the one before.
pub(crate) async fn burst(mock: &MockServer, count: usize) {
    let mut stream = BufStream::new(TcpStream::connect(mock.address()).await.unwrap());
    for number in 1..=count {
        let body = text_body(&format!("message {number}"));
        let head = format!(
            "POST /v2/accounts/acme/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic ZGVtby1rZXk6ZGVtby10b2tlbg==\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            assert!(!line.starts_with("HTTP/1.1") || line.contains("202"), "{line}");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        stream.read_exact(&mut vec![0; length]).await.unwrap();
    }
}

async fn exchange(mock: &MockServer, what: &str, body: &str) -> String {
    speak(mock, &format!("{what} HTTP/1.1\r\nauthorization: Bearer demo-key"), body.as_bytes()).await
}

/// Sends this request as it is, and gives the whole response.
pub(crate) async fn speak(mock: &MockServer, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(mock.address()).await.unwrap();
    let head = format!("{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Makes a conversation, with the clock frozen on a Monday morning.
pub(crate) async fn talk(mock: &MockServer, client: &Client) {
    control(mock, "clock", &json!({"set": "2026-05-11T09:20:00Z", "freeze": true})).await;
    let template =
        json!({"type": "template", "name": "visit_reminder", "language": "en", "body": ["Asha", "Tuesday at 10:30"]});
    send(client, template, "visit-88").await.unwrap();
    control(mock, "clock", &json!({"advance": "4m"})).await;
    customer(mock, "Thanks! Could we make it a bit later?").await;
    control(mock, "clock", &json!({"advance": "2m"})).await;
    let buttons = json!({
        "type": "buttons", "body": "Of course. Which of these suits you?",
        "buttons": [{"id": "t11", "title": "11:30"}, {"id": "t15", "title": "15:00"}],
    });
    send(client, buttons, "visit-88").await.unwrap();
    control(mock, "clock", &json!({"advance": "1s"})).await;
}

pub(crate) async fn customer(mock: &MockServer, text: &str) {
    control(mock, "inbound", &json!({"provider": "exotel", "from": CONTACT, "name": "Asha Rao", "text": text})).await;
}
