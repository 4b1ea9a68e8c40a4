//! The report for people: one page that needs no scripts and no network.

mod case;
mod drift;
mod matrix;
mod parts;

use maud::{Markup, html};

use super::model::{Coverage, EvidenceReport, Report, Scorecard};
use crate::defects::Defect;
use crate::differential::{Comparison, ScenarioComparison};
use crate::suite::Verdict;

use parts::{Page, badge, mark, minute, seconds};

pub(super) use drift::of as of_drift;

/// The whole page.
pub(super) fn of(report: &Report) -> String {
    let failed: Vec<_> = report.cases.iter().filter(|case| case.verdict == Verdict::Failed).collect();
    let sections = [
        ("groups", "Matrix"),
        ("scenarios", "Scenarios"),
        ("providers", "Providers"),
        ("differential", "Differences"),
        ("evidence", "Evidence"),
        ("defects", "Defects"),
        ("run", "This run"),
    ];
    let first = (!failed.is_empty()).then_some(("failed", "What failed"));
    let page = Page {
        kicker: "Transom conformance",
        well: report.is_all_well(),
        headline: headline(report),
        circumstances: circumstances(report),
        sections: first.into_iter().chain(sections).collect(),
    };
    page.around(&html! {
        @if !failed.is_empty() {
            section #failed {
                h2 { "What failed" }
                @for case in &failed { (case::failure(case, report)) }
            }
        }
        (matrix::groups(report))
        (matrix::scenarios(report))
        section #providers {
            h2 { "Providers" }
            div.cards { @for card in &report.providers { (scorecard(card)) } }
        }
        (differences(&report.differential))
        (evidence(report))
        (defects(report.defects))
        (run(report))
    })
}

fn headline(report: &Report) -> String {
    let totals = report.totals;
    let adapters = match report.providers.as_slice() {
        [only] => format!("of {}", only.name),
        several => format!("of {} adapters", several.len()),
    };
    let differing = report.differential.iter().filter(|scenario| !scenario.verdict.is_well()).count();
    match (totals.failed, differing) {
        (0, 0) => format!("all {} cases {adapters} hold", totals.cases),
        (0, _) => format!("all {} cases {adapters} hold, {differing} scenarios differ between them", totals.cases),
        (failed, _) => format!("{failed} of {} cases {adapters} failed", totals.cases),
    }
}

fn circumstances(report: &Report) -> String {
    format!(
        "against {}, {}, in {:.1} s, version {}, seed {}",
        report.target,
        minute(&report.started_at),
        seconds(report.duration_ms),
        report.generator.version,
        report.seed
    )
}

fn scorecard(card: &Scorecard) -> Markup {
    let well = card.totals.failed == 0;
    html! {
        article.card.bad[!well] {
            h3 { (mark(well)) " " (card.name) }
            p.score { b { (card.totals.passed) } " of " (card.totals.cases) " cases hold" }
            p.small { (card.refusals) " of them as the refusal of what it does not offer; " (format!("{:.1}", seconds(card.duration_ms))) " s of work" }
            table {
                thead { tr { th { "On record" } th { "facts" } th { "covered" } th { "contradicted" } } }
                tbody { @for row in &card.coverage { (coverage(row)) } }
            }
            p.small {
                @for (certainty, count) in &card.certainties { (badge(certainty)) " " (count) " " }
            }
            details {
                summary { (card.capabilities.len()) " capabilities" }
                p.small { (card.capabilities.join(", ").replace('_', " ")) }
            }
        }
    }
}

fn coverage(row: &Coverage) -> Markup {
    html! {
        tr {
            th { (row.kind.as_str()) "s" }
            td { (row.on_record) }
            td { (row.played) @if row.played < row.on_record { " ✘" } }
            td { (row.contradicted) @if row.contradicted > 0 { " ✘" } }
        }
    }
}

