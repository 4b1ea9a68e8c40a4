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
pub use request::calls::WebhookSettings;
pub use request::lists::CloseReason;
pub use request::upload::Upload;
pub use response::calls::{MessageRecord, Project, Webhook};

use std::time::Duration;

use transom::adapter::{Connected, Provider};
use transom::config::UriLayout;

/// GoSendAPI, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider::new(config::NAME, UriLayout::new("api_key"), |keys, context| {
    let config = Config::read(keys)?;
    let secrets = config.secrets();
    Ok(Connected::new(GoSendApi::new(config, context), secrets))
})
.with_codes(error::CODES)
.with_rates(config::LIVE_RATES)
// A channel that cannot be read has no key.
.with_channel_rates(|channel| Config::read(channel.reader()).map_or(config::LIVE_RATES, |config| config.rates()))
// Idempotency: keys live for 24 hours (docs).
.with_key_life(Duration::from_secs(24 * 60 * 60));
