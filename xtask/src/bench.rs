//! `cargo xtask bench mock`.

use std::process::{Command, ExitCode};

use crate::setup;
use crate::tools::{cargo, target, usage_error};

/// Builds the mock and its benchmark in release mode, and runs the benchmark.
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let quick: &[&str] = match arguments {
        ["mock"] => &[],
        ["mock", "--quick"] => &["--quick"],
        _ => return usage_error("expected `bench mock`, or `bench mock --quick`"),
    };
    if let Err(problem) = setup::install(&setup::FOR_BENCHES) {
        return usage_error(&problem);
    }
    let built =
        cargo().args(["build", "--release", "--locked", "-p", "transom-cli", "-p", "transom-mock-bench"]).status();
    if !built.is_ok_and(|status| status.success()) {
        return usage_error("the mock or its benchmark cannot be built");
    }
    let folder = target().join("release");
    let benchmark = folder.join("transom-mock-bench");
    match Command::new(&benchmark).arg("run").arg(folder.join("transom")).args(quick).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => usage_error(&format!("{} cannot be started: {error}", benchmark.display())),
    }
}
