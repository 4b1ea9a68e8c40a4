//! The country whose numbers are written without a country code.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "rlibphonenumber")]
use super::parse::Reason;
use super::parse::Written;
use super::{InvalidPhoneNumber, PhoneNumber};

/// A country whose national numbers are read, such as the `default_country` of a channel.
///
/// With the feature `rlibphonenumber` it is parsed from an ISO 3166 code (`IN`) or a calling code (`+91`, `91`). A calling
/// code of several countries stands for the largest of them. Without the feature there is no value of this type.
#[cfg_attr(
    feature = "rlibphonenumber",
    doc = r#"
```
let india: transom::phone::Country = "IN".parse()?;
for text in ["98765 43210", "098765-43210", "+91 98765 43210", "91 98765 43210"] {
    assert_eq!(india.read(text)?.as_str(), "+919876543210");
}
assert_eq!(india.read("+44 (0)7700 900123")?.as_str(), "+447700900123");
# Ok::<(), Box<dyn std::error::Error>>(())
```"#
)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(Region);

#[cfg(feature = "rlibphonenumber")]
type Region = rlibphonenumber::Region;
#[cfg(not(feature = "rlibphonenumber"))]
type Region = std::convert::Infallible;

/// Why a text is not a [`Country`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCountry {
    /// No country has this code.
    #[error("expected an ISO 3166 code such as \"IN\", or a calling code such as \"+91\"")]
    Unknown,
    /// National numbers cannot be read.
    #[error("it needs the feature `rlibphonenumber` of the crate `transom`")]
    NoFeature,
}

impl Country {
    /// The phone number that `text` is in this country. A text with a `+` is read as [`PhoneNumber`] is parsed. A text without one
    /// is dialled in this country: a national number, this country's code and a number, or an international call.
    ///
    /// # Errors
    /// [`InvalidPhoneNumber`] for a malformed text, and for digits that no fixed or mobile line of the country can have.
    pub fn read(&self, text: &str) -> Result<PhoneNumber, InvalidPhoneNumber> {
        let written = Written::read(text)?;
        if written.has_plus() { Ok(PhoneNumber(written.with_plus()?)) } else { self.dialled(&written) }
    }
}

#[cfg(feature = "rlibphonenumber")]
impl Country {
    fn dialled(self, written: &Written) -> Result<PhoneNumber, InvalidPhoneNumber> {
        use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

        let foreign = || InvalidPhoneNumber::from(Reason::NotOfCountry(self.0.to_string()));
        let number = PHONE_NUMBER_UTIL.parse(written.digits(), Some(self.0)).map_err(|_| foreign())?;
        // A number of the right length may be one that the metadata does not know yet. Other lengths, such as those of local
        // numbers without their area code, would make another number.
        let is_line = [PhoneNumberType::FixedLineOrMobile, PhoneNumberType::VoIP].into_iter().any(|kind| {
            let length = PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(&number, kind);
            matches!(length, Ok(NumberLengthType::IsPossible))
        });
        if !is_line && !PHONE_NUMBER_UTIL.is_valid_number(&number) {
            return Err(foreign());
        }
        PhoneNumber::from_e164(&PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164))
    }
}

#[cfg(not(feature = "rlibphonenumber"))]
impl Country {
    const fn dialled(self, _: &Written) -> Result<PhoneNumber, InvalidPhoneNumber> {
        match self.0 {}
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    #[cfg(feature = "rlibphonenumber")]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use rlibphonenumber::PHONE_NUMBER_UTIL;

        let text = text.trim();
        let region = if text.chars().all(|c| c.is_ascii_alphabetic()) {
            text.to_ascii_uppercase().parse().ok()
        } else {
            let digits = text.strip_prefix('+').unwrap_or(text);
            let code = digits.parse::<u16>().ok().filter(|_| digits.starts_with(|c: char| matches!(c, '1'..='9')));
            code.and_then(|code| PHONE_NUMBER_UTIL.get_region_for_country_code(code.into()))
        };
        let known = region.filter(|region| PHONE_NUMBER_UTIL.get_supported_regions().any(|known| known == *region));
        known.map(Self).ok_or(InvalidCountry::Unknown)
    }

