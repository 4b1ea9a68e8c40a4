//! `faults`: the script of what goes wrong.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::{Refusal, provider};
use crate::core::behavior_switch::list;
use crate::core::fault::{Fault, Kind, MAX_RULES, Schedule};
use crate::core::members::{Members, body};
use crate::core::request::Query;
use crate::core::simulator::Simulator;
use crate::core::webhook::Failure;

const LONGEST_DELAY_MS: u64 = 3_600_000;
/// The members of every rule; more of them belong to a kind.
const MEMBERS: [&str; 7] = ["provider", "fault", "next", "every", "always", "on", "after_accept"];

/// Every rule that is still there, in order.
pub(crate) fn show(simulator: &Simulator) -> Value {
    simulator.faults.rules().iter().map(rule_json).collect()
}

/// Appends one rule or a list of them: all, or none if any is wrong.
pub(super) fn append(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let rules = match body(request)? {
        Value::Array(rules) => rules,
        rule @ Value::Object(_) => vec![rule],
        _ => return Err(Refusal::bad("the body is no fault, expected an object or an array of objects")),
    };
    let rules = rules.into_iter().enumerate();
    let rules = rules.map(|(index, rule)| read(simulator, Members::of(rule, &format!("fault {}: ", index + 1))?));
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    if !simulator.faults.append(rules) {
        return Err(Refusal::bad(format!("there would be more than {MAX_RULES} faults, expected fewer")));
    }
    Ok(show(simulator))
}

/// Removes the rule that `?id=` names, or every one; what is left is the answer.
pub(super) fn remove(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let query = Query::of(request);
    if let Some(unknown) = query.names().find(|name| *name != "id") {
        return Err(Refusal::bad(format!("unknown parameter `{unknown}`, expected `id`")));
    }
    match query.get("id").map(str::parse) {
        None => simulator.faults.clear(),
        Some(Ok(id)) if simulator.faults.remove(id) => {}
        Some(_) => {
            return Err(Refusal::bad("`id` names no fault, expected one of those that `GET /_mock/faults` lists"));
        }
    }
    Ok(show(simulator))
}

/// Reads one rule.
pub(crate) fn read(simulator: &Simulator, mut members: Members) -> Result<Fault, Refusal> {
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let failures = simulator.failures(provider);
    let kind = kind(&mut members, failures)?;
    let schedule = schedule(&mut members)?;
    let any_request = match members.text("on")?.as_deref() {
        None | Some("send") => false,
        Some("any") => true,
        Some(other) => return Err(members.error(&format!("`on` is \"{other}\", expected `send` or `any`"))),
    };
    // These three are said instead of taking the message; the others happen to the answer.
    let instead = matches!(kind, Kind::Redirect { .. } | Kind::Status { .. } | Kind::RateLimited);
    let after_accept = members.flag("after_accept")?.unwrap_or(!instead);
    if matches!(kind, Kind::FailLater(_)) && !after_accept {
        return Err(members.error("`after_accept` is false, expected true: only what was taken fails later"));
    }
    let own: &[&str] = match &kind {
        Kind::Delay(_) => &["ms"],
        Kind::Redirect { .. } => &["status", "location"],
        Kind::Status { .. } => &["status", "body", "headers"],
        Kind::FailLater(_) => &["code", "name"],
        Kind::Gate(_) => &["gate"],
        _ => &[],
    };
    members.finish(&[&MEMBERS, own].concat())?;
    Ok(Fault { id: 0, provider, kind, schedule, any_request, after_accept })
}

fn kind(members: &mut Members, failures: &[Failure]) -> Result<Kind, Refusal> {
    let name = members.needed_text("fault", &format!("one of {}", list(Kind::NAMES)))?;
    Ok(match name.as_str() {
        "lose_reply" => Kind::LoseReply,
        "truncate" => Kind::Truncate,
        "hang" => Kind::Hang,
        "reset" => Kind::Reset,
        "garbage" => Kind::Garbage,
        "html" => Kind::Html,
        "delay" => {
            let milliseconds = members.number("ms", 0, LONGEST_DELAY_MS)?;
            let milliseconds = milliseconds.ok_or_else(|| members.missing("ms", "the delay in milliseconds"))?;
            Kind::Delay(Duration::from_millis(milliseconds))
        }
        "redirect" => {
            let status = members.number("status", 300, 399)?.unwrap_or(307);
            let location = members.text("location")?;
            if let Some(location) = &location
                && HeaderValue::from_str(location).is_err()
            {
                return Err(members.error("`location` cannot stand in a header, expected a URL"));
            }
            Kind::Redirect { status: u16::try_from(status).unwrap_or(307), location }
        }
        "status" => {
            let status = members.number("status", 200, 999)?.and_then(|status| u16::try_from(status).ok());
            let status = status.ok_or_else(|| members.missing("status", "an HTTP status"))?;
            Kind::Status { status, body: members.take("body"), headers: headers(members)? }
        }
        "rate_limited" => Kind::RateLimited,
        "fail_later" => Kind::FailLater(failure(members, failures)?),
        "gate" => {
            let name = members.text("gate")?.unwrap_or_else(|| "gate".to_owned());
            Kind::Gate(name.into())
        }
        other => return Err(members.error(&format!("`fault` is \"{other}\", expected one of {}", list(Kind::NAMES)))),
    })
}

