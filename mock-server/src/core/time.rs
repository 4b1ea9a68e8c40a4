//! Times and durations as texts.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;

/// Room for a time with nanoseconds and an offset.
const USUAL_LENGTH: usize = 36;

/// RFC 3339 in UTC with a `Z`, as all our own JSON prints times.
pub fn rfc3339(time: SystemTime) -> String {
    const EXACT: DateTimePrinter = DateTimePrinter::new();
    let mut text = String::with_capacity(USUAL_LENGTH);
    // Writing to a string does not fail.
    let _ = EXACT.print_timestamp(&timestamp(time), &mut text);
    text
}

/// Whole seconds with the offset spelt out, `2026-02-25T10:30:00+00:00`.
pub fn offset_time(time: SystemTime) -> String {
    // Every answer of one provider has such a time, and a format string costs several times as much.
    const WHOLE: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    let mut text = String::with_capacity(USUAL_LENGTH);
    // Writing to a string does not fail.
    let _ = WHOLE.print_timestamp(&timestamp(time), &mut text);
    if text.pop().is_some() {
        text.push_str("+00:00");
    }
    text
}

/// Date and time in UTC with neither `T` nor zone, `2026-02-25 10:30:00`.
pub(crate) fn zoneless_time(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Milliseconds and the offset of a zone so many minutes east of UTC, `2026-03-04T11:20:31.000+05:30`; `Z` for UTC itself.
pub(crate) fn local_time(time: SystemTime, minutes_east: i16) -> String {
    let offset = Offset::from_seconds(i32::from(minutes_east) * 60).unwrap_or(Offset::UTC);
    let local = timestamp(time).to_zoned(offset.to_time_zone());
    let format = if offset == Offset::UTC { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.3f%:z" };
    local.strftime(format).to_string()
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Reads RFC 3339 with any offset.
pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

/// Reads `25h`, `1h30m`, `500ms`, `2d`: whole numbers, each with a unit of `d`, `h`, `m`, `s`, `ms` or `ns`.
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
        let amount = digits.parse::<u64>().ok()?;
        let milliseconds = |each: u64| amount.checked_mul(each).map(Duration::from_millis);
        let part = match unit {
            "d" => milliseconds(86_400_000)?,
            "h" => milliseconds(3_600_000)?,
            "m" => milliseconds(60_000)?,
            "s" => milliseconds(1_000)?,
            "ms" => milliseconds(1)?,
            "ns" => Duration::from_nanos(amount),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = tail;
    }
    Some(total)
}

/// A duration to the last nanosecond, as [`parse_duration`] reads it: `300s`, `1s500000000ns`.
pub(crate) fn exact_duration(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        nanoseconds => format!("{}s{nanoseconds}ns", duration.as_secs()),
    }
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
    fn a_duration_reads_back_to_the_last_nanosecond() {
        for duration in
            [Duration::ZERO, Duration::from_secs(300), Duration::new(90_000, 1), Duration::from_millis(1_500)]
        {
            assert_eq!(parse_duration(&exact_duration(duration)), Some(duration));
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
        let later = time + Duration::from_millis(5);
        assert_eq!(offset_time(later), "2026-02-25T10:30:00+00:00");
        assert_eq!(local_time(later, 330), "2026-02-25T16:00:00.005+05:30");
        assert_eq!(local_time(time, 0), "2026-02-25T10:30:00.000Z");
    }
}
