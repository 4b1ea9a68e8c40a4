//! The whole state, from which a mock continues as if it had never stopped.

use serde_json::{Map, Value};

use super::faults::{NewFault, rule};
use super::read::from_value;
use crate::core::bounded::GuestBounds;
use crate::core::clock::{Clock, Reading};
use crate::core::error::ControlError;
use crate::core::fault::{Fault, Faults, MAX_BYTES, MAX_RULES, Schedule, bytes};
use crate::core::simulator::Simulator;
use crate::core::world::World;
use crate::core::world::snapshot::{self, ClockRow, Distance, Moment, State, StateRows, VERSION};

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
        // A state always serialises.
        serde_json::to_value(self.snapshot()).unwrap_or_default()
    }

    /// As [`export`](Self::export), as a copy that serialises to the same JSON. The copy shares the messages, so that the
    /// simulator answers requests while another thread writes the state.
    pub fn snapshot(&self) -> State {
        // Left out before the first fault, so that older mocks read the state.
        let last_fault = Some(self.faults.last_id()).filter(|last| *last > 0);
        let faults = self.faults.rules().iter().map(fault_row).collect();
        snapshot::export(&self.world, clock_row(&self.clock), faults, last_fault)
    }

    /// Takes over what [`export`](Self::export) gave, in place of the present state. What contacts wrote is forgotten; the
    /// journal stays as it is, and so does strictness.
    ///
    /// # Errors
    ///
    /// The member that is wrong and what was expected; then nothing has changed.
    pub fn import(&mut self, state: &Value) -> Result<(), ControlError> {
        let (clock, faults, world) = self.read_state(state).map_err(|error| error.at("the state"))?;
        self.clock = clock;
        self.faults = faults;
        self.world = world;
        self.guard(GuestBounds::Moved);
        self.note("state");
        Ok(())
    }

    fn read_state(&self, state: &Value) -> Result<(Clock, Faults, World), ControlError> {
        let Value::Object(members) = state else {
            let kind = if state.is_array() { "an array" } else { "no object" };
            return Err(ControlError::refused(format!("it is {kind}, expected an object")));
        };
        match members.get("version") {
            Some(version) if version.as_u64() == Some(VERSION) => {}
            None | Some(Value::Null) => return Err(ControlError::missing("version", VERSION.to_string())),
            Some(version) => return Err(ControlError::invalid("version", version, VERSION.to_string())),
        }
        let mut state: StateRows = from_value(state)?;
        let clock = clock(&state.clock).map_err(|error| error.at("`clock`"))?;
        let faults = self.read_faults(std::mem::take(&mut state.faults), state.last_fault)?;
        let world = snapshot::import(self.fresh_world(), state)?;
        Ok((clock, faults, world))
    }

    fn read_faults(&self, rows: Vec<Map<String, Value>>, last_fault: Option<u64>) -> Result<Faults, ControlError> {
        if rows.len() > MAX_RULES {
            return Err(ControlError::refused(format!("`faults` has more than {MAX_RULES} rules, expected fewer")));
        }
        let mut rules: Vec<Fault> = Vec::with_capacity(rows.len());
        let mut last_id = 0;
        for (index, row) in rows.into_iter().enumerate() {
            let rule = self.stored_fault(row, last_id);
            let rule = rule.map_err(|error| error.at(format!("`faults[{index}]`")))?;
            last_id = rule.id;
            rules.push(rule);
        }
        if bytes(&rules) > MAX_BYTES {
            return Err(ControlError::refused(format!("`faults` has more than {MAX_BYTES} bytes, expected fewer")));
        }
        match last_fault {
            Some(given) if given < last_id || given == u64::MAX => {
                let expected = format!("at least {last_id}, the last `id`, and less than {}", u64::MAX);
                Err(ControlError::invalid("last_fault", given, expected))
            }
            given => Ok(Faults::restored(rules, given.unwrap_or(last_id))),
        }
    }

    /// A rule of a state without numbers gets the number after `last_id`.
    fn stored_fault(&self, mut row: Map<String, Value>, last_id: u64) -> Result<Fault, ControlError> {
        let mut number = |name: &str| match row.remove(name) {
            None | Some(Value::Null) => Ok(None),
            // The number after the last one must be a number, too.
            Some(value) => match value.as_u64().filter(|number| *number < u64::MAX) {
                Some(number) => Ok(Some(number)),
                None => Err(ControlError::invalid(name, value, "a whole number")),
            },
        };
        let (seen, id) = (number("seen")?, number("id")?.unwrap_or(last_id + 1));
        if id <= last_id {
            return Err(ControlError::invalid("id", id, format!("more than {last_id}, that of the rule before it")));
        }
        let given: NewFault = from_value(Value::Object(row))?;
        let mut fault = self.read_fault(&given)?;
        fault.id = id;
        match (&mut fault.schedule, seen) {
            (_, None) => {}
            (Schedule::Every { n, seen }, Some(given)) if given < *n => *seen = given,
            _ => return Err(ControlError::refused("`seen` goes with `every`, and is smaller")),
        }
        Ok(fault)
    }
}

fn clock_row(clock: &Clock) -> ClockRow {
    let row = ClockRow::default();
    match clock.reading() {
        Reading::Frozen(now) => ClockRow { frozen: true, now: Some(Moment(now)), ..row },
        Reading::Ahead(by) => ClockRow { ahead: Some(Distance(by)), ..row },
        Reading::Behind(by) => ClockRow { behind: Some(Distance(by)), ..row },
    }
}

fn clock(row: &ClockRow) -> Result<Clock, ControlError> {
    let reading = match row {
        ClockRow { frozen: true, now: Some(now), ahead: None, behind: None } => Reading::Frozen(now.0),
        ClockRow { frozen: false, now: None, ahead: Some(ahead), behind: None } => Reading::Ahead(ahead.0),
        ClockRow { frozen: false, now: None, ahead: None, behind: Some(behind) } => Reading::Behind(behind.0),
        _ => {
            let problem = "expected `now` if it is `frozen`, else one of `ahead` and `behind`";
            return Err(ControlError::refused(problem));
        }
    };
    Clock::of(reading).ok_or_else(|| ControlError::refused("it leads beyond the years 1970 to 9000"))
}

/// A rule as the control plane takes it, and how far an `every` has counted.
fn fault_row(fault: &Fault) -> Map<String, Value> {
    // A rule always serialises to an object.
    let Ok(Value::Object(mut row)) = serde_json::to_value(rule(fault)) else { return Map::new() };
    row.remove("remaining");
    if let Schedule::Every { seen, .. } = fault.schedule {
        row.insert("seen".to_owned(), seen.into());
    }
    row
}
