//! Connecting.

use super::common::UNAVAILABLE;
use crate::faults::case::FaultCase;
use crate::faults::child;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each, left_out};
use crate::faults::script::Step;
use crate::faults::setup::Peer;

pub(super) const ROWS: &[Row] = &[
    each("C1", "the connection is refused", |s| {
        both(s).map(|case| case.at(Peer::ClosedPort).unreached(UNAVAILABLE)).into()
    }),
    each("C2", "the connection is never answered", |s| {
        both(s).map(|case| case.at(Peer::SaturatedPort).unreached(UNAVAILABLE).impatient()).into()
    }),
    each("C3", "the network cannot be reached", |s| {
        // A broadcast address, to which the kernel itself connects nobody.
        both(s).map(|case| case.at(Peer::Elsewhere("https://255.255.255.255")).unreached(UNAVAILABLE)).into()
    }),
    each("C4", "there is no descriptor left for a connection", |s| child::case(s, child::Act::Starved)),
    each("C5", "accepted, then FIN, nothing read", |s| {
        both(s).map(|case| case.plays([Step::Fin]).in_doubt(UNAVAILABLE)).into()
    }),
    each("C6", "accepted, then RST, nothing read", |s| {
        both(s).map(|case| case.plays([Step::Rst]).in_doubt(UNAVAILABLE).or_unreached()).into()
    }),
    each("C7", "a proxy stands in the environment", |s| child::case(s, child::Act::Proxied)),
    left_out("C8", "a proxy refuses to connect", "no proxy can be configured"),
];

fn both(s: &'static FaultProfile) -> [FaultCase; 2] {
    [FaultCase::send(s, "a send"), FaultCase::read(s, "a read")]
}
