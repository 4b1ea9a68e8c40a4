//! The head of the response.

use transom::ErrorKind;

use super::common::{MALFORMED, UNAVAILABLE, after_the_request, impatient};
use crate::assertions::ensure;
use crate::faults::case::FaultCase;
use crate::faults::harness::CallResult;
use crate::faults::oracle::described;
use crate::faults::profile::{FaultProfile, Reads};
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer, answer_with, chunks, head_of, says, whole, write};

pub(super) const ROWS: &[Row] = &[
    each("H1", "the whole request is read, then FIN", |s| after_the_request(s, "fin", &[Step::Fin], UNAVAILABLE)),
    each("H2", "the whole request is read, then RST", |s| after_the_request(s, "rst", &[Step::Rst], UNAVAILABLE)),
    each("H3", "no response", |s| impatient(after_the_request(s, "hang", &[Step::Hang], UNAVAILABLE))),
    each("H4", "the request is not read and not answered", |s| {
        let cases = [FaultCase::send(s, "a send"), FaultCase::read(s, "a read")];
        impatient(cases.map(|case| case.plays([Step::Hang]).outcome_unknown(UNAVAILABLE)).into())
    }),
    each("H5", "garbage bytes", |s| {
        let noise: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        after_the_request(s, "every byte", &[write(noise), Step::Fin], MALFORMED)
    }),
    each("H6", "half a status line, half a header", |s| {
        let halves = ["HTTP/1.1 20", "HTTP/1.1 200 OK\r\ncontent-len", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"];
        halves
            .iter()
            .flat_map(|half| after_the_request(s, half.trim(), &[write(*half), Step::Fin], UNAVAILABLE))
            .collect()
    }),
    each("H7", "a head of more than 400 KiB, 101 headers", |s| {
        let many: Vec<_> = (0..101).map(|n| (format!("x-{n}"), "1")).collect();
        let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let long = |kib: usize| ("x-long", "x".repeat(kib * 1024));
        let mut cases = vec![
            // The genuine answer with a long head, which is not yet too long.
            FaultCase::send(s, "60 KiB").plays([Step::Take, with_header(long(60))]),
            FaultCase::send(s, "200 KiB").plays([Step::Take, with_header(long(200))]),
            FaultCase::send(s, "60 KiB, and a long body").plays([Step::Take, with_header_and_tail(long(60))]),
        ];
        for kib in [600, 900] {
            let (name, value) = long(kib);
            let step = says(200, &[(name, value.as_str())], (s.yes)("\"m1\""));
            cases.extend(after_the_request(s, &format!("{kib} KiB"), &[step, Step::Hang], MALFORMED));
        }
        cases.extend(after_the_request(s, "101 headers", &[says(200, &many, "{}"), Step::Hang], MALFORMED));
        cases
    }),
    each("H8", "two lengths that differ", |s| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ";
        after_the_request(s, "2 and 3", &[write(head), Step::Fin], MALFORMED)
    }),
    each("H9", "a length and chunks: read as chunks, the connection not reused", both_lengths),
    each("H10", "informational responses: one or two, or endless", informational),
    each("H11", "101: switching to another protocol", |s| {
        let switch = write("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
        after_the_request(s, "101", &[switch, Step::Hang], MALFORMED)
    }),
    each("H12", "the statuses 999 and 000", |s| {
        let with = |status: &str| write(format!("HTTP/1.1 {status} Odd\r\ncontent-length: 2\r\n\r\n{{}}"));
        ["999", "000", "1000"]
            .into_iter()
            .flat_map(|n| after_the_request(s, n, &[with(n), Step::Fin], MALFORMED))
            .collect()
    }),
    each("H13", "a page without status line", |s| {
        let page = write("<html><body>Welcome to the airport's WiFi</body></html>");
        after_the_request(s, "html", &[page, Step::Fin], MALFORMED)
    }),
    each("H14", "a response that arrives byte by byte", |s| {
        let slow = Step::Drip(whole(200, &[], b"{}").into());
        impatient(after_the_request(s, "drip", &[slow], UNAVAILABLE))
    }),
];

/// The genuine answer with one more header.
fn with_header((name, value): (&'static str, String)) -> Step {
    answer_with(move |answer| {
        let mut text = head_of(answer);
        text.extend_from_slice(
            format!("{name}: {value}\r\ncontent-length: {}\r\n\r\n", answer.body().len()).as_bytes(),
        );
        text.extend_from_slice(answer.body());
        text
    })
}

/// The same with white space behind its body, more than a head may be long.
fn with_header_and_tail((name, value): (&'static str, String)) -> Step {
    answer_with(move |answer| {
        let body = [answer.body(), &*vec![b' '; 100 * 1024]].concat();
        let mut text = head_of(answer);
        text.extend_from_slice(format!("{name}: {value}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
        text.extend_from_slice(&body);
        text
    })
}

fn both_lengths(s: &'static FaultProfile) -> Vec<FaultCase> {
    let both = || {
        answer_with(|answer| {
            let mut text = head_of(answer);
            text.extend_from_slice(b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n");
            text.extend_from_slice(&chunks(answer.body(), 7));
            text.extend_from_slice(b"0\r\n\r\n");
            text
        })
    };
    // What a second answer on the same connection would be taken for.
    let stray = || says(200, &[], (s.yes)("\"stray\""));
    let send = FaultCase::send(s, "a send").plays([Step::Take, both(), stray(), Step::Hang]);
    let twice = FaultCase::own(s, "a read, and one more", |harness| async move {
        for _ in 0..2 {
            let outcome = harness.read().await?;
            ensure(matches!(outcome, CallResult::Answered(_)), described(&outcome))?;
        }
        let connections = harness.listener.seen().connections;
        ensure(connections == 2, format_args!("expected 2 connections, got {connections}"))
    });
    let twice = twice.with(|case| case.setup.is_reading = true).plays([Step::Take, both(), stray(), Step::Hang]);
    // A login is not made twice.
    if s.reads == Reads::Login { vec![send] } else { vec![send, twice] }
}

fn informational(s: &'static FaultProfile) -> Vec<FaultCase> {
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n";
    let proceed = "HTTP/1.1 100 Continue\r\n\r\n";
    let one = |name: &str, text: &str| FaultCase::send(s, name).plays([Step::Take, write(text), answer()]);
    let mut cases = vec![
        one("100", proceed),
        one("103", hints),
        one("100 and 103", &format!("{proceed}{hints}")),
        one("100, in pieces", proceed).by_twos(),
    ];
    let endless = [Step::Endless(proceed.into())];
    let both = [ErrorKind::ProviderUnavailable, ErrorKind::MalformedResponse];
    let mut floods = after_the_request(s, "100 without end", &endless, &both);
    // More than can be read before the client's patience ends, at any speed.
    let flood = [Step::Flood(proceed.repeat(100_000).into())];
    floods.extend(after_the_request(s, "100 without end, as fast as the machine can", &flood, UNAVAILABLE));
    // Only the timeout ends it, and a busy machine gives the timer its turn late.
    let late = |case: &mut FaultCase| (case.setup.is_alone, case.expect.within) = (true, case.expect.within * 6);
    cases.extend(impatient(floods).into_iter().map(|case| case.with(late)));
    cases
}
