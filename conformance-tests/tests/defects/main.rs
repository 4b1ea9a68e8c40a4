//! Each deliberate defect makes exactly the cases fail that are listed for it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod flaws;
mod stand_in;

use std::collections::BTreeSet;

use transom_conformance::suite::Verdict;
use transom_conformance::{Backend, defects, executor, suite};

#[test]
fn each_defect_fails_exactly_its_named_cases() {
    let adapters = flaws::all();
    let names: BTreeSet<&str> = adapters.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, defects::ALL.iter().map(|defect| defect.name).collect());
    // The cases with hostile responses take half of the time, and are about no single detail.
    let played = |adapter| suite::cases(adapter).into_iter().filter(|case| case.group() != "hostile");
    let cases: Vec<_> = adapters.iter().flat_map(|(_, adapter)| played(adapter)).collect();
    let run = executor::play(&cases, &Backend::Mock, |_, _| {});
    let mut wrong = Vec::new();
    for ((name, adapter), played) in adapters.iter().zip(run.played.chunks(cases.len() / adapters.len())) {
        let failed = played.iter().filter(|(_, outcome)| outcome.verdict == Verdict::Failed);
        let failed: BTreeSet<String> = failed.map(|(case, _)| format!("{}::{}", case.group(), case.name())).collect();
        let defect = defects::ALL.iter().find(|defect| defect.name == *name).unwrap();
        assert_eq!(defect.provider, adapter.provider.name, "{name}");
        if failed != defect.caught_by.iter().map(ToString::to_string).collect() {
            wrong.push(format!("{name} is caught by {failed:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_defect_is_caught_and_at_most_25_are_listed() {
    assert!(defects::ALL.len() <= 25);
    for defect in defects::ALL {
        assert!(!defect.caught_by.is_empty(), "{}", defect.name);
    }
}
