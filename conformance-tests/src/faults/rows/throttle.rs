//! Throttling: the waits that a provider asks for, in every form.

use std::time::Duration;

use transom::ErrorKind;

use super::common::both_paces;
use super::status::{refusing, then_accepted};
use crate::adapters::Refusal;
use crate::faults::case::FaultCase;
use crate::faults::clock::ClockMode;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer, says};

pub(super) const THROTTLES: &[Row] = &[
    each("S12", "429 with a wait in seconds", |s| {
        let mut cases = both_paces(|| waits(s, "2", &[("retry-after", "2")], 2_000));
        cases.push(too_long(s, "120", &[("retry-after", "120")]));
        cases.push(waits_twice(s, "the longer first", "5", "2", [5_000, 2_000]));
        cases.push(waits_twice(s, "the shorter first", "2", "5", [2_000, 5_000]));
        cases
    }),
    each("S13", "429 with a wait in every form and in none", |s| {
        let hints = [
            ("a date", "Tue, 11 Nov 2025 10:00:03 GMT", 3_000),
            ("an older date", "Tuesday, 11-Nov-25 10:00:03 GMT", 3_000),
            ("the oldest date", "Tue Nov 11 10:00:03 2025", 3_000),
            ("a fraction", "1.2", 2_000),
            // What says nothing is answered with a wait of our own, never with none.
            ("a date gone by", "Tue, 11 Nov 2025 09:59:57 GMT", 1),
            ("a negative", "-5", 1),
            ("a power", "1e9", 1),
            ("a unit", "2h", 1),
            ("a word", "soon", 1),
            ("nothing", "", 1),
            // No time at all is no leave to come back at once.
            ("no time", "0", 500),
            ("two that were joined", "1, 3", 3_000),
        ];
        let mut cases = Vec::new();
        for (name, hint, least) in hints {
            let headers = [("date", DATE), ("retry-after", hint)];
            if least == 1 {
                cases.extend(unasked(s, name, &headers));
            } else {
                cases.extend(both_paces(move || waits(s, name, &headers, least)));
            }
        }
        cases.push(waits(s, "two of them", &[("retry-after", "2"), ("retry-after", "5")], 5_000));
        cases.push(too_long(s, "40 digits", &[("retry-after", "9999999999999999999999999999999999999999")]));
        cases
    }),
    each("S14", "429 with the headers of limits", |s| {
        let hints: [(&str, Headers, u64); 6] = [
            ("seconds", &[("ratelimit-reset", "7")], 7_000),
            ("a duration", &[("ratelimit-reset", "0m8s")], 8_000),
            ("an epoch", &[("x-ratelimit-reset", "1762855209")], 9_000),
            ("draft 07", &[("ratelimit", "limit=2, remaining=0, reset=6")], 6_000),
            ("draft 10", &[("ratelimit", "\"default\";r=0;t=4")], 4_000),
            ("a policy alone", &[("ratelimit-policy", "2;w= 3")], 3_000),
        ];
        let mut cases = Vec::new();
        for (name, headers, least) in hints {
            let headers: Vec<_> = [("date", DATE)].into_iter().chain(headers.iter().copied()).collect();
            cases.extend(both_paces(move || waits(s, name, &headers, least)));
        }
        let beside: [(&str, Headers, u64); 4] = [
            ("seconds a second after the wait", &[("retry-after", "2"), ("ratelimit-reset", "3")], 3_000),
            ("a duration a second after the wait", &[("retry-after", "2"), ("ratelimit-reset", "0m3s")], 3_000),
            ("seconds a second before the wait", &[("retry-after", "3"), ("ratelimit-reset", "2")], 3_000),
            // What whole seconds lose: the wait says it exactly.
            ("an epoch a second after the wait", &[("retry-after", "2"), ("x-ratelimit-reset", "1762855203")], 2_000),
        ];
        for (name, headers, least) in beside {
            let headers: Vec<_> = [("date", DATE)].into_iter().chain(headers.iter().copied()).collect();
            cases.push(waits(s, name, &headers, least));
        }
        cases.push(too_long(s, "five minutes", &[("ratelimit-reset", "5m0s"), ("ratelimit-policy", "2;w= 300")]));
        cases
    }),
    each("S15", "429 without a body", |s| unasked(s, "bare", &[])),
    each("S26", "a limit of hours, without a wait or with a short one", |s| {
        let refusals = s.slow_limits.iter();
        refusals.flat_map(|limit| [slow(s, limit, &[]), slow(s, limit, &[("retry-after", "2")])]).collect()
    }),
];

