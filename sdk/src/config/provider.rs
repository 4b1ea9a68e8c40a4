//! The exports of an adapter crate, and the context that an adapter gets.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::adapter::error_code::ErrorCode;
use crate::adapter::rate::Rate;
use crate::config::channel::ChannelConfig;
use crate::config::layout::UriLayout;
use crate::config::reader::ConfigReader;
use crate::error::Result;
use crate::messenger::Messenger;
use crate::secret::Secret;
use crate::time::{Clock, SystemClock, date_of};
use crate::transport::Transport;

/// The export of an adapter crate: name, configuration, error codes and limits.
///
/// A field added here breaks no adapter, since an adapter starts from [`Provider::new`]:
///
/// ```
/// use transom::adapter::{Connected, Context, Provider, Rate};
/// use transom::config::{ConfigReader, UriLayout};
///
/// fn connect(mut keys: ConfigReader<'_>, context: Context) -> transom::Result<Connected> {
///     let base_url = keys.common().base_url_or("api.acme.example");
///     let api_key = keys.required_secret("api_key");
///     let api_key = keys.finish(|| api_key)?;
/// #   let _ = (base_url, context);
/// #   let acme = transom::testing::Stub::accepting();
///     // let acme = Acme::new(base_url, api_key.clone(), context);
///     Ok(Connected::new(acme, [api_key]))
/// }
///
/// pub const PROVIDER: Provider =
///     Provider::new("acme", UriLayout::new("api_key"), connect).with_rates(&[Rate::per_second(20)]);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Provider {
    /// The name used in configuration and as a URI's scheme: `exotel`.
    pub name: &'static str,
    /// The keys for the parts of a URI.
    pub uri: UriLayout,
    /// Makes a messenger from a channel's settings.
    pub connect: Connect,
    /// All documented codes with meaning and source: a table for each place in which codes occur, because the same code
    /// may mean different things in different places.
    pub codes: &'static [&'static [ErrorCode]],
    /// The documented limits for sends, for a [`RateLimit`](crate::layers::RateLimit). Empty if the provider documents
    /// none, or only sends them in headers.
    pub rates: &'static [Rate],
    /// The limits of a channel where they depend on its settings; see [`rates_for`](Self::rates_for).
    pub channel_rates: Option<ChannelRates>,
    /// The lifetime of an idempotency key at the provider; `None` if it documents none.
    pub key_life: Option<Duration>,
}

/// The limits of one channel.
pub type ChannelRates = fn(&ChannelConfig) -> &'static [Rate];

impl Provider {
    /// A provider of this name, without codes, limits or idempotency keys.
    pub const fn new(name: &'static str, uri: UriLayout, connect: Connect) -> Self {
        Self { name, uri, connect, codes: &[], rates: &[], channel_rates: None, key_life: None }
    }

    /// Sets the tables of documented codes.
    #[must_use]
    pub const fn with_codes(mut self, codes: &'static [&'static [ErrorCode]]) -> Self {
        self.codes = codes;
        self
    }

    /// Sets the documented limits for sends.
    #[must_use]
    pub const fn with_rates(mut self, rates: &'static [Rate]) -> Self {
        self.rates = rates;
        self
    }

    /// Sets the limits of a channel, where they depend on its settings.
    #[must_use]
    pub const fn with_channel_rates(mut self, channel_rates: ChannelRates) -> Self {
        self.channel_rates = Some(channel_rates);
        self
    }

    /// The documented limits for the sends of `channel`: by its settings where they depend on these, else
    /// [`rates`](Self::rates).
    pub fn rates_for(&self, channel: &ChannelConfig) -> &'static [Rate] {
        self.channel_rates.map_or(self.rates, |rates| rates(channel))
    }

    /// Sets the lifetime of an idempotency key at the provider.
    #[must_use]
    pub const fn with_key_life(mut self, key_life: Duration) -> Self {
        self.key_life = Some(key_life);
        self
    }
}

/// Reads a channel's settings and makes the adapter. Its errors are those of [`ConfigReader::finish`].
pub type Connect = fn(ConfigReader<'_>, Context) -> Result<Connected>;

/// A connected adapter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connected {
    /// The adapter.
    pub messenger: Arc<dyn Messenger>,
    /// The credentials that the adapter read. No error of the client shows them. Those of
    /// [`CommonConfig`](super::CommonConfig) need not be among them.
    pub secrets: Vec<Secret>,
}

impl Connected {
    /// An adapter with the credentials that it read.
    pub fn new(messenger: impl Messenger, secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self { messenger: Arc::new(messenger), secrets: secrets.into_iter().collect() }
    }
}

/// The network and the clock for an adapter.
#[derive(Clone, Debug)]
pub struct Context {
    /// Sends its requests.
    pub transport: Arc<dyn Transport>,
    /// The time, if the provider's answer has no `Date`.
    pub clock: Arc<dyn Clock>,
}

impl Context {
    /// A context with this transport and the machine's clock.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, clock: Arc::new(SystemClock) }
    }

    /// The present time for comparisons with the times in `response`: its `Date`, so that clock skew does not matter,
    /// or else the clock.
    pub fn now<B>(&self, response: &http::Response<B>) -> SystemTime {
        date_of(response).unwrap_or_else(|| self.clock.now())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("code_tables", &self.codes.len())
            .finish_non_exhaustive()
    }
}
