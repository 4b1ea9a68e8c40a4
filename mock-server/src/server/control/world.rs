//! The world that a call is for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use serde_json::json;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::extract::{Answer, answer};
use crate::control::{ClockChange, ClockTurn, Matches, NotYet, Wait};
use crate::core::auth::Auth;
use crate::core::error::ControlError;
use crate::core::refusal::Refusal;
use crate::core::response::{json_response, set_header, text_response};
use crate::core::simulator::Simulator;
use crate::server::connection_registry::{Connection, HoldReason};
use crate::server::namespaces::Name;
use crate::server::real_time::now;
use crate::server::state::AppState;

/// How long a call waits that does not say so, and at most.
const USUAL_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// The newest event whose effect an answer includes; sent while anybody listens.
const LAST_EVENT: &str = "x-transom-event";

/// A world behind a lock.
#[derive(Clone)]
pub(in crate::server) enum World {
    /// One of those that a server holds.
    Served(Served),
    /// A simulator by itself at a real time. It answers at once: nothing else can happen meanwhile.
    Alone(Arc<Mutex<Simulator>>, SystemTime),
}

/// A server's world, and the connection that a call came by.
#[derive(Clone)]
pub(in crate::server) struct Served {
    state: AppState,
    name: Name,
    connection: Arc<Connection>,
    /// The id of the newest event after the call, if anybody listens.
    event: Arc<Mutex<Option<String>>>,
}

impl World {
    pub(in crate::server) fn served(state: AppState, name: Name, connection: Arc<Connection>) -> Self {
        Self::Served(Served { state, name, connection, event: Arc::default() })
    }

    pub(super) fn access(&self) -> Auth {
        match self {
            Self::Served(served) => served.state.access.clone(),
            Self::Alone(..) => self.with(|simulator, _| simulator.access.clone()),
        }
    }

    /// Changes or reads the simulator, and sees to all that follows from it.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Simulator, SystemTime) -> T) -> T {
        match self {
            Self::Served(served) => {
                let (done, event) = served.state.with(&served.name, work);
                served.told(event);
                done
            }
            Self::Alone(simulator, now) => work(&mut simulator.lock().unwrap_or_else(PoisonError::into_inner), *now),
        }
    }

    /// Changes the clock; a server then waits until the webhook calls that fall due by it were tried.
    pub(super) async fn change_clock(&self, change: &ClockChange) -> Result<ClockTurn, ControlError> {
        let Self::Served(served) = self else { return self.with(|simulator, now| simulator.change_clock(now, change)) };
        let turning = served.state.change_clock(&served.name, change);
        let (turn, event) = served.connection.while_held(HoldReason::Wait, turning).await?;
        served.told(event);
        Ok(turn)
    }

    /// The whole state. Only the copy is made while requests wait; it is printed beside them.
    pub(super) async fn state(&self) -> Answer {
        let state = self.with(|simulator, _| simulator.snapshot());
        match self {
            Self::Served(_) => spawn_blocking(move || answer(&state))
                .await
                .unwrap_or_else(|_| Err(Refusal::of(500, "the state was not printed"))),
            Self::Alone(..) => answer(&state),
        }
    }

    /// Answers once enough has happened, or when the time is up.
    pub(super) async fn wait(&self, wait: &Wait) -> Answer {
        let found = match self {
            Self::Served(served) => served.wait(wait).await,
            Self::Alone(..) => self.with(|simulator, now| simulator.find(now, wait)),
        };
        match found? {
            Ok(matches) => answer(&matches),
            Err(not_yet) => Ok(json_response(504, &not_yet).map(Body::from)),
        }
    }

    /// The events as they happen. A simulator by itself gives the first one.
    pub(super) fn listen(&self, last_id: Option<&str>) -> Answer {
        let Self::Served(served) = self else {
            let clock = self.with(|simulator, now| json!(simulator.clock_state(now)));
            let mut response = text_response(200, format!("event: hello\ndata: {clock}\n\n"));
            set_header(&mut response, "content-type", "text/event-stream");
            return Ok(response.map(Body::from));
        };
        let mut namespaces = served.state.lock();
        let now = now();
        let (hub, simulator) = namespaces.hub(now, &served.name);
        let events = hub.listen(simulator, now, last_id, served.connection.shutter());
        drop(namespaces);
        let events = events.ok_or_else(|| Refusal::of(503, "too many listen already"))?;
        Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
    }

    /// The names of the namespaces, in order.
    pub(super) fn namespaces(&self) -> Vec<String> {
        match self {
            Self::Served(served) => served.state.lock().names(),
            Self::Alone(..) => Vec::new(),
        }
    }

    /// Forgets a namespace, or all.
    pub(super) fn remove_namespace(&self, name: Option<&str>) -> Result<(), ControlError> {
        let is_removed = match self {
            Self::Served(served) => served.state.lock().remove(name),
            Self::Alone(..) => name.is_none(),
        };
        let expected = "one of those that `GET /_mock/namespaces` lists";
        let wrong = || ControlError::invalid("name", format!("`{}`", name.unwrap_or_default()), expected);
        if is_removed { Ok(()) } else { Err(wrong()) }
    }

    /// Puts the virtual time into a response, and the newest event that it includes.
    pub(super) fn date(&self, response: &mut Response) {
        match self {
            Self::Served(served) => {
                let (mut namespaces, now) = (served.state.lock(), now());
                if let Some(simulator) = namespaces.find(&served.name) {
                    simulator.date(now, response);
                } else {
                    namespaces.default_namespace().date(now, response);
                }
                if let Some(event) = served.event.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    set_header(response, LAST_EVENT, event);
                }
            }
            Self::Alone(..) => self.with(|simulator, now| simulator.date(now, response)),
        }
    }
}

impl Served {
    fn told(&self, event: Option<String>) {
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = event;
    }

    /// Looks until there is enough, something is wrong, or the time is up.
    async fn wait(&self, wait: &Wait) -> Result<Result<Matches, NotYet>, ControlError> {
        let look = || {
            let now = now();
            self.state.lock().of(now, &self.name).find(now, wait)
        };
        // Statuses come by the clock alone.
        let next_status = || wait.is_of_statuses().then(|| self.state.next_status_in(&self.name)).flatten();
        let mut last = None;
        let done = || {
            let found = look();
            let is_done = !matches!(found, Ok(Err(_)));
            last = Some(found);
            is_done
        };
        let limit = wait.timeout.map_or(USUAL_WAIT, |span| span.0).min(LONGEST_WAIT);
        let waiting = timeout(limit, self.state.changed.until(done, next_status));
        // Either way the last look is the one that counts.
        let _ = self.connection.while_held(HoldReason::Wait, waiting).await;
        last.unwrap_or_else(look)
    }
}

impl<S: Sync> FromRequestParts<S> for World {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get().cloned().ok_or_else(|| Refusal::of(500, "the call is for no world"))
    }
}
