//! Recognises repeated events.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::error::Result;

/// A record of the events that were handled, by their [`dedupe_key`](crate::webhook::Event::dedupe_key).
///
/// Providers repeat a webhook call that they think was lost, so a handler without such a record answers a contact twice.
/// A record in a database lets several processes share it. Use one record for each channel.
#[async_trait]
pub trait Seen: fmt::Debug + Send + Sync + 'static {
    /// Records `key`, and returns whether it was not on record before. Of two simultaneous calls, one gets `true`.
    ///
    /// # Errors
    /// If the record cannot be reached. Let the webhook call fail then, so that the provider repeats it.
    async fn first_time(&self, key: &str) -> Result<bool>;

    /// Removes `key`: the event could not be handled, and its repetition is welcome.
    ///
    /// # Errors
    /// If the record cannot be reached.
    async fn forget(&self, key: &str) -> Result<()>;
}

/// A record in memory, for one process. It keeps the newest keys.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use transom::webhook::{MemorySeen, Seen};
///
/// let seen = MemorySeen::default();
/// assert!(seen.first_time("k1").await?);
/// assert!(!seen.first_time("k1").await?);
/// seen.forget("k1").await?;
/// assert!(seen.first_time("k1").await?);
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
pub struct MemorySeen {
    capacity: usize,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    known: HashSet<Arc<str>>,
    /// Oldest first. A forgotten key stays until its turn.
    order: VecDeque<Arc<str>>,
}

/// About 10 MB; more than a provider repeats within its retries.
const CAPACITY: usize = 100_000;

impl MemorySeen {
    /// Keeps at most `capacity` keys, at least one; where there are more, the oldest go first. The default is 100,000.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), keys: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemorySeen {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

#[async_trait]
impl Seen for MemorySeen {
    async fn first_time(&self, key: &str) -> Result<bool> {
        let mut keys = self.lock();
        let key: Arc<str> = key.into();
        if !keys.known.insert(Arc::clone(&key)) {
            return Ok(false);
        }
        keys.order.push_back(key);
        while keys.order.len() > self.capacity {
            if let Some(oldest) = keys.order.pop_front() {
                keys.known.remove(&oldest);
            }
        }
        Ok(true)
    }

    async fn forget(&self, key: &str) -> Result<()> {
        let mut keys = self.lock();
        keys.known.remove(key);
        keys.order.retain(|kept| **kept != *key);
        Ok(())
    }
}

impl fmt::Debug for MemorySeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySeen").field("keys", &self.lock().known.len()).field("capacity", &self.capacity).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn full_record_forgets_the_oldest_key_and_stays_bounded() {
        let seen = MemorySeen::with_capacity(3);
        for key in ["a", "b", "c", "d"] {
            assert!(seen.first_time(key).await.unwrap(), "{key}");
        }
        assert!(!seen.first_time("b").await.unwrap(), "the third newest key is gone");
        assert!(seen.first_time("a").await.unwrap(), "the oldest key is still there");
        seen.forget("d").await.unwrap();
        assert!(seen.first_time("d").await.unwrap());
        let keys = seen.lock();
        assert_eq!((keys.known.len(), keys.order.len()), (3, 3));
    }
}
