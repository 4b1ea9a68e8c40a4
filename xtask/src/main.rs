//! Automation of this repository: `cargo xtask test` runs every test, `cargo xtask kill` checks that they notice defects,
//! `cargo xtask bench mock` says what the mock costs.

mod bench;
mod kill;
mod needs;

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, ExitCode, Stdio};

const HELP: &str = "\
Automation of this repository.

Usage: cargo xtask <COMMAND>

Commands:
  test [-- ARGS]         Runs every test, then says how many conformance cases ran for each adapter
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

/// Runs every test of the workspace, with its output passed on, and counts on the way.
fn test(arguments: &[String]) -> ExitCode {
    if let Err(missing) = needs::provide(&needs::OF_TESTS) {
        let _ = writeln!(io::stderr(), "error: {missing}");
        return ExitCode::from(2);
    }
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"])
        .args(arguments)
        .stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return fail(&format!("cargo cannot be started: {error}")),
    };
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            tally.read(&line);
            say(&format!("{line}\n"));
        }
    }
    let passed = match child.wait() {
        Ok(status) => status.success(),
        Err(error) => return fail(&format!("cargo was lost: {error}")),
    };
    say(&tally.summary());
    match tally.verdict() {
        Ok(()) if passed => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(problem) => fail(&problem),
    }
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What the tests' own summary lines add up to.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// `exotel against wiremock` → 120.
    conformance: BTreeMap<String, u64>,
    /// What the fault matrix came to, in its own words.
    faults: Option<String>,
}

impl Tally {
    fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |word: &str| {
                let part = counts.split([';', '.']).find(|part| part.trim_end().ends_with(word))?;
                part.trim().split(' ').next()?.parse::<u64>().ok()
            };
            self.passed += count("passed").unwrap_or_default();
            self.failed += count("failed").unwrap_or_default();
            self.ignored += count("ignored").unwrap_or_default();
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
        let totals = format!("{} passed, {} failed, {} skipped\n", self.passed, self.failed, self.ignored);
        let faults = self.faults.iter().map(|faults| format!("Fault matrix\n  {faults}\n"));
        ["\nConformance cases\n".to_owned()].into_iter().chain(cases).chain(faults).chain([totals]).collect()
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
    fn the_fault_matrix_is_in_the_summary() {
        let summary = tally(&["faults: 2204 executions of 102 rows, 0 wrong verdicts"]).summary();
        assert!(summary.contains("Fault matrix\n  2204 executions of 102 rows, 0 wrong verdicts\n"), "{summary}");
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
