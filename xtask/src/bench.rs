//! `cargo xtask bench mock`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{cargo, needs};

/// Builds the mock and its bench as they are released, and runs the one against the other.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let quick: &[&str] = match words.as_slice() {
        ["mock"] => &[],
        ["mock", "--quick"] => &["--quick"],
        _ => return refuse("expected `bench mock`, or `bench mock --quick`"),
    };
    if let Err(missing) = needs::provide(&needs::OF_BENCHES) {
        return refuse(&missing);
    }
    let built =
        cargo().args(["build", "--release", "--locked", "-p", "transom-cli", "-p", "transom-mock-bench"]).status();
    if !built.is_ok_and(|status| status.success()) {
        return refuse("the mock or its bench cannot be built");
    }
    let folder = target().join("release");
    let transom = folder.join("transom");
    let ran =
        std::process::Command::new(folder.join("transom-mock-bench")).arg("run").arg(transom).args(quick).status();
    match ran.map(|status| status.success()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => refuse(&format!("the bench cannot be started: {error}")),
    }
}

/// Where Cargo builds.
fn target() -> PathBuf {
    let root = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(root, PathBuf::from)
}

fn refuse(problem: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {problem}");
    ExitCode::from(2)
}
