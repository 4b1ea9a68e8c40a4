//! The registry of providers, which turns configuration into clients.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::adapter::rate::Rate;
use crate::client::Client;
use crate::config::channel::ChannelConfig;
use crate::config::file::ConfigFile;
use crate::config::problem::{config_error, listed};
use crate::config::provider::{Context, Provider};
use crate::error::{Error, Result};
use crate::failover::Failover;
use crate::layers::WindowGuard;
use crate::messenger::Messenger;
use crate::session::ledger::WindowLedger;
use crate::time::Clock;
use crate::transport::Transport;

/// A list of providers.
///
/// There is no global registry and no self-registration: the application names its providers.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    providers: Vec<Provider>,
    ledger: Option<Arc<dyn WindowLedger>>,
    /// Ledgers by channel name.
    ledgers: BTreeMap<String, Arc<dyn WindowLedger>>,
}

impl Registry {
    /// Adds a provider.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.providers.push(provider);
        self
    }

    /// Sets the ledger for the window guards of all clients, used where a provider has no session query. A ledger
    /// belongs to one sender. For several senders, see [`with_channel_ledger`](Self::with_channel_ledger).
    #[must_use]
    pub fn with_ledger(mut self, ledger: Arc<dyn WindowLedger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Sets the ledger for the window guard of one channel.
    #[must_use]
    pub fn with_channel_ledger(mut self, channel: impl Into<String>, ledger: Arc<dyn WindowLedger>) -> Self {
        self.ledgers.insert(channel.into(), ledger);
        self
    }

    /// The providers, in the order in which they were added.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The provider of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the known ones.
    pub fn provider(&self, name: &str) -> Result<&Provider> {
        self.providers.iter().find(|provider| provider.name == name).ok_or_else(|| {
            let known = listed(self.providers.iter().map(|provider| provider.name));
            config_error(vec![format!("unknown provider `{name}`, known: {known}")])
        })
    }

    /// A client for a channel: the adapter over HTTP, behind [`Tracing`](crate::layers::Tracing) (feature `tracing`)
    /// and a [`WindowGuard`] with the channel's policy.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for everything that is wrong with the channel.
    #[cfg(feature = "reqwest")]
    pub fn connect(&self, config: &ChannelConfig) -> Result<Client> {
        self.connect_with(config, Context::new(http_transport(config)?))
    }

    /// A client for a channel of `file` by its name; a failover channel becomes a [`Failover`] of its members.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for everything that is wrong with the channel or its
    /// members.
    #[cfg(feature = "reqwest")]
    pub fn open(&self, file: &ConfigFile, name: &str) -> Result<Client> {
        if let Some(channel) = file.channels.get(name) {
            return self.connect(channel);
        }
        let failover = self.failover(file, name, |channel| {
            Ok((self.connect(channel)?, self.guard(channel, Arc::new(crate::time::SystemClock))))
        })?;
        let client = Client::new(failover);
        #[cfg(feature = "tracing")]
        let client = client.layer(crate::layers::Tracing::default());
        Ok(client)
    }

    /// The members of a failover channel of `file` as one messenger. `connect` makes the client of a member, and what knows
    /// its windows.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no such channel, or with a line for everything that is
    /// wrong with its members.
    pub fn failover(
        &self,
        file: &ConfigFile,
        name: &str,
        mut connect: impl FnMut(&ChannelConfig) -> Result<(Client, WindowGuard)>,
    ) -> Result<Failover> {
        let missing = |name: &str| config_error(vec![format!("there is no channel `{name}`")]);
        let members = &file.failovers.get(name).ok_or_else(|| missing(name))?.members;
        let mut problems = Vec::new();
        let mut failover: Option<Failover> = None;
        for (member, weight) in members {
            match file.channels.get(member).ok_or_else(|| missing(member)).and_then(&mut connect) {
                Ok((client, windows)) => {
                    let longer = match failover.take() {
                        Some(failover) => failover.with_channel(member.as_str(), client),
                        None => Failover::new(member.as_str(), client),
                    };
                    let rates = file.channels.get(member).and_then(|channel| self.provider(channel.provider()).ok());
                    let rates = rates.map_or(&[] as &[Rate], |provider| provider.rates);
                    failover = Some(longer.with_weight(*weight).with_window_guard(windows).with_rates(rates));
                }
                Err(error) => problems.extend(error.problems().iter().cloned()),
            }
        }
        match failover {
            Some(failover) if problems.is_empty() => Ok(failover),
            _ => Err(config_error(problems)),
        }
    }

    /// The window guard of a channel, with its policy and its ledger, if there is one.
    pub fn guard(&self, config: &ChannelConfig, clock: Arc<dyn Clock>) -> WindowGuard {
        // The adapter reports a wrong policy, so an unreadable one counts as absent.
        let guard = WindowGuard::new(config.reader().window_policy().unwrap_or_default());
        match self.ledgers.get(config.name()).or(self.ledger.as_ref()) {
            Some(ledger) => guard.with_ledger(Arc::clone(ledger), clock),
            None => guard,
        }
    }

    /// As [`connect`](Self::connect), with the caller's transport and clock.
    pub fn connect_with(&self, config: &ChannelConfig, context: Context) -> Result<Client> {
        let guard = self.guard(config, Arc::clone(&context.clock));
        let messenger = self.messenger(config, context)?;
        let client = Client::builder(messenger);
        #[cfg(feature = "tracing")]
        let client = client.layer(crate::layers::Tracing::new(self.provider(config.provider())?.codes));
        Ok(client.layer(guard).redact(config.resolved_secrets()).build())
    }

    /// The adapter without layers.
    pub fn messenger(&self, config: &ChannelConfig, context: Context) -> Result<Arc<dyn Messenger>> {
        let provider = self.provider(config.provider()).map_err(|error| in_channel(config, &error))?;
        (provider.connect)(config, context)
    }

    /// Checks one channel, its secrets included.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for each problem.
    pub fn check_channel(&self, config: &ChannelConfig) -> Result<()> {
        self.messenger(config, Context::new(Arc::new(NoTransport))).map(drop)
    }

    /// Checks every channel of a file without resolving secrets, and reports all problems at once.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for each problem.
    pub fn check(&self, file: &ConfigFile) -> Result<()> {
        let mut problems = Vec::new();
        for channel in file.channels.values() {
            if let Err(error) = self.check_channel(&channel.clone().assuming_secrets()) {
                problems.extend(error.problems().iter().cloned());
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(config_error(problems)) }
    }
}

/// The HTTP transport with a channel's settings.
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) if no HTTP client can be built.
#[cfg(feature = "reqwest")]
pub fn http_transport(config: &ChannelConfig) -> Result<Arc<dyn Transport>> {
    let mut keys = config.reader();
    let options = crate::transport::HttpOptions {
        timeout: keys.timeout(),
        reuse_connections: keys.flag("reuse_connections").unwrap_or_default(),
        insecure: keys.flag("insecure").unwrap_or_default(),
        proxy: keys.proxy(),
        extra_roots: keys.extra_roots(),
        resolver: None,
    };
    Ok(Arc::new(crate::transport::HttpTransport::new(options)?))
}

fn in_channel(config: &ChannelConfig, error: &Error) -> Error {
    config_error(error.problems().iter().map(|line| format!("channel `{}`: {line}", config.name())).collect())
}

/// For messengers that are only built to check their configuration.
#[derive(Debug)]
struct NoTransport;

#[async_trait::async_trait]
impl Transport for NoTransport {
    async fn send(&self, _request: http::Request<bytes::Bytes>) -> Result<http::Response<bytes::Bytes>> {
        Err(Error::new(crate::ErrorKind::Config, "this messenger was built to check its configuration only"))
    }
}
