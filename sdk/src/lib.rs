//! Send WhatsApp messages through any provider: one trait, honest errors, the 24-hour window built in.
//!
//! A business may write freely to a person only within 24 hours of that person's last message; after that, only a
//! pre-approved template may go. Every provider says this, and everything else, in its own words. Here it is said once:
//!
//! - [`Messenger`] is a provider account. Each provider has an adapter crate that implements it.
//! - [`Client`] puts [`layers`] in front of one: policies such as [`WindowGuard`](layers::WindowGuard), which sends a
//!   message's fallback template when the window is closed.
//! - [`Error`] tells what to do ([`ErrorKind`]) and, separately, whether the message may be out all the same ([`Sent`]).
//!   A send is never repeated unless that is proved to be safe.
//! - [`Registry`] and [`ConfigFile`](config::ConfigFile) turn configuration into clients, so that replacing a provider
//!   is one changed line.
//!
//! This crate knows no provider.

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
pub mod session;
pub mod testing;
pub mod time;
pub mod transport;
pub mod webhook;

mod capability;
mod messenger;
mod secret;

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
