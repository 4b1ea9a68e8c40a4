//! Rules about the structure of the whole tree: no import circles, short names, no skipped and no sleeping tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod modules;
mod tree;

use std::fmt::Write as _;

use modules::Crate;
use tree::{functions, packages, root, rust_files, targets, test_lines};

/// Fails with the list of what breaks the rule.
fn assert_none(rule: &str, found: &[String]) {
    let mut text = format!("{rule}; {} found:\n", found.len());
    for line in found {
        writeln!(text, "  {line}").unwrap();
    }
    assert!(found.is_empty(), "{text}");
}

/// Every crate of the tree: libraries, programs and tests with modules.
fn crates() -> Vec<Crate> {
    let folders = packages();
    assert!(folders.len() >= 10, "the packages are found: {folders:?}");
    folders.iter().flat_map(|folder| targets(folder)).map(|file| Crate::read(&root(), &file)).collect()
}

#[test]
fn modules_have_no_import_circles() {
    let circles: Vec<String> = crates().iter().flat_map(Crate::circles).collect();
    assert_none("no module imports from one that imports from it, directly or through others", &circles);
}

#[test]
fn sdk_folder_has_at_most_20_entries() {
    let entries = std::fs::read_dir(root().join("sdk/src")).unwrap().count();
    assert!(entries <= 20, "sdk/src has {entries} entries; expected at most 20");
}

#[test]
fn function_names_have_at_most_60_characters() {
    let long = rust_files().into_iter().flat_map(|(file, text)| {
        functions(&text)
            .filter(|name| name.len() > 60)
            .map(|name| format!("{file}: {} characters: {name}", name.len()))
            .collect::<Vec<_>>()
    });
    assert_none("a function name has at most 60 characters", &long.collect::<Vec<_>>());
}

#[test]
fn no_test_is_ignored() {
    // Written in two parts, so that this file does not break its own rule.
    let attribute = concat!("#[ig", "nore");
    let ignored = rust_files().into_iter().filter(|(_, text)| text.contains(attribute)).map(|(file, _)| file);
    assert_none("every test runs", &ignored.collect::<Vec<_>>());
}

/// A paused clock of tokio makes a sleep cost nothing.
#[test]
fn no_test_sleeps() {
    let (thread, task) = (concat!("thread::sl", "eep("), concat!("time::sl", "eep("));
    let sleeping = rust_files().into_iter().flat_map(|(file, text)| {
        let paused = text.contains("start_paused") || text.contains("time::pause");
        let sleeps = |line: &str| line.contains(thread) || (line.contains(task) && !paused);
        let lines = test_lines(&file, &text).filter(|(_, line)| sleeps(line));
        lines.map(|(number, line)| format!("{file}:{number}: {}", line.trim())).collect::<Vec<_>>()
    });
    assert_none(
        "a test waits for a condition, or on a paused clock, and never for real time",
        &sleeping.collect::<Vec<_>>(),
    );
}

#[test]
fn mock_simulators_import_only_each_other_and_the_core() {
    let mock = Crate::read(&root(), "mock-server/src/lib.rs");
    let imports: Vec<_> = mock.imports().filter(|import| import.from.contains("/simulators/")).collect();
    assert!(!imports.is_empty(), "the simulators import the core");
    let allowed = ["mock-server/src/core", "mock-server/src/simulators"];
    let wrong = imports.iter().filter(|import| !allowed.iter().any(|folder| import.to.starts_with(folder)));
    let lines: Vec<String> =
        wrong.map(|import| format!("{} imports {} ({})", import.from, import.to, import.path)).collect();
    assert_none("a simulator imports only other simulator modules and the core", &lines);
}
