//! A stateful mock of WhatsApp providers: one world, one simulator per provider, one port.
//!
//! The 24-hour window, templates, senders, balances, rate limits and the ledger of delivered messages live once, in [`World`].
//! A [`ProviderSimulator`] reads one provider's requests and writes that provider's responses. Four are built in (see
//! [`simulators`]); a fifth is one more `impl`. [`Simulator::step`] is the whole mock as a plain function from a time and a
//! request to a [`WireResponse`]: no IO, no clock, no randomness. With the feature `server` (on by default) [`serve`] and
//! [`MockServer`] put it on a port.
//!
//! Tests and scripts steer the mock through the control plane under `/_mock/`: virtual clock, inbound messages, faults, limits,
//! switches, the journal of requests and the ledger.

#[cfg(feature = "client")]
mod client;
mod control;
mod core;
#[cfg(feature = "fixtures")]
pub mod fixtures;
#[cfg(feature = "server")]
mod server;
pub mod simulators;
#[cfg(test)]
mod testing;

#[cfg(feature = "client")]
pub use crate::client::{ClientError, Control};
pub use crate::control::{
    AccountState, Advance, ClockChange, ClockState, ClockTurn, Config, ConfigChange, ConversationLog, DeliveryFilter,
    DueEvent, FaultDetails, FaultKind, FaultRule, FaultSchedule, FaultScope, InboundMessage, Matches, MessageFilter,
    NewFault, NewFaults, NewSender, NewTemplate, NewWebhook, NotYet, RateBucket, RateLimit, RateLimitChange,
    RateLimitUse, Received, Referral, RequestFilter, SenderId, SenderState, Span, SwitchState, TemplateName,
    TemplateState, Time, Wait, WaitFor, Webhook, WebhookSignature, WindowState, from_json,
};
pub use crate::core::behavior_switch::{Switch, Switches};
pub use crate::core::error::ControlError;
pub use crate::core::finding::{Certainty, Finding, FindingCollector, Level, Source};
pub use crate::core::fingerprint::fingerprint;
pub use crate::core::gate::Held;
pub use crate::core::journal::Exchange;
pub use crate::core::limiter::{Limiter, Quota};
pub use crate::core::phone::{Phone, is_e164};
pub use crate::core::provider_simulator::ProviderSimulator;
pub use crate::core::request::{Query, basic_credentials, bearer_token, header, is_json};
pub use crate::core::request_context::RequestContext;
pub use crate::core::request_line::RequestLine;
pub use crate::core::response::{
    SimulatedResponse, html_response, json_response, set_header, set_number, text_response,
};
pub use crate::core::simulator::{Simulator, WireFault, WireResponse};
pub use crate::core::time::{offset_time, rfc3339};
pub use crate::core::webhook::{
    AcceptedMessage, AccountEvent, ConversationEvent, DeliveryAttempt, DeliveryOutcome, DeliveryStatus, Failure,
    InvalidNetwork, MessageEvent, MessageEventKind, Subject, Topic, Waiting, WebhookDelivery, WebhookRules,
    last_status,
};
pub use crate::core::world::{
    Account, CachedResponse, Content, Conversation, ConversationState, Delivery, Inbound, Message, Replay, Sender,
    State, StoredContent, Template, TemplateStatus, Window, World,
};
#[cfg(feature = "server")]
pub use crate::server::control::control_response;
#[cfg(feature = "server")]
pub use crate::server::{
    Endpoint, MockServer, MockServerBuilder, Tls, TlsError, WebhookRoots, serve, serve_and_save, serve_until,
};

/// The README's code, compiled.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
