//! The report on a terminal: failures, a table, a summary line.

use transom_conformance::Exchange;
use transom_conformance::report::{CaseReport, Report, Totals};
use transom_conformance::suite::Verdict;

use crate::output::{Line, Output, bad, good};

/// At most this many facts are printed for a failed case; the report has all.
const MAX_FACTS: usize = 3;
/// At most this many lines of a body are printed.
const MAX_LINES: usize = 24;

pub(super) fn print(report: &Report, output: &Output) {
    for case in report.cases.iter().filter(|case| case.verdict == Verdict::Failed) {
        failure(case, report, output);
    }
    for scenario in report.differential.iter().filter(|scenario| !scenario.verdict.is_well()) {
        let (group, name) = (scenario.group, scenario.name);
        output.line(bad("differs").text(format!(" {group}::{name}")));
        for shared in &scenario.traces {
            let sends: Vec<String> = shared.trace.sends.iter().map(ToString::to_string).collect();
            output.line(format!(
                "  {}: {}; {} arrived",
                shared.providers.join(", "),
                sends.join(", "),
                shared.trace.reached.len()
            ));
        }
    }
    for fact in &report.unplayed {
        output.line(bad("not covered").text(format!(" {} {}", fact.provider, fact.evidence.id)));
    }
    table(report, output);
    output.line(summary(report));
}

fn failure(case: &CaseReport, report: &Report, output: &Output) {
    output.line(bad("FAILED").text(format!(" {}", case.id)));
    output.line(format!("  contract  {} {}", case.contract, case.note).trim_end());
    if let Some(problem) = &case.problem {
        match (&problem.expected, &problem.observed) {
            (Some(expected), Some(observed)) => {
                block("expected", expected, output);
                block("observed", observed, output);
                if !problem.says.starts_with("expected ") {
                    block("in full", &problem.says, output);
                }
            }
            _ => block("problem", &problem.says, output),
        }
    }
    let facts: Vec<_> = case.contradicts(report).collect();
    for fact in facts.iter().take(MAX_FACTS) {
        let evidence = &fact.evidence;
        block(
            "against",
            &format!("{} [{}; {}, {}]", evidence.fact, evidence.source, fact.level.as_str(), evidence.certainty),
            output,
        );
    }
    match facts.len() {
        0 => block("against", "the contract of the SDK itself", output),
        count if count > MAX_FACTS => block("", &format!("and {} more facts", count - MAX_FACTS), output),
        _ => {}
    }
    if let Some(last) = case.exchanges.last() {
        exchange(last, output);
    }
    block("rerun", &case.command, output);
    output.line("");
}

fn exchange(exchange: &Exchange, output: &Output) {
    let Exchange { method, path, body, status, response, fault, .. } = exchange;
    block("request", format!("{method} {path}\n{body}").trim_end(), output);
    let fault = fault.as_ref().map(|fault| format!(" (fault: {fault})")).unwrap_or_default();
    block("answer", format!("{status}{fault}\n{response}").trim_end(), output);
}

/// Prints a label and at most [`MAX_LINES`] lines.
fn block(label: &str, text: &str, output: &Output) {
    for (at, line) in text.lines().take(MAX_LINES).enumerate() {
        let label = if at == 0 { label } else { "" };
        output.line(format!("  {label:9} {line}").trim_end());
    }
    let more = text.lines().count().saturating_sub(MAX_LINES);
    if more > 0 {
        output.line(format!("  {:9} … {more} more lines", ""));
    }
}

/// Prints the numbers of passed cases by group and provider.
fn table(report: &Report, output: &Output) {
    let mut groups: Vec<&str> = report.cases.iter().map(|case| case.group).collect();
    groups.dedup();
    let mut seen = Vec::new();
    groups.retain(|group| {
        let is_first = !seen.contains(group);
        seen.push(*group);
        is_first
    });
    let first = groups.iter().map(|group| group.len()).max().unwrap_or_default().max("GROUP".len());
    let width = report.providers.iter().map(|card| card.name.len()).max().unwrap_or_default().max(7);
    let titles: Vec<String> =
        report.providers.iter().map(|card| format!("{:>width$}", card.name.to_uppercase())).collect();
    output.line(format!("{:first$}  {}", "GROUP", titles.join("  ")));
    for group in groups {
        row(report, Some(group), first, width, output);
    }
    row(report, None, first, width, output);
}

/// Prints the row of a group, or of all.
fn row(report: &Report, group: Option<&str>, first: usize, width: usize, output: &Output) {
    let name = Line::from(format!("{:first$}", group.unwrap_or("all")));
    let cells = report.providers.iter().map(|card| cell(of(report, group, card.name), width));
    output.line(cells.fold(name, |line, cell| line.text("  ").then(&cell)));
}

fn of(report: &Report, group: Option<&str>, provider: &str) -> Totals {
    let cases = report.cases.iter().filter(|case| case.provider == provider);
    Totals::of(cases.filter(|case| group.is_none_or(|group| case.group == group)).map(|case| case.verdict))
}

/// `19` in green, or `18/19` in red.
fn cell(totals: Totals, width: usize) -> Line {
    let Totals { cases, passed, failed } = totals;
    if failed == 0 {
        good(&format!("{passed:>width$}"))
    } else {
        bad(&format!("{:>width$}", format!("{passed}/{cases}")))
    }
}

#[allow(clippy::cast_precision_loss, reason = "printed to a tenth of a second")]
fn summary(report: &Report) -> Line {
    let Totals { passed, failed, .. } = report.totals;
    let covered = report.evidence.iter().filter(|fact| fact.verdict.is_some()).count();
    let differences = match report.differential.iter().filter(|scenario| !scenario.verdict.is_well()).count() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    let adapters = match report.providers.len() {
        1 => "1 adapter".to_owned(),
        count => format!("{count} adapters"),
    };
    let line = format!(
        "conformance: {passed} passed, {failed} failed ({adapters}, {:.1} s); documented facts covered: {covered}/{}; \
         cross-adapter differences: {differences}",
        report.duration_ms as f64 / 1_000.0,
        report.evidence.len(),
    );
    if report.is_all_well() { good(&line) } else { bad(&line) }
}
