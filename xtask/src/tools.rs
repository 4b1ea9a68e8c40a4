//! What the commands share.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Cargo without the variables that an outer Cargo set for this package. Some build scripts read them, and a change of
/// their values means a new build.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The folder that Cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

pub(crate) fn say(text: &str) {
    // A closed pipe is no error: its reader has read enough.
    let _ = io::stdout().write_all(text.as_bytes());
}

pub(crate) fn fail(problem: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {problem}");
    ExitCode::FAILURE
}

pub(crate) fn usage_error(problem: &str) -> ExitCode {
    fail(problem);
    ExitCode::from(2)
}
