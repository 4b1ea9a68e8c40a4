//! Decides whether the reported result is true: by the row's expectation, and by the rules for all rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::canary;
use super::case::{Call, Claim, Expect, FaultCase};
use super::harness::{CallResult, FaultHarness};
use super::profile::Reads;
use crate::assertions::{Check, Failure, ensure};

/// Plays one case, and returns the failure, if any.
pub(crate) async fn play(case: FaultCase, harness: Arc<FaultHarness>) -> Check {
    let begun = Instant::now();
    let checked = match &case.call {
        Call::Own(own) => own(Arc::clone(&harness)).await,
        call => {
            let outcome = match call {
                Call::Read => harness.read().await?,
                _ => harness.send(&harness.message(1)?).await?,
            };
            check(&case, &harness, &outcome, begun.elapsed())
        }
    };
    checked
        .and_then(|()| always(&case, &harness))
        .map_err(|failure| format!("{}: {failure}{}", case.name, report(&harness)).into())
}

/// Details for the reader of a failure.
fn report(harness: &FaultHarness) -> String {
    let seen = harness.listener.seen();
    let (connections, requests) = (seen.connections, seen.requests.len());
    let lines = harness.provider.ledger().len();
    let waits = harness.clock.so_far();
    format!("\n    {connections} connections, {requests} requests, {lines} lines in the ledger, waits {waits:?}")
}

fn check(case: &FaultCase, harness: &FaultHarness, outcome: &CallResult, took: Duration) -> Check {
    let expect = &case.expect;
    let claim = claim_of(outcome);
    ensure(
        expect.claims.contains(&claim),
        format_args!("expected {:?}, got {claim:?}: {}", expect.claims, described(outcome)),
    )?;
    let ledger = harness.provider.ledger().len();
    if matches!(case.call, Call::Send) {
        agrees(claim, ledger)?;
    }
    ensure(
        expect.ledger.contains(&ledger),
        format_args!("expected {:?} lines in the ledger, got {ledger}", expect.ledger),
    )?;
    ensure(took <= expect.within, format_args!("expected an end within {:?}, it took {took:?}", expect.within))?;
    if let Some(expected) = &expect.connections {
        let connections = harness.listener.seen().connections;
        ensure(expected.contains(&connections), format_args!("expected {expected:?} connections, got {connections}"))?;
    }
    match outcome {
        CallResult::Answered(Some((id, attempts))) => {
            ensure(
                expect.id.as_ref().is_none_or(|expected| expected == id),
                format_args!("expected the id {:?}, got {id}", expect.id),
            )?;
            counted(case, harness, *attempts)
        }
        CallResult::Answered(None) => Ok(()),
        CallResult::Failed(error) => {
            ensure(
                expect.kinds.contains(&error.kind()),
                format_args!("expected one of {:?}, got {}", expect.kinds, described(outcome)),
            )?;
            ensure(
                expect.status.is_none() || expect.status == error.status(),
                format_args!("expected the status {:?}, got {:?}", expect.status, error.status()),
            )?;
            canary::in_error(error)?;
            counted(case, harness, error.attempts())
        }
    }
}

/// Claim and ledger must agree: a message reported as not sent is not in the ledger, one reported as sent is.
pub(crate) fn agrees(claim: Claim, ledger: usize) -> Check {
    match (claim, ledger) {
        (Claim::NotSent, 1..) => Err(format!("reported as not sent, but delivered {ledger} times").into()),
        (Claim::Sent, 0) => Err("reported as sent, but not delivered".into()),
        _ => Ok(()),
    }
}

pub(crate) fn claim_of(outcome: &CallResult) -> Claim {
    match outcome {
        CallResult::Answered(_) => Claim::Sent,
        CallResult::Failed(error) if error.may_have_been_sent() => Claim::Unknown,
        CallResult::Failed(_) => Claim::NotSent,
    }
}

pub(crate) fn described(outcome: &CallResult) -> String {
    match outcome {
        CallResult::Answered(Some((id, attempts))) => format!("accepted as {id} after {attempts} attempts"),
        CallResult::Answered(None) => "an answer".to_owned(),
        CallResult::Failed(error) => format!("{error:?}"),
    }
}

