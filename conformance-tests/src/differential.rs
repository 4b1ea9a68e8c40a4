//! The same scenario over all adapters comes to the same: what the caller is told, and what reaches the person. Where it
//! does not, that is declared here, with the reason.

use serde::Serialize;

use crate::suite::{Case, Outcome};
use crate::trace::Trace;

/// A scenario that does not come to the same everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// The scenario's group and name: `window::a_contact_who_never_wrote_gets_no_text`.
    pub scenario: &'static str,
    /// The providers that differ from the others. None named: each goes its own way.
    pub providers: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

/// Every difference that is known, with its reason.
pub const DECLARED: &[Difference] = &[];

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
pub fn compare(played: &[(Case, Outcome)], declared: &[Difference]) -> Vec<Comparison> {
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
    fn judge(&mut self, declared: &[Difference]) {
        let id = format!("{}::{}", self.group, self.name);
        let declared = declared.iter().find(|difference| difference.scenario == id);
        self.reason = declared.map(|difference| difference.reason);
        let differs = self.traces.len() > 1;
        self.verdict = match declared {
            None if differs => Agreement::Undeclared,
            None => Agreement::Same,
            Some(_) if !differs => Agreement::Stale,
            Some(difference) if difference.providers.is_empty() => Agreement::Declared,
            Some(difference) => {
                // Those that are not named share one trace, in which none of the named has a part.
                let others: Vec<&Shared> = self
                    .traces
                    .iter()
                    .filter(|shared| shared.providers.iter().any(|name| !difference.providers.contains(name)))
                    .collect();
                let apart = others
                    .iter()
                    .all(|shared| shared.providers.iter().all(|name| !difference.providers.contains(name)));
                if others.len() <= 1 && apart { Agreement::Declared } else { Agreement::Undeclared }
            }
        };
    }
}
