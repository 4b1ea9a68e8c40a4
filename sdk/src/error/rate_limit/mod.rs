//! What a provider's response says about its limits: how many requests are left, and how long to wait.
//!
//! One [`RateLimitInfo`] holds them all. A header that cannot be read counts as absent, never as "do not wait".
//!
//! | Header | Forms |
//! |---|---|
//! | `Retry-After` | seconds, or an HTTP date in any of its three forms (RFC 9110, section 10.2.3) |
//! | `X-RateLimit-Limit`, `-Remaining`, `-Reset` | the de-facto form; the reset is seconds or a Unix time |
//! | `RateLimit-Limit`, `-Remaining`, `-Reset`, `-Policy` | drafts 01 to 06 of the IETF's `RateLimit` header fields |
//! | `RateLimit: limit=2, remaining=0, reset=41` | draft 07 |
//! | `RateLimit: "default";r=0;t=41` with `RateLimit-Policy: "default";q=2;w=300` | drafts 08 to 10, without commas and escapes in a name |
//!
//! Each time may be a Go duration such as `5m0s`, and blanks may stand around `=`: Messangi's page
//! "Sending WhatsApp Session Message" shows `ratelimit-reset: 5m0s` and `ratelimit-policy: 2;w= 300` (seed).

use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::kind::ErrorKind;

/// The limits that one response states. Everything is optional: any header may be missing from any response.
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

/// One limit: so many requests within so much time. `Debug` leaves out the name, which is the provider's text.
#[derive(Clone, PartialEq, Eq)]
pub struct RateLimitPolicy {
    /// The provider's name for it, from draft 08 on.
    pub name: Option<String>,
    /// How many requests fit into one window.
    pub quota: u64,
    /// How long a window lasts.
    pub window: Option<Duration>,
}

impl fmt::Debug for RateLimitPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitPolicy")
            .field("quota", &self.quota)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl RateLimitInfo {
    /// Reads the headers of a response given at `now` (the response's own `Date`).
    ///
    /// Instants become waits by `now`; an instant that is not after it says nothing. Where headers disagree, the latest
    /// instant wins. A reset that is written as an instant counts as the `Retry-After` beside it if it comes out at most a
    /// second later, which is what whole seconds lose. Waits are rounded up to whole milliseconds, those of `Retry-After` to
    /// whole seconds. A number too large for its type becomes the largest one.
    pub fn from_headers(headers: &HeaderMap, now: SystemTime) -> Self {
        let least = |name| texts(headers, name).filter_map(count).min();
        let ceiling = |name| texts(headers, name).find_map(|text| count(text.split([',', ';']).next()?));
        let latest = |name| texts(headers, name).filter_map(|text| until(text, now)).max();
        let retry_after = texts(headers, "retry-after").filter_map(|text| latest_retry_after(text, now)).max();
        let policies = policies(headers);
        let combined = Combined::read(headers, &policies, now);
        let reset = latest("ratelimit-reset").max(combined.reset).max(latest("x-ratelimit-reset"));
        let remaining = [least("ratelimit-remaining"), combined.remaining, least("x-ratelimit-remaining")];
        Self {
            limit: ceiling("ratelimit-limit").or(combined.limit).or_else(|| ceiling("x-ratelimit-limit")),
            remaining: remaining.into_iter().flatten().min(),
            reset: reset.map(|until| until.beside(retry_after)),
            retry_after,
            policies,
        }
    }

    /// How long to wait after a rejection: the latest of `Retry-After` and reset; else the window of the policy that
    /// binds, which is the one whose quota is the limit, else the longest; `None` where no header says.
    ///
    /// Ask only after a rejection: every response states its reset.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after.max(self.reset).or_else(|| self.window())
    }

    /// How long a response that means `kind` asks to wait. One for sending too fast asks with any of its hints; any other
    /// only with `Retry-After`, since every response states the other headers.
    pub fn asked(&self, kind: ErrorKind) -> Option<Duration> {
        if kind == ErrorKind::RateLimited { self.wait() } else { self.retry_after }
    }

    /// The window of the policy that binds, of those that the response states.
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
    fn read(headers: &HeaderMap, policies: &[RateLimitPolicy], now: SystemTime) -> Self {
        let text = joined(headers, "ratelimit");
        let items: Vec<_> = items(&text).collect();
        let member = |key: &str| items.iter().find_map(|item| item.named(key));
        if items.iter().any(|item| item.head.contains('=')) {
            return Self {
                limit: member("limit").and_then(count),
                remaining: member("remaining").and_then(count),
                reset: member("reset").and_then(|text| until(text, now)),
            };
        }
        // Drafts 08 to 10: the limit with the fewest left binds; among equals, the latest.
        let limits = items.iter().filter_map(|item| {
            let remaining = count(item.parameter("r")?)?;
            Some((item.head, remaining, item.parameter("t").and_then(|text| until(text, now))))
        });
        let binding = limits.min_by_key(|(_, remaining, reset)| (*remaining, std::cmp::Reverse(*reset)));
        let Some((name, remaining, reset)) = binding else { return Self::default() };
        let policy = policies.iter().find(|policy| policy.name.as_deref() == Some(name.trim_matches('"')));
        Self { limit: policy.map(|policy| policy.quota), remaining: Some(remaining), reset }
    }
}

