//! What a provider's answer says about its limits: how many requests are left, and how long to wait.
//!
//! Providers write this in many ways, some of them broken. All are read into one [`RateLimitInfo`]; a header that cannot be
//! read counts as absent and never as "do not wait".
//!
//! | Header | Forms |
//! |---|---|
//! | `Retry-After` | seconds, or an HTTP date in any of its three forms (RFC 9110, section 10.2.3) |
//! | `RateLimit-Limit`, `-Remaining`, `-Reset`, `-Policy` | drafts 01 to 06 of the IETF's `RateLimit` header fields |
//! | `RateLimit: limit=2, remaining=0, reset=41` | draft 07 |
//! | `RateLimit: "default";r=0;t=41` with `RateLimit-Policy: "default";q=2;w=300` | drafts 08 to 10 |
//! | `X-RateLimitInfo-Limit`, `-Remaining`, `-Reset` | the de-facto form; the reset is seconds or a Unix time |
//!
//! Wherever a time is due, a duration such as `5m0s` is read too, and blanks are allowed around `=`: Messangi's page
//! "Sending WhatsApp Session Message" shows `ratelimit-reset: 5m0s` and `ratelimit-policy: 2;w= 300` (seed).

mod grammar;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use grammar::{Item, Until, Word};

use crate::error::kind::ErrorKind;

/// The limits that one answer states. Everything is optional: any header may be missing from any answer.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use transom::adapter::RateLimitInfo;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("ratelimit-remaining", "0".parse()?);
/// headers.insert("ratelimit-reset", "3m20s".parse()?);
/// let limits = RateLimitInfo::from_headers(&headers, SystemTime::now());
/// assert_eq!(limits.remaining, Some(0));
/// assert_eq!(limits.wait(), Some(Duration::from_secs(200)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitInfo {
    /// How many requests fit into one window: the ceiling, not what is left of it.
    pub limit: Option<u64>,
    /// How many requests are left in the present window; of several limits, the one with the fewest left. More than
    /// zero is no promise: other processes draw on the same limit.
    pub remaining: Option<u64>,
    /// How long until the window starts anew. Zero only where the provider wrote zero.
    pub reset: Option<Duration>,
    /// What `Retry-After` asks for. Zero only where the provider wrote zero.
    pub retry_after: Option<Duration>,
    /// The limits themselves, in the order in which they were given.
    pub policies: Vec<RateLimitPolicy>,
}

/// One limit: so many requests within so much time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitPolicy {
    /// The provider's name for it, from draft 08 on.
    pub name: Option<String>,
    /// How many requests fit into one window.
    pub quota: u64,
    /// How long a window lasts.
    pub window: Option<Duration>,
}

impl RateLimitInfo {
    /// Reads the headers of an answer given at `now` (the answer's own `Date`).
    ///
    /// Instants are turned into waits by `now`; one that is not after it says nothing. Where headers disagree, the
    /// latest instant wins; a reset that is written as an instant counts as the `Retry-After` beside it if it comes out at
    /// most a second later, which is what whole seconds lose. Waits are rounded up to whole milliseconds, those of `Retry-After` to whole seconds, and
    /// numbers too large for their type become the largest one.
    pub fn from_headers(headers: &HeaderMap, now: SystemTime) -> Self {
        let count = |name| texts(headers, name).filter_map(|text| grammar::count(&text)).min();
        let ceiling = |name| texts(headers, name).find_map(|text| grammar::first_count(&text));
        let until = |name| texts(headers, name).filter_map(|text| grammar::until(&text, now)).max();
        let retry_after =
            texts(headers, RETRY_AFTER.as_str()).filter_map(|text| grammar::retry_after(&text, now)).max();

        let policies = policies_of(headers);
        let combined = Combined::from_headers(headers, &policies, now);
        let reset = until("ratelimit-reset").max(combined.reset).max(until("x-ratelimit-reset"));
        Self {
            limit: ceiling("ratelimit-limit").or(combined.limit).or_else(|| ceiling("x-ratelimit-limit")),
            remaining: least([count("ratelimit-remaining"), combined.remaining, count("x-ratelimit-remaining")]),
            reset: reset.map(|until| until.beside(retry_after)),
            retry_after,
            policies,
        }
    }

