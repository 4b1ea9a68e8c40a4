//! Whether a call may be made again: one pure function, and the evidence it goes by.
//!
//! The rule behind the table: a send is repeated only if it is proved that the provider cannot have received it, if the
//! provider refused it and may be asked again, or if the provider dedupes by a key that is still alive. In every other
//! case the outcome is unknown and stays so; no setting turns it into a repetition.

use std::error::Error as _;
use std::time::Duration;

use crate::error::stop::Stop;
use crate::error::{Error, ErrorKind, Sent};

/// The longest wait that is waited out rather than returned.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// An attempt with less time left than connecting and a little more would only manufacture an unknown outcome.
pub const LEAST_TIME: Duration = Duration::from_secs(4);

/// Where the waits between attempts start; each may be up to twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// After a refusal for going too fast, the start is later.
const FIRST_WAIT_AFTER_THROTTLE: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);
/// What is added at the most to a wait that the provider asked for, since a fleet was told the same instant.
const LONGEST_SPREAD: Duration = Duration::from_secs(5);

/// What a repetition of a call would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Safety {
    /// Nothing: it reads, or twice is the same as once.
    Read,
    /// Nothing, as long as the provider knows the key under which it sends.
    Keyed,
    /// It would send a second message.
    Unkeyed,
}

impl Safety {
    /// A send under a key that was first used `age` ago and that the provider keeps for `lifetime`. The last fifth of that
    /// time is not relied upon: clocks differ, and an attempt takes a while.
    pub fn keyed(age: Duration, lifetime: Duration) -> Self {
        if age < lifetime / 5 * 4 { Self::Keyed } else { Self::Unkeyed }
    }
}

/// How far a call got, and what came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Taken.
    Accepted,
    /// No byte of it reached the provider: the connection was never made, or our own limiter held it back.
    NotHandedOver,
    /// It was on its way, and nothing that is an answer came back: a timeout, a reset, an end, garbage.
    NoAnswer,
    /// An answer that cannot be understood: a success without its body, a final 1xx, a status that does not exist, an echo
    /// that is not ours.
    Unreadable,
    /// Refused: a documented code, or a 4xx that proves it. A credential that can be renewed is renewed by the adapter, once,
    /// before this.
    Refused,
    /// 408: the server gave up on a request that it may have acted on.
    TimedOutThere,
    /// 409: the key was used with another body, or something is already there.
    Conflict,
    /// 409 that says that the same body under the same key is still being worked on.
    InProgress,
    /// 421 or 425: the same request, on another connection please.
    OtherConnection,
    /// Going too fast. Not taken.
    TooFast,
    /// Going too fast, it says, and names a message all the same.
    TooFastYetNamed,
    /// A redirect, which is not followed.
    Redirected,
    /// 303: a redirect that says the request was handled.
    Handled,
    /// A 5xx that may pass: a gateway answers so for a backend that may have acted.
    Failed,
    /// A 5xx under a documented code that says nothing was handed over.
    FailedUnsent,
    /// A 5xx that will not pass, such as 501.
    FailedForGood,
}

/// Everything that a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// What a repetition would do.
    pub safety: Safety,
    /// How far the last attempt got.
    pub evidence: Evidence,
    /// The wait that the provider asked for, the latest of all its hints.
    pub asked: Option<Duration>,
    /// Which attempt the last one was, from 1.
    pub attempt: u32,
    /// How many attempts there may be in all.
    pub attempts: u32,
    /// How many tokens the account's budget for repetitions holds.
    pub budget: u32,
    /// How much time is left until the call as a whole must be over.
    pub left: Duration,
    /// A random number from 0 to 1.
    pub jitter: f64,
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is taken: nothing.
    Done,
    /// Return what there is.
    Stop(Stop),
    /// Wait, then make the same call again. Costs so many tokens of the budget.
    Again {
        /// How long to wait. Never less than the provider asked for.
        wait: Duration,
        /// What the repetition takes from the budget.
        cost: u32,
    },
}

/// Decides what follows an attempt. Pure: the same situation always comes to the same decision.
pub fn decide(situation: &Situation) -> Decision {
    if situation.evidence == Evidence::Accepted {
        return Decision::Done;
    }
    if !may_be_repeated(situation.safety, situation.evidence) {
        return Decision::Stop(Stop::Evidence);
    }
    if situation.attempt >= situation.attempts {
        return Decision::Stop(Stop::Attempts);
    }
    if situation.asked.is_some_and(|asked| asked > LONGEST_WAIT) {
        return Decision::Stop(Stop::LongWait);
    }
    let cost = situation.evidence.cost();
    if situation.budget < cost {
        return Decision::Stop(Stop::Budget);
    }
    let wait = wait(situation);
    if wait.saturating_add(LEAST_TIME) > situation.left {
        return Decision::Stop(Stop::Deadline);
    }
    Decision::Again { wait, cost }
}

