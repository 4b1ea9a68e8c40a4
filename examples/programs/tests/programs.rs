//! Each program runs to its end and prints what it is to show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

use std::path::PathBuf;
use std::process::Command;

/// The programs, and what each prints among other things.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("send", &["accepted: the provider's id is "]),
    ("fallback_template", &["text alone: no_active_session (window closed: true)", "as template: true"]),
    ("retry_and_rate_limit", &["accepted after 2 attempts", "1 attempt, may have been sent: true"]),
    ("failover", &["passed over: ", "accepted through Some(\"support\")"]),
    ("webhook_axum", &["verified: true", "Where is my parcel?"]),
    ("reconcile", &["after the send: Unknown", "after the report: sent, "]),
    ("custom_transport", &["Send by POST: 202 Accepted", "accepted as "]),
    ("test_with_stub", &["order 18: unknown", "messages sent: 3"]),
    ("test_with_mock", &["25 hours later: session_expired", "messages that reached the contact: 1"]),
];

/// Cargo builds the examples beside the tests of their package.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap().join("examples");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

#[test]
fn each_program_ends_well_and_prints_what_it_shows() {
    for (name, expected) in PROGRAMS {
        let output = Command::new(program(name)).output().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (printed, problems) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {printed}{problems}");
        for part in *expected {
            assert!(printed.contains(part), "{name} does not print {part:?}: {printed}");
        }
    }
}

#[test]
fn each_program_of_the_manifest_is_run() {
    let manifest = include_str!("../Cargo.toml");
    assert_eq!(manifest.matches("[[example]]").count(), PROGRAMS.len());
}
