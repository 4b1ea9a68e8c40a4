//! TLS.

use super::common::{MALFORMED, UNAVAILABLE};
use crate::faults::case::FaultCase;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer, answer_with, head, head_of, whole, write};
use crate::faults::setup::Peer;
use crate::faults::tls::Server;

pub(super) const ROWS: &[Row] = &[
    each("T0", "a server whose authority is among the extra roots is trusted", |s| {
        [Server::Good, Server::Old].map(|server| accepted(s, server)).into()
    }),
    each("T1", "the server speaks plain HTTP", |s| {
        let plain = write(whole(400, &[], b"plain HTTP"));
        not_tls(s, &[plain, Step::Hang]).map(|case| case.unacceptable(MALFORMED)).into()
    }),
    each("T2", "FIN in the handshake", |s| {
        not_tls(s, &[Step::Read(1), Step::Fin]).map(|case| case.not_reached(UNAVAILABLE)).into()
    }),
    each("T3", "a handshake without a response", |s| {
        not_tls(s, &[Step::Hang]).map(|case| case.not_reached(UNAVAILABLE).impatient()).into()
    }),
    each("T4", "a certificate that is expired, for another host, or untrusted", |s| {
        let bad = [Server::Expired, Server::OtherName, Server::UnknownAuthority];
        let case = |server| FaultCase::send(s, format!("{server:?}")).at(Peer::Tls(server)).unacceptable(MALFORMED);
        bad.map(|server| case(server).plays([Step::Take, answer()]).with(no_line)).into()
    }),
    each("T5", "the server demands a client certificate", |s| {
        let both = [UNAVAILABLE, MALFORMED].concat();
        // The newer TLS says so after the request is written.
        let new = FaultCase::send(s, "TLS 1.3").at(Peer::Tls(Server::WantsClient)).outcome_unknown(&both);
        let new = new.plays([Step::ReadRequest, Step::Hang]).or_final();
        let old = FaultCase::send(s, "TLS 1.2").at(Peer::Tls(Server::OldWantsClient)).unacceptable(MALFORMED);
        vec![new, old.plays([Step::Take, answer()]).with(no_line)]
    }),
    each("T6", "the body ends with the connection, without close_notify", |s| {
        let part = |hundredths: usize| {
            answer_with(move |answer| {
                let end = answer.body().len() * hundredths / 100;
                [head_of(answer).as_slice(), b"\r\n", answer.body().get(..end).unwrap_or_default()].concat()
            })
        };
        let case = |name: &str, hundredths| {
            let case = FaultCase::send(s, name).at(Peer::Tls(Server::Good));
            case.plays([Step::Take, part(hundredths), Step::Fin]).outcome_unknown(&[UNAVAILABLE, MALFORMED].concat())
        };
        vec![case("half of it", 50), case("all of it", 100)]
    }),
    each("T7", "bytes that are not TLS in the middle of the body", |s| {
        let begun = || write([head(200, &[]), b"content-length: 100\r\n\r\n{".to_vec()].concat());
        let raw = |bytes: &'static [u8]| Step::WriteRaw(bytes.into());
        let case = |name: &str, bytes| {
            let case = FaultCase::send(s, name).at(Peer::Tls(Server::Good));
            case.plays([Step::Take, begun(), raw(bytes), Step::Hang])
                .outcome_unknown(&[UNAVAILABLE, MALFORMED].concat())
        };
        vec![case("an alert", b"\x15\x03\x03\x00\x02\x02\x50"), case("plain text", b"HTTP/1.1 200 OK\r\n\r\n")]
    }),
    each("T8", "no common version, no common cipher", |s| {
        let alert = |code: u8| Step::WriteRaw(vec![0x15, 3, 3, 0, 2, 2, code].into());
        let case = |name: &str, code| {
            FaultCase::send(s, name)
                .at(Peer::NotTls)
                .plays([Step::Read(1), alert(code), Step::Hang])
                .unacceptable(MALFORMED)
        };
        vec![case("handshake_failure", 40), case("protocol_version", 70)]
    }),
];

fn accepted(s: &'static FaultProfile, server: Server) -> FaultCase {
    FaultCase::send(s, format!("{server:?}")).at(Peer::Tls(server)).plays([Step::Take, answer()])
}

fn not_tls(s: &'static FaultProfile, script: &[Step]) -> [FaultCase; 2] {
    [FaultCase::send(s, "a send"), FaultCase::read(s, "a read")]
        .map(|case| case.at(Peer::NotTls).plays(script.to_vec()))
}

/// The script would have it taken, and it never comes to that.
fn no_line(case: &mut FaultCase) {
    case.expect.ledger = 0..=0;
}
