//! What can go wrong between a provider and its client, on order.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::simulator::Wire;
use crate::{html_response, json_response, set_header, text_response};

/// One rule of the script: which requests it hits, how often, and what happens to them.
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
}

/// What happens.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    LoseReply,
    Truncate,
    Hang,
    Reset,
    Garbage,
    Html,
    Delay(Duration),
    Redirect { status: u16, location: Option<String> },
    Status { status: u16, body: Option<Value>, headers: Vec<(String, String)> },
    RateLimited,
}

/// How often.
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

    fn count(&mut self) {
        match self {
            Self::Next(left) => *left = left.saturating_sub(1),
            Self::Every { n, seen } => *seen = if *seen + 1 >= *n { 0 } else { *seen + 1 },
            Self::Always => {}
        }
    }
}

impl Kind {
    pub(crate) const NAMES: [&'static str; 10] =
        ["lose_reply", "truncate", "hang", "reset", "garbage", "html", "delay", "redirect", "status", "rate_limited"];

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
    rules: Vec<Fault>,
    last_id: u64,
}

/// More rules than this are refused: the script is looked through on every request.
pub(crate) const MAX_RULES: usize = 1_000;

impl Faults {
    /// Appends rules; false, and none is taken, if there would be too many.
    #[must_use]
    pub(crate) fn append(&mut self, mut rules: Vec<Fault>) -> bool {
        let fits = self.rules.len() + rules.len() <= MAX_RULES;
        if fits {
            for rule in &mut rules {
                self.last_id += 1;
                rule.id = self.last_id;
            }
            self.rules.append(&mut rules);
        }
        fits
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Removes one rule; false if there is none of that number.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    pub(crate) fn rules(&self) -> &[Fault] {
        &self.rules
    }

    /// The fault for this request, and counts it. A used-up rule is dropped.
    pub(crate) fn take(&mut self, provider: &str, is_send: bool) -> Option<Fault> {
        let mut hit = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.aims_at(provider, is_send)) {
            let due = rule.schedule.is_due();
            rule.schedule.count();
            if due {
                hit = Some(rule.clone());
                break;
            }
        }
        self.rules.retain(|rule| rule.schedule != Schedule::Next(0));
        hit
    }

    /// Whether the fault for this request, which is not counted, leaves the client without an answer.
    pub(crate) fn would_drop_reply(&self, provider: &str, is_send: bool) -> bool {
        let next = self.rules.iter().find(|rule| rule.aims_at(provider, is_send) && rule.schedule.is_due());
        next.is_some_and(|rule| rule.kind.drops_reply())
    }
}

impl Fault {
    fn aims_at(&self, provider: &str, is_send: bool) -> bool {
        self.provider == provider && (is_send || self.any_request)
    }

    /// Turns the provider's own answer, none if the message was not taken, into what the client gets.
    pub(crate) fn spoil(
        &self,
        own: Option<Response<Bytes>>,
        rate_limited: impl FnOnce() -> Response<Bytes>,
        request: &Request<Bytes>,
    ) -> (Response<Bytes>, Wire, Duration) {
        let own = own.unwrap_or_else(|| json_response(503, &json!({"error": "refused by an injected fault"})));
        let (response, wire, delay) = match &self.kind {
            Kind::LoseReply => (own, Wire::Lost, Duration::ZERO),
            Kind::Truncate => {
                let whole = if own.body().len() < 2 { json_response(own.status().as_u16(), &json!({})) } else { own };
                let half = whole.body().len() / 2;
                (whole, Wire::Truncated(half), Duration::ZERO)
            }
            Kind::Hang => (own, Wire::Hang, Duration::ZERO),
            Kind::Reset => (own, Wire::Reset, Duration::ZERO),
            Kind::Garbage => {
                let mut garbage = text_response(200, Bytes::from_static(b"{\"id\": \xff\xfe not JSON <<<"));
                set_header(&mut garbage, "content-type", "application/json");
                (garbage, Wire::Whole, Duration::ZERO)
            }
            Kind::Html => {
                let page =
                    "<!doctype html><html><head><title>Welcome</title></head><body><h1>It works</h1></body></html>";
                (html_response(200, page), Wire::Whole, Duration::ZERO)
            }
            Kind::Delay(delay) => (own, Wire::Whole, *delay),
            Kind::Redirect { status, location } => {
                let mut response = text_response(*status, "");
                // By default back to where the request went: a client that follows is seen in the ledger.
                let own = || request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
                let target = location.as_deref().unwrap_or_else(own);
                set_header(&mut response, "location", target);
                (response, Wire::Whole, Duration::ZERO)
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
                (response, Wire::Whole, Duration::ZERO)
            }
            Kind::RateLimited => (rate_limited(), Wire::Whole, Duration::ZERO),
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
        Fault { id: 0, provider: "exotel", kind, schedule, any_request: false, after_accept: true }
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
}
