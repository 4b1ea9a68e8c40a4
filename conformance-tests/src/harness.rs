//! The harness of a scenario: a fresh mock, an adapter connected to it, and recorders on both sides.

mod backend;
mod clock;
mod exchange;
mod recording_transport;
pub(crate) mod redact;
mod trace;
mod webhook_receiver;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::transport::{HttpOptions, HttpTransport};
use transom::webhook::WebhookEvents;
use transom::{
    Capabilities, Capability, Client, ErrorKind, Message, PhoneNumber, Receipt, Registry, Result, Sent, Session,
};

use transom_mock_server::Control;

use crate::adapters::AdapterUnderTest;
use crate::assertions::{Check, Failure, ensure, equal, unexpected};
use crate::evidence::coverage::CoverageSink;
use backend::Running;
use trace::TraceRecorder;

pub use backend::Backend;
pub(crate) use clock::Shared as Clock;
pub use exchange::Exchange;
pub(crate) use recording_transport::RecordingTransport;
pub use trace::{DeliveredMessage, EventRecord, SendRecord, Trace};
pub(crate) use webhook_receiver::WebhookReceiver;

/// The contact of most scenarios.
pub(crate) const CONTACT: &str = "+5491155550123";
/// Another contact.
pub(crate) const OTHER: &str = "+5491155550124";

pub(crate) struct Harness {
    pub(crate) adapter: &'static AdapterUnderTest,
    pub(crate) control: Control,
    pub(crate) client: Client,
    /// The seed of the random values.
    pub(crate) seed: u64,
    /// Records the outcome of every send.
    pub(crate) trace: TraceRecorder,
    registry: Registry,
    transport: Arc<dyn Transport>,
    /// The exchanges before the last reset.
    earlier: Mutex<Vec<Value>>,
    /// The facts that the case covers.
    pub(crate) coverage: CoverageSink,
    backend: Running,
}

/// The harness keeps at most so many exchanges from before a reset.
const MOST_EARLIER: usize = 500;

