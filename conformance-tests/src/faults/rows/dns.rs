//! Resolving the provider's host name.

use std::net::{IpAddr, Ipv4Addr};

use super::common::UNAVAILABLE;
use crate::assertions::ensure;
use crate::faults::case::FaultCase;
use crate::faults::dns::{Answer, ScriptedDns};
use crate::faults::oracle::accepted;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each, left_out};
use crate::faults::script::{Step, answer};
use crate::faults::setup::HERE;

pub(super) const ROWS: &[Row] = &[
    each("D1", "the host name does not exist", |s| unresolved(s, &Answer::None)),
    each("D2", "the resolver never answers", |s| super::common::impatient(unresolved(s, &Answer::Silence))),
    each("D3", "the name has no address", |s| unresolved(s, &Answer::Addresses(Vec::new()))),
    left_out(
        "D4",
        "the name leads to a private address",
        "no guard is offered: the address is the operator's own setting",
    ),
    each("D5", "the first address does not answer, the second does", |s| {
        let both = ScriptedDns::new([Answer::Addresses(vec![DEAD, HERE])]);
        let case = FaultCase::send(s, "a send").named(both).plays([Step::Take, answer()]).connects(1..=1);
        vec![case]
    }),
    each("D6", "the address changes between attempts", |s| {
        let names = || ScriptedDns::new([Answer::Addresses(vec![DEAD]), Answer::Addresses(vec![HERE])]);
        let again = FaultCase::send(s, "a send").named(names()).plays([Step::Take, answer()]).sent_after(2);
        let afresh = FaultCase::own(s, "two sends, each looked up", |harness| async move {
            accepted(harness.send(&harness.message(1)?).await?)?;
            accepted(harness.send(&harness.message(2)?).await?)?;
            let (asked, seen) =
                (harness.dns.as_ref().map_or(0, |names| names.asked()), harness.listener.seen().connections);
            ensure(asked == seen + 1, format_args!("{asked} questions for {seen} connections and one that failed"))
        });
        vec![again, afresh.named(names()).plays([Step::Take, answer(), Step::Take, answer()])]
    }),
];

/// An address without a listener.
const DEAD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn unresolved(s: &'static FaultProfile, answer: &Answer) -> Vec<FaultCase> {
    let cases = [FaultCase::send(s, "a send"), FaultCase::read(s, "a read")];
    cases.map(|case| case.named(ScriptedDns::new([answer.clone()])).not_reached(UNAVAILABLE).connects(0..=0)).into()
}
