//! The figures of one provider.

use super::model::{CaseReport, Coverage, EvidenceReport, KINDS, Scorecard, Totals};
use crate::evidence::EvidenceKind;
use crate::executor::Run;
use crate::suite::Verdict;

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
