//! Whether a call may be repeated: one pure function, and the input that it decides by.
//!
//! A send is repeated only in three cases: the provider cannot have received it; the provider refused it and may be asked
//! again; or the provider recognises a repetition by an idempotency key that is still alive. In every other case the
//! outcome is unknown and stays so. No setting turns it into a repetition.

use std::time::Duration;

pub use crate::error::RetryStop;
use crate::error::{Error, ErrorKind, Phase, Sent};
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

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The provider accepted it.
    Accepted,
    /// No byte of it reached the provider: the connection was never made, or our own limiter held it back.
    NotConnected,
    /// The request was on its way, and no response came: a timeout, a reset, an end, garbage.
    NoResponse,
    /// A response that cannot be understood: a success without its body, a final 1xx, a status that does not exist, an echo
    /// that is not ours.
    Unreadable,
    /// Rejected: a documented code, or a 4xx that proves it. The adapter renews a credential that can be renewed once, before
    /// this.
    Rejected,
    /// 408: the server gave up on a request that it may have acted on.
    RequestTimeout408,
    /// 409: the key was used with another body, or something is already there.
    Conflict,
    /// 409 that says that the same body under the same key is still being worked on.
    InProgress,
    /// 421 or 425: the provider asks for the same request on another connection.
    MisdirectedRequest,
    /// Rejected for sending too fast.
    Throttled,
    /// Rejected for sending too fast, and yet the response names a message.
    ThrottledMaybeAccepted,
    /// A redirect, which is not followed.
    Redirected,
    /// 303: a redirect that says that the request was handled.
    SeeOther303,
    /// A 5xx that may pass: a gateway answers so for a backend that may have acted.
    ServerError,
    /// A 5xx under a documented code that says that nothing was sent.
    ServerErrorUnsent,
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
        // Proved unsent, or rejected for now.
        AttemptOutcome::NotConnected | AttemptOutcome::MisdirectedRequest | AttemptOutcome::Throttled => true,
        // Perhaps accepted: harmless only where a repetition is.
        AttemptOutcome::NoResponse
        | AttemptOutcome::Unreadable
        | AttemptOutcome::RequestTimeout408
        | AttemptOutcome::ThrottledMaybeAccepted
        | AttemptOutcome::ServerError
        | AttemptOutcome::ServerErrorUnsent => operation != Operation::Send,
        AttemptOutcome::InProgress => operation == Operation::IdempotentSend,
        AttemptOutcome::Accepted
        | AttemptOutcome::Rejected
        | AttemptOutcome::Conflict
        | AttemptOutcome::Redirected
        | AttemptOutcome::SeeOther303
        | AttemptOutcome::NotRetryable5xx => false,
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
    let is_throttle = matches!(input.outcome, AttemptOutcome::Throttled | AttemptOutcome::ThrottledMaybeAccepted);
    let first = if is_throttle { INITIAL_THROTTLE_BACKOFF } else { INITIAL_BACKOFF };
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
        let is_unknown = error.sent() == Sent::Maybe;
        match (error.kind(), error.status()) {
            (ErrorKind::RateLimited, _) if is_unknown => Self::ThrottledMaybeAccepted,
            (ErrorKind::RateLimited, _) => Self::Throttled,
            (ErrorKind::Conflict, _) if error.is_under_way() => Self::InProgress,
            (ErrorKind::Conflict, _) => Self::Conflict,
            // The outcome of a read is never unknown, so only its phase tells how far it got.
            (ErrorKind::ProviderUnavailable, None)
                if operation == Operation::Read && error.phase() == Phase::NoResponse =>
            {
                Self::NoResponse
            }
            // Also a login that failed in front of a send.
            (ErrorKind::ProviderUnavailable, None) if !is_unknown => Self::NotConnected,
            (ErrorKind::ProviderUnavailable, Some(421 | 425)) => Self::MisdirectedRequest,
            (_, Some(408)) => Self::RequestTimeout408,
            (_, Some(303)) => Self::SeeOther303,
            (_, Some(300..=399)) => Self::Redirected,
            (_, Some(501 | 505)) => Self::NotRetryable5xx,
            (ErrorKind::ProviderUnavailable, Some(500..=599)) if !is_unknown => Self::ServerErrorUnsent,
            (_, Some(500..=599)) if is_unknown => Self::ServerError,
            (ErrorKind::MalformedResponse, _) => Self::Unreadable,
            (_, None) if is_unknown => Self::NoResponse,
            _ if is_unknown => Self::Unreadable,
            _ => Self::Rejected,
        }
    }

    /// The tokens that a repetition costs: most after a timeout, which loads a provider that is in trouble; least after a
    /// throttle, which the provider itself paces.
    const fn cost(self) -> u32 {
        match self {
            Self::Throttled | Self::ThrottledMaybeAccepted => 2,
            Self::NoResponse | Self::RequestTimeout408 => 10,
            _ => 5,
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
        let unsent: &[(ErrorKind, u16, AttemptOutcome)] = &[
            (ProviderUnavailable, 0, AttemptOutcome::NotConnected),
            (ProviderUnavailable, 421, AttemptOutcome::MisdirectedRequest),
            (ProviderUnavailable, 425, AttemptOutcome::MisdirectedRequest),
            (ProviderUnavailable, 503, AttemptOutcome::ServerErrorUnsent),
            (ProviderUnavailable, 501, AttemptOutcome::NotRetryable5xx),
            (ProviderUnavailable, 408, AttemptOutcome::RequestTimeout408),
            (SenderUnavailable, 503, AttemptOutcome::Rejected),
            (RateLimited, 429, AttemptOutcome::Throttled),
            (RateLimited, 0, AttemptOutcome::Throttled),
            (MalformedResponse, 302, AttemptOutcome::Redirected),
            (MalformedResponse, 200, AttemptOutcome::Unreadable),
            (SessionExpired, 403, AttemptOutcome::Rejected),
            (Unauthenticated, 401, AttemptOutcome::Rejected),
            (InvalidRequest, 0, AttemptOutcome::Rejected),
        ];
        for &(kind, status, outcome) in unsent {
            assert_eq!(AttemptOutcome::of(&failed(kind, status), Operation::Send), outcome, "{kind} {status}");
        }
        let unknown: &[(ErrorKind, u16, AttemptOutcome)] = &[
            (ProviderUnavailable, 0, AttemptOutcome::NoResponse),
            (ProviderUnavailable, 200, AttemptOutcome::Unreadable),
            (ProviderUnavailable, 408, AttemptOutcome::RequestTimeout408),
            (ProviderUnavailable, 500, AttemptOutcome::ServerError),
            (ProviderUnavailable, 599, AttemptOutcome::ServerError),
            (InvalidRequest, 500, AttemptOutcome::ServerError),
            (MalformedResponse, 0, AttemptOutcome::Unreadable),
            (MalformedResponse, 303, AttemptOutcome::SeeOther303),
            (MalformedResponse, 999, AttemptOutcome::Unreadable),
            (InvalidRequest, 200, AttemptOutcome::Unreadable),
            (RateLimited, 429, AttemptOutcome::ThrottledMaybeAccepted),
            (Conflict, 409, AttemptOutcome::Conflict),
        ];
        for &(kind, status, outcome) in unknown {
            let error = failed(kind, status).maybe_sent();
            assert_eq!(AttemptOutcome::of(&error, Operation::Send), outcome, "{kind} {status}");
        }
    }

    #[test]
    fn a_conflict_does_not_depend_on_the_attempt_that_met_it() {
        let conflict = || failed(ErrorKind::Conflict, 409);
        for operation in [Operation::IdempotentSend, Operation::Send] {
            assert_eq!(AttemptOutcome::of(&conflict(), operation), AttemptOutcome::Conflict);
            assert_eq!(AttemptOutcome::of(&conflict().under_way(), operation), AttemptOutcome::InProgress);
        }
    }

    #[test]
    fn a_read_without_response_costs_as_much_as_a_timeout() {
        let failed = |phase| failed(ErrorKind::ProviderUnavailable, 0).with_phase(phase);
        let of = |phase, operation| AttemptOutcome::of(&failed(phase), operation);
        assert_eq!(of(Phase::NoResponse, Operation::Read), AttemptOutcome::NoResponse);
        assert_eq!(of(Phase::NotConnected, Operation::Read), AttemptOutcome::NotConnected);
        // A login in front of a send, say: proved unsent stays proved unsent.
        assert_eq!(of(Phase::NoResponse, Operation::Send), AttemptOutcome::NotConnected);
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
