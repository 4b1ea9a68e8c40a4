//! What waits to be told, and to whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::time::SystemTime;

use bytes::Bytes;
use serde_json::Value;

use super::happening::{Happening, Report, What};
use super::lanes::{Lane, Lanes};
use super::log::{Log, Try};
use super::rules::ladder;
use super::{LAST_STATUS, Net, Nets, Secret, Target};
use crate::{Dialect, Inbound, Phone, World};

/// More than this does not wait, by count or by bytes; what comes then is given up, and the log says so.
const MOST_PENDING: usize = 100_000;
const MOST_PENDING_BYTES: usize = 64 * 1024 * 1024;
/// More tries than this are not under way at the same time.
const MOST_IN_FLIGHT: usize = 1_000;
/// More addresses of its own than this no message has.
const MOST_CALLBACKS: usize = 10;

/// The registered webhooks, what is still to be delivered in the order it falls due, and what was tried.
pub(crate) struct Webhooks {
    registered: BTreeMap<&'static str, Registration>,
    pending: Lanes,
    in_flight: BTreeMap<u64, Pending>,
    log: Log,
    nets: Nets,
    happenings: u64,
    /// Numbers every try, over resets too, so that the outcome of a try from before a reset means none after it.
    last_id: u64,
}

/// Where a provider's webhooks go.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) target: Target,
    pub(crate) secret: Option<Secret>,
    pub(crate) trouble: Trouble,
}

/// What goes wrong on the way, on order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    /// How often each call is made, from 1.
    pub(crate) copies: u32,
    /// Whether the statuses of a message come newest first.
    pub(crate) reorder: bool,
    /// What stands in the place of the signature.
    pub(crate) signature: Signature,
}

impl Default for Trouble {
    fn default() -> Self {
        Self { copies: 1, reorder: false, signature: Signature::Good }
    }
}

/// What stands in the place of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Good,
    /// That of another secret.
    Wrong,
    /// None, although there is a secret.
    Missing,
}

/// One thing to tell to one target.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) provider: &'static str,
    pub(super) route: Route,
    pub(super) body: Bytes,
    pub(super) due: SystemTime,
    pub(super) attempt: u32,
}

/// How a target is found.
#[derive(Clone)]
pub(super) enum Route {
    /// The provider's registered one, whichever that is when it falls due.
    Registered,
    /// One that the message named.
    Own(Target),
}

impl Webhooks {
    pub(crate) fn new() -> Self {
        Self {
            registered: BTreeMap::new(),
            pending: Lanes::default(),
            in_flight: BTreeMap::new(),
            log: Log::new(),
            nets: Nets::default(),
            happenings: 0,
            last_id: 0,
        }
    }

    /// An empty one under the same rules.
    pub(crate) fn fresh(&self) -> Self {
        Self { nets: self.nets.clone(), ..Self::new() }
    }

    /// Lets targets be in these networks, too.
    pub(crate) fn allow(&mut self, net: Net) {
        self.nets.allow(net);
    }

    /// The networks that targets may be in besides this machine.
    pub(crate) fn nets(&self) -> &Nets {
        &self.nets
    }

    /// Forgets the webhooks, what waits and what was tried.
    pub(crate) fn clear(&mut self) {
        *self = Self { last_id: self.last_id, ..self.fresh() };
    }

    /// Sends what a provider tells to this target from now on, in place of the former one.
    pub(crate) fn register(&mut self, provider: &'static str, registration: Registration) {
        self.registered.insert(provider, registration);
    }

    /// Tells a provider's happenings to nobody but the targets that messages name; without a provider those of all.
    pub(crate) fn remove(&mut self, provider: Option<&str>) {
        self.registered.retain(|registered, _| provider.is_some_and(|provider| provider != *registered));
    }

    /// By provider.
    pub(crate) fn registrations(&self) -> impl Iterator<Item = (&'static str, &Registration)> {
        self.registered.iter().map(|(provider, registration)| (*provider, registration))
    }

    pub(super) fn registration(&self, provider: &str) -> Option<&Registration> {
        self.registered.get(provider)
    }

    /// What was tried, oldest first; of one provider, or of all.
    pub(crate) fn tries(&self, provider: Option<&str>) -> impl Iterator<Item = &Try> {
        self.log.tries(provider)
    }

    /// The tries after the one of this number, counted from 1, each with its own.
    pub(crate) fn tries_after(&self, number: u64) -> impl Iterator<Item = (u64, &Try)> {
        self.log.after(number)
    }

    /// The number of the last try, 0 before the first.
    pub(crate) fn last_try(&self) -> u64 {
        self.log.last()
    }

    /// Makes the call of a former try once more, as a first one; false if that try is not known, or not any more.
    pub(crate) fn redeliver(&mut self, number: u64, now: SystemTime) -> bool {
        let Some(before) = number.checked_sub(1) else { return false };
        let former = self.log.after(before).find(|(found, _)| *found == number);
        let Some(pending) = former.map(|(_, tried)| Pending {
            provider: tried.provider,
            route: tried.route.clone(),
            body: tried.body.clone(),
            due: now,
            attempt: 1,
        }) else {
            return false;
        };
        self.put(pending);
        true
    }

