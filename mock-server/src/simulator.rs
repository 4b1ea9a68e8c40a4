//! The whole mock as one function from a time and a request to a reply.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::clock::Clock;
use crate::control::Calls;
use crate::fault::Faults;
use crate::journal::Journal;
use crate::transcript::Transcript;
use crate::webhook::Webhooks;
use crate::world::DEFAULT_SEED;
use crate::{Answer, Dialect, World, control, dialects, json_response, set_header};

/// A mock of several providers, without IO. It holds the [`World`], the virtual clock, the faults and the journal.
///
/// ```
/// use transom_mock_server::Simulator;
///
/// let now = std::time::SystemTime::UNIX_EPOCH;
/// let mut simulator = Simulator::new(now);
/// let request = http::Request::get("/_mock/clock").body(bytes::Bytes::new()).unwrap();
/// let reply = simulator.step(now, &request);
/// assert_eq!(reply.response.headers()["date"], "Thu, 01 Jan 1970 00:00:00 GMT");
/// ```
#[derive(Debug)]
pub struct Simulator {
    pub(crate) dialects: Vec<Box<dyn Dialect>>,
    pub(crate) strict: bool,
    seed: u64,
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: Webhooks,
    pub(crate) transcript: Transcript,
    pub(crate) calls: Calls,
}

/// What the client gets, and how. `Debug` leaves the body out.
pub struct Reply {
    /// The whole response, whatever becomes of it on the way.
    pub response: Response<Bytes>,
    /// What becomes of it on the way.
    pub wire: Wire,
    /// How long to wait before it goes out, in real time.
    pub delay: Duration,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reply = f.debug_struct("Reply");
        reply.field("status", &self.response.status()).field("wire", &self.wire).field("delay", &self.delay);
        reply.finish_non_exhaustive()
    }
}

/// What the connection does to a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// It arrives.
    Whole,
    /// The connection is closed without an answer.
    Lost,
    /// The head arrives, declaring the whole length, and so many bytes of the body; then the connection is closed.
    Truncated(usize),
    /// The connection is reset.
    Reset,
    /// Nothing ever comes, and the connection stays open.
    Hang,
}

impl Simulator {
    /// The four built-in providers in their seeded world; the clock shows real time and runs.
    pub fn new(real_now: SystemTime) -> Self {
        Self::with_dialects(real_now, dialects::all())
    }

    /// A mock of other providers; see [`Dialect`]. Where two own a path, the first in the list answers.
    pub fn with_dialects(real_now: SystemTime, dialects: Vec<Box<dyn Dialect>>) -> Self {
        let world = World::seeded(&dialects, false);
        Self {
            dialects,
            strict: false,
            seed: DEFAULT_SEED,
            world,
            clock: Clock::new(real_now),
            faults: Faults::default(),
            journal: Journal::new(),
            webhooks: Webhooks::new(),
            transcript: Transcript::new(),
            calls: Calls::default(),
        }
    }

    /// The same mock, strict: it accepts only the seeded credentials, and refuses what a documented fact refuses. The world
    /// starts afresh.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self.world = self.fresh_world();
        self
    }

    /// The same mock with ids that follow from `seed`: the same seed and the same requests at the same virtual times give the
    /// same ids, ledger and journal. Without it the seed is a fixed one. The world starts afresh.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.world = self.fresh_world();
        self
    }

    /// The seeded world, as strict as this mock is.
    pub(crate) fn fresh_world(&self) -> World {
        World::with_seed(&self.dialects, self.strict, self.seed)
    }

    /// The world, to look into.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The virtual time at a real time.
    pub fn now(&self, real_now: SystemTime) -> SystemTime {
        self.clock.now(real_now)
    }

    /// Answers one request: a provider's path, or the control plane under `/_mock/`.
    pub fn step(&mut self, real_now: SystemTime, request: &Request<Bytes>) -> Reply {
        if request.method() == Method::HEAD {
            return self.step_head(real_now, request);
        }
        let path = request.uri().path();
        let mut reply = if path == "/_mock" || path.starts_with("/_mock/") {
            whole(control::answer(self, real_now, request))
        } else if let Some(index) = self.dialects.iter().position(|dialect| dialect.owns(path)) {
            self.step_provider(real_now, index, request)
        } else if path == "/" {
            whole(control::console(request))
        } else {
            let error = format!("no provider has the path {path}; the control plane is under /_mock/");
            whole(json_response(404, &json!({"error": error})))
        };
        // A control call may have moved the clock, so the time is read after it.
        set_header(&mut reply.response, "date", httpdate::fmt_http_date(self.clock.now(real_now)));
        reply
    }

    /// Whether the answer to `request` would be dropped, because a `lose_reply` or `reset` fault is next for it. Consumes
    /// nothing.
    pub fn would_drop_reply(&self, request: &Request<Bytes>) -> bool {
        let dialect = self.dialects.iter().find(|dialect| dialect.owns(request.uri().path()));
        dialect.is_some_and(|dialect| self.faults.would_drop_reply(dialect.name(), dialect.is_send(request)))
    }

    /// Back to the seeded world: the clock at real time and running, no faults, no webhooks, an empty journal, default switches
    /// and limits. The seed stays.
    pub(crate) fn reset(&mut self, real_now: SystemTime) {
        self.world = self.fresh_world();
        self.clock = Clock::new(real_now);
        self.faults.clear();
        self.journal.clear();
        self.webhooks.clear();
        self.transcript.clear();
    }

    fn step_provider(&mut self, real_now: SystemTime, index: usize, request: &Request<Bytes>) -> Reply {
        let now = self.clock.now(real_now);
        let Some(dialect) = self.dialects.get(index) else {
            return whole(json_response(404, &json!({"error": "no such provider"})));
        };
        let fault = self.faults.take(dialect.name(), dialect.is_send(request));
        let taken = fault.as_ref().is_none_or(|fault| fault.after_accept);
        let (own, findings) = if taken {
            let Answer { response, findings } = dialect.handle(&mut self.world, now, request);
            for report in self.world.take_reports() {
                self.webhooks.accepted(dialect.as_ref(), &self.world, now, &report);
                self.transcript.accepted(now, &self.world, report);
            }
            (Some(response), findings)
        } else {
            (None, Vec::new())
        };
        let (response, wire, delay) = match (&fault, own) {
            (None, Some(own)) => (own, Wire::Whole, Duration::ZERO),
            (Some(fault), own) => fault.spoil(own, || dialect.rate_limited(&self.world, now), request),
            (None, None) => (json_response(500, &json!({"error": "no answer"})), Wire::Whole, Duration::ZERO),
        };
        let fault = fault.map(|fault| fault.kind.name());
        self.journal.record(dialect.name(), now, request, &response, findings, fault);
        Reply { response, wire, delay }
    }

    /// HEAD is GET without the body, its length told all the same.
    fn step_head(&mut self, real_now: SystemTime, request: &Request<Bytes>) -> Reply {
        let mut get = request.clone();
        *get.method_mut() = Method::GET;
        let mut reply = self.step(real_now, &get);
        let length = reply.response.body().len();
        set_header(&mut reply.response, "content-length", length);
        *reply.response.body_mut() = Bytes::new();
        reply
    }
}

fn whole(response: Response<Bytes>) -> Reply {
    Reply { response, wire: Wire::Whole, delay: Duration::ZERO }
}
