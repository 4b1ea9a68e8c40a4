//! The retry decision, held against a table in every combination of its inputs.

use std::time::Duration;

use transom::adapter::Operation;
use transom::layers::policy::{
    AttemptOutcome, Decision, MAX_RETRY_WAIT, MIN_ATTEMPT_TIME, RetryInput, RetryStop, UnknownOutcome, UnsentOutcome,
    retry_decision,
};

/// What each outcome allows a read, an idempotent send and a send: `a`gain, `s`top, `d`one. Then what a repetition costs
/// the budget, and the ceiling of the first wait in milliseconds.
const TABLE: &[(AttemptOutcome, [char; 3], u32, u64)] = &[
    (AttemptOutcome::Accepted, ['d', 'd', 'd'], 0, 0),
    (AttemptOutcome::Unsent(UnsentOutcome::NotConnected), ['a', 'a', 'a'], 5, 200),
    (AttemptOutcome::Unsent(UnsentOutcome::MisdirectedRequest), ['a', 'a', 'a'], 5, 200),
    (AttemptOutcome::Unsent(UnsentOutcome::Throttled), ['a', 'a', 'a'], 2, 1_000),
    (AttemptOutcome::Unsent(UnsentOutcome::NoResponse), ['a', 'a', 's'], 10, 200),
    (AttemptOutcome::Unsent(UnsentOutcome::Unavailable), ['a', 'a', 's'], 5, 200),
    (AttemptOutcome::Unsent(UnsentOutcome::Rejected), ['s', 's', 's'], 0, 0),
    (AttemptOutcome::Unknown(UnknownOutcome::NoResponse), ['s', 'a', 's'], 10, 200),
    (AttemptOutcome::Unknown(UnknownOutcome::Unreadable), ['s', 'a', 's'], 5, 200),
    (AttemptOutcome::Unknown(UnknownOutcome::Contradiction), ['s', 's', 's'], 0, 0),
    (AttemptOutcome::Unknown(UnknownOutcome::Conflict), ['s', 's', 's'], 0, 0),
    (AttemptOutcome::Unknown(UnknownOutcome::InProgress), ['s', 'a', 's'], 5, 200),
    (AttemptOutcome::Unknown(UnknownOutcome::Throttled), ['s', 'a', 's'], 2, 1_000),
    (AttemptOutcome::Unknown(UnknownOutcome::Redirected), ['s', 's', 's'], 0, 0),
    (AttemptOutcome::Unknown(UnknownOutcome::ServerError), ['s', 'a', 's'], 5, 200),
    (AttemptOutcome::Unknown(UnknownOutcome::NotRetryable5xx), ['s', 's', 's'], 0, 0),
];

/// Hints of the provider in milliseconds; the greatest is all that a duration holds.
const HINTS: &[Option<u64>] =
    &[None, Some(0), Some(1), Some(2_000), Some(30_000), Some(30_001), Some(604_800_000), Some(u64::MAX)];

/// Which attempt of how many, and how often the first wait has doubled by then, up to the ceiling of 20 s: 2^7 times 200 ms
/// is over it.
const ATTEMPTS: &[(u32, u32, u32)] =
    &[(1, 4, 1), (2, 4, 2), (3, 4, 4), (4, 4, 0), (7, u32::MAX, 64), (u32::MAX - 1, u32::MAX, u32::MAX), (1, 1, 0)];

const BUDGETS: &[u32] = &[0, 1, 2, 4, 5, 9, 10, 100];

/// Time left, in milliseconds. 4 s must remain for an attempt.
const LEFT: &[u64] = &[0, 3_999, 4_000, 5_000, 34_001, 75_000, u64::MAX];

/// Jitter in thousandths; the last is no number at all.
const JITTERS: &[Option<u32>] = &[Some(0), Some(500), Some(1_000), None];

