//! Whether a call may be repeated: one pure function, and the input that it decides by.
//!
//! A send is repeated only in three cases: the provider cannot have received it; the provider refused it and may be asked
//! again; or the provider recognises a repetition by an idempotency key that is still alive. In every other case the
//! outcome is unknown and stays so. No setting turns it into a repetition.

use std::time::Duration;

pub use crate::error::RetryStop;
use crate::error::{Error, ErrorKind, Phase, Unsent};
use crate::transport::Operation;

/// The longest wait that is waited out rather than returned.
pub const MAX_RETRY_WAIT: Duration = Duration::from_secs(30);
/// Minimum time needed to start an attempt (connect timeout plus 1 s). Starting later would probably time out and leave the
/// outcome unknown.
pub const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(4);

/// Where the waits between attempts start; each may be up to twice as long as the one before.
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
/// Where they start after a rejection for sending too fast.
const INITIAL_THROTTLE_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(20);
/// The most that is added to a wait that the provider asked for, since a whole fleet was given the same instant.
const MAX_SPREAD: Duration = Duration::from_secs(5);

/// How an attempt ended. Doubt comes first: an unknown outcome has no variant that allows another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The provider accepted it.
    Accepted,
    /// It is proved that nothing was sent. Every failed lookup is one.
    Unsent(UnsentOutcome),
    /// The message may have been accepted.
    Unknown(UnknownOutcome),
}

/// How an attempt ended that sent nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnsentOutcome {
    /// No byte of it reached the provider: the connection was never made, or our own limiter held it back.
    NotConnected,
    /// 421 or 425: the provider asks for the same request on another connection.
    MisdirectedRequest,
    /// Rejected for sending too fast.
    Throttled,
    /// A lookup without a response.
    NoResponse,
    /// A passing failure: of a lookup, or a 5xx under a documented code that says that nothing was sent.
    Unavailable,
    /// Rejected for good. The adapter renews a credential that can be renewed once, before this.
    Rejected,
}

/// How an attempt ended that may have sent the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownOutcome {
    /// The request was on its way, and no response came: a timeout, a reset, an end, or a 408.
    NoResponse,
    /// A response that cannot be understood: a success without its body, a final 1xx, a status that does not exist, an echo
    /// that is not ours.
    Unreadable,
    /// A response that names an accepted message and rejects it. Even under an idempotency key it is not repeated: no
    /// provider says that it keeps the key of a rejected request.
    Contradiction,
    /// 409: the key was used with another body, or something is already there.
    Conflict,
    /// 409 that says that the same body under the same key is still being worked on.
    InProgress,
    /// Rejected for sending too fast, by an answer that proves nothing.
    Throttled,
    /// A redirect, which is not followed. It may be how the provider says that the request was handled.
    Redirected,
    /// A 5xx that may pass: a gateway answers so for a backend that may have acted.
    ServerError,
    /// A 5xx that will not pass, such as 501.
    NotRetryable5xx,
}

/// Everything that a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct RetryInput {
    /// The operation that a repetition would repeat.
    pub operation: Operation,
    /// How the last attempt ended.
    pub outcome: AttemptOutcome,
    /// The wait that the provider asked for, the latest of all its hints.
    pub asked: Option<Duration>,
    /// Which attempt the last one was, from 1.
    pub attempt: u32,
    /// How many attempts there may be in all.
    pub attempts: u32,
    /// How many tokens the account's retry budget holds.
    pub budget: u32,
    /// How much time is left until the call as a whole must be over.
    pub left: Duration,
    /// A random number from 0 to 1.
    pub jitter: f64,
}

/// The step after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Accepted: nothing is left to do.
    Done,
    /// Return the result of the last attempt.
    Stop(RetryStop),
    /// Wait, then repeat the call, at the cost of so many tokens of the budget.
    Again {
        /// How long to wait. Never less than the provider asked for.
        wait: Duration,
        /// The tokens that the repetition takes from the budget.
        cost: u32,
    },
}

