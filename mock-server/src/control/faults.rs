//! Faults: read from JSON, added, listed and removed.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::fault::{Fault, Kind, Schedule};
use crate::core::gate::Held;
use crate::core::simulator::Simulator;
use crate::core::webhook::Failure;

const LONGEST_DELAY_MS: u64 = 3_600_000;
const TOO_MANY: &str = "there would be more than 1000 faults or 16 MiB of them, expected fewer";

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection closes without a response.
    LoseReply,
    /// The response breaks off.
    Truncate,
    /// No response comes, and the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
    /// Status 200 with a body that is not JSON.
    Garbage,
    /// Status 200 with a page of HTML.
    Html,
    /// The response comes late, by `ms`.
    Delay,
    /// A redirect with `status` and `location`.
    Redirect,
    /// A `status` with `body` and `headers`.
    Status,
    /// The provider's own answer to too many requests.
    RateLimited,
    /// The message is accepted, and fails later with `code` or `name`.
    FailLater,
    /// The response is held until the gate of the name `gate` is opened.
    Gate,
}

/// The requests that a fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultScope {
    /// Sends.
    #[default]
    Send,
    /// Every request.
    Any,
}

/// A fault to add. It needs one of `next`, `every` and `always`; see [`FaultKind`] for the members of each kind.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[non_exhaustive]
pub struct NewFault {
    /// The provider whose requests it hits.
    pub provider: String,
    /// What happens.
    pub fault: FaultKind,
    /// Hits the next so many requests.
    #[schema(minimum = 1)]
    pub next: Option<u64>,
    /// Hits each so-manieth request.
    #[schema(minimum = 1)]
    pub every: Option<u64>,
    /// Hits every request.
    pub always: Option<bool>,
    /// Which requests count.
    pub on: Option<FaultScope>,
    /// Whether the provider accepts the message first. By default it does, but for `redirect`, `status` and `rate_limited`.
    pub after_accept: Option<bool>,
    /// Of `delay`: milliseconds, at most an hour.
    #[schema(maximum = 3_600_000)]
    pub ms: Option<u64>,
    /// Of `redirect` (300 to 399, 307 by default) and `status` (200 to 999).
    pub status: Option<u16>,
    /// Of `redirect`: the new address.
    pub location: Option<String>,
    /// Of `status`: the body; a text as it is, else JSON.
    #[schema(value_type = Option<Value>)]
    pub body: Option<Value>,
    /// Of `status`: headers.
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Map<String, Value>>,
    /// Of `fail_later`: the provider's code.
    pub code: Option<u32>,
    /// Of `fail_later`: the provider's name of the failure.
    pub name: Option<String>,
    /// Of `gate`: the gate's name, `gate` by default.
    pub gate: Option<String>,
}

impl NewFault {
    /// A fault of a provider's next send.
    pub fn new(provider: &str, fault: FaultKind) -> Self {
        Self {
            provider: provider.to_owned(),
            fault,
            next: Some(1),
            every: None,
            always: None,
            on: None,
            after_accept: None,
            ms: None,
            status: None,
            location: None,
            body: None,
            headers: None,
            code: None,
            name: None,
            gate: None,
        }
    }

    /// The same fault of the next `count` requests.
    #[must_use]
    pub fn next(self, count: u64) -> Self {
        Self { next: Some(count), every: None, always: None, ..self }
    }

    /// The same fault of every request.
    #[must_use]
    pub fn always(self) -> Self {
        Self { next: None, every: None, always: Some(true), ..self }
    }
}

/// One fault or a list of faults, as the control plane takes them.
#[derive(Debug, Clone)]
pub struct NewFaults(pub Vec<NewFault>);

impl<'de> Deserialize<'de> for NewFaults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = NewFaults;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a fault or an array of faults")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut faults: A) -> Result<NewFaults, A::Error> {
                let mut all = Vec::new();
                while let Some(fault) = faults.next_element()? {
                    all.push(fault);
                }
                Ok(NewFaults(all))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, fault: A) -> Result<NewFaults, A::Error> {
                NewFault::deserialize(serde::de::value::MapAccessDeserializer::new(fault))
                    .map(|fault| NewFaults(vec![fault]))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// A fault that is switched on.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct FaultRule {
    /// Its number; names it in [`Simulator::remove_fault`].
    pub id: u64,
    /// The provider whose requests it hits.
    pub provider: &'static str,
    /// What happens.
    pub fault: &'static str,
    /// Which requests count.
    pub on: FaultScope,
    /// Whether the provider accepts the message first.
    pub after_accept: bool,
    /// How often it hits.
    #[serde(flatten)]
    pub schedule: FaultSchedule,
    /// The members of its kind.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub details: FaultDetails,
}

/// How often a fault hits.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each member says what it is by its name")]
pub enum FaultSchedule {
    /// So many more times.
    Next { next: u64, remaining: u64 },
    /// Each so-manieth time.
    Every { every: u64 },
    /// Every time.
    Always { always: bool },
}

