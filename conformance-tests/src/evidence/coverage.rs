//! A case that plays many facts, one after the other, and goes on behind one that is contradicted.

use std::collections::BTreeMap;

use crate::assertions::{Failure, Check};
use crate::evidence::Evidence;
use crate::harness::Harness;

/// More contradictions than this are not told in words; the report has them all.
const MOST_TOLD: usize = 5;

/// A fact that a case has played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredFact {
    /// The fact.
    pub evidence: Evidence,
    /// How it is contradicted; none if it holds.
    pub problem: Option<Failure>,
}

/// What has been played so far.
pub(crate) struct Played<'s> {
    harness: &'s Harness,
    /// By the fact's id, in the order in which they were played first.
    order: Vec<String>,
    facts: BTreeMap<String, CoveredFact>,
}

impl<'s> Played<'s> {
    pub(crate) const fn on(harness: &'s Harness) -> Self {
        Self { harness, order: Vec::new(), facts: BTreeMap::new() }
    }

    /// Puts down what came of a fact. One that is played in several ways holds if it holds in each.
    pub(crate) fn add(&mut self, evidence: Evidence, check: Check) {
        let problem = check.err();
        if let Some(known) = self.facts.get_mut(&evidence.id) {
            known.problem = known.problem.take().or(problem);
        } else {
            self.order.push(evidence.id.clone());
            self.facts.insert(evidence.id.clone(), CoveredFact { evidence, problem });
        }
    }

    /// Hands everything to the harness, and says which facts are contradicted. A case that had nothing to play has proved
    /// nothing, and does not hold.
    pub(crate) fn judged(mut self) -> Check {
        if self.facts.is_empty() {
            return Err("nothing was played: the adapter lists none of what the provider's pages say of this".into());
        }
        let facts: Vec<CoveredFact> = self.order.iter().filter_map(|id| self.facts.remove(id)).collect();
        let broken = facts.iter().filter_map(|fact| Some((&fact.evidence, fact.problem.as_ref()?)));
        let broken: Vec<(&Evidence, &Failure)> = broken.collect();
        let verdict = match broken.first() {
            None => Ok(()),
            Some((_, first)) => {
                let mut lines = vec![format!("{} of {} facts are contradicted", broken.len(), facts.len())];
                lines.extend(broken.iter().take(MOST_TOLD).map(|(evidence, problem)| {
                    format!("{} ({}, {}): {problem}", evidence.fact, evidence.source, evidence.certainty)
                }));
                let (expected, observed) = (first.expected.clone(), first.observed.clone());
                Err(Failure { says: lines.join("\n"), expected, observed })
            }
        };
        self.harness.covered(facts);
        verdict
    }
}
