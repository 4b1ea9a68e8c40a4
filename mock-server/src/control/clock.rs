//! The virtual clock: read, turn, and list the events that a turn brings about.

use std::time::{Duration, SystemTime};

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::read::{Time, parsed};
use super::timers::{self, DueEvent};
use crate::core::error::ControlError;
use crate::core::simulator::Simulator;
use crate::core::time::parse_duration;

/// The virtual clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ClockState {
    /// The virtual time.
    pub now: Time,
    /// Whether the clock stands still.
    pub frozen: bool,
}

/// A change of the clock: it is set, then advanced, then frozen or released. At least one member is needed.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct ClockChange {
    /// The time to show.
    pub set: Option<Time>,
    /// How far to move on.
    #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
    pub advance: Option<Advance>,
    /// Whether the clock stands still.
    pub freeze: Option<bool>,
}

/// How far to move the clock on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// By a duration; in JSON `25h`, `1h30m`, `500ms`, `2d`.
    By(Duration),
    /// To the next event; in JSON `next`.
    Next,
}

impl<'de> Deserialize<'de> for Advance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a duration such as \"25h\", \"1h30m\", \"500ms\" or \"2d\", or \"next\"";
        parsed(deserializer, expected, |text| match text {
            "next" => Some(Self::Next),
            text => parse_duration(text).map(Self::By),
        })
    }
}

/// The clock after a change, and the events that an advance brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[allow(clippy::option_option, reason = "absent, null and a value are three cases")]
pub struct ClockTurn {
    /// The virtual time.
    pub now: Time,
    /// Whether the clock stands still.
    pub frozen: bool,
    /// After an advance to `next`: the event that it went to, null if no event is to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<DueEvent>))]
    pub event: Option<Option<DueEvent>>,
    /// After an advance: the events in order, at most 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Vec<DueEvent>))]
    pub fired: Option<Vec<DueEvent>>,
    /// How many events are not in `fired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = usize))]
    pub more_fired: Option<usize>,
}

impl Simulator {
    /// Reads the virtual clock.
    pub fn clock_state(&self, real_now: SystemTime) -> ClockState {
        ClockState { now: self.clock.now(real_now).into(), frozen: self.clock.frozen() }
    }

    /// Changes the clock. Webhook calls that fall due by it are in [`Simulator::due`] afterwards.
    ///
    /// # Errors
    ///
    /// The change is empty, or leads beyond the years 1970 to 9000.
    pub fn change_clock(&mut self, real_now: SystemTime, change: &ClockChange) -> Result<ClockTurn, ControlError> {
        const LATEST: &str = "a time between 1970 and 9000";
        if change.set.is_none() && change.advance.is_none() && change.freeze.is_none() {
            return Err(ControlError::refused("nothing to do, expected some of `advance`, `set`, `freeze`"));
        }
        let mut clock = self.clock.clone();
        if let Some(Time(time)) = change.set
            && !clock.set(real_now, time)
        {
            return Err(ControlError::invalid_text("set", &crate::core::time::rfc3339(time), LATEST));
        }
        let before = clock.now(real_now);
        let beyond = || ControlError::refused("`advance` leads beyond the year 9000");
        let mut event = None;
        match change.advance {
            Some(Advance::By(duration)) if !clock.advance(real_now, duration) => return Err(beyond()),
            None | Some(Advance::By(_)) => {}
            Some(Advance::Next) => {
                let next = timers::next(self, before);
                if let Some((at, _)) = next
                    && !clock.set(real_now, at)
                {
                    return Err(beyond());
                }
                event = Some(next.map(|(_, event)| event));
            }
        }
        if let Some(frozen) = change.freeze {
            clock.freeze(real_now, frozen);
        }
        self.clock = clock;
        self.note("clock");
        let ClockState { now, frozen } = self.clock_state(real_now);
        let mut turn = ClockTurn { now, frozen, event, fired: None, more_fired: None };
        if change.advance.is_some() {
            let (fired, more) = timers::between(self, before, now.0);
            turn.fired = Some(fired);
            turn.more_fired = Some(more).filter(|more| *more > 0);
        }
        Ok(turn)
    }

    /// Moves the clock on, and returns the events that it brings about.
    ///
    /// # Errors
    ///
    /// The advance leads beyond the year 9000.
    pub fn advance(&mut self, real_now: SystemTime, by: Duration) -> Result<Vec<DueEvent>, ControlError> {
        let change = ClockChange { advance: Some(Advance::By(by)), ..ClockChange::default() };
        self.change_clock(real_now, &change).map(|turn| turn.fired.unwrap_or_default())
    }

    /// Puts the clock to a time.
    ///
    /// # Errors
    ///
    /// The time is not between 1970 and 9000.
    pub fn set_time(&mut self, real_now: SystemTime, time: SystemTime) -> Result<(), ControlError> {
        let change = ClockChange { set: Some(time.into()), ..ClockChange::default() };
        self.change_clock(real_now, &change).map(drop)
    }

    /// Stops the clock, or lets it run on.
    pub fn freeze(&mut self, real_now: SystemTime, frozen: bool) {
        self.clock.freeze(real_now, frozen);
        self.note("clock");
    }

    /// Back to the seeded world: the clock at real time and running, no faults, webhooks or journal, default switches and
    /// limits. The seed stays.
    pub fn reset(&mut self, real_now: SystemTime) {
        self.start_afresh(real_now);
        self.note("reset");
    }
}

#[cfg(feature = "server")]
impl ClockTurn {
    /// Puts the attempts that were made meanwhile in the place of the webhook calls that waited.
    pub(crate) fn with_attempts(mut self, attempts: impl Iterator<Item = DueEvent>) -> Self {
        if let Some(fired) = &mut self.fired {
            let others = std::mem::take(fired).into_iter().filter(|event| !matches!(event, DueEvent::Webhook { .. }));
            // Calls come first among events of the same moment; the sort is stable.
            let mut all: Vec<DueEvent> = attempts.take(timers::MAX_LISTED).chain(others).collect();
            all.sort_by_key(DueEvent::at);
            *fired = all;
        }
        self
    }
}
