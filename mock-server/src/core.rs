//! The mock without IO: the world, the virtual clock, faults, the journal and the webhook queue.

#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "the control plane asks it"))]
pub(crate) mod auth;
pub(crate) mod behavior_switch;
pub(crate) mod bounded;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod fault;
pub(crate) mod finding;
pub(crate) mod fingerprint;
pub(crate) mod gate;
#[cfg(all(test, feature = "server"))]
mod guest_tests;
pub(crate) mod ids;
pub(crate) mod journal;
pub(crate) mod json;
pub(crate) mod limiter;
pub(crate) mod not_found;
pub(crate) mod phone;
pub(crate) mod provider_simulator;
pub(crate) mod redact;
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "the control plane gives it"))]
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod request_context;
pub(crate) mod request_line;
pub(crate) mod response;
pub(crate) mod simulator;
pub(crate) mod time;
pub(crate) mod transcript;
pub(crate) mod webhook;
pub(crate) mod world;
