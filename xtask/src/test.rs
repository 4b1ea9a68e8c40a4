//! `cargo xtask test`: runs all tests and prints the totals.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};

use crate::setup;
use crate::tools::{cargo, fail, root, say, target, usage_error};

/// The example adapter is a workspace of its own, as a user's crate is.
const EXAMPLE: &str = "examples/fifth-adapter";

/// Runs the tests of the workspace and of the example adapter, passes their output on, and counts.
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    if let Err(problem) = setup::install(&setup::FOR_TESTS) {
        return usage_error(&problem);
    }
    let mut workspace = cargo();
    workspace.args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]).args(arguments);
    let mut tally = Tally::default();
    let mut passed = true;
    for command in [Ok(workspace), example(arguments)] {
        match command.and_then(|command| tally.follow(command)) {
            Ok(success) => passed &= success,
            Err(problem) => return fail(&problem),
        }
    }
    say(&tally.summary());
    match tally.check() {
        Ok(()) if passed => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(problem) => fail(&problem),
    }
}

/// The tests of the example. The copied lock file and the shared target folder avoid a second build of the dependencies.
fn example(arguments: &[&str]) -> Result<Command, String> {
    let folder = root().join(EXAMPLE);
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))
        .map_err(|error| format!("{EXAMPLE}/Cargo.lock cannot be written: {error}"))?;
    let mut cargo = cargo();
    cargo
        .args(["test", "--no-fail-fast", "--config", "profile.dev.package.\"*\".debug=false", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .args(arguments)
        .env("CARGO_TARGET_DIR", target());
    Ok(cargo)
}

/// The sums of the tests' own summary lines.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Passed tests that opened a page in Chromium.
    browser: u64,
    /// `exotel against wiremock` → 120.
    conformance: BTreeMap<String, u64>,
    /// The summary line of the fault matrix.
    faults: Option<String>,
    /// The output of failed tests.
    failures: Vec<String>,
    /// Whether the current lines belong to a list of failures.
    in_failures: bool,
}

/// The summary repeats at most this many lines of failures, so that one long log does not hide the others.
const MAX_FAILURE_LINES: usize = 400;

impl Tally {
    /// Runs `command`, counts in its output, and returns whether it succeeded.
    fn follow(&mut self, mut command: Command) -> Result<bool, String> {
        let mut child =
            command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                self.read(&line);
                say(&format!("{line}\n"));
            }
        }
        child.wait().map(|status| status.success()).map_err(|error| format!("waiting for cargo failed: {error}"))
    }

    fn read(&mut self, line: &str) {
        self.in_failures = (self.in_failures || line == "failures:") && !line.starts_with("test result: ");
        // Most frames of a backtrace are the runtime's.
        let frame =
            line.starts_with("stack backtrace:") || line.trim_start().starts_with(|first: char| first.is_ascii_digit());
        let place = line.trim_start().starts_with("at ");
        if self.in_failures && !(line.is_empty() || line == "failures:" || frame || place) {
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
            && let [adapter, count, "cases", "against", backend @ ..] = rest.split(' ').collect::<Vec<_>>().as_slice()
            && let Ok(count) = count.parse()
        {
            self.conformance.insert(format!("{adapter} against {}", backend.join(" ")), count);
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
        let failures = self.failures.iter().take(MAX_FAILURE_LINES).map(|line| format!("  {line}\n"));
        let failures = (!self.failures.is_empty()).then(|| "\nFailures\n".to_owned()).into_iter().chain(failures);
        let cases = ["\nConformance cases\n".to_owned()].into_iter().chain(cases);
        failures.chain(cases).chain(faults).chain([browser, totals]).collect()
    }

    /// A test that is skipped, or a conformance case that an adapter lacks, fails the run.
    fn check(&self) -> Result<(), String> {
        let mut counts = self.conformance.values();
        let first = counts.next();
        if counts.any(|count| Some(count) != first) {
            return Err("the adapters ran different numbers of conformance cases".to_owned());
        }
        if self.ignored > 0 {
            return Err(format!("{} tests were skipped; expected none", self.ignored));
        }
        Ok(())
    }
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
        assert!(tally.check().is_err(), "a skipped test fails the run");
    }

    #[test]
    fn browser_tests_are_counted_apart() {
        let tally = tally(&[
            "test in_chromium::conversation::customer_writes ... ok",
            "test in_chromium::appearance::phone_fits ... FAILED",
            "test journal::tests::huge_body_is_cut ... ok",
        ]);
        assert_eq!(tally.browser, 1);
    }

    #[test]
    fn fault_matrix_is_in_the_summary() {
        let summary = tally(&["faults: 2204 executions of 102 rows, 0 wrong verdicts"]).summary();
        assert!(summary.contains("Fault matrix\n  2204 executions of 102 rows, 0 wrong verdicts\n"), "{summary}");
    }

    #[test]
    fn failures_are_repeated_in_the_summary() {
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
        let repeated = "\nFailures\n  ---- window::closes stdout ----\n  thread 'window::closes' panicked at \
                        mock-server/src/window.rs:7:9:\n      window::closes\n\nConformance cases\n";
        assert!(summary.starts_with(repeated), "{summary}");
        assert!(!tally(&["test journal::is_kept ... ok"]).summary().contains("Failures"));
    }

    #[test]
    fn unequal_numbers_of_cases_fail_the_run() {
        let same =
            ["conformance: exotel 120 cases against wiremock", "conformance: messangi 120 cases against wiremock"];
        assert!(tally(&same).check().is_ok());
        assert_eq!(tally(&same).conformance.len(), 2);
        assert!(tally(&[same[0], "conformance: messangi 119 cases against the binary"]).check().is_err());
    }
}
