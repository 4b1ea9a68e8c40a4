//! Time as an argument: the clock trait and the time formats of providers.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;

/// The source of the present time and of waits. Code that needs time takes a clock, so that tests control it.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> SystemTime;
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
    /// Returns when `duration` has passed during other work; it bounds reads. The default never returns, which suits
    /// clocks that only sleeps advance.
    async fn timeout(&self, _duration: Duration) {
        std::future::pending::<()>().await;
    }
    /// Monotonic time since some start, for rate limits and deadlines. The default derives it from [`now`](Self::now).
    fn monotonic(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn timeout(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<std::time::Instant> = OnceLock::new();
        // Tokio's clock, so that it follows a paused runtime.
        let now = tokio::time::Instant::now().into_std();
        now.saturating_duration_since(*START.get_or_init(|| now))
    }
}

/// RFC 3339 in UTC with `Z`, the only form that our JSON uses.
pub mod rfc3339 {
    use super::{SystemTime, Timestamp};

    /// Formats `at` as `2026-05-11T08:20:00Z`, with a fraction if there is one.
    pub fn format(at: SystemTime) -> String {
        // Instants outside the years -9999 to 9999 become the nearest printable one.
        let nearest = if at < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::try_from(at).unwrap_or(nearest).to_string()
    }

    /// Reads an instant with any offset (`Z`, `+00:00`, `+05:30`); `None` if it is not one.
    pub fn parse(text: &str) -> Option<SystemTime> {
        text.trim().parse::<Timestamp>().ok().map(SystemTime::from)
    }

    /// Writes an instant; the module itself is for `#[serde(with)]`.
    pub fn serialize<S: serde::Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format(*at))
    }

    /// Reads an instant.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }

    /// `#[serde(with)]` for an instant that may be absent.
    pub mod option {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use super::SystemTime;

        /// Writes the instant, or null.
        #[allow(clippy::ref_option, reason = "the signature is serde's")]
        pub fn serialize<S: Serializer>(at: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
            at.map(super::format).serialize(serializer)
        }

        /// Reads an instant, or null.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
            let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
            super::parse(&text)
                .map(Some)
                .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
        }
    }
}

/// Reads a time as providers and WhatsApp write it; `None` if it is not one. All adapters read times with this function.
///
/// - Unix time as number or text, in seconds or milliseconds, with or without a fraction, from 2001 on. A shorter number,
///   such as `20260304`, is no time.
/// - RFC 3339, with a blank for the `T`, and without seconds or offset. Without an offset it is UTC, which is a judgement.
///   A dash before the `T` is skipped, as one provider's pattern has it.
/// - RFC 2822, as in HTTP headers.
pub fn parse_instant(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return parse_unix(text);
    }
    let date = text.replacen("-T", "T", 1);
    // A blank may stand before the offset, and `UTC` or `GMT` for it.
    let date = match date.rsplit_once(' ') {
        Some((time, "UTC" | "GMT" | "utc" | "gmt" | "Z" | "z")) => format!("{time}Z"),
        Some((time, offset)) if offset.starts_with(['+', '-']) => format!("{time}{offset}"),
        _ => date,
    };
    rfc3339::parse(&date)
        .or_else(|| rfc3339::parse(&format!("{date}Z")))
        .or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp().into()))
}

/// Seconds of ten digits, or milliseconds of thirteen: both reach from 2001 to 2286.
fn parse_unix(text: &str) -> Option<SystemTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: u64 = whole.parse().ok()?;
    let since_1970 = match whole.len() {
        10 => Duration::new(number, format!("{fraction:0<9.9}").parse().ok()?),
        13 => Duration::from_millis(number),
        _ => return None,
    };
    SystemTime::UNIX_EPOCH.checked_add(since_1970)
}

/// Reads the `Date` header of a response, the provider's own clock. Its other times are compared with it, so that
/// neither clock skew nor virtual time matters. `None` if it is missing or malformed.
pub fn date_of<B>(response: &http::Response<B>) -> Option<SystemTime> {
    let text = response.headers().get(http::header::DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}

/// Reads a duration such as `60s`, `1h30m`, `500ms` or `2d`; `None` if it is not one.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(letters)?;
        let number: u64 = number.parse().ok()?;
        let part = match unit {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(3_600)?),
            "d" => Duration::from_secs(number.checked_mul(86_400)?),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_the_same_whatever_offset_it_was_written_with() {
        let utc = rfc3339::parse("2026-03-04T05:50:31Z").unwrap();
        assert_eq!(rfc3339::parse("2026-03-04T11:20:31.000+05:30"), Some(utc));
        assert_eq!(rfc3339::format(utc), "2026-03-04T05:50:31Z");
        assert_eq!(rfc3339::parse("2026-03-04 05:50:31"), None);
    }

    #[test]
    fn instant_is_the_same_in_every_form_that_occurs() {
        for (text, expected) in [
            ("1772603431", "2026-03-04T05:50:31Z"),
            (" 1772603431 ", "2026-03-04T05:50:31Z"),
            ("1772603431.25", "2026-03-04T05:50:31.25Z"),
            ("1772603431250", "2026-03-04T05:50:31.25Z"),
            ("2026-03-04T11:20:31.25+05:30", "2026-03-04T05:50:31.25Z"),
            ("2026-03-04T11:20:31+0530", "2026-03-04T05:50:31Z"),
            ("2026-03-04 05:50:31", "2026-03-04T05:50:31Z"),
            ("2026-03-04 05:50:31.250000", "2026-03-04T05:50:31.25Z"),
            ("2026-03-04T05:50:31", "2026-03-04T05:50:31Z"),
            ("2026-03-04 05:50:31 UTC", "2026-03-04T05:50:31Z"),
            ("2026-03-04 11:20:31 +05:30", "2026-03-04T05:50:31Z"),
            ("2026-03-04t05:50:31z", "2026-03-04T05:50:31Z"),
            ("2026-03-04T05:50Z", "2026-03-04T05:50:00Z"),
            ("2026-03-04-T05:50:31Z", "2026-03-04T05:50:31Z"),
            ("Wed, 4 Mar 2026 05:50:31 +0000", "2026-03-04T05:50:31Z"),
            ("Wed, 04 Mar 2026 05:50:31 GMT", "2026-03-04T05:50:31Z"),
        ] {
            assert_eq!(parse_instant(text).map(rfc3339::format).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", " ", ".", "soon", "0", "-1", "20260304", "2026-03-04", "99999999999999999999", "1.2.3", "1772603431.x"]
        {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn durations_add_up_and_nonsense_is_none() {
        assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5_400)));
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("2d"), Some(Duration::from_secs(172_800)));
        for nonsense in ["", "60", "s", "-1s", "1.5s", "1 h", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_duration(nonsense), None, "{nonsense}");
        }
    }
}
