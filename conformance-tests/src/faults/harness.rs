//! The harness of a fault case: a listener, a provider behind it, and an ordinary client.

use std::sync::Arc;
use std::time::Duration;

use transom::account::ConversationFilter;
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::layers::Retry;
use transom::time::Clock;
use transom::transport::Transport;
use transom::transport::{HttpOptions, HttpTransport};
use transom::{Client, Message, PhoneNumber, Registry, Result};

use super::canary::{self, Canaries};
use super::clock::RecordingClock;
use super::dns::ScriptedDns;
use super::leak_checking_transport::LeakCheckingTransport;
use super::listener::{Listener, Pace, Play};
use super::profile::{FaultProfile, Reads};
use super::provider::Provider;
use super::script::{Step, write};
use super::setup::{Peer, Setup};
use super::{tls, unreachable_ports};
use crate::assertions::{Failure, unexpected};

/// The parts of one execution.
#[derive(Debug)]
pub(crate) struct FaultHarness {
    pub(crate) profile: &'static FaultProfile,
    pub(crate) canaries: Canaries,
    pub(crate) provider: Arc<Provider>,
    pub(crate) listener: Listener,
    pub(crate) client: Client,
    pub(crate) clock: Arc<RecordingClock>,
    tries: u32,
    pub(crate) transport: Arc<LeakCheckingTransport>,
    pub(crate) dns: Option<Arc<ScriptedDns>>,
    pub(crate) config: ChannelConfig,
    pub(crate) base_url: String,
    /// The listener that `{decoy}` points to. No client may connect to it.
    pub(crate) decoy: Listener,
    pub(crate) registry: Registry,
    /// Keeps a port from accepting connections.
    _closed: (Option<unreachable_ports::SaturatedPort>, Option<unreachable_ports::ClosedPort>),
}

/// The result of a call.
#[derive(Debug)]
pub(crate) enum CallResult {
    /// Answered; a send with its id and the number of attempts.
    Answered(Option<(String, u32)>),
    Failed(transom::Error),
}

impl FaultHarness {
    /// Needs a runtime for its listeners.
    pub(crate) fn open(setup: &Setup) -> Result<Self, Failure> {
        let profile = setup.profile;
        let provider = Arc::new(Provider::new(profile.name()));
        if setup.is_window_open {
            provider.receive_from(&setup.canaries.to)?;
        }
        let tls = match &setup.peer {
            Peer::Tls(server) => Some(tls::acceptor(*server)?),
            _ => None,
        };
        let silent = Play { scripts: vec![vec![Step::Hang]], pace: Pace::AtOnce, tls: None, small_buffer: false };
        let decoy = Listener::start(silent, Arc::clone(&provider)).map_err(unexpected)?;
        let scripts = setup.scripts.iter().map(|script| with_decoy(script, &decoy.address().to_string())).collect();
        let play = Play { scripts, pace: setup.pace, tls, small_buffer: setup.small_buffer };
        let listener = Listener::start(play, Arc::clone(&provider)).map_err(unexpected)?;
        let (mut full, mut nobody) = (None, None);
        let port = match &setup.peer {
            Peer::ClosedPort => nobody.insert(unreachable_ports::ClosedPort::new().map_err(unexpected)?).port(),
            Peer::SaturatedPort => full.insert(unreachable_ports::SaturatedPort::new().map_err(unexpected)?).port(),
            _ => listener.address().port(),
        };
        let host = if setup.dns.is_some() { "api.localhost" } else { "127.0.0.1" };
        let base_url = match &setup.peer {
            Peer::Elsewhere(base_url) => (*base_url).to_owned(),
            Peer::Tls(_) | Peer::NotTls => format!("https://{host}:{port}"),
            _ => format!("http://{host}:{port}"),
        };
        let registry = Registry::default().with_provider(profile.adapter.provider);
        let uri = if setup.is_reading { profile.reading_uri } else { profile.uri };
        let uri = uri(&setup.canaries).replace("{host}", "default");
        let config = ChannelConfig::from_uri("profile", &uri, registry.providers(), process_env());
        let config = config.map_err(unexpected)?.with_value("base_url", base_url.as_str());
        let listening = listener.address().to_string();
        let config = setup.keys.iter().fold(config, |config, (key, value)| match value.as_str() {
            Some(text) => config.with_value(*key, text.replace("{listener}", &listening)),
            None => config.with_value(*key, value.clone()),
        });
        let clock = Arc::new(RecordingClock::new(setup.clock_mode));
        let transport = Arc::new(LeakCheckingTransport::new(transport(&config, setup.dns.clone())?));
        let mut harness = Self {
            profile,
            canaries: setup.canaries.clone(),
            provider,
            listener,
            client: Client::new(transom::testing::Stub::accepting()),
            clock,
            tries: setup.tries,
            transport,
            dns: setup.dns.clone(),
            config,
            base_url,
            decoy,
            registry,
            _closed: (full, nobody),
        };
        harness.client = harness.connect(&harness.config).map_err(unexpected)?;
        Ok(harness)
    }