/// The reported attempts are as expected, cover the observed requests, and none came too early.
fn counted(case: &FaultCase, harness: &FaultHarness, attempts: u32) -> Check {
    let expect = &case.expect;
    match &case.call {
        Call::Send => ensure(
            expect.attempts.contains(&attempts),
            format_args!("expected {:?} attempts, got {attempts}", expect.attempts),
        )?,
        // A login before a send that was then not made.
        _ if harness.profile.reads == Reads::Login && expect.claims == [Claim::NotSent] => {
            ensure(attempts == 0, format_args!("expected no attempt, got {attempts}"))?;
        }
        _ => {}
    }
    covers(harness, attempts)?;
    waited(expect, harness, attempts)
}

/// The provider received at most as many requests as are reported.
pub(crate) fn covers(harness: &FaultHarness, attempts: u32) -> Check {
    let seen = harness.sends_seen();
    ensure(
        u32::try_from(seen).is_ok_and(|seen| seen <= attempts),
        format_args!("{attempts} attempts are reported, the provider received {seen} send requests"),
    )
}

fn waited(expect: &Expect, harness: &FaultHarness, attempts: u32) -> Check {
    let waits = harness.clock.so_far();
    // Each attempt after the first was preceded by a wait.
    let made = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    ensure(
        expect.hints.is_empty() || waits.len() == made,
        format_args!("{attempts} attempts were made after the waits {waits:?}"),
    )?;
    let mut pairs = expect.hints.iter().zip(&waits);
    ensure(
        pairs.all(|(hint, wait)| wait >= hint),
        format_args!("the provider asked to wait {:?}, it was asked again after {waits:?}", expect.hints),
    )
}

/// The rules for all rows.
fn always(case: &FaultCase, harness: &FaultHarness) -> Check {
    let mut copies = BTreeMap::<String, usize>::new();
    for line in harness.provider.ledger() {
        *copies.entry(line.text).or_default() += 1;
    }
    if !case.setup.repeats_text
        && let Some((text, count)) = copies.iter().find(|(_, count)| **count > 1)
    {
        return Err(format!("{text} was delivered {count} times").into());
    }
    if let Some(problem) = harness.transport.problems().first() {
        return Err(problem.as_str().into());
    }
    for request in &harness.listener.seen().requests {
        check_request(request)?;
    }
    ensure(harness.decoy.seen().connections == 0, "the client followed an address in the response")?;
    // The mock does not treat a user name as a credential.
    let exports = harness.provider.exports()?.replace(&harness.canaries.username, "");
    if let Some(found) = canary::credential_in(&exports) {
        return Err(format!("what the mock exports shows {found}").into());
    }
    let forms = format!("{:?} {:#?} {:?}", harness.client, harness.client, harness.config);
    match canary::found_in(&forms) {
        Some(found) => Err(format!("the debug form of the client or its channel shows {found}").into()),
        None => Ok(()),
    }
}

/// The rules for every request on the wire.
fn check_request(request: &http::Request<bytes::Bytes>) -> Check {
    let all = |name: &str| request.headers().get_all(name).iter().count();
    ensure(all("authorization") + all("x-api-key") <= 1, "a request has two credentials")?;
    // A CONNECT request goes to the proxy, which must not see the provider's credential.
    if request.method() == http::Method::CONNECT {
        return ensure(all("authorization") + all("x-api-key") == 0, "a proxy is shown a credential");
    }
    let encodings: Vec<_> = request.headers().get_all("accept-encoding").iter().collect();
    ensure(encodings == ["identity"], format_args!("a request takes packed answers: {encodings:?}"))?;
    for unwanted in ["referer", "cookie", "proxy-authorization"] {
        ensure(all(unwanted) == 0, format_args!("a request has a `{unwanted}`"))?;
    }
    Ok(())
}

/// Returns the error of a call that should have failed.
pub(crate) fn failed(outcome: CallResult) -> Result<transom::Error, Failure> {
    match outcome {
        CallResult::Failed(error) => {
            canary::in_error(&error)?;
            Ok(error)
        }
        answered @ CallResult::Answered(_) => Err(format!("expected an error, got {}", described(&answered)).into()),
    }
}

/// Returns the id of a send that should have been accepted.
pub(crate) fn accepted(outcome: CallResult) -> Result<String, Failure> {
    match outcome {
        CallResult::Answered(Some((id, _))) => Ok(id),
        other => Err(format!("expected the message to be accepted, got {}", described(&other)).into()),
    }
}
