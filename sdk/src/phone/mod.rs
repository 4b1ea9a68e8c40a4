//! Phone numbers.

mod country;
mod parse;
mod redact;
mod variants;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use country::{Country, InvalidCountry};
pub use variants::variants;

use parse::{Reason, Written};

/// A phone number in E.164: `+`, a country code that does not start with 0, and 7 to 15 digits in all.
///
/// Parsing demands the `+` and never guesses a country; a [`Country`] reads national numbers. It accepts spaces, hyphens, dots,
/// brackets and full-width digits, and skips invisible marks of writing direction. A 0 in brackets behind the country code is
/// dropped where it is dialled within the country only, kept in Italy, San Marino and the Vatican, and else refused.
/// The serde form is parsed in the same way.
///
/// [`Display`](fmt::Display) is `+919876543210`; [`Debug`] shows the last four digits only, since it ends up in logs.
///
/// ```
/// use transom::PhoneNumber;
///
/// let phone: PhoneNumber = "+44 (0)7700 900123".parse()?;
/// assert_eq!(phone.to_string(), "+447700900123");
/// assert_eq!(phone.digits(), "447700900123");
/// assert_eq!(format!("{phone:?}"), "PhoneNumber(•••0123)");
/// assert!("9876543210".parse::<PhoneNumber>().unwrap_err().lacks_country_code());
/// # Ok::<(), transom::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PhoneNumber(
    /// With the `+`.
    String,
);

impl PhoneNumber {
    /// A number that is E.164 by definition, with or without its `+`: in a provider's answer or webhook call, or the sender of a
    /// channel. The other rules are those of parsing, but a 0 that may be a part of the number stays.
    ///
    /// ```
    /// assert_eq!(transom::PhoneNumber::from_e164("919876543210")?.as_str(), "+919876543210");
    /// # Ok::<(), transom::Error>(())
    /// ```
    pub fn from_e164(text: &str) -> Result<Self, InvalidPhoneNumber> {
        Ok(Self(Written::read(text)?.by_definition()?))
    }

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
pub struct InvalidPhoneNumber(Reason);

impl InvalidPhoneNumber {
    /// Whether only the country code is missing. A [`Country`] can read such a text.
    pub fn lacks_country_code(&self) -> bool {
        self.0 == Reason::NoCountryCode
    }
}

impl From<Reason> for InvalidPhoneNumber {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Written::read(text)?.with_plus()?))
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