    /// A client from the registry, with a retry layer, the clock and the transport of this setup.
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

    pub(crate) fn to(&self) -> Result<PhoneNumber, Failure> {
        PhoneNumber::from_e164(&self.canaries.to).map_err(unexpected)
    }

    /// A text and a reference that identify the execution.
    pub(crate) fn message(&self, number: u32) -> Result<Message, Failure> {
        let name = format!("order-{}-{number}", self.canaries.execution);
        Ok(Message::text(self.to()?, format!("{name} leaves today.")).with_reference(name))
    }

    pub(crate) async fn send(&self, message: &Message) -> Result<CallResult, Failure> {
        match self.client.send(message).await {
            Ok(receipt) => {
                if let Some(found) = canary::found_in(&format!("{receipt:?} {receipt:#?}")) {
                    return Err(format!("a receipt's debug form shows {found}").into());
                }
                Ok(CallResult::Answered(Some((receipt.message_id.as_str().to_owned(), receipt.attempts))))
            }
            Err(error) => Ok(CallResult::Failed(error)),
        }
    }

    pub(crate) async fn read(&self) -> Result<CallResult, Failure> {
        let answer = match self.profile.reads {
            Reads::Senders => self.client.senders().await.map(drop),
            Reads::Templates => self.client.templates().await.map(drop),
            Reads::Conversations => self.client.conversations(&ConversationFilter::default()).await.map(drop),
            Reads::Login => return self.send(&self.message(1)?).await,
        };
        Ok(match answer {
            Ok(()) => CallResult::Answered(None),
            Err(error) => CallResult::Failed(error),
        })
    }

    /// The id of the first item that the adapter's lookup lists.
    pub(crate) async fn looked_up(&self) -> Result<String, Failure> {
        let ids: Vec<String> = match self.profile.reads {
            Reads::Senders => self.client.senders().await.map(|all| all.into_iter().map(|one| one.id).collect()),
            Reads::Templates => self.client.templates().await.map(|all| all.into_iter().map(|one| one.id).collect()),
            Reads::Conversations => {
                let all = self.client.conversations(&ConversationFilter::default()).await;
                all.map(|all| all.into_iter().map(|one| one.id).collect())
            }
            Reads::Login => return Err("a login lists nothing".into()),
        }
        .map_err(unexpected)?;
        ids.into_iter().next().ok_or_else(|| "the list is empty".into())
    }

    /// The number of send requests that the listener has read.
    pub(crate) fn sends_seen(&self) -> usize {
        let seen = self.listener.seen();
        seen.requests.iter().filter(|request| request.uri().path() == self.profile.send_path).count()
    }
}

/// `script` with the decoy's address in place of `{decoy}`.
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

/// The transport for the channel's settings. It also trusts this run's certificate authority.
fn transport(config: &ChannelConfig, dns: Option<Arc<ScriptedDns>>) -> Result<HttpTransport, Failure> {
    let common = HttpOptions::from(config.reader().common());
    let options = HttpOptions {
        timeout: common.timeout.or(Some(Duration::from_secs(10))),
        extra_roots: tls::roots()?,
        resolver: dns.map(|dns| dns as Arc<dyn transom::transport::Resolver>),
        ..common
    };
    HttpTransport::new(options).map_err(unexpected)
}
