//! The conformance suite: one list of scenarios, and every adapter goes through all of it.
//!
//! A scenario states a contract in words, brings the mock into a state, drives the adapter, and looks at three things: what
//! the caller was told, what the provider was asked, and what reached the person. If the adapter declares the capability
//! that a scenario needs, the scenario runs; if not, the refusal runs in its place: the call must be refused as unsupported
//! with no request made. Nothing is ever skipped, so every adapter has the same number of cases, and the set of
//! capabilities is pinned in its [`Subject`], so that losing one is a failure and not a quieter success.
//!
//! An adapter outside this repository joins with a [`Subject`] and eight lines:
//!
//! ```no_run
//! // [[test]] name = "conformance", harness = false
//! fn main() -> std::process::ExitCode {
//!     transom_conformance::run(&transom_conformance::subjects::EXOTEL)
//! }
//! ```

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "indexing a JSON value by name gives null and does not panic; a test run prints"
)]

mod check;
pub mod drift;
mod front;
pub mod live;
mod scenarios;
mod stage;
mod subject;
pub mod subjects;
pub mod webhooks;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use transom::ErrorKind;

pub use front::Front;
pub use subject::{Refusal, Subject};

use crate::check::Check;
use crate::scenarios::{Need, Scenario};
use crate::stage::Stage;

/// Runs the whole list for `subject` in this process: wiremock on a loopback port in front of the simulator, a fresh one
/// for each scenario. Takes the arguments of a Rust test binary.
pub fn run(subject: &'static Subject) -> ExitCode {
    run_behind(&[subject], &Front::Wiremock)
}

/// As [`run`], for several subjects, behind another front.
pub fn run_behind(subjects: &[&'static Subject], front: &Front) -> ExitCode {
    let arguments = Arguments::from_args();
    let mut all = Conclusion { num_filtered_out: 0, num_passed: 0, num_failed: 0, num_ignored: 0, num_measured: 0 };
    for subject in subjects {
        let conclusion = libtest_mimic::run(&arguments, trials(subject, front));
        if !arguments.list {
            println!(
                "conformance: {} {} cases against {front}",
                subject.provider.name,
                conclusion.num_passed + conclusion.num_failed
            );
        }
        all.num_failed += conclusion.num_failed;
    }
    all.exit_code()
}

/// The scenarios as tests, named `provider::group::scenario`.
fn trials(subject: &'static Subject, front: &Front) -> Vec<Trial> {
    let trial = |scenario: &'static Scenario| {
        let name = format!("{}::{}::{}", subject.provider.name, scenario.group, scenario.name);
        let front = front.clone();
        Trial::test(name, move || block_on(play(subject, scenario, front)).map_err(Failed::from))
    };
    scenarios::all().map(trial).collect()
}

/// Plays one scenario, or its refusal, on a stage of its own.
async fn play(subject: &'static Subject, scenario: &Scenario, front: Front) -> Check {
    let stage = Stage::open(subject, front).await?;
    let played = match scenario.need {
        Need::Capability(capability) if !stage.capabilities().contains(capability) => {
            scenarios::refusal(&stage, capability).await
        }
        Need::Capability(_) | Need::Nothing => (scenario.play)(&stage).await,
    };
    let judged = match played {
        Ok(()) => stage.no_findings().await,
        failed => failed,
    };
    match judged {
        Ok(()) => Ok(()),
        Err(problem) => Err(format!("{problem}\n{}", stage.report().await)),
    }
}

fn block_on(future: impl Future<Output = Check>) -> Check {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(future)
}

/// Every kind of error, for subjects that list how each is provoked.
pub const KINDS: &[ErrorKind] = ErrorKind::ALL;

/// Shared by the fronts.
type Shared<T> = Arc<std::sync::Mutex<T>>;

/// The README's code, compiled here because this crate sees everything that it names.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
