//! The report of a run: JSON for programs, `JUnit` for build servers, a page for people. All three are made from one value,
//! so they agree.

mod coverage;
mod drift;
mod html;
mod junit;
mod scorecard;

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use transom::time::rfc3339;

use crate::assertions::Failure;
use crate::defects::{self, Defect};
use crate::differential::{self, KnownDifference, ScenarioComparison};
use crate::evidence::RequirementLevel;
use crate::evidence::{Evidence, EvidenceKind};
use crate::executor::Run;
use crate::harness::Exchange;
use crate::harness::Trace;
use crate::harness::redact;
use crate::suite::{Case, Outcome, Verdict};

pub use coverage::{UncoveredFact, unplayed};
pub use drift::{AskedChannel, DriftReport, DriftTotals};
pub use scorecard::{Coverage, Scorecard};

/// Incremented when a member of the document changes its name or meaning, or is removed.
pub const SCHEMA_VERSION: u32 = 2;

/// The report shows so many exchanges at the start and at the end of a case; more of the end if it failed.
const FIRST: usize = 2;
const LAST: usize = 2;
const LAST_OF_FAILED: usize = 10;

/// A report. `docs/conformance-report.md` describes each member.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The program that wrote it.
    pub generator: Generator,
    /// The backend: `mock`.
    pub target: String,
    /// The seed of the random cases.
    pub seed: u64,
    /// The command that plays the same cases again.
    pub command: String,
    /// When the run began, RFC 3339.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// The machine and the build.
    pub environment: Environment,
    /// The numbers of all cases.
    pub totals: Totals,
    /// Each provider, in the order of the run.
    pub providers: Vec<Scorecard>,
    /// Each case, in order: provider by provider, group by group.
    pub cases: Vec<CaseReport>,
    /// Each fact on record, with the cases that checked it.
    pub evidence: Vec<EvidenceReport>,
    /// The facts that no case covered, of the adapters whose cases were all played; should be empty.
    pub unplayed: Vec<UncoveredFact>,
    /// Each scenario that was played with several adapters, and the comparison of its outcomes.
    pub differential: Vec<ScenarioComparison>,
    /// The deliberate defects that this version's tests notice, each with the cases that fail.
    pub defects: &'static [Defect],
}

/// The program that wrote a report.
#[derive(Clone, Debug, Serialize)]
pub struct Generator {
    /// `transom conform`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The machine and the build of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// The operating system: `linux`.
    pub os: &'static str,
    /// The processor: `x86_64`.
    pub arch: &'static str,
    /// How many cases ran at the same time.
    pub threads: usize,
    /// How it was built: `release`, or `debug`, which is slower.
    pub build: &'static str,
}

/// Numbers of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All.
    pub cases: usize,
    /// The cases whose contract holds.
    pub passed: usize,
    /// The cases whose contract is broken.
    pub failed: usize,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// `exotel::delivery::lost_response_is_unknown_and_not_retried`.
    pub id: String,
    /// The provider's name.
    pub provider: &'static str,
    /// The scenario's group.
    pub group: &'static str,
    /// The scenario's name.
    pub name: &'static str,
    /// The contract in a sentence.
    pub contract: &'static str,
    /// The reason of the contract, or a detail; may be empty.
    pub note: &'static str,
    /// The capability that the scenario needs.
    pub needs: Option<&'static str>,
    /// Whether the adapter lacks the capability, so that its refusal was played.
    pub refusal: bool,
    /// Whether the contract holds.
    pub verdict: Verdict,
    /// How the contract is broken.
    pub problem: Option<Problem>,
    /// The ids of the facts that the contract relies on; none if the contract is the SDK's own.
    pub covers: Vec<String>,
    /// How binding the contract is: as binding as its most binding fact; a must if it is the SDK's own.
    pub level: RequirementLevel,
    /// The facts that were checked one by one.
    pub played: Vec<PlayedFact>,
    /// The results reported to the caller, and the delivered messages.
    pub trace: Trace,
    /// Requests and responses, without credentials and phone numbers.
    pub exchanges: Vec<Exchange>,
    /// How many exchanges between the first and the last are left out.
    pub exchanges_left_out: usize,
    /// How long it took.
    pub duration_ms: u64,
    /// By how much the case advanced the provider's clock, in seconds.
    pub virtual_s: u64,
    /// The command that runs the case alone.
    pub command: String,
}

/// How a contract was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// In words.
    pub says: String,
    /// The expected value, if there is one.
    pub expected: Option<String>,
    /// The observed value.
    pub observed: Option<String>,
}

/// A fact that a case checked.
#[derive(Clone, Debug, Serialize)]
pub struct PlayedFact {
    /// The fact's id.
    pub id: String,
    /// Whether the fact holds.
    pub verdict: Verdict,
    /// How it is contradicted.
    pub problem: Option<Problem>,
}

/// A fact on record, and the cases that checked it.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceReport {
    /// The provider's name.
    pub provider: &'static str,
    /// The fact.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// How binding it is.
    pub level: RequirementLevel,
    /// The cases that checked it.
    pub played_by: Vec<String>,
    /// The verdict of those cases; none if no case of this run checked it.
    pub verdict: Option<Verdict>,
}

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

    /// Whether every case passed, every fact was covered, and the adapters differ only as declared.
    pub fn is_all_well(&self) -> bool {
        self.totals.failed == 0
            && self.unplayed.is_empty()
            && self.differential.iter().all(|scenario| scenario.verdict.is_well())
    }

    /// Writes `report.json`, `junit.xml` and `index.html` into `folder`, and creates the folder if needed.
    ///
    /// # Errors
    /// Which file could not be written, and why.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_all(folder, self, &junit::of(self), html::of(self))
    }

    /// The fact with this id.
    pub fn fact(&self, provider: &str, id: &str) -> Option<&EvidenceReport> {
        self.evidence.iter().find(|fact| fact.provider == provider && fact.evidence.id == id)
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

impl Totals {
    /// Counts these verdicts.
    pub fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        verdicts.fold(Self::default(), |mut totals, verdict| {
            totals.cases += 1;
            match verdict {
                Verdict::Passed => totals.passed += 1,
                Verdict::Failed => totals.failed += 1,
            }
            totals
        })
    }
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

    /// The facts that it contradicts: the checked facts that do not hold, or else those that the contract relies on.
    pub fn contradicts<'r>(&'r self, report: &'r Report) -> impl Iterator<Item = &'r EvidenceReport> {
        let broken: Vec<&str> =
            self.played.iter().filter(|fact| fact.verdict == Verdict::Failed).map(|fact| fact.id.as_str()).collect();
        let rests_on = || self.covers.iter().map(String::as_str).collect();
        let ids: Vec<&str> = if self.played.is_empty() { rests_on() } else { broken };
        ids.into_iter().filter_map(|id| report.fact(self.provider, id))
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

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The kinds of facts, in the order of the report.
const KINDS: &[EvidenceKind] = &[EvidenceKind::Code, EvidenceKind::Rate, EvidenceKind::Sample, EvidenceKind::Webhook];
