//! The open connections, so that none that does nothing keeps out one that would.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A connection that has only just become idle may still be writing its answer.
const GRACE: Duration = Duration::from_millis(100);

/// The open connections by number.
#[derive(Debug)]
pub(super) struct Doors {
    open: Mutex<HashMap<u64, Arc<Door>>>,
    started: Instant,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Door {
    /// The nanoseconds since the start at which it became idle; [`BUSY`] while a request is answered.
    idle_since: AtomicU64,
    shut: Arc<Notify>,
    started: Instant,
}

const BUSY: u64 = u64::MAX;

impl Doors {
    pub(super) fn new() -> Self {
        Self { open: Mutex::default(), started: Instant::now() }
    }

    /// A connection came; it is to be [`close`](Self::close)d under the same number.
    pub(super) fn open(&self, number: u64) -> Arc<Door> {
        let door = Arc::new(Door { idle_since: AtomicU64::new(0), shut: Arc::default(), started: self.started });
        door.idle();
        self.lock().insert(number, Arc::clone(&door));
        door
    }

    pub(super) fn close(&self, number: u64) {
        self.lock().remove(&number);
    }

    /// Ends the connection that has been idle longest, its head or its body still on the way included; none if every one is
    /// answering, or has only just become idle.
    pub(super) fn shut_idlest(&self) {
        let open = self.lock();
        let idlest = open.values().min_by_key(|door| door.idle_since.load(Ordering::Relaxed));
        let latest = nanoseconds(self.started.elapsed().saturating_sub(GRACE));
        if let Some(door) = idlest.filter(|door| door.idle_since.load(Ordering::Relaxed) <= latest) {
            // It is not the idlest any more, so that the next one to go is another.
            door.busy();
            door.shut.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Door>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// A request is being answered.
    pub(super) fn busy(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// It waits for its next request.
    pub(super) fn idle(&self) {
        self.idle_since.store(nanoseconds(self.started.elapsed()), Ordering::Relaxed);
    }

    /// Ends the connection when it is rung.
    pub(super) fn shutter(&self) -> Arc<Notify> {
        Arc::clone(&self.shut)
    }

    /// Is over when somebody else needs the place, or the connection has to end for another reason.
    pub(super) async fn shut(&self) {
        self.shut.notified().await;
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
