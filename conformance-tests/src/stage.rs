//! What a scenario stands on: a fresh world, an adapter connected to it, and eyes on both sides.

mod clock;
mod inbox;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use transom::config::{ChannelConfig, process_env};
use transom::transport::{HttpTransport, HttpOptions};
use transom::{Capabilities, Capability, Client, ErrorKind, Message, Messenger as _, PhoneNumber, Receipt, Registry, Result, Sent, Session};
use transom::adapter::Context;
use transom::transport::Transport;
use transom::webhook::WebhookEvents;

use crate::Subject;
use crate::check::{Broken, Check, ensure, equal, told};
use crate::control::Control;
use crate::front::{Front, Running};
use crate::played::Covered;
use crate::trace::Ear;

pub(crate) use clock::Shared as Clock;
pub(crate) use inbox::Inbox;
pub(crate) use watch::Watch;

/// The person whom most scenarios write to.
pub(crate) const CONTACT: &str = "+5491155550123";
/// Somebody else.
pub(crate) const OTHER: &str = "+5491155550124";

pub(crate) struct Stage {
    pub(crate) subject: &'static Subject,
    pub(crate) control: Control,
    pub(crate) client: Client,
    /// What is random here is made from this.
    pub(crate) seed: u64,
    /// Hears what every client of this stage is told.
    pub(crate) trace: Ear,
    registry: Registry,
    transport: Arc<dyn Transport>,
    /// The exchanges of the worlds before this one.
    earlier: Mutex<Vec<Value>>,
    /// The facts that were played here.
    covered: Mutex<Vec<Covered>>,
    front: Running,
}

/// More exchanges than this are not kept from earlier worlds.
const MOST_EARLIER: usize = 500;

impl Stage {
    /// A fresh mock, and the subject's channel connected to it.
    pub(crate) async fn open(subject: &'static Subject, front: &Front, seed: u64) -> Result<Self, Broken> {
        let front = Running::start(front, subject).await?;
        let transport: Arc<dyn Transport> =
            Arc::new(HttpTransport::new(HttpOptions::default()).map_err(told)?);
        let control = Control::new(front.url(), Arc::clone(&transport));
        let registry = Registry::default().with_provider(subject.provider);
        let client = Client::new(transom::testing::Stub::accepting());
        let (trace, earlier, covered) = (Ear::default(), Mutex::default(), Mutex::default());
        let mut stage = Self { subject, control, client, seed, trace, registry, transport, earlier, covered, front };
        stage.client = stage.connect(&stage.config()?)?;
        Ok(stage)
    }

    /// The subject's channel, to be changed before it is connected.
    pub(crate) fn config(&self) -> Result<ChannelConfig, Broken> {
        self.config_of(self.subject.uri)
    }

    /// A channel of the subject's provider at the mock.
    pub(crate) fn config_of(&self, uri: &str) -> Result<ChannelConfig, Broken> {
        let uri = uri.replace("{host}", self.front.url().trim_start_matches("http://"));
        ChannelConfig::from_uri("subject", &uri, self.registry.providers(), process_env()).map_err(told)
    }

    /// A client for a channel.
    pub(crate) fn connect(&self, config: &ChannelConfig) -> Result<Client, Broken> {
        self.registry.connect(config).map(|client| self.trace.on(client)).map_err(told)
    }

    /// A client for a channel, and what it asks of whom.
    pub(crate) fn watched(&self, config: &ChannelConfig) -> Result<(Client, Watch), Broken> {
        let watch = Watch::over(Arc::clone(&self.transport));
        let client = self.registry.connect_with(config, Context::new(Arc::new(watch.clone()))).map_err(told)?;
        Ok((self.trace.on(client), watch))
    }

    /// A client whose provider is at `address` instead of the mock's.
    pub(crate) fn elsewhere(&self, address: &str) -> Result<Client, Broken> {
        self.connect(&self.config()?.with("base_url", format!("http://{address}")).with("timeout", "2s"))
    }

    /// The providers known here.
    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The mock's address.
    pub(crate) fn url(&self) -> String {
        self.front.url()
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.client.capabilities()
    }

    /// Whether the adapter can hold a template against the provider's list before it sends it.
    pub(crate) fn lists_templates(&self) -> bool {
        self.capabilities().contains(Capability::Templates)
    }

    /// Brings the mock into the state in which [`CONTACT`] has just written.
    pub(crate) async fn contact_writes(&self) -> Check {
        self.control.inbound(self.provider(), CONTACT).await
    }

    /// The next send is answered like this, and not taken.
    pub(crate) async fn answer_with(&self, status: u16, body: Value) -> Check {
        let fault = json!({ "fault": "status", "status": status, "body": body, "next": 1 });
        self.control.fault(self.provider(), fault).await
    }

