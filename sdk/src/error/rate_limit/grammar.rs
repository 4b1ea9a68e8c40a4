//! The words of rate-limit headers: counts, durations, instants, and items with parameters.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// A bare number above this is a Unix time in seconds and not a wait, which would be 31 years.
const UNIX_SECONDS_FROM: u64 = 1_000_000_000;
/// A bare number above this is a Unix time in milliseconds.
const UNIX_MILLIS_FROM: u64 = 1_000_000_000_000;
const NANOS: u128 = 1_000_000_000;
/// How many digits of a fraction are computed with; of the others it only counts whether one of them is not zero.
const FRACTION_DIGITS: usize = 18;
/// Every unit of a duration, two letters before one. Go writes the micro sign; the Greek letter looks the same.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS),
    ("m", 60 * NANOS),
    ("h", 3_600 * NANOS),
];

/// One member of a list: a head, perhaps `= value`, and parameters.
pub(super) struct Item<'a> {
    pub(super) head: Word<'a>,
    pub(super) value: Option<Word<'a>>,
    parameters: Vec<(&'a str, Option<Word<'a>>)>,
}

/// A number, a token, a byte sequence, or the content of a quoted string.
pub(super) enum Word<'a> {
    Bare(&'a str),
    Quoted(String),
}

impl<'a> Item<'a> {
    /// The value of parameter `key`, the first where it is repeated.
    pub(super) fn parameter(&self, key: &str) -> Option<&Word<'a>> {
        self.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).and_then(|(_, word)| word.as_ref())
    }
}

impl Word<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Bare(text) => text,
            Self::Quoted(text) => text,
        }
    }

    /// The word as a count. A quoted one is a name, even if it is made of digits.
    pub(super) fn count(&self) -> Option<u64> {
        match self {
            Self::Bare(text) => count(text),
            Self::Quoted(_) => None,
        }
    }
}

/// A header's bytes as text. What is not UTF-8 is taken for Latin-1, in which the micro sign may arrive.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// A whole text of digits. One that is too large is the largest.
pub(super) fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    // Parsed from digits only, and so failing for size only.
    is_digits(text).then(|| text.parse().unwrap_or(u64::MAX))
}

/// The digits that a text begins with, up to its end or the first `,` or `;`, whatever follows.
pub(super) fn first_count(text: &str) -> Option<u64> {
    count(text.split([',', ';']).next()?)
}

/// A duration: `5m0s`, or seconds with or without a fraction.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    go_duration(text).or_else(|| seconds(text)).map(from_nanos)
}

/// How long until something, and how that was written. Of two that are as long, the one that was written as a wait is the
/// greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Until {
    wait: Duration,
    is_written_as_wait: bool,
}

impl Until {
    /// The wait, where `asked` is what another header of the same answer asks for. An instant in whole seconds, less a `Date`
    /// in whole seconds, may come out a second too late.
    pub(super) fn beside(self, asked: Option<Duration>) -> Duration {
        let rounds = |asked: &Duration| {
            !self.is_written_as_wait && self.wait > *asked && self.wait.saturating_sub(*asked) <= Duration::from_secs(1)
        };
        asked.filter(rounds).unwrap_or(self.wait)
    }
}

/// How long after `now` the text says: a duration, an HTTP date, or a Unix time if it is a number of that size. `None`
/// for an instant that is not after `now`.
pub(super) fn until(text: &str, now: SystemTime) -> Option<Until> {
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

/// `Retry-After`: seconds, of which a fraction counts as a whole one, or an HTTP date; of several in one line, which is what
/// becomes of several lines on the way, the latest.
pub(super) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let mut latest = None;
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (part, after_part) = split_at_comma(text);
        // The comma may be the one inside a date.
        let date = after_part.and_then(|tail| {
            let (_, after_date) = split_at_comma(tail);
            let length = text.len().saturating_sub(after_date.map_or(0, |rest| rest.len().saturating_add(1)));
            let date = text.get(..length).filter(|date| httpdate::parse_http_date(date.trim()).is_ok())?;
            Some((date, after_date))
        });
        let (hint, after_hint) = date.unwrap_or((part, after_part));
        latest = latest.max(whole_seconds(hint).or_else(|| until_date(hint, now)));
        rest = after_hint;
    }
    latest
}

/// What stands before the first comma, and what stands after it.
fn split_at_comma(text: &str) -> (&str, Option<&str>) {
    text.split_once(',').map_or((text, None), |(part, rest)| (part, Some(rest)))
}

fn whole_seconds(text: &str) -> Option<Duration> {
    let whole = seconds(text.trim())?.div_ceil(NANOS);
    Some(Duration::from_secs(u64::try_from(whole).unwrap_or(u64::MAX)))
}

/// The members of a list, empty ones left out; `None` if one of them is malformed.
pub(super) fn items(text: &str) -> Option<Vec<Item<'_>>> {
    let mut cursor = Cursor { rest: text };
    let mut items = Vec::new();
    loop {
        while cursor.take(',') {}
        if cursor.at_end() {
            return Some(items);
        }
        items.push(cursor.item()?);
        if !cursor.at_end() && !cursor.take(',') {
            return None;
        }
    }
}