    /// How long to wait after a refusal: the latest of `Retry-After` and reset; else the window of the policy that
    /// binds, which is the one whose quota is the limit, else the longest; `None` where nothing says.
    ///
    /// Ask only after a refusal: an answer that is none states its reset too.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after.max(self.reset).or_else(|| self.window())
    }

    /// How long an answer that means `kind` asks to wait. One for going too fast asks with any of its hints; any other only
    /// with `Retry-After`, since what else it says of limits it says on every answer.
    pub fn asked(&self, kind: ErrorKind) -> Option<Duration> {
        if kind == ErrorKind::RateLimited { self.wait() } else { self.retry_after }
    }

    /// The window of the policy that binds, of those that the answer states.
    fn window(&self) -> Option<Duration> {
        let longest = |binds: &dyn Fn(&RateLimitPolicy) -> bool| {
            self.policies.iter().filter(|policy| binds(policy)).filter_map(|policy| policy.window).max()
        };
        // A window of no length says nothing of how long to wait.
        longest(&|policy| Some(policy.quota) == self.limit)
            .or_else(|| longest(&|_| true))
            .filter(|window| !window.is_zero())
    }
}

/// What the single header `RateLimit` of draft 07 and later says.
#[derive(Default)]
struct Combined {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<Until>,
}

impl Combined {
    fn from_headers(headers: &HeaderMap, policies: &[RateLimitPolicy], now: SystemTime) -> Self {
        let text = joined(headers, "ratelimit");
        let Some(items) = grammar::items(&text) else { return Self::default() };
        if items.iter().any(|item| item.value.is_some()) {
            Self::of_members(&items, now)
        } else {
            Self::of_limits(&items, policies, now)
        }
    }

