//! The report of a run: JSON for programs, `JUnit` for build servers, a page for people. All three are made from one value,
//! so they agree.

mod coverage;
mod drift;
mod html;
mod junit;
mod model;
mod scorecard;

use std::io;
use std::path::Path;

use serde::Serialize;
use transom::time::rfc3339;

use crate::assertions::Failure;
use crate::defects;
use crate::differential::{self, KnownDifference};
use crate::evidence::RequirementLevel;
use crate::executor::Run;
use crate::harness::Exchange;
use crate::harness::redact;
use crate::suite::{Case, Outcome, Verdict};

pub use coverage::{UncoveredFact, unplayed};
pub use drift::{AskedChannel, DriftReport, DriftTotals};
pub use model::{
    CaseReport, Coverage, Environment, EvidenceReport, Generator, PlayedFact, Problem, Report, SCHEMA_VERSION,
    Scorecard, Totals,
};

use model::milliseconds;

/// The report shows so many exchanges at the start and at the end of a case; more of the end if it failed.
const FIRST: usize = 2;
const LAST: usize = 2;
const LAST_OF_FAILED: usize = 10;

impl Report {
    /// The report of a run.
    pub fn of(run: &Run, seed: u64, declared: &[&[KnownDifference]]) -> Self {
        let cases: Vec<CaseReport> = run.played.iter().map(|(case, outcome)| CaseReport::of(case, outcome)).collect();
        let evidence = evidence_of(run, &cases);
        Self {
            schema_version: SCHEMA_VERSION,
            generator: Generator { name: "transom conform", version: env!("CARGO_PKG_VERSION") },
            target: run.target.clone(),
            seed,
            command: format!("transom conform --all --seed {seed}"),
            started_at: rfc3339::format(run.began),
            duration_ms: milliseconds(run.duration),
            environment: Environment {
                os: std::env::consts::OS,
                arch: std::env::consts::ARCH,
                threads: run.threads,
                build: if cfg!(debug_assertions) { "debug" } else { "release" },
            },
            totals: Totals::of(cases.iter().map(|case| case.verdict)),
            providers: scorecard::of(run, &cases, &evidence),
            differential: differential::compare(&run.played, declared),
            cases,
            evidence,
            unplayed: unplayed(run),
            defects: defects::ALL,
        }
    }

    /// The same report with the command that chose the cases.
    #[must_use]
    pub fn of_command(self, command: String) -> Self {
        Self { command, ..self }
    }

    /// Writes `report.json`, `junit.xml` and `index.html` into `folder`, and creates the folder if needed.
    ///
    /// # Errors
    /// Which file could not be written, and why.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_all(folder, self, &junit::of(self), html::of(self))
    }
}

impl DriftReport {
    /// Writes `report.json`, `junit.xml` and `index.html` into `folder`, and creates the folder if needed.
    ///
    /// # Errors
    /// Which file could not be written, and why.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_all(folder, self, &junit::of_drift(self), html::of_drift(self))
    }
}

/// Writes the same document for programs, build servers and people.
fn write_all(folder: &Path, report: &impl Serialize, junit: &quick_junit::Report, page: String) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(name), text)
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))
    };
    write("report.json", serde_json::to_string_pretty(report)? + "\n")?;
    write("junit.xml", junit.to_string().map_err(io::Error::other)?)?;
    write("index.html", page)
}

impl CaseReport {
    fn of(case: &Case, outcome: &Outcome) -> Self {
        let covers = case.covers();
        let (exchanges, exchanges_left_out) = picked(&outcome.exchanges, outcome.verdict);
        let played = outcome.covered.iter().map(|covered| PlayedFact {
            id: covered.evidence.id.clone(),
            verdict: if covered.problem.is_some() { Verdict::Failed } else { Verdict::Passed },
            problem: covered.problem.as_ref().map(Problem::of),
        });
        Self {
            id: case.id(),
            provider: case.provider(),
            group: case.group(),
            name: case.name(),
            contract: case.contract(),
            note: case.note(),
            needs: case.needs().map(transom::Capability::as_str),
            refusal: case.is_refusal(),
            verdict: outcome.verdict,
            problem: outcome.problem.as_ref().map(Problem::of),
            level: covers
                .iter()
                .map(|fact| RequirementLevel::of(&fact.certainty))
                .max()
                .unwrap_or(RequirementLevel::Must),
            covers: covers.into_iter().map(|fact| fact.id).collect(),
            played: played.collect(),
            trace: outcome.trace.clone(),
            exchanges,
            exchanges_left_out,
            duration_ms: milliseconds(outcome.duration),
            virtual_s: outcome.virtual_time.as_secs(),
            command: case.command(),
        }
    }
}

impl Problem {
    fn of(broken: &Failure) -> Self {
        let masked = |text: &Option<String>| text.as_deref().map(redact::numbers);
        Self {
            says: redact::numbers(&broken.says),
            expected: masked(&broken.expected),
            observed: masked(&broken.observed),
        }
    }
}

/// The first and the last exchanges, and how many are left out between them.
fn picked(exchanges: &[Exchange], verdict: Verdict) -> (Vec<Exchange>, usize) {
    let last = if verdict == Verdict::Failed { LAST_OF_FAILED } else { LAST };
    let left_out = exchanges.len().saturating_sub(FIRST + last);
    let shown = exchanges.iter().enumerate().filter(|(at, _)| *at < FIRST || *at >= FIRST + left_out);
    (shown.map(|(_, exchange)| exchange.clone()).collect(), left_out)
}

fn evidence_of(run: &Run, cases: &[CaseReport]) -> Vec<EvidenceReport> {
    let mut reports = Vec::new();
    for adapter in run.adapters() {
        for evidence in crate::evidence::all(adapter) {
            let mut verdict = None;
            let mut played_by = Vec::new();
            for case in cases.iter().filter(|case| case.provider == adapter.provider.name) {
                let Some(played) = case.played.iter().find(|played| played.id == evidence.id) else { continue };
                played_by.push(case.id.clone());
                if verdict != Some(Verdict::Failed) {
                    verdict = Some(played.verdict);
                }
            }
            let level = RequirementLevel::of(&evidence.certainty);
            reports.push(EvidenceReport { provider: adapter.provider.name, evidence, level, played_by, verdict });
        }
    }
    reports
}
