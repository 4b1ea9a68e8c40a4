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
    /// Sends, and other requests, that passed and that the rules have not counted. `None` if it is not quiet.
    uncounted: (u64, u64),
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
            None => self.providers.push(ProviderRules { provider, rules: vec![rule], quiet: 0, uncounted: (0, 0) }),
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

    /// The fault for this request, and counts it. A used-up rule is dropped.
    pub(crate) fn take(&mut self, provider: &str, is_send: bool) -> Option<Fault> {
        self.providers.iter_mut().find(|rules| rules.provider == provider)?.take(is_send)
    }

    /// Whether the fault for this request, which is not counted, leaves the client without an answer.
    pub(crate) fn would_drop_reply(&self, provider: &str, is_send: bool) -> bool {
        let Some(rules) = self.providers.iter().find(|rules| rules.provider == provider && rules.quiet == 0) else {
            return false;
        };
        let next = rules.rules.iter().find(|rule| rule.reaches(is_send) && rule.schedule.is_due());
        next.is_some_and(|rule| rule.kind.drops_reply())
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

    fn take(&mut self, is_send: bool) -> Option<Fault> {
        if self.quiet > 0 {
            self.quiet -= 1;
            let (sends, others) = &mut self.uncounted;
            *(if is_send { sends } else { others }) += 1;
            if self.quiet == 0 {
                self.settle();
            }
            return None;
        }
        let mut hit = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.reaches(is_send)) {
            let due = rule.schedule.is_due();
            rule.schedule.count();
            if due {
                hit = Some(rule.clone());
                break;
            }
        }
        if hit.as_ref().is_some_and(|hit| hit.schedule == Schedule::Next(0)) {
            self.rules.retain(|rule| rule.schedule != Schedule::Next(0));
        }
        if hit.is_none() || self.rules.is_empty() {
            self.quiet = self.rules.iter().map(|rule| rule.schedule.quiet()).min().unwrap_or(u64::MAX);
        }
        hit
    }

    /// Lets the rules count what passed while it was quiet.
    fn settle(&mut self) {
        self.rules = self.counted().collect();
        self.uncounted = (0, 0);
    }

    fn counted(&self) -> impl Iterator<Item = Fault> {
        let (sends, others) = self.uncounted;
        self.rules.iter().cloned().map(move |mut rule| {
            if let Schedule::Every { seen, .. } = &mut rule.schedule {
                *seen += if rule.any_request { sends + others } else { sends };
            }
            rule
        })
    }
}

