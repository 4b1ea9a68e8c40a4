//! Automation of this repository: `cargo xtask setup`, `test`, `mutants` and `bench`.

mod bench;
mod mutants;
mod setup;
mod test;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
Automation of this repository.

Usage: cargo xtask <COMMAND>

Commands:
  test [-- ARGS]         Run all tests, also those of the example adapter, and print the totals. Runs `setup` first
  setup                  Install the programs that tests need besides Rust: Chromium, curl, Node.js, Python's requests.
                         Installs by apt as root on Debian; otherwise names the missing packages and exits with code 2
  mutants [OPTIONS]      Change the code in small ways and check that a test fails for each; see mutants --help
  bench mock [--quick]   Measure the cost of a request to the mock, compared to a bare server and to wiremock
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["setup"] => match setup::install(&setup::FOR_TESTS) {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => usage_error(&problem),
        },
        ["mutants", rest @ ..] => mutants::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        ["help" | "--help" | "-h"] => {
            say(HELP);
            ExitCode::SUCCESS
        }
        _ => {
            let _ = write!(io::stderr(), "{HELP}");
            ExitCode::from(2)
        }
    }
}

/// Cargo without the variables that an outer Cargo set for this package. Some build scripts read them, and a change of
/// their values means a new build.
fn cargo() -> Command {
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
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The folder that Cargo builds into.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn say(text: &str) {
    // A closed pipe is no error: its reader has read enough.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn fail(problem: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {problem}");
    ExitCode::FAILURE
}

fn usage_error(problem: &str) -> ExitCode {
    fail(problem);
    ExitCode::from(2)
}