/// The members of one kind of fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each member says what it is by its name")]
pub enum FaultDetails {
    /// Of `delay`.
    Delay { ms: u64 },
    /// Of `status`.
    Status { status: u16, body: Option<Value>, headers: Map<String, Value> },
    /// Of `redirect`.
    Redirect { status: u16, location: Option<String> },
    /// Of `fail_later`.
    FailLater { code: u32, name: &'static str },
    /// Of `gate`.
    Gate { gate: String },
    /// Of the others.
    None {},
}

impl Simulator {
    /// Every fault that is switched on, in order.
    pub fn faults(&self) -> Vec<FaultRule> {
        self.faults.rules().iter().map(rule).collect()
    }

    /// Appends faults; the first that matches a request decides. Returns every fault.
    ///
    /// # Errors
    ///
    /// One of them cannot be, or there would be more than 1,000; then no fault is added.
    pub fn add_faults(&mut self, faults: &[NewFault]) -> Result<Vec<FaultRule>, ControlError> {
        let faults = faults.iter().enumerate();
        let faults = faults
            .map(|(index, fault)| self.read_fault(fault).map_err(|error| error.at(format!("fault {}", index + 1))));
        let faults = faults.collect::<Result<Vec<_>, _>>()?;
        if !self.faults.append(faults) {
            return Err(ControlError::refused(TOO_MANY));
        }
        self.note("faults");
        Ok(self.faults())
    }

    /// Removes the fault of this number.
    ///
    /// # Errors
    ///
    /// There is no such fault.
    pub fn remove_fault(&mut self, id: u64) -> Result<(), ControlError> {
        if !self.faults.remove(id) {
            return Err(ControlError::refused(
                "`id` names no fault, expected one of those that `GET /_mock/faults` lists",
            ));
        }
        self.note("faults");
        Ok(())
    }

    /// Removes every fault.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.note("faults");
    }

    /// The responses that faults of kind `gate` hold, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.gates.held()
    }

    /// Releases the oldest `count` responses of a gate, or of all gates. Returns how many.
    pub fn release(&mut self, gate: Option<&str>, count: usize) -> usize {
        self.note("gates");
        self.gates.release(gate, count)
    }

    /// Checks a fault.
    pub(crate) fn read_fault(&self, fault: &NewFault) -> Result<Fault, ControlError> {
        let provider = self.provider(&fault.provider)?;
        let schedule = schedule(fault)?;
        let kind = kind(fault, self.failures(provider))?;
        // These three are said in the place of taking the message; the others happen to the answer.
        let instead = matches!(kind, Kind::Redirect { .. } | Kind::Status { .. } | Kind::RateLimited);
        let after_accept = fault.after_accept.unwrap_or(!instead);
        if matches!(kind, Kind::FailLater(_)) && !after_accept {
            let problem = "`after_accept` is false, expected true: only an accepted message fails later";
            return Err(ControlError::refused(problem));
        }
        check_members(fault)?;
        let any_request = fault.on == Some(FaultScope::Any);
        Ok(Fault { id: 0, provider, bytes: kind.bytes(), kind, schedule, any_request, after_accept })
    }
}

fn kind(fault: &NewFault, failures: &[Failure]) -> Result<Kind, ControlError> {
    Ok(match fault.fault {
        FaultKind::LoseReply => Kind::LoseReply,
        FaultKind::Truncate => Kind::Truncate,
        FaultKind::Hang => Kind::Hang,
        FaultKind::Reset => Kind::Reset,
        FaultKind::Garbage => Kind::Garbage,
        FaultKind::Html => Kind::Html,
        FaultKind::Delay => match fault.ms {
            Some(ms) if ms <= LONGEST_DELAY_MS => Kind::Delay(Duration::from_millis(ms)),
            Some(ms) => {
                return Err(ControlError::invalid("ms", ms, format!("a whole number from 0 to {LONGEST_DELAY_MS}")));
            }
            None => return Err(ControlError::missing("ms", "the delay in milliseconds")),
        },
        FaultKind::Redirect => {
            if fault.location.as_ref().is_some_and(|location| HeaderValue::from_str(location).is_err()) {
                return Err(ControlError::refused("`location` cannot stand in a header, expected a URL"));
            }
            Kind::Redirect { status: status(fault, 300, 399)?.unwrap_or(307), location: fault.location.clone() }
        }
        FaultKind::Status => {
            let status = status(fault, 200, 999)?.ok_or_else(|| ControlError::missing("status", "an HTTP status"))?;
            Kind::Status { status, body: fault.body.clone(), headers: headers(fault.headers.as_ref())? }
        }
        FaultKind::RateLimited => Kind::RateLimited,
        FaultKind::FailLater => Kind::FailLater(failure(fault, failures)?),
        FaultKind::Gate => Kind::Gate(fault.gate.as_deref().unwrap_or("gate").into()),
    })
}

fn status(fault: &NewFault, least: u16, most: u16) -> Result<Option<u16>, ControlError> {
    let Some(status) = fault.status else { return Ok(None) };
    if (least..=most).contains(&status) {
        return Ok(Some(status));
    }
    Err(ControlError::invalid("status", status, format!("a whole number from {least} to {most}")))
}

