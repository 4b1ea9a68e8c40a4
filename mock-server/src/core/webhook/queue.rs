//! The queue of webhook calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::time::SystemTime;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::account_webhooks::AccountWebhooks;
use super::call::{Destination, Outcome, QueuedCall, Sent};
use super::delivery_log::{DeliveryAttempt, DeliveryLog};
use super::inactivity::InactivityTimers;
use super::message_event::{AcceptedMessage, MOST_CALLBACKS, MessageEvent, MessageEventKind};
use super::registration::Registration;
use super::rules::ladder;
use super::subscription::{Subscriptions, Topic};
use super::target_queues::{QueueKey, TargetQueues};
use super::{IpNetwork, IpNetworks, LAST_STATUS, Target};
use crate::core::bounded::GuestBounds;
use crate::core::finding::Finding;
use crate::core::phone::Phone;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::redact;
use crate::core::world::{Inbound, World};

/// Bounds of the queue, by count and by bytes. A call beyond them is dropped and logged.
const MOST_PENDING: usize = 100_000;
const MOST_PENDING_BYTES: usize = 64 * 1024 * 1024;
/// The maximum number of attempts under way at a time.
const MOST_IN_FLIGHT: usize = 1_000;

/// The registered webhooks, the queued calls in their due order, and the log of attempts.
pub(crate) struct WebhookQueue {
    registered: BTreeMap<&'static str, Registration>,
    pub(crate) subscriptions: Subscriptions,
    pending: TargetQueues,
    in_flight: BTreeMap<u64, (QueuedCall, Sent)>,
    pub(super) watched: InactivityTimers,
    log: DeliveryLog,
    nets: IpNetworks,
    event_count: u64,
    /// Numbers every try, over resets too, so that the outcome of a try from before a reset means none after it.
    last_id: u64,
}

impl WebhookQueue {
    pub(crate) fn new() -> Self {
        Self {
            registered: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            pending: TargetQueues::default(),
            in_flight: BTreeMap::new(),
            watched: InactivityTimers::default(),
            log: DeliveryLog::new(),
            nets: IpNetworks::default(),
            event_count: 0,
            last_id: 0,
        }
    }

    /// An empty one under the same rules.
    pub(crate) fn fresh(&self) -> Self {
        Self { nets: self.nets.clone(), ..Self::new() }
    }

    /// Lets targets be in these networks, too.
    pub(crate) fn allow(&mut self, net: IpNetwork) {
        self.nets.allow(net);
    }

    /// The networks that targets may be in besides this machine.
    pub(crate) fn nets(&self) -> &IpNetworks {
        &self.nets
    }

    /// Removes webhooks, queued calls and the log.
    pub(crate) fn clear(&mut self) {
        *self = Self { last_id: self.last_id, ..self.fresh() };
    }

    /// Registers a target for a provider's events, in place of the former one.
    pub(crate) fn register(&mut self, provider: &'static str, registration: Registration) {
        self.registered.insert(provider, registration);
    }

    /// Removes the targets of a provider, or of all providers. Targets that messages name stay.
    pub(crate) fn remove(&mut self, provider: Option<&str>) {
        let stays = |registered: &str| provider.is_some_and(|provider| provider != registered);
        self.registered.retain(|registered, _| stays(registered));
        self.subscriptions.remove(|own| !stays(own.provider));
    }

    /// By provider.
    pub(crate) fn registrations(&self) -> impl Iterator<Item = (&'static str, &Registration)> {
        self.registered.iter().map(|(provider, registration)| (*provider, registration))
    }

    pub(super) fn registration(&self, provider: &str) -> Option<&Registration> {
        self.registered.get(provider)
    }

    /// Delivery attempts, oldest first; of one provider, or of all.
    pub(crate) fn tries(&self, provider: Option<&str>) -> impl Iterator<Item = &DeliveryAttempt> {
        self.log.tries(provider)
    }

    /// The tries after the one of this number, counted from 1, each with its own.
    pub(crate) fn tries_after(&self, number: u64) -> impl Iterator<Item = (u64, &DeliveryAttempt)> {
        self.log.after(number)
    }