fn may_be_repeated(safety: Safety, evidence: Evidence) -> bool {
    match evidence {
        // Proved unsent, or refused with leave to ask again.
        Evidence::NotHandedOver | Evidence::OtherConnection | Evidence::TooFast => true,
        // Perhaps taken: harmless only where a repetition is.
        Evidence::NoAnswer
        | Evidence::Unreadable
        | Evidence::TimedOutThere
        | Evidence::TooFastYetNamed
        | Evidence::Failed
        | Evidence::FailedUnsent => safety != Safety::Unkeyed,
        Evidence::InProgress => safety == Safety::Keyed,
        Evidence::Accepted
        | Evidence::Refused
        | Evidence::Conflict
        | Evidence::Redirected
        | Evidence::Handled
        | Evidence::FailedForGood => false,
    }
}

fn wait(situation: &Situation) -> Duration {
    // What is no number counts as the longest wait.
    let jitter = if situation.jitter.is_nan() { 1.0 } else { situation.jitter.clamp(0.0, 1.0) };
    // Added, never subtracted: earlier than asked is another refusal.
    let spread = |asked: Duration| asked.saturating_add((asked / 10).min(LONGEST_SPREAD).mul_f64(jitter));
    // The longer of the two: one that asks for no time, or next to none, is no leave to ask at once, again and again.
    situation.asked.map_or(Duration::ZERO, spread).max(backoff(situation, jitter))
}

fn backoff(situation: &Situation, jitter: f64) -> Duration {
    // Full jitter: anything up to the ceiling, so that a fleet does not come back as one.
    let is_throttle = matches!(situation.evidence, Evidence::TooFast | Evidence::TooFastYetNamed);
    let first = if is_throttle { FIRST_WAIT_AFTER_THROTTLE } else { FIRST_WAIT };
    let doublings = 2_u32.saturating_pow(situation.attempt.saturating_sub(1));
    first.saturating_mul(doublings).min(LONGEST_BACKOFF).mul_f64(jitter)
}

impl Evidence {
    /// What a failed attempt of a call of this safety is evidence of.
    pub fn of(error: &Error, safety: Safety) -> Self {
        let is_doubtful = error.sent() == Sent::Maybe;
        match (error.kind(), error.status()) {
            (ErrorKind::RateLimited, _) if is_doubtful => Self::TooFastYetNamed,
            (ErrorKind::RateLimited, _) => Self::TooFast,
            (ErrorKind::Conflict, _) if error.is_under_way() => Self::InProgress,
            (ErrorKind::Conflict, _) => Self::Conflict,
            // A read is never in doubt, so its error does not tell by that how far it got.
            (ErrorKind::ProviderUnavailable, None) if safety == Safety::Read && got_no_answer_in_time(error) => {
                Self::NoAnswer
            }
            (ErrorKind::ProviderUnavailable, None) if !is_doubtful => Self::NotHandedOver,
            (ErrorKind::ProviderUnavailable, Some(421 | 425)) => Self::OtherConnection,
            (_, Some(408)) => Self::TimedOutThere,
            (_, Some(303)) => Self::Handled,
            (_, Some(300..=399)) => Self::Redirected,
            (_, Some(501 | 505)) => Self::FailedForGood,
            (ErrorKind::ProviderUnavailable, Some(500..=599)) if !is_doubtful => Self::FailedUnsent,
            (_, Some(500..=599)) if is_doubtful => Self::Failed,
            (ErrorKind::MalformedResponse, _) => Self::Unreadable,
            (_, None) if is_doubtful => Self::NoAnswer,
            _ if is_doubtful => Self::Unreadable,
            _ => Self::Refused,
        }
    }

    /// What a repetition after this costs the budget: most after a timeout, which loads a provider that is in trouble, least
    /// after a throttle, which the provider itself paces.
    const fn cost(self) -> u32 {
        match self {
            Self::TooFast | Self::TooFastYetNamed => 2,
            Self::NoAnswer | Self::TimedOutThere => 10,
            _ => 5,
        }
    }
}

