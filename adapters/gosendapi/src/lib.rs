#![doc = include_str!("../README.md")]

mod config;
mod error;
mod messenger;
mod webhook;
mod wire;

pub use config::Config;
pub use messenger::{CAPABILITIES, GoSendApi};
pub use wire::lists::CloseReason;
pub use wire::upload::Upload;

use std::sync::Arc;

use transom::Provider;
use transom::config::UriLayout;

const NAME: &str = "gosendapi";

/// GoSendAPI, for a [`Registry`](transom::Registry).
pub const PROVIDER: Provider = Provider {
    name: NAME,
    uri: UriLayout { user: "api_key", user_and_password: None, path: None },
    connect: |config, context| Ok(Arc::new(GoSendApi::connect(config, context)?)),
    codes: error::CODES,
};
