//! The whole state as JSON, from which a mock continues as if it had never stopped.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::faults::{NewFault, rule};
use super::read::from_value;
use crate::core::clock::{Clock, Reading};
use crate::core::error::ControlError;
use crate::core::fault::{Fault, Faults, MAX_RULES, Schedule};
use crate::core::members::Members;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::time::{exact_duration, parse_duration, parse_time};
use crate::core::world;
use crate::core::world::World;

/// The form of what [`Simulator::export`] gives. Another number means that older mocks cannot read it.
const VERSION: u64 = 1;
const MEMBERS: [&str; 12] = [
    "version",
    "clock",
    "faults",
    "last_fault",
    "ids",
    "accounts",
    "contacts",
    "conversations",
    "messages",
    "idempotency",
    "buckets",
    "media",
];

impl Simulator {
    /// Everything that later answers depend on, as JSON of a numbered version: accounts with their switches and limits,
    /// contacts and windows, conversations, the ledger, idempotency keys, uploads, ids, the clock and the faults. Not
    /// in it are the journal, webhooks and credentials.
    ///
    /// A clock that runs is kept as its distance from real time, one that is frozen as the time it shows.
    ///
    /// ```
    /// use transom_mock_server::Simulator;
    ///
    /// let now = std::time::SystemTime::UNIX_EPOCH;
    /// let state = Simulator::new(now).export();
    /// let mut other = Simulator::new(now);
    /// other.import(&state).unwrap();
    /// assert_eq!(other.export(), state);
    /// ```
    pub fn export(&self) -> Value {
        let mut state = Map::new();
        state.insert("version".to_owned(), VERSION.into());
        state.insert("clock".to_owned(), clock_json(&self.clock));
        state.insert("faults".to_owned(), self.faults.rules().iter().map(fault_json).collect());
        // Only where there was one, so that a mock that does not know of it reads every other state.
        if self.faults.last_id() > 0 {
            state.insert("last_fault".to_owned(), self.faults.last_id().into());
        }
        world::snapshot::export(&self.world, &mut state);
        Value::Object(state)
    }

    /// Takes over what [`export`](Self::export) gave, in place of the present state. What contacts wrote is forgotten; the
    /// journal stays as it is, and so does strictness.
    ///
    /// # Errors
    ///
    /// The member that is wrong and what was expected; then nothing has changed.
    pub fn import(&mut self, state: &Value) -> Result<(), ControlError> {
        let (clock, faults, world) = self.read_state(state)?;
        self.clock = clock;
        self.faults = faults;
        self.world = world;
        self.note("state");
        Ok(())
    }

    fn read_state(&self, state: &Value) -> Result<(Clock, Faults, World), ControlError> {
        let mut members = Members::of(state.clone(), "the state: ")?;
        match members.take("version") {
            None => return Err(members.missing("version", &VERSION.to_string())),
            Some(version) if version.as_u64() == Some(VERSION) => {}
            Some(version) => return Err(members.wrong("version", &version, &VERSION.to_string())),
        }
        let clock = clock(members.object("clock")?)?;
        let faults = self.read_faults(&mut members)?;
        let world = world::snapshot::import(self.fresh_world(), &mut members)?;
        members.finish(&MEMBERS)?;
        Ok((clock, faults, world))
    }

    fn read_faults(&self, members: &mut Members) -> Result<Faults, ControlError> {
        let rows = members.rows("faults")?;
        if rows.len() > MAX_RULES {
            return Err(members.error(&format!("`faults` has more than {MAX_RULES} rules, expected fewer")));
        }
        let given = members.number("last_fault", 1, u64::MAX - 1)?;
        let mut rules: Vec<Fault> = Vec::with_capacity(rows.len());
        let mut last_id = 0;
        for row in rows {
            let misnumbered = row.error(&format!("`id` is not above {last_id}, that of the rule before it"));
            let mut rule = self.stored_fault(row)?;
            // A state without numbers has the first ones.
            if rule.id == 0 {
                rule.id = last_id + 1;
            }
            if rule.id <= last_id {
                return Err(misnumbered);
            }
            last_id = rule.id;
            rules.push(rule);
        }
        match given {
            Some(given) if given < last_id => {
                Err(members.error(&format!("`last_fault` is {given}, expected at least {last_id}, the last `id`")))
            }
            given => Ok(Faults::restored(rules, given.unwrap_or(last_id))),
        }
    }

    fn stored_fault(&self, mut row: Members) -> Result<Fault, ControlError> {
        let seen = row.number("seen", 0, u64::MAX)?;
        // The number after the last one must be one, too.
        let id = row.number("id", 1, u64::MAX - 1)?;
        let misplaced = row.error("`seen` goes with `every`, and is smaller");
        let place = row.place();
        let given: NewFault = from_value(row.rest().into()).map_err(|error| error.at(&*place))?;
        let mut fault = self.read_fault(&given).map_err(|error| error.at(&*place))?;
        fault.id = id.unwrap_or_default();
        match (&mut fault.schedule, seen) {
            (_, None) => {}
            (Schedule::Every { n, seen }, Some(given)) if given < *n => *seen = given,
            _ => return Err(misplaced),
        }
        Ok(fault)
    }
}

fn clock_json(clock: &Clock) -> Value {
    match clock.reading() {
        Reading::Frozen(now) => json!({"frozen": true, "now": rfc3339(now)}),
        Reading::Ahead(by) => json!({"frozen": false, "ahead": exact_duration(by)}),
        Reading::Behind(by) => json!({"frozen": false, "behind": exact_duration(by)}),
    }
}

fn clock(mut members: Members) -> Result<Clock, ControlError> {
    const DURATION: &str = "a duration such as \"25h\"";
    let frozen = members.flag("frozen")?.ok_or_else(|| members.missing("frozen", "true or false"))?;
    let now = members.parsed("now", "a time such as \"2026-05-11T09:00:00Z\"", parse_time)?;
    let duration = |name: &str, members: &mut Members| members.parsed(name, DURATION, parse_duration);
    let (ahead, behind): (Option<Duration>, Option<Duration>) =
        (duration("ahead", &mut members)?, duration("behind", &mut members)?);
    let reading = match (frozen, now, ahead, behind) {
        (true, Some(now), None, None) => Reading::Frozen(now),
        (false, None, Some(ahead), None) => Reading::Ahead(ahead),
        (false, None, None, Some(behind)) => Reading::Behind(behind),
        _ => return Err(members.error("expected `now` if it is `frozen`, else one of `ahead` and `behind`")),
    };
    let clock = Clock::of(reading).ok_or_else(|| members.error("it leads beyond the years 1970 to 9000"))?;
    members.finish(&["frozen", "now", "ahead", "behind"])?;
    Ok(clock)
}

/// A rule as the control plane takes it, and how far an `every` has counted.
fn fault_json(fault: &Fault) -> Value {
    // A rule always serialises.
    let mut rule = serde_json::to_value(rule(fault)).unwrap_or_default();
    if let Value::Object(rule) = &mut rule {
        rule.remove("remaining");
        if let Schedule::Every { seen, .. } = fault.schedule {
            rule.insert("seen".to_owned(), seen.into());
        }
    }
    rule
}
