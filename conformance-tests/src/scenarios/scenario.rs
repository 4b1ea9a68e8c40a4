//! A scenario, and the macro that lists the scenarios of a group.

macro_rules! scenarios {
    ($group:literal: $($(#[doc = $note:literal])* $name:ident $contract:literal $(needs $capability:ident)? $(covers $facts:ident)?;)+) => {
        pub(super) const ALL: &[crate::scenarios::scenario::Scenario] = &[$(crate::scenarios::scenario::Scenario {
            group: $group,
            name: stringify!($name),
            contract: $contract,
            note: concat!($($note),*),
            need: need!($($capability)?),
            covers: covers!($($facts)?),
            play: |harness| Box::pin($name(harness)),
        }),+];
    };
}

macro_rules! need {
    () => {
        crate::scenarios::scenario::Need::Nothing
    };
    ($capability:ident) => {
        crate::scenarios::scenario::Need::Capability(transom::Capability::$capability)
    };
}

macro_rules! covers {
    () => {
        crate::evidence::fact_selectors::nothing
    };
    ($facts:ident) => {
        crate::evidence::fact_selectors::$facts
    };
}

use std::pin::Pin;

use transom::Capability;

use crate::adapters::AdapterUnderTest;
use crate::assertions::Check;
use crate::evidence::Evidence;
use crate::harness::Harness;

/// A contract that every adapter must keep, or refuse as unsupported.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// The contract of the adapter.
    pub(crate) contract: &'static str,
    /// The reason, or a detail; may be empty.
    pub(crate) note: &'static str,
    pub(crate) need: Need,
    /// The facts about the provider that it relies on.
    pub(crate) covers: fn(&AdapterUnderTest) -> Vec<Evidence>,
    pub(crate) play: for<'a> fn(&'a Harness) -> Pin<Box<dyn Future<Output = Check> + Send + 'a>>,
}

/// The capability that a scenario needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    Nothing,
    Capability(Capability),
}
