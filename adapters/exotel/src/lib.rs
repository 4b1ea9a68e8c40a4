#![doc = include_str!("../README.md")]

mod config;
mod error;
mod media_limits;
mod messenger;
mod request;
mod response;
mod types;
mod webhook;

pub use config::{Config, Region, RequestShape};
pub use messenger::{CAPABILITIES, Exotel};

use std::sync::Arc;
use std::time::Duration;

use transom::adapter::{Certainty, Provider, Rate, Scope};
use transom::config::UriLayout;

/// Exotel, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider {
    name: config::NAME,
    uri: UriLayout { user: "api_key", user_and_password: Some(("api_key", "api_token")), path: Some("account_sid") },
    connect: |config, context| Ok(Arc::new(Exotel::connect(config, context)?)),
    codes: error::CODES,
    rates: &[Rate {
        scope: Scope::Account,
        quota: 200,
        window: Duration::from_secs(60),
        codes: &[],
        source: "Rate Limiting: 200 WhatsApp requests per minute and account",
        certainty: Certainty::Docs,
    }],
    key_life: None,
};
