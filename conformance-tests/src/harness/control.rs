//! The mock's control plane, over HTTP: the same calls that any other language would make.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use transom::adapter::Operation;
use transom::time::rfc3339;
use transom::transport::Transport;

use crate::assertions::Failure;

/// A client of the control plane.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    base: String,
    transport: Arc<dyn Transport>,
}

type Answer<T> = Result<T, Failure>;

impl Control {
    pub(crate) const fn new(base: String, transport: Arc<dyn Transport>) -> Self {
        Self { base, transport }
    }

    /// Stops the clock, so that an edge can be stood on.
    pub(crate) async fn freeze(&self) -> Answer<()> {
        self.post("clock", json!({ "freeze": true })).await
    }

    /// Moves the clock on by `25h` and the like.
    pub(crate) async fn advance(&self, duration: &str) -> Answer<()> {
        self.post("clock", json!({ "advance": duration })).await
    }

    /// Back to the seeded world.
    pub(crate) async fn reset(&self) -> Answer<()> {
        self.post("reset", json!({})).await
    }

    /// What the clock shows.
    pub(crate) async fn now(&self) -> Answer<SystemTime> {
        let clock = self.call(Method::GET, "clock", None).await?;
        let shown = clock["now"].as_str().and_then(rfc3339::parse);
        shown.ok_or_else(|| format!("GET /_mock/clock: expected a time, got {clock}").into())
    }

    /// Lets `from` write to the provider's sender.
    pub(crate) async fn inbound(&self, provider: &str, from: &str) -> Answer<()> {
        self.post("inbound", json!({ "provider": provider, "from": from, "text": "hi" })).await
    }

    /// Lets `from` write this to the provider's sender.
    pub(crate) async fn writes(&self, provider: &str, from: &str, content: Value) -> Answer<()> {
        self.post("inbound", json!({ "provider": provider, "from": from, "content": content })).await
    }

    /// Lets the provider tell what happens at `url`, signed with `secret` where there is one.
    pub(crate) async fn webhook(&self, provider: &str, url: &str, secret: Option<&str>) -> Answer<()> {
        let mut hook = json!({ "provider": provider, "url": url });
        if let Some(secret) = secret {
            hook["secret"] = secret.into();
        }
        self.post("webhooks", hook).await
    }

    /// Switches a fault on; `fault` holds its members but for the provider's.
    pub(crate) async fn fault(&self, provider: &str, fault: Value) -> Answer<()> {
        self.post("faults", json!([with_provider(provider, fault)])).await
    }

    /// Sets a switch, a balance, a sender or a template.
    pub(crate) async fn config(&self, provider: &str, change: Value) -> Answer<()> {
        self.post("config", with_provider(provider, change)).await
    }

    /// Sets the rate limit and starts a new window.
    pub(crate) async fn limit(&self, provider: &str, limit: u32, window_s: u32) -> Answer<()> {
        self.post("limits", json!({ "provider": provider, "limit": limit, "window_s": window_s })).await
    }

    /// Every message handed to a person, newest last.
    pub(crate) async fn messages(&self, provider: &str) -> Answer<Vec<Value>> {
        self.list(&format!("messages?provider={provider}")).await
    }

    /// Every request that the provider was asked, newest last.
    pub(crate) async fn requests(&self, provider: &str) -> Answer<Vec<Value>> {
        self.list(&format!("requests?provider={provider}")).await
    }

    async fn list(&self, call: &str) -> Answer<Vec<Value>> {
        match self.call(Method::GET, call, None).await? {
            Value::Array(list) => Ok(list),
            other => Err(format!("GET /_mock/{call}: expected a list, got {other}").into()),
        }
    }

    async fn post(&self, call: &str, body: Value) -> Answer<()> {
        self.call(Method::POST, call, Some(body)).await.map(drop)
    }

    async fn call(&self, method: Method, call: &str, body: Option<Value>) -> Answer<Value> {
        let place = format!("{method} /_mock/{call}");
        let problem = |what: String| Failure::from(format!("{place}: {what}"));
        let mut request = Request::new(body.map(|body| Bytes::from(body.to_string())).unwrap_or_default());
        *request.method_mut() = method;
        *request.uri_mut() =
            format!("{}/_mock/{call}", self.base).parse().map_err(|error| problem(format!("{error}")))?;
        request.extensions_mut().insert(Operation::Read);
        let response = self.transport.send(request).await.map_err(|error| problem(error.to_string()))?;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        if !response.status().is_success() {
            return Err(problem(format!("{} {text}", response.status())));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| problem(format!("{error} in {text}")))
    }
}

fn with_provider(provider: &str, mut members: Value) -> Value {
    if let Value::Object(members) = &mut members {
        members.insert("provider".to_owned(), provider.into());
    }
    members
}
