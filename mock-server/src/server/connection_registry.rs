//! The open connections, so that none that does nothing keeps out one that would.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A connection that has only just become idle may still be writing its answer, and an answer that is only just held may go
/// out at once.
const GRACE: Duration = Duration::from_millis(100);

/// A head that has begun is to be complete within so many [`TICK`]s, give or take one.
const MOST_TICKS: u32 = 10;
pub(super) const TICK: Duration = Duration::from_secs(1);

/// The open connections by number.
#[derive(Debug)]
pub(super) struct ConnectionRegistry {
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    started: Instant,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// The nanoseconds since the start at which it became idle; [`NEVER`] while a request is answered.
    idle_since: AtomicU64,
    /// Since when its answer is held, in the same way, and why; [`NEVER`] while it is not.
    held_since: AtomicU64,
    /// Since how many ticks its next head has been on the way, from 1; [`NOTHING`] before its first byte, [`TAKEN`] once it is
    /// whole. A clock would cost each request more than all the rest of this.
    head: AtomicU32,
    ends_in_a_reset: AtomicBool,
    shut: Arc<Notify>,
    started: Instant,
}

const NEVER: u64 = u64::MAX;
const NOTHING: u32 = 0;
const TAKEN: u32 = u32::MAX;

/// Why an answer does not go out, in the order in which the connections that wait for it make room for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldReason {
    /// It never will.
    Hang = 0,
    /// Time has to pass, or something to happen.
    Wait = 1,
    /// Somebody has to let it go, and decides by that who comes first.
    Gate = 2,
}

/// The reason stands above the time, so that the least number is the first to go.
const REASON_SHIFT: u32 = 62;

impl ConnectionRegistry {
    pub(super) fn new() -> Self {
        Self { open: Mutex::default(), started: Instant::now() }
    }

    /// A connection came; it is to be [`close`](Self::close)d under the same number.
    pub(super) fn open(&self, number: u64) -> Arc<Connection> {
        let (idle_since, held_since) = (AtomicU64::new(0), AtomicU64::new(NEVER));
        let head = AtomicU32::new(NOTHING);
        let (ends_in_a_reset, shut) = (AtomicBool::new(false), Arc::default());
        let connection =
            Arc::new(Connection { idle_since, held_since, head, ends_in_a_reset, shut, started: self.started });
        connection.idle();
        self.lock().insert(number, Arc::clone(&connection));
        connection
    }

    pub(super) fn close(&self, number: u64) {
        self.lock().remove(&number);
    }

    /// Ends one connection: the one that has been idle longest, its head or its body still on the way included. If none is, the
    /// one whose answer has been held longest. None if every one is answering, or has only just become what it is.
    pub(super) fn evict_one(&self) {
        let open = self.lock();
        let latest = nanoseconds(self.started.elapsed().saturating_sub(GRACE));
        let idlest = open.values().min_by_key(|connection| connection.idle_since.load(Ordering::Relaxed));
        let idlest = idlest.filter(|connection| connection.idle_since.load(Ordering::Relaxed) <= latest);
        let longest_held = || {
            let held = open.values().filter(|connection| connection.held_since() <= latest);
            held.min_by_key(|connection| connection.held_since.load(Ordering::Relaxed))
        };
        if let Some(connection) = idlest.or_else(longest_held) {
            // It is a candidate no more, so that the next one to go is another.
            connection.busy();
            connection.held_since.store(NEVER, Ordering::Relaxed);
            connection.shut.notify_one();
        }
    }

