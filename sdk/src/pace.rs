//! How fast a provider may be asked, as data that each adapter states about its provider.

use std::time::Duration;

use crate::code::Certainty;

/// A documented limit: so many sends within any so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What is counted.
    pub scope: Scope,
    /// How many sends, at least 1.
    pub quota: u32,
    /// Within how much time.
    pub window: Duration,
    /// The provider's codes for a refusal because of this limit. A refusal under any other code, or none, is taken to be about
    /// the account.
    pub codes: &'static [&'static str],
    /// The page that says so.
    pub source: &'static str,
    /// How sure that is.
    pub certainty: Certainty,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The messages from one number to one person.
    Pair,
    /// The messages from one number.
    Sender,
    /// Everything that goes through the account.
    Account,
}
