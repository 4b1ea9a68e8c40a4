//! How a case is set up, as data: the adapter, the other end of the connection, and what that end does.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;

use super::canary::Canaries;
use super::clock::ClockMode;
use super::dns::ScriptedDns;
use super::listener::Pace;
use super::profile::FaultProfile;
use super::script::Step;
use super::tls::Server;

/// The address of the listeners.
pub(crate) const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// The other end of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A listener that follows its script, in HTTP or not.
    Plain,
    /// The same under TLS.
    Tls(Server),
    /// The same without TLS, where the client expects TLS.
    NotTls,
    /// A closed port.
    ClosedPort,
    /// A port that accepts no more connections.
    SaturatedPort,
    /// An address, with a scheme, that is not ours.
    Elsewhere(&'static str),
}

/// The setup of one execution.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct Setup {
    pub(crate) profile: &'static FaultProfile,
    pub(crate) canaries: Canaries,
    /// Whether to use the channel for calls that send nothing.
    pub(crate) is_reading: bool,
    pub(crate) peer: Peer,
    pub(crate) scripts: Vec<Vec<Step>>,
    pub(crate) pace: Pace,
    /// Settings of the channel. `{listener}` in a text stands for the listener's address.
    pub(crate) keys: Vec<(&'static str, Value)>,
    /// A resolver, and a host name in place of an address.
    pub(crate) dns: Option<Arc<ScriptedDns>>,
    pub(crate) clock_mode: ClockMode,
    /// The attempts that the client's retry layer may make in all.
    pub(crate) tries: u32,
    pub(crate) small_buffer: bool,
    pub(crate) is_window_open: bool,
    /// Whether the case sends two messages of the same content.
    pub(crate) repeats_text: bool,
    /// Whether no other case may run beside it, since it keeps its thread busy.
    pub(crate) is_alone: bool,
}
