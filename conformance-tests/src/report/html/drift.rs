//! The drift report for people.

use maud::{Markup, html};

use super::parts::{Page, mark, minute, seconds};
use crate::drift::live::{StepReport, StepVerdict};
use crate::drift::{Drift, DriftKind};
use crate::report::drift::{AskedChannel, DriftReport};

/// The whole page.
pub(in crate::report) fn of(report: &DriftReport) -> String {
    let page = Page {
        kicker: "Transom provider conformance",
        well: report.is_all_well(),
        headline: headline(report),
        circumstances: format!(
            "asked {}, in {:.1} s, version {}",
            minute(&report.started_at),
            seconds(report.duration_ms),
            report.generator.version
        ),
        sections: vec![("kinds", "Matrix"), ("channels", "Channels"), ("run", "This run")],
    };
    page.around(&html! {
        (kinds(report))
        section #channels {
            h2 { "Channels" }
            @for channel in &report.channels { (one(channel)) }
        }
        section #run {
            h2 { "This run" }
            dl {
                dt { "Version" } dd { (report.generator.name) " " (report.generator.version) }
                dt { "Target" } dd { (report.target) }
                dt { "Began" } dd { (report.started_at) }
                dt { "Took" } dd { (format!("{:.1}", seconds(report.duration_ms))) " s" }
            }
            p.small { "Credentials and phone numbers are redacted; of responses, only the shape is kept. " code { "report.json" } " and " code { "junit.xml" } " have the same content for programs." }
        }
    })
}

fn headline(report: &DriftReport) -> String {
    let totals = report.totals;
    let channels = match report.channels.as_slice() {
        [only] => format!("of {}", only.channel),
        several => format!("of {} channels", several.len()),
    };
    match totals.steps - totals.as_documented {
        0 if totals.steps == 0 => "nothing was asked".to_owned(),
        0 => format!("all {} steps {channels} went as documented", totals.steps),
        other => format!("{other} of {} steps {channels} did not go as documented", totals.steps),
    }
}

/// Kinds of differences against channels.
fn kinds(report: &DriftReport) -> Markup {
    html! {
        section #kinds {
            h2 { "Matrix" }
            div.wide { table.groups {
                thead { tr { th { "KnownDifference" } @for channel in &report.channels { th scope="col" { (channel.channel) br; span.small { (channel.provider) } } } } }
                tbody {
                    @for kind in DriftKind::ALL {
                        tr {
                            th scope="row" { (kind.as_str().replace('_', " ")) }
                            @for channel in &report.channels { (cell(count(channel, *kind))) }
                        }
                    }
                    @for verdict in [StepVerdict::Refused, StepVerdict::NoAnswer, StepVerdict::InDoubt] {
                        tr {
                            th scope="row" { (verdict.as_str().replace('_', " ")) }
                            @for channel in &report.channels {
                                (cell(channel.steps.iter().filter(|step| step.verdict == verdict).count()))
                            }
                        }
                    }
                }
            } }
        }
    }
}

fn count(channel: &AskedChannel, kind: DriftKind) -> usize {
    channel.steps.iter().flat_map(|step| &step.drift).filter(|drift| drift.kind == kind).count()
}

fn cell(count: usize) -> Markup {
    html! { td class=(if count == 0 { "pass" } else { "fail" }) { span.symbol { (mark(count == 0)) } @if count > 0 { " " (count) } } }
}

fn one(channel: &AskedChannel) -> Markup {
    html! {
        article.card.bad[!channel.is_all_well()] data-channel=(channel.channel) {
            h3 { (mark(channel.is_all_well())) " " (channel.channel) " (" (channel.provider) ")" }
            @if channel.steps.is_empty() { p.small { "Nothing was asked: the provider lists nothing, and no message was allowed." } }
            @for asked in &channel.steps { (step(asked)) }
        }
    }
}

fn step(step: &StepReport) -> Markup {
    let well = step.is_as_documented();
    html! {
        details.case.bad[!well] open[!well] data-step=(step.step) {
            summary { b { (mark(well)) " " (step.step) } span.small { " " (step.verdict.as_str().replace('_', " ")) ", " (step.outcome) ", answers: " (step.answers) } }
            @if let Some(error) = &step.error { pre { (error) } }
            @if !step.drift.is_empty() {
                div.wide { table {
                    thead { tr { th { "KnownDifference" } th { "Place" } th { "Documented" } th { "Observed" } th { "Page" } } }
                    tbody { @for drift in &step.drift { (row(drift)) } }
                } }
            }
            @for call in &step.not_shown { p.small { (call) ": no page shows this response, so it could not be compared." } }
            @if !step.observed.is_empty() {
                details {
                    summary { "The shape of the response, in the form of a fixture" }
                    @for shape in &step.observed { pre { (format!("{shape:#}")) } }
                }
            }
        }
    }
}

fn row(drift: &Drift) -> Markup {
    html! {
        tr.bad {
            td { (drift.kind.as_str().replace('_', " ")) br; span.small { (drift.call) } }
            td { code { (drift.place) } }
            td { (drift.documented) }
            td { (drift.observed) }
            td { @match &drift.source { Some(source) => (source), None => "no page" } }
        }
    }
}
