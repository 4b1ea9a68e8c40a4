#![doc = include_str!("../README.md")]

mod config;
mod error;
mod media_limits;
mod messenger;
mod request;
mod response;
mod types;
mod webhook;

pub use config::Config;
pub use messenger::{CAPABILITIES, GoSendApi};
pub use request::lists::CloseReason;
pub use request::upload::Upload;

use std::sync::Arc;
use std::time::Duration;

use transom::adapter::{Certainty, Provider, Rate, Scope};
use transom::config::UriLayout;

/// GoSendAPI, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider {
    name: config::NAME,
    uri: UriLayout { user: "api_key", user_and_password: None, path: None },
    connect: |config, context| Ok(Arc::new(GoSendApi::connect(config, context)?)),
    codes: error::CODES,
    rates: &[
        Rate {
            scope: Scope::Account,
            quota: 100,
            window: Duration::from_secs(1),
            codes: &[],
            source: "Rate limits: a standard live key, 100 requests per second",
            certainty: Certainty::Docs,
        },
        // One message every six seconds, of which a few may come at once.
        Rate {
            scope: Scope::Pair,
            quota: 10,
            window: Duration::from_secs(60),
            codes: &["131056"],
            source: "WhatsApp's pair rate limit, as its error 131056 is reported",
            certainty: Certainty::Inferred,
        },
    ],
    // Idempotency: keys live for 24 hours (docs).
    key_life: Some(Duration::from_secs(24 * 60 * 60)),
};
