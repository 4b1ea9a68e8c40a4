//! Every scenario with every adapter: whether the adapters agree, and whether every fact on record is covered.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use transom_conformance::differential::{self, Comparison, KNOWN_DIFFERENCES, ScenarioComparison};
use transom_conformance::executor::{self, Run};
use transom_conformance::report::unplayed;
use transom_conformance::suite::{self, Case};
use transom_conformance::{Backend, adapters, evidence};

/// The minimum number of cases of each adapter.
const AT_LEAST: usize = 220;

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let cases: Vec<Case> = adapters::ALL.iter().copied().flat_map(suite::cases).collect();
    executor::play(&cases, &Backend::Mock, |_, _| {})
});

fn compared() -> Vec<ScenarioComparison> {
    differential::compare(&RUN.played, KNOWN_DIFFERENCES)
}

#[test]
fn every_adapter_passes_the_same_cases() {
    let mut names: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    let mut failed = Vec::new();
    for (case, outcome) in &RUN.played {
        if outcome.problem.is_some() {
            failed.push(format!("{}: {}", case.id(), outcome.explanation()));
        }
        names.entry(case.provider()).or_default().insert((case.group(), case.name()));
    }
    assert!(failed.is_empty(), "{} cases:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(names.len(), adapters::ALL.len());
    for (provider, cases) in &names {
        assert!(cases.len() >= AT_LEAST, "{provider} has {} cases", cases.len());
        assert_eq!(Some(cases), names.values().next(), "{provider}");
    }
}

#[test]
fn adapters_agree_except_for_known_differences() {
    let problems: Vec<String> = compared()
        .into_iter()
        .filter(|scenario| !scenario.verdict.is_well())
        .map(|scenario| {
            let came_to = scenario.traces.iter().map(|shared| {
                format!("        (\"{}\", \"{}\"),\n", shared.providers.join(" "), shared.trace.summary())
            });
            let came_to: String = came_to.collect();
            format!("{}::{} is {:?}; it came to\n{came_to}", scenario.group, scenario.name, scenario.verdict)
        })
        .collect();
    assert!(problems.is_empty(), "{} scenarios:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn every_known_difference_exists() {
    let compared = compared();
    for declared in KNOWN_DIFFERENCES.iter().copied().flatten() {
        let id = |scenario: &&ScenarioComparison| format!("{}::{}", scenario.group, scenario.name) == declared.scenario;
        let found = compared.iter().find(id);
        let found = found.unwrap_or_else(|| panic!("{}: no two adapters play this", declared.scenario));
        assert_eq!(found.verdict, Comparison::Declared, "{}", declared.scenario);
    }
}

#[test]
fn every_fact_on_record_is_covered() {
    let unplayed: Vec<String> =
        unplayed(&RUN).into_iter().map(|unplayed| format!("{} {}", unplayed.provider, unplayed.evidence.id)).collect();
    assert!(unplayed.is_empty(), "{} facts that no case plays: {unplayed:#?}", unplayed.len());
}

#[test]
fn partial_run_has_no_uncovered_facts() {
    let part: Vec<Case> =
        suite::cases(&adapters::EXOTEL).into_iter().filter(|case| case.group() == "secrets").collect();
    let run = executor::play(&part, &Backend::Mock, |_, _| {});
    assert_eq!(unplayed(&run), []);
    // Without the cases that cover them, the facts of a whole run are missing.
    let mut whole = RUN.clone();
    for (_, outcome) in whole.played.iter_mut().filter(|(case, _)| case.provider() == "exotel") {
        outcome.covered.clear();
    }
    let missed = unplayed(&whole);
    assert!(missed.iter().all(|unplayed| unplayed.provider == "exotel"));
    assert_eq!(missed.len(), evidence::all(&adapters::EXOTEL).len());
}