    /// Ends the connections whose heads do not come to an end; to be called at every [`TICK`].
    pub(super) fn tick(&self) {
        for connection in self.lock().values() {
            let head = connection.head.load(Ordering::Relaxed);
            if head == MOST_TICKS + 1 {
                connection.shut.notify_one();
            } else if head != NOTHING && head != TAKEN {
                // Its task may have changed it meanwhile, which is then what counts.
                let _ = connection.head.compare_exchange(head, head + 1, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Bytes came in.
    pub(super) fn on_bytes(&self) {
        if self.head.load(Ordering::Relaxed) == NOTHING {
            self.head.store(1, Ordering::Relaxed);
        }
    }

    /// A head came to its end; what comes next is its body.
    pub(super) fn on_head_complete(&self) {
        self.head.store(TAKEN, Ordering::Relaxed);
    }

    /// A request is being answered.
    pub(super) fn busy(&self) {
        self.idle_since.store(NEVER, Ordering::Relaxed);
    }

    /// It waits for its next request.
    pub(super) fn idle(&self) {
        self.head.store(NOTHING, Ordering::Relaxed);
        self.idle_since.store(nanoseconds(self.started.elapsed()), Ordering::Relaxed);
    }

    /// Waits for what holds the answer back; meanwhile the connection makes room for others if it has to.
    pub(super) async fn while_held<T>(&self, why: HoldReason, until: impl Future<Output = T>) -> T {
        let since = nanoseconds(self.started.elapsed());
        self.held_since.store(((why as u64) << REASON_SHIFT) | since, Ordering::Relaxed);
        let over = until.await;
        self.held_since.store(NEVER, Ordering::Relaxed);
        over
    }

    /// The time alone; [`NEVER`] is later than any.
    fn held_since(&self) -> u64 {
        self.held_since.load(Ordering::Relaxed) & (NEVER >> (u64::BITS - REASON_SHIFT))
    }

    /// When the connection ends, it does so with a reset.
    pub(super) fn end_in_a_reset(&self) {
        self.ends_in_a_reset.store(true, Ordering::Relaxed);
    }

    pub(super) fn ends_in_a_reset(&self) -> bool {
        self.ends_in_a_reset.load(Ordering::Relaxed)
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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::timeout;

    use super::*;

    /// The doors that were told to shut, by number.
    async fn shut(registry: &[Arc<Connection>]) -> Vec<usize> {
        let mut shut = Vec::new();
        for (number, connection) in registry.iter().enumerate() {
            if timeout(Duration::ZERO, connection.shut()).await.is_ok() {
                shut.push(number);
            }
        }
        shut
    }

    #[tokio::test]
    async fn eviction_order_is_idle_hang_wait_gate_never_busy() {
        // As if everything had happened long ago.
        let started = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        let registry = ConnectionRegistry { open: Mutex::default(), started };
        let all: Vec<Arc<Connection>> = (0..6).map(|number| registry.open(number)).collect();
        let mut ways = Vec::new();
        for (connection, why) in
            all.iter().zip([HoldReason::Gate, HoldReason::Hang, HoldReason::Wait, HoldReason::Hang])
        {
            connection.busy();
            ways.push(Box::pin(connection.while_held(why, pending::<()>())));
            assert!(timeout(Duration::ZERO, ways.last_mut().unwrap()).await.is_err());
        }
        all[5].busy();
        let later = ConnectionRegistry {
            open: Mutex::new(std::mem::take(&mut registry.lock())),
            started: started.checked_sub(GRACE).unwrap(),
        };
        for expected in [vec![4], vec![1], vec![3], vec![2], vec![0], vec![]] {
            later.evict_one();
            assert_eq!(shut(&all).await, expected);
        }
    }

    #[tokio::test]
    async fn a_head_that_has_begun_ends_in_time_or_its_connection_does() {
        let registry = ConnectionRegistry::new();
        let all: Vec<Arc<Connection>> = (0..4).map(|number| registry.open(number)).collect();
        all[1].on_bytes();
        all[2].on_bytes();
        all[2].on_head_complete();
        all[3].on_bytes();
        for _ in 0..MOST_TICKS {
            registry.tick();
        }
        assert_eq!(shut(&all).await, [0; 0], "a byte may have come right before the first tick");
        // The rest of a head, and then its body, and then the next one.
        all[3].on_head_complete();
        all[3].on_bytes();
        all[3].idle();
        all[3].on_bytes();
        registry.tick();
        assert_eq!(shut(&all).await, [1], "not the idle one, nor one with a whole head");
    }

    #[tokio::test]
    async fn what_has_only_just_become_idle_or_held_stays() {
        let registry = ConnectionRegistry::new();
        let all = [registry.open(0), registry.open(1)];
        all[1].busy();
        let mut held = Box::pin(all[1].while_held(HoldReason::Hang, pending::<()>()));
        assert!(timeout(Duration::ZERO, &mut held).await.is_err());
        registry.evict_one();
        assert_eq!(shut(&all).await, [0; 0]);
    }
}