impl Fault {
    fn reaches(&self, is_send: bool) -> bool {
        is_send || self.any_request
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
mod tests {
    use super::*;

    fn fault(kind: Kind, schedule: Schedule) -> Fault {
        Fault { id: 0, provider: "exotel", kind, schedule, any_request: false, after_accept: true, bytes: 0 }
    }

    fn names(faults: &mut Faults, requests: usize) -> Vec<&'static str> {
        let mut names = Vec::new();
        for _ in 0..requests {
            names.push(faults.take("exotel", true).map_or("-", |fault| fault.kind.name()));
        }
        names
    }

    #[test]
    fn the_first_match_wins_and_is_used_up() {
        let mut faults = Faults::default();
        assert!(faults.append(vec![fault(Kind::LoseReply, Schedule::Next(2)), fault(Kind::Hang, Schedule::Next(1))]));
        assert_eq!(names(&mut faults, 4), ["lose_reply", "lose_reply", "hang", "-"]);
        assert!(faults.rules().is_empty());
    }

    #[test]
    fn every_third_is_the_third_the_sixth_and_so_on() {
        let mut faults = Faults::default();
        assert!(faults.append(vec![fault(Kind::Html, Schedule::Every { n: 3, seen: 0 })]));
        assert_eq!(names(&mut faults, 6), ["-", "-", "html", "-", "-", "html"]);
    }

    #[test]
    fn a_fault_hits_sends_of_its_provider_only_unless_it_says_any() {
        let mut faults = Faults::default();
        assert!(faults.append(vec![fault(Kind::Reset, Schedule::Always)]));
        assert!(faults.take("exotel", false).is_none());
        assert!(faults.take("messangi", true).is_none());
        faults.clear();
        assert!(faults.append(vec![Fault { any_request: true, ..fault(Kind::Reset, Schedule::Always) }]));
        assert!(faults.take("exotel", false).is_some());
    }

    #[test]
    fn a_rule_is_removed_by_its_number_which_no_other_ever_gets() {
        let mut faults = Faults::default();
        assert!(faults.append(vec![fault(Kind::Html, Schedule::Always), fault(Kind::Reset, Schedule::Always)]));
        assert!(faults.remove(2) && !faults.remove(2));
        assert!(faults.append(vec![fault(Kind::Hang, Schedule::Always)]));
        assert_eq!(
            faults.rules().iter().map(|rule| (rule.id, rule.kind.name())).collect::<Vec<_>>(),
            [(1, "html"), (3, "hang")]
        );
    }

    #[test]
    fn looking_ahead_counts_nothing() {
        let mut faults = Faults::default();
        assert!(faults.append(vec![fault(Kind::LoseReply, Schedule::Every { n: 2, seen: 0 })]));
        assert!(!faults.would_drop_reply("exotel", true));
        faults.take("exotel", true);
        assert!(faults.would_drop_reply("exotel", true));
        assert!(faults.would_drop_reply("exotel", true));
        assert!(faults.take("exotel", true).is_some());
    }

    #[test]
    fn too_many_rules_are_refused_as_a_whole() {
        let mut faults = Faults::default();
        assert!(!faults.append(vec![fault(Kind::Html, Schedule::Always); MAX_RULES + 1]));
        assert!(faults.rules().is_empty());
    }

    #[test]
    fn rules_over_the_bound_in_bytes_are_refused_as_a_whole() {
        let large = |body: Value| {
            let kind = Kind::Status { status: 500, body: Some(body), headers: Vec::new() };
            Fault { bytes: kind.bytes(), ..fault(kind, Schedule::Always) }
        };
        for (body, fit) in [(json!("x".repeat(3_000_000)), 5), (json!(vec![1; 100_000]), 5)] {
            let mut faults = Faults::default();
            for _ in 0..fit {
                assert!(faults.append(vec![large(body.clone())]));
            }
            assert!(!faults.append(vec![large(body)]));
            assert!(faults.bytes() <= MAX_BYTES && faults.rules().len() == fit);
        }
    }

    /// As the rules would be counted one by one.
    fn plain(rules: &mut [Fault], is_send: bool) -> Option<usize> {
        for (index, rule) in rules.iter_mut().enumerate().filter(|(_, rule)| rule.reaches(is_send)) {
            let due = rule.schedule.is_due();
            rule.schedule.count();
            if due {
                return Some(index);
            }
        }
        None
    }

    #[test]
    fn idle_fault_rules_count_skipped_requests_correctly() {
        let every = |n, any_request| Fault { any_request, ..fault(Kind::Html, Schedule::Every { n, seen: 0 }) };
        let rules = vec![every(7, false), every(5, true), every(11, true), every(3, false)];
        let (mut faults, mut counted) = (Faults::default(), rules.clone());
        assert!(faults.append(rules));
        for request in 0..500_u32 {
            let is_send = request % 3 != 1;
            let expected = plain(&mut counted, is_send).map(|index| index as u64 + 1);
            assert_eq!(faults.take("exotel", is_send).map(|hit| hit.id), expected, "request {request}");
            let seen: Vec<_> = faults.rules().iter().map(|rule| rule.schedule).collect();
            assert_eq!(seen, counted.iter().map(|rule| rule.schedule).collect::<Vec<_>>(), "request {request}");
        }
    }

    #[test]
    fn numbers_go_on_so_that_no_two_rules_have_the_same() {
        let mut faults = Faults::default();
        assert!(faults.append(vec![fault(Kind::Html, Schedule::Next(1)); 2]));
        faults.clear();
        assert!(faults.append(vec![fault(Kind::Html, Schedule::Next(1))]));
        assert_eq!(faults.take("exotel", true).map(|hit| hit.cause()), Some("fault 3 (html)".to_owned()));
    }
}
