//! Gates hold responses until a test releases them, so that the test decides the order.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

/// More than this are not held; then the oldest goes.
const MOST_HELD: usize = 10_000;

/// The answers that are held.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    held: BTreeMap<u64, Held>,
    last: u64,
}

/// A held response.
#[derive(Debug, Serialize)]
pub struct Held {
    pub(crate) gate: Box<str>,
    pub(crate) provider: &'static str,
    /// The number of the exchange in the journal.
    pub(crate) request: u64,
    #[serde(serialize_with = "crate::core::world::serialize_time")]
    pub(crate) at: SystemTime,
}

impl Gates {
    /// Holds an answer, under a number that no other ever had.
    pub(crate) fn hold(&mut self, held: Held) -> u64 {
        self.last += 1;
        self.held.insert(self.last, held);
        if self.held.len() > MOST_HELD {
            self.held.pop_first();
        }
        self.last
    }

    pub(crate) fn is_held(&self, number: u64) -> bool {
        self.held.contains_key(&number)
    }

    /// Releases the oldest responses of a gate (of all gates without a name), at most `most`. Returns their number.
    pub(crate) fn release(&mut self, gate: Option<&str>, most: usize) -> usize {
        let numbers = self.held.iter().filter(|(_, held)| gate.is_none_or(|gate| *held.gate == *gate));
        let numbers: Vec<u64> = numbers.map(|(number, _)| *number).take(most).collect();
        for number in &numbers {
            self.held.remove(number);
        }
        numbers.len()
    }

    /// Drops a held response whose client has gone.
    pub(crate) fn forget(&mut self, number: u64) {
        self.held.remove(&number);
    }

    /// Those that are held, oldest first.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(gate: &str) -> Held {
        Held { gate: gate.into(), provider: "exotel", request: 1, at: SystemTime::UNIX_EPOCH }
    }

    #[test]
    fn a_gate_lets_its_oldest_go_first_and_no_other_gates() {
        let mut gates = Gates::default();
        let (one, other, two) = (gates.hold(held("a")), gates.hold(held("b")), gates.hold(held("a")));
        assert_eq!(gates.release(Some("a"), 1), 1);
        assert_eq!((gates.is_held(one), gates.is_held(other), gates.is_held(two)), (false, true, true));
        assert_eq!(gates.release(Some("c"), 9), 0);
        assert_eq!(gates.release(None, 9), 2);
        assert_eq!(gates.held().count(), 0);
    }

    #[test]
    fn too_many_held_answers_let_the_oldest_go() {
        let mut gates = Gates::default();
        let first = gates.hold(held("a"));
        for _ in 0..MOST_HELD {
            gates.hold(held("a"));
        }
        assert!(!gates.is_held(first) && gates.held().count() == MOST_HELD);
    }
}
