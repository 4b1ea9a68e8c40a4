//! A stateful mock of WhatsApp providers: one world, one dialect per provider, one port.
//!
//! The 24-hour window, templates, senders, balances, rate limits and the ledger of delivered messages live once, in [`World`].
//! A [`ProviderSimulator`] reads one provider's requests and prints that provider's answers; four are built in (see [`simulators`]), and a
//! fifth is an `impl` away. [`Simulator::step`] is the whole mock as a plain function from a time and a request to a [`WireResponse`]:
//! no IO, no clock, no randomness. With the feature `server` (on by default) [`serve`] and [`MockServer`] put it on a port.
//!
//! Tests and scripts steer it through the control plane under `/_mock/`: a virtual clock, customers who write, faults, limits,
//! switches, and what was asked and delivered.

mod access;
mod answer;
#[cfg(feature = "client")]
mod client;
mod clock;
mod console;
mod control;
mod dialect;
pub mod simulators;
mod fault;
mod finding;
mod fingerprint;
#[cfg(feature = "fixtures")]
pub mod fixtures;
mod gate;
mod ids;
mod journal;
mod json;
mod limiter;
mod redact;
mod nowhere;
mod phone;
mod request;
mod ring;
#[cfg(feature = "server")]
mod server;
mod simulator;
mod state;
mod switch;
#[cfg(test)]
mod testing;
mod time;
mod transcript;
mod webhook;
mod world;

pub(crate) use answer::json_text_response;
pub use answer::{SimulatedResponse, html_response, json_response, set_header, set_number, text_response};
#[cfg(feature = "client")]
pub use client::{Control, ControlError};
pub use dialect::ProviderSimulator;
pub use finding::{Finding, Level, Certainty, FindingCollector, Source};
pub use fingerprint::fingerprint;
pub use limiter::{Limiter, Quota};
pub use phone::{Phone, is_e164};
pub(crate) use request::{API_KEY, IDEMPOTENCY_KEY, json_of};
pub use request::{Query, basic_credentials, bearer_token, header, is_json};
#[cfg(feature = "server")]
pub use server::{MockServer, MockServerBuilder, serve, serve_and_save, serve_until};
pub use simulator::{WireResponse, Simulator, WireFault};
pub use switch::{Switch, Switches};
pub use time::{offset_time, rfc3339};
pub use webhook::{
    Subject, AccountEvent, DeliveryOutcome, Failure, MessageEvent, DeliveryStatus, AcceptedMessage, ConversationEvent, WebhookDelivery, WebhookRules, MessageEventKind,
    last_status,
};
pub use world::{
    Account, Content, Conversation, ConversationState, Delivery, Inbound, StoredContent, Message, CachedResponse, Replay, Sender,
    Template, TemplateStatus, Window, World,
};

/// The README's code, compiled.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
