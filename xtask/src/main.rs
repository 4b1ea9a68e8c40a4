//! Automation of this repository: `cargo xtask test` runs every test, `cargo xtask kill` checks that they notice defects,
//! `cargo xtask bench mock` says what the mock costs.

mod bench;
mod browser;
mod example;
mod kill;
mod needs;

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

const HELP: &str = "\
Automation of this repository.

Usage: cargo xtask <COMMAND>

Commands:
  test [-- ARGS]         Runs every test, the example adapter's too, then says how many conformance cases ran for each
                         adapter; installs what the tests run and Cargo does not bring (Chromium, curl, Node.js and Python's
                         requests) where it is missing, as root on Debian, and else names the packages and exits 2
  bench mock [--quick]   What the mock costs for each request, against a bare server and against wiremock
  kill [OPTIONS]         Applies deliberate defects and checks that the tests notice each; see kill --help
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, rest)) if command == "test" => test(rest),
        Some((command, rest)) if command == "bench" => bench::run(rest),
        Some((command, rest)) if command == "kill" => kill::run(rest),
        Some((help, _)) if matches!(help.as_str(), "help" | "--help" | "-h") => {
            say(HELP);
            ExitCode::SUCCESS
        }
        _ => {
            let _ = write!(io::stderr(), "{HELP}");
            ExitCode::from(2)
        }
    }
}

/// Runs every test of the workspace and of the example, with their output passed on, and counts on the way.
fn test(arguments: &[String]) -> ExitCode {
    if let Err(problem) = needs::provide(&needs::OF_TESTS).and_then(|()| browser::ensure(say)) {
        fail(&problem);
        return ExitCode::from(2);
    }
    let mut workspace = cargo();
    workspace.args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]).args(arguments);
    let mut tally = Tally::default();
    let runs = [Ok(workspace), example::tests(arguments)];
    let mut passed = true;
    for run in runs {
        match run.and_then(|command| tally.follow(command)) {
            Ok(success) => passed &= success,
            Err(problem) => return fail(&problem),
        }
    }
    say(&tally.summary());
    match tally.verdict() {
        Ok(()) if passed => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(problem) => fail(&problem),
    }
}

/// Cargo, without what an outer one said of this package: some build scripts look at it, and would build anew for another.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// The repository's folder.
pub(crate) fn root() -> Result<PathBuf, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_owned).ok_or_else(|| "xtask stands in no repository".to_owned())
}

/// What the tests' own summary lines add up to.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Tests that looked at a page.
    browser: u64,
    /// `exotel against wiremock` → 120.
    conformance: BTreeMap<String, u64>,
    /// What the fault matrix came to, in its own words.
    faults: Option<String>,
    /// What failed, with its output as the test runner has it.
    failures: Vec<String>,
    /// Whether the lines that come tell what failed.
    telling: bool,
}

/// So many lines of what failed are repeated at the end; a test that logs much must not hide the others.
const MOST_TOLD: usize = 400;