    /// Whether anything waits, due or not.
    #[cfg(feature = "server")]
    pub(crate) fn is_waiting(&self) -> bool {
        self.pending.len() > 0
    }

    /// What falls due next, and whose it is.
    pub(crate) fn next_waiting(&self) -> Option<(SystemTime, &'static str)> {
        self.pending.first(|_| true).map(|pending| (pending.due, pending.provider))
    }

    /// When the next one falls due whose target `is_free`.
    pub(super) fn next_due(&self, is_free: impl Fn(SocketAddr) -> bool) -> Option<SystemTime> {
        self.pending.first(|lane| self.is_open(lane, &is_free)).map(|pending| pending.due)
    }

    /// Whether anything that was due at `until` has not been tried, or not yet come back.
    #[cfg(feature = "server")]
    pub(crate) fn owes(&self, until: SystemTime) -> bool {
        self.next_due(|_| true).is_some_and(|due| due <= until)
            || self.in_flight.values().any(|tried| tried.due <= until)
    }

    /// Whether a lane leads to a free target, or nowhere any more.
    fn is_open(&self, lane: Lane, is_free: impl Fn(SocketAddr) -> bool) -> bool {
        let address = match lane {
            Lane::Own(address) => Some(address),
            Lane::Registered(provider) => {
                self.registered.get(provider).and_then(|registered| registered.target.addresses().first().copied())
            }
        };
        address.is_none_or(is_free)
    }

    /// A message was accepted at `now`: what will be told of it is put down, if there is anybody to tell.
    pub(crate) fn accepted(&mut self, dialect: &dyn Dialect, world: &World, now: SystemTime, report: &Report) {
        let routes = self.routes(report.provider, &report.callbacks);
        if routes.is_empty() {
            return;
        }
        let steps = ladder(report.failure, world.switch(report.provider, LAST_STATUS));
        let last = steps.last().map(|(_, after)| *after).unwrap_or_default();
        for (progress, after) in steps {
            let told = Told {
                at: now + after,
                mirrored: now + last.saturating_sub(after),
                business: &report.from,
                contact: &report.to,
                message_id: &report.message_id,
                what: What::Status { progress, report },
            };
            self.tell(dialect, world, &told, &routes);
        }
    }

    /// A customer wrote at `now`.
    pub(crate) fn received(
        &mut self,
        dialect: &dyn Dialect,
        world: &World,
        now: SystemTime,
        message: &Inbound<'_>,
        message_id: &str,
        content: &Value,
    ) {
        let routes = self.routes(message.provider, &[]);
        if routes.is_empty() {
            return;
        }
        let name = world.contact_name(message.provider, message.to, message.from);
        let told = Told {
            at: now,
            mirrored: now,
            business: message.to,
            contact: message.from,
            message_id,
            what: What::Received { name, content },
        };
        self.tell(dialect, world, &told, &routes);
    }

    fn tell(&mut self, dialect: &dyn Dialect, world: &World, told: &Told<'_>, routes: &[Route]) {
        self.happenings += 1;
        for route in routes {
            let target = match route {
                Route::Registered => self.registered.get(dialect.name()).map(|registered| &registered.target),
                Route::Own(target) => Some(target),
            };
            let Some(url) = target.map(|target| target.uri().to_string()) else { continue };
            let happening = Happening {
                number: self.happenings,
                at: told.at,
                url: &url,
                business: told.business,
                contact: told.contact,
                message_id: told.message_id,
                what: told.what,
            };
            if let Some(payload) = dialect.notify(world, &happening) {
                let body = Bytes::from(payload.to_string());
                let provider = dialect.name();
                let trouble = self.registered.get(provider).map(|registered| registered.trouble).unwrap_or_default();
                let due = if trouble.reorder { told.mirrored } else { told.at };
                for _ in 0..trouble.copies {
                    self.put(Pending { provider, route: route.clone(), body: body.clone(), due, attempt: 1 });
                }
            }
        }
    }

    /// The targets of the message's own on this machine, else the registered one. Source: Exotel, Receive Messages (docs): each
    /// event goes to one address, the message's own before the account's.
    fn routes(&self, provider: &str, callbacks: &[String]) -> Vec<Route> {
        let registered = || if self.registered.contains_key(provider) { vec![Route::Registered] } else { Vec::new() };
        if callbacks.is_empty() {
            return registered();
        }
        let mut seen = BTreeSet::new();
        let own = callbacks.iter().map(String::as_str).map(str::trim).filter(|text| seen.insert(*text));
        let own = own.filter_map(|text| Target::parse(text, &self.nets).ok()).take(MOST_CALLBACKS).map(Route::Own);
        let own: Vec<Route> = own.collect();
        if own.is_empty() { registered() } else { own }
    }

