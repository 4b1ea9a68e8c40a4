//! A provider's line of figures.

use serde::Serialize;

use super::{CaseReport, EvidenceReport, KINDS, Totals};
use crate::evidence::EvidenceKind;
use crate::executor::Run;
use crate::suite::Verdict;

/// How an adapter did.
#[derive(Clone, Debug, Serialize)]
pub struct Scorecard {
    /// The provider's name.
    pub name: &'static str,
    /// Its cases, counted.
    #[serde(flatten)]
    pub totals: Totals,
    /// How many of them were refusals: the adapter lacks what the scenario needs, and must say so without a request.
    pub refusals: usize,
    /// What it can do.
    pub capabilities: Vec<&'static str>,
    /// How much of what is on record about the provider was played.
    pub coverage: Vec<Coverage>,
    /// How many facts on record are of each certainty, surest first.
    pub certainties: Vec<(&'static str, usize)>,
    /// How long its cases took, added up.
    pub duration_ms: u64,
}

/// How much of one kind of evidence was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The kind.
    pub kind: EvidenceKind,
    /// How many facts of it are on record.
    pub on_record: usize,
    /// How many of them were played.
    pub played: usize,
    /// How many of those were contradicted.
    pub contradicted: usize,
}

const CERTAINTIES: &[&str] = &["seed", "docs", "field", "inferred"];

pub(super) fn of(run: &Run, cases: &[CaseReport], evidence: &[EvidenceReport]) -> Vec<Scorecard> {
    let card = |adapter: &'static crate::adapters::AdapterUnderTest| {
        let name = adapter.provider.name;
        let own = || cases.iter().filter(|case| case.provider == name);
        let facts = || evidence.iter().filter(|fact| fact.provider == name);
        let coverage = |kind: &EvidenceKind| {
            let of_kind = || facts().filter(|fact| fact.evidence.kind == *kind);
            Coverage {
                kind: *kind,
                on_record: of_kind().count(),
                played: of_kind().filter(|fact| fact.verdict.is_some()).count(),
                contradicted: of_kind().filter(|fact| fact.verdict == Some(Verdict::Failed)).count(),
            }
        };
        let certainty = |certainty: &&'static str| {
            (*certainty, facts().filter(|fact| fact.evidence.certainty == *certainty).count())
        };
        Scorecard {
            name,
            totals: Totals::of(own().map(|case| case.verdict)),
            refusals: own().filter(|case| case.refusal).count(),
            capabilities: adapter.capabilities.iter().map(transom::Capability::as_str).collect(),
            coverage: KINDS.iter().map(coverage).collect(),
            certainties: CERTAINTIES.iter().map(certainty).collect(),
            duration_ms: own().map(|case| case.duration_ms).sum(),
        }
    };
    run.adapters().into_iter().map(card).collect()
}
