//! The body of the response.

use std::io::Write as _;

use bytes::Bytes;
use http::Response;
use transom::ErrorKind;

use super::common::{MALFORMED, UNAVAILABLE, after_the_request, impatient};
use crate::assertions::ensure;
use crate::faults::case::FaultCase;
use crate::faults::oracle::failed;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer_with, chunks, head, head_of, says, whole_of, write};

pub(super) const ROWS: &[Row] = &[
    each("B1", "a length of 100, ten bytes, then FIN, RST or nothing", cut_by_length),
    each("B2", "chunks that are cut, or whose size is no number", cut_chunks),
    each("B3", "no length, closed early", |s| {
        let cut = |answer: &Response<Bytes>| {
            let half = answer.body().get(..answer.body().len() / 2).unwrap_or_default();
            [head_of(answer).as_slice(), b"\r\n", half].concat()
        };
        vec![FaultCase::send(s, "half of the JSON").plays([Step::Take, answer_with(cut)]).outcome_unknown(MALFORMED)]
    }),
    each("B4", "a body without end", endless),
    each("B5", "a compressed response that was not requested", packed),
    each("B6", "a response labelled as compressed that is not", |s| {
        let labelled = |coding: &'static str| {
            answer_with(move |answer| {
                let mut text = head_of(answer);
                text.extend_from_slice(format!("content-encoding: {coding}\r\n").as_bytes());
                text.extend_from_slice(format!("content-length: {}\r\n\r\n", answer.body().len()).as_bytes());
                text.extend_from_slice(answer.body());
                text
            })
        };
        let case = |coding| FaultCase::send(s, coding).plays([Step::Take, labelled(coding)]).outcome_unknown(MALFORMED);
        let plain = FaultCase::send(s, "identity").plays([Step::Take, labelled("identity")]);
        ["gzip", "br", "deflate", "identity, gzip"].map(case).into_iter().chain([plain]).collect()
    }),
    each("B7", "200 without a body, and 204", |s| {
        let empty = |status| FaultCase::send(s, format!("{status}")).plays([Step::Take, says(status, &[], "")]);
        vec![
            empty(200).outcome_unknown(MALFORMED),
            empty(202).outcome_unknown(MALFORMED),
            empty(204).outcome_unknown(MALFORMED),
        ]
    }),
    each("B8", "a byte order mark, and bytes after the end", |s| {
        let around = |before: &'static str, after: &'static str| {
            answer_with(move |answer| whole_of(answer, &[before.as_bytes(), answer.body(), after.as_bytes()].concat()))
        };
        vec![
            FaultCase::send(s, "a mark").plays([Step::Take, around("\u{feff}", "")]),
            FaultCase::send(s, "white space").plays([Step::Take, around("\r\n ", " \r\n")]),
            FaultCase::send(s, "a second object").plays([Step::Take, around("", "{}")]).outcome_unknown(MALFORMED),
            FaultCase::send(s, "a tail").plays([Step::Take, around("", "x")]).outcome_unknown(MALFORMED),
        ]
    }),
    each("B9", "a body that arrives byte by byte", |s| {
        let begun = write([head(200, &[]), b"content-length: 5000\r\n\r\n".to_vec()].concat());
        impatient(after_the_request(s, "drip", &[begun, Step::Drip(vec![b' '; 5_000].into())], UNAVAILABLE))
    }),
];

