//! A value that several callers share and that one of them reads when it is needed.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::time::Clock;

/// A cached value with a single reader: concurrent callers share one read and its result, also if it fails.
pub struct Cached<T> {
    state: Mutex<State<T>>,
    /// Held during a read.
    turn: tokio::sync::Mutex<()>,
}

struct State<T> {
    entry: Option<Entry<T>>,
    failure: Option<(Error, SystemTime)>,
    /// The number of reads, including failed ones.
    reads: u64,
}

/// A value, and which read it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry<T> {
    /// The value.
    pub value: T,
    /// When it was read.
    pub at: SystemTime,
    /// The number of the read, from 1.
    pub read: u64,
}

impl<T: Clone> Cached<T> {
    /// Returns the cached value if it is `usable`, or else reads it with `read`.
    ///
    /// # Errors
    /// That of `read`. Callers that waited for a failed read get a copy of its error.
    pub async fn get(
        &self,
        clock: &dyn Clock,
        usable: impl Fn(&Entry<T>) -> bool + Send + Sync,
        read: impl Future<Output = Result<T>> + Send,
    ) -> Result<Entry<T>> {
        let before = {
            let state = self.state();
            match &state.entry {
                Some(entry) if usable(entry) => return Ok(entry.clone()),
                _ => state.reads,
            }
        };
        let _turn = self.turn.lock().await;
        if let Some(shared) = self.read_since(before) {
            return shared;
        }
        let result = read.await;
        let at = clock.now();
        let mut state = self.state();
        state.reads = state.reads.wrapping_add(1);
        match result {
            Ok(value) => {
                let entry = Entry { value, at, read: state.reads };
                state.entry = Some(entry.clone());
                state.failure = None;
                Ok(entry)
            }
            Err(error) => {
                state.failure = Some((error.clone(), at));
                Err(error)
            }
        }
    }

    /// The cached value, however old.
    pub fn peek(&self) -> Option<Entry<T>> {
        self.state().entry.clone()
    }

    /// When the last read failed, if it did.
    pub fn failed_at(&self) -> Option<SystemTime> {
        self.state().failure.as_ref().map(|(_, at)| *at)
    }

    /// Drops the value.
    pub fn invalidate(&self) {
        self.state().entry = None;
    }

    /// The result of another caller's read, after the first `reads`.
    fn read_since(&self, reads: u64) -> Option<Result<Entry<T>>> {
        let state = self.state();
        if state.reads == reads {
            return None;
        }
        match (&state.failure, &state.entry) {
            (Some((error, _)), _) => Some(Err(error.clone())),
            (None, entry) => entry.clone().map(Ok),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        let state = State { entry: None, failure: None, reads: 0 };
        Self { state: Mutex::new(state), turn: tokio::sync::Mutex::new(()) }
    }
}

/// Without the value, which may be a secret.
impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").finish_non_exhaustive()
    }
}
