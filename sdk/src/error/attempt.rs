//! What went wrong on one channel of a failover.

use crate::error::{Error, ErrorKind};

/// What went wrong on a channel before another one was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// The channel.
    pub channel: String,
    /// What kind of failure it was. A channel that was passed over has the kind that says why.
    pub kind: ErrorKind,
    /// The provider's own code.
    pub code: Option<String>,
    /// The HTTP status of its answer.
    pub status: Option<u16>,
    /// How many send requests were made. None: it was passed over.
    pub requests: u32,
    /// What happened, in words.
    pub message: String,
}

impl FailedAttempt {
    pub(crate) fn new(channel: &str, error: &Error) -> Self {
        Self {
            channel: channel.to_owned(),
            kind: error.kind(),
            code: error.code().map(str::to_owned),
            status: error.status(),
            requests: error.attempts(),
            message: error.message().to_owned(),
        }
    }
}
