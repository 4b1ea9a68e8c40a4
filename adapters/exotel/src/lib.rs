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
pub use request::calls::WebhookUrls;
pub use request::interactive::{Flow, Interactive};
pub use response::calls::MediaFile;

use transom::adapter::{Certainty, Connected, Provider, Rate};
use transom::config::UriLayout;

/// Exotel, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider::new(
    config::NAME,
    UriLayout::new("api_key").with_password("api_key", "api_token").with_path("account_sid"),
    |keys, context| {
        let config = Config::read(keys)?;
        let secrets = config.secrets();
        Ok(Connected::new(Exotel::new(config, context), secrets))
    },
)
.with_codes(error::CODES)
.with_rates(&[
    Rate::per_minute(200).with_source("Rate Limiting: 200 WhatsApp requests per minute and account", Certainty::Docs)
]);
