//! The suite as a Rust test binary.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use crate::run::play_one;
use crate::suite::{Case, Verdict, cases};
use crate::{Front, Subject};

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
        let trials = cases(subject).into_iter().map(|case| trial(case, front)).collect();
        let conclusion = libtest_mimic::run(&arguments, trials);
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

fn trial(case: Case, front: &Front) -> Trial {
    let front = front.clone();
    Trial::test(case.id(), move || {
        let outcome = play_one(&case, &front);
        match outcome.verdict {
            Verdict::Passed => Ok(()),
            Verdict::Failed => Err(Failed::from(outcome.explanation())),
        }
    })
}
