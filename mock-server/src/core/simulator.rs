//! The whole mock as one function from a time and a request to a reply.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{DATE, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use serde_json::json;

use crate::core::auth::Auth;
use crate::core::bounded::GuestBounds;
use crate::core::clock::Clock;
pub use crate::core::fault::WireFault;
use crate::core::fault::{Counted, Faults, Kind};
use crate::core::finding::Finding;
use crate::core::gate::{Gates, Held};
use crate::core::journal::{Journal, Remarks};
use crate::core::not_found;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request_context::RequestContext;
use crate::core::request_line::{self, RequestHook, RequestLine};
use crate::core::response::{SimulatedResponse, json_response, remove_body};
use crate::core::webhook::Failure;
use crate::core::webhook::{LAST_STATUS, WebhookQueue, ends_in_failure};
use crate::core::world::World;
use crate::core::world::{Accounts, DEFAULT_SEED};

/// A mock of several providers, without IO. It holds the [`World`], the virtual clock, the faults and the journal.
///
/// ```
/// use transom_mock_server::Simulator;
///
/// let now = std::time::SystemTime::UNIX_EPOCH;
/// let mut simulator = Simulator::new(now);
/// simulator.advance(now, std::time::Duration::from_secs(60)).unwrap();
/// let request = http::Request::get("/api/user/me").body(bytes::Bytes::new()).unwrap();
/// let reply = simulator.step(now, &request);
/// assert_eq!(reply.response.headers()["date"], "Thu, 01 Jan 1970 00:01:00 GMT");
/// ```
#[derive(Debug)]
pub struct Simulator {
    pub(crate) simulators: Arc<[Box<dyn ProviderSimulator>]>,
    pub(crate) strict: bool,
    seed: u64,
    pub(crate) world: World,
    /// Those of a fresh world.
    seeded: Accounts,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: WebhookQueue,
    pub(crate) calls: BTreeMap<&'static str, u64>,
    pub(crate) gates: Gates,
    pub(crate) access: Auth,
    /// The path under which this world is reached, for addresses that lead to it; empty, or `/_ns/NAME`.
    pub(crate) mount: Box<str>,
    dates: Dates,
    changes: u64,
    hook: RequestHook,
}

/// Names what made an answer other than the request alone would have got.
const CAUSE: HeaderName = HeaderName::from_static("x-mock-cause");

/// Each finding on the request, as `level: text`. The journal keeps them in a list of their own.
const FINDING: HeaderName = HeaderName::from_static("x-transom-finding");
/// A client may refuse an answer with very many headers, or with a very long one. The journal has every finding whole.
const MOST_FINDINGS: usize = 20;
const MOST_FINDING_CHARACTERS: usize = 500;

fn finding_header(finding: &Finding) -> Option<HeaderValue> {
    let text: String = request_line::line(finding).chars().take(MOST_FINDING_CHARACTERS).collect();
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

/// The `Date` of the second that was asked for last: a second has many requests.
#[derive(Debug, Default)]
struct Dates {
    last: Option<(u64, HeaderValue)>,
}

impl Dates {
    fn header(&mut self, now: SystemTime) -> HeaderValue {
        let second = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        match &self.last {
            Some((last, header)) if *last == second => header.clone(),
            _ => {
                // A date is made of letters, digits and spaces, so the fallback is out of reach.
                let header = HeaderValue::try_from(httpdate::fmt_http_date(now));
                let header = header.unwrap_or_else(|_| HeaderValue::from_static(""));
                self.last = Some((second, header.clone()));
                header
            }
        }
    }
}

/// The response for the client and its fault on the wire. `Debug` leaves the body out.
pub struct WireResponse {
    /// The whole response, whatever becomes of it on the way.
    pub response: Response<Bytes>,
    /// The fault on the wire.
    pub wire: WireFault,
    /// How long to wait before it goes out, in real time.
    pub delay: Duration,
}

impl fmt::Debug for WireResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reply = f.debug_struct("WireResponse");
        reply.field("status", &self.response.status()).field("wire", &self.wire).field("delay", &self.delay);
        reply.finish_non_exhaustive()
    }
}

impl Simulator {
    /// A mock of other providers; see [`ProviderSimulator`]. Where two own a path, the first in the list answers.
    pub fn with_providers(real_now: SystemTime, simulators: Vec<Box<dyn ProviderSimulator>>) -> Self {
        Self::of(real_now, simulators.into(), false, DEFAULT_SEED)
    }

