//! Which channels are worth asking: a memory of what went wrong on each.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// So many failures in a row, or unknown outcomes within [`UNKNOWN_SPAN`], are trouble and not an accident.
const FAILURES: u32 = 5;
const UNKNOWN_SPAN: Duration = Duration::from_secs(60);
/// How long a channel is left alone; each time it fails its probe, twice as long as before.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// A probe that was given up by its caller is no answer: after this, which is longer than a send may take, there is another.
const PROBE_MAX: Duration = Duration::from_secs(80);

/// Stops asking a channel that keeps failing, and lets a single message through from time to time to see whether it is
/// back.
///
/// A wrong credential or an empty balance stops it at once; trouble of the provider after five failures in a row, or five
/// unknown outcomes within a minute, since each further one may be paid for and lost. Going too fast stops it for as long as
/// the provider asks. Whatever is about the message and not the channel shows that the channel works.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    state: State,
    failures: u32,
    /// When the outcomes stayed unknown of late.
    unknowns: VecDeque<Duration>,
    /// How long the next pause is.
    pause: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Duration,
    },
    Probing {
        since: Duration,
    },
}

/// Whether a channel of a [`Failover`](super::Failover) is asked at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It is not, for so much longer; then one message is a probe.
    Open(Duration),
    /// One message, a probe, may pass, or is on its way.
    HalfOpen,
}

impl Breaker {
    /// Whether a message may pass at `now` (of the clock that never goes back). One that may must be recorded after it.
    pub(super) fn admit(&self, now: Duration) -> bool {
        let mut memory = self.lock();
        let probe = match memory.state {
            State::Closed => return true,
            State::Open { until } => now >= until,
            State::Probing { since } => now >= since.saturating_add(PROBE_MAX),
        };
        if probe {
            memory.state = State::Probing { since: now };
        }
        probe
    }

    /// Remembers how a message fared.
    pub(super) fn record(&self, outcome: Result<(), &Error>, now: Duration) {
        let mut memory = self.lock();
        if matches!(memory.state, State::Open { .. }) {
            // It was on its way before the channel was left alone, and changes nothing about that.
            return;
        }
        let Err(error) = outcome else { return memory.close() };
        if error.may_have_been_sent() {
            memory.unknowns.push_back(now);
            memory.unknowns.retain(|&at| at.saturating_add(UNKNOWN_SPAN) > now);
            let is_probe = matches!(memory.state, State::Probing { .. });
            if is_probe || memory.unknowns.len() >= FAILURES as usize {
                memory.open(now);
            }
            return;
        }
        match error.kind() {
            ErrorKind::Unauthenticated | ErrorKind::InsufficientBalance => memory.open(now),
            ErrorKind::RateLimited => {
                // Neither a failure nor a recovery: the pause is the provider's own.
                let wait = error.retry_after().unwrap_or(Duration::from_secs(1)).min(LONGEST_PAUSE);
                memory.state = State::Open { until: now.saturating_add(wait) };
            }
            ErrorKind::ProviderUnavailable | ErrorKind::MalformedResponse | ErrorKind::SenderUnavailable => {
                memory.failures = memory.failures.saturating_add(1);
                if memory.failures >= FAILURES || matches!(memory.state, State::Probing { .. }) {
                    memory.open(now);
                }
            }
            _ => memory.close(),
        }
    }