/// The failure that `name` or `code` means, both in the provider's own words; without either its first. A code that is not
/// known is taken as it is: there are more of them than pages list.
fn failure(members: &mut Members, failures: &[Failure]) -> Result<Failure, Refusal> {
    let code = members.number("code", 0, u64::from(u32::MAX))?.and_then(|code| u32::try_from(code).ok());
    let name = members.text("name")?;
    let Some(first) = failures.first() else {
        return Err(members.error("`fault` is \"fail_later\", expected another: this provider tells of no failures"));
    };
    let named = match &name {
        None => failures.iter().find(|failure| Some(failure.code) == code),
        Some(name) => {
            let named = failures.iter().find(|failure| failure.name.eq_ignore_ascii_case(name));
            if named.is_none() {
                let known = list(failures.iter().map(|failure| failure.name));
                return Err(members.error(&format!("`name` is \"{name}\", expected one of {known}")));
            }
            named
        }
    };
    let failure = *named.unwrap_or(first);
    Ok(match code {
        Some(code) if code != failure.code => Failure { code, text: "Failed on order", ..failure },
        _ => failure,
    })
}

fn headers(members: &mut Members) -> Result<Vec<(String, String)>, Refusal> {
    let headers = match members.take("headers") {
        None => Map::new(),
        Some(Value::Object(headers)) => headers,
        Some(other) => return Err(members.wrong("headers", &other, "an object of names and values")),
    };
    let headers = headers.into_iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let name = name.to_ascii_lowercase();
        // The server frames the answer itself; a second opinion on its length would break the connection, which is what
        // `truncate` is for.
        let framing = matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection");
        if framing {
            return Err(members.error(&format!(
                "`headers` has `{name}`, which the mock sets itself, expected others; `truncate` breaks an answer off"
            )));
        }
        if HeaderName::try_from(&name).is_err() || HeaderValue::from_str(&value).is_err() {
            return Err(
                members.error(&format!("`headers` has `{name}`, expected names and values that HTTP can carry"))
            );
        }
        Ok((name, value))
    });
    headers.collect()
}

fn schedule(members: &mut Members) -> Result<Schedule, Refusal> {
    let next = members.number("next", 1, u64::MAX)?;
    let every = members.number("every", 1, u64::MAX)?;
    let always = members.flag("always")?.unwrap_or(false);
    match (next, every, always) {
        (Some(count), None, false) => Ok(Schedule::Next(count)),
        (None, Some(n), false) => Ok(Schedule::Every { n, seen: 0 }),
        (None, None, true) => Ok(Schedule::Always),
        (None, None, false) => Err(members.missing("next", "one of `next`, `every` and `always`")),
        _ => Err(members.error("there are several of `next`, `every` and `always`, expected one of them")),
    }
}

/// A rule as it was given; `next` is what remains of it.
pub(crate) fn rule_json(rule: &Fault) -> Value {
    let mut json = json!({
        "id": rule.id,
        "provider": rule.provider,
        "fault": rule.kind.name(),
        "on": if rule.any_request { "any" } else { "send" },
        "after_accept": rule.after_accept,
    });
    let schedule = match rule.schedule {
        Schedule::Next(left) => json!({"next": left, "remaining": left}),
        Schedule::Every { n, .. } => json!({"every": n}),
        Schedule::Always => json!({"always": true}),
    };
    let details = match &rule.kind {
        Kind::Delay(delay) => json!({"ms": u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)}),
        Kind::Redirect { status, location } => json!({"status": status, "location": location}),
        Kind::Status { status, body, headers } => {
            let headers: Map<String, Value> =
                headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
            json!({"status": status, "body": body, "headers": headers})
        }
        Kind::FailLater(failure) => json!({"code": failure.code, "name": failure.name}),
        Kind::Gate(name) => json!({"gate": name}),
        _ => json!({}),
    };
    if let Value::Object(json) = &mut json {
        for part in [schedule, details] {
            if let Value::Object(part) = part {
                json.extend(part);
            }
        }
    }
    json
}
