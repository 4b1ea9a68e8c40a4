//! A provider's rate limits as data.

use std::time::Duration;

use crate::adapter::error_code::Certainty;
use crate::error::Error;

/// The longest pause. One absurd number in an answer must not stop a process for ever.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A documented limit: at most `quota` sends within any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The scope of the count.
    pub scope: Scope,
    /// The quota, at least 1.
    pub quota: u32,
    /// The rate window.
    pub window: Duration,
    /// The provider's codes for a rejection by this limit. A rejection with another code, or without one, counts for
    /// the account.
    pub codes: &'static [&'static str],
    /// The source page.
    pub source: &'static str,
    /// The certainty of the limit.
    pub certainty: Certainty,
}

impl Rate {
    /// The limit of `rates` that a throttle is about, by its code.
    pub(crate) fn about<'a>(rates: &'a [Self], refusal: &Error) -> Option<&'a Self> {
        let code = refusal.code()?;
        rates.iter().find(|rate| rate.codes.contains(&code))
    }
}

/// The scope of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Messages from one sender to one contact.
    Pair,
    /// Messages from one sender.
    Sender,
    /// All messages of the account.
    Account,
}