    /// The number of the last try, 0 before the first.
    pub(crate) fn last_try(&self) -> u64 {
        self.log.last()
    }

    /// Makes the call of a former try once more, as a first one.
    ///
    /// # Errors
    ///
    /// Why there is nothing to make, to be read behind "`number` is 3".
    pub(crate) fn redeliver(&mut self, number: u64, now: SystemTime) -> Result<(), String> {
        let former = number.checked_sub(1).and_then(|before| self.log.after(before).next());
        let Some((_, tried)) = former.filter(|(found, _)| *found == number) else {
            return Err("expected that of a try in `webhooks/deliveries`".to_owned());
        };
        let provider = tried.provider;
        if !self.is_there(provider, &tried.route) {
            return Err(format!("whose webhook was removed, expected one of {provider} to be registered before"));
        }
        let (route, body, copy, topic) = (tried.route.clone(), tried.body.clone(), tried.copy, tried.topic);
        self.put(QueuedCall { provider, topic, route, body, due: now, attempt: 1, copy, lost: false });
        Ok(())
    }

    /// Whether the webhook of a call still exists.
    fn is_there(&self, provider: &str, route: &Destination) -> bool {
        match route {
            Destination::Registered => self.registered.contains_key(provider),
            Destination::Own(_) => true,
            Destination::Subscribed(id, _) => self.subscriptions.get(*id).is_some(),
        }
    }

    /// Bounds what callers without the token may add to the log. What waits for a webhook that the holder of the token
    /// registered has the usual bound.
    pub(crate) fn guard(&mut self, guests: GuestBounds) {
        self.log.guard(guests);
    }

