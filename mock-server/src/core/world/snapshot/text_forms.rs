//! Values that a state writes as text.

use std::time::{Duration, SystemTime};

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::core::phone::Phone;
use crate::core::time::{exact_duration, parse_duration, parse_time, rfc3339};

/// Ten years. No window is longer, and the latest time of a state plus this is still a date that prints.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_650 * 86_400);
/// A window after this time is still an HTTP date.
const LATEST: Duration = Duration::from_secs(221_845_392_000);

/// Makes a type with a text form: the expected form, how it is read, and how it is written.
macro_rules! text_form {
    ($(#[$about:meta])* $name:ident($inner:ty), $expected:literal, $read:expr, $write:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) struct $name(pub(crate) $inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$inner) -> String = $write;
                serializer.serialize_str(&write(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let read: fn(&str) -> Option<$inner> = $read;
                let text = String::deserialize(deserializer)?;
                read(&text).map(Self).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &$expected))
            }
        }
    };
}

text_form!(
    /// A time that an HTTP date can hold, also one window later.
    Moment(SystemTime),
    "a time between 1970 and 9000 such as \"2026-05-11T09:00:00Z\"",
    |text| {
        let latest = SystemTime::UNIX_EPOCH + LATEST;
        parse_time(text).filter(|time| (SystemTime::UNIX_EPOCH..=latest).contains(time))
    },
    |time| rfc3339(*time)
);
text_form!(
    /// A phone number in E.164.
    Number(Phone),
    "a phone number such as \"+919876543210\"",
    Phone::read,
    Phone::e164
);
text_form!(
    /// A number that a reader of floats would round.
    Decimal(u64),
    "digits in a string, such as \"100042\"",
    |text| text.parse().ok(),
    u64::to_string
);
text_form!(
    /// A fingerprint.
    Hexadecimal(u64),
    "16 hexadecimal digits",
    |text| (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok())?,
    |number| format!("{number:016x}")
);
text_form!(
    /// The window of a rate limit.
    RateWindow(Duration),
    "a duration of at most 3650d, such as \"300s\"",
    |text| parse_duration(text).filter(|window| *window <= LONGEST_WINDOW),
    |window| exact_duration(*window)
);
text_form!(
    /// The distance of a clock from real time.
    Distance(Duration),
    "a duration such as \"25h\"",
    parse_duration,
    |distance| exact_duration(*distance)
);
text_form!(
    /// A UUID in its five groups.
    Uuid(u128),
    "a UUID such as \"00000000-0000-4000-8000-000000000042\"",
    |text| {
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        let has_form = lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        has_form.then(|| u128::from_str_radix(&text.replace('-', ""), 16).ok())?
    },
    |uuid| crate::core::world::conversation::uuid_text(*uuid)
);
