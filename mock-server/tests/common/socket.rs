//! The mock on a real socket, and a client that knows nothing but bytes.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use transom_mock_server::MockServer;

pub(crate) async fn mock() -> MockServer {
    MockServer::start().await.unwrap()
}

pub(crate) async fn connect(mock: &MockServer) -> TcpStream {
    TcpStream::connect(mock.address()).await.unwrap()
}

/// Sends bytes and reads until the mock closes.
pub(crate) async fn exchange(mock: &MockServer, bytes: &str) -> io::Result<String> {
    let mut stream = connect(mock).await;
    stream.write_all(bytes.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A request that closes the connection behind it; `more` are header lines, each with its end.
pub(crate) fn request(method: &str, path: &str, more: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer demo-key\r\ncontent-type: application/json\r\n\
         accept: application/json\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn post(path: &str, body: &str) -> String {
    request("POST", path, "", body)
}

pub(crate) fn get(path: &str) -> String {
    request("GET", path, "", "")
}

/// A template, which goes at any time.
pub(crate) fn send() -> String {
    post("/api/user/whatsapp/send", r#"{"sender_id":12,"template_id":312,"recipient_phone":"+447700900123"}"#)
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|text| text.parse().ok()).unwrap_or_default()
}

pub(crate) fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// A control call that must succeed.
pub(crate) async fn control(mock: &MockServer, method: &str, call: &str, body: &str) -> Value {
    let answer = exchange(mock, &request(method, &format!("/_mock/{call}"), "", body)).await.unwrap();
    assert_eq!(status(&answer), 200, "{call} {body}: {answer}");
    serde_json::from_str(body_of(&answer)).unwrap()
}

/// How many messages reached people.
pub(crate) async fn delivered(mock: &MockServer) -> usize {
    control(mock, "GET", "messages", "").await.as_array().unwrap().len()
}
