//! The document that all forms of a report are made from.

use std::time::Duration;

use serde::Serialize;

use super::coverage::UncoveredFact;
use crate::defects::Defect;
use crate::differential::ScenarioComparison;
use crate::evidence::{Evidence, EvidenceKind, RequirementLevel};
use crate::harness::{Exchange, Trace};
use crate::suite::Verdict;

/// Incremented when a member of the document changes its name or meaning, or is removed.
pub const SCHEMA_VERSION: u32 = 2;

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

/// A case.
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

/// The result of an adapter.
#[derive(Clone, Debug, Serialize)]
pub struct Scorecard {
    /// The provider's name.
    pub name: &'static str,
    /// The numbers of its cases.
    #[serde(flatten)]
    pub totals: Totals,
    /// How many cases were refusals.
    pub refusals: usize,
    /// Its capabilities.
    pub capabilities: Vec<&'static str>,
    /// How many facts on record were covered, by kind.
    pub coverage: Vec<Coverage>,
    /// How many facts on record have each certainty; the surest first.
    pub certainties: Vec<(&'static str, usize)>,
    /// The sum of the durations of its cases.
    pub duration_ms: u64,
}

/// The coverage of one kind of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The kind.
    pub kind: EvidenceKind,
    /// How many facts are on record.
    pub on_record: usize,
    /// How many of them were checked.
    pub played: usize,
    /// How many of them were contradicted.
    pub contradicted: usize,
}

impl Report {
    /// Whether every case passed, every fact was covered, and the adapters differ only as declared.
    pub fn is_all_well(&self) -> bool {
        self.totals.failed == 0
            && self.unplayed.is_empty()
            && self.differential.iter().all(|scenario| scenario.verdict.is_well())
    }

    /// The fact with this id.
    pub fn fact(&self, provider: &str, id: &str) -> Option<&EvidenceReport> {
        self.evidence.iter().find(|fact| fact.provider == provider && fact.evidence.id == id)
    }
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
    /// The facts that it contradicts: the checked facts that do not hold, or else those that the contract relies on.
    pub fn contradicts<'r>(&'r self, report: &'r Report) -> impl Iterator<Item = &'r EvidenceReport> {
        let broken: Vec<&str> =
            self.played.iter().filter(|fact| fact.verdict == Verdict::Failed).map(|fact| fact.id.as_str()).collect();
        let rests_on = || self.covers.iter().map(String::as_str).collect();
        let ids: Vec<&str> = if self.played.is_empty() { rests_on() } else { broken };
        ids.into_iter().filter_map(|id| report.fact(self.provider, id))
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The kinds of facts, in the order of the report.
pub(super) const KINDS: &[EvidenceKind] =
    &[EvidenceKind::Code, EvidenceKind::Rate, EvidenceKind::Sample, EvidenceKind::Webhook];
