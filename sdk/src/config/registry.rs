//! The registry of providers, which turns configuration into clients.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::adapter::rate::Rate;
use crate::client::Client;
use crate::config::channel::ChannelConfig;
use crate::config::common::CommonConfig;
#[cfg(all(feature = "reqwest", feature = "toml"))]
use crate::config::default::{DefaultChannel, default_channel};
use crate::config::file::ConfigFile;
use crate::config::problem::{config_error, cut, hint, listed};
use crate::config::provider::{Context, Provider};
use crate::config::reader::ConfigReader;
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
    layers: Option<Layers>,
}

/// Adds layers to the client of a channel.
#[derive(Clone)]
struct Layers(Arc<AddLayers>);

type AddLayers = dyn Fn(&Provider, &ChannelConfig, Client) -> Client + Send + Sync;

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

    /// Adds layers to the client of each channel, members of a failover included. `layers` gets the client with `Tracing` and
    /// the window guard, and is called once for each client that the registry makes.
    ///
    /// ```
    /// use transom::Registry;
    /// use transom::layers::{RateLimit, Retry};
    ///
    /// let registry = Registry::default().with_layers(|provider, channel, client| match channel.name() {
    ///     // A retry would delay the change to the next channel.
    ///     "india" => client.layer(RateLimit::new(provider.rates_for(channel))),
    ///     _ => client.layer(Retry::default()).layer(RateLimit::new(provider.rates_for(channel))),
    /// });
    /// ```
    #[must_use]
    pub fn with_layers(
        mut self,
        layers: impl Fn(&Provider, &ChannelConfig, Client) -> Client + Send + Sync + 'static,
    ) -> Self {
        self.layers = Some(Layers(Arc::new(layers)));
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
            let known = || self.providers.iter().map(|provider| provider.name);
            let hint = hint(name, known());
            config_error(vec![format!("unknown provider `{}`{hint}, known: {}", cut(name), listed(known()))])
        })
    }

    /// A client for a channel: the adapter over HTTP, behind [`Tracing`](crate::layers::Tracing) (feature `tracing`),
    /// a [`WindowGuard`] with the channel's policy, and the layers of [`with_layers`](Self::with_layers).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for everything that is wrong with the channel.
    #[cfg(feature = "reqwest")]
    pub fn connect(&self, config: &ChannelConfig) -> Result<Client> {
        let keys = config.reader();
        let context = Context::new(http_transport(keys.common())?);
        self.connect_read(keys, context)
    }

    /// As [`connect`](Self::connect), with the caller's transport and clock.
    pub fn connect_with(&self, config: &ChannelConfig, context: Context) -> Result<Client> {
        self.connect_read(config.reader(), context)
    }

    fn connect_read(&self, keys: ConfigReader<'_>, context: Context) -> Result<Client> {
        let (config, common) = (keys.channel(), keys.common().clone());
        let guard = self.guard(config.name(), &common, Arc::clone(&context.clock));
        let provider = self.provider(config.provider()).map_err(|error| in_channel(config, &error))?;
        let connected = (provider.connect)(keys, context)?;
        let client =
            Client::builder(connected.messenger).channel(config.name()).default_country(common.default_country);
        let client = client.flatten_parameters(common.flatten_parameters);
        #[cfg(feature = "tracing")]
        let client = client.layer(crate::layers::Tracing::new(provider.codes));
        let client = client.layer(guard).redact(connected.secrets).redact(common.secrets()).build();
        Ok(match &self.layers {
            Some(Layers(layers)) => layers(provider, config, client),
            None => client,
        })
    }

    /// A client for a channel of `file` by its name. A failover channel becomes the client of a [`Failover`]. For the
    /// failover itself, see [`failover`](Self::failover).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for everything that is wrong with the channel or its
    /// members.
    #[cfg(feature = "reqwest")]
    pub fn open(&self, file: &ConfigFile, name: &str) -> Result<Client> {
        if let Some(channel) = file.channels.get(name) {
            return self.connect(channel);
        }
        let failover = self.failover(file, name)?;
        let country = failover.default_country();
        let client = Client::builder(failover).channel(name).default_country(country);
        #[cfg(feature = "tracing")]
        let client = client.layer(crate::layers::Tracing::default());
        Ok(client.build())
    }

    /// A client for the default channel: the `default` of `transom.toml` in the current folder, or else the URI in the
    /// environment variable `TRANSOM_URL`, or else the only channel of the file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no such channel, or with a line for everything that is
    /// wrong with the file or the channel.
    #[cfg(all(feature = "reqwest", feature = "toml"))]
    pub fn open_default(&self) -> Result<Client> {
        match default_channel(std::path::Path::new(""), &self.providers, &super::process_env())? {
            DefaultChannel::OfFile(file, name) => self.open(&file, &name),
            DefaultChannel::OfUri(channel) => self.connect(&channel),
        }
    }

    /// A failover channel of `file`. Each member has a client as from [`connect`](Self::connect), its weight, its ledger and the
    /// limits of its provider. [`Failover::map_client`] adds layers to one member.
    ///
    /// ```no_run
    /// use transom::config::ConfigFile;
    /// use transom::layers::{RateLimit, Retry};
    /// use transom::{Client, Registry};
    ///
    /// # fn example(registry: Registry) -> transom::Result<Client> {
    /// let file = ConfigFile::load("transom.toml", registry.providers())?;
    /// let failover = registry
    ///     .failover(&file, "any")?
    ///     .map_client("india", |client| client.layer(RateLimit::per_second(5)))?;
    /// let client = Client::new(failover).layer(Retry::default());
    /// # Ok(client) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no such channel, or with a line for everything that is
    /// wrong with its members.
    #[cfg(feature = "reqwest")]
    pub fn failover(&self, file: &ConfigFile, name: &str) -> Result<Failover> {
        self.failover_with(file, name, |channel| {
            // A failover uses the ledger of a member's guard, and never its policy.
            let guard = self.guard(channel.name(), &CommonConfig::default(), Arc::new(crate::time::SystemClock));
            Ok((self.connect(channel)?, guard))
        })
    }

    /// As [`failover`](Self::failover), with clients and window guards of the caller's own.
    pub fn failover_with(
        &self,
        file: &ConfigFile,
        name: &str,
        mut connect: impl FnMut(&ChannelConfig) -> Result<(Client, WindowGuard)>,
    ) -> Result<Failover> {
        let missing = |name: &str| config_error(vec![format!("there is no channel `{name}`, known: {}", file.names())]);
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
                    let rates = file
                        .channels
                        .get(member)
                        .and_then(|channel| Some(self.provider(channel.provider()).ok()?.rates_for(channel)));
                    let rates = rates.unwrap_or(&[] as &[Rate]);
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
    fn guard(&self, channel: &str, common: &CommonConfig, clock: Arc<dyn Clock>) -> WindowGuard {
        let guard = WindowGuard::new(common.window_policy);
        match self.ledgers.get(channel).or(self.ledger.as_ref()) {
            Some(ledger) => guard.with_ledger(Arc::clone(ledger), clock),
            None => guard,
        }
    }

    /// The adapter without layers.
    pub fn messenger(&self, config: &ChannelConfig, context: Context) -> Result<Arc<dyn Messenger>> {
        let provider = self.provider(config.provider()).map_err(|error| in_channel(config, &error))?;
        Ok((provider.connect)(config.reader(), context)?.messenger)
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
pub fn http_transport(common: &CommonConfig) -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(crate::transport::HttpTransport::new(common.into())?))
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layers")
    }
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
