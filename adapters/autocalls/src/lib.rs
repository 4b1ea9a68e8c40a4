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

use std::sync::Arc;

use transom::adapter::{Certainty, Provider, Rate};
use transom::config::UriLayout;

/// Autocalls, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider::new(config::NAME, UriLayout::new("api_key"), |config, context| {
    Ok(Arc::new(Autocalls::connect(config, context)?))
})
.with_codes(error::CODES)
.with_rates(&[
    Rate::per_second(5).with_source("Send Freeform Message: 5 requests per second per user", Certainty::Authoritative)
]);