    /// Draft 07: `limit=2, remaining=0, reset=41`.
    fn of_members(items: &[Item<'_>], now: SystemTime) -> Self {
        let member = |key: &str| {
            items.iter().find(|item| item.head.text().eq_ignore_ascii_case(key)).and_then(|item| item.value.as_ref())
        };
        Self {
            limit: member("limit").and_then(Word::count),
            remaining: member("remaining").and_then(Word::count),
            reset: member("reset").and_then(|word| grammar::until(word.text(), now)),
        }
    }

    /// Drafts 08 to 10: `"short";r=3;t=6, "long";r=40`. The one with the fewest left binds; among equals, the latest.
    fn of_limits(items: &[Item<'_>], policies: &[RateLimitPolicy], now: SystemTime) -> Self {
        let limits = items.iter().filter_map(|item| {
            let remaining = item.parameter("r")?.count()?;
            let reset = item.parameter("t").and_then(|word| grammar::until(word.text(), now));
            Some((item.head.text(), remaining, reset))
        });
        let binding = limits.min_by_key(|(_, remaining, reset)| (*remaining, std::cmp::Reverse(*reset)));
        let Some((name, remaining, reset)) = binding else { return Self::default() };
        let policy = policies.iter().find(|policy| policy.name.as_deref() == Some(name));
        Self { limit: policy.map(|policy| policy.quota), remaining: Some(remaining), reset }
    }
}

/// The policies of `RateLimit-Policy`; without one, those that drafts 01 to 03 put into `RateLimit-Limit`.
fn policies_of(headers: &HeaderMap) -> Vec<RateLimitPolicy> {
    let named = policies(&joined(headers, "ratelimit-policy")).unwrap_or_default();
    if !named.is_empty() {
        return named;
    }
    let mut within_limit = policies(&joined(headers, "ratelimit-limit")).unwrap_or_default();
    within_limit.retain(|policy| policy.window.is_some());
    within_limit
}

/// Reads a list of policies; `None` as soon as one of them is none, since half a list could name the wrong one.
fn policies(text: &str) -> Option<Vec<RateLimitPolicy>> {
    grammar::items(text)?.iter().map(policy).collect()
}

fn policy(item: &Item<'_>) -> Option<RateLimitPolicy> {
    if item.value.is_some() {
        return None;
    }
    let window = match item.parameter("w") {
        Some(word) => Some(grammar::duration(word.text())?),
        None => None,
    };
    // Up to draft 07 a policy starts with its quota, from 08 on with its name.
    match item.head.count() {
        Some(quota) => Some(RateLimitPolicy { name: None, quota, window }),
        None => Some(RateLimitPolicy {
            name: Some(item.head.text().to_owned()),
            quota: item.parameter("q")?.count()?,
            window,
        }),
    }
}

fn least(counts: [Option<u64>; 3]) -> Option<u64> {
    counts.into_iter().flatten().min()
}

/// The value of each line of header `name`.
fn texts<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = Cow<'h, str>> {
    headers.get_all(name).iter().map(|value| grammar::text(value.as_bytes()))
}

/// All lines of header `name` as one list, as HTTP defines it for list headers.
fn joined(headers: &HeaderMap, name: &'static str) -> String {
    texts(headers, name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tue, 11 Nov 2025 10:00:00 GMT.
    const NOW: u64 = 1_762_855_200;

    fn of(lines: &[(&'static str, &str)]) -> RateLimitInfo {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        RateLimitInfo::from_headers(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn limit(quota: u64, window: Option<Duration>) -> RateLimitPolicy {
        RateLimitPolicy { name: None, quota, window }
    }

    #[test]
    fn the_sample_of_messangis_page_is_two_requests_in_five_minutes_with_one_left() {
        let limits = of(&[
            ("ratelimit-limit", "2"),
            ("ratelimit-policy", "2;w= 300"),
            ("ratelimit-remaining", "1"),
            ("ratelimit-reset", "5m0s"),
        ]);
        let expected = RateLimitInfo {
            limit: Some(2),
            remaining: Some(1),
            reset: Some(secs(300)),
            retry_after: None,
            policies: vec![limit(2, Some(secs(300)))],
        };
        assert_eq!(limits, expected);
    }

    #[test]
    fn an_answer_without_such_headers_says_nothing() {
        assert_eq!(of(&[("content-type", "text/html")]), RateLimitInfo::default());
        assert_eq!(RateLimitInfo::default().wait(), None);
    }

    #[test]
    fn policies_are_read_with_blanks_names_and_several_at_once() {
        let read = |text| of(&[("ratelimit-policy", text)]).policies;
        for one in ["2;w= 300", "2;w=300", "2 ; w = 300", "2;W=300", "2;note=\"a, b;w=1\";w=300;w=7", "2;w=5m0s"] {
            assert_eq!(read(one), [limit(2, Some(secs(300)))], "{one}");
        }
        assert_eq!(read("10;w=1, 50;w=60"), [limit(10, Some(secs(1))), limit(50, Some(secs(60)))]);
        assert_eq!(read("2"), [limit(2, None)]);
        let named = |name: &str, quota, window| RateLimitPolicy { name: Some(name.to_owned()), quota, window };
        assert_eq!(read("\"default\";q=2;w=300"), [named("default", 2, Some(secs(300)))]);
        assert_eq!(
            read(r#""a \"b\"";q=20;pk=:c2Vj=:;w=10, long;qu="requests";q=700"#),
            [named("a \"b\"", 20, Some(secs(10))), named("long", 700, None)]
        );
    }

    #[test]
    fn a_policy_list_with_one_bad_member_is_no_policy_list() {
        for bad in [";w=3", "2;w=x", "2;w=-3", "2;w=", "-2;w=3", "\"default\";w=300", "limit=2", "2;w=3, ;", "\"open"] {
            assert_eq!(of(&[("ratelimit-policy", bad)]).policies, [], "{bad}");
        }
    }

    #[test]
    fn early_drafts_put_their_policies_into_the_limit() {
        for text in ["2, 2;w=300", "2;w=300"] {
            let limits = of(&[("ratelimit-limit", text)]);
            assert_eq!((limits.limit, limits.policies), (Some(2), vec![limit(2, Some(secs(300)))]), "{text}");
        }
        let limits = of(&[("ratelimit-limit", "2, 9;w=9"), ("ratelimit-policy", "2;w=300")]);
        assert_eq!(limits.policies, [limit(2, Some(secs(300)))]);
        assert_eq!(of(&[("ratelimit-limit", "2 ; anything = at \" all")]).limit, Some(2));
    }

    #[test]
    fn draft_07_is_a_dictionary() {
        let limits = of(&[("ratelimit", "limit=2, remaining=0, reset=41")]);
        assert_eq!((limits.limit, limits.remaining, limits.reset), (Some(2), Some(0), Some(secs(41))));
        let spaced = of(&[("ratelimit", "Remaining = 0 ;x=1 ,unknown=z, Reset = 5m0s")]);
        assert_eq!((spaced.limit, spaced.remaining, spaced.reset), (None, Some(0), Some(secs(300))));
    }

    #[test]
    fn later_drafts_are_lists_of_which_the_one_with_the_fewest_left_binds() {
        let limits = of(&[("ratelimit", "\"default\";r=0;t=41")]);
        assert_eq!((limits.limit, limits.remaining, limits.reset), (None, Some(0), Some(secs(41))));
        let limits = of(&[
            ("ratelimit-policy", "\"short\";q=20;w=10,\"long\";q=700;w=86400"),
            ("ratelimit", "\"short\";r=3;t=6, \"long\";r=1"),
        ]);
        assert_eq!((limits.limit, limits.remaining, limits.reset), (Some(700), Some(1), None));
        assert_eq!(limits.wait(), Some(secs(86_400)));
        assert_eq!(of(&[("ratelimit", "a;r=0;t=5"), ("ratelimit", "b;r=0;t=50")]).reset, Some(secs(50)));
        assert_eq!(of(&[("ratelimit", "a;t=5")]), RateLimitInfo::default());
    }

    #[test]
    fn the_x_headers_give_their_reset_as_a_unix_time_or_as_seconds() {
        let limits = of(&[
            ("x-ratelimit-limit", "10"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", &(NOW + 7).to_string()),
        ]);
        assert_eq!((limits.limit, limits.remaining, limits.reset), (Some(10), Some(0), Some(secs(7))));
        let ms = (NOW * 1_000 + 1_500).to_string();
        assert_eq!(of(&[("x-ratelimit-reset", &ms)]).reset, Some(Duration::from_millis(1_500)));
        assert_eq!(of(&[("x-ratelimit-reset", "7")]).reset, Some(secs(7)));
    }

    #[test]
    fn retry_after_takes_seconds_and_the_three_dates() {
        let read = |text| of(&[("retry-after", text)]).retry_after;
        for (text, seconds) in [
            ("2", 2),
            (" 2 ", 2),
            ("0", 0),
            ("1.2", 2),
            ("2000000000", 2_000_000_000),
            ("Tue, 11 Nov 2025 10:00:41 GMT", 41),
            ("Tuesday, 11-Nov-25 10:00:41 GMT", 41),
            ("Tue Nov 11 10:00:41 2025", 41),
            ("9999999999999999999999999999999999999999", u64::MAX),
            // Two lines that were joined on the way.
            ("1, 3", 3),
            ("3,1", 3),
            ("-5, 3, soon", 3),
            ("2, Tue, 11 Nov 2025 10:00:41 GMT", 41),
            ("Tuesday, 11-Nov-25 10:00:41 GMT, 2", 41),
            ("Tue, 11 Nov 2025 09:00:41 GMT, 2", 2),
        ] {
            assert_eq!(read(text), Some(secs(seconds)), "{text}");
        }
    }

    #[test]
    fn a_negative_past_or_malformed_hint_is_no_hint() {
        for text in ["", "-5", "+5", "1e9", "2h", "5 5", "soon", ".", ",", "-1, x", "Tue, 11 Nov 2025 10:00:00 GMT"] {
            assert_eq!(of(&[("retry-after", text)]).wait(), None, "{text}");
        }
        let past = (NOW - 1).to_string();
        let present = NOW.to_string();
        for text in ["", "abc", "5 m", "-3", "5x", &past, &present, "Tue, 11 Nov 2025 09:59:59 GMT"] {
            assert_eq!(of(&[("ratelimit-reset", text), ("x-ratelimit-reset", text)]).wait(), None, "{text}");
        }
        for text in ["-1", "1.5", "", "x", "1, 1"] {
            assert_eq!(of(&[("ratelimit-remaining", text)]).remaining, None, "{text}");
        }
    }

    #[test]
    fn of_hints_that_disagree_the_latest_wins() {
        let lines = [("retry-after", "2"), ("ratelimit-reset", "41"), ("x-ratelimit-reset", "7"), ("ratelimit", "a=1")];
        assert_eq!(of(&lines).wait(), Some(secs(41)));
        assert_eq!(of(&[("retry-after", "90"), ("ratelimit-reset", "41")]).wait(), Some(secs(90)));
        assert_eq!(of(&[("retry-after", "2"), ("retry-after", "5")]).wait(), Some(secs(5)));
        assert_eq!(of(&[("retry-after", "-2"), ("ratelimit-reset", "5")]).wait(), Some(secs(5)));
    }

    #[test]
    fn only_an_instant_may_be_a_second_late_for_the_wait_beside_it() {
        let waits = |name, reset: &str| of(&[("retry-after", "2"), (name, reset)]).wait();
        for (name, reset) in [("ratelimit-reset", "3"), ("x-ratelimit-reset", "2.4"), ("ratelimit", "\"d\";r=0;t=3")] {
            assert!(waits(name, reset) > Some(secs(2)), "a number of seconds is what it says: {name}: {reset}");
        }
        let date = "Tue, 11 Nov 2025 10:00:03 GMT";
        for reset in [(NOW + 3).to_string(), ((NOW + 3) * 1_000).to_string(), date.to_owned()] {
            assert_eq!(waits("x-ratelimit-reset", &reset), Some(secs(2)), "{reset}");
        }
        assert_eq!(waits("x-ratelimit-reset", &(NOW + 4).to_string()), Some(secs(4)));
        let both = [("retry-after", "2"), ("ratelimit-reset", "3"), ("x-ratelimit-reset", "1762855203")];
        assert_eq!(of(&both).wait(), Some(secs(3)), "the seconds and the instant agree: it is no rounding");
    }

    #[test]
    fn without_a_hint_the_window_of_the_policy_that_binds_is_the_wait() {
        let with = |limit, policy| of(&[("ratelimit-limit", limit), ("ratelimit-policy", policy)]).wait();
        assert_eq!(with("10", "10;w=1, 50;w=60"), Some(secs(1)));
        assert_eq!(with("7", "10;w=1, 50;w=60"), Some(secs(60)));
        assert_eq!(with("7", "10"), None);
        assert_eq!(with("10", "10;w=0"), None);
    }

    #[test]
    fn absurd_numbers_are_kept_and_overflow_nothing() {
        let huge = "9".repeat(400);
        let limits = of(&[
            ("ratelimit-limit", &huge),
            ("ratelimit-remaining", &huge),
            ("ratelimit-reset", &format!("{huge}h{huge}h")),
            ("ratelimit-policy", &format!("{huge};w={huge}")),
        ]);
        assert_eq!((limits.limit, limits.remaining), (Some(u64::MAX), Some(u64::MAX)));
        assert!(limits.wait() >= Some(secs(u64::MAX)));
        assert_eq!(limits.policies, [limit(u64::MAX, limits.policies[0].window)]);
        assert!(of(&[("ratelimit-reset", &huge)]).wait() > Some(secs(86_400)));
    }
}
