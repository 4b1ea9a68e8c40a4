//! Times and durations as texts.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// RFC 3339 in UTC with a `Z`, as all our own JSON prints times.
pub fn rfc3339(time: SystemTime) -> String {
    timestamp(time).to_string()
}

/// Whole seconds with the offset spelt out, `2026-02-25T10:30:00+00:00`.
pub fn offset_time(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// Date and time in UTC with neither `T` nor zone, `2026-02-25 10:30:00`.
pub(crate) fn zoneless_time(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Reads RFC 3339 with any offset.
pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

/// Reads `25h`, `1h30m`, `500ms`, `2d`: whole numbers, each with a unit of `d`, `h`, `m`, `s` or `ms`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits_end = rest.find(|character: char| !character.is_ascii_digit())?;
        let (digits, tail) = rest.split_at(digits_end);
        let unit_end = tail.find(|character: char| !character.is_ascii_lowercase()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let milliseconds: u64 = match unit {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        let amount = digits.parse::<u64>().ok()?.checked_mul(milliseconds)?;
        total = total.checked_add(Duration::from_millis(amount))?;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up() {
        for (text, milliseconds) in [
            ("25h", 90_000_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("2d", 172_800_000),
            ("1m1ms", 60_001),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_none() {
        for text in ["", "25", "h", "1x", "-1h", "1.5h", "1h 30m", "99999999999999999999h", "999999999999999999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn times_print_in_utc_and_read_back() {
        let time = parse_time("2026-02-25T12:00:00+01:30").unwrap();
        assert_eq!(rfc3339(time), "2026-02-25T10:30:00Z");
        assert_eq!(offset_time(time + Duration::from_millis(5)), "2026-02-25T10:30:00+00:00");
    }
}