/// Decides what follows an attempt. Pure: the same input always gives the same decision.
pub fn retry_decision(input: &RetryInput) -> Decision {
    if input.outcome == AttemptOutcome::Accepted {
        return Decision::Done;
    }
    if !may_be_repeated(input.operation, input.outcome) {
        return Decision::Stop(RetryStop::Outcome);
    }
    if input.attempt >= input.attempts {
        return Decision::Stop(RetryStop::Attempts);
    }
    if input.asked.is_some_and(|asked| asked > MAX_RETRY_WAIT) {
        return Decision::Stop(RetryStop::LongWait);
    }
    let cost = input.outcome.cost();
    if input.budget < cost {
        return Decision::Stop(RetryStop::Budget);
    }
    let wait = wait(input);
    if wait.saturating_add(MIN_ATTEMPT_TIME) > input.left {
        return Decision::Stop(RetryStop::Deadline);
    }
    Decision::Again { wait, cost }
}

fn may_be_repeated(operation: Operation, outcome: AttemptOutcome) -> bool {
    match outcome {
        AttemptOutcome::Accepted => false,
        AttemptOutcome::Unsent(unsent) => match unsent {
            UnsentOutcome::NotConnected | UnsentOutcome::MisdirectedRequest | UnsentOutcome::Throttled => true,
            UnsentOutcome::NoResponse | UnsentOutcome::Unavailable => operation != Operation::Send,
            UnsentOutcome::Rejected => false,
        },
        // Harmless only where a repetition is.
        AttemptOutcome::Unknown(unknown) => match unknown {
            UnknownOutcome::NoResponse
            | UnknownOutcome::Unreadable
            | UnknownOutcome::InProgress
            | UnknownOutcome::Throttled
            | UnknownOutcome::ServerError => operation == Operation::IdempotentSend,
            UnknownOutcome::Contradiction
            | UnknownOutcome::Conflict
            | UnknownOutcome::Redirected
            | UnknownOutcome::NotRetryable5xx => false,
        },
    }
}

fn wait(input: &RetryInput) -> Duration {
    // A jitter that is no number counts as the longest wait.
    let jitter = if input.jitter.is_nan() { 1.0 } else { input.jitter.clamp(0.0, 1.0) };
    // Added, never subtracted: earlier than asked is another rejection.
    let spread = |asked: Duration| asked.saturating_add((asked / 10).min(MAX_SPREAD).mul_f64(jitter));
    // The longer of the two: a provider that asks for no time does not allow request after request without a pause.
    input.asked.map_or(Duration::ZERO, spread).max(backoff(input, jitter))
}

fn backoff(input: &RetryInput, jitter: f64) -> Duration {
    // Full jitter: anything up to the ceiling, so that a fleet does not come back all at once.
    let first = if input.outcome.is_throttle() { INITIAL_THROTTLE_BACKOFF } else { INITIAL_BACKOFF };
    let doublings = 2_u32.saturating_pow(input.attempt.saturating_sub(1));
    first.saturating_mul(doublings).min(MAX_BACKOFF).mul_f64(jitter)
}

/// The operation of repeating a send under a key that was first used `age` ago and that the provider keeps for `lifetime`.
/// The last fifth of that time does not count: clocks differ, and an attempt takes a while.
pub fn send_under_key(age: Duration, lifetime: Duration) -> Operation {
    if age < lifetime / 5 * 4 { Operation::IdempotentSend } else { Operation::Send }
}

impl AttemptOutcome {
    /// How an attempt of `operation` ended that failed with `error`.
    pub fn of(error: &Error, operation: Operation) -> Self {
        match error.unsent() {
            Some(unsent) => Self::Unsent(UnsentOutcome::of(unsent, operation == Operation::Read)),
            None => Self::Unknown(UnknownOutcome::of(error)),
        }
    }

    const fn is_throttle(self) -> bool {
        matches!(self, Self::Unsent(UnsentOutcome::Throttled) | Self::Unknown(UnknownOutcome::Throttled))
    }