/// The policies of `RateLimit-Policy`; without one, those that drafts 01 to 03 put into `RateLimit-Limit`.
fn policies(headers: &HeaderMap) -> Vec<RateLimitPolicy> {
    // A list with one bad member is no list: half of it could name the wrong one.
    let read = |name| {
        let text = joined(headers, name);
        items(&text).map(|item| policy(&item)).collect::<Option<Vec<_>>>().unwrap_or_default()
    };
    let named = read("ratelimit-policy");
    if !named.is_empty() {
        return named;
    }
    let mut within_limit = read("ratelimit-limit");
    within_limit.retain(|policy| policy.window.is_some());
    within_limit
}

fn policy(item: &Item<'_>) -> Option<RateLimitPolicy> {
    let window = item.parameter("w").map_or(Some(None), |text| duration(text).map(Some))?;
    // Up to draft 07 a policy starts with its quota, from 08 on with its name.
    if let Some(quota) = count(item.head) {
        return Some(RateLimitPolicy { name: None, quota, window });
    }
    let name = Some(item.head.trim_matches('"')).filter(|name| !name.is_empty() && !name.contains('='))?;
    Some(RateLimitPolicy { name: Some(name.to_owned()), quota: count(item.parameter("q")?)?, window })
}

/// One member of a list: a head and its parameters.
struct Item<'a> {
    head: &'a str,
    parameters: &'a str,
}

impl<'a> Item<'a> {
    /// The value of parameter `key`, the first where it is repeated.
    fn parameter(&self, key: &str) -> Option<&'a str> {
        self.parameters.split(';').find_map(|parameter| value_of(parameter, key))
    }

    /// The value, where the head is `key=value`.
    fn named(&self, key: &str) -> Option<&'a str> {
        value_of(self.head, key)
    }
}

fn value_of<'a>(pair: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = pair.split_once('=')?;
    name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
}

/// The members of a list, empty ones left out.
fn items(text: &str) -> impl Iterator<Item = Item<'_>> {
    let members = text.split(',').filter(|member| !member.trim().is_empty());
    members.map(|member| {
        let (head, parameters) = member.split_once(';').unwrap_or((member, ""));
        Item { head: head.trim(), parameters }
    })
}

/// The value of each line of header `name`.
fn texts<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// All lines of header `name` as one list, as HTTP defines it for list headers.
fn joined(headers: &HeaderMap, name: &'static str) -> String {
    texts(headers, name).collect::<Vec<_>>().join(", ")
}

/// A whole text of digits. A number that is too large is the largest.
fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    is_digits(text).then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How long until something, and how that was written. Of two that are as long, a written wait is the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Until {
    wait: Duration,
    is_written_as_wait: bool,
}

impl Until {
    /// The wait, where `asked` is what another header of the same response asks for. An instant in whole seconds, less a
    /// `Date` in whole seconds, may come out a second too late.
    fn beside(self, asked: Option<Duration>) -> Duration {
        let rounds = |asked: &Duration| {
            !self.is_written_as_wait && self.wait > *asked && self.wait.saturating_sub(*asked) <= Duration::from_secs(1)
        };
        asked.filter(rounds).unwrap_or(self.wait)
    }
}

