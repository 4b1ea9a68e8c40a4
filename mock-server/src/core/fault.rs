//! Ordered failures between a provider and its client.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::core::response::{html_response, json_response, set_header, text_response};
use crate::core::webhook::Failure;

/// A fault rule: which requests it applies to, how often, and its effect.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// Names the rule among those that there are; 0 until it is one of them.
    pub(crate) id: u64,
    pub(crate) provider: &'static str,
    pub(crate) kind: Kind,
    pub(crate) schedule: Schedule,
    /// Whether it hits every request, and not only those that send.
    pub(crate) any_request: bool,
    /// Whether the provider takes the message before things go wrong.
    pub(crate) after_accept: bool,
    /// About how many bytes it holds.
    pub(crate) bytes: usize,
}

/// The effect of a fault.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    LoseReply,
    Truncate,
    Hang,
    Reset,
    Garbage,
    Html,
    Delay(Duration),
    Redirect {
        status: u16,
        location: Option<String>,
    },
    Status {
        status: u16,
        body: Option<Value>,
        headers: Vec<(String, String)>,
    },
    RateLimited,
    /// The message is accepted with a good response, and then fails by callback.
    FailLater(Failure),
    /// The response is held until the gate of this name is released.
    Gate(Box<str>),
}

/// The effect of a fault on a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFault {
    /// It arrives.
    Whole,
    /// The connection is closed without an answer.
    Lost,
    /// The head arrives, declaring the whole length, and so many bytes of the body; then the connection is closed.
    Truncated(usize),
    /// The whole response waits while [`Simulator::is_held`](crate::Simulator::is_held) is true for this number. If the client leaves, call
    /// [`Simulator::forget_held`](crate::Simulator::forget_held).
    Held(u64),
    /// The connection is reset.
    Reset,
    /// Nothing ever comes, and the connection stays open.
    Hang,
}

/// How often a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// The next so many requests that reach the rule.
    Next(u64),
    /// Each `n`th request that reaches the rule; `seen` counts those since the last hit.
    Every {
        n: u64,
        seen: u64,
    },
    Always,
}

impl Schedule {
    fn is_due(self) -> bool {
        match self {
            Self::Next(left) => left > 0,
            Self::Every { n, seen } => seen + 1 >= n,
            Self::Always => true,
        }
    }

    /// How many requests may pass before it is due.
    fn quiet(self) -> u64 {
        match self {
            Self::Every { n, seen } => n.saturating_sub(1).saturating_sub(seen),
            Self::Next(_) | Self::Always => 0,
        }
    }

    fn count(&mut self) {
        match self {
            Self::Next(left) => *left = left.saturating_sub(1),
            Self::Every { n, seen } => *seen = if *seen + 1 >= *n { 0 } else { *seen + 1 },
            Self::Always => {}
        }
    }
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::LoseReply => "lose_reply",
            Self::Truncate => "truncate",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::Garbage => "garbage",
            Self::Html => "html",
            Self::Delay(_) => "delay",
            Self::Redirect { .. } => "redirect",
            Self::Status { .. } => "status",
            Self::RateLimited => "rate_limited",
            Self::FailLater(_) => "fail_later",
            Self::Gate(_) => "gate",
        }
    }

    /// Whether the client gets nothing at all.
    fn drops_reply(&self) -> bool {
        matches!(self, Self::LoseReply | Self::Reset)
    }
}

/// The script, first match first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    providers: Vec<ProviderRules>,
    last_id: u64,
}

/// More rules than this are refused, and rules that hold more bytes.
pub(crate) const MAX_RULES: usize = 1_000;
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The rules of one provider. While none can be due, a request only counts, so that many rules cost no more than few.
#[derive(Debug)]
struct ProviderRules {
    provider: &'static str,
    rules: Vec<Fault>,
    /// So many requests pass before a rule can be due.
    quiet: u64,
    /// The requests that passed and that the rules have not counted.
    uncounted: Uncounted,
}

/// A request as the rules count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A send that the provider accepted.
    Accepted,
    /// A send that it did not accept.
    Refused,
    /// No send.
    Other,
}

impl Counted {
    pub(crate) fn of(is_send: bool, is_accepted: bool) -> Self {
        match (is_send, is_accepted) {
            (true, true) => Self::Accepted,
            (true, false) => Self::Refused,
            (false, _) => Self::Other,
        }
    }
}

/// How many requests of each kind passed.
#[derive(Debug, Clone, Copy, Default)]
struct Uncounted {
    accepted: u64,
    refused: u64,
    others: u64,
}

impl Uncounted {
    fn add(&mut self, request: Counted) {
        *match request {
            Counted::Accepted => &mut self.accepted,
            Counted::Refused => &mut self.refused,
            Counted::Other => &mut self.others,
        } += 1;
    }

