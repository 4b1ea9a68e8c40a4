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

use std::time::Duration;

use transom::adapter::{Certainty, Connected, Provider, Rate, Scope};
use transom::config::UriLayout;

/// GoSendAPI, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider::new(config::NAME, UriLayout::new("api_key"), |keys, context| {
    let config = Config::read(keys)?;
    let secrets = config.secrets();
    Ok(Connected::new(GoSendApi::new(config, context), secrets))
})
.with_codes(error::CODES)
.with_rates(&[
    Rate::per_second(100).with_source("Rate limits: a standard live key, 100 requests per second", Certainty::Docs),
    // One message every six seconds, of which a few may come at once.
    Rate::per_minute(10)
        .with_scope(Scope::Pair)
        .with_codes(&["131056"])
        .with_source("WhatsApp's pair rate limit, as its error 131056 is reported", Certainty::Inferred),
])
// Idempotency: keys live for 24 hours (docs).
.with_key_life(Duration::from_secs(24 * 60 * 60));