/// Whether the time for an answer ran out, the request being on its way.
fn got_no_answer_in_time(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(source) = cause {
        if source.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut) {
            return true;
        }
        cause = source.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind, status: u16) -> Error {
        let error = Error::new(kind, "x");
        if status == 0 { error } else { error.with_status(http::StatusCode::from_u16(status).unwrap()) }
    }

    #[test]
    fn an_error_is_read_as_the_evidence_that_it_is() {
        use ErrorKind::{
            Conflict, InvalidRequest, MalformedResponse, ProviderUnavailable, RateLimited, SenderUnavailable,
            SessionExpired, Unauthenticated,
        };
        let unsent: &[(ErrorKind, u16, Evidence)] = &[
            (ProviderUnavailable, 0, Evidence::NotHandedOver),
            (ProviderUnavailable, 421, Evidence::OtherConnection),
            (ProviderUnavailable, 425, Evidence::OtherConnection),
            (ProviderUnavailable, 503, Evidence::FailedUnsent),
            (ProviderUnavailable, 501, Evidence::FailedForGood),
            (ProviderUnavailable, 408, Evidence::TimedOutThere),
            (SenderUnavailable, 503, Evidence::Refused),
            (RateLimited, 429, Evidence::TooFast),
            (RateLimited, 0, Evidence::TooFast),
            (MalformedResponse, 302, Evidence::Redirected),
            (MalformedResponse, 200, Evidence::Unreadable),
            (SessionExpired, 403, Evidence::Refused),
            (Unauthenticated, 401, Evidence::Refused),
            (InvalidRequest, 0, Evidence::Refused),
        ];
        for &(kind, status, evidence) in unsent {
            assert_eq!(Evidence::of(&failed(kind, status), Safety::Unkeyed), evidence, "{kind} {status}");
        }
        let doubtful: &[(ErrorKind, u16, Evidence)] = &[
            (ProviderUnavailable, 0, Evidence::NoAnswer),
            (ProviderUnavailable, 200, Evidence::Unreadable),
            (ProviderUnavailable, 408, Evidence::TimedOutThere),
            (ProviderUnavailable, 500, Evidence::Failed),
            (ProviderUnavailable, 599, Evidence::Failed),
            (InvalidRequest, 500, Evidence::Failed),
            (MalformedResponse, 0, Evidence::Unreadable),
            (MalformedResponse, 303, Evidence::Handled),
            (MalformedResponse, 999, Evidence::Unreadable),
            (InvalidRequest, 200, Evidence::Unreadable),
            (RateLimited, 429, Evidence::TooFastYetNamed),
            (Conflict, 409, Evidence::Conflict),
        ];
        for &(kind, status, evidence) in doubtful {
            assert_eq!(Evidence::of(&failed(kind, status).maybe_sent(), Safety::Unkeyed), evidence, "{kind} {status}");
        }
    }

    #[test]
    fn a_conflict_is_what_it_says_and_not_which_attempt_met_it() {
        let conflict = || failed(ErrorKind::Conflict, 409);
        for safety in [Safety::Keyed, Safety::Unkeyed] {
            assert_eq!(Evidence::of(&conflict(), safety), Evidence::Conflict);
            assert_eq!(Evidence::of(&conflict().under_way(), safety), Evidence::InProgress);
        }
    }

    #[test]
    fn a_read_that_got_no_answer_in_time_costs_what_a_timeout_costs() {
        let late = || std::io::Error::from(std::io::ErrorKind::TimedOut);
        let timed_out = || failed(ErrorKind::ProviderUnavailable, 0).with_source(late());
        assert_eq!(Evidence::of(&timed_out(), Safety::Read), Evidence::NoAnswer);
        assert_eq!(Evidence::of(&failed(ErrorKind::ProviderUnavailable, 0), Safety::Read), Evidence::NotHandedOver);
        // A login in front of a send, say: what is proved to be unsent stays so.
        assert_eq!(Evidence::of(&timed_out(), Safety::Unkeyed), Evidence::NotHandedOver);
    }

    #[test]
    fn a_key_is_relied_upon_for_four_fifths_of_its_life() {
        let life = Duration::from_secs(24 * 3600);
        assert_eq!(Safety::keyed(Duration::ZERO, life), Safety::Keyed);
        assert_eq!(Safety::keyed(Duration::from_secs(69_119), life), Safety::Keyed);
        assert_eq!(Safety::keyed(Duration::from_secs(69_120), life), Safety::Unkeyed);
        assert_eq!(Safety::keyed(Duration::MAX, Duration::MAX), Safety::Unkeyed);
    }
}
