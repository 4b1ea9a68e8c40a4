//! Whether something has happened. A server that can wait asks again until it has.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read::{Span, whole_number};
use crate::core::error::ControlError;
use crate::core::phone::Phone;
use crate::core::simulator::Simulator;
use crate::core::transcript::Entry;

const COMMON: [&str; 5] = ["for", "provider", "since", "count", "timeout"];
const MAX_COUNT: u64 = 10_000;

/// What to wait for. Further parameters narrow it, by the members of what is waited for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Wait {
    /// What to wait for.
    #[serde(default, rename = "for")]
    pub kind: WaitFor,
    /// Of this provider only.
    pub provider: Option<String>,
    /// Only what came after the one of this number.
    #[serde(default, deserialize_with = "whole_number")]
    pub since: Option<u64>,
    /// How many must match; 1 by default.
    #[serde(default, deserialize_with = "whole_number")]
    pub count: Option<u64>,
    /// How long to wait, in real time; 10 s by default, 10 minutes at most. [`Simulator::find`] does not wait.
    pub timeout: Option<Span>,
    /// Members and the texts that they must hold.
    #[serde(flatten)]
    pub narrowed_by: BTreeMap<String, String>,
}

/// The kinds of things to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// A request to a provider.
    #[default]
    Request,
    /// A message that reached a contact.
    Message,
    /// An attempt to deliver a webhook call.
    Delivery,
    /// A response that a gate holds.
    Gate,
    /// A contact's message.
    Inbound,
    /// A status of a message.
    Status,
}

/// The first matches.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Matches {
    /// The number of the last match, to wait for what comes behind it.
    pub last: u64,
    /// As the lists of the control plane show them.
    #[schema(value_type = Vec<Object>)]
    pub matches: Vec<Value>,
}

/// Too little has matched so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NotYet {
    /// How many of how many matched.
    pub error: String,
    /// The number of the last thing of the kind, whether it matches or not.
    pub last: u64,
}

impl WaitFor {
    /// The members that can be asked for. Those that hold more than a word need only contain it.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Request => &["method", "path", "status", "body", "response", "fault"],
            Self::Message => &["message_id", "from", "to", "reference", "content"],
            Self::Delivery => &["url", "attempt", "status", "body"],
            Self::Gate => &["gate"],
            Self::Inbound => &["message_id", "from", "to", "content", "name"],
            Self::Status => &["message_id", "from", "to", "reference", "status"],
        }
    }
}

#[cfg(feature = "server")]
impl Wait {
    /// Whether it waits for statuses, which come by the clock alone.
    pub(crate) fn is_of_statuses(&self) -> bool {
        self.kind == WaitFor::Status
    }
}

impl Simulator {
    /// The first `count` matches after number `since`; the inner error says that there are not so many yet.
    ///
    /// # Errors
    ///
    /// A parameter cannot be.
    pub fn find(&self, real_now: SystemTime, wait: &Wait) -> Result<Result<Matches, NotYet>, ControlError> {
        let wanted = Wanted::of(self, wait)?;
        let found = wanted.look(self, self.clock.now(real_now));
        if found.len() >= wanted.count {
            let last = found.last().map_or(wanted.since, |(number, _)| *number);
            return Ok(Ok(Matches { last, matches: found.into_iter().map(|(_, json)| json).collect() }));
        }
        let error = format!("{} of {} came in time", found.len(), wanted.count);
        Ok(Err(NotYet { error, last: wanted.last(self) }))
    }
}

/// A checked [`Wait`].
struct Wanted<'a> {
    kind: WaitFor,
    provider: Option<&'static str>,
    since: u64,
    count: usize,
    /// A member's name with the text that it must hold.
    texts: Vec<(&'a str, &'a str)>,
}

