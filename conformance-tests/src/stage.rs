//! What a scenario stands on: a fresh world, an adapter connected to it, and eyes on both sides.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use transom::config::{ChannelConfig, process_env};
use transom::{
    Capabilities, Client, ErrorKind, Message, Messenger as _, PhoneNumber, Receipt, Registry, Result, Sent, Session,
};

use crate::Subject;
use crate::check::{Check, ensure, equal};
use crate::front::{Front, Running};
use transom_mock_server::Control;

/// The person whom most scenarios write to.
pub(crate) const CONTACT: &str = "+5491155550123";
/// Somebody else.
pub(crate) const OTHER: &str = "+5491155550124";

pub(crate) struct Stage {
    pub(crate) subject: &'static Subject,
    pub(crate) control: Control,
    pub(crate) client: Client,
    registry: Registry,
    front: Running,
}

impl Stage {
    /// A fresh mock, and the subject's channel connected to it.
    pub(crate) async fn open(subject: &'static Subject, front: Front) -> Result<Self, String> {
        let front = Running::start(&front, subject).await?;
        let control = Control::new(&front.url())?;
        let registry = Registry::default().with(subject.provider);
        let mut stage =
            Self { subject, control, client: Client::new(transom::stub::Stub::accepting()), registry, front };
        stage.client = stage.connect(&stage.config()?)?;
        Ok(stage)
    }

    /// The subject's channel, to be changed before it is connected.
    pub(crate) fn config(&self) -> Result<ChannelConfig, String> {
        self.config_of(self.subject.uri)
    }

    /// A channel of the subject's provider at the mock.
    pub(crate) fn config_of(&self, uri: &str) -> Result<ChannelConfig, String> {
        let uri = uri.replace("{host}", self.front.url().trim_start_matches("http://"));
        ChannelConfig::from_uri("subject", &uri, self.registry.providers(), process_env())
            .map_err(|error| error.to_string())
    }

    /// A client for a channel.
    pub(crate) fn connect(&self, config: &ChannelConfig) -> Result<Client, String> {
        self.registry.connect(config).map_err(|error| error.to_string())
    }

    /// A client whose provider is at `address` instead of the mock's.
    pub(crate) fn elsewhere(&self, address: &str) -> Result<Client, String> {
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

    /// Brings the mock into the state in which [`CONTACT`] has just written.
    pub(crate) async fn contact_writes(&self) -> Check {
        Ok(self.control.inbound(self.provider(), CONTACT, "hi").await.map(drop)?)
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
    pub(crate) async fn delivered(&self) -> Result<Vec<Value>, String> {
        Ok(self.control.messages(self.provider()).await?)
    }

    /// The requests that the provider was asked to send something with.
    pub(crate) async fn sends(&self) -> Result<Vec<Value>, String> {
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
        ensure(requests.is_empty(), format_args!("expected no request at all, the provider saw {}", requests.len()))
    }

    /// Holds if `answer` is a refusal of `kind` that proves that nothing was sent, and nothing was.
    pub(crate) async fn refused(&self, answer: Result<Receipt>, kind: ErrorKind) -> Result<transom::Error, String> {
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

    /// What a person needs to see why a scenario failed.
    pub(crate) async fn report(&self) -> String {
        let requests = self.control.requests(self.provider()).await.unwrap_or_default();
        let mut lines = vec![format!("the provider saw {} requests", requests.len())];
        lines.extend(requests.last().map(|last| {
            let (method, path, body) = (&last["method"], &last["path"], &last["body"]);
            format!("  the last: {method} {path} {body} -> {} {}", last["status"], last["response"])
        }));
        let delivered = self.delivered().await.unwrap_or_default();
        lines.extend(delivered.iter().map(|message| format!("  reached a person: {message}")));
        lines.join("\n")
    }
}

/// The address of a peer that accepts one connection, reads what comes, says `words` and hangs up.
pub(crate) async fn peer(words: impl Into<String>) -> Result<String, String> {
    let words = words.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
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