/// Walks over a list, blanks between words skipped.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    fn take(&mut self, expected: char) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(expected) else { return false };
        self.rest = rest;
        true
    }

    fn item(&mut self) -> Option<Item<'a>> {
        let head = self.word()?;
        let value = if self.take('=') { Some(self.word()?) } else { None };
        let mut parameters = Vec::new();
        while self.take(';') {
            let key = self.bare()?;
            let word = if self.take('=') { Some(self.word()?) } else { None };
            parameters.push((key, word));
        }
        Some(Item { head, value, parameters })
    }

    fn word(&mut self) -> Option<Word<'a>> {
        if self.take('"') {
            return self.quoted().map(Word::Quoted);
        }
        if self.take(':') {
            let (bytes, rest) = self.rest.split_once(':')?;
            self.rest = rest;
            return Some(Word::Bare(bytes));
        }
        self.bare().map(Word::Bare)
    }

    fn bare(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '=' | '"');
        let (word, rest) = self.rest.split_at_checked(self.rest.find(ends).unwrap_or(self.rest.len()))?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// What stands before the closing quote, escapes resolved; the opening one is taken already.
    fn quoted(&mut self) -> Option<String> {
        let mut content = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => content.push(letters.next()?),
                letter => content.push(letter),
            }
        }
        self.rest = letters.as_str();
        Some(content)
    }
}

/// A sum of numbers with units, as nanoseconds. At least one, no blanks.
fn go_duration(text: &str) -> Option<u128> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let length = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, tail) = rest.split_at_checked(length)?;
        let (unit, after) = UNITS.iter().find_map(|(name, nanos)| Some((*nanos, tail.strip_prefix(name)?)))?;
        total = total.saturating_add(scaled(number, unit)?);
        rest = after;
    }
    Some(total)
}

/// A bare number of seconds, as nanoseconds. It starts with a digit.
fn seconds(text: &str) -> Option<u128> {
    if text.starts_with('.') { None } else { scaled(text, NANOS) }
}

/// `number`, which may have a fraction, times `unit` nanoseconds, rounded up. `None` without a digit.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number == "." || !is_digits_or_empty(whole) || !is_digits_or_empty(fraction) || number.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { u128::from(count(whole)?) };
    let (digits, beyond) = fraction.split_at_checked(FRACTION_DIGITS).unwrap_or((fraction, ""));
    let mut numerator: u128 = 0;
    let mut denominator: u128 = 1;
    for digit in digits.bytes() {
        // At most 18 digits: below 10^18, far from the end of the type, also when multiplied by the nanoseconds of an hour.
        numerator = numerator * 10 + u128::from(digit.saturating_sub(b'0'));
        denominator *= 10;
    }
    let rest = u128::from(beyond.bytes().any(|digit| digit != b'0'));
    let part = (numerator * unit).div_ceil(denominator).saturating_add(rest);
    Some(whole.saturating_mul(unit).saturating_add(part))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && is_digits_or_empty(text)
}

fn is_digits_or_empty(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Rounded up to whole milliseconds: a wait that is cut short is a request too early.
fn from_nanos(nanos: u128) -> Duration {
    let millis = nanos.div_ceil(1_000_000);
    let seconds = u64::try_from(millis / 1_000).unwrap_or(u64::MAX);
    // A remainder of a division by 1000 fits any integer type.
    let rest = u64::try_from(millis % 1_000).unwrap_or_default();
    Duration::from_secs(seconds).saturating_add(Duration::from_millis(rest))
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
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_or_without_units() {
        for (text, millis) in [
            ("5m0s", 300_000),
            ("300", 300_000),
            ("1h0m0s", 3_600_000),
            ("59.5s", 59_500),
            ("750ms", 750),
            ("0s", 0),
            ("0", 0),
            ("5m", 300_000),
            ("4m59.5s", 299_500),
            ("500ms", 500),
            (" 1.5 ", 1_500),
            ("1.", 1_000),
            (".5s", 500),
            ("1s1m", 61_000),
            ("1500us", 2),
            ("250\u{b5}s", 1),
            ("250\u{3bc}s", 1),
            ("1ns", 1),
            ("0.0000000000000000000001", 1),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in ["", "abc", "5 m", "-3", "+3", "5x", ".", "1.2.3s", "s", ".5", "5M", "1s2", "1e3", "5m-1s", "٣s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_micro_sign_is_read_in_either_encoding() {
        assert_eq!(duration(&text(b"2000\xb5s")), Some(Duration::from_millis(2)));
        assert_eq!(duration(&text("2000\u{b5}s".as_bytes())), Some(Duration::from_millis(2)));
    }

    #[test]
    fn a_wait_is_never_rounded_down() {
        assert_eq!(duration("0.0005"), Some(Duration::from_millis(1)));
        assert_eq!(duration("1.0001s"), Some(Duration::from_millis(1_001)));
    }

    #[test]
    fn a_list_that_ends_in_the_middle_of_a_word_is_no_list() {
        for text in ["\"a", "\"a\\", "a;", "a;b=", "a=", "a;pk=:abc", "a b", ";w=3", "=1"] {
            assert!(items(text).is_none(), "{text}");
        }
        assert_eq!(items(" , a;b ,, \"c\";d=1,").map(|items| items.len()), Some(2));
    }
}
