//! Waiting for something to happen, in real time and without asking over and over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::namespaces::Name;
use super::state::AppState;
use crate::core::request::Query;
use crate::core::simulator::WireResponse;
use crate::core::time::parse_duration;
use crate::server::control::WAIT_NOT_YET;

const USUAL: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);
/// Looking again takes time, too: not more often than this.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// Tells those who wait that something has happened. Costs nothing while nobody waits.
#[derive(Debug, Default)]
pub(super) struct Changed {
    waiting: AtomicUsize,
    bell: Notify,
}

impl Changed {
    /// Something has happened.
    pub(super) fn ring(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.bell.notify_waiters();
        }
    }

    /// Is over when `done`, which is asked at once, then after whatever happens, and when `again_in` says so.
    pub(super) async fn until(&self, mut done: impl FnMut() -> bool, again_in: impl Fn() -> Option<Duration>) {
        struct One<'a>(&'a AtomicUsize);
        impl Drop for One<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _one = One(&self.waiting);
        loop {
            // It listens from here on, so that nothing gets lost between the look and the wait.
            let rung = self.bell.notified();
            if done() {
                return;
            }
            match again_in() {
                // Either way it is time to look again.
                Some(pause) => drop(timeout(pause, rung).await),
                None => rung.await,
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// Whether this is a call that waits.
pub(super) fn is_wait(request: &Request<Bytes>) -> bool {
    request.method() == Method::GET && request.uri().path().trim_end_matches('/') == "/_mock/wait"
}

/// Asks until the answer is another than "not yet", or the time is up.
pub(super) async fn answer(shared: &AppState, name: &Name, request: &Request<Bytes>) -> WireResponse {
    let query = Query::of(request);
    let limit = query.get("timeout").and_then(parse_duration).unwrap_or(USUAL).min(LONGEST);
    let deadline = Instant::now() + limit;
    let mut last = None;
    let look = || {
        let reply = shared.look(name, request);
        let done = reply.response.status() != WAIT_NOT_YET;
        last = Some(reply);
        done
    };
    // An error means that the time is up; then the last answer is the one.
    let of_statuses = query.get("for") == Some("status");
    // Statuses come by the clock alone.
    let next_status = || if of_statuses { shared.next_status_in(name) } else { None };
    let _ = timeout_at(deadline, shared.changed.until(look, next_status)).await;
    last.unwrap_or_else(|| shared.look(name, request))
}