/// Ten of a hundred bytes. After a success the outcome is unknown; a rejection counts by its status.
fn cut_by_length(s: &'static FaultProfile) -> Vec<FaultCase> {
    let ends = [("fin", Step::Fin), ("rst", Step::Rst), ("stall", Step::Hang)];
    let mut cases = Vec::new();
    for status in [200, 400, 429, 500] {
        for (name, end) in ends.clone() {
            let begun = write([head(status, &[]), b"content-length: 100\r\n\r\n{\"success\"".to_vec()].concat());
            let first = if status == 200 { Step::Take } else { Step::ReadRequest };
            let case = FaultCase::send(s, format!("{status}, {name}")).plays([first, begun, end]);
            // The head has to come in time on a busy machine, too.
            let case = if name == "stall" { case.times_out_after(super::common::SECOND) } else { case };
            cases.push(match status {
                200 => case.outcome_unknown(UNAVAILABLE).with_status(200),
                400 => case.refused(&[ErrorKind::InvalidRequest]).with_status(400),
                // Without a wait, Messangi's limit is one of minutes.
                429 if s.name() == "messangi" => case.refused(&[ErrorKind::RateLimited]).with_status(429),
                429 => case.not_reached(&[ErrorKind::RateLimited]).with_status(429),
                _ => case.outcome_unknown(UNAVAILABLE).with_status(500),
            });
        }
    }
    cases
}

fn cut_chunks(s: &'static FaultProfile) -> Vec<FaultCase> {
    let chunked = |tail: &'static [u8]| {
        answer_with(move |answer| {
            [&*head_of(answer), b"transfer-encoding: chunked\r\n\r\n", &*chunks(answer.body(), 9), tail].concat()
        })
    };
    let case = |name: &str, tail| FaultCase::send(s, name).plays([Step::Take, chunked(tail), Step::Fin]);
    vec![
        case("whole", b"0\r\n\r\n"),
        case("without the last", b"").outcome_unknown(UNAVAILABLE),
        case("in the middle of one", b"ff\r\nabc").outcome_unknown(UNAVAILABLE),
        case("a size that is no number", b"zz\r\nabc\r\n0\r\n\r\n").outcome_unknown(MALFORMED),
        case("a size beyond all numbers", b"ffffffffffffffffffff\r\nabc\r\n0\r\n\r\n").outcome_unknown(MALFORMED),
    ]
}

/// More than the client reads. A rejection counts by its status.
fn endless(s: &'static FaultProfile) -> Vec<FaultCase> {
    let begun = |status| write([head(status, &[]), b"transfer-encoding: chunked\r\n\r\n".to_vec()].concat());
    let more = Step::Endless(chunks(&[b' '; 16 * 1024], 16 * 1024).into());
    let case = |status, first| FaultCase::send(s, format!("{status}")).plays([first, begun(status), more.clone()]);
    vec![
        case(200, Step::Take).outcome_unknown(MALFORMED).with_status(200),
        case(400, Step::ReadRequest).refused(&[ErrorKind::InvalidRequest]).with_status(400),
        case(502, Step::ReadRequest).outcome_unknown(UNAVAILABLE).with_status(502),
    ]
}

fn packed(s: &'static FaultProfile) -> Vec<FaultCase> {
    let packed = |body: &'static (dyn Fn(&[u8]) -> Vec<u8> + Send + Sync)| {
        answer_with(move |answer| {
            let body = body(answer.body());
            let length = format!("content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
            [head_of(answer), length.into_bytes(), body].concat()
        })
    };
    let refusal = says(400, &[("content-encoding", "gzip")], pack(br#"{"message":"no"}"#));
    vec![
        FaultCase::send(s, "the genuine answer").plays([Step::Take, packed(&pack)]).outcome_unknown(MALFORMED),
        FaultCase::send(s, "a bomb").plays([Step::Take, packed(&bomb)]).outcome_unknown(MALFORMED),
        FaultCase::own(s, "a refusal", |harness| async move {
            let error = failed(harness.send(&harness.message(1)?).await?)?;
            ensure(error.status() == Some(400) && !error.may_have_been_sent(), format_args!("{error:?}"))?;
            ensure(error.message().chars().all(|c| c != char::REPLACEMENT_CHARACTER), format_args!("rubbish: {error}"))
        })
        .plays([Step::ReadRequest, refusal]),
    ]
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to a Vec cannot fail.
    let _ = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}

/// 512 MiB of zeros in half a megabyte. What is packed in parts and put together unpacks to the parts put together.
fn bomb(_: &[u8]) -> Vec<u8> {
    pack(&vec![0; 1024 * 1024]).repeat(512)
}
