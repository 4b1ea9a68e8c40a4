//! How fast a provider may be asked, as data that each adapter states about its provider.

use std::time::Duration;

use crate::adapter::error_code::Certainty;
use crate::error::Error;

/// No pause that a provider asks for is longer: one absurd number in one answer must not silence a process for good.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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

impl Rate {
    /// The limit of `rates` that a refusal for going too fast is about, by its code.
    pub(crate) fn about<'a>(rates: &'a [Self], refusal: &Error) -> Option<&'a Self> {
        let code = refusal.code()?;
        rates.iter().find(|rate| rate.codes.contains(&code))
    }
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
