//! `GET /_mock/events` on a port: what happens in a world, told as it happens to everybody who listens.
//!
//! One bounded list of events serves all listeners of a world; each has its place in it and nothing of its own. Who falls so far
//! behind that the list has moved on is cut off, and on coming back is told to look at the state afresh.

mod changes;
mod feed;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::state::{AppState, now};
use crate::core::bounded::Ring;
use crate::core::simulator::Simulator;
use changes::Watch;
pub(super) use feed::EventStream;

/// More events than this are not kept, whatever their size.
const MOST_EVENTS: usize = 2_000;
/// More listeners than this, of all worlds, are refused, so that some connections are left for requests.
const MOST_LISTENERS: usize = 64;
/// Without a status to wait for, the loop looks again after this long.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What the hubs of all worlds share.
#[derive(Debug, Default)]
pub(super) struct EventBus {
    /// Everybody who listens to any of them.
    listeners: AtomicUsize,
    /// A status may fall due sooner than before.
    bell: Notify,
}

/// The list of a world's events and everybody who listens.
#[derive(Debug)]
pub(super) struct NamespaceEvents {
    event_bus: Arc<EventBus>,
    /// How many listen. While nobody does, a request costs one look at this.
    listeners: AtomicUsize,
    board: Mutex<EventLog>,
}

#[derive(Debug)]
struct EventLog {
    /// Distinguishes the numbers of this process from those of another on the same port.
    origin: String,
    newest: u64,
    kept: Ring<Bytes>,
    most_bytes: usize,
    watch: Watch,
    listeners: HashMap<u64, Listener>,
    last_listener: u64,
}

#[derive(Debug)]
struct Listener {
    /// The number of the last event that was taken.
    at: u64,
    waker: Option<Waker>,
    cut: Arc<Notify>,
}

impl NamespaceEvents {
    /// A hub of this world, which keeps so many bytes of events and is the `number`th of its server.
    pub(super) fn new(simulator: &Simulator, event_bus: Arc<EventBus>, most_bytes: usize, number: u64) -> Self {
        let started = now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let board = EventLog {
            origin: format!("{started:x}.{number:x}"),
            newest: 0,
            kept: Ring::new(MOST_EVENTS, most_bytes),
            most_bytes,
            watch: Watch::new(simulator),
            listeners: HashMap::new(),
            last_listener: 0,
        };
        Self { event_bus, listeners: AtomicUsize::new(0), board: Mutex::new(board) }
    }

    /// Whether anybody listens.
    pub(super) fn is_heard(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) > 0
    }

    /// Tells what has happened since the last time, if anybody listens. Returns the id of the newest event then.
    pub(super) fn tell(&self, simulator: &Simulator, real_now: SystemTime) -> Option<String> {
        if !self.is_heard() {
            return None;
        }
        let mut board = self.board();
        self.catch_up(&mut board, simulator, real_now);
        Some(board.id(board.newest))
    }

    /// As [`tell`](Self::tell), and says how long until there will be something to tell by itself.
    pub(super) fn tell_due(&self, simulator: &Simulator, real_now: SystemTime) -> Option<Duration> {
        self.tell(simulator, real_now)?;
        self.board().watch.next_due_in(simulator, real_now)
    }

    /// A new listener, who may have been here before and then says up to where; none if there are too many. `cut` is rung
    /// when the listener has fallen too far behind.
    pub(super) fn listen(
        self: &Arc<Self>,
        simulator: &Simulator,
        real_now: SystemTime,
        last_id: Option<&str>,
        greeting: &Bytes,
        cut: Arc<Notify>,
    ) -> Option<EventStream> {
        if self.event_bus.listeners.load(Ordering::Relaxed) >= MOST_LISTENERS {
            return None;
        }
        let mut board = self.board();
        self.catch_up(&mut board, simulator, real_now);
        let known = last_id.and_then(|id| board.position(id));
        let first = match (last_id, known) {
            (_, Some(_)) => None,
            (None, None) => Some([format!("id: {}\n", board.id(board.newest)).as_bytes(), greeting].concat().into()),
            (Some(_), None) => Some(board.frame(board.newest, "reset", r#"{"reason":"gap"}"#)),
        };
        board.last_listener += 1;
        let (id, at) = (board.last_listener, known.unwrap_or(board.newest));
        board.listeners.insert(id, Listener { at, waker: None, cut });
        self.listeners.store(board.listeners.len(), Ordering::Relaxed);
        self.event_bus.listeners.fetch_add(1, Ordering::Relaxed);
        self.event_bus.bell.notify_one();
        Some(EventStream::new(Arc::clone(self), id, first))
    }

    /// The world is no more: everybody is sent away.
    pub(super) fn close(&self) {
        let mut board = self.board();
        for listener in std::mem::take(&mut board.listeners).into_values() {
            listener.cut.notify_one();
        }
        self.listeners.store(0, Ordering::Relaxed);
    }

    /// A feed is gone, which every listener has exactly one of.
    fn leave(&self, listener: u64) {
        let mut board = self.board();
        board.listeners.remove(&listener);
        self.listeners.store(board.listeners.len(), Ordering::Relaxed);
        self.event_bus.listeners.fetch_sub(1, Ordering::Relaxed);
    }

    fn catch_up(&self, board: &mut EventLog, simulator: &Simulator, real_now: SystemTime) {
        let before = board.newest;
        let changes = board.watch.changes(simulator, real_now);
        if changes.too_many {
            // A number without an event, so that nobody's place is in the list any more.
            board.kept = Ring::new(MOST_EVENTS, board.most_bytes);
            board.newest += 1;
        }
        for (name, data) in changes.events {
            board.put(name, &data);
        }
        if board.newest > before {
            board.wake();
            self.event_bus.bell.notify_one();
        }
    }

    fn board(&self) -> MutexGuard<'_, EventLog> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLog {
    fn put(&mut self, name: &str, data: &str) {
        self.newest += 1;
        let frame = self.frame(self.newest, name, data);
        let size = frame.len();
        self.kept.push(frame, size);
    }

    /// One event as it goes over the wire. The data is JSON without a line break.
    fn frame(&self, number: u64, name: &str, data: &str) -> Bytes {
        Bytes::from(format!("id: {}\nevent: {name}\ndata: {data}\n\n", self.id(number)))
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.origin)
    }

    /// The number of an id, if everything after it is still kept.
    fn position(&self, id: &str) -> Option<u64> {
        let number = id.strip_prefix(&self.origin)?.strip_prefix('-')?.parse().ok()?;
        (self.before_oldest() <= number && number <= self.newest).then_some(number)
    }

    /// The number before that of the oldest event kept.
    fn before_oldest(&self) -> u64 {
        self.newest.saturating_sub(self.kept.len() as u64)
    }

    /// Wakes who waits, and cuts off who has not taken what is not kept any more.
    fn wake(&mut self) {
        let before_oldest = self.before_oldest();
        self.listeners.retain(|_, listener| {
            let keeps_up = listener.at >= before_oldest;
            if !keeps_up {
                listener.cut.notify_one();
            }
            if let Some(waker) = listener.waker.take() {
                waker.wake();
            }
            keeps_up
        });
    }
}

/// Tells the statuses of messages as they fall due, until it is dropped.
pub(super) async fn run(shared: AppState) {
    loop {
        let due = shared.guarded(|namespaces| namespaces.tell_due(now())).flatten();
        let pause = due.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        let _ = timeout(pause, shared.event_bus.bell.notified()).await;
    }
}
