//! Connecting.

use super::common::UNAVAILABLE;
use crate::faults::case::FaultCase;
use crate::faults::child;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer, write};
use crate::faults::setup::Peer;

pub(super) const ROWS: &[Row] = &[
    each("C1", "the connection is refused", |s| {
        both(s).map(|case| case.at(Peer::ClosedPort).not_reached(UNAVAILABLE)).into()
    }),
    each("C2", "the connection is never answered", |s| {
        both(s).map(|case| case.at(Peer::SaturatedPort).not_reached(UNAVAILABLE).impatient()).into()
    }),
    each("C3", "the network cannot be reached", |s| {
        // A broadcast address, to which the kernel itself connects nobody.
        both(s).map(|case| case.at(Peer::Elsewhere("https://255.255.255.255")).not_reached(UNAVAILABLE)).into()
    }),
    each("C4", "no file descriptor is left for a connection", |s| child::case(s, child::Act::Starved)),
    each("C5", "accepted, then FIN without reading", |s| {
        both(s).map(|case| case.plays([Step::Fin]).outcome_unknown(UNAVAILABLE)).into()
    }),
    each("C6", "accepted, then RST without reading", |s| {
        both(s).map(|case| case.plays([Step::Rst]).outcome_unknown(UNAVAILABLE).or_unreached()).into()
    }),
    each("C7", "the environment names a proxy", |s| child::case(s, child::Act::Proxied)),
    each("C8", "a configured proxy refuses the connection, or forwards the request", proxied),
];

/// The listener is the proxy, and the client looks up no name.
fn proxied(s: &'static FaultProfile) -> Vec<FaultCase> {
    let through = |case: FaultCase, base| case.at(Peer::Elsewhere(base)).key("proxy", "http://{listener}");
    let mut cases = Vec::new();
    for (name, answer) in [("407", "407 Proxy Authentication Required"), ("502", "502 Bad Gateway")] {
        let refusal = write(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n"));
        for case in [FaultCase::send(s, format!("{name}, a send")), FaultCase::read(s, format!("{name}, a read"))] {
            let case = through(case, "https://provider.test").plays([Step::ReadRequest, refusal.clone(), Step::Fin]);
            cases.push(case.not_reached(UNAVAILABLE));
        }
    }
    let carried = through(FaultCase::send(s, "carried"), "http://provider.test").key("insecure", true);
    cases.push(carried.plays([Step::Take, answer()]));
    cases
}

fn both(s: &'static FaultProfile) -> [FaultCase; 2] {
    [FaultCase::send(s, "a send"), FaultCase::read(s, "a read")]
}
