//! Writing the request.

use std::io::Read;

use bytes::Bytes;
use http::Request;
use tokio::sync::mpsc;
use transom::adapter::Operation;
use transom::transport::StreamedBody;
use transom::transport::Transport as _;
use transom::{Client, ErrorKind, SendOutcome};

use super::common::{UNAVAILABLE, impatient};
use crate::assertions::{Failure, ensure, unexpected};
use crate::faults::case::{FaultCase, PATIENCE};
use crate::faults::dns::{Answer, ScriptedDns};
use crate::faults::harness::FaultHarness;
use crate::faults::profile::{self, FaultProfile};
use crate::faults::row::{Row, each, once};
use crate::faults::script::{Gate, Step, answer, says};
use crate::faults::setup::{HERE, Peer};
use crate::faults::tls::Server;

pub(super) const ROWS: &[Row] = &[
    once("W1", "the server does not read a request of 4 MiB", || {
        let case = large("hang", None).plays([Step::Hang]).impatient();
        vec![case.with(|case| case.setup.small_buffer = true)]
    }),
    each("W2", "RST after the first byte", |s| {
        let cases = [FaultCase::send(s, "a send"), FaultCase::read(s, "a read")];
        cases.map(|case| case.plays([Step::Read(1), Step::Rst]).outcome_unknown(UNAVAILABLE)).into()
    }),
    each("W3", "RST in the middle of the body", |s| {
        let cut = |hundredths| [Step::ReadPart(hundredths), Step::Rst];
        let case = |part| FaultCase::send(s, format!("{part} %")).plays(cut(part)).outcome_unknown(UNAVAILABLE);
        [10, 50, 90, 100].map(case).into()
    }),
    once("W3b", "the same with 4 MiB", || {
        let cut = |part| large(&format!("{part} %"), None).plays([Step::ReadPart(part), Step::Rst]);
        [1, 10, 50, 90].map(cut).into()
    }),
    each("W4", "a response before the body is read", |s| {
        let early = |status, body: &str| {
            let case =
                FaultCase::send(s, format!("{status}")).plays([Step::Read(1), says(status, &[], body), Step::Hang]);
            case.refused(&[super::common::refusal_kind(status)]).with_status(status).connects(1..=1)
        };
        vec![early(401, ""), early(413, "<html>too large</html>")]
    }),
    once("W4b", "the same with 4 MiB", || {
        let early = |status| {
            let script = [Step::Read(1), says(status, &[], ""), Step::Hang];
            large(&format!("{status}"), Some(status)).plays(script).with(|case| case.setup.small_buffer = true)
        };
        [401, 413].map(early).into()
    }),
    each("W5", "the caller gives up before anything is sent", given_up_before),
    each("W6", "the caller gives up once the request is written", given_up_after),
    once("W7", "the caller's file fails while it is uploaded", || {
        vec![
            streamed("the reader fails", || Box::new(filler(2).chain(Broken))),
            streamed("it ends early", || Box::new(filler(2))),
            streamed("it holds more than was promised", || Box::new(filler(5))),
        ]
    }),
    each("W8", "the connection is gone before the first write", |s| {
        let both = [UNAVAILABLE, super::common::MALFORMED].concat();
        let tls = FaultCase::send(s, "RST behind the handshake").at(Peer::Tls(Server::Good)).plays([Step::Rst]);
        let half = FaultCase::send(s, "half-closed, then RST").plays([Step::HalfClose, Step::Rst]);
        [tls, half].map(|case| case.outcome_unknown(&both).or_unreached()).into()
    }),
];

/// A request of 4 MiB, by the transport itself: no message is that large. It ends with this status, or in doubt.
fn large(name: &str, status: Option<u16>) -> FaultCase {
    FaultCase::own(&profile::EXOTEL, name, move |harness| async move {
        let body = Bytes::from(vec![b'x'; 4 * 1024 * 1024]);
        let request = Request::post(format!("{}/v2/accounts/acme/messages", harness.base_url));
        let request = request.header("accept-encoding", "identity").body(body).map_err(unexpected)?;
        let answer = harness.transport.send(request).await;
        ensure(harness.listener.seen().connections == 1, "there was more than one connection")?;
        match (answer, status) {
            (Ok(answer), Some(status)) => {
                ensure(answer.status().as_u16() == status, format_args!("expected {status}, got {}", answer.status()))
            }
            (Err(error), None) => {
                crate::faults::canary::in_error(&error)?;
                ensure(error.may_have_been_sent(), format_args!("reported as not sent: {error:?}"))?;
                ensure(UNAVAILABLE.contains(&error.kind()), format_args!("{error:?}"))
            }
            (answer, _) => Err(format!("expected {status:?}, got {answer:?}").into()),
        }
    })
}

/// So many MiB of nothing in particular.
fn filler(mebibytes: u64) -> impl Read + Send {
    std::io::repeat(b'x').take(mebibytes * 1024 * 1024)
}

