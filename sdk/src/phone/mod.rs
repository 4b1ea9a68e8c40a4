//! Phone numbers.

mod redact;
mod variants;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use variants::variants;

/// A phone number in E.164: `+`, a country code that does not start with 0, and 7 to 15 digits in all.
///
/// Parsing accepts spaces, dashes, dots and parentheses, with or without the `+`; it never guesses a country.
/// [`Display`](fmt::Display) is `+919876543210`; [`Debug`] shows the last four digits only, since it ends up in logs.
///
/// ```
/// let phone: transom::PhoneNumber = "91 98765-43210".parse()?;
/// assert_eq!(phone.to_string(), "+919876543210");
/// assert_eq!(phone.digits(), "919876543210");
/// assert_eq!(format!("{phone:?}"), "PhoneNumber(•••3210)");
/// # Ok::<(), transom::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PhoneNumber(
    /// With the `+`.
    String,
);

impl PhoneNumber {
    /// The number with its `+`: `+919876543210`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the `+`, as some providers want them.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// The form for logs and errors: the last four digits.
    pub fn masked(&self) -> String {
        let digits = self.digits();
        let tail = digits.len().saturating_sub(4);
        format!("•••{}", digits.get(tail..).unwrap_or_default())
    }

    /// `text` with the redacted form in place of every occurrence of this number: grouped by any separator, escaped, cut
    /// short, in other digits, or with another prefix before its last eight digits.
    ///
    /// ```
    /// let phone: transom::PhoneNumber = "+919876543210".parse()?;
    /// assert_eq!(phone.redact_in("to 098765-43210 and %2B919876543210"), "to •••3210 and •••3210");
    /// # Ok::<(), transom::Error>(())
    /// ```
    pub fn redact_in(&self, text: &str) -> String {
        let spellings = variants(self);
        let digits: Vec<&str> = spellings.iter().map(Self::digits).collect();
        redact::masked(text, &digits, &self.masked())
    }

    /// Whether both are one contact's number, in any of its [`variants`].
    pub fn is_same_contact(&self, other: &Self) -> bool {
        variants(self).contains(other)
    }
}

/// Why a text is not a phone number. The error does not repeat the text, which may be a contact's number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; expected a phone number with its country code, such as +919876543210")]
pub struct InvalidPhoneNumber(String);

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let body = text.strip_prefix('+').unwrap_or(text);
        let mut number = String::with_capacity(16);
        number.push('+');
        for c in body.chars() {
            match c {
                '0'..='9' => number.push(c),
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' => {}
                other => return Err(InvalidPhoneNumber(format!("{other:?} does not belong in a phone number"))),
            }
        }
        match number.len() - 1 {
            0 => Err(InvalidPhoneNumber("there is no digit".into())),
            few @ 1..=6 => Err(InvalidPhoneNumber(format!("{few} digits are too few, 7 to 15 are possible"))),
            7..=15 if number.starts_with("+0") => {
                Err(InvalidPhoneNumber("a country code does not start with 0".into()))
            }
            7..=15 => Ok(Self(number)),
            many => Err(InvalidPhoneNumber(format!("{many} digits are too many, 7 to 15 are possible"))),
        }
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhoneNumber;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(phone: PhoneNumber) -> Self {
        phone.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ways_of_writing_a_number_are_one_number() {
        for text in ["+34600111222", "34600111222", " 34 600 111 222 ", "+34 (600) 111-222", "34.600.111.222"] {
            assert_eq!(text.parse::<PhoneNumber>().unwrap().as_str(), "+34600111222", "{text}");
        }
    }

    #[test]
    fn invalid_number_error_has_reason_without_input() {
        for (text, reason) in [
            ("", "there is no digit"),
            ("+", "there is no digit"),
            ("12ab", "'a' does not belong"),
            ("123456", "6 digits are too few"),
            ("1234567890123456", "16 digits are too many"),
            ("+0123456789", "does not start with 0"),
            ("++34600111222", "'+' does not belong"),
            ("٣٤٦٠٠١١١٢٢٢", "does not belong"),
        ] {
            let error = text.parse::<PhoneNumber>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
            assert!(error.contains("+919876543210"), "{error}");
        }
    }

    #[test]
    fn debug_shows_the_last_four_digits_only() {
        let phone: PhoneNumber = "+34600111222".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "PhoneNumber(•••1222)");
    }

    #[test]
    fn a_longer_number_is_not_mistaken_for_this_one_cut_short() {
        let phone: PhoneNumber = "+34600111222".parse().unwrap();
        assert_eq!(phone.redact_in("to +34600111222!"), "to •••1222!");
        assert_eq!(phone.redact_in("to 34600111223"), "to 34600111223");
    }
}
