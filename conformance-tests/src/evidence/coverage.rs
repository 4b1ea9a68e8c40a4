//! A case that checks many facts, one after the other, and continues after a contradiction.

use std::collections::BTreeMap;

use super::facts::Evidence;
use crate::assertions::{Check, Failure};
use std::sync::{Arc, Mutex, PoisonError};

/// The message lists at most so many contradictions; the report has them all.
const MOST_TOLD: usize = 5;

/// A fact that a case has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredFact {
    /// The fact.
    pub evidence: Evidence,
    /// How it is contradicted; none if it holds.
    pub problem: Option<Failure>,
}

/// The facts that a case has covered.
#[derive(Clone, Debug, Default)]
pub(crate) struct CoverageSink(Arc<Mutex<Vec<CoveredFact>>>);

impl CoverageSink {
    fn extend(&self, facts: Vec<CoveredFact>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(facts);
    }

    pub(crate) fn take(&self) -> Vec<CoveredFact> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The facts that a case is checking.
pub(crate) struct FactLog<'s> {
    sink: &'s CoverageSink,
    /// Ids in the order of the first check.
    order: Vec<String>,
    facts: BTreeMap<String, CoveredFact>,
}

impl<'s> FactLog<'s> {
    pub(crate) const fn new(sink: &'s CoverageSink) -> Self {
        Self { sink, order: Vec::new(), facts: BTreeMap::new() }
    }

    /// Records the result of a fact. A fact that is checked in several ways holds if each check holds.
    pub(crate) fn add(&mut self, evidence: Evidence, check: Check) {
        let problem = check.err();
        if let Some(known) = self.facts.get_mut(&evidence.id) {
            known.problem = known.problem.take().or(problem);
        } else {
            self.order.push(evidence.id.clone());
            self.facts.insert(evidence.id.clone(), CoveredFact { evidence, problem });
        }
    }

    /// Reports the covered facts, and fails if a fact is contradicted or if there was no fact to check.
    pub(crate) fn finish(mut self) -> Check {
        if self.facts.is_empty() {
            return Err("no fact was checked: the adapter under test lists no documented fact for this contract".into());
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
        self.sink.extend(facts);
        verdict
    }
}
