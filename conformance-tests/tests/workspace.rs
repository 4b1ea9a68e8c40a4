//! Rules of the repository.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use transom::Capability;
use transom_conformance::adapters;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The dependencies between our packages, without those of tests.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ours = |name: &str| name == "transom" || name.starts_with("transom-");
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
            let names =
                dependencies.map(|d| d["name"].as_str().unwrap().to_owned()).filter(|name| ours(name)).collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

fn names(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn crates_depend_only_on_allowed_crates() {
    let arrows = arrows();
    assert_eq!(arrows["transom"], names(&[]));
    assert_eq!(arrows["transom-mock-server"], names(&[]));
    for adapter in adapters::ALL {
        assert_eq!(arrows[&format!("transom-{}", adapter.provider.name)], names(&["transom"]));
    }
    assert!(!arrows["transom-conformance"].contains("transom-cli"));
}

#[test]
fn adapter_folders_have_same_files_and_run_the_suite() {
    let expected = names(&[
        "config.rs",
        "error.rs",
        "lib.rs",
        "messenger.rs",
        "request.rs",
        "response.rs",
        "types.rs",
        "webhook.rs",
    ]);
    // A provider that takes media, or whose API key has to be fetched, needs one file more.
    let optional = names(&["api_key_cache.rs", "media_limits.rs"]);
    let mut folders = BTreeSet::new();
    for folder in std::fs::read_dir(root().join("adapters")).unwrap().map(|entry| entry.unwrap().path()) {
        let sources = std::fs::read_dir(folder.join("src")).unwrap().map(|entry| entry.unwrap().path());
        let files =
            sources.filter(|path| path.is_file()).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        let files: BTreeSet<_> = files.filter(|file| !optional.contains(file)).collect();
        assert_eq!(files, expected, "{}", folder.display());
        assert!(folder.join("README.md").is_file(), "{} has a README", folder.display());
        folders.insert(folder.file_name().unwrap().to_str().unwrap().to_owned());
    }
    let tested: Vec<_> = adapters::ALL.iter().map(|adapter| adapter.provider.name).collect();
    assert_eq!(folders, names(&tested), "every adapter is a adapter of the suite");
}

/// The README's table, from the adapters.
fn table() -> String {
    let title = |name: &str| match name {
        "autocalls" => "Autocalls".to_owned(),
        "exotel" => "Exotel".to_owned(),
        "gosendapi" => "GoSendAPI".to_owned(),
        "messangi" => "Messangi".to_owned(),
        other => other.to_owned(),
    };
    let row = |first: &str, cells: Vec<String>| format!("| {first} | {} |", cells.join(" | "));
    let adapters = adapters::ALL;
    let mut lines = vec![
        row("", adapters.iter().map(|adapter| title(adapter.provider.name)).collect()),
        row("---", adapters.iter().map(|_| "---".to_owned()).collect()),
    ];
    for &capability in Capability::ALL {
        let cell = |can: bool| if can { "yes".to_owned() } else { "–".to_owned() };
        let cells = adapters.iter().map(|adapter| cell(adapter.capabilities.contains(capability))).collect();
        lines.push(row(&capability.as_str().replace('_', " "), cells));
    }
    lines.push(row("longest text", adapters.iter().map(|adapter| adapter.text_max.to_string()).collect()));
    lines.join("\n")
}

#[test]
fn readme_table_matches_declared_capabilities() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- capabilities -->\n").unwrap();
    let (found, _) = rest.split_once("\n<!-- /capabilities -->").unwrap();
    assert!(found == table(), "the table should be\n{}\n", table());
}

/// The kinds of errors with the codes that WhatsApp and its carrier have for each.
fn error_kinds() -> String {
    use transom::adapter::platform_codes::{META, TWILIO};
    let codes = |table: &[transom::adapter::ErrorCode], kind| {
        let of_kind = table.iter().filter(|fact| fact.kind == kind);
        of_kind
            .map(|fact| if fact.sent == transom::Sent::No { fact.code.into() } else { format!("{}†", fact.code) })
            .collect::<Vec<_>>()
    };
    let mut lines = vec![
        "| kind | what to do | WhatsApp's codes | its carrier's |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    for &kind in transom::ErrorKind::ALL {
        let [whatsapp, carrier] = [META, TWILIO].map(|table| codes(table, kind).join(", "));
        lines.push(format!("| `{kind}` | {} | {whatsapp} | {carrier} |", kind.advice()).replace("  ", " "));
    }
    lines.join("\n")
}

#[test]
fn error_kinds_page_matches_the_tables() {
    let page = std::fs::read_to_string(root().join("docs/error-kinds.md")).unwrap();
    let (_, rest) = page.split_once("<!-- kinds -->\n").unwrap();
    let (found, _) = rest.split_once("\n<!-- /kinds -->").unwrap();
    assert!(found == error_kinds(), "the table should be\n{}\n", error_kinds());
}

/// Every code has its source.
#[test]
fn every_code_has_source_and_date() {
    for adapter in adapters::ALL {
        assert!(!adapter.provider.codes.is_empty(), "{}", adapter.provider.name);
        for fact in adapter.provider.codes.iter().flat_map(|table| table.iter()) {
            let place = format!("{} {}", adapter.provider.name, fact.code);
            assert!(!fact.code.is_empty() && !fact.source.is_empty(), "{place}");
            let parts: Vec<_> = fact.date.split('-').map(str::len).collect();
            assert_eq!(parts, [4, 2, 2], "{place}: {}", fact.date);
        }
    }
}

#[test]
fn code_table_has_no_duplicate() {
    for adapter in adapters::ALL {
        for table in adapter.provider.codes {
            let mut seen = BTreeSet::new();
            for fact in *table {
                assert!(seen.insert((fact.code, fact.status)), "{} {} stands twice", adapter.provider.name, fact.code);
            }
        }
    }
}