/// The wait in milliseconds for a hint in milliseconds: what is added is a tenth of it, 5 s at the most.
fn asked_wait(asked: u64, thousandths: u64) -> u64 {
    asked + (asked / 10).min(5_000) * thousandths / 1_000
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let mut combinations = 0_u32;
    for &(outcome, verdicts, cost, first) in TABLE {
        for (&operation, verdict) in Operation::ALL.iter().zip(verdicts) {
            for &hint in HINTS {
                for &(attempt, attempts, doubled) in ATTEMPTS {
                    for &budget in BUDGETS {
                        for &left in LEFT {
                            for &jitter in JITTERS {
                                let input = RetryInput {
                                    operation,
                                    outcome,
                                    asked: hint.map(Duration::from_millis),
                                    attempt,
                                    attempts,
                                    budget,
                                    left: Duration::from_millis(left),
                                    jitter: jitter.map_or(f64::NAN, |thousandths| f64::from(thousandths) / 1_000.0),
                                };
                                let thousandths = u64::from(jitter.unwrap_or(1_000));
                                let backoff = (first * u64::from(doubled)).min(20_000) * thousandths / 1_000;
                                let wait = match hint {
                                    Some(asked) if asked > 30_000 => None,
                                    // Never earlier than asked, and never earlier than without having been asked.
                                    Some(asked) => Some(asked_wait(asked, thousandths).max(backoff)),
                                    None => Some(backoff),
                                };
                                let expected = match (verdict, wait) {
                                    ('d', _) => Decision::Done,
                                    ('s', _) => Decision::Stop(RetryStop::Outcome),
                                    _ if attempt >= attempts => Decision::Stop(RetryStop::Attempts),
                                    (_, None) => Decision::Stop(RetryStop::LongWait),
                                    _ if budget < cost => Decision::Stop(RetryStop::Budget),
                                    (_, Some(wait)) if left < wait.saturating_add(4_000) => {
                                        Decision::Stop(RetryStop::Deadline)
                                    }
                                    (_, Some(wait)) => Decision::Again { wait: Duration::from_millis(wait), cost },
                                };
                                assert_eq!(rounded(retry_decision(&input)), expected, "{input:?}");
                                combinations += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(combinations >= 25_000, "{combinations}");
}

/// A wait to the millisecond, which is what the table is written in.
fn rounded(decision: Decision) -> Decision {
    match decision {
        Decision::Again { wait, cost } => {
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            Decision::Again { wait: Duration::from_millis(millis), cost }
        }
        other => other,
    }
}

#[test]
fn no_wait_is_shorter_than_the_provider_asked_for() {
    for millis in (0..=30_000).step_by(7) {
        for jitter in [0.0, 0.3, 1.0, -5.0, 17.0, f64::NAN, f64::INFINITY] {
            let asked = Duration::from_millis(millis);
            let input = RetryInput { asked: Some(asked), jitter, ..throttled() };
            let Decision::Again { wait, .. } = retry_decision(&input) else { unreachable!("{input:?}") };
            let longest = (asked + asked / 10 + Duration::from_millis(1)).max(Duration::from_secs(1));
            assert!(wait >= asked && wait <= longest, "{input:?}: {wait:?}");
        }
    }
}

#[test]
fn to_be_asked_for_no_time_is_no_leave_to_come_back_at_once() {
    for asked in [Duration::ZERO, Duration::from_nanos(1)] {
        let waits = [1, 2, 3].map(|attempt| retry_decision(&RetryInput { asked: Some(asked), attempt, ..throttled() }));
        let expected =
            [500, 1_000, 2_000].map(|millis| Decision::Again { wait: Duration::from_millis(millis), cost: 2 });
        assert_eq!(waits, expected);
    }
}

#[test]
fn the_bounds_are_those_that_the_documentation_states() {
    assert_eq!((MAX_RETRY_WAIT, MIN_ATTEMPT_TIME), (Duration::from_secs(30), Duration::from_secs(4)));
    let over = RetryInput { asked: Some(MAX_RETRY_WAIT + Duration::from_nanos(1)), ..throttled() };
    assert_eq!(retry_decision(&over), Decision::Stop(RetryStop::LongWait));
}

fn throttled() -> RetryInput {
    RetryInput {
        operation: Operation::Send,
        outcome: AttemptOutcome::Unsent(UnsentOutcome::Throttled),
        asked: None,
        attempt: 1,
        attempts: 4,
        budget: 100,
        left: Duration::from_secs(75),
        jitter: 0.5,
    }
}
