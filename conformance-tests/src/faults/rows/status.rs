//! The meaning of an HTTP status.

use transom::ErrorKind;

use super::common::{MALFORMED, UNAVAILABLE, both_paces, refusal_kind};
use crate::faults::case::FaultCase;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer, says};

pub(super) const ROWS: &[Row] = &[
    each("S1", "a rejection with a documented code", |s| {
        let refused = |refusal: &'static crate::adapters::Refusal| {
            both_paces(move || {
                let case = refusing(s, "by code", refusal.status, JSON, refusal.body);
                case.refused(&[refusal.kind]).with_status(refusal.status)
            })
        };
        [refused(&s.no), refused(&s.closed)].concat()
    }),
    each("S2", "a web page with 400, 404, 405 or 415", |s| plain_refusals(s, &[400, 404, 405, 415], HTML, PAGE)),
    each("S3", "401", |s| plain_refusals(s, &[401], JSON, "{}")),
    each("S4", "402", |s| plain_refusals(s, &[402], JSON, "{}")),
    each("S5", "the window is closed: no template is sent without a fallback", |s| {
        let case = refusing(s, "without a fallback", s.closed.status, JSON, s.closed.body);
        vec![case.refused(&[ErrorKind::SessionExpired])]
    }),
    each("S6", "403 with a firewall's page", |s| plain_refusals(s, &[403], HTML, PAGE)),
    each("S7", "404: the sender's code, or an unknown path", |s| {
        let by_code = match s.name() {
            "autocalls" => Some((404, r#"{"success":false,"error":"x","error_code":"SENDER_NOT_FOUND"}"#)),
            "gosendapi" => Some((403, r#"{"message":"no","code":"PHONE_NUMBER_NOT_IN_TENANT"}"#)),
            _ => None,
        };
        let sender = by_code.map(|(status, body)| {
            both_paces(move || refusing(s, "the sender", status, JSON, body).refused(&[ErrorKind::SenderNotFound]))
        });
        let path = both_paces(|| refusing(s, "the path", 404, JSON, "{}").refused(&[ErrorKind::NotFound]));
        sender.into_iter().flatten().chain(path).collect()
    }),
    each("S8", "408", |s| outcome_unknown(s, &[408])),
    each("S9", "409", conflicts),
    each("S10", "413, 414, 431", |s| plain_refusals(s, &[413, 414, 431], JSON, "{}")),
    each("S11", "421, 425: retried on another connection", |s| {
        let again =
            |status| move || then_accepted(FaultCase::send(s, format!("{status}")), status, &[]).connects(2..=2);
        [both_paces(again(421)), both_paces(again(425))].concat()
    }),
    each("S16", "429 with a message id", |s| {
        both_paces(|| {
            let case = FaultCase::send(s, "and it was taken");
            case.plays([Step::Take, says(429, JSON, (s.yes)("\"m1\""))]).unknown_and_final(&[ErrorKind::RateLimited])
        })
    }),
    each("S17", "500, 502, 504, 520 to 527, 499", |s| {
        let mut cases = outcome_unknown(s, &[500, 502, 504, 520, 521, 522, 523, 524, 525, 526, 527, 499]);
        for status in [501, 505] {
            let case =
                || refusing(s, "for good", status, HTML, PAGE).unknown_and_final(UNAVAILABLE).with_status(status);
            cases.extend(both_paces(case));
        }
        cases
    }),
    each("S18", "503 without a body", |s| {
        let later = || {
            let case = refusing(s, "with a wait", 503, &[("retry-after", "1")], "");
            case.outcome_unknown(UNAVAILABLE)
                .with_status(503)
                .with(|case| case.expect.hints = vec![super::common::SECOND])
        };
        [outcome_unknown(s, &[503]), both_paces(later)].concat()
    }),
    each("S19", "503 with a documented code for not sent", |s| {
        let body = r#"{"success":false,"error":"Sender is not online.","error_code":"SENDER_OFFLINE"}"#;
        let case = || refusing(s, "offline", 503, JSON, body).refused(&[ErrorKind::SenderUnavailable]);
        if s.name() == "autocalls" { both_paces(case) } else { Vec::new() }
    }),
    each("S20", "a 5xx with a page labelled as JSON", |s| {
        let case =
            |status| move || refusing(s, "a page", status, JSON, PAGE).outcome_unknown(UNAVAILABLE).with_status(status);
        [500, 502, 503, 504].into_iter().flat_map(|status| both_paces(case(status))).collect()
    }),
    each("S21", "200 with a web page", |s| {
        both_paces(|| {
            FaultCase::send(s, "a page").plays([Step::Take, says(200, HTML, PAGE)]).outcome_unknown(MALFORMED)
        })
    }),
    each("S22", "a rejection inside a 2xx, with a known or unknown code", no_inside_yes),
    each("S23", "202 with an id", |s| {
        both_paces(|| {
            let case = FaultCase::send(s, "202").plays([Step::Take, says(202, JSON, (s.yes)("\"m-1\""))]);
            case.with(|case| case.expect.id = Some("m-1".to_owned()))
        })
    }),
    each("S25", "a success about another recipient", |s| {
        let body = match s.name() {
            "gosendapi" => r#"{"contacts":[{"input":"34699000111","wa_id":"34699000111"}],"messages":[{"id":"m1"}]}"#,
            "messangi" => r#"{"data":{"id":"m1","to":"+34699000111","status":"QUEUE"}}"#,
            _ => return Vec::new(),
        };
        both_paces(|| {
            FaultCase::send(s, "another recipient")
                .plays([Step::Take, says(200, JSON, body)])
                .outcome_unknown(MALFORMED)
        })
    }),
];

pub(super) const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
const PAGE: &str = "<!doctype html><html><head><title>Error</title></head><body><h1>Sorry</h1></body></html>";

/// A send that is answered so, and that the provider never saw.
pub(super) fn refusing(
    s: &'static FaultProfile,
    name: &str,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> FaultCase {
    FaultCase::send(s, format!("{status} {name}")).plays([Step::ReadRequest, says(status, headers, body)])
}

/// The first attempt is answered with `status`, the next is taken.
pub(super) fn then_accepted(case: FaultCase, status: u16, headers: &[(&str, &str)]) -> FaultCase {
    case.plays([Step::ReadRequest, says(status, headers, "")]).plays([Step::Take, answer()]).sent_after(2)
}

fn plain_refusals(
    s: &'static FaultProfile,
    statuses: &[u16],
    headers: &'static [(&str, &str)],
    body: &'static str,
) -> Vec<FaultCase> {
    let case =
        |status| move || refusing(s, "", status, headers, body).refused(&[refusal_kind(status)]).with_status(status);
    statuses.iter().flat_map(|status| both_paces(case(*status))).collect()
}

/// A gateway's answers: the provider behind it may have taken the message, or not.
fn outcome_unknown(s: &'static FaultProfile, statuses: &[u16]) -> Vec<FaultCase> {
    let mut cases = Vec::new();
    for &status in statuses {
        let case = move |first: Step, name: &str| {
            let case = FaultCase::send(s, format!("{status}, {name}")).plays([first, says(status, HTML, PAGE)]);
            case.outcome_unknown(UNAVAILABLE).with_status(status)
        };
        cases.extend(both_paces(move || case(Step::Take, "taken")));
        cases.push(case(Step::ReadRequest, "lost"));
    }
    cases
}

/// Something is there already. Under a key it is the earlier body; without one, nobody knows what.
fn conflicts(s: &'static FaultProfile) -> Vec<FaultCase> {
    let bare = || refusing(s, "bare", 409, JSON, "{}");
    match s.name() {
        "gosendapi" => {
            let under_way = r#"{"statusCode":409,"message":"A request with this key is already in progress"}"#;
            let another = r#"{"statusCode":409,"message":"Idempotency-Key was already used with a different body"}"#;
            let stays = || refusing(s, "in progress", 409, JSON, under_way).outcome_unknown(&[ErrorKind::Conflict]);
            // Nothing of ours came before: the one that is under way is that of a process that is gone, say.
            let ends = || {
                let case =
                    FaultCase::send(s, "in progress, then done").plays([Step::ReadRequest, says(409, JSON, under_way)]);
                case.plays([Step::Take, answer()]).sent_after(2).connects(2..=2)
            };
            let other = || bare().refused(&[ErrorKind::Conflict]);
            let other_body = || refusing(s, "another body", 409, JSON, another).refused(&[ErrorKind::Conflict]);
            // What was lost stays in doubt, and the same body again would be refused again.
            let then_other_body = || {
                let case = FaultCase::send(s, "another body after a lost answer").plays([Step::Take, Step::Fin]);
                let case =
                    case.plays([Step::ReadRequest, says(409, JSON, another)]).outcome_unknown(&[ErrorKind::Conflict]);
                case.with(|case| case.setup.tries = 4)
            };
            let cases = [both_paces(other), both_paces(other_body), both_paces(then_other_body)];
            [cases.concat(), both_paces(stays), both_paces(ends)].concat()
        }
        "exotel" => {
            let coded =
                r#"{"response":{"code":409,"error_data":{"code":1008,"message":"Duplicate"},"status":"failure"}}"#;
            let documented = || refusing(s, "documented", 409, JSON, coded).refused(&[ErrorKind::Conflict]);
            [both_paces(|| bare().unknown_and_final(&[ErrorKind::Conflict])), both_paces(documented)].concat()
        }
        _ => both_paces(|| bare().unknown_and_final(&[ErrorKind::Conflict])),
    }
}

fn no_inside_yes(s: &'static FaultProfile) -> Vec<FaultCase> {
    let Some(known) = &s.no_inside_yes else { return Vec::new() };
    let unknown = match s.name() {
        "autocalls" => r#"{"success":false,"error":"x","error_code":"BRAND_NEW"}"#,
        "exotel" => {
            r#"{"response":{"whatsapp":{"messages":[{"error_data":{"code":"BRAND_NEW","message":"x"},"status":"failure"}]}}}"#
        }
        _ => r#"{"data":{"id":"","status":"BRAND_NEW"}}"#,
    };
    let kinds = [ErrorKind::InvalidRequest, ErrorKind::MalformedResponse];
    let known = || refusing(s, "known", known.status, JSON, known.body).refused(&[known.kind]);
    let unknown =
        || FaultCase::send(s, "unknown").plays([Step::Take, says(200, JSON, unknown)]).outcome_unknown(&kinds);
    [both_paces(known), both_paces(unknown)].concat()
}
