//! The deliberate defects that the tests were shown to notice: why a report that says "all hold" can be believed.
//!
//! `cargo xtask kill --record` makes each of them in a copy of the sources, one at a time, runs the tests, and writes the table
//! that stands here.

use serde::{Deserialize, Serialize};

const TABLE: &str = include_str!("../kill-table.json");

/// One thing that somebody could get wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Defect {
    /// What was wrong, in words.
    pub name: String,
    /// The file it was in.
    pub file: String,
    /// How many tests failed.
    pub failed: usize,
    /// The first of those that the defect had to be noticed by.
    pub noticed_by: Vec<String>,
    /// The day of that run, `YYYY-MM-DD`.
    pub recorded: String,
}

/// The table of this version.
pub fn recorded() -> Vec<Defect> {
    // A test reads it.
    serde_json::from_str(TABLE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_every_defect_in_it_was_noticed() {
        for defect in serde_json::from_str::<Vec<Defect>>(TABLE).unwrap() {
            assert!(defect.failed > 0 && !defect.noticed_by.is_empty(), "{}", defect.name);
        }
    }
}
