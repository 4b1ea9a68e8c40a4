//! What an adapter crate exports, and what an adapter gets.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::adapter::error_code::ErrorCode;
use crate::adapter::rate::Rate;
use crate::config::{ChannelConfig, UriLayout};
use crate::error::Result;
use crate::messenger::Messenger;
use crate::time::{Clock, SystemClock, date_of};
use crate::transport::Transport;

/// What an adapter crate exports: its name, its way of being configured, and what is known of its error codes.
///
/// An adapter of another repository sets what it has over [`Provider::new`], so that a field added here breaks nothing there:
///
/// ```
/// use transom::adapter::Provider;
/// use transom::config::UriLayout;
///
/// const URI: UriLayout = UriLayout { user: "api_key", user_and_password: None, path: None };
/// # fn connect(_: &transom::config::ChannelConfig, _: transom::adapter::Context) -> transom::Result<std::sync::Arc<dyn transom::Messenger>> {
/// #     Ok(std::sync::Arc::new(transom::testing::Stub::accepting()))
/// # }
/// pub const PROVIDER: Provider = Provider { codes: &[], ..Provider::new("acme", URI, connect) };
/// ```
#[derive(Clone, Copy)]
pub struct Provider {
    /// The name used in configuration and as a URI's scheme: `exotel`.
    pub name: &'static str,
    /// Which keys the parts of a URI stand for.
    pub uri: UriLayout,
    /// Makes a messenger from a channel's settings.
    pub connect: fn(&ChannelConfig, Context) -> Result<Arc<dyn Messenger>>,
    /// Every code of the provider's pages, with what it means here and where that is known from: a table for each place
    /// in which codes stand, since the same code may mean different things in different places.
    pub codes: &'static [&'static [ErrorCode]],
    /// The limits that the provider's pages state for sends, for a [`RateLimit`](crate::layers::RateLimit). Empty where they state
    /// none, or only in the headers of an answer.
    pub rates: &'static [Rate],
    /// How long the provider keeps an idempotency key; `None` where it documents none.
    pub key_life: Option<Duration>,
}

impl Provider {
    /// A provider of this name, without codes, limits or idempotency keys.
    pub const fn new(
        name: &'static str,
        uri: UriLayout,
        connect: fn(&ChannelConfig, Context) -> Result<Arc<dyn Messenger>>,
    ) -> Self {
        Self { name, uri, connect, codes: &[], rates: &[], key_life: None }
    }
}

/// What an adapter is given to work with: the network and the time.
#[derive(Clone, Debug)]
pub struct Context {
    /// Carries its requests.
    pub transport: Arc<dyn Transport>,
    /// Tells it the time, where the provider's answer does not.
    pub clock: Arc<dyn Clock>,
}

impl Context {
    /// This transport, and the machine's clock.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, clock: Arc::new(SystemClock) }
    }

    /// The instant that the times in `response` are compared with: its own `Date`, so that skew between the machines
    /// does not matter, else the clock.
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
