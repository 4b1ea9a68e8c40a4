//! Why a call was not made again.

/// Why a call is not made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// The evidence forbids it: refused for good, or perhaps taken.
    Evidence,
    /// It was the last attempt that there may be.
    Attempts,
    /// The provider asks for a longer wait than [`LONGEST_WAIT`].
    LongWait,
    /// The account's budget for repetitions is spent.
    Budget,
    /// There is no time left for another attempt.
    Deadline,
}

impl Stop {
    /// The name used in traces: `budget`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Attempts => "attempts",
            Self::LongWait => "long_wait",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
        }
    }
}