    #[cfg(not(feature = "rlibphonenumber"))]
    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Err(InvalidCountry::NoFeature)
    }
}

/// The ISO 3166 code.
impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(feature = "rlibphonenumber"))]
    #[test]
    fn country_without_the_feature_names_the_feature() {
        let error = "IN".parse::<Country>().unwrap_err();
        assert_eq!(error, InvalidCountry::NoFeature);
        assert!(error.to_string().contains("`rlibphonenumber`"), "{error}");
    }

    #[cfg(feature = "rlibphonenumber")]
    #[test]
    fn number_is_read_as_dialled_in_the_country() {
        for (country, text, expected) in [
            ("IN", "9876543210", "+919876543210"),
            ("in", "098765-43210", "+919876543210"),
            ("91", "98765\u{a0}43210", "+919876543210"),
            ("+91", "\u{202a}９８７６５ 43210\u{202c}", "+919876543210"),
            ("IN", "919876543210", "+919876543210"),
            ("IN", "0091 98765 43210", "+919876543210"),
            ("IN", "0044 7700 900123", "+447700900123"),
            ("IN", "+447700900123", "+447700900123"),
            ("GB", "07700 900123", "+447700900123"),
            ("GB", "(0)7700 900123", "+447700900123"),
            ("44", "7700 900123", "+447700900123"),
            ("US", "(202) 555-0100", "+12025550100"),
            ("1", "1-202-555-0100", "+12025550100"),
            ("US", "011 44 7700 900123", "+447700900123"),
            ("IT", "06 6981 2345", "+390669812345"),
            ("IT", "333 123 4567", "+393331234567"),
            ("SM", "0549 886377", "+3780549886377"),
            ("BR", "(011) 98765-4321", "+5511987654321"),
            ("AR", "011 15 5555-0123", "+5491155550123"),
            ("MX", "55 1234 5678", "+525512345678"),
        ] {
            let read = country.parse::<Country>().unwrap().read(text);
            assert_eq!(read.as_ref().map(PhoneNumber::as_str), Ok(expected), "{country} {text:?}");
        }
    }

    #[cfg(feature = "rlibphonenumber")]
    #[test]
    fn number_of_no_line_of_the_country_is_refused() {
        for (country, text, reason) in [
            ("IN", "98765", "no phone number of IN"),
            ("IN", "447700900123", "no phone number of IN"),
            ("US", "555-0100", "no phone number of US"),
            ("US", "447700900123", "no phone number of US"),
            ("GB", "919876543210", "no phone number of GB"),
            ("MX", "01 55 1234 5678", "no phone number of MX"),
            ("IN", "98765 43210 ext 5", "'e' does not belong"),
            ("US", "1-800-FLOWERS", "'F' does not belong"),
            ("IN", "", "no phone number of IN"),
            ("GB", "+44 07700 900123", "the 0 behind the country code 44"),
        ] {
            let error = country.parse::<Country>().unwrap().read(text).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains("such as +919876543210"), "{country} {text:?}: {error}");
        }
    }

    #[cfg(feature = "rlibphonenumber")]
    #[test]
    fn country_that_does_not_exist_is_refused() {
        for text in ["", "XX", "IND", "UK", "999", "+0", "India", "001", "800", "9 1", "++91", "ZZ"] {
            assert_eq!(text.parse::<Country>(), Err(InvalidCountry::Unknown), "{text:?}");
        }
        let country: Country = "+39".parse().unwrap();
        assert_eq!((country.to_string(), format!("{country:?}")), ("IT".to_owned(), "Country(IT)".to_owned()));
    }
}
