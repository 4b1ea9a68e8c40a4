//! The report for build servers.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JUnit, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, Report};
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
