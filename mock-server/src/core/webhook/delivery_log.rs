//! The log of delivery attempts.

use std::time::SystemTime;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Topic;
use super::call::Destination;
use crate::core::bounded::{GuestBounds, Ring};

const MOST_TRIES: usize = 10_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The last 10,000 attempts, or fewer if they are large.
#[derive(Debug)]
pub(super) struct DeliveryLog {
    tries: Ring<DeliveryAttempt>,
}

/// A delivery attempt.
#[derive(Serialize)]
pub struct DeliveryAttempt {
    /// Counts the tries since the last reset, from 1.
    pub(crate) number: u64,
    pub(crate) provider: &'static str,
    pub(super) url: String,
    /// From 1; 0 for what was given up untried, because too much was waiting.
    pub(crate) attempt: u32,
    /// Which of several copies it was, from 1.
    pub(super) copy: u32,
    /// What the target answered, none if it did not.
    pub(crate) status: Option<u16>,
    /// Why there was no answer.
    pub(crate) error: Option<&'static str>,
    /// As they were sent, the signature among them.
    #[serde(serialize_with = "headers_as_map")]
    pub(super) headers: Vec<(String, String)>,
    #[serde(serialize_with = "as_json")]
    pub(crate) body: Bytes,
    /// When it was due, in virtual time.
    #[serde(serialize_with = "crate::core::world::serialize_time")]
    pub(crate) at: SystemTime,
    /// When it is tried again, if it is.
    #[serde(serialize_with = "maybe_time")]
    pub(crate) next_try_at: Option<SystemTime>,
    #[serde(skip)]
    pub(super) topic: Topic,
    /// How the target was found, to find it again.
    #[serde(skip)]
    pub(super) route: Destination,
}

impl std::fmt::Debug for DeliveryAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut attempt = f.debug_struct("DeliveryAttempt");
        attempt.field("number", &self.number).field("provider", &self.provider);
        attempt.field("attempt", &self.attempt).field("status", &self.status).finish_non_exhaustive()
    }
}

impl DeliveryLog {
    pub(super) fn new() -> Self {
        Self { tries: Ring::new(MOST_TRIES, MOST_BYTES) }
    }

    pub(super) fn guard(&mut self, guests: GuestBounds) {
        self.tries.guard(guests, 250, 128 * 1024);
    }

    pub(super) fn record(&mut self, mut tried: DeliveryAttempt) {
        tried.number = self.last() + 1;
        let headers: usize = tried.headers.iter().map(|(name, value)| 48 + name.len() + value.len()).sum();
        let size = 300 + tried.url.len() + headers + tried.body.len();
        self.tries.push(tried, size);
    }

    /// Those after the one of this number, counted from 1, each with its own.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &DeliveryAttempt)> {
        self.tries.after(number)
    }

    /// About how many bytes the attempts hold.
    #[cfg(feature = "server")]
    pub(super) fn bytes(&self) -> usize {
        self.tries.bytes()
    }

    pub(super) fn last(&self) -> u64 {
        self.tries.total()
    }

    /// Newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &DeliveryAttempt> {
        self.tries.iter().rev()
    }

    /// Oldest first; of one provider, or of all.
    pub(super) fn tries(&self, provider: Option<&str>) -> impl Iterator<Item = &DeliveryAttempt> {
        self.tries.iter().filter(move |tried| provider.is_none_or(|provider| tried.provider == provider))
    }
}

/// Bodies are JSON that this crate wrote, so the fallback is out of reach.
pub(super) fn as_json<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(json) => json.serialize(serializer),
        Err(_) => serializer.serialize_none(),
    }
}

fn headers_as_map<S: Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

#[allow(clippy::ref_option, reason = "serde hands over the member as it is")]
fn maybe_time<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(crate::core::time::rfc3339).serialize(serializer)
}
