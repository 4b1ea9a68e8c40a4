//! What connections, couriers and the loop that sends them out tell each other.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Notify, oneshot};

use super::namespaces::{Name, Namespaces};
use super::real_time::now;

/// So many couriers are under way for all worlds, and for one, so that a world with many silent targets leaves some for others.
const MOST_COURIERS: usize = 128;
const MOST_COURIERS_OF_A_WORLD: usize = 16;

/// What connections, couriers and the loop tell each other.
#[derive(Debug, Default)]
pub(super) struct WorkerState {
    pub(super) bell: Notify,
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
#[derive(Debug)]
pub(super) struct TargetLock<'a> {
    desk: &'a WorkerState,
    world: &'a Name,
    target: SocketAddr,
}

impl WorkerState {
    /// Something may be due, or fall due sooner than before.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Takes a place for a courier to this target.
    pub(super) fn take_target(&self, world: &Name, target: SocketAddr) {
        self.routes().entry(world.clone()).or_default().push(target);
    }

    /// Frees the place when the result is dropped.
    pub(super) fn lock_of<'a>(&'a self, world: &'a Name, target: SocketAddr) -> TargetLock<'a> {
        TargetLock { desk: self, world, target }
    }

    /// Is over once everything was tried that is due in this world now. Returns `None` if nothing is.
    pub(super) fn owed(&self, namespaces: &mut Namespaces, world: &Name) -> Option<oneshot::Receiver<()>> {
        let (done, paid) = oneshot::channel();
        let until = namespaces.find(world).map(|simulator| simulator.now(now()))?;
        let turn = AdvanceWaiter { world: world.clone(), until, done };
        turn.is_owed(namespaces).then(|| {
            self.turns().push(turn);
            self.ring();
            paid
        })
    }

    /// Tells those whose world owes them nothing more. Call it after whatever may have paid.
    pub(super) fn settle(&self, namespaces: &mut Namespaces) {
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

    pub(super) fn is_free(&self, world: &Name, target: SocketAddr) -> bool {
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
