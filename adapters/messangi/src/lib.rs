#![doc = include_str!("../README.md")]

mod api_key_cache;
mod config;
mod error;
mod media_limits;
mod messenger;
mod request;
mod response;
mod types;
mod webhook;

pub use config::{Config, Credential};
pub use messenger::{CAPABILITIES, Messangi};

use transom::adapter::{Connected, Provider};
use transom::config::UriLayout;

/// Messangi, for a [`Registry`](transom::Registry).
///
/// The numbers of its limits are not published: the answers' `ratelimit-policy` states them.
pub const PROVIDER: Provider =
    Provider::new(config::NAME, UriLayout::new("api_key").with_password("username", "password"), |keys, context| {
        let config = Config::read(keys)?;
        let secrets = config.secrets();
        Ok(Connected::new(Messangi::new(config, context), secrets))
    })
    .with_codes(error::CODES);
