//! Stored responses for repeated idempotency keys.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::core::bounded::{BoundedMap, GuestBounds};
use crate::core::fingerprint::fingerprint;

/// Source: `GoSendAPI`, POST /v1/messages: keys live for 24 hours (docs).
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_KEYS: usize = 100_000;
/// In bytes. No page states a limit.
const LONGEST_KEY: usize = 256;

/// An answer kept under an idempotency key. `Debug` leaves the body out.
#[derive(Clone, PartialEq, Eq)]
pub struct CachedResponse {
    /// A fingerprint of the request's body.
    pub digest: u64,
    /// The HTTP status of the first answer.
    pub status: u16,
    /// The body of the first answer.
    pub body: Bytes,
    /// When the first answer was given, in virtual time.
    pub at: SystemTime,
}

impl fmt::Debug for CachedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedResponse").field("status", &self.status).field("at", &self.at).finish_non_exhaustive()
    }
}

/// The meaning of an idempotency key for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// The key is new: handle the request.
    New,
    /// A repetition of the same request: give this response again.
    Same(CachedResponse),
    /// Another request used this key.
    Different,
}

/// Keys and answers. API keys are kept as hashes only.
#[derive(Debug)]
pub(super) struct Idempotency {
    answers: BoundedMap<CachedResponse>,
}

impl Idempotency {
    pub(super) fn new() -> Self {
        Self { answers: BoundedMap::new(MAX_KEYS) }
    }

    pub(super) fn look_up(&self, provider: &str, api_key: &str, key: &str, digest: u64, now: SystemTime) -> Replay {
        match self.answers.get(&scoped(provider, api_key, key)) {
            Some(answer) if now.duration_since(answer.at).is_ok_and(|age| age >= LIFETIME) => Replay::New,
            Some(answer) if answer.digest == digest => Replay::Same(answer.clone()),
            Some(_) => Replay::Different,
            None => Replay::New,
        }
    }

    pub(super) fn remember(&mut self, provider: &str, api_key: &str, key: &str, answer: CachedResponse) {
        self.answers.insert(&scoped(provider, api_key, key), answer);
    }

    pub(super) fn guard(&mut self, guests: GuestBounds, entries: usize) {
        self.answers.guard(guests, entries);
    }

    #[cfg(feature = "server")]
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    /// Every answer, oldest first, under its provider, the digest of its API key, and its key, with spaces between them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &CachedResponse)> {
        self.answers.iter()
    }

    /// Puts back an answer that [`iter`](Self::iter) gave.
    pub(super) fn put(&mut self, scoped: &str, answer: CachedResponse) {
        self.answers.insert(scoped, answer);
    }
}

/// A long key is kept as its fingerprint.
fn scoped(provider: &str, api_key: &str, key: &str) -> String {
    let digest = fingerprint(api_key.as_bytes());
    if key.len() > LONGEST_KEY {
        return format!("{provider} {digest:016x} {:016x}", fingerprint(key.as_bytes()));
    }
    format!("{provider} {digest:016x} {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(at: SystemTime) -> CachedResponse {
        CachedResponse { digest: 7, status: 201, body: Bytes::from_static(b"{}"), at }
    }

    #[test]
    fn idempotency_key_replays_24_h_for_same_body_and_api_key() {
        let start = SystemTime::UNIX_EPOCH;
        let mut cache = Idempotency::new();
        cache.remember("gosendapi", "secret", "k", answer(start));
        let ask = |api_key, digest, now| cache.look_up("gosendapi", api_key, "k", digest, now);
        assert_eq!(ask("secret", 7, start + LIFETIME - Duration::from_secs(1)), Replay::Same(answer(start)));
        assert_eq!(ask("secret", 8, start), Replay::Different);
        assert_eq!(ask("other", 7, start), Replay::New);
        assert_eq!(ask("secret", 7, start + LIFETIME), Replay::New);
    }
}
