//! The matrix as printed at the end.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::case::Claim;
use super::logs::Searched;
use super::row::Plan;
use super::{profile, rows};

/// The column of rows that are played once.
pub(crate) const ONCE: &str = "transport";

/// The result of a row for one adapter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) executions: usize,
    pub(crate) wrong: usize,
    /// The claims of the executions without sockets.
    pub(crate) verdicts: Verdicts,
}

/// The number of messages by what the client claimed of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdicts {
    accepted: usize,
    rejected: usize,
    unknown: usize,
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.accepted, "accepted"), (self.rejected, "rejected"), (self.unknown, "unknown")];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        f.write_str(if counts.is_empty() { "–" } else { &counts })
    }
}

impl Verdicts {
    pub(crate) const fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.unknown += other.unknown;
    }

    pub(crate) const fn note(&mut self, claim: Option<Claim>) {
        match claim {
            Some(Claim::Sent) => self.accepted += 1,
            Some(Claim::NotSent) => self.rejected += 1,
            Some(Claim::Unknown) => self.unknown += 1,
            None => {}
        }
    }
}

/// The results so far.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    cells: BTreeMap<(&'static str, &'static str), Cell>,
}

impl Summary {
    pub(crate) fn note(&mut self, row: &'static str, column: &'static str, cell: Cell) {
        self.cells.insert((row, column), cell);
    }

    pub(crate) fn executions(&self) -> usize {
        self.cells.values().map(|cell| cell.executions).sum()
    }

    fn wrong(&self) -> usize {
        self.cells.values().map(|cell| cell.wrong).sum()
    }

    pub(crate) fn cell(&self, row: &'static str, column: &'static str) -> Option<Cell> {
        self.cells.get(&(row, column)).copied()
    }

    /// The whole matrix, with the rows that were left out and the reasons.
    pub(crate) fn text(&self, logs: &Searched) -> String {
        let columns: Vec<_> = profile::ALL.iter().map(|profile| profile.name()).chain([ONCE]).collect();
        let mut text = format!("\nFault matrix: executions of each row for each adapter\n{:62}", "");
        text.extend(columns.iter().map(|column| format!("{column:>11}")));
        text.push('\n');
        // Writing to a String cannot fail, here and below.
        let (mut played, mut left, mut always) = (0, String::new(), String::new());
        for row in rows::all() {
            match row.plan {
                Plan::LeftOut(reason) => {
                    let _ = writeln!(left, "  {:5}{}: {reason}", row.id, row.fault);
                    continue;
                }
                Plan::Always => {
                    let _ = writeln!(always, "  {:5}{}", row.id, row.fault);
                    continue;
                }
                Plan::Each(_) | Plan::Once(_) | Plan::Answers(_) => {}
            }
            played += 1;
            let fault: String = row.fault.chars().take(56).collect();
            let _ = write!(text, "{:4} {fault:57}", row.id);
            for column in &columns {
                let _ = match self.cells.get(&(row.id, *column)) {
                    Some(Cell { executions, wrong: 0, .. }) => write!(text, "{executions:>11}"),
                    Some(cell) => write!(text, "{:>11}", format!("{} WRONG {}", cell.executions, cell.wrong)),
                    None => write!(text, "{:>11}", "-"),
                };
            }
            text.push('\n');
        }
        let _ = write!(text, "\nIn every execution\n{always}\nLeft out\n{left}");
        let _ = writeln!(text, "\nLog lines searched for secrets: {:?}", logs.lines);
        text.extend(logs.leaks.iter().map(|leak| format!("  LEAK {leak}\n")));
        let _ = write!(
            text,
            "faults: {} executions of {played} rows, {} wrong verdicts, {} leaks, {} rows left out",
            self.executions(),
            self.wrong(),
            logs.leaks.len(),
            left.lines().count(),
        );
        text
    }
}
