//! What has happened to a simulator since the last look at it.
//!
//! The simulator does not know that anybody listens: it counts what it writes down, and here the counts are compared.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Value, json};

use crate::control::WindowState;
use crate::core::clock::Reading;
use crate::core::phone::Phone;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::transcript::{Accepted, Entry};

/// More new lines than this are not told one by one: everybody had better look at the whole again.
const MOST_NEW: u64 = 1_000;
/// More statuses than this do not wait to be told.
const MOST_SCHEDULED: usize = 20_000;

/// What there was at the last look.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Counts,
    calls: BTreeMap<&'static str, u64>,
    clock: Reading,
    /// Statuses that are to come, by the virtual time at which they do.
    scheduled: BTreeMap<(SystemTime, u64), Scheduled>,
    last_scheduled: u64,
}

/// How many lines each record ever got.
#[derive(Debug, Clone, Copy)]
struct Counts {
    journal: u64,
    ledger: u64,
    transcript: u64,
    tries: u64,
}

/// The event that a status will be; its content is nobody's business.
struct Scheduled(Value);

/// What there is to tell.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// There was more than is told, and everybody has to look at the whole again.
    pub(super) too_many: bool,
    pub(super) events: Events,
}

/// Names with JSON texts, in order. Texts, because read into values and printed again they would not be what the lists of the
/// control plane show: bodies keep the order, the repetitions and the digits with which they came.
#[derive(Debug, Default)]
pub(super) struct Events(Vec<(&'static str, String)>);

impl Events {
    fn push(&mut self, name: &'static str, data: &impl Serialize) {
        // What is told here always serialises, so the fallback is out of reach.
        self.0.push((name, serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned())));
    }

    /// As [`push`](Self::push), of an object that gets a member more.
    fn push_with(&mut self, name: &'static str, object: &impl Serialize, member: &str, value: &Value) {
        self.push(name, object);
        if let Some((_, text)) = self.0.last_mut()
            && text.ends_with('}')
        {
            text.pop();
            text.extend([",", &json!(member).to_string(), ":", &value.to_string(), "}"]);
        }
    }
}

impl IntoIterator for Events {
    type Item = (&'static str, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Counts {
    fn of(simulator: &Simulator) -> Self {
        Self {
            journal: simulator.journal.last(),
            ledger: simulator.world.last_line(),
            transcript: simulator.world.transcript.last(),
            tries: simulator.webhooks.last_try(),
        }
    }

    /// How many lines there are of the record that has most beyond `earlier`.
    fn most_beyond(self, earlier: Self) -> u64 {
        let (journal, ledger) =
            (self.journal.saturating_sub(earlier.journal), self.ledger.saturating_sub(earlier.ledger));
        let transcript = self.transcript.saturating_sub(earlier.transcript);
        journal.max(ledger).max(transcript).max(self.tries.saturating_sub(earlier.tries))
    }
}

impl Watch {
    pub(super) fn new(simulator: &Simulator) -> Self {
        Self {
            seen: Counts::of(simulator),
            calls: simulator.calls.clone(),
            clock: simulator.clock.reading(),
            scheduled: BTreeMap::new(),
            last_scheduled: 0,
        }
    }

    /// What is new since the last time.
    pub(super) fn changes(&mut self, simulator: &Simulator, real_now: SystemTime) -> Changes {
        let now = simulator.clock.now(real_now);
        let seen = std::mem::replace(&mut self.seen, Counts::of(simulator));
        let calls = std::mem::replace(&mut self.calls, simulator.calls.clone());
        let clock = std::mem::replace(&mut self.clock, simulator.clock.reading());
        let calls: Vec<&'static str> = simulator
            .calls
            .iter()
            .filter(|(call, count)| calls.get(*call) != Some(*count))
            .map(|(call, _)| *call)
            .collect();

        let mut changes = Changes::default();
        if let Some(reason) = calls.iter().find(|call| matches!(**call, "reset" | "state")) {
            self.scheduled.clear();
            let reason = if *reason == "state" { "import" } else { "reset" };
            changes.events.push("reset", &json!({"reason": reason}));
            return changes;
        }
        if self.seen.most_beyond(seen) > MOST_NEW {
            self.reschedule(simulator, now);
            changes.too_many = true;
            return changes;
        }
        let events = &mut changes.events;
        if clock != self.clock {
            events.push("clock", &json!({"now": rfc3339(now), "frozen": simulator.clock.frozen()}));
        }
        for call in calls.iter().filter(|call| !matches!(**call, "clock" | "inbound" | "faults")) {
            events.push("config", &json!({"call": call}));
        }
        self.push_written(simulator, now, seen, events);
        let mut hit = calls.contains(&"faults");
        for exchange in simulator.journal.after(seen.journal) {
            hit |= exchange.fault.is_some();
            events.push("request", exchange);
        }
        if hit {
            events.push("faults", &simulator.faults());
        }
        self.push_due(now, events);
        for (_, tried) in simulator.webhooks.tries_after(seen.tries) {
            events.push("webhook", tried);
        }
        changes
    }

    /// How long, in real time, until the next status is to be told; none if there is none, or the clock stands.
    pub(super) fn next_due_in(&self, simulator: &Simulator, real_now: SystemTime) -> Option<Duration> {
        let ((due, _), _) = self.scheduled.first_key_value()?;
        (!simulator.clock.frozen()).then(|| due.duration_since(simulator.clock.now(real_now)).unwrap_or_default())
    }

    fn push_written(&mut self, simulator: &Simulator, now: SystemTime, seen: Counts, events: &mut Events) {
        let window = |provider: &str, business: &Phone, contact: &Phone| {
            json!(WindowState::from(simulator.world.window(provider, business, contact, now)))
        };
        let entries: Vec<&Entry> = simulator.world.transcript.after(seen.transcript).collect();
        for entry in &entries {
            if let Entry::Received(message) = entry {
                let window = window(message.provider, &message.to, &message.from);
                events.push_with("inbound", &message.json(), "window", &window);
            }
        }
        for (_, line) in simulator.world.ledger_after(seen.ledger) {
            let window = window(line.provider, &line.from, &line.to);
            events.push_with("message", line, "window", &window);
        }
        for entry in entries {
            if let Entry::Accepted(message) = entry {
                self.schedule(message, None);
            }
        }
    }

    /// Everything that is to come of what is known.
    fn reschedule(&mut self, simulator: &Simulator, now: SystemTime) {
        self.scheduled.clear();
        for entry in simulator.world.transcript.after(0) {
            if let Entry::Accepted(message) = entry {
                self.schedule(message, Some(now));
            }
        }
    }

    fn schedule(&mut self, message: &Accepted, after: Option<SystemTime>) {
        for (progress, due) in message.statuses().filter(|(_, due)| after.is_none_or(|after| *due > after)) {
            if self.scheduled.len() < MOST_SCHEDULED {
                let mut status = message.json();
                if let (Value::Object(members), Value::Object(more)) =
                    (&mut status, Accepted::status_json(progress, due))
                {
                    members.remove("content");
                    members.extend(more);
                }
                self.last_scheduled += 1;
                self.scheduled.insert((due, self.last_scheduled), Scheduled(status));
            }
        }
    }

    fn push_due(&mut self, now: SystemTime, events: &mut Events) {
        while let Some(first) = self.scheduled.first_entry().filter(|first| first.key().0 <= now) {
            events.push("status", &first.remove().0);
        }
    }
}

impl std::fmt::Debug for Scheduled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scheduled")
    }
}
