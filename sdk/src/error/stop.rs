//! Why a call was not repeated.

/// Why a [`Retry`](crate::layers::Retry) layer did not repeat a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryStop {
    /// The outcome forbids it: rejected for good, or perhaps accepted.
    Outcome,
    /// It was the last attempt that there may be.
    Attempts,
    /// The provider asks for a wait longer than 30 s.
    LongWait,
    /// The account's retry budget is spent.
    Budget,
    /// No time is left for another attempt.
    Deadline,
}

impl RetryStop {
    /// The name used in traces: `budget`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Attempts => "attempts",
            Self::LongWait => "long_wait",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
        }
    }
}