/// The failure that `name` or `code` means, both in the provider's own words; without either its first. An unknown code is
/// taken as it is: there are more of them than pages list.
fn failure(fault: &NewFault, failures: &[Failure]) -> Result<Failure, ControlError> {
    let Some(first) = failures.first() else {
        return Err(ControlError::refused(
            "`fault` is \"fail_later\", expected another: this provider's simulator has no later failures",
        ));
    };
    let named = match &fault.name {
        None => failures.iter().find(|failure| Some(failure.code) == fault.code),
        Some(name) => {
            let named = failures.iter().find(|failure| failure.name.eq_ignore_ascii_case(name));
            if named.is_none() {
                let known = list(failures.iter().map(|failure| failure.name));
                return Err(ControlError::invalid_text("name", name, format!("one of {known}")));
            }
            named
        }
    };
    let failure = *named.unwrap_or(first);
    Ok(match fault.code {
        Some(code) if code != failure.code => Failure { code, text: "Failed on order", ..failure },
        _ => failure,
    })
}

fn headers(headers: Option<&Map<String, Value>>) -> Result<Vec<(String, String)>, ControlError> {
    let headers = headers.into_iter().flatten().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = name.to_ascii_lowercase();
        // The server frames the answer itself; a second length would break the connection, which is the work of `truncate`.
        if matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection") {
            return Err(ControlError::refused(format!(
                "`headers` has `{name}`, which the mock sets itself, expected others; `truncate` breaks an answer off"
            )));
        }
        if HeaderName::try_from(&name).is_err() || HeaderValue::from_str(&value).is_err() {
            let problem = format!("`headers` has `{name}`, expected names and values that HTTP can carry");
            return Err(ControlError::refused(problem));
        }
        Ok((name, value))
    });
    headers.collect()
}

fn schedule(fault: &NewFault) -> Result<Schedule, ControlError> {
    for (name, count) in [("next", fault.next), ("every", fault.every)] {
        if count == Some(0) {
            return Err(ControlError::invalid(name, 0, "a whole number from 1"));
        }
    }
    match (fault.next, fault.every, fault.always == Some(true)) {
        (Some(count), None, false) => Ok(Schedule::Next(count)),
        (None, Some(n), false) => Ok(Schedule::Every { n, seen: 0 }),
        (None, None, true) => Ok(Schedule::Always),
        (None, None, false) => Err(ControlError::missing("next", "one of `next`, `every` and `always`")),
        _ => Err(ControlError::refused("there are several of `next`, `every` and `always`, expected one of them")),
    }
}

/// Refuses a member that belongs to another kind of fault.
fn check_members(fault: &NewFault) -> Result<(), ControlError> {
    let own: &[&str] = match fault.fault {
        FaultKind::Delay => &["ms"],
        FaultKind::Redirect => &["status", "location"],
        FaultKind::Status => &["status", "body", "headers"],
        FaultKind::FailLater => &["code", "name"],
        FaultKind::Gate => &["gate"],
        _ => &[],
    };
    let given = [
        ("ms", fault.ms.is_some()),
        ("status", fault.status.is_some()),
        ("location", fault.location.is_some()),
        ("body", fault.body.is_some()),
        ("headers", fault.headers.is_some()),
        ("code", fault.code.is_some()),
        ("name", fault.name.is_some()),
        ("gate", fault.gate.is_some()),
    ];
    let Some((wrong, _)) = given.into_iter().find(|(name, given)| *given && !own.contains(name)) else { return Ok(()) };
    let common = ["provider", "fault", "next", "every", "always", "on", "after_accept"];
    let known = list(common.iter().chain(own));
    Err(ControlError::refused(format!("unknown member `{wrong}` of this fault, expected some of {known}")))
}

/// A rule as it was given; `next` is the count that remains.
pub(crate) fn rule(rule: &Fault) -> FaultRule {
    FaultRule {
        id: rule.id,
        provider: rule.provider,
        fault: rule.kind.name(),
        on: if rule.any_request { FaultScope::Any } else { FaultScope::Send },
        after_accept: rule.after_accept,
        schedule: match rule.schedule {
            Schedule::Next(left) => FaultSchedule::Next { next: left, remaining: left },
            Schedule::Every { n, .. } => FaultSchedule::Every { every: n },
            Schedule::Always => FaultSchedule::Always { always: true },
        },
        details: match &rule.kind {
            Kind::Delay(delay) => FaultDetails::Delay { ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX) },
            Kind::Redirect { status, location } => {
                FaultDetails::Redirect { status: *status, location: location.clone() }
            }
            Kind::Status { status, body, headers } => {
                let headers = headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
                FaultDetails::Status { status: *status, body: body.clone(), headers }
            }
            Kind::FailLater(failure) => FaultDetails::FailLater { code: failure.code, name: failure.name },
            Kind::Gate(name) => FaultDetails::Gate { gate: name.to_string() },
            _ => FaultDetails::None {},
        },
    }
}
