//! What a case stands on: a listener, a provider behind it, and a client made as an application makes one.

use std::sync::Arc;
use std::time::Duration;

use transom::config::{ChannelConfig, process_env};
use transom::layers::Retry;
use transom::time::Clock;
use transom::transport::{HttpTransport, HttpOptions};
use transom::{Client, Message, Messenger as _, PhoneNumber, Registry, Result};
use transom::account::ConversationFilter;
use transom::adapter::Context;
use transom::transport::Transport;

use crate::canary::{self, Canaries};
use crate::case::{Call, Case, Peer};
use crate::clock::Waits;
use crate::listener::{Listener, Pace, Play};
use crate::names::Names;
use crate::provider::Provider;
use crate::script::{Step, write};
use crate::subject::{Reads, Subject};
use crate::watched::Watched;
use crate::{closed, tls};

/// Everything that one execution has to itself.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) subject: &'static Subject,
    pub(crate) canaries: Canaries,
    pub(crate) provider: Arc<Provider>,
    pub(crate) listener: Listener,
    pub(crate) client: Client,
    pub(crate) clock: Arc<Waits>,
    tries: u32,
    pub(crate) transport: Arc<Watched>,
    pub(crate) names: Option<Arc<Names>>,
    pub(crate) config: ChannelConfig,
    pub(crate) base_url: String,
    /// Where `{decoy}` in what is written leads to. Nobody may go there.
    pub(crate) decoy: Listener,
    pub(crate) registry: Registry,
    /// What keeps a port from taking connections.
    _closed: (Option<closed::Full>, Option<closed::Nobody>),
}

/// What a call came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was answered; a send with an id, after so many attempts.
    Answered(Option<(String, u32)>),
    Failed(transom::Error),
}

impl Stage {
    /// Needs a runtime, on which its listeners run.
    pub(crate) fn open(case: &Case) -> Result<Self, String> {
        let subject = case.subject;
        let provider = Arc::new(Provider::new(subject.name()));
        if case.is_window_open {
            provider.hears_from(&case.canaries.to)?;
        }
        let tls = match &case.peer {
            Peer::Tls(server) => Some(tls::acceptor(*server)?),
            _ => None,
        };
        let silent = Play { scripts: vec![vec![Step::Hang]], pace: Pace::AtOnce, tls: None, small_buffer: false };
        let decoy = Listener::start(silent, Arc::clone(&provider)).map_err(|error| error.to_string())?;
        let scripts = case.scripts.iter().map(|script| with_decoy(script, &decoy.address().to_string())).collect();
        let play = Play { scripts, pace: case.pace, tls, small_buffer: case.small_buffer };
        let listener = Listener::start(play, Arc::clone(&provider)).map_err(|error| error.to_string())?;
        let (mut full, mut nobody) = (None, None);
        let port = match &case.peer {
            Peer::Nobody => nobody.insert(closed::Nobody::new().map_err(|error| error.to_string())?).port(),
            Peer::Full => full.insert(closed::Full::new().map_err(|error| error.to_string())?).port(),
            _ => listener.address().port(),
        };
        let host = if case.names.is_some() { "api.localhost" } else { "127.0.0.1" };
        let base_url = match &case.peer {
            Peer::Elsewhere(base_url) => (*base_url).to_owned(),
            Peer::Tls(_) | Peer::NotTls => format!("https://{host}:{port}"),
            _ => format!("http://{host}:{port}"),
        };
        let registry = Registry::default().with_provider(subject.provider);
        let uri = if case.is_reading { subject.reading_uri } else { subject.uri };
        let uri = uri(&case.canaries).replace("{host}", "default");
        let config = ChannelConfig::from_uri("subject", &uri, registry.providers(), process_env());
        let config = config.map_err(|error| error.to_string())?.with("base_url", base_url.as_str());
        let config = case.keys.iter().fold(config, |config, (key, value)| config.with(*key, value.clone()));
        let clock = Arc::new(Waits::new(case.clockwork));
        let transport = Arc::new(Watched::new(transport(&config, case.names.clone())?));
        let mut stage = Self {
            subject,
            canaries: case.canaries.clone(),
            provider,
            listener,
            client: Client::new(transom::testing::Stub::accepting()),
            clock,
            tries: case.tries,
            transport,
            names: case.names.clone(),
            config,
            base_url,
            decoy,
            registry,
            _closed: (full, nobody),
        };
        stage.client = stage.connect(&stage.config).map_err(|error| error.to_string())?;
        Ok(stage)
    }

