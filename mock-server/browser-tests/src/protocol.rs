//! Chromium's `DevTools` protocol: one WebSocket, with a response for each command.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::PATIENCE;

/// A connection to a tab.
#[derive(Debug)]
pub(crate) struct Tab {
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    /// The tab's session, once it exists.
    session: Option<String>,
    complaints: Vec<String>,
}

impl Tab {
    /// Opens an empty tab in the browser at this address.
    pub(crate) async fn open(address: &str) -> Self {
        let (socket, _) = connect_async(address).await.unwrap();
        let mut line = Line { socket, last_id: 0, session: None, complaints: Vec::new() };
        let target = line.order("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = line.order("Target.attachToTarget", attach).await;
        line.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            line.order(&format!("{domain}.enable"), json!({})).await;
        }
        Self { line: Mutex::new(line) }
    }

    /// Sends a command and waits for its result: null if the page navigated meanwhile.
    pub(crate) async fn order(&self, method: &str, parameters: Value) -> Value {
        self.line.lock().await.order(method, parameters).await
    }

    /// Returns new problems of the page.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut line = self.line.lock().await;
        // The response comes after all earlier events.
        line.order("Runtime.evaluate", json!({"expression": "0"})).await;
        std::mem::take(&mut line.complaints)
    }
}

/// Chromium's error texts for a page that navigated during a command.
const WENT_ELSEWHERE: [&str; 3] =
    ["navigated or closed", "context was destroyed", "Cannot find context with specified id"];

impl Line {
    async fn order(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut order = json!({"id": self.last_id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        self.socket.send(Message::text(order.to_string())).await.unwrap();
        loop {
            let heard = timeout(PATIENCE, self.socket.next()).await;
            let heard =
                heard.unwrap_or_else(|_| panic!("{method} is not answered")).expect("Chromium is there").unwrap();
            let Message::Text(text) = heard else { continue };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == self.last_id {
                // A navigation ends the scripts of the old page without a result.
                if WENT_ELSEWHERE
                    .iter()
                    .any(|words| message["error"]["message"].as_str().is_some_and(|said| said.contains(words)))
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
