//! Due webhook calls and their results.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, StatusCode};

use super::call::{Destination, Outcome, QueuedCall, Sent};
use super::{IpNetwork, Signature, Target, Topic, WebhookRules};
use crate::core::simulator::Simulator;

const AGENT: HeaderValue = HeaderValue::from_static("transom-mock");
/// reqwest, which posts the calls, always sends it. It is set here, so that the log has it, too.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A webhook call that is due. `Debug` leaves headers and body out.
pub struct WebhookDelivery {
    /// Names it in [`Simulator::delivered`].
    pub id: u64,
    /// The provider's name.
    pub provider: &'static str,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The call with its absolute address, the headers of the provider and its body.
    pub request: Request<Bytes>,
    /// The addresses to connect to, the first that listens; nothing need be looked up.
    pub addresses: Vec<SocketAddr>,
}

/// The result of a webhook call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The target answered.
    Answered(StatusCode),
    /// No process listens there.
    Refused,
    /// No response in time.
    TimedOut,
    /// The connection ended without a valid response.
    Unanswered,
    /// TLS could not be agreed on: the target's certificate is not trusted, or it speaks none.
    TlsFailed,
}

/// The problem of a network, phrased to follow its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidNetwork(String);

impl Simulator {
    /// The same mock, whose webhooks may also go to the addresses of a network such as `10.1.0.0/16` or `fd12::/16`.
    /// Otherwise they stay on this machine. Cloud metadata addresses, addresses with another address inside, and
    /// unspecified or multicast addresses are never called.
    ///
    /// # Errors
    ///
    /// The text is no network, or one that is never called.
    pub fn allow_webhook_net(mut self, net: &str) -> Result<Self, InvalidNetwork> {
        self.webhooks.allow(IpNetwork::parse(net).map_err(InvalidNetwork)?);
        Ok(self)
    }

    /// Takes the next webhook call that is due, in the order of virtual time. Post it, and report the result to
    /// [`delivered`](Self::delivered). A failed call is repeated on the provider's schedule.
    pub fn due(&mut self, real_now: SystemTime) -> Option<WebhookDelivery> {
        self.due_at(real_now, |_| true)
    }

    /// As [`due`](Self::due), of those targets alone whose first address `is_free`.
    pub(crate) fn due_at(
        &mut self,
        real_now: SystemTime,
        is_free: impl Fn(SocketAddr) -> bool,
    ) -> Option<WebhookDelivery> {
        let now = self.clock.now(real_now);
        loop {
            // Conversations first: their events may be due before the queued calls.
            let until = self.webhooks.next_call_due(&is_free).map_or(now, |due| due.min(now));
            if self.announce_due(until) {
                continue;
            }
            let pending = self.webhooks.take_due(now, &is_free)?;
            let registration = self.webhooks.registration(pending.provider);
            let Some(url) = self.webhooks.url(&pending) else {
                // The webhook was removed while this waited for it.
                self.webhooks.give_up(pending, "removed");
                continue;
            };
            let of_account = registration.and_then(|registration| registration.secret.as_ref());
            let (target, secret) = match &pending.route {
                Destination::Own(target) => (Some(target.clone()), of_account),
                Destination::Registered => {
                    (registration.and_then(|registration| registration.target.clone()), of_account)
                }
                Destination::Subscribed(id, target) => {
                    let own = self.webhooks.subscriptions.get(*id).and_then(|own| own.secret.as_ref());
                    (target.clone(), own.or(of_account))
                }
            };
            let kind = registration.map_or(Signature::Good, |registration| registration.trouble.signature);
            let signature = secret.and_then(|secret| match kind {
                Signature::Good => secret.sign(&pending.body),
                Signature::Wrong => secret.other().sign(&pending.body),
                Signature::Missing => None,
            });
            let rules = self.webhook_rules_of(pending.provider, pending.topic);
            let request = request(target.as_ref(), &pending.body, rules, signature.as_deref());
            let sent = sent(url, &request);
            let Some(target) = target.filter(|_| !pending.lost) else {
                let error = match pending.route {
                    _ if pending.lost => Some("lost"),
                    Destination::Subscribed(..) => Some("passed_over"),
                    Destination::Registered | Destination::Own(_) => None,
                };
                self.webhooks.record(&pending, sent, Outcome { error, ..Outcome::default() });
                continue;
            };
            let addresses = target.addresses().to_vec();
            let QueuedCall { provider, attempt, .. } = pending;
            let id = self.webhooks.depart(pending, sent);
            return Some(WebhookDelivery { id, provider, attempt, request, addresses });
        }
    }

