//! Reused connections, and redirects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::common::MALFORMED;
use crate::assertions::{Check, ensure, unexpected};
use crate::faults::case::FaultCase;
use crate::faults::harness::{CallResult, FaultHarness};
use crate::faults::oracle::{accepted, described};
use crate::faults::profile::{FaultProfile, Reads};
use crate::faults::row::{Row, each, left_out};
use crate::faults::script::{Step, answer, answer_with, says, whole_of, write};

pub(super) const ROWS: &[Row] = &[
    each("P1", "a kept connection that is already closed", |s| pairs(s, "fin", &[Step::Fin])),
    each("P2", "a kept connection that is closed at the first byte", |s| {
        pairs(s, "read 1", &[Step::Read(1), Step::Fin])
    }),
    each("P3", "a kept connection that closes after reading the request", |s| {
        pairs(s, "read request", &[Step::ReadRequest, Step::Fin])
    }),
    each("P4", "an unsolicited 408 on a kept connection", |s| {
        let stray = || says(408, &[], "");
        let mut cases = pairs(s, "then fin", &[stray(), Step::Fin]);
        cases.extend(pairs(s, "then nothing", &[stray(), Step::Hang]));
        cases
    }),
    each("P5", "an unsolicited success on a kept connection", |s| {
        let stray = || says(200, &[], (s.yes)("\"stray\""));
        let mut cases = pairs(s, "then fin", &[stray(), Step::Fin]);
        cases.extend(pairs(s, "then nothing", &[stray(), Step::Hang]));
        cases.extend(pairs(s, "then the next is read", &[stray(), Step::ReadRequest, Step::Fin]));
        // As late as it can be: the next request has begun, and nothing tells the two answers apart.
        let late = FaultCase::own(s, "as the next begins, sends", |harness| sends(harness, Pause::None));
        cases.push(late.plays([Step::Take, answer(), Step::Read(1), stray(), Step::Hang]));
        cases
    }),
    each("P6", "a redirect: 301, 302, 307, 308", |s| {
        let mut cases = Vec::new();
        for status in [301, 302, 307, 308] {
            for (name, case) in [("send", FaultCase::send(s, "")), ("read", FaultCase::read(s, ""))] {
                let script = [Step::ReadRequest, to(status, "http://{decoy}/elsewhere?to=1")];
                let case = case.plays(script).with(|case| case.name = format!("{status}, {name}"));
                // A redirect may be how a form says that the message is out.
                cases.push(match (name, s.reads) {
                    ("send", _) => case.unknown_and_final(MALFORMED).with_status(status),
                    // The status of a login is not one of a send.
                    (_, Reads::Login) => case.refused(MALFORMED).connects(1..=1),
                    _ => case.refused(MALFORMED).with_status(status).connects(1..=1),
                });
            }
        }
        cases
    }),
    each("P7", "303, which means that the request was handled", |s| {
        let case = |first, name: &str| {
            let case = FaultCase::send(s, name).plays([first, to(303, "http://{decoy}/result")]);
            case.unknown_and_final(MALFORMED).with_status(303)
        };
        vec![case(Step::Take, "and it was"), case(Step::ReadRequest, "and it was not")]
    }),
    each("P8", "redirects in a circle, to another scheme, with credentials, malformed", |s| {
        let targets = [
            "/v2/elsewhere",
            "//{decoy}/x",
            "http://user:word@{decoy}/x",
            "https://{decoy}/x",
            "ftp://{decoy}/x",
            "file:///etc/passwd",
            "http://{decoy}/%0d%0aX-Injected:%201",
            "http://[::1",
            "\u{7f}",
            "",
        ];
        let case = |target: &&str| {
            let case = FaultCase::send(s, format!("to {target:?}")).plays([Step::ReadRequest, to(307, target)]);
            case.unknown_and_final(MALFORMED).with_status(307)
        };
        let mut cases: Vec<_> = targets[..8].iter().chain(&targets[9..]).map(case).collect();
        let nowhere = FaultCase::send(s, "to nowhere").plays([Step::ReadRequest, says(302, &[], "")]);
        cases.push(nowhere.unknown_and_final(MALFORMED).with_status(302));
        let split = write("HTTP/1.1 302 Found\r\nlocation: http://{decoy}/\r\n x: y\r\ncontent-length: 0\r\n\r\n");
        let split = FaultCase::send(s, "with a line break").plays([Step::ReadRequest, split]);
        // Where the line break makes it no HTTP, nothing is proved.
        cases.push(split.outcome_unknown(MALFORMED).connects(1..=2));
        cases
    }),
    each("P11", "a stray answer to a lookup does not become the answer to a later one", |s| {
        // A login is made once, and its answer names nothing.
        if s.reads == Reads::Login {
            return Vec::new();
        }
        let strays = [Stray::Joined, Stray::After, Stray::Late, Stray::AllLate];
        strays
            .into_iter()
            .flat_map(|stray| [Pause::None, Pause::Noticed].map(|pause| strayed(s, stray, pause)))
            .collect()
    }),
    left_out("P9", "HTTP/2: REFUSED_STREAM, GOAWAY below the stream", "HTTP/1.1 only"),
    left_out("P10", "HTTP/2: GOAWAY that covers the stream, INTERNAL_ERROR", "HTTP/1.1 only"),
];

fn to(status: u16, location: &str) -> Step {
    write(format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))
}

