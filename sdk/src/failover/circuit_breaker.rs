//! The circuit breaker of a failover channel.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::adapter::rate::{LONGEST_PAUSE, Rate, Scope};
use crate::error::{Error, ErrorKind};
use crate::phone::PhoneNumber;

/// The number of failures in a row, or of unknown outcomes within [`UNKNOWN_SPAN`], that opens the breaker.
const FAILURES: u32 = 5;
const FAILED_PROBE: &str = "a failed probe";
const UNKNOWN_SPAN: Duration = Duration::from_secs(60);
/// The first and the longest pause of a channel. Each failed probe doubles it.
const FIRST_REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);
/// The pause after a throttle that names no wait.
const UNASKED_PAUSE: Duration = Duration::from_secs(1);
/// Expired pauses of contacts are removed when the map has doubled since the last time, and has at least this many
/// entries.
const SWEEP: usize = 1_024;

/// Stops using a channel after repeated failures. From time to time one message is sent as a probe.
///
/// A wrong credential or an empty balance opens the breaker at once. So do five provider failures in a row, or five
/// unknown outcomes within a minute, since each of them may be charged and lost. A throttle pauses the channel for as
/// long as the provider asks; a throttle about one contact pauses that contact only. A provider's rejection of a
/// message shows that the channel works. A local refusal shows nothing.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    state: State,
    /// Counts state changes: a result counts only in the state in which its message was sent.
    turns: u64,
    failures: u32,
    /// The times of recent unknown outcomes.
    unknowns: VecDeque<Duration>,
    /// The length of the next pause.
    rest: Option<Duration>,
    /// The ends of the pauses of single contacts.
    people: HashMap<PhoneNumber, Duration>,
    /// The size of the map after the last removal.
    swept: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Duration,
        why: &'static str,
    },
    /// One message is being sent as a probe.
    Probing,
}

/// The state of a channel of a [`Failover`](super::Failover).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// The channel is used.
    Closed,
    /// The channel is not used for this time. Then one message is a probe.
    Open(Duration),
    /// One message may be sent as a probe, or is being sent.
    HalfOpen,
}

/// What the result of a message changed for its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The channel is not used for this time.
    Paused { pause: Duration, why: &'static str },
    /// The channel is used again.
    Resumed,
}

/// The permit of one message. If it is dropped without a result, the next message becomes the probe.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    turn: u64,
}

