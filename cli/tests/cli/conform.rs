//! `transom conform` against the mock, and its reports.

use std::collections::BTreeMap;

use serde_json::Value;

use super::support::{Folder, Run};

const PROVIDERS: [&str; 4] = ["autocalls", "exotel", "gosendapi", "messangi"];

fn conform(folder: &Folder, arguments: &[&str]) -> Run {
    folder.run(&[&["conform"], arguments].concat(), &[])
}

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path().join("out").join(name)).unwrap()
}

/// The number of cases for each provider.
fn per_provider<'a>(providers: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for provider in providers {
        *counts.entry(provider.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn three_reports_agree_case_by_case() {
    let folder = Folder::new();
    let run = conform(&folder, &["--all", "--group", "window", "--report", "out", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json: Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!(json, run.json());
    let cases = json["cases"].as_array().unwrap();
    assert!(cases.len() >= 80, "{}", cases.len());
    let counts = per_provider(cases.iter().map(|case| case["provider"].as_str().unwrap()));
    assert_eq!(counts.len(), 4, "{counts:?}");
    assert!(counts.values().all(|count| *count == counts["exotel"]), "{counts:?}");

    let junit = quick_junit::Report::deserialize_from_str(&read(&folder, "junit.xml")).unwrap();
    assert_eq!((junit.tests, junit.failures, junit.errors), (cases.len(), 0, 0));
    let names = junit.test_suites.iter().flat_map(|suite| {
        suite.test_cases.iter().map(|case| format!("{}::window::{}", suite.name.as_str(), case.name.as_str()))
    });
    assert!(names.eq(cases.iter().map(|case| case["id"].as_str().unwrap().to_owned())), "the same, in the same order");

    let page = read(&folder, "index.html");
    for case in cases {
        let cell = format!("data-case=\"{}\" data-verdict=\"passed\"", case["id"].as_str().unwrap());
        assert_eq!(page.matches(&cell).count(), 1, "{cell}");
    }
    assert_eq!(page.matches(" data-case=").count(), cases.len());
    let foreign = ["src=\"", "<script", "<link", "@import", "url("];
    assert!(foreign.iter().all(|word| !page.contains(word)), "the page loads nothing and runs nothing");
}

#[test]
fn case_has_contract_level_facts_and_rerun_command() {
    let folder = Folder::new();
    let run = conform(&folder, &["--channel", "exotel", "--name", "text_reaches_contact_once", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = run.json();
    let case = &report["cases"][0];
    assert_eq!(
        case["contract"],
        "A text reaches the contact exactly once and unchanged, from our number to the contact's number."
    );
    assert!(matches!(case["level"].as_str().unwrap(), "MUST" | "SHOULD"), "{}", case["level"]);
    let alone = case["command"].as_str().unwrap();
    let again: Vec<&str> = alone.split(' ').skip(2).collect();
    let again = conform(&folder, &[again.as_slice(), &["--json"]].concat());
    assert_eq!(again.json()["cases"][0]["id"], case["id"], "{alone}");
    assert_eq!(again.json()["cases"].as_array().unwrap().len(), 1);
    // Requests and responses contain neither credentials nor phone numbers.
    assert!(!run.stdout.contains("canary") && !run.stdout.contains("5491155550123"), "{}", run.stdout);
}

#[test]
fn list_has_the_same_cases_for_each_provider() {
    let folder = Folder::new();
    let run = conform(&folder, &["--list", "--json"]);
    let listed = run.json();
    let listed = listed.as_array().unwrap();
    let counts = per_provider(listed.iter().map(|case| case["provider"].as_str().unwrap()));
    assert_eq!(counts.keys().map(String::as_str).collect::<Vec<_>>(), PROVIDERS);
    assert!(counts.values().all(|count| *count >= 150 && *count == counts["exotel"]), "{counts:?}");
    let text = conform(&folder, &["--list"]);
    assert_eq!(text.stdout.lines().count(), listed.len());
    assert!(text.stdout.contains("exotel::window::"), "{}", text.stdout);
}

#[test]
fn id_from_the_list_selects_its_case() {
    let folder = Folder::new();
    let id = "messangi::delivery::lost_response_is_unknown_and_not_retried";
    let run = conform(&folder, &["--all", "--name", id, "--list", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let ids: Vec<Value> = run.json().as_array().unwrap().iter().map(|case| case["id"].clone()).collect();
    assert_eq!(ids, [id]);
}

#[test]
fn wrong_options_exit_2_before_a_case_runs() {
    let folder = Folder::new();
    folder.write("file", "");
    for (arguments, says) in [
        (vec!["--group", "windows"], "--group windows: no such group, known: "),
        (vec!["--channel", "nobody"], "--channel nobody: neither a provider"),
        (vec!["--name", "zzz"], "no scenario has this in its name"),
        (vec!["--name", " "], "expected part of a scenario's name"),
        (vec!["--report", "file/out"], "--report file/out: "),
        (vec!["--yes"], "--yes needs --target live"),
        (vec!["--allow", "+447700900123"], "--allow needs --target live"),
        (vec!["--max-messages", "1"], "--max-messages needs --target live"),
        (vec!["--target", "live", "--group", "window"], "--group needs --target mock"),
        (vec!["--target", "live", "--name", "x"], "--name needs --target mock"),
        (vec!["--target", "live", "--seed", "1"], "--seed needs --target mock"),
    ] {
        let run = conform(&folder, &arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {} {}", run.stdout, run.stderr);
        assert_eq!(run.errors().len(), 1, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
        assert!(!run.stdout.contains("passed"), "{arguments:?}: {}", run.stdout);
    }
}

#[test]
fn text_output_is_a_table_and_a_summary() {
    let folder = Folder::new();
    let run = conform(&folder, &["--group", "secrets", "--report", "out"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines: Vec<Vec<&str>> = run.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["GROUP", "AUTOCALLS", "EXOTEL", "GOSENDAPI", "MESSANGI"]);
    assert_eq!((lines[1][0], lines[1].len()), ("secrets", 5));
    assert!(run.stdout.contains("0 failed") && run.stdout.contains("report: out/index.html"), "{}", run.stdout);
}