    /// Lets something wait, behind all that falls due at the same time.
    pub(super) fn put(&mut self, pending: Pending) {
        let bytes = self.pending.bytes().saturating_add(pending.body.len());
        if self.pending.len() >= MOST_PENDING || bytes > MOST_PENDING_BYTES {
            self.record(&Pending { attempt: 0, ..pending }, None);
            return;
        }
        self.last_id += 1;
        self.pending.put(self.last_id, pending);
    }

    /// Takes the first that is due and whose target `is_free`.
    pub(super) fn take_due(&mut self, now: SystemTime, is_free: impl Fn(SocketAddr) -> bool) -> Option<Pending> {
        // Apart, since what is asked while taking is the rest of this.
        let mut lanes = std::mem::take(&mut self.pending);
        let taken = lanes.take_due(now, |lane| self.is_open(lane, &is_free));
        self.pending = lanes;
        taken
    }

    /// Remembers a try until its outcome is known, and numbers it. Tries whose outcome is never told are forgotten one by one.
    pub(super) fn depart(&mut self, pending: Pending) -> u64 {
        self.last_id += 1;
        self.in_flight.insert(self.last_id, pending);
        if self.in_flight.len() > MOST_IN_FLIGHT {
            self.in_flight.pop_first();
        }
        self.last_id
    }

    /// The try of this number, if it is known; it is then forgotten.
    pub(super) fn arrive(&mut self, id: u64) -> Option<Pending> {
        self.in_flight.remove(&id)
    }

    pub(super) fn record(&mut self, pending: &Pending, status: Option<u16>) {
        let target = match &pending.route {
            Route::Registered => self.registered.get(pending.provider).map(|registered| &registered.target),
            Route::Own(target) => Some(target),
        };
        let url = target.map(Target::masked).unwrap_or_default();
        let Pending { provider, attempt, due, .. } = *pending;
        let (route, body) = (pending.route.clone(), pending.body.clone());
        self.log.record(Try { number: 0, provider, url, attempt, status, body, at: due, route });
    }
}

/// A happening that is not yet addressed to anybody.
struct Told<'a> {
    at: SystemTime,
    /// When it is told if what comes last is told first.
    mirrored: SystemTime,
    business: &'a Phone,
    contact: &'a Phone,
    message_id: &'a str,
    what: What<'a>,
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("registered", &self.registered.keys().collect::<Vec<_>>())
            .field("pending", &self.pending.len())
            .field("in_flight", &self.in_flight.len())
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(attempt: u32) -> Pending {
        let route = Route::Own(Target::parse("http://127.0.0.1:9000/", &Nets::default()).unwrap());
        Pending { provider: "exotel", route, body: Bytes::from_static(b"{}"), due: SystemTime::UNIX_EPOCH, attempt }
    }

    #[test]
    fn what_comes_while_100_000_calls_wait_is_given_up_and_logged_as_never_tried() {
        let mut webhooks = Webhooks::new();
        for _ in 0..MOST_PENDING {
            webhooks.put(pending(1));
        }
        assert_eq!(webhooks.tries(None).count(), 0);
        webhooks.put(pending(1));
        let given_up: Vec<(u32, Option<u16>)> =
            webhooks.tries(None).map(|tried| (tried.attempt, tried.status)).collect();
        assert_eq!((given_up, webhooks.pending.len()), (vec![(0, None)], MOST_PENDING));
    }

    #[test]
    fn large_calls_are_given_up_beyond_64_mib_and_taking_one_makes_room() {
        let mut webhooks = Webhooks::new();
        let large = |webhooks: &mut Webhooks| {
            let body = Bytes::from(vec![b'1'; MOST_PENDING_BYTES / 4]);
            webhooks.put(Pending { body, ..pending(1) });
            webhooks.tries(None).count()
        };
        assert_eq!([(); 5].map(|()| large(&mut webhooks)), [0, 0, 0, 0, 1]);
        webhooks.take_due(SystemTime::UNIX_EPOCH, |_| true).unwrap();
        assert_eq!(large(&mut webhooks), 1);
        assert_eq!(large(&mut webhooks), 2);
    }

    #[test]
    fn tries_whose_outcome_is_never_told_are_forgotten() {
        let mut webhooks = Webhooks::new();
        let first = webhooks.depart(pending(1));
        for _ in 0..MOST_IN_FLIGHT {
            webhooks.depart(pending(1));
        }
        assert!(webhooks.arrive(first).is_none());
        assert_eq!(webhooks.in_flight.len(), MOST_IN_FLIGHT);
    }

    #[test]
    fn a_message_has_at_most_ten_callbacks_each_once() {
        let webhooks = Webhooks::new();
        let twice = ["http://127.0.0.1:9000/a".to_owned(), " http://127.0.0.1:9000/a".to_owned()];
        assert_eq!(webhooks.routes("messangi", &twice).len(), 1);
        let many: Vec<String> = (0..50).map(|number| format!("http://127.0.0.1:9000/{number}")).collect();
        assert_eq!(webhooks.routes("messangi", &many).len(), MOST_CALLBACKS);
        assert!(webhooks.routes("messangi", &["http://10.0.0.1/".to_owned()]).is_empty());
    }
}