    fn of(real_now: SystemTime, simulators: Arc<[Box<dyn ProviderSimulator>]>, strict: bool, seed: u64) -> Self {
        let world = World::with_seed(&simulators, strict, seed);
        Self {
            simulators,
            strict,
            seed,
            seeded: world.shared_accounts(),
            world,
            clock: Clock::new(real_now),
            faults: Faults::default(),
            journal: Journal::new(),
            webhooks: WebhookQueue::new(),
            calls: BTreeMap::new(),
            gates: Gates::default(),
            access: Auth::default(),
            mount: Box::default(),
            changes: 0,
            dates: Dates::default(),
            hook: RequestHook::default(),
        }
    }

    /// Another mock of the same providers, as strict and with the same seed, in its seeded world.
    #[must_use]
    pub fn sibling(&self, real_now: SystemTime) -> Self {
        let sibling = Self::of(real_now, Arc::clone(&self.simulators), self.strict, self.seed);
        let mut sibling = Self {
            webhooks: self.webhooks.fresh(),
            access: self.access.clone(),
            hook: self.hook.clone(),
            world: sibling.world.with_accounts(&self.seeded),
            seeded: self.seeded.clone(),
            ..sibling
        };
        sibling.guard(GuestBounds::Moved);
        sibling
    }

    /// Sets the bounds for callers without the token, if there is one.
    pub(crate) fn guard(&mut self, guests: GuestBounds) {
        if self.access.needs_token() {
            self.world.guard(guests);
            self.journal.guard(guests);
            self.webhooks.guard(guests);
        }
    }

