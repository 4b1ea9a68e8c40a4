//! The report of a run that fails: JSON, `JUnit` and HTML.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use quick_junit::TestCaseStatus;
use serde_json::Value;
use transom::{Capabilities, Capability};
use transom_conformance::executor::play;
use transom_conformance::report::Report;
use transom_conformance::suite::{self, Case};
use transom_conformance::{AdapterUnderTest, Backend, adapters};

/// Exotel, declared with texts of at most ten characters only.
static MISTAKEN: AdapterUnderTest =
    AdapterUnderTest { capabilities: Capabilities::new(&[Capability::Text]), text_max: 10, ..adapters::EXOTEL };

/// A run in which one case passes and two fail.
fn report() -> Report {
    let wanted = [
        "text_reaches_contact_once_unchanged",
        "declared_capabilities_are_the_pinned_ones",
        "longer_text_is_refused_locally",
    ];
    let cases: Vec<Case> = suite::cases(&MISTAKEN).into_iter().filter(|case| wanted.contains(&case.name())).collect();
    assert_eq!(cases.len(), wanted.len());
    let run = play(&cases, &Backend::Mock, |_, _| {});
    Report::of(&run, 7, &[]).of_command("transom conform --channel exotel --seed 7".to_owned())
}

#[test]
fn failure_is_in_all_three_reports_with_details() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("failing-report");
    let report = report();
    assert!(!report.is_all_well());
    report.write(&folder).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();

    let json: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!((&json["totals"]["failed"], &json["totals"]["passed"]), (&2.into(), &1.into()));
    let failed: Vec<&Value> =
        json["cases"].as_array().unwrap().iter().filter(|case| case["verdict"] == "failed").collect();
    let pinned = failed.iter().find(|case| case["name"] == "declared_capabilities_are_the_pinned_ones").unwrap();
    assert!(pinned["problem"]["says"].as_str().unwrap().contains("Image"), "{pinned}");

    let junit = quick_junit::Report::deserialize_from_str(&read("junit.xml")).unwrap();
    assert_eq!((junit.tests, junit.failures), (3, 2));
    let page = read("index.html");
    assert!(page.contains("2 of 3 cases of exotel failed"), "the headline");
    for case in failed {
        let (contract, command) = (case["contract"].as_str().unwrap(), case["command"].as_str().unwrap());
        assert!(page.contains(contract) && page.contains(command), "{contract}");
        let name = case["name"].as_str().unwrap();
        let told = junit.test_suites.iter().flat_map(|suite| &suite.test_cases).find(|told| told.name.as_str() == name);
        let TestCaseStatus::NonSuccess { message, description, .. } = &told.unwrap().status else {
            unreachable!("{name} failed")
        };
        assert_eq!(message.as_ref().unwrap().as_str(), contract);
        assert!(description.as_ref().unwrap().as_str().contains(&format!("alone: {command}")), "{description:?}");
    }
}

#[test]
fn same_run_gives_same_report_except_times() {
    let stable = || {
        let mut json = serde_json::to_value(report()).unwrap();
        for member in ["started_at", "duration_ms"] {
            json.as_object_mut().unwrap().remove(member);
        }
        for list in ["cases", "providers"] {
            for entry in json[list].as_array_mut().unwrap() {
                for member in ["duration_ms", "exchanges"] {
                    entry.as_object_mut().unwrap().remove(member);
                }
            }
        }
        json
    };
    assert_eq!(stable(), stable());
}