    /// How many of them a rule counts.
    fn seen_by(self, rule: &Fault) -> u64 {
        let all = [(Counted::Accepted, self.accepted), (Counted::Refused, self.refused), (Counted::Other, self.others)];
        all.into_iter().filter(|(request, _)| rule.reaches(*request)).map(|(_, passed)| passed).sum()
    }
}

impl Faults {
    /// Appends rules and numbers them. Returns false and adds none if there would be too many, or too large ones.
    #[must_use]
    pub(crate) fn append(&mut self, rules: Vec<Fault>) -> bool {
        let present: usize = self.providers.iter().map(|rules| rules.rules.len()).sum();
        if present + rules.len() > MAX_RULES || self.bytes() + bytes(&rules) > MAX_BYTES {
            return false;
        }
        for mut rule in rules {
            self.last_id += 1;
            rule.id = self.last_id;
            self.push(rule);
        }
        true
    }

    fn push(&mut self, rule: Fault) {
        let provider = rule.provider;
        match self.providers.iter_mut().find(|rules| rules.provider == provider) {
            Some(rules) => rules.append(rule),
            None => self.providers.push(ProviderRules {
                provider,
                rules: vec![rule],
                quiet: 0,
                uncounted: Uncounted::default(),
            }),
        }
    }

    /// Rules with the numbers that they had, in their order, and the last number that was given; none of this is checked.
    pub(crate) fn restored(rules: Vec<Fault>, last_id: u64) -> Self {
        let mut faults = Self::default();
        for rule in rules {
            faults.push(rule);
        }
        faults.last_id = last_id;
        faults
    }

    /// About how many bytes the rules hold.
    pub(crate) fn bytes(&self) -> usize {
        self.providers.iter().map(|own| bytes(&own.rules)).sum()
    }

    /// The last number that a rule got, 0 before the first.
    pub(crate) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Removes every rule. Numbers go on.
    pub(crate) fn clear(&mut self) {
        self.providers.clear();
    }

    /// Removes one rule; false if there is none of that number.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        self.providers.iter_mut().any(|rules| rules.remove(id))
    }

    /// All rules, in order of insertion.
    pub(crate) fn rules(&self) -> Vec<Fault> {
        let mut rules: Vec<Fault> = self.providers.iter().flat_map(ProviderRules::counted).collect();
        rules.sort_by_key(|rule| rule.id);
        rules
    }

    /// The fault that hits this request, if a send of it that a rule waits for is accepted. Nothing is counted.
    pub(crate) fn next(&self, provider: &str, is_send: bool) -> Option<Fault> {
        let rules = self.providers.iter().find(|rules| rules.provider == provider && rules.quiet == 0)?;
        rules.next(is_send).cloned()
    }

    /// Counts a request, which `hit` is the fault of if there is one. A used-up rule is dropped.
    pub(crate) fn count(&mut self, provider: &str, request: Counted, hit: Option<&Fault>) {
        if let Some(rules) = self.providers.iter_mut().find(|rules| rules.provider == provider) {
            rules.count(request, hit.map(|hit| hit.id));
        }
    }

    /// Whether the fault for this request, which is not counted, leaves the client without an answer.
    pub(crate) fn would_drop_reply(&self, provider: &str, is_send: bool) -> bool {
        let Some(rules) = self.providers.iter().find(|rules| rules.provider == provider && rules.quiet == 0) else {
            return false;
        };
        rules.next(is_send).is_some_and(|rule| rule.kind.drops_reply())
    }
}

/// About how many bytes rules hold together.
pub(crate) fn bytes(rules: &[Fault]) -> usize {
    rules.iter().map(|rule| rule.bytes).sum()
}

impl Kind {
    /// About how many bytes it holds beside its own size.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Redirect { location, .. } => location.as_ref().map_or(0, String::len),
            Self::Status { body, headers, .. } => {
                let headers: usize = headers.iter().map(|(name, value)| 48 + name.len() + value.len()).sum();
                headers + body.as_ref().map_or(0, value_bytes)
            }
            Self::Gate(name) => name.len(),
            _ => 0,
        }
    }
}

/// A value takes up to sixteen times the bytes of its text.
fn value_bytes(value: &Value) -> usize {
    const ROW: usize = size_of::<Value>();
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| ROW + value_bytes(item)).sum(),
        Value::Object(members) => members.iter().map(|(name, item)| 2 * ROW + name.len() + value_bytes(item)).sum(),
        _ => 0,
    }
}

impl ProviderRules {
    fn append(&mut self, rule: Fault) {
        self.settle();
        self.rules.push(rule);
        self.quiet = 0;
    }

    fn remove(&mut self, id: u64) -> bool {
        self.settle();
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.quiet = 0;
        self.rules.len() < before
    }

    /// The first rule that is due.
    fn next(&self, is_send: bool) -> Option<&Fault> {
        self.rules.iter().find(|rule| (is_send || rule.any_request) && rule.schedule.is_due())
    }

