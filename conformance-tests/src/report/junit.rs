//! The report for build servers.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JUnit, TestCase, TestCaseStatus, TestSuite};

use super::drift::DriftReport;
use super::model::{CaseReport, Problem, Report};
use crate::drift::live::StepReport;
use crate::suite::Verdict;

/// The description lists at most so many facts; the report has them all.
const MOST_FACTS: usize = 3;

/// A test suite for each provider, a test case for each case.
pub(super) fn of(report: &Report) -> JUnit {
    let mut junit = JUnit::new("transom conform");
    junit.set_time(Duration::from_millis(report.duration_ms));
    for provider in &report.providers {
        let mut suite = TestSuite::new(provider.name);
        suite.set_time(Duration::from_millis(provider.duration_ms));
        suite.add_property(("target", report.target.as_str()));
        suite.add_property(("seed", report.seed.to_string().as_str()));
        let own = report.cases.iter().filter(|case| case.provider == provider.name);
        suite.add_test_cases(own.map(|case| test_case(case, report)));
        junit.add_test_suite(suite);
    }
    junit
}

/// The text for a reader who sees only the build server's page.
fn description(case: &CaseReport, problem: Option<&Problem>, report: &Report) -> String {
    let mut lines: Vec<String> = problem.map(|problem| problem.says.clone()).into_iter().collect();
    lines.extend(case.contradicts(report).take(MOST_FACTS).map(|fact| {
        let evidence = &fact.evidence;
        format!("against: {} [{}; {}]", evidence.fact, evidence.source, evidence.certainty)
    }));
    if let Some(last) = case.exchanges.last() {
        lines.push(format!("request: {} {}\n{}", last.method, last.path, last.body));
        lines.push(format!("answer: {}\n{}", last.status, last.response));
    }
    lines.push(format!("alone: {}", case.command));
    lines.join("\n")
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
    status.set_message(step.verdict.as_str().replace('_', " "));
    let lines = step.drift.iter().map(ToString::to_string).chain(step.error.clone());
    status.set_description(lines.collect::<Vec<_>>().join("\n"));
    status
}

fn test_case(case: &CaseReport, report: &Report) -> TestCase {
    let status = match (case.verdict, &case.problem) {
        (Verdict::Passed, _) => TestCaseStatus::success(),
        (Verdict::Failed, problem) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(case.contract);
            status.set_type(case.level.as_str());
            status.set_description(description(case, problem.as_ref(), report));
            status
        }
    };
    let mut test = TestCase::new(case.name, status);
    test.set_classname(format!("{}.{}", case.provider, case.group));
    test.set_time(Duration::from_millis(case.duration_ms));
    test
}