/// A reader that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

/// An upload of what is said to be 4 MiB. It is the caller's fault, no message is in doubt, and the server never has the whole.
fn streamed(name: &str, reader: fn() -> Box<dyn Read + Send>) -> FaultCase {
    let case = FaultCase::own(&profile::GOSENDAPI, name, move |harness| async move {
        let request = Request::post(format!("{}/v1/media", harness.base_url)).header("accept-encoding", "identity");
        let mut request = request.body(StreamedBody::new(4 * 1024 * 1024, reader())).map_err(unexpected)?;
        request.extensions_mut().insert(Operation::Read);
        let error = harness.transport.send_streamed(request).await.err().ok_or("it was accepted")?;
        crate::faults::canary::in_error(&error)?;
        let is_callers = error.kind() == ErrorKind::InvalidRequest && !error.may_have_been_sent();
        ensure(is_callers, format_args!("{error:?}"))?;
        ensure(harness.listener.seen().requests.is_empty(), "the server was given a whole request")
    });
    case.plays([Step::ReadRequest, says(200, &[], "{}")])
}

/// Three ways to give up: before the first poll, while the name is looked up, and in a wait between attempts.
fn given_up_before(s: &'static FaultProfile) -> Vec<FaultCase> {
    let unpolled = FaultCase::own(s, "before it began", |harness| async move {
        drop(harness.client.send(&harness.message(1)?));
        tokio::task::yield_now().await;
        ensure(harness.listener.seen().connections == 0, "it was sent all the same")
    });
    let gate = Gate::default();
    let names = ScriptedDns::new([Answer::Behind(gate.clone(), vec![HERE])]);
    let looking_up = FaultCase::own(s, "while the name is looked up", move |harness| {
        let gate = gate.clone();
        async move {
            let (client, mut reported) = reporting(&harness);
            let message = harness.message(1)?;
            let send = tokio::spawn(async move { client.send(&message).await });
            gate.reached().await;
            send.abort();
            gate.open();
            // An attempt that has begun is finished, and told.
            let verdict = next(&mut reported).await?;
            ensure(
                verdict == (Reported::Accepted, 1),
                format_args!("expected a finished and reported attempt, got {verdict:?}"),
            )
        }
    });
    vec![unpolled.plays([Step::Take, answer()]), looking_up.named(names).plays([Step::Take, answer()])]
}

/// The server has the whole request: the attempt goes on, and its verdict is told.
fn given_up_after(s: &'static FaultProfile) -> Vec<FaultCase> {
    let case = |name: &str, end: Step, expected: Reported| {
        let gate = Gate::default();
        let at = gate.clone();
        let case = FaultCase::own(s, name, move |harness| {
            let gate = at.clone();
            async move {
                let (client, mut reported) = reporting(&harness);
                let message = harness.message(1)?;
                let send = tokio::spawn(async move { client.send(&message).await });
                gate.reached().await;
                send.abort();
                // The task is gone once this returns.
                drop(send.await);
                gate.open();
                let verdict = next(&mut reported).await?;
                ensure(verdict == (expected, 1), format_args!("expected {expected:?} and one line, got {verdict:?}"))
            }
        });
        case.plays([Step::Take, Step::Gate(gate), end])
    };
    let hangs = case("the answer never comes", Step::Hang, Reported::Unknown);
    vec![
        case("the answer comes", answer(), Reported::Accepted),
        case("the answer is lost", Step::Rst, Reported::Unknown),
        impatient(vec![hangs.key("timeout", format!("{}ms", PATIENCE.as_millis() * 4))]).remove(0),
    ]
}

/// The reported outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reported {
    Accepted,
    NotSent,
    Unknown,
}

/// The client with a listener: what it is reported, and how many lines the ledger has by then.
fn reporting(harness: &FaultHarness) -> (Client, mpsc::UnboundedReceiver<(Reported, usize)>) {
    let (tell, reported) = mpsc::unbounded_channel();
    let provider = std::sync::Arc::clone(&harness.provider);
    let client = harness.client.clone().on_outcome(move |_, verdict| {
        let verdict = match verdict {
            SendOutcome::Accepted(_) => Reported::Accepted,
            SendOutcome::Rejected(_) => Reported::NotSent,
            SendOutcome::Unknown(_) => Reported::Unknown,
        };
        // Nobody listens any more once the case is checked.
        let _ = tell.send((verdict, provider.ledger().len()));
    });
    (client, reported)
}

async fn next(reported: &mut mpsc::UnboundedReceiver<(Reported, usize)>) -> Result<(Reported, usize), Failure> {
    let patience = std::time::Duration::from_secs(5);
    let verdict = tokio::time::timeout(patience, reported.recv()).await;
    verdict.ok().flatten().ok_or_else(|| "no outcome was reported".into())
}
