//! What every connection and task shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::events;
use super::namespaces::{Name, Namespaces};
use super::real_time::now;
use super::wait::Changed;
use super::webhook_desk::WorkerState;
use crate::control::{ClockChange, ClockTurn, DueEvent};
use crate::core::auth::Auth;
use crate::core::error::ControlError;
use crate::core::response::{json_response, set_header};
use crate::core::simulator::{Simulator, WireFault, WireResponse};

/// The simulators behind every connection.
#[derive(Debug, Clone)]
pub(super) struct AppState {
    pub(super) namespaces: Arc<Mutex<Namespaces>>,
    pub(super) desk: Arc<WorkerState>,
    pub(super) changed: Arc<Changed>,
    pub(super) event_bus: Arc<events::EventBus>,
    pub(super) access: Auth,
}

impl AppState {
    pub(super) fn new(simulator: Simulator) -> Self {
        let event_bus = Arc::<events::EventBus>::default();
        let access = simulator.access.clone();
        let namespaces = Arc::new(Mutex::new(Namespaces::new(simulator, Arc::clone(&event_bus))));
        Self { namespaces, desk: Arc::default(), changed: Arc::default(), event_bus, access }
    }

    /// The one world. Tasks that are still ending hold the shared ones, so that they are swapped and not taken apart.
    pub(super) fn into_default_namespace(self) -> Simulator {
        std::mem::replace(&mut *self.lock(), Namespaces::new(Simulator::new(now()), Arc::default()))
            .into_default_namespace()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the worlds; none if a dialect panics in it.
    pub(super) fn guarded<T>(&self, work: impl FnOnce(&mut Namespaces) -> T) -> Option<T> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut self.lock()))).ok()
    }

    /// One request to a provider at the present time. A dialect that panics costs its client an answer of 500, and nobody else
    /// anything.
    pub(super) fn step(&self, name: &Name, request: &Request<Bytes>) -> WireResponse {
        let reply = self.guarded(|namespaces| {
            let now = now();
            let simulator = namespaces.of(now, name);
            let reply = simulator.step(now, request);
            self.settle(namespaces, now, name);
            reply
        });
        self.changed.ring();
        reply.unwrap_or_else(|| WireResponse {
            response: self.dated(json_response(500, &json!({"error": "the mock failed on this request"}))),
            wire: WireFault::Whole,
            delay: Duration::ZERO,
        })
    }

    /// How long, in real time, until a message of a world has another status; none if none will, or the clock stands.
    pub(super) fn next_status_in(&self, name: &Name) -> Option<Duration> {
        let now = now();
        self.lock().find(name)?.next_status_in(now)
    }

    /// Changes a world, and sees to all that follows from it. Returns the id of the newest event, too, if anybody listens.
    pub(super) fn with<T>(
        &self,
        name: &Name,
        work: impl FnOnce(&mut Simulator, SystemTime) -> T,
    ) -> (T, Option<String>) {
        let now = now();
        let mut namespaces = self.lock();
        // Every call has the token where there is one.
        let done = namespaces.of(now, name).as_holder(|simulator| work(simulator, now));
        let event = self.settle(&mut namespaces, now, name);
        drop(namespaces);
        self.changed.ring();
        (done, event)
    }

    /// Sees to what follows from a change of a world. Returns the id of the newest event if anybody listens.
    fn settle(&self, namespaces: &mut Namespaces, now: SystemTime, name: &Name) -> Option<String> {
        if namespaces.find(name).is_some_and(|simulator| simulator.webhooks.is_waiting()) {
            self.desk.ring();
        }
        namespaces.weigh(name);
        namespaces.tell(now, name)
    }

    /// Changes a world's clock, and waits until the webhook calls that fell due by it were tried.
    pub(super) async fn change_clock(
        &self,
        name: &Name,
        change: &ClockChange,
    ) -> Result<(ClockTurn, Option<String>), ControlError> {
        let before = self.lock().find(name).map_or(0, |simulator| simulator.webhooks.last_try());
        let (turn, event) = self.with(name, |simulator, now| simulator.change_clock(now, change));
        let turn = turn?;
        if let Some(paid) = self.guarded(|namespaces| self.desk.owed(namespaces, name)).flatten() {
            // An error means that the couriers are gone, and with them everything to wait for.
            let _ = paid.await;
        }
        let attempts = self.lock().find(name).map(|simulator| {
            simulator.webhooks.tries_after(before).map(|(_, attempt)| DueEvent::from(attempt)).collect::<Vec<_>>()
        });
        Ok((turn.with_attempts(attempts.unwrap_or_default().into_iter()), event))
    }

    /// An answer of the server itself, with the virtual time that every answer carries.
    pub(super) fn dated(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        set_header(&mut response, "date", httpdate::fmt_http_date(self.lock().default_namespace().now(now())));
        response
    }
}
