//! `clock`: virtual time.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::Refusal;
use super::members::Members;
use crate::time::{parse_duration, parse_time};
use crate::{Simulator, rfc3339};

pub(super) fn show(simulator: &Simulator, real_now: SystemTime) -> Value {
    json!({"now": rfc3339(simulator.clock.now(real_now)), "frozen": simulator.clock.frozen()})
}

/// Sets, then advances, then freezes or thaws; any of the three may be absent, but not all. An advance to `next` says what it
/// went to, null if nothing waits, and then the clock stays.
pub(super) fn change(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let mut clock = simulator.clock.clone();
    let mut changes = 0;
    let mut event = None;
    if let Some(text) = members.text("set")? {
        let time = parse_time(&text).ok_or_else(|| {
            members.error(&format!("`set` is \"{text}\", expected a time such as \"2026-05-11T09:00:00Z\""))
        })?;
        if !clock.set(real_now, time) {
            return Err(members.error(&format!("`set` is \"{text}\", expected a time between 1970 and 9000")));
        }
        changes += 1;
    }
    let advance = members.text("advance")?;
    if advance.as_deref() == Some("next") {
        // The first thing that waits, if it is later than now: what is due already needs no advance.
        let due = simulator.webhooks.next_waiting();
        if let Some((at, _)) = due
            && at > clock.now(real_now)
            && !clock.set(real_now, at)
        {
            return Err(members.error("`advance` is \"next\", which leads beyond the year 9000"));
        }
        event =
            Some(due.map_or(
                Value::Null,
                |(at, provider)| json!({"kind": "webhook", "provider": provider, "at": rfc3339(at)}),
            ));
        changes += 1;
    } else if let Some(text) = advance {
        let duration = parse_duration(&text).ok_or_else(|| {
            members.error(&format!(
                "`advance` is \"{text}\", expected a duration such as \"25h\", \"1h30m\", \"500ms\" or \"2d\", or \"next\""
            ))
        })?;
        if !clock.advance(real_now, duration) {
            return Err(members.error(&format!("`advance` is \"{text}\", which leads beyond the year 9000")));
        }
        changes += 1;
    }
    if let Some(frozen) = members.flag("freeze")? {
        clock.freeze(real_now, frozen);
        changes += 1;
    }
    if changes == 0 && members.is_empty() {
        return Err(members.error("nothing to do, expected some of `advance`, `set`, `freeze`"));
    }
    members.finish(&["advance", "set", "freeze"])?;
    simulator.clock = clock;
    let mut answer = show(simulator, real_now);
    if let (Some(event), Value::Object(answer)) = (event, &mut answer) {
        answer.insert("event".to_owned(), event);
    }
    Ok(answer)
}
