//! What the clock brings about: webhook calls and statuses that fall due, windows that close, conversations that go quiet and
//! end, limits that are full again.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::transcript::{Accepted, Entry};
use crate::core::webhook::DeliveryStatus;
use crate::core::world::timers::Timer;

/// More than this is not told one by one of one turn of the clock.
pub(crate) const MOST_TOLD: usize = 1_000;

/// Something that falls due. At the same moment they come in this order.
#[derive(Clone, Copy)]
enum Due<'a> {
    Webhook { provider: &'static str, attempt: u32 },
    Status(&'a Accepted, DeliveryStatus),
    Timer(Timer),
}

impl Due<'_> {
    fn order(&self) -> u8 {
        match self {
            Self::Webhook { .. } => 0,
            Self::Status(..) => 1,
            Self::Timer(_) => 2,
        }
    }
}

/// The first thing that falls due after `now`, and when.
pub(super) fn next(simulator: &Simulator, now: SystemTime) -> Option<(SystemTime, Value)> {
    let (at, first) = all(simulator, now, None).min_by_key(|(at, due)| (*at, due.order()))?;
    let mut json = print(simulator, at, first);
    if let (Due::Webhook { .. }, Value::Object(members)) = (first, &mut json) {
        members.remove("attempt");
    }
    Some((at, json))
}

/// What falls due after `after` and until `until`, in order, and how much more of it is not told. Of webhook calls these are the
/// ones that wait at present: what comes of them is not known before they are made.
pub(super) fn between(simulator: &Simulator, after: SystemTime, until: SystemTime) -> (Vec<Value>, usize) {
    let mut all: Vec<(SystemTime, Due<'_>)> = all(simulator, after, Some(until)).collect();
    all.sort_by_key(|(at, due)| (*at, due.order()));
    let more = all.len().saturating_sub(MOST_TOLD);
    (all.into_iter().take(MOST_TOLD).map(|(at, due)| print(simulator, at, due)).collect(), more)
}

fn all(
    simulator: &Simulator,
    after: SystemTime,
    until: Option<SystemTime>,
) -> impl Iterator<Item = (SystemTime, Due<'_>)> {
    let calls = simulator.webhooks.waiting().map(|(at, provider, attempt)| (at, Due::Webhook { provider, attempt }));
    let accepted = simulator.world.transcript.after(0).filter_map(|entry| match entry {
        Entry::Accepted(message) => Some(message),
        Entry::Received(_) => None,
    });
    let statuses =
        accepted.flat_map(|message| message.statuses().map(move |(progress, at)| (at, Due::Status(message, progress))));
    let fits = move |at: SystemTime| at > after && until.is_none_or(|until| at <= until);
    let told = calls.chain(statuses).filter(move |(at, _)| fits(*at));
    told.chain(simulator.world.timers(after, until).map(|(at, timer)| (at, Due::Timer(timer))))
}

fn print(simulator: &Simulator, at: SystemTime, due: Due<'_>) -> Value {
    match due {
        Due::Webhook { provider, attempt } => {
            json!({"kind": "webhook", "provider": provider, "at": rfc3339(at), "attempt": attempt})
        }
        Due::Status(message, progress) => {
            let status = Accepted::status_json(progress, at);
            json!({
                "kind": "status", "provider": message.provider, "at": rfc3339(at), "message_id": message.message_id,
                "to": message.to.e164(), "status": status.get("status"),
            })
        }
        Due::Timer(timer) => simulator.world.timer_json(at, timer),
    }
}