    /// About how many bytes the queued calls, the log and the accounts' webhooks hold.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        self.pending.bytes() + self.log.bytes() + self.subscriptions.bytes()
    }

    /// Whether anything waits, due or not.
    #[cfg(feature = "server")]
    pub(crate) fn is_waiting(&self) -> bool {
        self.pending.len() > 0 || self.watched.next_due().is_some()
    }

    /// Queued calls in their due order: time, provider and attempt.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (SystemTime, &'static str, u32)> {
        self.pending.in_order().map(|pending| (pending.due, pending.provider, pending.attempt))
    }

    /// Every call that waits, of one provider or of all, with where it would go now.
    pub(crate) fn waiting_calls(&self, only: Option<&str>) -> impl Iterator<Item = Waiting<'_>> {
        let waiting = self.pending.in_order().filter(move |pending| only.is_none_or(|only| only == pending.provider));
        waiting.map(|pending| Waiting {
            provider: pending.provider,
            url: self.url(pending).map(|url| redact::path(&url).into_owned()),
            attempt: pending.attempt,
            copy: pending.copy,
            at: pending.due,
            body: &pending.body,
        })
    }

    /// Where a call goes; `None` if its webhook was removed.
    pub(super) fn url(&self, pending: &QueuedCall) -> Option<String> {
        self.url_of(pending.provider, &pending.route)
    }

    fn url_of(&self, provider: &str, route: &Destination) -> Option<String> {
        match route {
            Destination::Registered => self.registered.get(provider).map(Registration::url),
            Destination::Own(target) => Some(target.uri().to_string()),
            Destination::Subscribed(id, _) => self.subscriptions.get(*id).map(|own| own.url.clone()),
        }
    }

    /// When the next call falls due whose target `is_free`.
    pub(super) fn next_call_due(&self, is_free: impl Fn(SocketAddr) -> bool) -> Option<SystemTime> {
        self.pending.first(|lane| self.is_open(lane, &is_free)).map(|pending| pending.due)
    }

    /// When there is next anything to look at: a call whose target `is_free`, or a conversation that may have come to
    /// something.
    pub(super) fn next_due(&self, is_free: impl Fn(SocketAddr) -> bool) -> Option<SystemTime> {
        let (call, conversation) = (self.next_call_due(is_free), self.watched.next_due());
        call.into_iter().chain(conversation).min()
    }

    /// Whether anything that was due at `until` has not been tried, or not yet come back.
    #[cfg(feature = "server")]
    pub(crate) fn owes(&self, until: SystemTime) -> bool {
        self.next_due(|_| true).is_some_and(|due| due <= until)
            || self.in_flight.values().any(|(tried, _)| tried.due <= until)
    }

    /// Whether a queue's target is free. A queue without a target counts as free: its calls are only logged.
    fn is_open(&self, lane: QueueKey, is_free: impl Fn(SocketAddr) -> bool) -> bool {
        let address = match lane {
            QueueKey::Own(address) => Some(address),
            QueueKey::Registered(provider) => {
                let target = self.registered.get(provider).and_then(|registered| registered.target.as_ref());
                target.and_then(|target| target.addresses().first().copied())
            }
        };
        address.is_none_or(is_free)
    }

    /// Queues the events of a message accepted at `now`, if any target exists.
    pub(crate) fn accepted(
        &mut self,
        simulator: &dyn ProviderSimulator,
        world: &World,
        now: SystemTime,
        report: &AcceptedMessage,
    ) {
        let routes = self.routes(report.provider, Topic::Status, &report.from, &report.callbacks);
        if routes.is_empty() {
            return;
        }
        let steps = ladder(report.failure, world.switch(report.provider, LAST_STATUS));
        let last = steps.last().map(|(_, after)| *after).unwrap_or_default();
        for (progress, after) in steps {
            let draft = EventDraft {
                at: now + after,
                mirrored: now + last.saturating_sub(after),
                business: &report.from,
                contact: &report.to,
                message_id: &report.message_id,
                reply_to: None,
                user_id: None,
                referral: None,
                sent_before: !after.is_zero(),
                what: MessageEventKind::Status { progress, report },
            };
            self.queue_event(simulator, world, &draft, &routes);
        }
    }

    /// Whether the registered webhook of a provider receives account events, too.
    pub(super) fn announces(&self, provider: &str, world: &World) -> bool {
        self.registered.get(provider).is_some_and(|registered| registered.announces(provider, world))
    }

    /// Queues an event without a message. `payload` writes it, given its number.
    pub(super) fn announce(
        &mut self,
        simulator: &dyn ProviderSimulator,
        world: &World,
        business: Option<&Phone>,
        at: SystemTime,
        payload: impl FnOnce(u64) -> Option<Value>,
    ) {
        let provider = simulator.name();
        let mut routes = self.account_routes(provider, Topic::Account, business);
        if !self.announces(provider, world) {
            routes.retain(|route| !matches!(route, Destination::Registered));
        }
        self.event_count += 1;
        let Some(payload) = payload(self.event_count) else { return };
        let body = Bytes::from(payload.to_string());
        for route in &routes {
            if self.wants(route, simulator.event_name(&payload)) {
                self.post(provider, Topic::Account, route, &body, at);
            }
        }
    }

    /// Whether the webhook at the end of a route receives events of this name.
    fn wants(&self, route: &Destination, name: Option<&str>) -> bool {
        match route {
            Destination::Subscribed(id, _) => self.subscriptions.get(*id).is_some_and(|own| own.wants(name)),
            Destination::Registered | Destination::Own(_) => true,
        }
    }

    /// A contact wrote at `now`.
    pub(crate) fn received(
        &mut self,
        simulator: &dyn ProviderSimulator,
        world: &World,
        now: SystemTime,
        message: &Inbound<'_>,
        written: &InboundMessage<'_>,
    ) {
        let InboundMessage { message_id, content, reply, user_id, referral } = *written;
        let follows = simulator.webhook_rules(world).replies_go_to_callback;
        let callbacks = reply.filter(|_| follows).map_or(&[][..], |reply| reply.callbacks);
        let routes = self.routes(message.provider, Topic::Inbound, message.to, callbacks);
        if routes.is_empty() {
            return;
        }
        let name = world.contact_name(message.provider, message.to, message.from).or(message.name);
        let draft = EventDraft {
            at: now,
            mirrored: now,
            business: message.to,
            contact: message.from,
            message_id,
            reply_to: reply.map(|reply| reply.message_id),
            user_id,
            referral,
            sent_before: false,
            what: MessageEventKind::Received { name, content },
        };
        self.queue_event(simulator, world, &draft, &routes);
    }

    fn queue_event(
        &mut self,
        simulator: &dyn ProviderSimulator,
        world: &World,
        draft: &EventDraft<'_>,
        routes: &[Destination],
    ) {
        self.event_count += 1;
        for route in routes {
            let Some(url) = self.url_of(simulator.name(), route) else { continue };
            let event = MessageEvent {
                number: self.event_count,
                at: draft.at,
                url: &url,
                business: draft.business,
                contact: draft.contact,
                message_id: draft.message_id,
                reply_to: draft.reply_to,
                user_id: draft.user_id,
                referral: draft.referral,
                sent_before: draft.sent_before,
                what: draft.what,
            };
            let payload = simulator.message_event(world, &event);
            if let Some(payload) = payload.filter(|payload| self.wants(route, simulator.event_name(payload))) {
                let body = Bytes::from(payload.to_string());
                let provider = simulator.name();
                let reorder = self.registered.get(provider).is_some_and(|registered| registered.trouble.reorder);
                let topic = match draft.what {
                    MessageEventKind::Received { .. } => Topic::Inbound,
                    MessageEventKind::Status { .. } => Topic::Status,
                };
                self.post(provider, topic, route, &body, if reorder { draft.mirrored } else { draft.at });
            }
        }
    }

    /// Lets a call wait, with whatever is to go wrong with it.
    fn post(&mut self, provider: &'static str, topic: Topic, route: &Destination, body: &Bytes, due: SystemTime) {
        let trouble = self.registered.get(provider).map(|registered| registered.trouble).unwrap_or_default();
        let due = due + trouble.delay;
        for copy in 1..=trouble.copies {
            let lost = self.registered.get_mut(provider).is_some_and(Registration::loses_next);
            let (route, body) = (route.clone(), body.clone());
            self.put(QueuedCall { provider, topic, route, body, due, attempt: 1, copy, lost });
        }
    }

    /// The targets of the message's own on this machine, else the registered one. Source: Exotel, Receive Messages
    /// (docs): each event goes to one address, the message's own before the account's.
    fn routes(&self, provider: &str, topic: Topic, business: &Phone, callbacks: &[String]) -> Vec<Destination> {
        let of_account = || self.account_routes(provider, topic, Some(business));
        if callbacks.is_empty() {
            return of_account();
        }
        let mut seen = BTreeSet::new();
        let own = callbacks.iter().map(String::as_str).map(str::trim).filter(|text| seen.insert(*text));
        let own =
            own.filter_map(|text| Target::parse(text, &self.nets).ok()).take(MOST_CALLBACKS).map(Destination::Own);
        let own: Vec<Destination> = own.collect();
        if own.is_empty() { of_account() } else { own }
    }

    /// The webhooks of an account: the one that the control plane registered, and those that calls of the provider did.
    fn account_routes(&self, provider: &str, topic: Topic, business: Option<&Phone>) -> Vec<Destination> {
        let registered = self.registered.contains_key(provider).then_some(Destination::Registered);
        let replaced = self.subscriptions.replace_registered(provider, topic);
        let own = self.subscriptions.matching(provider, topic, business);
        let own = own.map(|own| Destination::Subscribed(own.id, own.target.clone()));
        registered.filter(|_| !replaced).into_iter().chain(own).collect()
    }

    /// Lets something wait, behind all that falls due at the same time.
    pub(super) fn put(&mut self, pending: QueuedCall) {
        let bytes = self.pending.bytes().saturating_add(pending.body.len());
        if self.pending.len() >= MOST_PENDING || bytes > MOST_PENDING_BYTES {
            self.give_up(pending, "full");
            return;
        }
        self.last_id += 1;
        self.pending.put(self.last_id, pending);
    }

    /// Takes the first that is due and whose target `is_free`.
    pub(super) fn take_due(&mut self, now: SystemTime, is_free: impl Fn(SocketAddr) -> bool) -> Option<QueuedCall> {
        // A separate map, because the closures borrow the other fields.
        let mut lanes = std::mem::take(&mut self.pending);
        let taken = lanes.take_due(now, |lane| self.is_open(lane, &is_free));
        self.pending = lanes;
        taken
    }

    /// Numbers an attempt and keeps it until its result is known. Attempts without a result are dropped, oldest first.
    pub(super) fn depart(&mut self, pending: QueuedCall, sent: Sent) -> u64 {
        self.last_id += 1;
        self.in_flight.insert(self.last_id, (pending, sent));
        if self.in_flight.len() > MOST_IN_FLIGHT {
            self.in_flight.pop_first();
        }
        self.last_id
    }

    /// The try of this number, if it is known; it is then forgotten.
    pub(super) fn arrive(&mut self, id: u64) -> Option<(QueuedCall, Sent)> {
        self.in_flight.remove(&id)
    }

    /// Logs a call that is never attempted, with the reason.
    pub(super) fn give_up(&mut self, pending: QueuedCall, why: &'static str) {
        let url = self.url(&pending).unwrap_or_default();
        let sent = Sent { url, headers: Vec::new() };
        self.record(&QueuedCall { attempt: 0, ..pending }, sent, Outcome { error: Some(why), ..Outcome::default() });
    }

    /// Writes a try down.
    pub(super) fn record(&mut self, pending: &QueuedCall, sent: Sent, outcome: Outcome) {
        let QueuedCall { provider, topic, attempt, due, copy, .. } = *pending;
        let (route, body) = (pending.route.clone(), pending.body.clone());
        let Outcome { status, error, next_try_at } = outcome;
        let (url, headers) = (redact::path(&sent.url).into_owned(), sent.headers);
        self.log.record(DeliveryAttempt {
            number: 0,
            provider,
            url,
            attempt,
            copy,
            status,
            error,
            headers,
            body,
            at: due,
            next_try_at,
            topic,
            route,
        });
    }
}

