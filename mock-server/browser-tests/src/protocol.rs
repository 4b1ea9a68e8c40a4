//! A client of Chromium's `DevTools` protocol: commands and responses over one WebSocket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything on the page takes.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(30);

/// A browser tab.
#[derive(Debug)]
pub(crate) struct Tab {
    connection: Mutex<Connection>,
}

#[derive(Debug)]
struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    /// Set once the tab is open.
    session: Option<String>,
    complaints: Vec<String>,
}

impl Tab {
    /// Opens an empty tab in the browser with this `DevTools` address.
    pub(crate) async fn open(address: &str) -> Self {
        let (socket, _) = connect_async(address).await.unwrap();
        let mut connection = Connection { socket, last_id: 0, session: None, complaints: Vec::new() };
        let target = connection.command("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = connection.command("Target.attachToTarget", attach).await;
        connection.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            connection.command(&format!("{domain}.enable"), json!({})).await;
        }
        Self { connection: Mutex::new(connection) }
    }

    /// Sends a command and waits for its result: null if the page navigated away meanwhile.
    pub(crate) async fn command(&self, method: &str, parameters: Value) -> Value {
        self.connection.lock().await.command(method, parameters).await
    }

    /// Failed scripts and blocked content since the last call.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut connection = self.connection.lock().await;
        // Events arrive in order, so that all earlier ones have arrived with this response.
        connection.command("Runtime.evaluate", json!({"expression": "0"})).await;
        std::mem::take(&mut connection.complaints)
    }
}

/// How Chromium reports that the page navigated away during a command.
const NAVIGATED_AWAY: [&str; 3] =
    ["navigated or closed", "context was destroyed", "Cannot find context with specified id"];

impl Connection {
    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        self.socket.send(Message::text(command.to_string())).await.unwrap();
        loop {
            let frame = timeout(MAX_WAIT, self.socket.next()).await;
            let frame = frame
                .unwrap_or_else(|_| panic!("{method}: no response within 30 s"))
                .expect("Chromium is running")
                .unwrap();
            let Message::Text(text) = frame else { continue };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == self.last_id {
                // Navigating away ends the scripts of the page, so that they give no result.
                if NAVIGATED_AWAY
                    .iter()
                    .any(|words| message["error"]["message"].as_str().is_some_and(|text| text.contains(words)))
                {
                    return Value::Null;
                }
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.complaints.extend(complaint(&message));
        }
    }
}

/// The text of an event about a failed script or blocked content.
fn complaint(event: &Value) -> Option<String> {
    let about = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(about["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if about["type"] == "error" => Some(about["args"].to_string()),
        "Log.entryAdded" if about["entry"]["level"] != "verbose" => Some(about["entry"]["text"].to_string()),
        _ => None,
    }
}
