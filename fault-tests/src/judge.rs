//! Whether what the caller was told is true: the row's own expectation, and what holds for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::canary;
use crate::case::{Call, Case, Expect, Verdict};
use crate::stage::{Outcome, Stage};
use crate::subject::Reads;

type Check = Result<(), String>;

/// Plays one case; what is wrong, if anything is.
pub(crate) async fn play(case: Case) -> Check {
    let stage = Arc::new(Stage::open(&case)?);
    let begun = Instant::now();
    let judged = match &case.call {
        Call::Own(own) => own(Arc::clone(&stage)).await,
        call => {
            let outcome = stage.call(call).await?;
            judge(&case, &stage, &outcome, begun.elapsed())
        }
    };
    judged.and_then(|()| always(&stage)).map_err(|problem| format!("{}: {problem}{}", case.name, report(&stage)))
}

/// What a person needs to see besides.
fn report(stage: &Stage) -> String {
    let seen = stage.listener.seen();
    let (connections, requests) = (seen.connections, seen.requests.len());
    let lines = stage.provider.ledger().len();
    let waits = stage.clock.so_far();
    format!("\n    {connections} connections, {requests} requests, {lines} lines in the ledger, waits {waits:?}")
}

fn judge(case: &Case, stage: &Stage, outcome: &Outcome, took: Duration) -> Check {
    let expect = &case.expect;
    let verdict = verdict(outcome);
    ensure(expect.verdicts.contains(&verdict), || {
        format!("expected {:?}, got {verdict:?}: {}", expect.verdicts, told(outcome))
    })?;
    let ledger = stage.provider.ledger().len();
    if matches!(case.call, Call::Send) {
        agrees(verdict, ledger)?;
    }
    ensure(expect.ledger.contains(&ledger), || {
        format!("expected {:?} lines in the ledger, got {ledger}", expect.ledger)
    })?;
    ensure(took <= expect.within, || format!("expected an end within {:?}, it took {took:?}", expect.within))?;
    if let Some(expected) = &expect.connections {
        let connections = stage.listener.seen().connections;
        ensure(expected.contains(&connections), || format!("expected {expected:?} connections, got {connections}"))?;
    }
    match outcome {
        Outcome::Answered(Some((id, attempts))) => {
            ensure(expect.id.as_ref().is_none_or(|expected| expected == id), || {
                format!("expected the id {:?}, got {id}", expect.id)
            })?;
            counted(case, stage, *attempts)
        }
        Outcome::Answered(None) => Ok(()),
        Outcome::Failed(error) => {
            ensure(expect.kinds.contains(&error.kind()), || {
                format!("expected one of {:?}, got {}", expect.kinds, told(outcome))
            })?;
            ensure(expect.status.is_none() || expect.status == error.status(), || {
                format!("expected the status {:?}, got {:?}", expect.status, error.status())
            })?;
            canary::in_error(error)?;
            counted(case, stage, error.attempts())
        }
    }
}

/// The verdict and the ledger must agree: what is said to be unsent reached nobody, what is said to be sent somebody.
pub(crate) fn agrees(verdict: Verdict, ledger: usize) -> Check {
    match (verdict, ledger) {
        (Verdict::NotSent, 1..) => Err(format!("it is said to be unsent, and reached a person {ledger} times")),
        (Verdict::Sent, 0) => Err("it is said to be sent, and reached nobody".to_owned()),
        _ => Ok(()),
    }
}

pub(crate) fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Answered(_) => Verdict::Sent,
        Outcome::Failed(error) if error.may_have_been_sent() => Verdict::Unknown,
        Outcome::Failed(_) => Verdict::NotSent,
    }
}

pub(crate) fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(Some((id, attempts))) => format!("accepted as {id} after {attempts} attempts"),
        Outcome::Answered(None) => "an answer".to_owned(),
        Outcome::Failed(error) => format!("{error:?}"),
    }
}

/// The attempts that are reported are those expected, cover the requests that were seen, and none came earlier than asked.
fn counted(case: &Case, stage: &Stage, attempts: u32) -> Check {
    let expect = &case.expect;
    match &case.call {
        Call::Send => ensure(expect.attempts.contains(&attempts), || {
            format!("expected {:?} attempts, got {attempts}", expect.attempts)
        })?,
        // A login in front of a send that then was not made.
        _ if stage.subject.reads == Reads::Login && expect.verdicts == [Verdict::NotSent] => {
            ensure(attempts == 0, || format!("expected no attempt, got {attempts}"))?;
        }
        _ => {}
    }
    covers(stage, attempts)?;
    waited(expect, stage, attempts)
}

/// The provider saw no more requests than are reported.
pub(crate) fn covers(stage: &Stage, attempts: u32) -> Check {
    let seen = stage.sends_seen();
    ensure(u32::try_from(seen).is_ok_and(|seen| seen <= attempts), || {
        format!("{attempts} attempts are reported, the provider saw {seen} requests to send")
    })
}

fn waited(expect: &Expect, stage: &Stage, attempts: u32) -> Check {
    let waits = stage.clock.so_far();
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
fn always(stage: &Stage) -> Check {
    let mut copies = BTreeMap::<String, usize>::new();
    for line in stage.provider.ledger() {
        *copies.entry(line.text).or_default() += 1;
    }
    if let Some((text, count)) = copies.iter().find(|(_, count)| **count > 1) {
        return Err(format!("{text} reached a person {count} times"));
    }
    if let Some(problem) = stage.transport.problems().first() {
        return Err(problem.clone());
    }
    for request in &stage.listener.seen().requests {
        honest(request)?;
    }
    ensure(stage.decoy.seen().connections == 0, || "somebody went where the answer pointed".to_owned())?;
    // The name of an account's user is no credential to a mock.
    let exports = stage.provider.exports()?.replace(&stage.canaries.username, "");
    if let Some(found) = canary::credential_in(&exports) {
        return Err(format!("what the mock exports shows {found}"));
    }
    let forms = format!("{:?} {:#?} {:?}", stage.client, stage.client, stage.config);
    match canary::found_in(&forms) {
        Some(found) => Err(format!("the debug form of the client or its channel shows {found}")),
        None => Ok(()),
    }
}

/// What every request must be like on the wire.
fn honest(request: &http::Request<bytes::Bytes>) -> Check {
    let all = |name: &str| request.headers().get_all(name).iter().count();
    ensure(all("authorization") + all("x-api-key") <= 1, || "a request has two credentials".to_owned())?;
    // What opens a tunnel is for the proxy, which may not see the provider's credential.
    if request.method() == http::Method::CONNECT {
        return ensure(all("authorization") + all("x-api-key") == 0, || "a proxy is shown a credential".to_owned());
    }
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
pub(crate) fn failed(outcome: Outcome) -> Result<transom::Error, String> {
    match outcome {
        Outcome::Failed(error) => {
            canary::in_error(&error)?;
            Ok(error)
        }
        answered @ Outcome::Answered(_) => Err(format!("expected an error, got {}", told(&answered))),
    }
}

/// The id of a send that should have been taken.
pub(crate) fn taken(outcome: Outcome) -> Result<String, String> {
    match outcome {
        Outcome::Answered(Some((id, _))) => Ok(id),
        other => Err(format!("expected the message to be accepted, got {}", told(&other))),
    }
}
