//! Posting webhooks: a courier for each target of each world, so that none waits for another's, and each sees its calls one
//! after the other, in the order in which they fall due.

mod target_connection;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::target_connection::{TargetConnection, Tried};
use super::namespaces::{Name, Namespaces};
use super::state::{AppState, now};
use crate::core::webhook::{DeliveryOutcome, WebhookDelivery};

/// The time for one try, from connecting to the end of the answer.
const TRY: Duration = Duration::from_secs(10);
/// So many couriers are under way for all worlds, and for one, so that a world with many silent targets leaves some for others.
const MOST_COURIERS: usize = 128;
const MOST_COURIERS_OF_A_WORLD: usize = 16;
/// Without anything to wait for, the loop looks again after this long.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What connections, couriers and the loop tell each other.
#[derive(Debug, Default)]
pub(super) struct WorkerState {
    bell: Notify,
    turns: Mutex<Vec<AdvanceWaiter>>,
    routes: Mutex<HashMap<Name, Vec<SocketAddr>>>,
}

/// Somebody turned the clock of a world and waits for what fell due by it.
#[derive(Debug)]
struct AdvanceWaiter {
    world: Name,
    /// The virtual time that it was turned to.
    until: SystemTime,
    done: oneshot::Sender<()>,
}

/// A courier's own target, which is free again when this is dropped.
struct TargetLock<'a> {
    desk: &'a WorkerState,
    world: &'a Name,
    target: SocketAddr,
}

impl WorkerState {
    /// Something may be due, or fall due sooner than before.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Tells those whose world owes them nothing more. Call it after whatever may have paid.
    fn settle(&self, namespaces: &mut Namespaces) {
        let mut turns = self.turns();
        if turns.is_empty() {
            return;
        }
        let (waiting, paid) = std::mem::take(&mut *turns).into_iter().partition(|turn| turn.is_owed(namespaces));
        *turns = waiting;
        drop(turns);
        for turn in paid {
            // Whoever waited may have hung up.
            let _ = turn.done.send(());
        }
    }

    fn is_free(&self, world: &Name, target: SocketAddr) -> bool {
        let routes = self.routes();
        let of_world = routes.get(world).map_or(&[][..], Vec::as_slice);
        let all: usize = routes.values().map(Vec::len).sum();
        all < MOST_COURIERS && of_world.len() < MOST_COURIERS_OF_A_WORLD && !of_world.contains(&target)
    }

    fn turns(&self) -> MutexGuard<'_, Vec<AdvanceWaiter>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn routes(&self) -> MutexGuard<'_, HashMap<Name, Vec<SocketAddr>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdvanceWaiter {
    fn is_owed(&self, namespaces: &mut Namespaces) -> bool {
        namespaces.find(&self.world).is_some_and(|simulator| {
            // The clock may have been turned back since, and what is not due any more is not waited for.
            let until = self.until.min(simulator.now(now()));
            simulator.webhooks.owes(until)
        })
    }
}

impl Drop for TargetLock<'_> {
    fn drop(&mut self) {
        let mut routes = self.desk.routes();
        if let Some(of_world) = routes.get_mut(self.world) {
            of_world.retain(|target| *target != self.target);
            if of_world.is_empty() {
                routes.remove(self.world);
            }
        }
        drop(routes);
        self.desk.ring();
    }
}

impl AppState {
    /// Waits until everything was tried that is due in this world now.
    pub(super) async fn turned(&self, world: &Name) {
        let (done, paid) = oneshot::channel();
        let owing = self.guarded(|namespaces| {
            let until = namespaces.find(world).map(|simulator| simulator.now(now()))?;
            let turn = AdvanceWaiter { world: world.clone(), until, done };
            turn.is_owed(namespaces).then(|| self.desk.turns().push(turn))
        });
        if owing.flatten().is_some() {
            self.desk.ring();
            // An error means that the couriers are gone, and with them everything to wait for.
            let _ = paid.await;
        }
    }
}

/// Sends couriers out until it is dropped.
pub(super) async fn run(shared: AppState) {
    // Dropping the set ends its tasks.
    let mut couriers = JoinSet::new();
    loop {
        while couriers.try_join_next().is_some() {}
        let desk = &shared.desk;
        let is_free = |world: &Name, target| desk.is_free(world, target);
        while let Some((world, first)) = shared.guarded(|namespaces| namespaces.due(now(), is_free)).flatten() {
            let Some(target) = first.addresses.first().copied() else { continue };
            desk.routes().entry(world.clone()).or_default().push(target);
            couriers.spawn(deliver(shared.clone(), world, target, first));
        }
        let pause = shared.guarded(|namespaces| {
            desk.settle(namespaces);
            namespaces.next_due_in(now(), is_free)
        });
        let pause = pause.flatten().unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        let _ = timeout(pause, desk.bell.notified()).await;
    }
}

/// A courier: brings a target all that is due for it.
async fn deliver(shared: AppState, world: Name, target: SocketAddr, first: WebhookDelivery) {
    let _route = TargetLock { desk: &shared.desk, world: &world, target };
    let mut line = TargetConnection::default();
    // Whoever let one call run into its limit is not asked again for as long: what is due meanwhile comes to the same.
    let mut silent_until: Option<Instant> = None;
    let mut next = Some(first);
    while let Some(WebhookDelivery { id, request, addresses, .. }) = next {
        let outcome = if silent_until.is_some_and(|until| Instant::now() < until) {
            // There may be very many, and others have something to do as well.
            tokio::task::yield_now().await;
            DeliveryOutcome::TimedOut
        } else {
            let tried = line.post(request, &addresses, TRY).await;
            silent_until = (tried == Tried::Silence).then(|| Instant::now() + TRY);
            tried.into()
        };
        next = shared
            .guarded(|namespaces| {
                let real_now = now();
                let simulator = namespaces.find(&world)?;
                simulator.delivered(id, outcome);
                let next = simulator.due_at(real_now, |other| other == target);
                namespaces.weigh(&world);
                namespaces.tell(real_now, &world);
                shared.desk.settle(namespaces);
                next
            })
            .flatten();
        shared.changed.ring();
    }
}