fn differences(compared: &[ScenarioComparison]) -> Markup {
    let same = compared.iter().filter(|scenario| scenario.verdict == Comparison::Same).count();
    html! {
        section #differential {
            h2 { "Differences between adapters" }
            p {
                "Of " (compared.len()) " scenarios that several adapters play, " b { (same) } " come to the same for all: kind of "
                "outcome, whether the message is out, attempts, fallback, and what reaches the contact. The others differ for a reason:"
            }
            @for scenario in compared.iter().filter(|scenario| scenario.verdict != Comparison::Same) {
                details.difference.bad[!scenario.verdict.is_well()] {
                    summary {
                        (mark(scenario.verdict.is_well())) " " code { (scenario.group) "::" (scenario.name) }
                        span.why { (why(scenario)) }
                    }
                    @for shared in &scenario.traces {
                        h4 { (shared.providers.join(", ")) }
                        (case::trace(&shared.trace))
                    }
                }
            }
        }
    }
}

fn why(scenario: &ScenarioComparison) -> &'static str {
    match scenario.verdict {
        Comparison::Same => "the same",
        Comparison::Declared => scenario.reason.unwrap_or_default(),
        Comparison::Undeclared => "they differ without a declared reason",
        Comparison::Stale => "declared to differ, and they do not",
    }
}

fn evidence(report: &Report) -> Markup {
    html! {
        section #evidence {
            h2 { "Evidence" }
            p { "Every fact on record about a provider: the rows of its tables of codes, its limits, its documented requests and webhook calls." }
            @for card in &report.providers {
                @let facts: Vec<&EvidenceReport> =
                    report.evidence.iter().filter(|fact| fact.provider == card.name).collect();
                details.facts {
                    summary { (card.name) ": " (facts.len()) " facts" }
                    div.wide { table {
                        thead { tr { th {} th { "Fact" } th { "Source" } th { "RequirementLevel" } th { "Read" } } }
                        tbody { @for fact in facts { (fact_row(fact)) } }
                    } }
                }
            }
        }
    }
}

fn fact_row(fact: &EvidenceReport) -> Markup {
    let (symbol, word) = match fact.verdict {
        Some(Verdict::Passed) => ("✔", "holds"),
        Some(Verdict::Failed) => ("✘", "contradicted"),
        None => ("·", "not covered"),
    };
    html! {
        tr.bad[fact.verdict == Some(Verdict::Failed)] {
            td title=(word) { (symbol) }
            td { code { (fact.evidence.id) } br; (fact.evidence.fact) }
            td { (fact.evidence.source) }
            td { (badge(&fact.evidence.certainty)) }
            td { (fact.evidence.date) }
        }
    }
}

/// The reason to trust a page on which every case passes.
fn defects(defects: &[Defect]) -> Markup {
    html! {
        section #defects {
            h2 { "Deliberate defects" }
            p {
                "The suite's own tests play the cases of every group but " code { "hostile" } " against " b { (defects.len()) } " adapters with one deliberate defect each, "
                "and assert that exactly the cases below fail."
            }
            details.facts {
                summary { (defects.len()) " defects, and the cases that fail" }
                div.wide { table {
                    thead { tr { th { "Defect" } th { "Adapter" } th { "Cases that fail" } } }
                    tbody { @for defect in defects { tr {
                        td { (defect.description) br; span.small { (defect.name) } }
                        td { (defect.provider) }
                        td { @for case in defect.caught_by { code { (case) } br; } }
                    } } }
                } }
            }
        }
    }
}

fn run(report: &Report) -> Markup {
    let environment = &report.environment;
    html! {
        section #run {
            h2 { "This run" }
            dl {
                dt { "Version" } dd { (report.generator.name) " " (report.generator.version) }
                dt { "Target" } dd { (report.target) }
                dt { "Began" } dd { (report.started_at) }
                dt { "Took" } dd { (format!("{:.1}", seconds(report.duration_ms))) " s, " (environment.threads) " cases at a time" }
                dt { "Machine" } dd { (environment.os) ", " (environment.arch) ", a " (environment.build) " build" }
                dt { "Seed" } dd { (report.seed) }
                dt { "Again" } dd { code { (report.command) } }
            }
            p.small { "Credentials and phone numbers are redacted. " code { "report.json" } " and " code { "junit.xml" } " have the same content for programs." }
        }
    }
}