    /// Takes the result of a call from [`due`](Self::due). The pause before the next attempt counts from the time at
    /// which this one was due, so that the schedule does not depend on the speed of the clock. Unknown numbers are
    /// ignored: a reset may have happened in between.
    pub fn delivered(&mut self, id: u64, outcome: DeliveryOutcome) {
        let Some((pending, sent)) = self.webhooks.arrive(id) else { return };
        let (status, error) = match outcome {
            DeliveryOutcome::Answered(status) => (Some(status.as_u16()), None),
            DeliveryOutcome::Refused => (None, Some("refused")),
            DeliveryOutcome::TimedOut => (None, Some("timed_out")),
            DeliveryOutcome::Unanswered => (None, Some("no_answer")),
            DeliveryOutcome::TlsFailed => (None, Some("tls_failed")),
        };
        let pause = self.webhook_rules_of(pending.provider, pending.topic).pause_after(pending.attempt, status);
        let next_try_at = pause.map(|pause| pending.due + pause);
        self.webhooks.record(&pending, sent, Outcome { status, error, next_try_at });
        if let Some(due) = next_try_at {
            let attempt = pending.attempt + 1;
            self.webhooks.put(QueuedCall { due, attempt, ..pending });
        }
    }

    /// How long, in real time, until the next webhook call is due; zero if it is. `None` if nothing waits, or if the
    /// clock is frozen and has to be moved first.
    pub fn next_due_in(&self, real_now: SystemTime) -> Option<Duration> {
        self.next_due_at(real_now, |_| true)
    }

    /// As [`next_due_in`](Self::next_due_in), of those targets alone whose first address `is_free`.
    pub(crate) fn next_due_at(&self, real_now: SystemTime, is_free: impl Fn(SocketAddr) -> bool) -> Option<Duration> {
        let due = self.webhooks.next_due(is_free)?;
        match due.duration_since(self.clock.now(real_now)) {
            Ok(left) if left.is_zero() => Some(left),
            Ok(left) => (!self.clock.frozen()).then_some(left),
            Err(_) => Some(Duration::ZERO),
        }
    }

    /// How a provider signs and retries the events of messages.
    pub(crate) fn webhook_rules(&self, provider: &str) -> WebhookRules {
        self.webhook_rules_of(provider, Topic::Status)
    }

    fn webhook_rules_of(&self, provider: &str, topic: Topic) -> WebhookRules {
        let simulator = self.simulators.iter().find(|simulator| simulator.name() == provider);
        let rules = simulator.map(|simulator| match topic {
            Topic::Account => simulator.account_event_rules(&self.world),
            Topic::Inbound | Topic::Status => simulator.webhook_rules(&self.world),
        });
        rules.unwrap_or_default()
    }
}

/// The headers and address of a call, for the log.
fn sent(url: String, request: &Request<Bytes>) -> Sent {
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Sent { url, headers: headers.collect() }
}

fn request(target: Option<&Target>, body: &Bytes, rules: WebhookRules, signature: Option<&str>) -> Request<Bytes> {
    let mut request = Request::new(body.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.map(|target| target.uri().clone()).unwrap_or_default();
    let host = request.uri().authority().and_then(|authority| HeaderValue::try_from(authority.as_str()).ok());
    let headers = request.headers_mut();
    if let Some(host) = host {
        headers.insert(HOST, host);
    }
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, ANYTHING);
    headers.insert(USER_AGENT, AGENT);
    if let Some(name) = rules.signature_header
        && let Some(signature) = signature
        && let signature = signature.strip_prefix("sha256=").filter(|_| rules.signature_is_bare).unwrap_or(signature)
        && let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(signature))
    {
        headers.insert(name, value);
    }
    request
}

impl fmt::Debug for WebhookDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut delivery = f.debug_struct("WebhookDelivery");
        delivery.field("id", &self.id).field("provider", &self.provider).field("attempt", &self.attempt);
        delivery.field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
