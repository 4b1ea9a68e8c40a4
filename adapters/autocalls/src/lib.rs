#![doc = include_str!("../README.md")]

mod config;
mod error;
mod messenger;
mod request;
mod response;
mod types;
mod webhook;

pub use config::Config;
pub use messenger::{Autocalls, CAPABILITIES};
pub use response::calls::{CurrentUser, HistoryEntry};

use transom::adapter::{Certainty, Connected, Provider, Rate};
use transom::config::UriLayout;

/// Autocalls, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider::new(config::NAME, UriLayout::new("api_key"), |keys, context| {
    let config = Config::read(keys)?;
    let secrets = config.secrets();
    Ok(Connected::new(Autocalls::new(config, context), secrets))
})
.with_codes(error::CODES)
.with_rates(&[
    Rate::per_second(5).with_source("Send Freeform Message: 5 requests per second per user", Certainty::Authoritative)
]);