    fn count(&mut self, request: Counted, hit: Option<u64>) {
        if self.quiet > 0 {
            self.quiet -= 1;
            self.uncounted.add(request);
            if self.quiet == 0 {
                self.settle();
            }
            return;
        }
        // The rules behind the one that hits do not see the request.
        let last = hit.and_then(|hit| self.rules.iter().position(|rule| rule.id == hit)).unwrap_or(usize::MAX);
        let mut is_used_up = false;
        for rule in self.rules.iter_mut().take(last.saturating_add(1)).filter(|rule| rule.reaches(request)) {
            rule.schedule.count();
            is_used_up |= rule.schedule == Schedule::Next(0);
        }
        if is_used_up {
            self.rules.retain(|rule| rule.schedule != Schedule::Next(0));
        }
        if hit.is_none() || self.rules.is_empty() {
            self.quiet = self.rules.iter().map(|rule| rule.schedule.quiet()).min().unwrap_or(u64::MAX);
        }
    }

    /// Lets the rules count what passed while it was quiet.
    fn settle(&mut self) {
        self.rules = self.counted().collect();
        self.uncounted = Uncounted::default();
    }

    fn counted(&self) -> impl Iterator<Item = Fault> {
        let uncounted = self.uncounted;
        self.rules.iter().cloned().map(move |mut rule| {
            let passed = uncounted.seen_by(&rule);
            if let Schedule::Every { seen, .. } = &mut rule.schedule {
                *seen += passed;
            }
            rule
        })
    }
}

impl Fault {
    /// Whether a request counts for the rule. A rule for accepted messages does not count sends that were refused.
    fn reaches(&self, request: Counted) -> bool {
        match request {
            Counted::Accepted => true,
            Counted::Refused => !self.after_accept,
            Counted::Other => self.any_request,
        }
    }

    /// Says in an answer, and in the journal, which rule made it.
    pub(crate) fn cause(&self) -> String {
        format!("fault {} ({})", self.id, self.kind.name())
    }

    /// Turns the provider's response (`None` if the message was not accepted) into the client's.
    pub(crate) fn apply(
        &self,
        own: Option<Response<Bytes>>,
        rate_limited: impl FnOnce() -> Response<Bytes>,
        request: &Request<Bytes>,
        mount: &str,
    ) -> (Response<Bytes>, WireFault, Duration) {
        let own = own.unwrap_or_else(|| json_response(503, &json!({"error": "refused by an injected fault"})));
        let (response, wire, delay) = match &self.kind {
            Kind::LoseReply => (own, WireFault::Lost, Duration::ZERO),
            Kind::Truncate => {
                let whole = if own.body().len() < 2 { json_response(own.status().as_u16(), &json!({})) } else { own };
                let half = whole.body().len() / 2;
                (whole, WireFault::Truncated(half), Duration::ZERO)
            }
            Kind::Hang => (own, WireFault::Hang, Duration::ZERO),
            Kind::Reset => (own, WireFault::Reset, Duration::ZERO),
            Kind::Garbage => {
                let mut garbage = text_response(200, Bytes::from_static(b"{\"id\": \xff\xfe not JSON <<<"));
                set_header(&mut garbage, "content-type", "application/json");
                (garbage, WireFault::Whole, Duration::ZERO)
            }
            Kind::Html => {
                let page =
                    "<!doctype html><html><head><title>Welcome</title></head><body><h1>It works</h1></body></html>";
                (html_response(200, page), WireFault::Whole, Duration::ZERO)
            }
            Kind::Delay(delay) => (own, WireFault::Whole, *delay),
            Kind::Redirect { status, location } => {
                let mut response = text_response(*status, "");
                // By default back to where the request went: a client that follows is seen in the ledger.
                let own = || request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
                match location {
                    Some(location) => set_header(&mut response, "location", location),
                    None => set_header(&mut response, "location", format_args!("{mount}{}", own())),
                }
                (response, WireFault::Whole, Duration::ZERO)
            }
            Kind::Status { status, body, headers } => {
                let mut response = match body {
                    None => text_response(*status, ""),
                    Some(Value::String(text)) => text_response(*status, text.clone()),
                    Some(json) => json_response(*status, json),
                };
                for (name, value) in headers {
                    set_header(&mut response, name, value);
                }
                (response, WireFault::Whole, Duration::ZERO)
            }
            Kind::RateLimited => (rate_limited(), WireFault::Whole, Duration::ZERO),
            // The caller handles failed messages and gates.
            Kind::FailLater(_) | Kind::Gate(_) => (own, WireFault::Whole, Duration::ZERO),
        };
        let mut response = response;
        set_header(&mut response, "x-transom-fault", self.kind.name());
        (response, wire, delay)
    }
}

#[cfg(test)]
mod tests;