impl Harness {
    /// Starts a fresh mock and connects the adapter's channel to it.
    pub(crate) async fn open(
        adapter: &'static AdapterUnderTest,
        backend: &Backend,
        seed: u64,
    ) -> Result<Self, Failure> {
        let backend = Running::start(backend, adapter).await?;
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(HttpOptions::default()).map_err(unexpected)?);
        let control = Control::new(&backend.url())?;
        let registry = Registry::default().with_provider(adapter.provider);
        let client = Client::new(transom::testing::Stub::accepting());
        let (trace, earlier, coverage) = (TraceRecorder::default(), Mutex::default(), CoverageSink::default());
        let mut harness =
            Self { adapter, control, client, seed, trace, registry, transport, earlier, coverage, backend };
        harness.client = harness.connect(&harness.config()?)?;
        Ok(harness)
    }

    /// The adapter's channel, to be changed before it is connected.
    pub(crate) fn config(&self) -> Result<ChannelConfig, Failure> {
        self.config_of(self.adapter.uri)
    }

    /// A channel of the adapter's provider at the mock.
    pub(crate) fn config_of(&self, uri: &str) -> Result<ChannelConfig, Failure> {
        let uri = uri.replace("{host}", self.backend.url().trim_start_matches("http://"));
        ChannelConfig::from_uri("adapter", &uri, self.registry.providers(), process_env()).map_err(unexpected)
    }

    /// A client for a channel.
    pub(crate) fn connect(&self, config: &ChannelConfig) -> Result<Client, Failure> {
        self.registry.connect(config).map(|client| self.trace.on(client)).map_err(unexpected)
    }

    /// A client for a channel, and a recorder of its requests.
    pub(crate) fn recording(&self, config: &ChannelConfig) -> Result<(Client, RecordingTransport), Failure> {
        let watch = RecordingTransport::over(Arc::clone(&self.transport));
        let client = self.registry.connect_with(config, Context::new(Arc::new(watch.clone()))).map_err(unexpected)?;
        Ok((self.trace.on(client), watch))
    }

    /// A client whose provider is at `address` instead of at the mock.
    pub(crate) fn elsewhere(&self, address: &str) -> Result<Client, Failure> {
        self.connect(&self.config()?.with_value("base_url", format!("http://{address}")).with_value("timeout", "2s"))
    }

    /// The registry with the adapter's provider.
    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The mock's address.
    pub(crate) fn url(&self) -> String {
        self.backend.url()
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.client.capabilities()
    }

    /// Whether the adapter can check a template against the provider's list before the send.
    pub(crate) fn lists_templates(&self) -> bool {
        self.capabilities().contains(Capability::Templates)
    }

    /// Lets [`CONTACT`] write, which opens the session window.
    pub(crate) async fn contact_writes(&self) -> Check {
        self.control.inbound(self.provider(), CONTACT, "hi").await?;
        Ok(())
    }

    /// The next send gets this response, and is not accepted.
    pub(crate) async fn answer_with(&self, status: u16, body: Value) -> Check {
        let fault = json!({ "fault": "status", "status": status, "body": body, "next": 1 });
        Ok(self.control.fault(self.provider(), fault).await?)
    }

    /// Makes the request of a sample, and returns the status of the response.
    pub(crate) async fn ask(&self, call: &Value) -> Result<u16, Failure> {
        let request = recording_transport::request(&self.url(), call)?;
        Ok(self.transport.send(request).await.map_err(unexpected)?.status().as_u16())
    }

    /// Receives the provider's webhook calls from now on, signed with `secret` if there is one.
    pub(crate) async fn webhook_receiver(&self, secret: Option<&str>) -> Result<WebhookReceiver, Failure> {
        let receiver = WebhookReceiver::open().await?;
        self.control.webhook(self.provider(), receiver.url(), secret).await?;
        Ok(receiver)
    }

    /// Reads a webhook call with `client`.
    pub(crate) fn read(&self, client: &Client, call: &Request<Bytes>) -> Result<WebhookEvents> {
        let answer = client.webhook(call);
        self.trace.record_events(&answer);
        answer
    }

    /// Advances the clock by `duration`, and returns the webhook calls that have come by then.
    pub(crate) async fn webhook_calls(
        &self,
        receiver: &WebhookReceiver,
        duration: &str,
    ) -> Result<Vec<Request<Bytes>>, Failure> {
        self.control.advance(duration).await?;
        self.backend.deliver(receiver);
        Ok(receiver.take())
    }

    /// A clock on which waiting advances the mock's clock, which must be frozen.
    pub(crate) fn clock(&self) -> Clock {
        Clock::of(self.control.clone())
    }

    /// Resets the mock. The exchanges so far are kept for the report, and no longer checked.
    pub(crate) async fn reset(&self) -> Check {
        let asked = self.control.requests(self.provider()).await?;
        self.control.reset().await?;
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.extend(asked);
        let surplus = earlier.len().saturating_sub(MOST_EARLIER);
        earlier.drain(..surplus);
        Ok(())
    }

    /// Every request that the provider received, before and after resets.
    pub(crate) async fn exchanges(&self) -> Vec<Value> {
        let asked = self.control.requests(self.provider()).await.unwrap_or_default();
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.iter().cloned().chain(asked).collect()
    }

    pub(crate) fn provider(&self) -> &'static str {
        self.adapter.provider.name
    }

    pub(crate) async fn send(&self, message: &Message) -> Result<Receipt> {
        self.client.send(message).await
    }

    pub(crate) async fn session(&self) -> Result<Session> {
        self.client.session(&contact()).await
    }

    /// The delivered messages.
    pub(crate) async fn delivered(&self) -> Result<Vec<Value>, Failure> {
        Ok(self.control.messages(self.provider()).await?)
    }

    /// The send requests that the provider received.
    pub(crate) async fn sends(&self) -> Result<Vec<Value>, Failure> {
        let requests = self.control.requests(self.provider()).await?;
        Ok(requests.into_iter().filter(|request| self.is_send(request)).collect())
    }

    fn is_send(&self, request: &Value) -> bool {
        let path = request["path"].as_str().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        request["method"] == "POST" && self.adapter.send_paths.contains(&path)
    }

    /// Passes if this many messages were delivered.
    pub(crate) async fn reached(&self, count: usize) -> Check {
        equal("delivered messages", &self.delivered().await?.len(), &count)
    }

    /// Passes if the provider received this many send requests.
    pub(crate) async fn asked(&self, count: usize) -> Check {
        equal("send requests that the provider received", &self.sends().await?.len(), &count)
    }

    /// Passes if the provider received no request.
    pub(crate) async fn untouched(&self) -> Check {
        let requests = self.control.requests(self.provider()).await?;
        equal("requests of any kind", &requests.len(), &0)
    }

    /// Passes if `answer` is a rejection of `kind` that proves that nothing was sent, and nothing was delivered.
    pub(crate) async fn refused(&self, answer: Result<Receipt>, kind: ErrorKind) -> Result<transom::Error, Failure> {
        let error = crate::assertions::failed(answer, kind, Sent::No)?;
        self.reached(0).await?;
        Ok(error)
    }

    /// Passes if the simulator has no finding about the form of the adapter's requests.
    pub(crate) async fn no_findings(&self) -> Check {
        for request in self.control.requests(self.provider()).await? {
            for finding in request["findings"].as_array().into_iter().flatten() {
                ensure(
                    finding["level"] == "note",
                    format_args!(
                        "the simulator finds fault with a request: {finding} in {} {}",
                        request["method"], request["path"]
                    ),
                )?;
            }
        }
        Ok(())
    }
}

/// The address of a peer that accepts one connection, reads, sends `words` and closes the connection.
pub(crate) async fn peer(words: impl Into<String>) -> Result<String, Failure> {
    let words = words.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
    let address = listener.local_addr().map_err(unexpected)?;
    tokio::spawn(async move {
        if let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 16 * 1024];
            // The client has to notice every failure of this peer.
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(words.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    Ok(address.to_string())
}

/// [`CONTACT`] as a number.
pub(crate) fn contact() -> PhoneNumber {
    number(CONTACT)
}

/// Parses a constant that is a phone number.
#[allow(clippy::expect_used, reason = "the suite's own constants")]
pub(crate) fn number(text: &str) -> PhoneNumber {
    text.parse().expect("a phone number")
}

/// A text to [`CONTACT`].
pub(crate) fn text() -> Message {
    Message::text(contact(), "Your parcel leaves today.")
}
