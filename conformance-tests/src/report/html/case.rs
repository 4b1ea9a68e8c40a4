//! The details of a case.

use maud::{Markup, html};

use super::parts::{badge, mark};
use crate::harness::Exchange;
use crate::harness::Trace;
use crate::report::model::{CaseReport, EvidenceReport, PlayedFact, Problem, Report};
use crate::suite::Verdict;

/// A failed case, with everything needed to fix it.
pub(super) fn failure(case: &CaseReport, report: &Report) -> Markup {
    let contradicted: Vec<&EvidenceReport> = case.contradicts(report).collect();
    html! {
        article.failure {
            h3 { "✘ " (case.contract) }
            p.small { (case.provider) " · " (case.group) " · " (case.level.as_str()) }
            @if let Some(problem) = &case.problem { (broken(problem)) }
            h4 { "The fact that it contradicts" }
            (facts(&contradicted))
            @if let Some(last) = case.exchanges.last() {
                h4 { "The last request and its answer" }
                (exchange(last))
            }
            p { "Alone: " code { (case.command) } " · " a href={ "#" (case.id) } { "the whole case" } }
        }
    }
}

/// A case in the matrix, collapsed.
pub(super) fn details(case: &CaseReport, report: &Report) -> Markup {
    let passed = case.verdict == Verdict::Passed;
    html! {
        details.case.bad[!passed] data-case=(case.id) data-verdict=(if passed { "passed" } else { "failed" }) {
            summary {
                b { (mark(passed)) " " (case.provider) }
                @if case.refusal { " refuses it, as it must" }
                span.small { " " (case.duration_ms) " ms" @if case.virtual_s > 0 { ", " (virtual_time(case.virtual_s)) " of virtual time" } }
            }
            // Inside the details, so that a link to it opens them.
            div id=(case.id) {
                p { (case.contract) @if !case.note.is_empty() { " " (case.note) } }
                @if let (true, Some(needs)) = (case.refusal, case.needs) {
                    p { "The provider offers no " (needs.replace('_', " ")) ". The call has to be refused as unsupported, without a request." }
                }
                @if let Some(problem) = &case.problem { (broken(problem)) }
                (rests_on(case, report))
                h4 { "Reported results and delivered messages" }
                (trace(&case.trace))
                (wire_log(case))
                p { "Alone: " code { (case.command) } }
            }
        }
    }
}

fn virtual_time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

fn broken(problem: &Problem) -> Markup {
    html! {
        @match (&problem.expected, &problem.observed) {
            (Some(expected), Some(observed)) => {
                div.against {
                    div { h4 { "Expected" } pre { (expected) } }
                    div { h4 { "Observed" } pre { (observed) } }
                }
                details { summary { "In full" } pre { (problem.says) } }
            }
            _ => pre { (problem.says) },
        }
    }
}

fn rests_on(case: &CaseReport, report: &Report) -> Markup {
    let covered: Vec<&EvidenceReport> = case.covers.iter().filter_map(|id| report.fact(case.provider, id)).collect();
    html! {
        @if !case.played.is_empty() {
            details {
                summary { "Checks " (case.played.len()) " facts, one by one" }
                ul.facts { @for fact in &case.played { (played(fact, case, report)) } }
            }
        } @else if covered.is_empty() {
            p.small { "The contract is the SDK's own and relies on no fact about the provider." }
        } @else {
            details {
                summary { "Relies on " (covered.len()) " facts about the provider" }
                (facts(&covered))
            }
        }
    }
}

fn played(fact: &PlayedFact, case: &CaseReport, report: &Report) -> Markup {
    html! {
        li.bad[fact.verdict == Verdict::Failed] {
            (mark(fact.verdict == Verdict::Passed)) " "
            @match report.fact(case.provider, &fact.id) {
                Some(known) => { (known.evidence.fact) " " (badge(&known.evidence.certainty)) }
                None => code { (fact.id) },
            }
            @if let Some(problem) = &fact.problem { pre { (problem.says) } }
        }
    }
}

fn facts(facts: &[&EvidenceReport]) -> Markup {
    html! {
        @if facts.is_empty() {
            p.small { "The contract is the SDK's own." }
        } @else {
            ul.facts {
                @for fact in facts {
                    li { (fact.evidence.fact) " " (badge(&fact.evidence.certainty)) " " span.small { (fact.evidence.source) } }
                }
            }
        }
    }
}

/// The results of the sends, and the delivered messages.
pub(super) fn trace(trace: &Trace) -> Markup {
    const MOST: usize = 12;
    html! {
        ul.trace {
            @for told in trace.sends.iter().take(MOST) { li { "reported: " (told) } }
            @if trace.sends.len() > MOST { li.small { "and " (trace.sends.len() - MOST) " more sends" } }
            @for message in trace.reached.iter().take(MOST) { li { "delivered: " (message) } }
            @if trace.reached.len() > MOST { li.small { "and " (trace.reached.len() - MOST) " more messages" } }
            @if trace.sends.is_empty() && trace.reached.is_empty() { li.small { "nothing was sent" } }
        }
    }
}

fn wire_log(case: &CaseReport) -> Markup {
    html! {
        @if case.exchanges.is_empty() {
            p.small { "The provider received no request." }
        } @else {
            details.log {
                summary { "Wire log: " (case.exchanges.len() + case.exchanges_left_out) " requests"
                    @if case.exchanges_left_out > 0 { ", " (case.exchanges_left_out) " left out" } }
                @for one in &case.exchanges { (exchange(one)) }
            }
        }
    }
}

fn exchange(exchange: &Exchange) -> Markup {
    let headers: Vec<String> = exchange.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    html! {
        div.exchange {
            pre.request { b { (exchange.method) " " (exchange.path) } "\n" (headers.join("\n")) @if !exchange.body.is_empty() { "\n\n" (exchange.body) } }
            pre.response {
                b { (exchange.status) } @if let Some(fault) = &exchange.fault { " (fault: " (fault) ")" }
                @if !exchange.response.is_empty() { "\n\n" (exchange.response) }
                @for finding in &exchange.findings { "\n" (finding) }
            }
        }
    }
}