    /// Asks the mock, as a sample has it, and says with which status it answers.
    pub(crate) async fn ask(&self, call: &Value) -> Result<u16, Broken> {
        let request = watch::request(&self.url(), call)?;
        Ok(self.transport.send(request).await.map_err(told)?.status().as_u16())
    }

    /// Where the provider's webhook calls go from now on, signed with `secret` where there is one.
    pub(crate) async fn inbox(&self, secret: Option<&str>) -> Result<Inbox, Broken> {
        let inbox = Inbox::open().await?;
        self.control.webhook(self.provider(), inbox.url(), secret).await?;
        Ok(inbox)
    }

    /// What `client` makes of a webhook call of the provider's.
    pub(crate) fn read(&self, client: &Client, call: &Request<Bytes>) -> Result<WebhookEvents> {
        let answer = client.webhook(call);
        self.trace.hear(&answer);
        answer
    }

    /// Turns the clock by `duration`, and takes what the provider has told by then.
    pub(crate) async fn told(&self, inbox: &Inbox, duration: &str) -> Result<Vec<Request<Bytes>>, Broken> {
        self.control.advance(duration).await?;
        self.front.deliver(inbox);
        Ok(inbox.take())
    }

    /// A clock on which waiting turns the mock's, which must be frozen.
    pub(crate) fn clock(&self) -> Clock {
        Clock::of(self.control.clone())
    }

    /// Starts with a fresh world; what was asked in this one is kept to be shown, and judged no more.
    pub(crate) async fn reset(&self) -> Check {
        let asked = self.control.requests(self.provider()).await?;
        self.control.reset().await?;
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.extend(asked);
        let surplus = earlier.len().saturating_sub(MOST_EARLIER);
        earlier.drain(..surplus);
        Ok(())
    }

    /// Every request that the provider was asked, in this world and those before it.
    pub(crate) async fn exchanges(&self) -> Vec<Value> {
        let asked = self.control.requests(self.provider()).await.unwrap_or_default();
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.iter().cloned().chain(asked).collect()
    }

    /// These facts were played.
    pub(crate) fn covered(&self, facts: Vec<Covered>) {
        self.covered.lock().unwrap_or_else(PoisonError::into_inner).extend(facts);
    }

    /// The facts that were played.
    pub(crate) fn take_covered(&self) -> Vec<Covered> {
        std::mem::take(&mut *self.covered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn provider(&self) -> &'static str {
        self.subject.provider.name
    }

    pub(crate) async fn send(&self, message: &Message) -> Result<Receipt> {
        self.client.send(message).await
    }

    pub(crate) async fn session(&self) -> Result<Session> {
        self.client.session(&contact()).await
    }

    /// The messages that reached people.
    pub(crate) async fn delivered(&self) -> Result<Vec<Value>, Broken> {
        self.control.messages(self.provider()).await
    }

    /// The requests that the provider was asked to send something with.
    pub(crate) async fn sends(&self) -> Result<Vec<Value>, Broken> {
        let requests = self.control.requests(self.provider()).await?;
        Ok(requests.into_iter().filter(|request| self.is_send(request)).collect())
    }

    fn is_send(&self, request: &Value) -> bool {
        let path = request["path"].as_str().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        request["method"] == "POST" && self.subject.send_paths.contains(&path)
    }

    /// Holds if this many messages reached people.
    pub(crate) async fn reached(&self, count: usize) -> Check {
        equal("messages that reached a person", &self.delivered().await?.len(), &count)
    }

    /// Holds if the provider was asked this many times to send something.
    pub(crate) async fn asked(&self, count: usize) -> Check {
        equal("send requests that the provider saw", &self.sends().await?.len(), &count)
    }

    /// Holds if the provider was asked nothing at all.
    pub(crate) async fn untouched(&self) -> Check {
        let requests = self.control.requests(self.provider()).await?;
        equal("requests of any kind", &requests.len(), &0)
    }

    /// Holds if `answer` is a refusal of `kind` that proves that nothing was sent, and nothing was.
    pub(crate) async fn refused(&self, answer: Result<Receipt>, kind: ErrorKind) -> Result<transom::Error, Broken> {
        let error = crate::check::failed(answer, kind, Sent::No)?;
        self.reached(0).await?;
        Ok(error)
    }

    /// Holds if the simulator found nothing wrong with the form of the adapter's requests.
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

/// The address of a peer that accepts one connection, reads what comes, says `words` and hangs up.
pub(crate) async fn peer(words: impl Into<String>) -> Result<String, Broken> {
    let words = words.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    tokio::spawn(async move {
        if let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 16 * 1024];
            // Whatever becomes of this peer is the client's to notice.
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

/// A number that is known to be one.
#[allow(clippy::expect_used, reason = "the suite's own constants")]
pub(crate) fn number(text: &str) -> PhoneNumber {
    text.parse().expect("a phone number")
}

/// A text to [`CONTACT`].
pub(crate) fn text() -> Message {
    Message::text(contact(), "Your parcel leaves today.")
}