    /// The tokens that a repetition costs: most after a timeout, which loads a provider that is in trouble; least after a
    /// throttle, which the provider itself paces.
    const fn cost(self) -> u32 {
        match self {
            Self::Unsent(UnsentOutcome::NoResponse) | Self::Unknown(UnknownOutcome::NoResponse) => 10,
            _ if self.is_throttle() => 2,
            _ => 5,
        }
    }
}

impl UnsentOutcome {
    fn of(unsent: Unsent<'_>, is_read: bool) -> Self {
        let error = unsent.error();
        match (error.kind(), error.status()) {
            _ if unsent.allows_another_connection() => Self::MisdirectedRequest,
            (ErrorKind::RateLimited, _) => Self::Throttled,
            (ErrorKind::ProviderUnavailable, None) if is_read && error.phase() == Phase::NoResponse => Self::NoResponse,
            // Also a login that failed in front of a send.
            (ErrorKind::ProviderUnavailable, None) => Self::NotConnected,
            (ErrorKind::ProviderUnavailable, Some(408)) => Self::NoResponse,
            (_, Some(300..=399 | 501 | 505)) => Self::Rejected,
            (ErrorKind::ProviderUnavailable, Some(500..=599)) => Self::Unavailable,
            (ErrorKind::MalformedResponse, _) if is_read => Self::Unavailable,
            _ => Self::Rejected,
        }
    }
}

