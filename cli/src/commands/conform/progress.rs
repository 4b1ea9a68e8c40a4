//! The progress of a run: a bar on a terminal, about ten lines elsewhere, nothing with `--json`.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use transom_conformance::suite::{Case, Outcome, Verdict};

use crate::output::Output;

/// The approximate number of progress lines without a terminal.
const LINES: usize = 10;

pub(super) struct Progress<'o> {
    output: &'o Output,
    bar: Option<ProgressBar>,
    played: usize,
    failed: usize,
    all: usize,
}

impl<'o> Progress<'o> {
    pub(super) fn of(all: usize, output: &'o Output) -> Self {
        let watched = std::io::stderr().is_terminal() && !output.is_json();
        Self { output, bar: watched.then(|| bar(all)), played: 0, failed: 0, all }
    }

    pub(super) fn add(&mut self, case: &Case, outcome: &Outcome) {
        self.played += 1;
        let failed = outcome.verdict == Verdict::Failed;
        self.failed += usize::from(failed);
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_message(case.id());
            if failed {
                bar.println(format!("failed {}", case.id()));
            }
        } else if !self.output.is_json() && (self.played == self.all || self.played.is_multiple_of(self.stride())) {
            let failed = if self.failed == 0 { String::new() } else { format!(", {} failed", self.failed) };
            self.output.note(format!("{} of {} cases{failed}", self.played, self.all));
        }
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    /// The number of cases between two lines. A short run prints none before its end.
    fn stride(&self) -> usize {
        (self.all / LINES).max(50)
    }
}

fn bar(all: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(all).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed}  {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
