//! Connecting.

use super::UNAVAILABLE;
use crate::case::{Case, Peer};
use crate::child;
use crate::row::{Row, each, left_out};
use crate::script::Step;
use crate::subject::Subject;

pub(super) const ROWS: &[Row] = &[
    each("C1", "the connection is refused", |s| {
        both(s).map(|case| case.at(Peer::Nobody).unreached(UNAVAILABLE)).into()
    }),
    each("C2", "the connection is never answered", |s| {
        both(s).map(|case| case.at(Peer::Full).unreached(UNAVAILABLE).impatient()).into()
    }),
    each("C3", "the network cannot be reached", |s| {
        // A broadcast address, to which the kernel itself connects nobody.
        both(s).map(|case| case.at(Peer::Elsewhere("https://255.255.255.255")).unreached(UNAVAILABLE)).into()
    }),
    each("C4", "there is no descriptor left for a connection", |s| child::case(s, child::Act::Starved)),
    each("C5", "accepted, then FIN, nothing read", |s| {
        both(s).map(|case| case.plays([Step::Fin]).mark_unknown(UNAVAILABLE)).into()
    }),
    each("C6", "accepted, then RST, nothing read", |s| {
        both(s).map(|case| case.plays([Step::Rst]).mark_unknown(UNAVAILABLE).or_unreached()).into()
    }),
    each("C7", "a proxy stands in the environment", |s| child::case(s, child::Act::Proxied)),
    left_out("C8", "a proxy refuses to connect", "no proxy can be configured"),
];

fn both(s: &'static Subject) -> [Case; 2] {
    [Case::send(s, "a send"), Case::read(s, "a read")]
}