impl UnknownOutcome {
    fn of(error: &Error) -> Self {
        match (error.kind(), error.status()) {
            _ if error.message_id().is_some() => Self::Contradiction,
            (ErrorKind::RateLimited, _) => Self::Throttled,
            (ErrorKind::Conflict, _) if error.is_under_way() => Self::InProgress,
            (ErrorKind::Conflict, _) => Self::Conflict,
            (_, Some(408)) => Self::NoResponse,
            (_, Some(300..=399)) => Self::Redirected,
            (_, Some(501 | 505)) => Self::NotRetryable5xx,
            (_, Some(500..=599)) => Self::ServerError,
            (kind, None) if kind != ErrorKind::MalformedResponse => Self::NoResponse,
            _ => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind, status: u16) -> Error {
        let error = Error::new(kind, "x");
        if status == 0 { error } else { error.with_status(http::StatusCode::from_u16(status).unwrap()) }
    }

    #[test]
    fn each_error_has_its_attempt_outcome() {
        use ErrorKind::{
            Conflict, InvalidRequest, MalformedResponse, ProviderUnavailable, RateLimited, SenderUnavailable,
            SessionExpired, Unauthenticated,
        };
        let unsent: &[(ErrorKind, u16, UnsentOutcome)] = &[
            (ProviderUnavailable, 0, UnsentOutcome::NotConnected),
            (ProviderUnavailable, 421, UnsentOutcome::MisdirectedRequest),
            (ProviderUnavailable, 425, UnsentOutcome::MisdirectedRequest),
            (ProviderUnavailable, 503, UnsentOutcome::Unavailable),
            (ProviderUnavailable, 501, UnsentOutcome::Rejected),
            (ProviderUnavailable, 408, UnsentOutcome::NoResponse),
            (SenderUnavailable, 503, UnsentOutcome::Rejected),
            (RateLimited, 429, UnsentOutcome::Throttled),
            (RateLimited, 0, UnsentOutcome::Throttled),
            (MalformedResponse, 302, UnsentOutcome::Rejected),
            (MalformedResponse, 412, UnsentOutcome::Rejected),
            (MalformedResponse, 418, UnsentOutcome::Rejected),
            (MalformedResponse, 451, UnsentOutcome::Rejected),
            (SessionExpired, 403, UnsentOutcome::Rejected),
            (Unauthenticated, 401, UnsentOutcome::Rejected),
            (InvalidRequest, 0, UnsentOutcome::Rejected),
            (Conflict, 409, UnsentOutcome::Rejected),
        ];
        for &(kind, status, outcome) in unsent {
            for operation in [Operation::Send, Operation::IdempotentSend] {
                let of = AttemptOutcome::of(&failed(kind, status), operation);
                assert_eq!(of, AttemptOutcome::Unsent(outcome), "{kind} {status}");
            }
        }
        let unknown: &[(ErrorKind, u16, UnknownOutcome)] = &[
            (ProviderUnavailable, 0, UnknownOutcome::NoResponse),
            (ProviderUnavailable, 200, UnknownOutcome::Unreadable),
            (ProviderUnavailable, 408, UnknownOutcome::NoResponse),
            (ProviderUnavailable, 421, UnknownOutcome::Unreadable),
            (ProviderUnavailable, 425, UnknownOutcome::Unreadable),
            (ProviderUnavailable, 500, UnknownOutcome::ServerError),
            (ProviderUnavailable, 501, UnknownOutcome::NotRetryable5xx),
            (ProviderUnavailable, 599, UnknownOutcome::ServerError),
            (InvalidRequest, 500, UnknownOutcome::ServerError),
            (MalformedResponse, 0, UnknownOutcome::Unreadable),
            (MalformedResponse, 302, UnknownOutcome::Redirected),
            (MalformedResponse, 303, UnknownOutcome::Redirected),
            (MalformedResponse, 999, UnknownOutcome::Unreadable),
            (InvalidRequest, 200, UnknownOutcome::Unreadable),
            (RateLimited, 429, UnknownOutcome::Throttled),
            (Conflict, 409, UnknownOutcome::Conflict),
        ];
        for &(kind, status, outcome) in unknown {
            let of = |error| AttemptOutcome::of(&error, Operation::Send);
            let error = || failed(kind, status).maybe_sent();
            assert_eq!(of(error()), AttemptOutcome::Unknown(outcome), "{kind} {status}");
            let named = error().naming("7c1e".into());
            assert_eq!(of(named), AttemptOutcome::Unknown(UnknownOutcome::Contradiction), "{kind} {status}");
        }
    }

    #[test]
    fn a_conflict_does_not_depend_on_the_attempt_that_met_it() {
        let conflict = || failed(ErrorKind::Conflict, 409);
        for operation in [Operation::IdempotentSend, Operation::Send] {
            let of = |error| AttemptOutcome::of(&error, operation);
            assert_eq!(of(conflict().maybe_sent()), AttemptOutcome::Unknown(UnknownOutcome::Conflict));
            assert_eq!(of(conflict().under_way()), AttemptOutcome::Unknown(UnknownOutcome::InProgress));
        }
    }

    #[test]
    fn a_read_without_response_costs_as_much_as_a_timeout() {
        let failed = |phase| failed(ErrorKind::ProviderUnavailable, 0).with_phase(phase);
        let of = |phase, operation| AttemptOutcome::of(&failed(phase), operation);
        let not_connected = AttemptOutcome::Unsent(UnsentOutcome::NotConnected);
        assert_eq!(of(Phase::NoResponse, Operation::Read), AttemptOutcome::Unsent(UnsentOutcome::NoResponse));
        assert_eq!(of(Phase::NotConnected, Operation::Read), not_connected);
        // A login in front of a send, say: proved unsent stays proved unsent.
        assert_eq!(of(Phase::NoResponse, Operation::Send), not_connected);
    }

    #[test]
    fn a_key_counts_for_four_fifths_of_its_lifetime() {
        let life = Duration::from_secs(24 * 3600);
        assert_eq!(send_under_key(Duration::ZERO, life), Operation::IdempotentSend);
        assert_eq!(send_under_key(Duration::from_secs(69_119), life), Operation::IdempotentSend);
        assert_eq!(send_under_key(Duration::from_secs(69_120), life), Operation::Send);
        assert_eq!(send_under_key(Duration::MAX, Duration::MAX), Operation::Send);
    }
}
