//! `wait`: whether something has happened. A server that can wait asks again until it has.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Refusal, provider};
use crate::core::phone::Phone;
use crate::core::request::Query;
use crate::core::response::json_response;
use crate::core::simulator::Simulator;
use crate::core::time::parse_duration;
use crate::core::transcript::Entry;

/// What is answered as long as nothing matches.
pub(crate) const NOT_YET: StatusCode = StatusCode::GATEWAY_TIMEOUT;

const COMMON: [&str; 5] = ["for", "provider", "since", "count", "timeout"];
const MOST: usize = 10_000;

/// The first `count` matches after number `since`, and the number of the last one, to wait for what comes behind it.
pub(super) fn answer(
    simulator: &Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let query = Query::of(request);
    let wanted = Wanted::read(simulator, &query)?;
    let found = wanted.look(simulator, simulator.clock.now(real_now));
    if found.len() >= wanted.count {
        let last = found.last().map_or(wanted.since, |(number, _)| *number);
        let matches: Vec<Value> = found.into_iter().map(|(_, json)| json).collect();
        return Ok(json_response(200, &json!({"last": last, "matches": matches})));
    }
    let error = format!("{} of {} came in time", found.len(), wanted.count);
    Ok(json_response(NOT_YET.as_u16(), &json!({"error": error, "last": wanted.last(simulator)})))
}

/// What somebody waits for.
struct Wanted<'a> {
    kind: Kind,
    provider: Option<&'static str>,
    since: u64,
    count: usize,
    /// A member's name with the text that it must hold.
    texts: Vec<(&'a str, &'a str)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Request,
    Message,
    Delivery,
    Gate,
    Inbound,
    Status,
}

impl Kind {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "request" => Self::Request,
            "message" => Self::Message,
            "delivery" => Self::Delivery,
            "gate" => Self::Gate,
            "inbound" => Self::Inbound,
            "status" => Self::Status,
            _ => return None,
        })
    }

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

impl<'a> Wanted<'a> {
    fn read(simulator: &Simulator, query: &'a Query) -> Result<Self, Refusal> {
        let kinds = "expected one of `request`, `message`, `delivery`, `gate`, `inbound`, `status`";
        let kind = query.get("for").unwrap_or("request");
        let kind = Kind::read(kind).ok_or_else(|| Refusal::bad(format!("`for` is `{kind}`, {kinds}")))?;
        let number = |name: &str, least: u64| match query.get(name) {
            None => Ok(None),
            Some(text) => match text.parse::<u64>().ok().filter(|number| *number >= least) {
                Some(number) => Ok(Some(number)),
                None => Err(Refusal::bad(format!("`{name}` is `{text}`, expected a whole number from {least}"))),
            },
        };
        if let Some(text) = query.get("timeout")
            && parse_duration(text).is_none()
        {
            return Err(Refusal::bad(format!("`timeout` is `{text}`, expected a duration such as `5s`")));
        }
        let mut texts = Vec::new();
        for name in query.names().filter(|name| !COMMON.contains(name)) {
            if !kind.members().contains(&name) {
                let known = crate::core::behavior_switch::list(COMMON.iter().chain(kind.members()));
                return Err(Refusal::bad(format!("unknown parameter `{name}`, expected some of {known}")));
            }
            texts.push((name, query.get(name).unwrap_or_default()));
        }
        let count = number("count", 1)?.and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
        if count > MOST {
            return Err(Refusal::bad(format!("`count` is {count}, expected at most {MOST}")));
        }
        Ok(Self {
            kind,
            provider: query.get("provider").map(|name| provider(simulator, name)).transpose()?,
            since: number("since", 0)?.unwrap_or(0),
            count,
            texts,
        })
    }

    fn look(&self, simulator: &Simulator, now: SystemTime) -> Vec<(u64, Value)> {
        let since = self.since;
        match self.kind {
            Kind::Request => {
                let all = simulator.journal.after(since).map(|exchange| (exchange.number, exchange));
                self.pick(all.filter(|(_, exchange)| self.provider.is_none() || exchange.provider == self.provider))
            }
            Kind::Message => {
                self.pick(simulator.world.ledger_after(since).filter(|(_, line)| self.is_of(line.provider)))
            }
            Kind::Delivery => {
                self.pick(simulator.webhooks.tries_after(since).filter(|(_, tried)| self.is_of(tried.provider)))
            }
            Kind::Gate => {
                let held = simulator.gates.held().filter(|held| held.request > since && self.is_of(held.provider));
                self.pick(held.map(|held| (held.request, held)))
            }
            Kind::Inbound | Kind::Status => self.pick_written(simulator, now),
        }
    }

    /// What customers wrote, or what became of the business's messages by now.
    fn pick_written(&self, simulator: &Simulator, now: SystemTime) -> Vec<(u64, Value)> {
        let entries = simulator.world.transcript.numbered_after(self.since);
        let lines = entries.flat_map(|(number, entry)| {
            let lines = match (self.kind, entry) {
                (Kind::Inbound, Entry::Received(message)) if self.is_of(message.provider) => vec![message.json()],
                (Kind::Status, Entry::Accepted(message)) if self.is_of(message.provider) => message.status_lines(now),
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
            Kind::Request | Kind::Gate => simulator.journal.last(),
            Kind::Message => simulator.world.last_line(),
            Kind::Delivery => simulator.webhooks.last_try(),
            Kind::Inbound | Kind::Status => simulator.world.transcript.last(),
        }
    }
}
