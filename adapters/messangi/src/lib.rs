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

use std::sync::Arc;

use transom::adapter::Provider;
use transom::config::UriLayout;

/// Messangi, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider {
    name: config::NAME,
    uri: UriLayout { user: "api_key", user_and_password: Some(("username", "password")), path: None },
    connect: |config, context| Ok(Arc::new(Messangi::connect(config, context)?)),
    codes: error::CODES,
    // The real numbers are not published: the answers' `ratelimit-policy` states them.
    rates: &[],
    key_life: None,
};
