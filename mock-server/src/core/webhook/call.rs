//! A webhook call: the queued form, the target, and the result of an attempt.

use std::time::SystemTime;

use bytes::Bytes;

use super::{Target, Topic};

/// A queued call to one target.
#[derive(Clone)]
pub(super) struct QueuedCall {
    pub(super) provider: &'static str,
    /// What it tells of, which decides how it is signed and repeated.
    pub(super) topic: Topic,
    pub(super) route: Destination,
    pub(super) body: Bytes,
    pub(super) due: SystemTime,
    pub(super) attempt: u32,
    /// Which of several copies this is, from 1.
    pub(super) copy: u32,
    /// It never arrives.
    pub(super) lost: bool,
}

/// How a call went out.
#[derive(Clone, Default)]
pub(super) struct Sent {
    pub(super) url: String,
    /// In the order in which they went.
    pub(super) headers: Vec<(String, String)>,
}

/// How a target is found.
#[derive(Clone)]
pub(super) enum Destination {
    /// The provider's registered target at the time when the call is due.
    Registered,
    /// A target that the message named.
    Own(Target),
    /// The target, if there is one, of the account's webhook with this number.
    Subscribed(u64, Option<Target>),
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'static str>,
    pub(super) next_try_at: Option<SystemTime>,
}
