//! The control plane from a Rust test: the same calls that any other language makes.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::uri::Authority;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::core::time::parse_time;

const TOKEN: HeaderName = HeaderName::from_static("x-mock-token");

/// A client of a mock's control plane, over HTTP. Each call is a connection of its own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use transom_mock_server::MockServer;
///
/// let mock = MockServer::start().await?;
/// let control = mock.control();
/// control.inbound("exotel", "+919876543210", "hi").await?;
/// control.advance("25h").await?;
/// assert!(control.messages("exotel").await?.is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Control {
    authority: Authority,
    /// The path of a namespace, or nothing.
    prefix: String,
    token: Option<HeaderValue>,
}

/// Why a control call failed: the call, and the problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}{problem}", status.map(|status| format!("{status} ")).unwrap_or_default())]
pub struct ClientError {
    call: String,
    /// The status, where the mock answered.
    status: Option<u16>,
    problem: String,
}

impl Control {
    /// A client of the mock at `http://HOST:PORT`, as [`MockServer::url`](crate::server::MockServer::url) gives it; behind that may come
    /// `/_ns/NAME`.
    ///
    /// # Errors
    ///
    /// The address is no `http` one.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let problem = || ClientError {
            call: "the mock's address".to_owned(),
            status: None,
            problem: "expected one such as `http://127.0.0.1:4010`".to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| problem())?;
        let is_http = uri.scheme_str() == Some("http");
        let authority = uri.authority().filter(|_| is_http).cloned().ok_or_else(problem)?;
        Ok(Self { authority, prefix: uri.path().trim_end_matches('/').to_owned(), token: None })
    }

    /// A client of a mock in this process.
    #[cfg(feature = "server")]
    pub(crate) fn of(address: std::net::SocketAddr) -> Self {
        // An address with its port always is an authority, so the fallback is out of reach.
        let authority = address.to_string().parse().unwrap_or_else(|_| Authority::from_static("127.0.0.1"));
        Self { authority, prefix: String::new(), token: None }
    }

    /// The same client, for a mock that asks for a token. A token that a header cannot carry is left out.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        let token = HeaderValue::try_from(token).ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self { token, ..self }
    }

    /// A client of a world of its own on the same server, which is there from the first call on.
    #[must_use]
    pub fn in_namespace(&self, name: &str) -> Self {
        Self { prefix: format!("/_ns/{name}"), ..self.clone() }
    }

    /// Where requests to the providers go, for a client whose base URL may have a path.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.authority, self.prefix)
    }

    /// Back to the seeded world.
    pub async fn reset(&self) -> Result<(), ClientError> {
        self.call(Method::POST, "reset", None).await.map(drop)
    }

    /// Stops the clock, so that an edge can be stood on.
    pub async fn freeze(&self) -> Result<(), ClientError> {
        self.post("clock", json!({"freeze": true})).await.map(drop)
    }

    /// The time on the clock.
    pub async fn now(&self) -> Result<SystemTime, ClientError> {
        let clock = self.call(Method::GET, "clock", None).await?;
        let shown = clock.get("now").and_then(Value::as_str).and_then(parse_time);
        shown.ok_or_else(|| ClientError {
            call: "GET /_mock/clock".to_owned(),
            status: None,
            problem: format!("expected a time, got {clock}"),
        })
    }

    /// Moves the clock on by `25h` and the like, or to the `next` event.
    pub async fn advance(&self, duration: &str) -> Result<(), ClientError> {
        self.post("clock", json!({"advance": duration})).await.map(drop)
    }

    /// Puts the clock to a time such as `2026-05-11T09:00:00Z`.
    pub async fn set_clock(&self, time: &str) -> Result<(), ClientError> {
        self.post("clock", json!({"set": time})).await.map(drop)
    }

    /// A customer writes to the provider's first sender. The answer has the message's id and the window.
    pub async fn inbound(&self, provider: &str, from: &str, text: &str) -> Result<Value, ClientError> {
        self.post("inbound", json!({"provider": provider, "from": from, "text": text})).await
    }

    /// A contact sends this content to the provider's first sender. The answer has the message's id and the window.
    pub async fn inbound_content(&self, provider: &str, from: &str, content: Value) -> Result<Value, ClientError> {
        self.post("inbound", json!({"provider": provider, "from": from, "content": content})).await
    }

    /// Switches a fault on; `fault` holds its members but for the provider's.
    pub async fn fault(&self, provider: &str, fault: Value) -> Result<(), ClientError> {
        self.post("faults", json!([with_provider(provider, fault)])).await.map(drop)
    }

    /// Removes every fault.
    pub async fn clear_faults(&self) -> Result<(), ClientError> {
        self.call(Method::DELETE, "faults", None).await.map(drop)
    }

    /// Lets the answers that a gate holds go; how many those were.
    pub async fn release(&self, gate: &str) -> Result<u64, ClientError> {
        let released = self.post("gates", json!({"release": gate})).await?;
        Ok(released.get("released").and_then(Value::as_u64).unwrap_or_default())
    }

    /// Sets switches, a balance, a sender or a template.
    pub async fn config(&self, provider: &str, change: Value) -> Result<(), ClientError> {
        self.post("config", with_provider(provider, change)).await.map(drop)
    }

    /// Sets the rate limit and starts a new window, whose length is in seconds.
    pub async fn limit(&self, provider: &str, limit: u32, window_s: u32) -> Result<(), ClientError> {
        self.post("limits", json!({"provider": provider, "limit": limit, "window_s": window_s})).await.map(drop)
    }

    /// Registers a webhook, signed if there is a secret.
    pub async fn webhook(&self, provider: &str, url: &str, secret: Option<&str>) -> Result<(), ClientError> {
        self.post("webhooks", json!({"provider": provider, "url": url, "secret": secret})).await.map(drop)
    }

    /// Adds a template to a provider's; `template` has `name`, `body` and whatever else `templates` takes.
    pub async fn add_template(&self, provider: &str, template: Value) -> Result<Value, ClientError> {
        self.post("templates", with_provider(provider, template)).await
    }

    /// Adds a sender to a provider's; `sender` has `phone` and whatever else `senders` takes.
    pub async fn add_sender(&self, provider: &str, sender: Value) -> Result<Value, ClientError> {
        self.post("senders", with_provider(provider, sender)).await
    }

    /// Logs what the provider would post to a webhook, without anybody to receive it; see [`deliveries`](Self::deliveries).
    pub async fn sink(&self, provider: &str) -> Result<(), ClientError> {
        self.post("webhooks", json!({"provider": provider, "sink": true})).await.map(drop)
    }

    /// Every webhook call that was made or logged, newest last.
    pub async fn deliveries(&self, provider: &str) -> Result<Vec<Value>, ClientError> {
        self.list(&format!("webhooks/deliveries?provider={provider}")).await
    }

    /// Moves the clock on to whatever falls due next; what that was, null if nothing will.
    pub async fn advance_to_next(&self) -> Result<Value, ClientError> {
        let mut clock = self.post("clock", json!({"advance": "next"})).await?;
        Ok(clock.get_mut("event").map(Value::take).unwrap_or_default())
    }

    /// Switches a provider's rate limit off.
    pub async fn no_limit(&self, provider: &str) -> Result<(), ClientError> {
        self.post("limits", json!({"provider": provider, "limit": null})).await.map(drop)
    }

    /// Every message handed to a person, newest last.
    pub async fn messages(&self, provider: &str) -> Result<Vec<Value>, ClientError> {
        self.list(&format!("messages?provider={provider}")).await
    }

    /// Every request that the provider was asked, newest last.
    pub async fn requests(&self, provider: &str) -> Result<Vec<Value>, ClientError> {
        self.list(&format!("requests?provider={provider}")).await
    }

    /// Waits until something has happened, without asking over and over: `for=message&to=…&timeout=5s` and the like. The answer
    /// has the `matches`; that none came in time is an error of status 504.
    pub async fn wait(&self, query: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, &format!("wait?{query}"), None).await
    }

    /// Any call, by what stands behind `/_mock/`.
    pub async fn call(&self, method: Method, call: &str, body: Option<Value>) -> Result<Value, ClientError> {
        let place = format!("{method} /_mock/{call}");
        let problem = |status, problem: String| ClientError { call: place.clone(), status, problem };
        let request = self.request(method, call, body).map_err(|error| problem(None, error))?;
        let (status, text) = self.exchange(request).await.map_err(|error| problem(None, error))?;
        if !(200..300).contains(&status) {
            return Err(problem(Some(status), text));
        }
        // The journal as a script is the one answer that is no JSON.
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn post(&self, call: &str, body: Value) -> Result<Value, ClientError> {
        self.call(Method::POST, call, Some(body)).await
    }

    async fn list(&self, call: &str) -> Result<Vec<Value>, ClientError> {
        match self.call(Method::GET, call, None).await? {
            Value::Array(list) => Ok(list),
            other => Err(ClientError {
                call: format!("GET /_mock/{call}"),
                status: None,
                problem: format!("expected a list, got {other}"),
            }),
        }
    }

    fn request(&self, method: Method, call: &str, body: Option<Value>) -> Result<Request<Full<Bytes>>, String> {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        let path = format!("{}/_mock/{call}", self.prefix);
        *request.uri_mut() = path.parse().map_err(|error| format!("{error}"))?;
        let host = HeaderValue::try_from(self.authority.as_str()).map_err(|error| error.to_string())?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = &self.token {
            headers.insert(TOKEN, token.clone());
        }
        Ok(request)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(u16, String), String> {
        let address = (self.authority.host().trim_matches(['[', ']']), self.authority.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        // Small requests must not wait for more; a socket that cannot do without the delay works all the same.
        let _ = stream.set_nodelay(true);
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let connection = tokio::spawn(connection);
        let answered = async {
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>((status, String::from_utf8_lossy(&body).into_owned()))
        };
        let answered = answered.await.map_err(|error| error.to_string());
        connection.abort();
        answered
    }
}

fn with_provider(provider: &str, mut members: Value) -> Value {
    if let Value::Object(members) = &mut members {
        members.insert("provider".to_owned(), provider.into());
    }
    members
}

impl ClientError {
    /// The status of the mock's answer; none if there was no answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }
}

impl From<ClientError> for String {
    fn from(error: ClientError) -> Self {
        error.to_string()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::core::simulator::Simulator;
    use crate::server::MockServer;

    #[tokio::test]
    async fn a_world_is_steered_and_looked_at() {
        let mock = MockServer::start().await.unwrap();
        let control = Control::new(&mock.url()).unwrap();
        control.freeze().await.unwrap();
        control.set_clock("2026-05-11T09:00:00Z").await.unwrap();
        let written = control.inbound("exotel", "+919876543210", "hi").await.unwrap();
        assert_eq!(written["window"]["until"], "2026-05-12T09:00:00Z");
        control.fault("exotel", json!({"fault": "gate", "next": 1})).await.unwrap();
        control.clear_faults().await.unwrap();
        control.config("autocalls", json!({"balance": 0})).await.unwrap();
        control.limit("messangi", 2, 300).await.unwrap();
        control.no_limit("messangi").await.unwrap();
        control.add_template("exotel", json!({"name": "order_ready", "body": "{{1}} is ready."})).await.unwrap();
        control.add_sender("autocalls", json!({"phone": "+12025550143", "id": "77"})).await.unwrap();
        control.sink("exotel").await.unwrap();
        control.inbound("exotel", "+919876543210", "hi").await.unwrap();
        control.wait("for=delivery&timeout=10s").await.unwrap();
        assert_eq!(control.deliveries("exotel").await.unwrap()[0]["url"], "sink");
        assert_eq!(control.advance_to_next().await.unwrap()["kind"], "window");
        assert_eq!(control.release("gate").await.unwrap(), 0);
        control.advance("25h").await.unwrap();
        assert!(control.requests("exotel").await.unwrap().is_empty());
        control.reset().await.unwrap();
        assert_eq!(control.wait("for=message&timeout=0s").await.unwrap_err().status(), Some(504));
        let namespace = control.in_namespace("t1");
        namespace.inbound("exotel", "+919876543210", "hi").await.unwrap();
        assert_eq!(namespace.base_url(), format!("{}/_ns/t1", mock.url()));
        assert_eq!(control.call(Method::GET, "namespaces", None).await.unwrap(), json!(["t1"]));
    }

    #[tokio::test]
    async fn a_refusal_says_what_was_called_and_what_was_expected() {
        let mock = MockServer::start().await.unwrap();
        let error = Control::new(&mock.url()).unwrap().advance("tomorrow").await.unwrap_err();
        assert_eq!(error.status(), Some(400));
        let said = error.to_string();
        assert!(said.starts_with("POST /_mock/clock: 400") && said.contains("expected a duration"), "{said}");
        for url in ["https://127.0.0.1:1", "127.0.0.1", "/x", ""] {
            assert!(Control::new(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_token_is_brought_and_not_shown() {
        const TOKEN: &str = "0123456789abcdef0123456789abcdef";
        let simulator = Simulator::new(std::time::SystemTime::now()).with_token(TOKEN).unwrap();
        let mock = MockServer::start_with(simulator).await.unwrap();
        let control = Control::new(&mock.url()).unwrap();
        assert_eq!(control.freeze().await.unwrap_err().status(), Some(401));
        let control = control.with_token(TOKEN);
        control.freeze().await.unwrap();
        assert!(!format!("{control:?}").contains(TOKEN));
    }
}
