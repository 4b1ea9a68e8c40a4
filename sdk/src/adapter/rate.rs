//! A provider's rate limits as data.

use std::time::Duration;

use crate::adapter::error_code::Certainty;
use crate::error::Error;
pub use crate::error::Scope;

/// The longest pause. One absurd number in an answer must not stop a process for ever.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A documented limit: at most `quota` sends within any `window`.
///
/// ```
/// use transom::adapter::{Certainty, Rate, Scope};
///
/// const RATES: &[Rate] = &[
///     Rate::per_second(80).with_source("acme.example/docs/limits", Certainty::Docs),
///     Rate::per_minute(10).with_scope(Scope::Pair).with_codes(&["131056"]),
/// ];
/// assert_eq!(RATES[1].quota, 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// At most `quota` sends of the account within any `window`, as a judgement without a source page.
    pub const fn new(quota: u32, window: Duration) -> Self {
        let (scope, certainty) = (Scope::Account, Certainty::Inferred);
        Self { scope, quota, window, codes: &[], source: "the application", certainty }
    }

    /// At most `quota` sends of the account within any second.
    pub const fn per_second(quota: u32) -> Self {
        Self::new(quota, Duration::from_secs(1))
    }

    /// At most `quota` sends of the account within any 60 seconds.
    pub const fn per_minute(quota: u32) -> Self {
        Self::new(quota, Duration::from_secs(60))
    }

    /// Sets the scope of the count.
    #[must_use]
    pub const fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the provider's codes for a rejection by this limit.
    #[must_use]
    pub const fn with_codes(mut self, codes: &'static [&'static str]) -> Self {
        self.codes = codes;
        self
    }

    /// Sets the page that states the limit, and how certain it is.
    #[must_use]
    pub const fn with_source(mut self, source: &'static str, certainty: Certainty) -> Self {
        self.source = source;
        self.certainty = certainty;
        self
    }

    /// The scope that a throttle is about: what the adapter says, else that of the limit in `rates` with its code, else the
    /// account.
    pub(crate) fn scope_of(rates: &[Self], refusal: &Error) -> Scope {
        let by_code = || Self::about(rates, refusal).map(|rate| rate.scope);
        refusal.limit_scope().or_else(by_code).unwrap_or(Scope::Account)
    }

    /// The limit of `rates` that a throttle is about, by its code.
    pub(crate) fn about<'a>(rates: &'a [Self], refusal: &Error) -> Option<&'a Self> {
        let code = refusal.code()?;
        rates.iter().find(|rate| rate.codes.contains(&code))
    }
}
