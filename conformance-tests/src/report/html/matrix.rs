//! The matrices: groups against providers, and scenarios against providers.

use maud::{Markup, html};

use super::case;
use crate::report::model::{CaseReport, Report, Totals};
use crate::suite::Verdict;

/// Groups against providers.
pub(super) fn groups(report: &Report) -> Markup {
    html! {
        section #groups {
            h2 { "Matrix" }
            div.wide { table.groups {
                thead { tr { th { "Group" } @for card in &report.providers { th scope="col" { (card.name) } } } }
                tbody {
                    @for group in names_of_groups(report) {
                        tr {
                            th scope="row" { a href={ "#group-" (group) } { (group) } }
                            @for card in &report.providers { (group_cell(report, group, card.name)) }
                        }
                    }
                }
            } }
            p.legend {
                span.cell.pass { "✔" } " the contract holds "
                span.cell.refused { "⊘" } " the adapter does not offer it, and refuses it as it must (counted in) "
                span.cell.fail { "✘" } " the contract is broken"
            }
        }
    }
}

fn group_cell(report: &Report, group: &str, provider: &str) -> Markup {
    let cases = report.cases.iter().filter(|case| case.group == group && case.provider == provider);
    let refused = cases.clone().filter(|case| case.refusal && case.verdict == Verdict::Passed).count();
    let Totals { cases, passed, failed } = Totals::of(cases.map(|case| case.verdict));
    let class = if failed == 0 { "pass" } else { "fail" };
    html! {
        td class=(class) {
            a href={ "#group-" (group) } {
                span.symbol { (super::parts::mark(failed == 0)) } " " (passed) @if failed > 0 { " of " (cases) }
                @if refused > 0 { span.of-them title="refusals of what the adapter does not offer, among them" { "⊘ " (refused) } }
            }
        }
    }
}

/// The groups in the order of the cases.
fn names_of_groups(report: &Report) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for case in &report.cases {
        if !names.contains(&case.group) {
            names.push(case.group);
        }
    }
    names
}

/// Scenarios against providers: a row opens to its cases, a cell links to its own case.
pub(super) fn scenarios(report: &Report) -> Markup {
    html! {
        section #scenarios {
            h2 { "Scenarios" }
            p.small { "A row opens to its cases; a symbol leads to that provider's." }
            @for group in names_of_groups(report) {
                div.head style=(columns(report)) {
                    h3 id={ "group-" (group) } { (group) }
                    @for card in &report.providers { span.provider { (card.name) } }
                }
                @for cases in rows(report, group) { (row(report, &cases)) }
            }
        }
    }
}

/// The cases of a group, sorted by scenario.
fn rows<'r>(report: &'r Report, group: &str) -> Vec<Vec<&'r CaseReport>> {
    let mut rows: Vec<Vec<&CaseReport>> = Vec::new();
    for case in report.cases.iter().filter(|case| case.group == group) {
        match rows.iter_mut().find(|row| row.first().is_some_and(|first| first.name == case.name)) {
            Some(row) => row.push(case),
            None => rows.push(vec![case]),
        }
    }
    rows
}

fn row(report: &Report, cases: &[&CaseReport]) -> Markup {
    let Some(first) = cases.first() else { return html! {} };
    html! {
        details.row {
            summary style=(columns(report)) {
                span.contract { (first.contract) }
                @for card in &report.providers {
                    @match cases.iter().find(|case| case.provider == card.name) {
                        Some(case) => { (cell(case)) }
                        None => span.cell {},
                    }
                }
            }
            div.cases { @for case in cases { (case::details(case, report)) } }
        }
    }
}

fn cell(case: &CaseReport) -> Markup {
    let (class, symbol, word) = match (case.verdict, case.refusal) {
        (Verdict::Failed, _) => ("fail", "✘", "failed"),
        (Verdict::Passed, true) => ("refused", "⊘", "refused, as it must be"),
        (Verdict::Passed, false) => ("pass", "✔", "passed"),
    };
    let label = format!("{}: {word}", case.provider);
    html! { a class={ "cell " (class) } href={ "#" (case.id) } title=(label) aria-label=(label) { (symbol) } }
}

fn columns(report: &Report) -> String {
    format!("--providers: {}", report.providers.len())
}
