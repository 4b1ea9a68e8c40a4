//! `transom new-adapter`: what it makes builds, says what is missing, and passes the suite once that is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::Folder;

/// The cases that fail until `encode_send` is written, without the provider's name.
const UNWRITTEN: &str = include_str!("../data/new-adapter/unwritten.txt");

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn example(file: &str) -> String {
    let path = root().join("examples/fifth-adapter").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn new_adapter_fails_encoder_cases_until_encoder_is_written() {
    // Always the same folder, so that a build of it replaces the one before.
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-adapter");
    let _ = std::fs::remove_dir_all(&parent);
    std::fs::create_dir_all(&parent).unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_transom"))
        .args(["new-adapter", "acme", "--transom-path"])
        .arg(root())
        .current_dir(&parent)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let folder = parent.join("transom-acme");
    // The versions that the repository is built with: nothing has to be fetched.
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let formatted = cargo(&folder, &["fmt", "--check"]);
    assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));

    let before = suite(&folder);
    let failed = before.failed.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failed == UNWRITTEN.trim(), "cli/tests/data/new-adapter/unwritten.txt should be\n{failed}\n");

    let written = example("src/request.rs").replace("larkwire", "acme").replace("Larkwire", "Acme");
    std::fs::write(folder.join("src/request.rs"), written).unwrap();
    let after = suite(&folder);
    assert!(after.failed.is_empty(), "{:?}", after.failed);
    assert_eq!(after.passed, before.passed + before.failed.len());
}

/// What the conformance suite of a crate says.
struct Suite {
    passed: usize,
    failed: BTreeSet<String>,
}

/// Runs the tests of the crate in `folder`, with what is built of the repository's dependencies already.
fn suite(folder: &Path) -> Suite {
    let output = cargo(
        folder,
        &[
            "test",
            "--offline",
            "--no-fail-fast",
            "--config",
            "profile.dev.package.\"*\".debug=false",
            "--",
            "--color=never",
        ],
    );
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut suite = Suite { passed: 0, failed: BTreeSet::new() };
    for line in stdout.lines() {
        let Some((name, verdict)) = line.strip_prefix("test ").and_then(|test| test.split_once(" ...")) else {
            continue;
        };
        // Its unit tests pass from the start.
        match (name.trim().strip_prefix("acme::"), verdict.trim()) {
            (Some(_), "ok") => suite.passed += 1,
            (Some(name), "FAILED") => drop(suite.failed.insert(name.to_owned())),
            (None, "ok") => {}
            other => panic!("{other:?}\n{stdout}\n{stderr}"),
        }
    }
    assert!(suite.passed > 0, "no case ran\n{stdout}\n{stderr}");
    assert!(!stderr.contains("warning"), "{stderr}");
    suite
}

fn cargo(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(folder);
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
    // What cargo told this test of its own package would make dependencies build anew.
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.output().unwrap()
}

/// The manifest differs in its dependencies alone, which the flag turns into paths.
#[test]
fn scaffold_of_the_example_is_the_example_but_for_encoder() {
    let folder = Folder::new();
    let root = root();
    let made = folder.run(&["new-adapter", "larkwire", "--transom-path", root.to_str().unwrap(), "--json"], &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let made = made.json();
    let files: Vec<&str> = made["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let crate_folder = folder.path().join(made["path"].as_str().unwrap());
    for file in files.iter().filter(|file| !["README.md", "src/request.rs"].contains(file)) {
        let text = std::fs::read_to_string(crate_folder.join(file)).unwrap();
        assert!(text.replace(root.to_str().unwrap(), "../..") == example(file), "{file}");
    }
    for file in std::fs::read_dir(root.join("examples/fifth-adapter/src")).unwrap() {
        let name = format!("src/{}", file.unwrap().file_name().to_str().unwrap());
        assert!(files.contains(&name.as_str()), "the command does not make {name}");
    }
}

#[test]
fn a_name_that_cannot_be_one_is_refused_with_what_is_expected() {
    let folder = Folder::new();
    for (name, named) in [
        ("Acme", "lower-case letters"),
        ("a", "2 to 30"),
        ("7up", "a letter first"),
        ("my-wa", "expected one word"),
        ("../up", "expected one word"),
        ("müller", "expected one word"),
        ("exotel", "is built in"),
        ("message", "uses `Message` already"),
        ("self", "uses `Self` already"),
        ("conformance", "take another word"),
    ] {
        let run = folder.run(&["new-adapter", name], &[]);
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        let [line] = run.errors()[..] else { panic!("{name}: {}", run.stderr) };
        assert!(line.contains(&format!("`{name}`")) && line.contains(named), "{line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made of a bad name");
}

#[test]
fn what_stands_in_the_folder_is_not_overwritten() {
    let folder = Folder::new();
    let run = || folder.run(&["new-adapter", "acme"], &[]);
    assert_eq!(run().code, 0);
    folder.write("transom-acme/src/request.rs", "mine");
    let again = run();
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("transom-acme: it is there already"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(folder.path().join("transom-acme/src/request.rs")).unwrap(), "mine");
    folder.write("file", "");
    assert_eq!(folder.run(&["new-adapter", "acme", "--path", "file"], &[]).code, 2);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    assert_eq!(folder.run(&["new-adapter", "acme", "--path", "empty"], &[]).code, 0);
}

#[test]
fn wrong_checkout_is_refused_and_default_is_published_crates() {
    let folder = Folder::new();
    let run = folder.run(&["new-adapter", "acme", "--transom-path", "."], &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("expected a checkout of Transom, there is no sdk/Cargo.toml"), "{}", run.stderr);
    let made: Value = folder.run(&["new-adapter", "acme", "--json"], &[]).json();
    let manifest = folder.path().join(made["path"].as_str().unwrap()).join("Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("\ntransom = { version = \"0.1\", default-features = false }\n"), "{manifest}");
    assert!(manifest.contains("# [patch.crates-io]") && !manifest.contains("{version}"), "{manifest}");
}

#[test]
fn the_guide_says_what_each_source_file_of_a_new_adapter_is_for() {
    let guide = std::fs::read_to_string(root().join("docs/writing-an-adapter.md")).unwrap();
    let made = Folder::new().run(&["new-adapter", "acme", "--json"], &[]).json();
    let files = made["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap());
    for file in files.filter(|file| file.contains('/') || *file == "FACTS.md") {
        assert!(guide.contains(&format!("| `{file}` |")), "{file}");
    }
}
