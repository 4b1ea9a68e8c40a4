//! What was tried.

use std::time::SystemTime;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ring::Ring;

const MOST_TRIES: usize = 10_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The last 10,000 tries, or fewer if they are large.
#[derive(Debug)]
pub(super) struct Log {
    tries: Ring<Try>,
}

/// One try to deliver.
#[derive(Serialize)]
pub(crate) struct Try {
    pub(super) provider: &'static str,
    pub(super) url: String,
    /// From 1; 0 for what was given up untried, because too much was waiting.
    pub(super) attempt: u32,
    /// What the target answered, none if it did not.
    pub(super) status: Option<u16>,
    #[serde(serialize_with = "as_json")]
    pub(super) body: Bytes,
    /// When it was due, in virtual time.
    #[serde(serialize_with = "crate::world::serialize_time")]
    pub(super) at: SystemTime,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { tries: Ring::new(MOST_TRIES, MOST_BYTES) }
    }

    pub(super) fn record(&mut self, tried: Try) {
        let size = 200 + tried.url.len() + tried.body.len();
        self.tries.push(tried, size);
    }

    /// Those that came after the one of this number, oldest first.
    #[cfg(feature = "server")]
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = &Try> {
        self.tries.after(number).map(|(_, tried)| tried)
    }

    /// The number of the last try; 0 before the first.
    #[cfg(feature = "server")]
    pub(super) fn last(&self) -> u64 {
        self.tries.total()
    }

    /// Oldest first; of one provider, or of all.
    pub(super) fn tries(&self, provider: Option<&str>) -> impl Iterator<Item = &Try> {
        self.tries.iter().filter(move |tried| provider.is_none_or(|provider| tried.provider == provider))
    }
}

/// Bodies are JSON that this crate wrote, so the fallback is out of reach.
fn as_json<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(json) => json.serialize(serializer),
        Err(_) => serializer.serialize_none(),
    }
}
