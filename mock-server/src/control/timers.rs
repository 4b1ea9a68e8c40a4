//! Events that time alone brings about: webhook calls and statuses that fall due, windows that close, conversations that end,
//! limits that are full again.

use std::time::SystemTime;

use serde::Serialize;

use super::read::Time;
use crate::core::simulator::Simulator;
use crate::core::transcript::{Accepted, Entry};
use crate::core::webhook::{DeliveryAttempt, DeliveryStatus};
use crate::core::world::timers::{NamedTimer, Timer};

/// More events of one turn of the clock are counted and not listed.
pub(crate) const MAX_LISTED: usize = 1_000;

/// An event that falls due at a moment of virtual time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each member says what it is by its name")]
#[allow(clippy::option_option, reason = "absent, null and a value are three cases")]
pub enum DueEvent {
    /// A webhook call; `number` and `status` once it was made.
    Webhook {
        provider: &'static str,
        at: Time,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = u32)]
        attempt: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = u64)]
        number: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<u16>)]
        status: Option<Option<u16>>,
    },
    /// A message has another status.
    Status { provider: &'static str, at: Time, message_id: String, to: String, status: &'static str },
    /// A window closes.
    Window { provider: &'static str, at: Time, business: String, contact: String, state: &'static str },
    /// A conversation goes quiet or ends.
    Conversation { provider: &'static str, at: Time, business: String, contact: String, state: &'static str },
    /// A limit that was used up is full again.
    Limit { provider: &'static str, at: Time },
}

impl DueEvent {
    /// When it falls due.
    pub fn at(&self) -> Time {
        match self {
            Self::Webhook { at, .. }
            | Self::Status { at, .. }
            | Self::Window { at, .. }
            | Self::Conversation { at, .. }
            | Self::Limit { at, .. } => *at,
        }
    }
}

impl From<&DeliveryAttempt> for DueEvent {
    fn from(attempt: &DeliveryAttempt) -> Self {
        Self::Webhook {
            provider: attempt.provider,
            at: attempt.at.into(),
            attempt: Some(attempt.attempt),
            number: Some(attempt.number),
            status: Some(attempt.status),
        }
    }
}

/// An event before it is described. At the same moment they come in this order.
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

/// The first event after `now`, and its moment.
pub(super) fn next(simulator: &Simulator, now: SystemTime) -> Option<(SystemTime, DueEvent)> {
    let (at, first) = all(simulator, now, None).min_by_key(|(at, due)| (*at, due.order()))?;
    let mut event = describe(simulator, at, first)?;
    if let DueEvent::Webhook { attempt, .. } = &mut event {
        *attempt = None;
    }
    Some((at, event))
}

/// The events after `after` and until `until` in order, and the count of those beyond [`MAX_LISTED`]. Webhook calls are the ones
/// that wait at present.
pub(super) fn between(simulator: &Simulator, after: SystemTime, until: SystemTime) -> (Vec<DueEvent>, usize) {
    let mut all: Vec<(SystemTime, Due<'_>)> = all(simulator, after, Some(until)).collect();
    all.sort_by_key(|(at, due)| (*at, due.order()));
    let more = all.len().saturating_sub(MAX_LISTED);
    let listed = all.into_iter().take(MAX_LISTED);
    (listed.filter_map(|(at, due)| describe(simulator, at, due)).collect(), more)
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
        accepted.flat_map(|message| message.statuses().map(move |(status, at)| (at, Due::Status(message, status))));
    let fits = move |at: SystemTime| at > after && until.is_none_or(|until| at <= until);
    let told = calls.chain(statuses).filter(move |(at, _)| fits(*at));
    told.chain(simulator.world.timers(after, until).map(|(at, timer)| (at, Due::Timer(timer))))
}

fn describe(simulator: &Simulator, at: SystemTime, due: Due<'_>) -> Option<DueEvent> {
    let at = Time(at);
    Some(match due {
        Due::Webhook { provider, attempt } => {
            DueEvent::Webhook { provider, at, attempt: Some(attempt), number: None, status: None }
        }
        Due::Status(message, status) => DueEvent::Status {
            provider: message.provider,
            at,
            message_id: message.message_id.clone(),
            to: message.to.e164(),
            status: status.as_str(),
        },
        Due::Timer(timer) => match simulator.world.name_timer(timer)? {
            NamedTimer::Window { provider, business, contact } => {
                DueEvent::Window { provider, at, business: business.e164(), contact: contact.e164(), state: "expired" }
            }
            NamedTimer::Conversation { provider, business, contact, state } => DueEvent::Conversation {
                provider,
                at,
                business: business.e164(),
                contact: contact.e164(),
                state: state.as_str(),
            },
            NamedTimer::Limit { provider } => DueEvent::Limit { provider, at },
        },
    })
}
