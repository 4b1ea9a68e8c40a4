//! Accepts connections and runs the tasks beside them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::connection_registry::{ConnectionRegistry, TICK};
use super::real_time::now;
use super::state::AppState;
use super::tls::Endpoint;
use super::{connection, webhook_worker};
use crate::core::simulator::Simulator;

/// More connections than this do not stay open: each further one ends the one that has been idle longest, or else the one whose
/// answer has been held longest.
const MOST_CONNECTIONS: usize = 256;
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
pub async fn serve(endpoint: impl Into<Endpoint>, simulator: Simulator) {
    accept_all(endpoint.into(), AppState::new(simulator)).await;
}

/// As [`serve`], until `stop` is over; then gives the simulator back, with all that happened to it. A request that is being
/// answered at that moment may get no answer, yet what it did is in the simulator or not at all.
pub async fn serve_until(
    endpoint: impl Into<Endpoint>,
    simulator: Simulator,
    stop: impl Future<Output = ()> + Send,
) -> Simulator {
    let shared = AppState::new(simulator);
    // Dropping the set, because nobody waits for this future any more, ends its tasks.
    let mut serving = JoinSet::new();
    serving.spawn(accept_all(endpoint.into(), shared.clone()));
    stop.await;
    serving.shutdown().await;
    shared.into_default_namespace()
}

/// As [`serve_until`], and gives the state to `save`, as [`Simulator::export`] makes it, about a second after something changed it,
/// so that what it did is not lost with the process. `save` may take its time: it runs on a thread of its own while requests are
/// answered, never twice at once, and not any more when this is over. Saving takes at most a twentieth of the time, so that a
/// large state is saved less often.
pub async fn serve_and_save(
    endpoint: impl Into<Endpoint>,
    simulator: Simulator,
    stop: impl Future<Output = ()> + Send,
    save: impl FnMut(&Value) + Send + 'static,
) -> Simulator {
    let shared = AppState::new(simulator);
    let saver = Arc::new(Mutex::new(Some(save)));
    // Dropping the set, because nobody waits for this future any more, ends its tasks.
    let mut serving = JoinSet::new();
    serving.spawn(accept_all(endpoint.into(), shared.clone()));
    serving.spawn(save_all(shared.clone(), Arc::clone(&saver)));
    stop.await;
    serving.shutdown().await;
    // One that is under way is waited for, and one that has not begun finds nothing to do.
    let _ = tokio::task::spawn_blocking(move || saver.lock().unwrap_or_else(PoisonError::into_inner).take()).await;
    shared.into_default_namespace()
}

async fn save_all(shared: AppState, saver: Arc<Mutex<Option<impl FnMut(&Value) + Send + 'static>>>) {
    const PAUSE: Duration = Duration::from_secs(1);
    let mut seen = shared.lock().default_namespace().changes();
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let started = std::time::Instant::now();
        // Only the copy is made while requests wait; it is printed beside them.
        let snapshot = shared.guarded(|namespaces| {
            let simulator = namespaces.default_namespace();
            (simulator.changes() != seen).then(|| {
                seen = simulator.changes();
                simulator.snapshot()
            })
        });
        if let Some(snapshot) = snapshot.flatten() {
            let saver = Arc::clone(&saver);
            let saving = tokio::task::spawn_blocking(move || {
                if let Some(save) = saver.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                    // A state always serialises.
                    save(&serde_json::to_value(snapshot).unwrap_or_default());
                }
            });
            // An error means that `save` panicked, which is its own business.
            let _ = saving.await;
        }
        pause = PAUSE.max(20 * started.elapsed());
    }
}

pub(super) async fn accept_all(endpoint: Endpoint, shared: AppState) {
    let Endpoint { listener, tls, webhook_roots } = endpoint;
    let mut worker = JoinSet::new();
    worker.spawn(webhook_worker::run(shared.clone(), webhook_roots));
    worker.spawn(tell_statuses(shared.clone()));
    let registry = Arc::new(ConnectionRegistry::new());
    worker.spawn(tick(Arc::clone(&registry)));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut number = 0_u64;
    // Dropping the set ends its tasks.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(place) = place(&places, &registry).await else { return };
        while connections.try_join_next().is_some() {}
        number += 1;
        let (shared, tls, registry) = (shared.clone(), tls.clone(), Arc::clone(&registry));
        connections.spawn(async move {
            // Small answers must not wait for more; a socket that cannot do without the delay serves all the same.
            let _ = stream.set_nodelay(true);
            let connection = registry.open(number);
            connection::run(stream, tls, shared, connection).await;
            registry.close(number);
            drop(place);
        });
    }
}

/// Tells listeners the statuses of messages as they fall due.
async fn tell_statuses(shared: AppState) {
    const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
    loop {
        let due = shared.guarded(|namespaces| namespaces.tell_due(now())).flatten();
        let pause = due.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        let _ = tokio::time::timeout(pause, shared.event_bus.bell.notified()).await;
    }
}

/// Ends connections that begin to ask and do not go on. One that asks nothing stays until its place is needed: who keeps one for
/// its next request is not to find it closed.
async fn tick(registry: Arc<ConnectionRegistry>) {
    loop {
        tokio::time::sleep(TICK).await;
        registry.tick();
    }
}

/// A place for one connection more, taken from one that does nothing if need be.
async fn place(places: &Arc<Semaphore>, registry: &ConnectionRegistry) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        registry.evict_one();
        if let Ok(place) = tokio::time::timeout(ACCEPT_PAUSE, Arc::clone(places).acquire_owned()).await {
            return place.ok();
        }
    }
}
