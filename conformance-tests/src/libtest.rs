//! The suite as a Rust test binary.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use crate::adapters::AdapterUnderTest;
use crate::differential::KNOWN_DIFFERENCES;
use crate::executor::{Run, play_one};
use crate::harness::Backend;
use crate::report::Report;
use crate::suite::{Case, DEFAULT_SEED, Outcome, Verdict, cases};

/// Runs every case of `adapter` in this process, against a fresh simulator behind wiremock for each case. It accepts the
/// arguments of a Rust test binary, and two more: `--report DIR` writes `report.json`, `junit.xml` and `index.html`, and
/// `--seed N` sets the seed of the random cases.
pub fn run(adapter: &'static AdapterUnderTest) -> ExitCode {
    run_behind(&[adapter], &Backend::Wiremock)
}

/// As [`run`], for several adapters, and with another backend.
pub fn run_behind(adapters: &[&'static AdapterUnderTest], backend: &Backend) -> ExitCode {
    let (own, arguments) = match CliArgs::read(std::env::args()) {
        Ok(read) => read,
        Err(problem) => {
            println!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    let arguments = Arguments::from_iter(arguments);
    let (began, clock) = (SystemTime::now(), Instant::now());
    let played = Played::default();
    let mut all = Conclusion { num_filtered_out: 0, num_passed: 0, num_failed: 0, num_ignored: 0, num_measured: 0 };
    for adapter in adapters {
        let trials = cases(adapter).into_iter().map(|case| trial(case.with_seed(own.seed), backend, &played)).collect();
        let conclusion = libtest_mimic::run(&arguments, trials);
        if !arguments.list {
            println!(
                "conformance: {} {} cases against {backend}",
                adapter.provider.name,
                conclusion.num_passed + conclusion.num_failed
            );
        }
        all.num_failed += conclusion.num_failed;
    }
    if let Some(folder) = own.report.filter(|_| !arguments.list) {
        let run = Run {
            played: played.in_order(adapters),
            target: backend.to_string(),
            began,
            duration: clock.elapsed(),
            threads: arguments
                .test_threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)),
        };
        match Report::of(&run, own.seed, KNOWN_DIFFERENCES).write(&folder) {
            Ok(()) => println!("conformance: the report is in {}", folder.display()),
            Err(problem) => {
                println!("error: no report in {}: {problem}", folder.display());
                return ExitCode::from(2);
            }
        }
    }
    all.exit_code()
}

/// The arguments that a Rust test binary does not have.
#[derive(Debug, PartialEq, Eq)]
struct CliArgs {
    report: Option<PathBuf>,
    seed: u64,
}

impl CliArgs {
    /// Reads them, and returns the other arguments.
    fn read(arguments: impl Iterator<Item = String>) -> Result<(Self, Vec<String>), String> {
        let mut own = Self { report: None, seed: DEFAULT_SEED };
        let mut rest = Vec::new();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let (name, value) = argument
                .split_once('=')
                .map_or((argument.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
            if !["--report", "--seed"].contains(&name) {
                rest.push(argument);
                continue;
            }
            let value = value.or_else(|| arguments.next()).ok_or_else(|| format!("{name} needs a value"))?;
            if name == "--report" {
                own.report = Some(value.into());
            } else {
                own.seed = value.parse().map_err(|_| format!("--seed {value}: expected a whole number"))?;
            }
        }
        Ok((own, rest))
    }
}

/// The outcomes so far.
#[derive(Clone, Default)]
struct Played(Arc<Mutex<Vec<(Case, Outcome)>>>);

impl Played {
    fn add(&self, case: Case, outcome: Outcome) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((case, outcome));
    }

    /// In the order of the list.
    fn in_order(&self, adapters: &[&'static AdapterUnderTest]) -> Vec<(Case, Outcome)> {
        let order: Vec<String> = adapters.iter().flat_map(|adapter| cases(adapter)).map(|case| case.id()).collect();
        let mut played = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        played.sort_by_key(|(case, _)| order.iter().position(|id| *id == case.id()));
        played
    }
}

fn trial(case: Case, backend: &Backend, played: &Played) -> Trial {
    let (backend, played) = (backend.clone(), played.clone());
    Trial::test(case.id(), move || {
        let outcome = play_one(&case, &backend);
        let verdict = match outcome.verdict {
            Verdict::Passed => Ok(()),
            Verdict::Failed => Err(Failed::from(explained(&case, &outcome, &binary()))),
        };
        played.add(case, outcome);
        verdict
    })
}

/// The name of this test binary, without cargo's hash.
fn binary() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(std::path::Path::file_stem).and_then(std::ffi::OsStr::to_str);
    let name = name.unwrap_or("conformance");
    name.rsplit_once('-').map_or(name, |(name, _)| name).to_owned()
}

/// The broken contract, the failure, the contradicted facts, and the command that runs the case alone.
fn explained(case: &Case, outcome: &Outcome, binary: &str) -> String {
    let mut lines = vec![case.contract().to_owned(), outcome.explanation()];
    let facts: Vec<String> = case
        .contradicted(outcome)
        .into_iter()
        .map(|fact| format!("{} ({}, {})", fact.fact, fact.source, fact.certainty))
        .collect();
    if facts.is_empty() {
        lines.push("no fact of the provider's: the contract is Transom's own".to_owned());
    }
    lines.extend(facts.iter().take(MOST_FACTS).map(|fact| format!("contradicts: {fact}")));
    if facts.len() > MOST_FACTS {
        lines.push(format!("  and {} more", facts.len() - MOST_FACTS));
    }
    lines.push(format!("alone: {}", case.test_command(binary)));
    lines.join("\n")
}

/// The message lists at most so many facts; the report has them all.
const MOST_FACTS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::EXOTEL;

    fn read(arguments: &[&str]) -> Result<(CliArgs, Vec<String>), String> {
        CliArgs::read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn own_arguments_are_separated_from_libtest_arguments() {
        let (own, rest) = read(&["bin", "--report", "out", "window", "--seed=7", "--exact"]).unwrap();
        assert_eq!(own, CliArgs { report: Some("out".into()), seed: 7 });
        assert_eq!(rest, ["bin", "window", "--exact"]);
        assert_eq!(read(&["bin"]).unwrap().0, CliArgs { report: None, seed: DEFAULT_SEED });
        assert!(read(&["bin", "--seed", "soon"]).unwrap_err().contains("soon"));
        assert!(read(&["bin", "--report"]).unwrap_err().contains("--report"));
    }

    #[test]
    fn failure_shows_contract_facts_and_command() {
        let case = |name: &str| cases(&EXOTEL).into_iter().find(|case| case.name() == name).unwrap();
        let failed = || Outcome::without_stage("it was accepted".into(), std::time::Duration::ZERO);
        let window = case("text_after_25_hours_is_rejected").with_seed(7);
        let said = explained(&window, &failed(), "exotel");
        for part in [
            "A text is rejected as `session_expired` 25 hours after the contact's last message, and is not sent.",
            "it was accepted",
            "contradicts: SESSION_EXPIRED",
            "session-messages, seed)",
            "alone: cargo test --test exotel -- --exact exotel::window::text_after_25_hours_is_rejected --seed 7",
        ] {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
        let secrets = explained(&case("urls_hold_no_credential"), &failed(), "exotel");
        assert!(secrets.contains("the contract is Transom's own") && !secrets.contains("--seed"), "{secrets}");
    }
}