pub(super) const CLOCKS: &[Row] = &[
    each("Z1", "our clock is off by an hour or a day", |s| {
        let skewed = |seconds: i64| {
            let headers = [("date", DATE), ("retry-after", "Tue, 11 Nov 2025 10:00:03 GMT")];
            waits(s, &format!("{seconds} s"), &headers, 3_000)
                .with(|case| case.setup.clock_mode = ClockMode::Skewed(seconds))
        };
        [-86_400, -3_600, 3_600, 86_400].map(skewed).into()
    }),
    each("Z2", "our clock jumps back during a wait", |s| {
        let case = waits(s, "by a day", &[("retry-after", "2")], 2_000);
        vec![case.with(|case| case.setup.clock_mode = ClockMode::JumpsBack)]
    }),
    each("Z3", "the machine sleeps for eight hours during a wait", |s| {
        let case = refusing(s, "overslept", 429, &[("retry-after", "2")], "");
        let case = case.refused(&[ErrorKind::RateLimited]).with_status(429).connects(1..=1);
        vec![case.with(|case| case.setup.clock_mode = ClockMode::Sleeps)]
    }),
    each("Z4", "the response's date is missing, far off, or invalid", |s| {
        let dates = ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "yesterday", ""];
        let case = |date| waits(s, &format!("{date:?}"), &[("date", date), ("retry-after", "2")], 2_000);
        dates.map(case).into_iter().chain([waits(s, "missing", &[("retry-after", "2")], 2_000)]).collect()
    }),
    each("Z7", "a requested wait in the past", |s| {
        let case = |name: &str, hint| unasked(s, name, &[("date", DATE), ("retry-after", hint)]);
        [case("a second ago", "Tue, 11 Nov 2025 09:59:59 GMT"), case("now", DATE)].concat()
    }),
];

type Headers = &'static [(&'static str, &'static str)];

const DATE: &str = "Tue, 11 Nov 2025 10:00:00 GMT";

/// The first two attempts are refused for going too fast, with these waits, and the third, no earlier than asked, is taken.
fn waits_twice(s: &'static FaultProfile, name: &str, first: &str, second: &str, least_ms: [u64; 2]) -> FaultCase {
    let refusal = |wait: &str| [Step::ReadRequest, says(429, &[("retry-after", wait)], "")];
    let case = FaultCase::send(s, name).plays(refusal(first)).plays(refusal(second)).plays([Step::Take, answer()]);
    let case = case.sent_after(3).connects(3..=3);
    case.with(|case| {
        case.setup.tries = 3;
        case.expect.hints = least_ms.map(Duration::from_millis).into();
    })
}

/// The first attempt is refused for going too fast, and the next, no earlier than asked, is taken.
fn waits(s: &'static FaultProfile, name: &str, headers: &[(&str, &str)], least_ms: u64) -> FaultCase {
    let case = then_accepted(FaultCase::send(s, name), 429, headers).connects(2..=2);
    case.with(|case| case.expect.hints = vec![Duration::from_millis(least_ms)])
}

/// A refusal without a readable wait: after a wait of our own the next attempt is taken. Messangi's page speaks of a window
/// of minutes, so there it is returned to the caller.
fn unasked(s: &'static FaultProfile, name: &str, headers: &[(&str, &str)]) -> Vec<FaultCase> {
    let returned = || {
        let case = refusing(s, name, 429, headers, "");
        case.refused(&[ErrorKind::RateLimited]).with_status(429).connects(1..=1)
    };
    if s.name() == "messangi" { both_paces(returned) } else { both_paces(|| waits(s, name, headers, 1)) }
}

/// A limit of hours is returned to the caller at once, and asks for more than a retry would wait.
fn slow(s: &'static FaultProfile, limit: &'static Refusal, headers: &[(&str, &str)]) -> FaultCase {
    let name = format!("{} {} {headers:?}", limit.status, limit.body);
    let case = refusing(s, &name, limit.status, headers, limit.body);
    case.refused(&[ErrorKind::RateLimited]).with_status(limit.status).connects(1..=1)
}

/// A long wait is returned to the caller.
fn too_long(s: &'static FaultProfile, name: &str, headers: &[(&str, &str)]) -> FaultCase {
    let case = refusing(s, name, 429, &[&[("date", DATE)], headers].concat(), "");
    case.refused(&[ErrorKind::RateLimited]).with_status(429).connects(1..=1)
}
