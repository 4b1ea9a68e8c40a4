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

use std::sync::Arc;

use transom::adapter::{Certainty, Provider, Rate};
use transom::config::UriLayout;

/// Larkwire, for a [`Registry`](transom::Registry). A channel's URI is `larkwire://API_KEY@HOST?line=7001`.
pub const PROVIDER: Provider = Provider::new(config::NAME, UriLayout::new("api_key"), |config, context| {
    Ok(Arc::new(Larkwire::connect(config, context)?))
})
.with_codes(error::CODES)
.with_rates(&[Rate::per_second(20).with_codes(&["4290"]).with_source("larkwire.example/docs/limits", Certainty::Docs)]);
