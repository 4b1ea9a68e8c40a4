//! Whether what the caller was told is true: the row's own expectation, and what holds for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::faults::canary;
use crate::faults::case::{Call, FaultCase, Expect, Claim};
use crate::faults::harness::{CallResult, FaultHarness};
use crate::faults::profile::Reads;

type Check = Result<(), String>;

/// Plays one case; what is wrong, if anything is.
pub(crate) async fn play(case: FaultCase) -> Check {
    let harness = Arc::new(FaultHarness::open(&case)?);
    let begun = Instant::now();
    let judged = match &case.call {
        Call::Own(own) => own(Arc::clone(&harness)).await,
        call => {
            let outcome = harness.call(call).await?;
            judge(&case, &harness, &outcome, begun.elapsed())
        }
    };
    judged.and_then(|()| always(&harness)).map_err(|problem| format!("{}: {problem}{}", case.name, report(&harness)))
}

/// What a person needs to see besides.
fn report(harness: &FaultHarness) -> String {
    let seen = harness.listener.seen();
    let (connections, requests) = (seen.connections, seen.requests.len());
    let lines = harness.provider.ledger().len();
    let waits = harness.clock.so_far();
    format!("\n    {connections} connections, {requests} requests, {lines} lines in the ledger, waits {waits:?}")
}

fn judge(case: &FaultCase, harness: &FaultHarness, outcome: &CallResult, took: Duration) -> Check {
    let expect = &case.expect;
    let verdict = verdict(outcome);
    ensure(expect.verdicts.contains(&verdict), || {
        format!("expected {:?}, got {verdict:?}: {}", expect.verdicts, told(outcome))
    })?;
    let ledger = harness.provider.ledger().len();
    if matches!(case.call, Call::Send) {
        agrees(verdict, ledger)?;
    }
    ensure(expect.ledger.contains(&ledger), || {
        format!("expected {:?} lines in the ledger, got {ledger}", expect.ledger)
    })?;
    ensure(took <= expect.within, || format!("expected an end within {:?}, it took {took:?}", expect.within))?;
    if let Some(expected) = &expect.connections {
        let connections = harness.listener.seen().connections;
        ensure(expected.contains(&connections), || format!("expected {expected:?} connections, got {connections}"))?;
    }
    match outcome {
        CallResult::Answered(Some((id, attempts))) => {
            ensure(expect.id.as_ref().is_none_or(|expected| expected == id), || {
                format!("expected the id {:?}, got {id}", expect.id)
            })?;
            counted(case, harness, *attempts)
        }
        CallResult::Answered(None) => Ok(()),
        CallResult::Failed(error) => {
            ensure(expect.kinds.contains(&error.kind()), || {
                format!("expected one of {:?}, got {}", expect.kinds, told(outcome))
            })?;
            ensure(expect.status.is_none() || expect.status == error.status(), || {
                format!("expected the status {:?}, got {:?}", expect.status, error.status())
            })?;
            canary::in_error(error)?;
            counted(case, harness, error.attempts())
        }
    }
}

/// The verdict and the ledger must agree: what is said to be unsent reached nobody, what is said to be sent somebody.
pub(crate) fn agrees(verdict: Claim, ledger: usize) -> Check {
    match (verdict, ledger) {
        (Claim::NotSent, 1..) => Err(format!("it is said to be unsent, and reached a person {ledger} times")),
        (Claim::Sent, 0) => Err("it is said to be sent, and reached nobody".to_owned()),
        _ => Ok(()),
    }
}

pub(crate) fn verdict(outcome: &CallResult) -> Claim {
    match outcome {
        CallResult::Answered(_) => Claim::Sent,
        CallResult::Failed(error) if error.may_have_been_sent() => Claim::Unknown,
        CallResult::Failed(_) => Claim::NotSent,
    }
}

pub(crate) fn told(outcome: &CallResult) -> String {
    match outcome {
        CallResult::Answered(Some((id, attempts))) => format!("accepted as {id} after {attempts} attempts"),
        CallResult::Answered(None) => "an answer".to_owned(),
        CallResult::Failed(error) => format!("{error:?}"),
    }
}