    /// A client as the registry makes it, with a retry layer, on the clock and the transport of this case.
    pub(crate) fn connect(&self, config: &ChannelConfig) -> Result<Client> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Ok(self.bare(config)?.layer(Retry::attempts(self.tries).with_time(clock, || 0.5)))
    }

    /// The same without a retry layer.
    pub(crate) fn bare(&self, config: &ChannelConfig) -> Result<Client> {
        let context = Context {
            transport: Arc::clone(&self.transport) as Arc<dyn Transport>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        self.registry.connect_with(config, context)
    }

    pub(crate) fn to(&self) -> Result<PhoneNumber, String> {
        self.canaries.to.parse().map_err(|error: transom::phone::InvalidPhoneNumber| error.to_string())
    }

    /// A text that says which execution it belongs to, under a reference that does too.
    pub(crate) fn message(&self, number: u32) -> Result<Message, String> {
        let name = format!("order-{}-{number}", self.canaries.execution);
        Ok(Message::text(self.to()?, format!("{name} leaves today.")).with_reference(name))
    }

    /// Makes the call.
    pub(crate) async fn call(&self, call: &Call) -> Result<Outcome, String> {
        match call {
            Call::Read => self.read().await,
            _ => self.send(&self.message(1)?).await,
        }
    }

    pub(crate) async fn send(&self, message: &Message) -> Result<Outcome, String> {
        match self.client.send(message).await {
            Ok(receipt) => {
                if let Some(found) = canary::found_in(&format!("{receipt:?} {receipt:#?}")) {
                    return Err(format!("a receipt's debug form shows {found}"));
                }
                Ok(Outcome::Answered(Some((receipt.message_id.as_str().to_owned(), receipt.attempts))))
            }
            Err(error) => Ok(Outcome::Failed(error)),
        }
    }

    pub(crate) async fn read(&self) -> Result<Outcome, String> {
        let answer = match self.subject.reads {
            Reads::Senders => self.client.senders().await.map(drop),
            Reads::Templates => self.client.templates().await.map(drop),
            Reads::Conversations => self.client.conversations(&ConversationFilter::default()).await.map(drop),
            Reads::Login => return self.send(&self.message(1)?).await,
        };
        Ok(match answer {
            Ok(()) => Outcome::Answered(None),
            Err(error) => Outcome::Failed(error),
        })
    }

    /// How many requests to send something the listener has read.
    pub(crate) fn sends_seen(&self) -> usize {
        let seen = self.listener.seen();
        seen.requests.iter().filter(|request| request.uri().path() == self.subject.send_path).count()
    }
}

/// `script` with the decoy's address in what it writes.
fn with_decoy(script: &[Step], address: &str) -> Vec<Step> {
    let filled = |step: &Step| match step {
        Step::Write(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("{decoy}") => write(text.replace("{decoy}", address)),
            _ => step.clone(),
        },
        _ => step.clone(),
    };
    script.iter().map(filled).collect()
}

/// The transport that the channel's settings ask for, which also trusts this run's authority.
fn transport(config: &ChannelConfig, names: Option<Arc<Names>>) -> Result<HttpTransport, String> {
    let mut keys = config.reader();
    let options = HttpOptions {
        timeout: Some(keys.timeout().unwrap_or(Duration::from_secs(10))),
        reuse_connections: keys.flag("reuse_connections").unwrap_or_default(),
        insecure: keys.flag("insecure").unwrap_or_default(),
        extra_roots: tls::roots()?,
        resolver: names.map(|names| names as Arc<dyn transom::transport::Resolver>),
    };
    HttpTransport::new(options).map_err(|error| error.to_string())
}