/// How long after `now` the text says: a duration, an HTTP date, or a Unix time if it is a number of that size. `None`
/// for an instant that is not after `now`.
fn until(text: &str, now: SystemTime) -> Option<Until> {
    /// A bare number above this is a Unix time in seconds: as a wait it would be 31 years.
    const UNIX_SECONDS_FROM: u64 = 1_000_000_000;
    /// A bare number above this is a Unix time in milliseconds.
    const UNIX_MILLIS_FROM: u64 = 1_000_000_000_000;
    let instant = match count(text) {
        Some(millis) if millis > UNIX_MILLIS_FROM => after(Duration::from_millis(millis), now),
        Some(seconds) if seconds > UNIX_SECONDS_FROM => after(Duration::from_secs(seconds), now),
        _ => match duration(text) {
            Some(wait) => return Some(Until { wait, is_written_as_wait: true }),
            None => until_date(text, now),
        },
    };
    instant.map(|wait| Until { wait, is_written_as_wait: false })
}

/// `Retry-After`: seconds, of which a fraction counts as a whole one, or an HTTP date. A proxy joins several lines with
/// commas, and a date has one of its own; the latest of them counts.
fn latest_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let parts: Vec<&str> = text.split(',').collect();
    let whole = |nanos: u128| Duration::from_secs(u64::try_from(nanos.div_ceil(NANOS)).unwrap_or(u64::MAX));
    let seconds = parts.iter().filter_map(|part| seconds(part)).map(whole);
    let dates = parts.iter().filter_map(|part| until_date(part, now));
    let with_comma = parts.windows(2).filter_map(|pair| until_date(&pair.join(","), now));
    seconds.chain(dates).chain(with_comma).max()
}

const NANOS: u128 = 1_000_000_000;
/// Every unit of a Go duration, two letters before one.
const UNITS: [(&str, u128); 6] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", NANOS), ("m", 60 * NANOS), ("h", 3_600 * NANOS)];

/// A duration: `5m0s`, or seconds with or without a fraction. Rounded up to whole milliseconds: a wait that is cut short is
/// a request too early.
fn duration(text: &str) -> Option<Duration> {
    let millis = seconds(text).or_else(|| go_duration(text.trim()))?.div_ceil(1_000_000);
    let seconds = u64::try_from(millis / 1_000).unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds).saturating_add(Duration::from_millis(u64::try_from(millis % 1_000).ok()?)))
}

/// A bare number of seconds, as nanoseconds. It starts with a digit.
fn seconds(text: &str) -> Option<u128> {
    if text.trim().starts_with('.') { None } else { scaled(text.trim(), NANOS) }
}

/// A sum of numbers with units, as nanoseconds. At least one, no blanks.
fn go_duration(text: &str) -> Option<u128> {
    let mut rest = text;
    let mut total: Option<u128> = None;
    while !rest.is_empty() {
        let length = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, tail) = rest.split_at_checked(length)?;
        let (unit, after) = UNITS.iter().find_map(|(name, nanos)| Some((*nanos, tail.strip_prefix(name)?)))?;
        total = Some(total.unwrap_or_default().saturating_add(scaled(number, unit)?));
        rest = after;
    }
    total
}

/// `number`, which may have a fraction, times `unit` nanoseconds, rounded up. `None` without a digit.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    /// More digits than a nanosecond of an hour has.
    const DIGITS: usize = 18;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_sound = |digits: &str| digits.is_empty() || is_digits(digits);
    if !is_sound(whole) || !is_sound(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let (digits, beyond) = fraction.split_at_checked(DIGITS).unwrap_or((fraction, ""));
    let rest = u128::from(beyond.bytes().any(|digit| digit != b'0'));
    let part = u128::from(count(digits).unwrap_or_default())
        .saturating_mul(unit)
        .div_ceil(10_u128.pow(u32::try_from(digits.len()).ok()?));
    Some(u128::from(count(whole).unwrap_or_default()).saturating_mul(unit).saturating_add(part).saturating_add(rest))
}

fn until_date(text: &str, now: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    after(date.duration_since(SystemTime::UNIX_EPOCH).ok()?, now)
}

/// How long after `now` the instant is that lies `since_epoch` after 1970; `None` if it is not after it.
fn after(since_epoch: Duration, now: SystemTime) -> Option<Duration> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since_epoch.checked_sub(now).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests;