    pub(super) fn state(&self, now: Duration) -> BreakerState {
        match self.lock().state {
            State::Closed => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open(until.saturating_sub(now)),
            State::Open { .. } | State::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn open(&mut self, now: Duration) {
        let pause = self.pause.unwrap_or(FIRST_PAUSE);
        self.state = State::Open { until: now.saturating_add(pause) };
        self.pause = Some(pause.saturating_mul(2).min(LONGEST_PAUSE));
        self.failures = 0;
        self.unknowns.clear();
    }

    fn close(&mut self) {
        // Unknown outcomes are not made good by a success: they are counted by time.
        self.state = State::Closed;
        self.failures = 0;
        self.pause = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn failed(kind: ErrorKind) -> Error {
        Error::new(kind, "scripted")
    }

    fn fail(breaker: &Breaker, kind: ErrorKind, now: Duration) {
        breaker.record(Err(&failed(kind)), now);
    }

    #[test]
    fn a_wrong_credential_or_an_empty_balance_stops_a_channel_at_once() {
        for kind in [ErrorKind::Unauthenticated, ErrorKind::InsufficientBalance] {
            let breaker = Breaker::default();
            assert!(breaker.admit(S(0)));
            fail(&breaker, kind, S(0));
            assert!(!breaker.admit(S(59)), "{kind}");
            assert_eq!(breaker.state(S(20)), BreakerState::Open(S(40)));
        }
    }

    #[test]
    fn trouble_stops_it_after_five_failures_in_a_row_and_not_before() {
        let breaker = Breaker::default();
        for at in 0..4 {
            fail(&breaker, ErrorKind::ProviderUnavailable, S(at));
        }
        assert!(breaker.admit(S(4)));
        breaker.record(Ok(()), S(4));
        for at in 5..9 {
            fail(&breaker, ErrorKind::ProviderUnavailable, S(at));
        }
        assert_eq!(breaker.state(S(9)), BreakerState::Closed, "a success in between starts the count afresh");
        fail(&breaker, ErrorKind::SenderUnavailable, S(9));
        assert!(!breaker.admit(S(10)));
    }

    #[test]
    fn one_message_is_the_probe_and_its_failure_doubles_the_pause() {
        let breaker = Breaker::default();
        fail(&breaker, ErrorKind::Unauthenticated, S(0));
        assert_eq!(breaker.state(S(60)), BreakerState::HalfOpen);
        assert!(breaker.admit(S(60)) && !breaker.admit(S(60)), "one alone");
        fail(&breaker, ErrorKind::ProviderUnavailable, S(61));
        assert!(!breaker.admit(S(61 + 119)));
        assert!(breaker.admit(S(61 + 120)));
        breaker.record(Ok(()), S(182));
        assert_eq!(breaker.state(S(182)), BreakerState::Closed);
        fail(&breaker, ErrorKind::Unauthenticated, S(200));
        assert!(breaker.admit(S(260)), "after a success the pause is the first one again");
    }

    #[test]
    fn the_pause_grows_to_a_quarter_of_an_hour_and_no_further() {
        let breaker = Breaker::default();
        let mut now = S(0);
        for _ in 0..12 {
            fail(&breaker, ErrorKind::Unauthenticated, now);
            let BreakerState::Open(pause) = breaker.state(now) else { unreachable!() };
            assert!(pause <= S(900));
            now += pause;
            assert!(breaker.admit(now));
        }
        fail(&breaker, ErrorKind::Unauthenticated, now);
        assert_eq!(breaker.state(now), BreakerState::Open(S(900)));
    }

    #[test]
    fn a_probe_that_nobody_waited_for_does_not_close_the_door_for_ever() {
        let breaker = Breaker::default();
        fail(&breaker, ErrorKind::Unauthenticated, S(0));
        assert!(breaker.admit(S(60)));
        assert!(!breaker.admit(S(139)));
        assert!(breaker.admit(S(140)));
    }

    #[test]
    fn five_unknown_outcomes_within_a_minute_stop_it_and_five_in_an_hour_do_not() {
        let unknown = failed(ErrorKind::ProviderUnavailable).maybe_sent();
        let often = Breaker::default();
        let seldom = Breaker::default();
        for n in 0..5 {
            often.record(Err(&unknown), S(n * 14));
            seldom.record(Err(&unknown), S(n * 600));
            often.record(Ok(()), S(n * 14));
        }
        assert!(!often.admit(S(60)), "a success in between does not make them good");
        assert_eq!(seldom.state(S(2401)), BreakerState::Closed);
    }

    #[test]
    fn going_too_fast_stops_it_for_as_long_as_the_provider_asks() {
        let breaker = Breaker::default();
        breaker.record(Err(&failed(ErrorKind::RateLimited).with_retry_after(S(7))), S(0));
        assert!(!breaker.admit(S(6)) && breaker.admit(S(7)));
    }

    #[test]
    fn a_refused_message_shows_that_the_channel_works() {
        let breaker = Breaker::default();
        fail(&breaker, ErrorKind::Unauthenticated, S(0));
        assert!(breaker.admit(S(60)));
        fail(&breaker, ErrorKind::RecipientInvalid, S(61));
        assert_eq!(breaker.state(S(61)), BreakerState::Closed);
    }
}