    /// Does something for the holder of the token, whom the usual bounds hold for. What it adds is beside what callers
    /// without the token may add.
    pub(crate) fn as_holder<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.changes;
        self.guard(GuestBounds::Lifted);
        let done = work(self);
        self.guard(if self.changes == before { GuestBounds::Resumed } else { GuestBounds::Moved });
        done
    }

    /// The same mock, reached under this path: addresses that it gives out begin with it.
    #[cfg(feature = "server")]
    pub(crate) fn mounted(self, path: String) -> Self {
        Self { mount: path.into(), ..self }
    }

    /// The same mock in strict mode: it accepts only the seeded credentials, and rejects every documented violation.
    /// The world starts afresh.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self.afresh()
    }

    /// The same mock with ids that follow from `seed`: the same seed and the same requests at the same virtual times
    /// give the same ids, ledger and journal. Without it the seed is a fixed one. The world starts afresh.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.afresh()
    }

    /// The same mock for a port that others can reach: every control call must carry this token, as `Authorization:
    /// Bearer …` or
    /// `X-Mock-Token: …`. Returns `None` unless it has at least 32 characters that a header can carry.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Option<Self> {
        self.access = std::mem::take(&mut self.access).with_token(token)?;
        self.guard(GuestBounds::Moved);
        Some(self)
    }

    /// The same mock, whose control plane and console may also be called by this name, such as that of its container,
    /// without a port. Otherwise they accept loopback addresses and `localhost`, and with a token every numeric
    /// address: an attacker can make other names point here. Returns `None` if it is not a host name.
    #[must_use]
    pub fn allow_host(mut self, name: &str) -> Option<Self> {
        self.access = std::mem::take(&mut self.access).with_host(name)?;
        Some(self)
    }

    /// The same mock, which tells `hook` of each request to a provider and to an unknown path, in every namespace. The mock waits
    /// for it, so it should only pass the line on.
    #[must_use]
    pub fn on_request(self, hook: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        Self { hook: RequestHook::new(hook), ..self }
    }

    fn afresh(mut self) -> Self {
        self.world = self.fresh_world();
        self.seeded = self.world.shared_accounts();
        self.guard(GuestBounds::Moved);
        self
    }

    /// The seed of the ids; see [`with_seed`](Self::with_seed).
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How often something was asked that may have changed the state.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The seeded world, as strict as this mock is.
    pub(crate) fn fresh_world(&self) -> World {
        World::with_seed(&self.simulators, self.strict, self.seed)
    }

    /// The world, to look into.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The virtual time at a real time.
    pub fn now(&self, real_now: SystemTime) -> SystemTime {
        self.clock.now(real_now)
    }

    /// Answers one request to a provider. The control plane is not reached by this: its calls are methods of this type.
    pub fn step(&mut self, real_now: SystemTime, request: &Request<Bytes>) -> WireResponse {
        if self.access.needs_token() && self.access.holds_token(request) {
            return self.as_holder(|simulator| simulator.step_any(real_now, request));
        }
        self.step_any(real_now, request)
    }

    fn step_any(&mut self, real_now: SystemTime, request: &Request<Bytes>) -> WireResponse {
        if request.method() == Method::HEAD {
            return self.step_head(real_now, request);
        }
        self.changes += u64::from(!request.method().is_safe());
        let path = request.uri().path();
        let mut reply = match self.simulators.iter().position(|simulator| simulator.matches_path(path)) {
            Some(index) => self.step_provider(real_now, index, request),
            None => self.step_not_found(real_now, request),
        };
        self.date(real_now, &mut reply.response);
        reply
    }

    /// Puts the virtual time into a response.
    pub(crate) fn date<B>(&mut self, real_now: SystemTime, response: &mut Response<B>) {
        let date = self.dates.header(self.clock.now(real_now));
        response.headers_mut().insert(DATE, date);
    }

    /// Whether the answer to `request` would be dropped, because a `lose_reply` or `reset` fault is next for it. Consumes
    /// nothing.
    pub fn would_drop_reply(&self, request: &Request<Bytes>) -> bool {
        let simulator = self.simulators.iter().find(|simulator| simulator.matches_path(request.uri().path()));
        simulator.is_some_and(|simulator| self.faults.would_drop_reply(simulator.name(), simulator.is_send(request)))
    }

    /// A control call has changed something.
    pub(crate) fn note(&mut self, call: &'static str) {
        self.changes += 1;
        *self.calls.entry(call).or_default() += 1;
    }

    /// The seeded world with its clock at real time.
    pub(crate) fn start_afresh(&mut self, real_now: SystemTime) {
        self.world = self.fresh_world();
        self.clock = Clock::new(real_now);
        // Not only cleared: their numbers stand in journal and answers, and begin again with the script.
        self.faults = Faults::default();
        self.journal.clear();
        self.webhooks.clear();
        self.gates.release(None, usize::MAX);
        self.guard(GuestBounds::Moved);
    }

    /// Responds to an unknown path. The journal keeps it, because a wrong path is a common mistake of clients.
    fn step_not_found(&mut self, real_now: SystemTime, request: &Request<Bytes>) -> WireResponse {
        let path = request.uri().path();
        let error = format!("no provider has the path {path}; the control plane is under /_mock/");
        let mut response = json_response(404, &json!({"error": error}));
        // Browsers ask for this one by themselves.
        if path != "/favicon.ico" {
            let findings = vec![not_found::finding(&self.simulators, path)];
            let remarks = Remarks { findings, ..Remarks::default() };
            self.record(None, self.clock.now(real_now), request, &mut response, remarks);
        }
        whole(response)
    }

    fn step_provider(&mut self, real_now: SystemTime, index: usize, request: &Request<Bytes>) -> WireResponse {
        let now = self.clock.now(real_now);
        let simulators = Arc::clone(&self.simulators);
        let Some(simulator) = simulators.get(index) else {
            return whole(json_response(404, &json!({"error": "no such provider"})));
        };
        let (name, is_send) = (simulator.name(), simulator.is_send(request));
        let fault = self.faults.next(name, is_send);
        let taken = fault.as_ref().is_none_or(|fault| fault.after_accept);
        let fails = match fault.as_ref().map(|fault| &fault.kind) {
            Some(Kind::FailLater(failure)) => Some(*failure),
            _ if ends_in_failure(self.world.switch(simulator.name(), LAST_STATUS)) => {
                simulator.failures().first().copied()
            }
            _ => None,
        };
        let outcome = taken.then(|| {
            let context = RequestContext::new(&mut self.world, now, request).with_failure(fails);
            simulator.handle(context.with_webhooks(&mut self.webhooks, &self.access))
        });
        let is_accepted = outcome.as_ref().is_some_and(|outcome| outcome.is_accepted);
        self.faults.count(name, Counted::of(is_send, is_accepted), fault.as_ref());
        // What happens after a message was accepted does not happen to a send that was refused.
        let fault = fault.filter(|fault| !(is_send && fault.after_accept) || is_accepted);
        let (own, findings, own_cause, bucket) = match outcome {
            None => (None, Vec::new(), None, None),
            Some(SimulatedResponse { response, findings, accepted, closed, cause, bucket, .. }) => {
                let mut findings = findings;
                for mut message in accepted {
                    if !message.callbacks.is_empty() {
                        let holds_token = self.access.holds_token(request);
                        findings.extend(self.webhooks.pass_over(&mut message, holds_token));
                    }
                    self.webhooks.accepted(simulator.as_ref(), &self.world, now, &message);
                    self.announce_accepted(&message, now);
                    self.world.record_transcript(now, message);
                }
                self.announce_closed(closed, now);
                (Some(response), findings, cause, bucket)
            }
        };
        let (mut response, mut wire, delay) = match (&fault, own) {
            (None, Some(own)) => (own, WireFault::Whole, Duration::ZERO),
            (Some(fault), own) => {
                let world = &self.world;
                let rate_limited = || {
                    let quota = world.quota(simulator.name(), bucket, None, now).exhausted();
                    simulator.rate_limited(world, quota, now)
                };
                fault.apply(own, rate_limited, request, &self.mount)
            }
            (None, None) => (json_response(500, &json!({"error": "no answer"})), WireFault::Whole, Duration::ZERO),
        };
        let cause = fault.as_ref().map(crate::core::fault::Fault::cause).or(own_cause);
        if let Some(cause) = cause.as_deref().and_then(|cause| HeaderValue::try_from(cause).ok()) {
            response.headers_mut().insert(CAUSE, cause);
        }
        let name = fault.as_ref().map(|fault| fault.kind.name());
        let remarks = Remarks { findings, fault: name, cause: cause.map(Into::into) };
        self.record(Some(simulator.name()), now, request, &mut response, remarks);
        if let Some(Kind::Gate(gate)) = fault.map(|fault| fault.kind) {
            let request = self.journal.last();
            wire = WireFault::Held(self.gates.hold(Held { gate, provider: simulator.name(), request, at: now }));
        }
        WireResponse { response, wire, delay }
    }

    /// About how many bytes this world holds: messages, contacts, journal, webhook calls and faults.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        self.world.bytes() + self.journal.bytes() + self.webhooks.bytes() + self.faults.bytes()
    }

    /// Writes an exchange down, and says the findings in the response and to whoever is told of requests.
    fn record(
        &mut self,
        provider: Option<&'static str>,
        now: SystemTime,
        request: &Request<Bytes>,
        response: &mut Response<Bytes>,
        remarks: Remarks,
    ) {
        let findings: Vec<HeaderValue> =
            remarks.findings.iter().take(MOST_FINDINGS).filter_map(finding_header).collect();
        self.journal.record(provider, now, request, response, remarks);
        for finding in findings {
            response.headers_mut().append(FINDING, finding);
        }
        let last = self.journal.last().saturating_sub(1);
        self.hook.tell(|| self.journal.after(last).next());
    }

    /// Why a provider's messages may fail later.
    pub(crate) fn failures(&self, provider: &str) -> &'static [Failure] {
        let simulator = self.simulators.iter().find(|simulator| simulator.name() == provider);
        simulator.map_or(&[], |simulator| simulator.failures())
    }

    /// How long, in real time, until a message has another status; `None` if none will, or the clock stands.
    #[cfg(feature = "server")]
    pub(crate) fn next_status_in(&self, real_now: SystemTime) -> Option<Duration> {
        let now = self.clock.now(real_now);
        let due = self.world.transcript.next_status(now).filter(|_| !self.clock.frozen())?;
        due.duration_since(now).ok()
    }

    /// Whether a response with [`WireFault::Held`] is still held.
    pub fn is_held(&self, number: u64) -> bool {
        self.gates.is_held(number)
    }

    /// Drops a held response whose client has gone.
    pub fn forget_held(&mut self, number: u64) {
        self.gates.forget(number);
    }

    /// HEAD is GET without the body, with its length.
    fn step_head(&mut self, real_now: SystemTime, request: &Request<Bytes>) -> WireResponse {
        let mut get = request.clone();
        *get.method_mut() = Method::GET;
        let mut reply = self.step(real_now, &get);
        remove_body(&mut reply.response);
        reply
    }
}

fn whole(response: Response<Bytes>) -> WireResponse {
    WireResponse { response, wire: WireFault::Whole, delay: Duration::ZERO }
}
