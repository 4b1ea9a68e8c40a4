//! Helpers of several sections.

use std::time::Duration;

use transom::ErrorKind;

use crate::faults::case::FaultCase;
use crate::faults::profile::FaultProfile;
use crate::faults::script::Step;

/// The kind of network errors.
pub(super) const UNAVAILABLE: &[ErrorKind] = &[ErrorKind::ProviderUnavailable];
/// The kind of unreadable responses.
pub(super) const MALFORMED: &[ErrorKind] = &[ErrorKind::MalformedResponse];

/// What happens after the request: for a send that the provider took, for one that it never saw, and for a read. In none
/// of them does the client learn anything.
pub(super) fn after_the_request(
    profile: &'static FaultProfile,
    name: &str,
    steps: &[Step],
    kinds: &[ErrorKind],
) -> Vec<FaultCase> {
    let then = |first: Step| std::iter::once(first).chain(steps.iter().cloned()).collect::<Vec<_>>();
    vec![
        FaultCase::send(profile, format!("{name}, a send that was taken"))
            .plays(then(Step::Take))
            .outcome_unknown(kinds),
        FaultCase::send(profile, format!("{name}, a send that was lost"))
            .plays(then(Step::ReadRequest))
            .outcome_unknown(kinds),
        FaultCase::read(profile, format!("{name}, a read")).plays(then(Step::ReadRequest)).outcome_unknown(kinds),
    ]
}

/// The same with a short timeout.
pub(super) fn impatient(cases: Vec<FaultCase>) -> Vec<FaultCase> {
    cases.into_iter().map(FaultCase::impatient).collect()
}

/// The error kind of a status.
pub(super) const fn refusal_kind(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        402 => ErrorKind::InsufficientBalance,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        _ => ErrorKind::InvalidRequest,
    }
}

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// The case twice, since what comes in pieces must mean the same.
pub(super) fn both_paces(case: impl Fn() -> FaultCase) -> Vec<FaultCase> {
    vec![case(), case().by_twos()]
}
