//! The matrix: one file for each of its sections, in which each row is a fault and what it may lead to.

mod body;
mod connect;
mod dns;
mod head;
mod json;
mod reuse;
mod secrets;
mod semantics;
mod status;
mod throttle;
mod tls;
mod write;

use std::time::Duration;

use transom::ErrorKind;

use crate::case::Case;
use crate::row::Row;
use crate::script::Step;
use crate::subject::Subject;

/// Every row, in the order of the sections.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    [
        dns::ROWS,
        connect::ROWS,
        tls::ROWS,
        write::ROWS,
        head::ROWS,
        body::ROWS,
        reuse::ROWS,
        status::ROWS,
        throttle::THROTTLES,
        json::ROWS,
        semantics::MEANINGS,
        throttle::CLOCKS,
        semantics::CROWDS,
        secrets::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// Network trouble.
const UNAVAILABLE: &[ErrorKind] = &[ErrorKind::ProviderUnavailable];
/// What was said cannot be understood.
const MALFORMED: &[ErrorKind] = &[ErrorKind::MalformedResponse];

/// What happens after the request: for a send that the provider took, for one that it never saw, and for a read. In none
/// of them does the client learn anything.
fn after_the_request(subject: &'static Subject, name: &str, steps: &[Step], kinds: &[ErrorKind]) -> Vec<Case> {
    let then = |first: Step| std::iter::once(first).chain(steps.iter().cloned()).collect::<Vec<_>>();
    vec![
        Case::send(subject, format!("{name}, a send that was taken")).plays(then(Step::Take)).mark_unknown(kinds),
        Case::send(subject, format!("{name}, a send that was lost")).plays(then(Step::ReadRequest)).mark_unknown(kinds),
        Case::read(subject, format!("{name}, a read")).plays(then(Step::ReadRequest)).mark_unknown(kinds),
    ]
}

/// The same with a client that soon gives up.
fn impatient(cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().map(Case::impatient).collect()
}

/// What a status alone means.
const fn refusal_kind(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        402 => ErrorKind::InsufficientBalance,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        _ => ErrorKind::InvalidRequest,
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// The case twice, since what comes in pieces must mean the same.
fn both_paces(case: impl Fn() -> Case) -> Vec<Case> {
    vec![case(), case().by_twos()]
}
