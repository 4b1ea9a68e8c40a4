//! The mock on a port. This is the only place that reads the real clock.

mod body;
mod connection;
mod delivery;
mod connections_open;
mod events;
mod in_process;
mod namespaces;
mod wait;
mod watched;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use self::connections_open::{ConnectionRegistry, TICK};
pub use self::in_process::{MockServer, MockServerBuilder};
use self::namespaces::{Name, Namespaces};
use self::wait::Changed;

use crate::server::auth::Access;
use crate::core::response::{json_response, set_header};
use crate::core::simulator::{Simulator, WireFault, WireResponse};

/// More connections than this do not stay open: each further one ends the one that has been idle longest, or else the one whose
/// answer has been held longest.
const MOST_CONNECTIONS: usize = 256;
/// The newest event whose effect an answer of the control plane includes; told while anybody listens.
const LAST_EVENT: &str = "x-transom-event";
/// After an error on accepting, such as too many open files, the next try waits; and so does a client that comes while every
/// connection is being answered.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a simulator until the future is dropped; then its connections are closed, too, and no webhook is delivered any more.
///
/// HTTP/1.1 with keep-alive and pipelining, 256 connections at a time. A head that has begun must be complete within 10
/// seconds, a body within 30; a body over 3 MiB (1 GiB for a state to import) is answered with 413. Bind the listener to a
/// loopback address, or give the simulator a [token](Simulator::with_token).
///
/// A request may name a world of its own: by a path that starts with `/_ns/NAME`, by a header `X-Mock-Namespace`, or by a
/// credential `ns~NAME~KEY`.
pub async fn serve(listener: TcpListener, simulator: Simulator) {
    accept_all(listener, Shared::new(simulator)).await;
}

/// As [`serve`], until `stop` is over; then gives the simulator back, with all that happened to it. A request that is being
/// answered at that moment may get no answer, yet what it did is in the simulator or not at all.
pub async fn serve_until(
    listener: TcpListener,
    simulator: Simulator,
    stop: impl Future<Output = ()> + Send,
) -> Simulator {
    let shared = Shared::new(simulator);
    // Dropping the set, because nobody waits for this future any more, ends its tasks.
    let mut serving = JoinSet::new();
    serving.spawn(accept_all(listener, shared.clone()));
    stop.await;
    serving.shutdown().await;
    shared.into_default_namespace()
}

/// As [`serve_until`], and gives the state to `save`, as [`Simulator::export`] makes it, about a second after something changed it,
/// so that what it did is not lost with the process. `save` may take its time: it runs on a thread of its own while requests are
/// answered, never twice at once, and not any more when this is over. Saving takes at most a twentieth of the time, so that a
/// large state is saved less often.
pub async fn serve_and_save(
    listener: TcpListener,
    simulator: Simulator,
    stop: impl Future<Output = ()> + Send,
    save: impl FnMut(&Value) + Send + 'static,
) -> Simulator {
    let shared = Shared::new(simulator);
    let saver = Arc::new(Mutex::new(Some(save)));
    // Dropping the set, because nobody waits for this future any more, ends its tasks.
    let mut serving = JoinSet::new();
    serving.spawn(accept_all(listener, shared.clone()));
    serving.spawn(save_all(shared.clone(), Arc::clone(&saver)));
    stop.await;
    serving.shutdown().await;
    // One that is under way is waited for, and one that has not begun finds nothing to do.
    let _ = tokio::task::spawn_blocking(move || saver.lock().unwrap_or_else(PoisonError::into_inner).take()).await;
    shared.into_default_namespace()
}

async fn save_all(shared: Shared, saver: Arc<Mutex<Option<impl FnMut(&Value) + Send + 'static>>>) {
    const PAUSE: Duration = Duration::from_secs(1);
    let mut seen = shared.lock().default_namespace().changes();
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let started = std::time::Instant::now();
        let state = shared.guarded(|namespaces| {
            let simulator = namespaces.default_namespace();
            (simulator.changes() != seen).then(|| {
                seen = simulator.changes();
                simulator.export()
            })
        });
        if let Some(state) = state.flatten() {
            let saver = Arc::clone(&saver);
            let saving = tokio::task::spawn_blocking(move || {
                if let Some(save) = saver.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                    save(&state);
                }
            });
            // An error means that `save` panicked, which is its own business.
            let _ = saving.await;
        }
        pause = PAUSE.max(20 * started.elapsed());
    }
}