impl Breaker {
    /// Whether a message to `contact` may be sent at `now` (monotonic).
    pub(super) fn admit(&self, contact: &PhoneNumber, now: Duration) -> Option<Pass<'_>> {
        let mut memory = self.lock();
        if memory.people.get(contact).is_some_and(|&until| now < until) {
            return None;
        }
        match memory.state {
            State::Closed => {}
            State::Open { until, .. } if now >= until => memory.turn_to(State::Probing),
            State::Open { .. } | State::Probing => return None,
        }
        Some(Pass { breaker: self, turn: memory.turns })
    }

    pub(super) fn state(&self, now: Duration) -> BreakerState {
        match self.lock().state {
            State::Closed => BreakerState::Closed,
            State::Open { until, .. } if now < until => BreakerState::Open(until.saturating_sub(now)),
            State::Open { .. } | State::Probing => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Records the result of the message to `contact`. `rates` tells which throttles are about one contact.
    pub(super) fn record(
        self,
        outcome: Result<(), &Error>,
        contact: &PhoneNumber,
        rates: &[Rate],
        now: Duration,
    ) -> Option<Change> {
        let mut memory = self.breaker.lock();
        if memory.turns != self.turn {
            return None;
        }
        memory.learn(outcome, contact, rates, now);
        match memory.state {
            _ if memory.turns == self.turn => None,
            State::Closed => Some(Change::Resumed),
            State::Open { until, why } if now < until => Some(Change::Paused { pause: until.saturating_sub(now), why }),
            State::Open { .. } | State::Probing => None,
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut memory = self.breaker.lock();
        if memory.turns == self.turn {
            memory.give_probe_back();
        }
    }
}

impl Memory {
    fn learn(&mut self, outcome: Result<(), &Error>, contact: &PhoneNumber, rates: &[Rate], now: Duration) {
        let is_probe = matches!(self.state, State::Probing);
        let Err(error) = outcome else { return self.close() };
        if error.may_have_been_sent() {
            self.unknowns.push_back(now);
            self.unknowns.retain(|&at| at.saturating_add(UNKNOWN_SPAN) > now);
            if is_probe {
                self.rest(now, FAILED_PROBE);
            } else if self.unknowns.len() >= FAILURES as usize {
                self.rest(now, "repeated unknown outcomes");
            }
            return;
        }
        let was_asked = error.attempts() > 0;
        match error.kind() {
            ErrorKind::Unauthenticated | ErrorKind::InsufficientBalance => self.rest(now, "an account problem"),
            ErrorKind::ProviderUnavailable | ErrorKind::MalformedResponse | ErrorKind::SenderUnavailable => {
                self.failures = self.failures.saturating_add(1);
                if is_probe {
                    self.rest(now, FAILED_PROBE);
                } else if self.failures >= FAILURES {
                    self.rest(now, "repeated failures");
                }
            }
            // A local refusal: the provider was not asked.
            _ if !was_asked => self.give_probe_back(),
            ErrorKind::RateLimited => self.slow_down(error, contact, rates, now),
            _ => self.close(),
        }
    }

    /// A throttle is neither a failure nor a recovery. The provider sets the pause.
    fn slow_down(&mut self, refusal: &Error, contact: &PhoneNumber, rates: &[Rate], now: Duration) {
        let about = Rate::about(rates, refusal);
        let asked = refusal.retry_after().filter(|wait| !wait.is_zero());
        let pause = asked.or(about.map(|rate| rate.window)).unwrap_or(UNASKED_PAUSE).min(LONGEST_PAUSE);
        let until = now.saturating_add(pause);
        if Rate::scope_of(rates, refusal) == Scope::Pair {
            self.sweep(now);
            let longer = self.people.entry(contact.clone()).or_default();
            *longer = until.max(*longer);
            // A contact's limit shows that the channel works.
            self.close();
        } else {
            self.turn_to(State::Open { until, why: "a rate limit" });
        }
    }

    fn rest(&mut self, now: Duration, why: &'static str) {
        let rest = self.rest.unwrap_or(FIRST_REST);
        self.turn_to(State::Open { until: now.saturating_add(rest), why });
        self.rest = Some(rest.saturating_mul(2).min(LONGEST_REST));
        self.failures = 0;
        self.unknowns.clear();
    }

    fn close(&mut self) {
        // A success does not clear unknown outcomes. They expire.
        if !matches!(self.state, State::Closed) {
            self.turn_to(State::Closed);
        }
        self.failures = 0;
        self.rest = None;
    }

    /// Makes the next message the probe, if the present probe gave no result.
    fn give_probe_back(&mut self) {
        if matches!(self.state, State::Probing) {
            self.turn_to(State::Open { until: Duration::ZERO, why: FAILED_PROBE });
        }
    }

    fn turn_to(&mut self, state: State) {
        self.state = state;
        self.turns = self.turns.wrapping_add(1);
    }

    fn sweep(&mut self, now: Duration) {
        if self.people.len() >= self.swept.saturating_mul(2).max(SWEEP) {
            self.people.retain(|_, until| *until > now);
            self.swept = self.people.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    const RATES: &[Rate] = &[Rate::new(1, Duration::from_secs(6)).with_scope(Scope::Pair).with_codes(&["131056"])];

    /// A provider's failure.
    fn failed(kind: ErrorKind) -> Error {
        Error::new(kind, "scripted").with_attempts(1)
    }

    /// A local refusal without a request.
    fn refused_here(kind: ErrorKind) -> Error {
        Error::new(kind, "scripted")
    }

    fn anna() -> PhoneNumber {
        "+34600111222".parse().unwrap()
    }

    fn bert() -> PhoneNumber {
        "+34600111333".parse().unwrap()
    }

    fn admits(breaker: &Breaker, now: Duration) -> bool {
        breaker.admit(&anna(), now).is_some()
    }

    /// Sends a message at `now` with this result.
    fn comes_to(breaker: &Breaker, outcome: Result<(), &Error>, now: Duration) {
        breaker.admit(&anna(), now).unwrap().record(outcome, &anna(), RATES, now);
    }

    fn fail(breaker: &Breaker, kind: ErrorKind, now: Duration) {
        comes_to(breaker, Err(&failed(kind)), now);
    }

    #[test]
    fn wrong_credential_or_empty_balance_opens_breaker_at_once() {
        for kind in [ErrorKind::Unauthenticated, ErrorKind::InsufficientBalance] {
            let breaker = Breaker::default();
            fail(&breaker, kind, S(0));
            assert!(!admits(&breaker, S(59)), "{kind}");
            assert_eq!(breaker.state(S(20)), BreakerState::Open(S(40)));
        }
    }

    #[test]
    fn trouble_stops_it_after_five_failures_in_a_row_and_not_before() {
        let breaker = Breaker::default();
        for at in 0..4 {
            fail(&breaker, ErrorKind::ProviderUnavailable, S(at));
        }
        comes_to(&breaker, Ok(()), S(4));
        for at in 5..9 {
            fail(&breaker, ErrorKind::ProviderUnavailable, S(at));
        }
        assert_eq!(breaker.state(S(9)), BreakerState::Closed, "a success in between starts the count afresh");
        fail(&breaker, ErrorKind::SenderUnavailable, S(9));
        assert!(!admits(&breaker, S(10)));
    }

    #[test]
    fn one_message_is_the_probe_and_its_failure_doubles_the_rest() {
        let breaker = Breaker::default();
        fail(&breaker, ErrorKind::Unauthenticated, S(0));
        assert_eq!(breaker.state(S(60)), BreakerState::HalfOpen);
        let probe = breaker.admit(&anna(), S(60)).unwrap();
        assert!(!admits(&breaker, S(60)) && !admits(&breaker, S(600)), "one alone, however long it takes");
        probe.record(Err(&failed(ErrorKind::ProviderUnavailable)), &anna(), RATES, S(661));
        assert!(!admits(&breaker, S(661 + 119)));
        comes_to(&breaker, Ok(()), S(661 + 120));
        assert_eq!(breaker.state(S(800)), BreakerState::Closed);
        fail(&breaker, ErrorKind::Unauthenticated, S(900));
        assert!(admits(&breaker, S(960)), "after a success the rest is the first one again");
    }

    #[test]
    fn the_rest_grows_to_a_quarter_of_an_hour_and_no_further() {
        let breaker = Breaker::default();
        let mut now = S(0);
        for _ in 0..12 {
            fail(&breaker, ErrorKind::Unauthenticated, now);
            let BreakerState::Open(rest) = breaker.state(now) else { unreachable!() };
            assert!(rest <= S(900));
            now += rest;
        }
        fail(&breaker, ErrorKind::Unauthenticated, now);
        assert_eq!(breaker.state(now), BreakerState::Open(S(900)));
    }

    #[test]
    fn a_probe_that_nobody_waited_for_leaves_the_door_to_the_next() {
        let breaker = Breaker::default();
        fail(&breaker, ErrorKind::Unauthenticated, S(0));
        let probe = breaker.admit(&anna(), S(60)).unwrap();
        assert!(!admits(&breaker, S(61)));
        drop(probe);
        assert!(admits(&breaker, S(61)));
    }

    #[test]
    fn five_unknown_outcomes_open_breaker_within_a_minute_only() {
        let unknown = failed(ErrorKind::ProviderUnavailable).maybe_sent();
        let often = Breaker::default();
        let seldom = Breaker::default();
        for n in 0..5 {
            comes_to(&often, Ok(()), S(n * 14));
            comes_to(&often, Err(&unknown), S(n * 14));
            comes_to(&seldom, Err(&unknown), S(n * 600));
        }
        assert!(!admits(&often, S(60)), "a success in between does not make them good");
        assert_eq!(seldom.state(S(2401)), BreakerState::Closed);
    }

    #[test]
    fn going_too_fast_stops_it_for_as_long_as_the_provider_asks() {
        for (asked, pause) in [(7, 7), (3_600, 3_600), (0, 1), (1_000_000_000_000, 7 * 86_400)] {
            let breaker = Breaker::default();
            comes_to(&breaker, Err(&failed(ErrorKind::RateLimited).with_retry_after(S(asked))), S(0));
            assert_eq!(breaker.state(S(0)), BreakerState::Open(S(pause)), "{asked}");
            assert!(!admits(&breaker, S(pause - 1)) && admits(&breaker, S(pause)), "{asked}");
        }
    }

    #[test]
    fn going_too_fast_for_one_person_stops_it_for_that_person_alone() {
        let breaker = Breaker::default();
        let limit = failed(ErrorKind::RateLimited).with_code("131056").with_retry_after(S(9));
        comes_to(&breaker, Err(&limit), S(0));
        assert!(!admits(&breaker, S(8)) && breaker.admit(&bert(), S(8)).is_some());
        assert_eq!(breaker.state(S(8)), BreakerState::Closed);
        assert!(admits(&breaker, S(9)));
        comes_to(&breaker, Err(&failed(ErrorKind::RateLimited).with_code("131056")), S(10));
        assert!(!admits(&breaker, S(15)) && admits(&breaker, S(16)), "unasked, for as long as the limit's window");
    }

    #[test]
    fn people_whose_pause_is_over_are_forgotten() {
        let breaker = Breaker::default();
        let limit = failed(ErrorKind::RateLimited).with_code("131056").with_retry_after(S(9));
        for person in 0..10_000 {
            let to = format!("+3460{person:07}").parse().unwrap();
            breaker.admit(&to, S(person)).unwrap().record(Err(&limit), &to, RATES, S(person));
        }
        assert!(breaker.lock().people.len() <= SWEEP * 2, "{}", breaker.lock().people.len());
    }

    #[test]
    fn a_refused_message_shows_that_the_channel_works() {
        let breaker = Breaker::default();
        fail(&breaker, ErrorKind::Unauthenticated, S(0));
        fail(&breaker, ErrorKind::RecipientInvalid, S(61));
        assert_eq!(breaker.state(S(61)), BreakerState::Closed);
    }

    #[test]
    fn local_refusal_leaves_the_probe_to_the_next_message() {
        for kind in [ErrorKind::InvalidRequest, ErrorKind::SessionExpired, ErrorKind::RateLimited] {
            let breaker = Breaker::default();
            comes_to(&breaker, Err(&refused_here(kind).with_retry_after(S(900))), S(0));
            assert_eq!(breaker.state(S(0)), BreakerState::Closed, "{kind}: our own limiter is no limit of the channel");
            fail(&breaker, ErrorKind::Unauthenticated, S(0));
            comes_to(&breaker, Err(&refused_here(kind)), S(60));
            assert_eq!(breaker.state(S(60)), BreakerState::HalfOpen, "{kind}");
            fail(&breaker, ErrorKind::ProviderUnavailable, S(60));
            assert_eq!(breaker.state(S(60)), BreakerState::Open(S(120)), "{kind}: the rest has doubled all the same");
        }
    }

    #[test]
    fn result_from_before_opening_does_not_settle_the_probe() {
        for outcome in [Ok(()), Err(failed(ErrorKind::ProviderUnavailable))] {
            let breaker = Breaker::default();
            let early = breaker.admit(&anna(), S(0)).unwrap();
            fail(&breaker, ErrorKind::Unauthenticated, S(1));
            let probe = breaker.admit(&bert(), S(61)).unwrap();
            early.record(outcome.as_ref().copied(), &anna(), RATES, S(62));
            assert!(!admits(&breaker, S(62)), "the probe is still on its way");
            probe.record(Ok(()), &bert(), RATES, S(63));
            assert_eq!(breaker.state(S(63)), BreakerState::Closed);
        }
    }

    #[test]
    fn each_pause_has_its_reason_and_only_a_change_is_told() {
        let record =
            |breaker: &Breaker, outcome, now| breaker.admit(&anna(), now).unwrap().record(outcome, &anna(), RATES, now);
        let down = failed(ErrorKind::ProviderUnavailable);
        let unknown = failed(ErrorKind::ProviderUnavailable).maybe_sent();
        let empty = failed(ErrorKind::InsufficientBalance);
        let throttled = failed(ErrorKind::RateLimited);
        let pair = failed(ErrorKind::RateLimited).with_code("131056");
        let refused = refused_here(ErrorKind::InvalidRequest);
        for (error, times, expected) in [
            (&down, 5, Some((60, "repeated failures"))),
            (&unknown, 5, Some((60, "repeated unknown outcomes"))),
            (&empty, 1, Some((60, "an account problem"))),
            (&throttled, 1, Some((1, "a rate limit"))),
            (&pair, 1, None),
            (&refused, 1, None),
        ] {
            let breaker = Breaker::default();
            assert_eq!(record(&breaker, Ok(()), S(0)), None);
            for _ in 1..times {
                assert_eq!(record(&breaker, Err(error), S(0)), None, "{error}");
            }
            let paused = |pause, why| Change::Paused { pause: S(pause), why };
            let expected = expected.map(|(pause, why)| paused(pause, why));
            assert_eq!(record(&breaker, Err(error), S(0)), expected, "{error}");
            if expected.is_some() {
                assert_eq!(record(&breaker, Err(&refused), S(100)), None, "the probe told nothing");
                assert!(matches!(record(&breaker, Err(&down), S(200)), Some(Change::Paused { why: FAILED_PROBE, .. })));
                assert_eq!(record(&breaker, Ok(()), S(2_000)), Some(Change::Resumed), "{error}");
                assert_eq!(record(&breaker, Ok(()), S(2_000)), None);
            }
        }
    }
}
