//! Compares the outcome of a scenario between adapters: the results reported to the caller, and the delivered messages.
//! A difference must be declared, with its reason and with the outcome for each provider.

mod known_difference;
mod known_differences;

use serde::Serialize;

pub use known_difference::KnownDifference;
pub use known_differences::KNOWN_DIFFERENCES;

use crate::harness::Trace;
use crate::suite::{Case, Outcome};

/// The outcomes of a scenario for all adapters that it was played with.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioComparison {
    /// The scenario's group.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether the outcomes are the same.
    pub verdict: Comparison,
    /// The reason of a declared difference.
    pub reason: Option<&'static str>,
    /// Each outcome with its providers; the most common first.
    pub traces: Vec<Shared>,
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// All outcomes are the same.
    Same,
    /// The outcomes differ as declared.
    Declared,
    /// The outcomes differ, and not as declared.
    Undeclared,
    /// A difference is declared, and the outcomes are the same.
    Stale,
}

impl Comparison {
    /// Whether the outcomes are the same, or differ as declared.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Same | Self::Declared)
    }
}

/// An outcome that some providers share.
#[derive(Clone, Debug, Serialize)]
pub struct Shared {
    /// The providers.
    pub providers: Vec<&'static str>,
    /// The outcome.
    pub trace: Trace,
}

/// Compares every scenario that was played with more than one adapter. Refusals do not count.
pub fn compare(played: &[(Case, Outcome)], declared: &[&[KnownDifference]]) -> Vec<ScenarioComparison> {
    let mut compared: Vec<ScenarioComparison> = Vec::new();
    for (case, outcome) in played.iter().filter(|(case, _)| !case.is_refusal()) {
        let (group, name) = (case.group(), case.name());
        let known = compared.iter_mut().find(|known| known.group == group && known.name == name);
        let traces = if let Some(known) = known {
            &mut known.traces
        } else {
            compared.push(ScenarioComparison {
                group,
                name,
                verdict: Comparison::Same,
                reason: None,
                traces: Vec::new(),
            });
            let Some(added) = compared.last_mut() else { continue };
            &mut added.traces
        };
        match traces.iter_mut().find(|shared| shared.trace == outcome.trace) {
            Some(shared) => shared.providers.push(case.provider()),
            None => traces.push(Shared { providers: vec![case.provider()], trace: outcome.trace.clone() }),
        }
    }
    compared.retain(|scenario| scenario.traces.iter().map(|shared| shared.providers.len()).sum::<usize>() > 1);
    for scenario in &mut compared {
        scenario.traces.sort_by_key(|shared| std::cmp::Reverse(shared.providers.len()));
        scenario.set_verdict(declared);
    }
    compared
}

impl ScenarioComparison {
    fn set_verdict(&mut self, declared: &[&[KnownDifference]]) {
        let id = format!("{}::{}", self.group, self.name);
        let declared = declared.iter().copied().flatten().find(|difference| difference.scenario == id);
        self.reason = declared.map(|difference| difference.reason);
        let differs = self.traces.len() > 1;
        self.verdict = match declared {
            None if differs => Comparison::Undeclared,
            None => Comparison::Same,
            Some(difference) if !self.is_as_pinned(difference) => Comparison::Undeclared,
            // If a provider was not played, the others may have the same outcome.
            Some(difference) if differs || !self.has_all(difference) => Comparison::Declared,
            Some(_) => Comparison::Stale,
        };
    }

    fn is_as_pinned(&self, difference: &KnownDifference) -> bool {
        self.traces.iter().all(|shared| {
            let comes_to = shared.trace.summary();
            shared.providers.iter().all(|provider| difference.pinned(provider) == Some(comes_to.as_str()))
        })
    }

    fn has_all(&self, difference: &KnownDifference) -> bool {
        let mut played = self.traces.iter().flat_map(|shared| &shared.providers);
        difference.providers().all(|pinned| played.clone().any(|provider| *provider == pinned))
            && played.next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::SendRecord;

    fn trace(outcome: &str) -> Trace {
        let record = SendRecord { outcome: outcome.to_owned(), sent: "no", attempts: 1, fallback: false };
        Trace { sends: vec![record], ..Trace::default() }
    }

    fn verdict(traces: &[(&'static [&'static str], &str)], declared: &[&[KnownDifference]]) -> Comparison {
        let shared = |(providers, outcome): &(&'static [&'static str], &str)| Shared {
            providers: providers.to_vec(),
            trace: trace(outcome),
        };
        let traces = traces.iter().map(shared).collect();
        let mut scenario =
            ScenarioComparison { group: "g", name: "s", verdict: Comparison::Same, reason: None, traces };
        scenario.set_verdict(declared);
        scenario.verdict
    }

    #[test]
    fn difference_is_accepted_only_exactly_as_declared() {
        const X: &str = "sends x no/1";
        const Y: &str = "sends y no/1";
        const OF_B: &[&[KnownDifference]] =
            &[&[KnownDifference { scenario: "g::s", reason: "why", outcomes: &[("a c", X), ("b", Y)] }]];
        const NONE: &[&[KnownDifference]] =
            &[&[KnownDifference { scenario: "g::s", reason: "why", outcomes: &[("a b", X)] }]];
        assert_eq!(verdict(&[(&["a", "b"], "x")], &[]), Comparison::Same);
        assert_eq!(verdict(&[(&["a", "c"], "x"), (&["b"], "y")], &[]), Comparison::Undeclared);
        assert_eq!(verdict(&[(&["a", "c"], "x"), (&["b"], "y")], OF_B), Comparison::Declared);
        assert_eq!(
            verdict(&[(&["a"], "x"), (&["b"], "z")], OF_B),
            Comparison::Undeclared,
            "the declared provider, with another outcome"
        );
        assert_eq!(verdict(&[(&["a", "b"], "x"), (&["c"], "y")], OF_B), Comparison::Undeclared);
        assert_eq!(verdict(&[(&["a", "b", "c"], "x")], OF_B), Comparison::Undeclared);
        assert_eq!(
            verdict(&[(&["a", "c"], "x"), (&["d"], "x")], OF_B),
            Comparison::Undeclared,
            "a provider without a declaration"
        );
        // A run without the provider that differs is no contradiction.
        assert_eq!(verdict(&[(&["a", "c"], "x")], OF_B), Comparison::Declared);
        assert_eq!(verdict(&[(&["a", "b"], "x")], NONE), Comparison::Stale);
    }
}
