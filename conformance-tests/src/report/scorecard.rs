//! The figures of one provider.

use serde::Serialize;

use super::{CaseReport, EvidenceReport, KINDS, Totals};
use crate::evidence::EvidenceKind;
use crate::executor::Run;
use crate::suite::Verdict;

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
