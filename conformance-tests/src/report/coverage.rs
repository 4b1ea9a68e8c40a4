//! Facts on record that no case of a run has covered.

use serde::Serialize;

use crate::evidence::{self, Evidence};
use crate::executor::Run;
use crate::suite::cases;

/// A fact on record that no case has covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UncoveredFact {
    /// The provider's name.
    pub provider: &'static str,
    /// The fact.
    pub evidence: Evidence,
}

/// The facts that no case of the run has covered, of the adapters whose cases were all played.
pub fn unplayed(run: &Run) -> Vec<UncoveredFact> {
    let mut unplayed = Vec::new();
    for adapter in run.adapters() {
        let provider = adapter.provider.name;
        let own = || run.played.iter().filter(|(case, _)| case.provider() == provider);
        if own().count() < cases(adapter).len() {
            continue;
        }
        let is_played = |fact: &Evidence| {
            own().any(|(_, outcome)| outcome.covered.iter().any(|covered| covered.evidence.id == fact.id))
        };
        let left = evidence::all(adapter).into_iter().filter(|fact| !is_played(fact));
        unplayed.extend(left.map(|evidence| UncoveredFact { provider, evidence }));
    }
    unplayed
}
