#![doc = include_str!("../README.md")]

pub mod account;
pub mod adapter;
#[cfg(feature = "axum")]
pub mod axum;
pub mod client;
pub mod config;
pub mod error;
pub mod failover;
pub mod layers;
pub mod message;
pub mod phone;
pub mod reconcile;
pub mod secret;
pub mod session;
pub mod testing;
pub mod time;
pub mod transport;
pub mod webhook;

mod capability;
mod messenger;

pub use capability::{Capabilities, Capability};
pub use client::{Client, SendOutcome};
pub use config::Registry;
pub use error::{Error, ErrorKind, Result, Sent};
pub use failover::Failover;
pub use message::{Content, Message, Receipt, Template};
pub use messenger::Messenger;
pub use phone::PhoneNumber;
pub use secret::Secret;
pub use session::{Session, Window};