impl Tally {
    /// Runs `command` to its end and counts in what it prints. Whether it succeeded.
    fn follow(&mut self, mut command: Command) -> Result<bool, String> {
        let mut child =
            command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                self.read(&line);
                say(&format!("{line}\n"));
            }
        }
        child.wait().map(|status| status.success()).map_err(|error| format!("cargo was lost: {error}"))
    }

    fn read(&mut self, line: &str) {
        self.telling = (self.telling || line == "failures:") && !line.starts_with("test result: ");
        // A backtrace is mostly the runtime's.
        let frame =
            line.starts_with("stack backtrace:") || line.trim_start().starts_with(|first: char| first.is_ascii_digit());
        let place = line.trim_start().starts_with("at ");
        if self.telling && !(line.is_empty() || line == "failures:" || frame || place) {
            self.failures.push(line.to_owned());
        }
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |word: &str| {
                let part = counts.split([';', '.']).find(|part| part.trim_end().ends_with(word))?;
                part.trim().split(' ').next()?.parse::<u64>().ok()
            };
            self.passed += count("passed").unwrap_or_default();
            self.failed += count("failed").unwrap_or_default();
            self.ignored += count("ignored").unwrap_or_default();
        }
        if line.starts_with("test in_chromium::") && line.ends_with("... ok") {
            self.browser += 1;
        }
        // `conformance: exotel 120 cases against wiremock`
        if let Some(rest) = line.strip_prefix("conformance: ")
            && let [adapter, count, "cases", "against", front @ ..] = rest.split(' ').collect::<Vec<_>>().as_slice()
            && let Ok(count) = count.parse()
        {
            self.conformance.insert(format!("{adapter} against {}", front.join(" ")), count);
        }
        // `faults: 2204 executions of 102 rows, …`
        if let Some(rest) = line.strip_prefix("faults: ") {
            self.faults = Some(rest.to_owned());
        }
    }

    fn summary(&self) -> String {
        let cases = self.conformance.iter().map(|(what, count)| format!("  {what:34} {count:>5}\n"));
        let browser = format!("\nTests in Chromium                    {:>5}\n", self.browser);
        let totals = format!("{} passed, {} failed, {} skipped\n", self.passed, self.failed, self.ignored);
        let faults = self.faults.iter().map(|faults| format!("Fault matrix\n  {faults}\n"));
        let failures = self.failures.iter().take(MOST_TOLD).map(|line| format!("  {line}\n"));
        let failures = (!self.failures.is_empty()).then(|| "\nWhat failed\n".to_owned()).into_iter().chain(failures);
        let cases = ["\nConformance cases\n".to_owned()].into_iter().chain(cases);
        failures.chain(cases).chain(faults).chain([browser, totals]).collect()
    }

    /// An adapter with fewer cases than another would be one of which something was left out.
    fn verdict(&self) -> Result<(), String> {
        let mut counts = self.conformance.values();
        let first = counts.next();
        if counts.any(|count| Some(count) != first) {
            return Err("the adapters did not all run the same number of conformance cases".to_owned());
        }
        if self.ignored > 0 {
            return Err(format!("{} tests were skipped", self.ignored));
        }
        Ok(())
    }
}

fn say(text: &str) {
    // A reader that has gone away has read what it wanted.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn fail(problem: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {problem}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn summary_lines_add_up() {
        let tally = tally(&[
            "test result: ok. 44 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.03s",
            "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s",
        ]);
        assert_eq!((tally.passed, tally.failed, tally.ignored), (47, 2, 1));
        assert!(tally.verdict().is_err(), "a skipped test is no success");
    }

    #[test]
    fn tests_in_the_browser_are_counted_by_themselves() {
        let tally = tally(&[
            "test in_chromium::story::a_person_writes ... ok",
            "test in_chromium::looks::a_phone ... FAILED",
            "test journal::tests::a_huge_body ... ok",
        ]);
        assert_eq!(tally.browser, 1);
    }

    #[test]
    fn the_fault_matrix_is_in_the_summary() {
        let summary = tally(&["faults: 2204 executions of 102 rows, 0 wrong verdicts"]).summary();
        assert!(summary.contains("Fault matrix\n  2204 executions of 102 rows, 0 wrong verdicts\n"), "{summary}");
    }

    #[test]
    fn what_failed_is_told_again_at_the_end() {
        let summary = tally(&[
            "test journal::is_kept ... ok",
            "failures:",
            "",
            "---- window::closes stdout ----",
            "thread 'window::closes' panicked at mock-server/src/window.rs:7:9:",
            "stack backtrace:",
            "   0: std::panicking::begin",
            "             at /rustc/library/std/src/panicking.rs:689:5",
            "failures:",
            "    window::closes",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.03s",
            "     Running tests/other.rs",
        ])
        .summary();
        let told = "\nWhat failed\n  ---- window::closes stdout ----\n  thread 'window::closes' panicked at \
                    mock-server/src/window.rs:7:9:\n      window::closes\n\nConformance cases\n";
        assert!(summary.starts_with(told), "{summary}");
        assert!(!tally(&["test journal::is_kept ... ok"]).summary().contains("What failed"));
    }

    #[test]
    fn adapters_with_different_numbers_of_cases_are_no_success() {
        let same =
            ["conformance: exotel 120 cases against wiremock", "conformance: messangi 120 cases against wiremock"];
        assert!(tally(&same).verdict().is_ok());
        assert_eq!(tally(&same).conformance.len(), 2);
        assert!(tally(&[same[0], "conformance: messangi 119 cases against the binary"]).verdict().is_err());
    }
}
