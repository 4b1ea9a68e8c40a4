//! The report for build servers.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JUnit, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, DriftReport, Report};
use crate::live::StepReport;
use crate::suite::Verdict;

/// A test suite for each provider, a test case for each case.
pub(super) fn of(report: &Report) -> JUnit {
    let mut junit = JUnit::new("transom conform");
    junit.set_time(Duration::from_millis(report.duration_ms));
    for provider in &report.providers {
        let mut suite = TestSuite::new(provider.name);
        suite.set_time(Duration::from_millis(provider.duration_ms));
        suite.add_property(("target", report.target.as_str()));
        suite.add_property(("seed", report.seed.to_string().as_str()));
        suite.add_test_cases(report.cases.iter().filter(|case| case.provider == provider.name).map(test_case));
        junit.add_test_suite(suite);
    }
    junit
}

/// A test suite for each channel, a test case for each step.
pub(super) fn of_drift(report: &DriftReport) -> JUnit {
    let mut junit = JUnit::new("transom conform --target live");
    junit.set_time(Duration::from_millis(report.duration_ms));
    for channel in &report.channels {
        let mut suite = TestSuite::new(channel.channel.as_str());
        suite.add_property(("provider", channel.provider));
        suite.add_test_cases(channel.steps.iter().map(|step| {
            let mut test = TestCase::new(step.step.as_str(), step_status(step));
            test.set_classname(format!("{}.live", channel.channel));
            test
        }));
        junit.add_test_suite(suite);
    }
    junit
}

fn step_status(step: &StepReport) -> TestCaseStatus {
    if step.is_as_documented() {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(match step.drift.len() {
        0 => "no answer came".to_owned(),
        1 => "one difference from the documented answer".to_owned(),
        count => format!("{count} differences from the documented answer"),
    });
    let lines = step.drift.iter().map(ToString::to_string).chain(step.error.clone());
    status.set_description(lines.collect::<Vec<_>>().join("\n"));
    status
}

fn test_case(case: &CaseReport) -> TestCase {
    let status = match (case.verdict, &case.problem) {
        (Verdict::Passed, _) => TestCaseStatus::success(),
        (Verdict::Failed, problem) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(case.contract.as_str());
            let says = problem.as_ref().map_or("", |problem| problem.says.as_str());
            status.set_description(format!("{says}\nalone: {}", case.command));
            status
        }
    };
    let mut test = TestCase::new(case.name, status);
    test.set_classname(format!("{}.{}", case.provider, case.group));
    test.set_time(Duration::from_millis(case.duration_ms));
    test
}
