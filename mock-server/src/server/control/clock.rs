//! `clock`: virtual time.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
#[cfg(feature = "server")]
use http::Response;
use serde_json::{Value, json};

use super::{Refusal, timers};
use crate::core::members::Members;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::time::{parse_duration, parse_time};

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
    let (advances, before) = (advance.is_some(), clock.now(real_now));
    if advance.as_deref() == Some("next") {
        // What is due already needs no advance.
        let due = timers::next(simulator, clock.now(real_now));
        if let Some((at, _)) = due
            && !clock.set(real_now, at)
        {
            return Err(members.error("`advance` is \"next\", which leads beyond the year 9000"));
        }
        event = Some(due.map_or(Value::Null, |(_, event)| event));
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
    if let Value::Object(answer) = &mut answer
        && advances
    {
        let (fired, more) = timers::between(simulator, before, simulator.clock.now(real_now));
        answer.extend(event.map(|event| ("event".to_owned(), event)));
        answer.insert("fired".to_owned(), fired.into());
        if more > 0 {
            answer.insert("more_fired".to_owned(), more.into());
        }
    }
    Ok(answer)
}

/// Puts the tries that were made since into an answer that tells what an advance brought about, in the place of the calls that
/// waited then. `tries` are the JSON of [`Simulator::webhooks`]'s log.
#[cfg(feature = "server")]
pub(crate) fn tell_tries(response: &mut Response<Bytes>, tries: impl Iterator<Item = Value>) {
    let Ok(mut answer) = serde_json::from_slice::<Value>(response.body()) else { return };
    let Some(fired) = answer.get_mut("fired").and_then(Value::as_array_mut) else { return };
    fired.retain(|event| event.get("kind").is_none_or(|kind| kind != "webhook"));
    let tries = tries.take(timers::MOST_TOLD).map(|tried| {
        let member = |name: &str| tried.get(name).cloned().unwrap_or_default();
        json!({
            "kind": "webhook", "provider": member("provider"), "at": member("at"), "attempt": member("attempt"),
            "number": member("number"), "status": member("status"),
        })
    });
    // Calls come first among what is due at the same moment, so that they go before what is sorted already.
    let mut all: Vec<Value> = tries.chain(fired.drain(..)).collect();
    all.sort_by_key(|event| event.get("at").and_then(Value::as_str).and_then(parse_time));
    *fired = all;
    *response.body_mut() = Bytes::from(answer.to_string());
}
