//! Every known difference between the adapters.

mod delivery;
mod evidence;
mod messages;
mod reasons;
mod templates;
mod webhooks;

use super::known_difference::KnownDifference;

/// Each with its reason, and with its outcome for each provider. The tests fail if a difference is missing here, and if a
/// declared one no longer exists.
pub const KNOWN_DIFFERENCES: &[&[KnownDifference]] =
    &[messages::ALL, templates::ALL, delivery::ALL, webhooks::ALL, evidence::ALL];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn declaration_names_scenario_and_each_provider_once() {
        let scenarios: BTreeSet<String> =
            crate::scenarios::all().map(|scenario| format!("{}::{}", scenario.group, scenario.name)).collect();
        let known: BTreeSet<&str> = crate::adapters::ALL.iter().map(|adapter| adapter.provider.name).collect();
        let mut declared = BTreeSet::new();
        for difference in KNOWN_DIFFERENCES.iter().copied().flatten() {
            let scenario = difference.scenario;
            assert!(scenarios.contains(scenario), "{scenario}: no scenario has this name");
            assert!(declared.insert(scenario), "{scenario} is declared twice");
            let providers: Vec<&str> = difference.providers().collect();
            let distinct: BTreeSet<&str> = providers.iter().copied().collect();
            assert!(distinct.len() == providers.len() && distinct.is_subset(&known), "{scenario}: {providers:?}");
            let outcomes: BTreeSet<&str> = difference.outcomes.iter().map(|(_, comes_to)| *comes_to).collect();
            assert!(outcomes.len() > 1 && outcomes.len() == difference.outcomes.len(), "{scenario}: {outcomes:?}");
        }
    }
}
