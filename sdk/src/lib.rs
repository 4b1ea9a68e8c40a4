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

#[cfg(feature = "axum")]
pub mod axum;
pub mod cloud_api;
pub mod config;
pub mod decision;
pub mod json;
pub mod layers;
pub mod rate_limit;
pub mod request;
pub mod signature;
pub mod stub;
pub mod time;
pub mod transport;

mod budget;
mod capability;
mod check;
mod client;
mod code;
mod content;
mod discreet;
mod error;
mod event;
mod failover;
mod ledger;
mod limits;
mod lookup;
mod media;
mod message;
mod messenger;
mod pace;
mod phone;
mod registry;
mod reports;
mod secret;
mod session;
mod template;
mod template_list;
mod unresolved;
mod verdict;

pub use budget::Budget;
pub use capability::{Capabilities, Capability};
pub use check::{TEXT_MAX, over_length};
pub use client::{Client, Layer, Next};
pub use code::{Certainty, ErrorCode};
pub use content::{
    Button, Buttons, Contact, ContactEmail, ContactName, ContactPhone, Contacts, Content, Header, HeaderText, List,
    Location, Media, MediaSource, Reaction, Row, Section, Text,
};
pub use error::{Error, ErrorKind, Phase, Result, RetryStop, Sent};
pub use event::{DeliveryStatus, Event, Events, Inbound, StatusUpdate};
pub use failover::{BreakerState, FailedAttempt, Failover};
pub use ledger::{MemoryLedger, WindowLedger};
pub use limits::Limits;
pub use lookup::{Conversation, ConversationFilter, Sender, TemplateInfo};
pub use media::MediaLimit;
pub use message::{Message, MessageId, Receipt};
pub use messenger::{Messenger, unsupported};
pub use pace::{Rate, Scope};
pub use phone::{InvalidPhoneNumber, PhoneNumber};
#[cfg(feature = "reqwest")]
pub use registry::http_transport;
pub use registry::{Context, Provider, Registry};
pub use reports::Reports;
pub use secret::Secret;
pub use session::{Session, SessionSource, WINDOW, Window};
pub use template::{Parameters, Template, TemplateButton};
pub use template_list::TemplateCache;
pub use transport::{Operation, Transport};
pub use unresolved::{LOOKUPS, Resolution, Unresolved};
pub use verdict::Verdict;
