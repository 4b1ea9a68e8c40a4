//! The files of the repository.

use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Calls `visit` with each file below `folder`, without builds and hidden folders.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "mutants.out" && !name.starts_with('.') {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}

/// The folders with a manifest of a package.
pub(crate) fn packages() -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), &mut |path| {
        if path.ends_with("Cargo.toml") && std::fs::read_to_string(path).unwrap().contains("[package]") {
            found.push(relative(path.parent().unwrap()));
        }
    });
    found
}

/// The root files of the crates of a package.
pub(crate) fn targets(package: &str) -> Vec<String> {
    let folder = root().join(package);
    let mut found: Vec<PathBuf> = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file)).into();
    for group in ["src/bin", "tests", "benches", "examples"] {
        for entry in std::fs::read_dir(folder.join(group)).into_iter().flatten() {
            let path = entry.unwrap().path();
            found.push(if path.is_dir() { path.join("main.rs") } else { path });
        }
    }
    found.retain(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "rs"));
    found.sort_unstable();
    found.iter().map(|path| relative(path)).collect()
}

/// Every Rust file with its text.
pub(crate) fn rust_files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root(), &mut |path| {
        if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((relative(path), std::fs::read_to_string(path).unwrap()));
        }
    });
    found
}

/// The names of functions, also of those that macros make.
pub(crate) fn functions(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("fn ").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
}

/// The numbered lines of a file that belong to tests.
pub(crate) fn test_lines<'t>(file: &str, text: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    let is_test = file.contains("/tests/") || file.ends_with("/tests.rs");
    let from = if is_test { Some(0) } else { text.lines().position(|line| line.trim() == "#[cfg(test)]") };
    text.lines().enumerate().skip(from.unwrap_or(usize::MAX)).map(|(at, line)| (at + 1, line))
}

#[test]
fn long_names_are_found_in_code_and_not_in_comments() {
    let found: Vec<_> = functions("// fn a()\npub(crate) async fn b_1<T>() {}\nfn c() { fn d() {} }").collect();
    assert_eq!(found, ["b_1", "c", "d"]);
}

#[test]
fn test_lines_are_separated_from_code() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {}";
    assert_eq!(test_lines("sdk/src/a.rs", text).count(), 2);
    assert_eq!(test_lines("sdk/tests/a.rs", text).count(), 3);
    assert_eq!(test_lines("sdk/src/a.rs", "fn a() {}").count(), 0);
}
