//! `GET /_mock/events` on a port: what happens in a world, told as it happens to everybody who listens.
//!
//! One bounded list of events serves all listeners of a world; each has its place in it and nothing of its own. Who falls so far
//! behind that the list has moved on is cut off, and on coming back is told to look at the state afresh.

mod changes;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::json;
use tokio::sync::{Notify, watch};

use crate::core::bounded::Ring;
use crate::core::simulator::Simulator;
use changes::Watch;

/// More events than this are not kept, whatever their size.
const MOST_EVENTS: usize = 2_000;
/// More listeners than this, of all worlds, are refused, so that some connections are left for requests.
const MOST_LISTENERS: usize = 64;

/// What the hubs of all worlds share.
#[derive(Debug, Default)]
pub(super) struct EventBus {
    /// Everybody who listens to any of them.
    listeners: AtomicUsize,
    /// A status may fall due sooner than before.
    pub(super) bell: Notify,
}

/// The list of a world's events and everybody who listens.
#[derive(Debug)]
pub(super) struct NamespaceEvents {
    event_bus: Arc<EventBus>,
    /// How many listen. While nobody does, a request costs one look at this.
    listeners: AtomicUsize,
    board: Mutex<EventLog>,
    /// Tells who waits that there is a new event.
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct EventLog {
    /// Distinguishes the numbers of this process from those of another on the same port.
    origin: String,
    newest: u64,
    kept: Ring<(&'static str, Box<str>)>,
    most_bytes: usize,
    watch: Watch,
    listeners: HashMap<u64, Listener>,
    last_listener: u64,
}

#[derive(Debug)]
struct Listener {
    /// The number of the last event that was taken.
    at: u64,
    cut: Arc<Notify>,
}

/// A listener's place, which is free again when this is dropped.
struct Subscription {
    hub: Arc<NamespaceEvents>,
    listener: u64,
    first: Option<Event>,
    news: watch::Receiver<()>,
}

/// What there is for a listener.
enum Taken {
    Event(Event),
    Nothing,
    /// It was cut off.
    End,
}

impl NamespaceEvents {
    /// A hub of this world, which keeps so many bytes of events and is the `number`th of its server.
    pub(super) fn new(
        simulator: &Simulator,
        real_now: SystemTime,
        event_bus: Arc<EventBus>,
        most_bytes: usize,
        number: u64,
    ) -> Self {
        let started = real_now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let board = EventLog {
            origin: format!("{started:x}.{number:x}"),
            newest: 0,
            kept: Ring::new(MOST_EVENTS, most_bytes),
            most_bytes,
            watch: Watch::new(simulator),
            listeners: HashMap::new(),
            last_listener: 0,
        };
        Self { event_bus, listeners: AtomicUsize::new(0), board: Mutex::new(board), news: watch::Sender::new(()) }
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
        cut: Arc<Notify>,
    ) -> Option<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        if self.event_bus.listeners.load(Ordering::Relaxed) >= MOST_LISTENERS {
            return None;
        }
        let mut board = self.board();
        self.catch_up(&mut board, simulator, real_now);
        let known = last_id.and_then(|id| board.position(id));
        let first = match (last_id, known) {
            (_, Some(_)) => None,
            (None, None) => {
                let clock = json!(simulator.clock_state(real_now)).to_string();
                Some(board.event(board.newest, "hello", &clock))
            }
            (Some(_), None) => Some(board.event(board.newest, "reset", r#"{"reason":"gap"}"#)),
        };
        board.last_listener += 1;
        let (id, at) = (board.last_listener, known.unwrap_or(board.newest));
        board.listeners.insert(id, Listener { at, cut });
        self.listeners.store(board.listeners.len(), Ordering::Relaxed);
        self.event_bus.listeners.fetch_add(1, Ordering::Relaxed);
        self.event_bus.bell.notify_one();
        let news = self.news.subscribe();
        let subscription = Subscription { hub: Arc::clone(self), listener: id, first, news };
        Some(unfold(subscription, Subscription::next))
    }

    /// The world is no more: everybody is sent away.
    pub(super) fn close(&self) {
        let mut board = self.board();
        for listener in std::mem::take(&mut board.listeners).into_values() {
            listener.cut.notify_one();
        }
        self.news.send_replace(());
        self.listeners.store(0, Ordering::Relaxed);
    }

    /// The next event for a listener.
    fn take(&self, listener: u64) -> Taken {
        let mut board = self.board();
        let newest = board.newest;
        let Some(at) = board.listeners.get(&listener).map(|listener| listener.at) else { return Taken::End };
        let before = board.kept.total().saturating_sub(newest.saturating_sub(at));
        let event = board.kept.after(before).next().map(|(_, (name, data))| board.event(at + 1, name, data));
        let Some(event) = event else { return Taken::Nothing };
        if let Some(listener) = board.listeners.get_mut(&listener) {
            listener.at += 1;
        }
        Taken::Event(event)
    }

    /// A subscription is gone, which every listener has exactly one of.
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
            board.put(name, data);
        }
        if board.newest > before {
            board.cut_off_the_slow();
            self.news.send_replace(());
            self.event_bus.bell.notify_one();
        }
    }

    fn board(&self) -> MutexGuard<'_, EventLog> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLog {
    fn put(&mut self, name: &'static str, data: String) {
        self.newest += 1;
        let size = data.len();
        self.kept.push((name, data.into()), size);
    }

    /// One event as it goes over the wire. The data is JSON without a line break.
    fn event(&self, number: u64, name: &str, data: &str) -> Event {
        Event::default().id(self.id(number)).event(name).data(data)
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

    /// Cuts off who has not taken what is not kept any more.
    fn cut_off_the_slow(&mut self) {
        let before_oldest = self.before_oldest();
        self.listeners.retain(|_, listener| {
            let keeps_up = listener.at >= before_oldest;
            if !keeps_up {
                listener.cut.notify_one();
            }
            keeps_up
        });
    }
}

impl Subscription {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if let Some(first) = self.first.take() {
            return Some((Ok(first), self));
        }
        loop {
            // What comes after this look ends the wait below.
            self.news.borrow_and_update();
            match self.hub.take(self.listener) {
                Taken::Event(event) => return Some((Ok(event), self)),
                Taken::Nothing => self.news.changed().await.ok()?,
                Taken::End => return None,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(self.listener);
    }
}
