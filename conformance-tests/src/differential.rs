//! The same scenario over all adapters comes to the same: what the caller is told, and what reaches the person. Where it
//! does not, that is declared here, with the reason and with what each comes to.

mod known_differences;

use serde::Serialize;

pub use known_differences::KNOWN_DIFFERENCES;

use crate::harness::Trace;
use crate::suite::{Case, Outcome};

/// A scenario that does not come to the same everywhere.
#[derive(Clone, Copy, Debug)]
pub struct KnownDifference {
    /// The scenario's group and name: `window::text_to_contact_who_never_wrote_is_rejected`.
    pub scenario: &'static str,
    /// Why.
    pub reason: &'static str,
    /// What it comes to, as [`Trace::summary`] has it: providers, separated by spaces, and what is the same for them.
    pub outcomes: &'static [(&'static str, &'static str)],
}

impl KnownDifference {
    /// What it comes to for this provider.
    fn pinned(&self, provider: &str) -> Option<&'static str> {
        let pinned = self.outcomes.iter().find(|(providers, _)| providers.split(' ').any(|known| known == provider));
        pinned.map(|(_, comes_to)| *comes_to)
    }

    /// The providers whose traces are pinned.
    fn providers(&self) -> impl Iterator<Item = &'static str> {
        self.outcomes.iter().flat_map(|(providers, _)| providers.split(' '))
    }
}

/// What became of a scenario over all adapters that it was played with.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The scenario's group.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether it came to the same.
    pub verdict: Agreement,
    /// Why it does not, where that is declared.
    pub reason: Option<&'static str>,
    /// What it came to, each with the providers of which that holds; the commonest first.
    pub traces: Vec<Shared>,
}

/// Whether the adapters agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// All came to the same.
    Same,
    /// They differ, as declared.
    Declared,
    /// They differ otherwise than declared.
    Undeclared,
    /// They are declared to differ, and do not.
    Stale,
}

impl Agreement {
    /// Whether nothing has to be done about it.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Same | Self::Declared)
    }
}

/// What a scenario came to for some providers.
#[derive(Clone, Debug, Serialize)]
pub struct Shared {
    /// For these.
    pub providers: Vec<&'static str>,
    /// What it came to.
    pub trace: Trace,
}

/// Compares every scenario that was played with more than one adapter; refusals are no playing.
pub fn compare(played: &[(Case, Outcome)], declared: &[KnownDifference]) -> Vec<Comparison> {
    let mut compared: Vec<Comparison> = Vec::new();
    for (case, outcome) in played.iter().filter(|(case, _)| !case.is_refusal()) {
        let (group, name) = (case.group(), case.name());
        let known = compared.iter_mut().find(|known| known.group == group && known.name == name);
        let traces = if let Some(known) = known {
            &mut known.traces
        } else {
            compared.push(Comparison { group, name, verdict: Agreement::Same, reason: None, traces: Vec::new() });
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
        scenario.judge(declared);
    }
    compared
}

impl Comparison {
    fn judge(&mut self, declared: &[KnownDifference]) {
        let id = format!("{}::{}", self.group, self.name);
        let declared = declared.iter().find(|difference| difference.scenario == id);
        self.reason = declared.map(|difference| difference.reason);
        let differs = self.traces.len() > 1;
        self.verdict = match declared {
            None if differs => Agreement::Undeclared,
            None => Agreement::Same,
            Some(difference) if !self.is_as_pinned(difference) => Agreement::Undeclared,
            // Without all of them, those that were played may happen to agree.
            Some(difference) if differs || !self.has_all(difference) => Agreement::Declared,
            Some(_) => Agreement::Stale,
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
        let told = SendRecord { outcome: outcome.to_owned(), sent: "no", attempts: 1, fallback: false };
        Trace { sends: vec![told], ..Trace::default() }
    }

    fn judged(traces: &[(&'static [&'static str], &str)], declared: &[KnownDifference]) -> Agreement {
        let shared = |(providers, outcome): &(&'static [&'static str], &str)| Shared {
            providers: providers.to_vec(),
            trace: trace(outcome),
        };
        let traces = traces.iter().map(shared).collect();
        let mut scenario = Comparison { group: "g", name: "s", verdict: Agreement::Same, reason: None, traces };
        scenario.judge(declared);
        scenario.verdict
    }

    #[test]
    fn a_difference_is_well_only_if_each_provider_comes_to_what_is_declared() {
        const X: &str = "told x no/1";
        const Y: &str = "told y no/1";
        const OF_B: &[KnownDifference] =
            &[KnownDifference { scenario: "g::s", reason: "why", outcomes: &[("a c", X), ("b", Y)] }];
        const NONE: &[KnownDifference] =
            &[KnownDifference { scenario: "g::s", reason: "why", outcomes: &[("a b", X)] }];
        assert_eq!(judged(&[(&["a", "b"], "x")], &[]), Agreement::Same);
        assert_eq!(judged(&[(&["a", "c"], "x"), (&["b"], "y")], &[]), Agreement::Undeclared);
        assert_eq!(judged(&[(&["a", "c"], "x"), (&["b"], "y")], OF_B), Agreement::Declared);
        assert_eq!(
            judged(&[(&["a"], "x"), (&["b"], "z")], OF_B),
            Agreement::Undeclared,
            "the named one in another way"
        );
        assert_eq!(judged(&[(&["a", "b"], "x"), (&["c"], "y")], OF_B), Agreement::Undeclared);
        assert_eq!(judged(&[(&["a", "b", "c"], "x")], OF_B), Agreement::Undeclared);
        assert_eq!(
            judged(&[(&["a", "c"], "x"), (&["d"], "x")], OF_B),
            Agreement::Undeclared,
            "one of whom nothing is said"
        );
        // A run without the one that differs says nothing of it.
        assert_eq!(judged(&[(&["a", "c"], "x")], OF_B), Agreement::Declared);
        assert_eq!(judged(&[(&["a", "b"], "x")], NONE), Agreement::Stale);
    }
}
