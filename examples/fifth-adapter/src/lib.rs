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
use std::time::Duration;

use transom::adapter::{Certainty, Provider, Rate, Scope};
use transom::config::UriLayout;

/// The form of a channel's URI: `larkwire://API_KEY@HOST?line=7001`.
const URI: UriLayout = UriLayout { user: "api_key", user_and_password: None, path: None };

/// Larkwire, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider {
    codes: error::CODES,
    rates: &[Rate {
        scope: Scope::Account,
        quota: 20,
        window: Duration::from_secs(1),
        codes: &["4290"],
        source: "larkwire.example/docs/limits",
        certainty: Certainty::Docs,
    }],
    ..Provider::new(config::NAME, URI, |config, context| Ok(Arc::new(Larkwire::connect(config, context)?)))
};