impl<'a> Wanted<'a> {
    fn of(simulator: &Simulator, wait: &'a Wait) -> Result<Self, ControlError> {
        let mut texts = Vec::new();
        for (name, text) in &wait.narrowed_by {
            if !wait.kind.members().contains(&name.as_str()) {
                let known = crate::core::behavior_switch::list(COMMON.iter().chain(wait.kind.members()));
                return Err(ControlError::refused(format!("unknown parameter `{name}`, expected some of {known}")));
            }
            texts.push((name.as_str(), text.as_str()));
        }
        let count = wait.count.unwrap_or(1);
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(ControlError::invalid(
                "count",
                format!("`{count}`"),
                format!("a whole number from 1 to {MAX_COUNT}"),
            ));
        }
        let provider = wait.provider.as_deref().map(|name| simulator.provider(name)).transpose()?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(Self { kind: wait.kind, provider, since: wait.since.unwrap_or(0), count, texts })
    }

    fn look(&self, simulator: &Simulator, now: SystemTime) -> Vec<(u64, Value)> {
        let since = self.since;
        match self.kind {
            WaitFor::Request => {
                let all = simulator.journal.after(since).map(|exchange| (exchange.number, exchange));
                self.pick(all.filter(|(_, exchange)| self.provider.is_none() || exchange.provider == self.provider))
            }
            WaitFor::Message => {
                self.pick(simulator.world.ledger_after(since).filter(|(_, line)| self.is_of(line.provider)))
            }
            WaitFor::Delivery => {
                self.pick(simulator.webhooks.tries_after(since).filter(|(_, tried)| self.is_of(tried.provider)))
            }
            WaitFor::Gate => {
                let held = simulator.gates.held().filter(|held| held.request > since && self.is_of(held.provider));
                self.pick(held.map(|held| (held.request, held)))
            }
            WaitFor::Inbound | WaitFor::Status => self.pick_written(simulator, now),
        }
    }

    /// What customers wrote, or what became of the business's messages by now.
    fn pick_written(&self, simulator: &Simulator, now: SystemTime) -> Vec<(u64, Value)> {
        let entries = simulator.world.transcript.numbered_after(self.since);
        let lines = entries.flat_map(|(number, entry)| {
            let lines = match (self.kind, entry) {
                (WaitFor::Inbound, Entry::Received(message)) if self.is_of(message.provider) => vec![message.json()],
                (WaitFor::Status, Entry::Accepted(message)) if self.is_of(message.provider) => {
                    message.status_lines(now)
                }
                _ => Vec::new(),
            };
            lines.into_iter().map(move |line| (number, line))
        });
        lines.filter(|(_, json)| self.fits(json)).take(self.count).collect()
    }

    fn pick<'t, T: Serialize + 't>(&self, all: impl Iterator<Item = (u64, &'t T)>) -> Vec<(u64, Value)> {
        // What serialises in this crate always does, so nothing is lost here.
        let printed = all.filter_map(|(number, thing)| Some((number, serde_json::to_value(thing).ok()?)));
        printed.filter(|(_, json)| self.fits(json)).take(self.count).collect()
    }

    fn fits(&self, json: &Value) -> bool {
        self.texts.iter().all(|(name, wanted)| match json.get(*name) {
            None | Some(Value::Null) => wanted.is_empty(),
            // A `+` in a query is a space to whoever decodes it.
            Some(Value::String(text)) if matches!(*name, "from" | "to") => Phone::read(text) == Phone::read(wanted),
            Some(Value::String(text)) if matches!(*name, "path" | "url" | "body" | "response") => text.contains(wanted),
            Some(Value::String(text)) => text == wanted,
            Some(Value::Number(number)) => number.to_string() == *wanted,
            Some(other) => other.to_string().contains(wanted),
        })
    }

    fn is_of(&self, provider: &str) -> bool {
        self.provider.is_none_or(|wanted| wanted == provider)
    }

    /// The number of the last thing of the kind, whether it matches or not.
    fn last(&self, simulator: &Simulator) -> u64 {
        match self.kind {
            WaitFor::Request | WaitFor::Gate => simulator.journal.last(),
            WaitFor::Message => simulator.world.last_line(),
            WaitFor::Delivery => simulator.webhooks.last_try(),
            WaitFor::Inbound | WaitFor::Status => simulator.world.transcript.last(),
        }
    }
}
