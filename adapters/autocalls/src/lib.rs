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
use std::time::Duration;

use transom::adapter::{Certainty, Provider, Rate, Scope};
use transom::config::UriLayout;

/// Autocalls, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider {
    name: config::NAME,
    uri: UriLayout { user: "api_key", user_and_password: None, path: None },
    connect: |config, context| Ok(Arc::new(Autocalls::connect(config, context)?)),
    codes: error::CODES,
    rates: &[Rate {
        scope: Scope::Account,
        quota: 5,
        window: Duration::from_secs(1),
        codes: &[],
        source: "Send Freeform Message: 5 requests per second per user",
        certainty: Certainty::Authoritative,
    }],
    key_life: None,
};