async fn accept_all(listener: TcpListener, shared: Shared) {
    let mut worker = JoinSet::new();
    worker.spawn(delivery::run(shared.clone()));
    worker.spawn(events::run(shared.clone()));
    let connections_open = Arc::new(ConnectionRegistry::new());
    worker.spawn(tick(Arc::clone(&connections_open)));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut number = 0_u64;
    // Dropping the set ends its tasks.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(place) = place(&places, &connections_open).await else { return };
        while connections.try_join_next().is_some() {}
        number += 1;
        let (shared, connections_open) = (shared.clone(), Arc::clone(&connections_open));
        connections.spawn(async move {
            // Small answers must not wait for more; a socket that cannot do without the delay serves all the same.
            let _ = stream.set_nodelay(true);
            let connection = connections_open.open(number);
            connection::run(stream, shared, connection).await;
            connections_open.close(number);
            drop(place);
        });
    }
}

/// Ends connections that begin to ask and do not go on. One that asks nothing stays until its place is needed: who keeps one for
/// its next request is not to find it closed.
async fn tick(connections_open: Arc<ConnectionRegistry>) {
    loop {
        tokio::time::sleep(TICK).await;
        connections_open.tick();
    }
}

/// A place for one connection more, taken from one that does nothing if need be.
async fn place(places: &Arc<Semaphore>, connections_open: &ConnectionRegistry) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        connections_open.evict_one();
        if let Ok(place) = tokio::time::timeout(ACCEPT_PAUSE, Arc::clone(places).acquire_owned()).await {
            return place.ok();
        }
    }
}

/// The simulators behind every connection.
#[derive(Debug, Clone)]
struct Shared {
    namespaces: Arc<Mutex<Namespaces>>,
    desk: Arc<delivery::WorkerState>,
    changed: Arc<Changed>,
    event_bus: Arc<events::EventBus>,
    access: Access,
}

impl Shared {
    fn new(simulator: Simulator) -> Self {
        let event_bus = Arc::<events::EventBus>::default();
        let access = simulator.access.clone();
        let namespaces = Arc::new(Mutex::new(Namespaces::new(simulator, Arc::clone(&event_bus))));
        Self { namespaces, desk: Arc::default(), changed: Arc::default(), event_bus, access }
    }

    /// The one world. Tasks that are still ending hold the shared ones, so that they are swapped and not taken apart.
    fn into_default_namespace(self) -> Simulator {
        std::mem::replace(&mut *self.lock(), Namespaces::new(Simulator::new(now()), Arc::default())).into_default_namespace()
    }

    fn lock(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the worlds; none if a dialect panics in it.
    fn guarded<T>(&self, work: impl FnOnce(&mut Namespaces) -> T) -> Option<T> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut self.lock()))).ok()
    }

    /// One step at the present time. A dialect that panics costs its client an answer of 500, and nobody else anything.
    fn step(&self, name: &Name, request: &Request<Bytes>) -> WireResponse {
        let reply = self.guarded(|namespaces| {
            let now = now();
            if let Some(reply) = namespaces.answer(now, request) {
                return reply;
            }
            let simulator = namespaces.of(now, name);
            let mut reply = simulator.step(now, request);
            if simulator.webhooks.is_waiting() {
                self.desk.ring();
            }
            if let Some(event) = namespaces.tell(now, name)
                && request.uri().path().starts_with("/_mock/")
            {
                set_header(&mut reply.response, LAST_EVENT, event);
            }
            reply
        });
        self.changed.ring();
        reply.unwrap_or_else(|| WireResponse {
            response: self.dated(json_response(500, &json!({"error": "the mock failed on this request"}))),
            wire: WireFault::Whole,
            delay: Duration::ZERO,
        })
    }

    /// As [`step`](Self::step), for a request that changes nothing.
    fn look(&self, name: &Name, request: &Request<Bytes>) -> WireResponse {
        let now = now();
        self.lock().of(now, name).step(now, request)
    }

    /// How long, in real time, until a message of a world has another status; none if none will, or the clock stands.
    fn next_status_in(&self, name: &Name) -> Option<Duration> {
        let now = now();
        self.lock().find(name)?.next_status_in(now)
    }

    /// The number of the last try of a webhook in a world.
    fn last_try(&self, name: &Name) -> u64 {
        self.lock().find(name).map_or(0, |simulator| simulator.webhooks.last_try())
    }

    /// Puts the tries after the one of this number into the answer to a turn of the clock.
    fn tell_tries(&self, name: &Name, after: u64, response: &mut Response<Bytes>) {
        if let Some(simulator) = self.lock().find(name) {
            let tries = simulator.webhooks.tries_after(after);
            crate::server::control::clock::tell_tries(response, tries.map(|(_, tried)| json!(tried)));
        }
    }

    /// An answer of the server itself, with the virtual time that every answer carries.
    fn dated(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        set_header(&mut response, "date", httpdate::fmt_http_date(self.lock().default_namespace().now(now())));
        response
    }
}

fn now() -> SystemTime {
    SystemTime::now()
}
