#![doc = include_str!("../README.md")]

mod config;
mod error;
mod messenger;
mod request;
mod response;
mod types;
mod webhook;

pub use config::Config;
pub use messenger::CAPABILITIES;

pub use messenger::Larkwire;

use transom::adapter::{Certainty, Connected, Provider, Rate};
use transom::config::UriLayout;

/// Larkwire, for a [`Registry`](transom::Registry). A channel's URI is `larkwire://API_KEY@HOST?line=7001`.
pub const PROVIDER: Provider = Provider::new(config::NAME, UriLayout::new("api_key"), |keys, context| {
    let config = Config::read(keys)?;
    let secrets = config.secrets();
    Ok(Connected::new(Larkwire::new(config, context), secrets))
})
.with_codes(error::CODES)
.with_rates(&[Rate::per_second(20).with_codes(&["4290"]).with_source("larkwire.example/docs/limits", Certainty::Docs)]);