/// A contact's message.
pub(crate) struct InboundMessage<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) content: &'a Value,
    pub(crate) reply: Option<RepliedTo<'a>>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) referral: Option<&'a Value>,
}

/// The message that a contact's message is a reply to.
#[derive(Clone, Copy)]
pub(crate) struct RepliedTo<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) callbacks: &'a [String],
}

/// A call that waits.
#[derive(Serialize)]
pub struct Waiting<'a> {
    provider: &'static str,
    url: Option<String>,
    attempt: u32,
    copy: u32,
    #[serde(serialize_with = "crate::core::world::serialize_time")]
    at: SystemTime,
    #[serde(serialize_with = "super::delivery_log::as_json")]
    body: &'a Bytes,
}

/// An event before its payload is written for each target.
struct EventDraft<'a> {
    at: SystemTime,
    /// Its time if the order of events is reversed.
    mirrored: SystemTime,
    business: &'a Phone,
    contact: &'a Phone,
    message_id: &'a str,
    reply_to: Option<&'a str>,
    user_id: Option<&'a str>,
    referral: Option<&'a Value>,
    sent_before: bool,
    what: MessageEventKind<'a>,
}

impl AccountWebhooks for WebhookQueue {
    fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    fn subscriptions_mut(&mut self) -> &mut Subscriptions {
        &mut self.subscriptions
    }

    fn own_target(&self, url: &str, holds_token: bool) -> Result<Target, Finding> {
        self.target_or_note(url, holds_token)
    }

    fn tries_of(&self, id: u64) -> Box<dyn Iterator<Item = &DeliveryAttempt> + '_> {
        let is_of = move |tried: &&DeliveryAttempt| matches!(tried.route, Destination::Subscribed(own, _) if own == id);
        Box::new(self.log.newest().filter(is_of))
    }
}

impl fmt::Debug for WebhookQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookQueue")
            .field("registered", &self.registered.keys().collect::<Vec<_>>())
            .field("pending", &self.pending.len())
            .field("in_flight", &self.in_flight.len())
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

impl std::fmt::Debug for Waiting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("provider", &self.provider)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
