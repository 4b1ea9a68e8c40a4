//! Automation of this repository: `cargo xtask setup`, `test`, `mutants` and `bench`.

mod bench;
mod mutants;
mod setup;
mod test;
mod tools;

use std::io::{self, Write as _};
use std::process::ExitCode;

use tools::{say, usage_error};

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