/// The attempts that are reported are those expected, cover the requests that were seen, and none came earlier than asked.
fn counted(case: &FaultCase, harness: &FaultHarness, attempts: u32) -> Check {
    let expect = &case.expect;
    match &case.call {
        Call::Send => ensure(expect.attempts.contains(&attempts), || {
            format!("expected {:?} attempts, got {attempts}", expect.attempts)
        })?,
        // A login in front of a send that then was not made.
        _ if harness.profile.reads == Reads::Login && expect.verdicts == [Claim::NotSent] => {
            ensure(attempts == 0, || format!("expected no attempt, got {attempts}"))?;
        }
        _ => {}
    }
    covers(harness, attempts)?;
    waited(expect, harness, attempts)
}

/// The provider saw no more requests than are reported.
pub(crate) fn covers(harness: &FaultHarness, attempts: u32) -> Check {
    let seen = harness.sends_seen();
    ensure(u32::try_from(seen).is_ok_and(|seen| seen <= attempts), || {
        format!("{attempts} attempts are reported, the provider saw {seen} requests to send")
    })
}

fn waited(expect: &Expect, harness: &FaultHarness, attempts: u32) -> Check {
    let waits = harness.clock.so_far();
    // Each attempt after the first waited for the one before it.
    let made = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    ensure(expect.hints.is_empty() || waits.len() == made, || {
        format!("{attempts} attempts were made after the waits {waits:?}")
    })?;
    let mut pairs = expect.hints.iter().zip(&waits);
    ensure(pairs.all(|(hint, wait)| wait >= hint), || {
        format!("the provider asked to wait {:?}, it was asked again after {waits:?}", expect.hints)
    })
}

/// What must hold whatever the row is about.
fn always(harness: &FaultHarness) -> Check {
    let mut copies = BTreeMap::<String, usize>::new();
    for line in harness.provider.ledger() {
        *copies.entry(line.text).or_default() += 1;
    }
    if let Some((text, count)) = copies.iter().find(|(_, count)| **count > 1) {
        return Err(format!("{text} reached a person {count} times"));
    }
    if let Some(problem) = harness.transport.problems().first() {
        return Err(problem.clone());
    }
    for request in &harness.listener.seen().requests {
        honest(request)?;
    }
    ensure(harness.decoy.seen().connections == 0, || "somebody went where the answer pointed".to_owned())?;
    // The name of an account's user is no credential to a mock.
    let exports = harness.provider.exports()?.replace(&harness.canaries.username, "");
    if let Some(found) = canary::credential_in(&exports) {
        return Err(format!("what the mock exports shows {found}"));
    }
    let forms = format!("{:?} {:#?} {:?}", harness.client, harness.client, harness.config);
    match canary::found_in(&forms) {
        Some(found) => Err(format!("the debug form of the client or its channel shows {found}")),
        None => Ok(()),
    }
}

/// What every request must be like on the wire.
fn honest(request: &http::Request<bytes::Bytes>) -> Check {
    let all = |name: &str| request.headers().get_all(name).iter().count();
    ensure(all("authorization") + all("x-api-key") <= 1, || "a request has two credentials".to_owned())?;
    let encodings: Vec<_> = request.headers().get_all("accept-encoding").iter().collect();
    ensure(encodings == ["identity"], || format!("a request takes packed answers: {encodings:?}"))?;
    for unwanted in ["referer", "cookie", "proxy-authorization"] {
        ensure(all(unwanted) == 0, || format!("a request has a `{unwanted}`"))?;
    }
    Ok(())
}

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The error of a call that should have failed.
pub(crate) fn failed(outcome: CallResult) -> Result<transom::Error, String> {
    match outcome {
        CallResult::Failed(error) => {
            canary::in_error(&error)?;
            Ok(error)
        }
        answered @ CallResult::Answered(_) => Err(format!("expected an error, got {}", told(&answered))),
    }
}

/// The id of a send that should have been taken.
pub(crate) fn taken(outcome: CallResult) -> Result<String, String> {
    match outcome {
        CallResult::Answered(Some((id, _))) => Ok(id),
        other => Err(format!("expected the message to be accepted, got {}", told(&other))),
    }
}
