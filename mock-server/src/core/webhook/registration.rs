//! A webhook registration: target, signing secret and ordered failures.

use std::time::Duration;

use super::{Secret, Target};
use crate::core::world::World;

/// The switch for the account events of a webhook that says nothing of them.
pub(crate) const ANNOUNCEMENTS: &str = "announcements";

/// Where a provider's webhooks go.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// `None` if the calls are only logged.
    pub(crate) target: Option<Target>,
    pub(crate) secret: Option<Secret>,
    pub(crate) trouble: DeliveryFaults,
    /// Whether account events are sent, too; `None` leaves it to the provider's switch.
    announcements: Option<bool>,
    /// How many calls there were, for those that are lost.
    pub(super) calls: u64,
}

/// The ordered failures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryFaults {
    /// How often each call is made, from 1.
    pub(crate) copies: u32,
    /// Whether the statuses of a message come newest first.
    pub(crate) reorder: bool,
    /// The form of the signature.
    pub(crate) signature: Signature,
    /// Each so-manieth call never arrives, and the provider does not know.
    pub(crate) lose_every: Option<u64>,
    /// How much later every call is made.
    pub(crate) delay: Duration,
}

impl Default for DeliveryFaults {
    fn default() -> Self {
        Self { copies: 1, reorder: false, signature: Signature::Good, lose_every: None, delay: Duration::ZERO }
    }
}

/// The form of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Good,
    /// That of another secret.
    Wrong,
    /// No signature, although there is a secret.
    Missing,
}

impl Registration {
    pub(crate) fn new(
        target: Option<Target>,
        secret: Option<Secret>,
        trouble: DeliveryFaults,
        announcements: Option<bool>,
    ) -> Self {
        Self { target, secret, trouble, announcements, calls: 0 }
    }

    /// Whether account events are sent, too.
    pub(crate) fn announces(&self, provider: &str, world: &World) -> bool {
        self.announcements.unwrap_or_else(|| world.switch(provider, ANNOUNCEMENTS) == "on")
    }

    /// Where it goes, as the log and payloads say it.
    pub(super) fn url(&self) -> String {
        self.target.as_ref().map_or_else(|| SINK.to_owned(), |target| target.uri().to_string())
    }

    /// Counts a call, and says whether it is lost.
    pub(super) fn loses_next(&mut self) -> bool {
        self.calls += 1;
        self.trouble.lose_every.is_some_and(|every| self.calls.is_multiple_of(every))
    }
}

/// Stands for the address if calls are only logged.
pub(super) const SINK: &str = "sink";