/// Calls in a row, where `then` happens on a connection once the first call on it is answered. Each is answered with what is
/// its own, and a send never goes by a connection that was used before.
fn pairs(s: &'static FaultProfile, name: &str, then: &[Step]) -> Vec<FaultCase> {
    let script: Vec<_> = [Step::Take, answer()].into_iter().chain(then.iter().cloned()).collect();
    let mut cases = Vec::new();
    for pause in [Pause::None, Pause::Noticed] {
        let sends = FaultCase::own(s, format!("{name}, sends, {pause:?}"), move |harness| sends(harness, pause));
        cases.push(sends.plays(script.clone()));
        // One login is enough for all sends.
        if s.reads != Reads::Login {
            let reads = FaultCase::own(s, format!("{name}, reads, {pause:?}"), move |harness| reads(harness, pause));
            let reads = reads.with(|case| case.setup.is_reading = true).plays(script.clone());
            cases.push(reads.plays([Step::Take, answer(), Step::Fin]));
        }
    }
    cases
}

/// The pause between two calls.
#[derive(Clone, Copy, Debug)]
enum Pause {
    None,
    /// As much as the client needs to notice what became of the connection.
    Noticed,
}

impl Pause {
    async fn pass(self) {
        if matches!(self, Self::Noticed) {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn sends(harness: Arc<FaultHarness>, pause: Pause) -> Check {
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(accepted(harness.send(&harness.message(number)?).await?)?);
        pause.pass().await;
    }
    let lines: Vec<_> = harness.provider.ledger().into_iter().map(|line| line.message_id).collect();
    ensure(lines == ids, format_args!("reported ids {ids:?}, ids in the ledger {lines:?}"))?;
    let by = harness.listener.seen().by.clone();
    ensure(
        by.iter().zip(by.iter().skip(1)).all(|(one, next)| one != next),
        format_args!("two sends went by one connection: {by:?}"),
    )
}

async fn reads(harness: Arc<FaultHarness>, pause: Pause) -> Check {
    for _ in 0..2 {
        let outcome = harness.read().await?;
        ensure(matches!(outcome, CallResult::Answered(_)), described(&outcome))?;
        pause.pass().await;
    }
    Ok(())
}

/// When the stray answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stray {
    /// With the last byte of the answer before it, which is then longer than announced.
    Joined,
    /// While the connection is idle.
    After,
    /// When the next request has begun. Nothing tells it from the answer to that request.
    Late,
    /// The same, and each further answer comes when the request after its own has begun.
    AllLate,
}

/// The number of lookups.
const LOOKUPS: u32 = 8;
/// The number in a stray answer.
const STRAY: u32 = 9_999;

/// Lookups whose answers are numbered in the order of the requests. One answer comes twice, the second time with the number
/// of no request.
fn strayed(s: &'static FaultProfile, stray: Stray, pause: Pause) -> FaultCase {
    let counter = Arc::new(AtomicU32::new(0));
    let next = move |genuine: &Response<Bytes>| numbered(genuine, counter.fetch_add(1, Ordering::Relaxed) + 1);
    let (number, with_another) = (answer_with(next.clone()), move |genuine: &Response<Bytes>| {
        [next(genuine), numbered(genuine, STRAY)].concat()
    });
    let another = answer_with(|genuine| numbered(genuine, STRAY));
    let first = match stray {
        Stray::Joined => vec![Step::Take, answer_with(with_another)],
        Stray::After => vec![Step::Take, number.clone(), another],
        Stray::Late | Stray::AllLate => vec![Step::Take, number.clone(), Step::Read(1), another],
    };
    let timely = vec![Step::Take, number.clone()];
    let further = if stray == Stray::AllLate { vec![Step::Take, Step::Read(1), number] } else { timely.clone() };
    let all = |steps: Vec<Step>| vec![steps; LOOKUPS as usize].concat();
    let case = FaultCase::own(s, format!("{stray:?}, {pause:?}"), move |harness| looked_up(harness, stray, pause));
    let case = case.with(|case| {
        case.setup.is_reading = true;
        case.setup.is_window_open = false;
    });
    case.plays([first, all(further)].concat()).plays(all(timely))
}

/// No lookup gets the answer to an earlier request; only one whose answer nothing tells apart may get the stray one.
async fn looked_up(harness: Arc<FaultHarness>, stray: Stray, pause: Pause) -> Check {
    let (mut wrong, mut got) = (0, Vec::new());
    for lookup in 1..=LOOKUPS {
        let number: u32 = harness.looked_up().await?.parse().map_err(unexpected)?;
        // A lookup that was repeated has a higher number.
        wrong += u32::from(number == STRAY || number < lookup);
        got.push(number);
        pause.pass().await;
    }
    let is_late = matches!((stray, pause), (Stray::Late | Stray::AllLate, _) | (Stray::After, Pause::None));
    ensure(wrong <= u32::from(is_late), format_args!("{wrong} lookups got the answer to another request: {got:?}"))
}

/// The genuine list, cut to one item with this number as its id and name.
fn numbered(genuine: &Response<Bytes>, number: u32) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(genuine.body()).unwrap_or_default();
    let list = ["/data", "/response/whatsapp/templates"].into_iter().find(|list| body.pointer(list).is_some());
    if let Some(Value::Array(items)) = list.and_then(|list| body.pointer_mut(list)) {
        items.truncate(1);
        let item = items.first_mut().map(|item| if item.get("data").is_some() { &mut item["data"] } else { item });
        if let Some(item) = item {
            item["id"] = number.to_string().into();
        }
    }
    whole_of(genuine, body.to_string().as_bytes())
}
