//! Orders to a page by Chromium's `DevTools` protocol: one WebSocket, and an answer to each order.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::PATIENCE;

/// A tab that takes orders.
#[derive(Debug)]
pub(crate) struct Tab {
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    /// The tab, once there is one.
    session: Option<String>,
    complaints: Vec<String>,
}

impl Tab {
    /// Opens an empty tab in the browser that takes orders at this address.
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

    /// Gives one order and waits for what comes of it: null if the page went elsewhere meanwhile.
    pub(crate) async fn order(&self, method: &str, parameters: Value) -> Value {
        self.line.lock().await.order(method, parameters).await
    }

    /// What the page complained of since the last time.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut line = self.line.lock().await;
        // Everything that was said before this order's answer has then been heard.
        line.order("Runtime.evaluate", json!({"expression": "0"})).await;
        std::mem::take(&mut line.complaints)
    }
}

/// How Chromium says that a page went elsewhere in the middle of an order.
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
                // A page that goes elsewhere takes its scripts with it, and what they would have answered.
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

/// What an event says of a script that failed, or of something that was blocked.
fn complaint(event: &Value) -> Option<String> {
    let about = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(about["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if about["type"] == "error" => Some(about["args"].to_string()),
        "Log.entryAdded" if about["entry"]["level"] != "verbose" => Some(about["entry"]["text"].to_string()),
        _ => None,
    }
}
