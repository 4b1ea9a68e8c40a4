//! Reads the ways in which people and providers write a phone number.

/// The calling codes whose countries dial 0 before a national number, while no national number begins with 0 and another digit
/// (libphonenumber 9.0.43). A 0 behind one of them is never a part of the number.
const TRUNK_ZERO: &[&str] = &[
    "20", "27", "31", "32", "33", "40", "41", "43", "44", "46", "49", "51", "53", "54", "55", "57", "58", "60", "61",
    "62", "63", "64", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98", "211", "212", "213",
    "218", "231", "232", "233", "234", "243", "249", "251", "252", "254", "255", "256", "260", "261", "262", "263",
    "264", "265", "291", "353", "355", "358", "359", "370", "373", "374", "377", "380", "381", "382", "383", "385",
    "386", "387", "389", "421", "423", "508", "590", "591", "593", "594", "595", "596", "598", "686", "850", "855",
    "856", "880", "886", "961", "962", "963", "964", "966", "967", "970", "971", "972", "976", "977", "994", "995",
    "996",
];
/// Italy, San Marino and the Vatican: the 0 is a part of the number.
const OWN_ZERO: &[&str] = &["39", "378", "379"];

/// Why a text is not a phone number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("there is no digit")]
    NoDigit,
    #[error("{0:?} does not belong in a phone number")]
    Character(char),
    #[error("{0} digits are too few, 7 to 15 are possible")]
    TooShort(usize),
    #[error("{0} digits are too many, 7 to 15 are possible")]
    TooLong(usize),
    #[error("a country code does not start with 0")]
    LeadingZero,
    #[error("there is no `+` and country code")]
    NoCountryCode,
    #[error("the 0 in brackets may or may not be a part of the number")]
    BracketedZero,
    #[error("the 0 behind the country code {0} is dialled within the country only")]
    TrunkZero(&'static str),
    #[cfg(feature = "rlibphonenumber")]
    #[error("it is no phone number of {0}")]
    NotOfCountry(String),
}

/// A number without its separators and invisible characters.
pub(super) struct Written {
    has_plus: bool,
    /// ASCII digits, those of brackets included.
    digits: String,
    /// Where `digits` has a 0 with which a bracket begins.
    bracketed_zeros: Vec<usize>,
}

impl Written {
    pub(super) fn read(text: &str) -> Result<Self, Reason> {
        let mut written = Self { has_plus: false, digits: String::with_capacity(16), bracketed_zeros: Vec::new() };
        let mut is_bracket = false;
        for c in text.trim().chars() {
            match c {
                '0'..='9' | '\u{ff10}'..='\u{ff19}' => {
                    let digit = char::from_digit(u32::from(c) & 0xf, 10).unwrap_or(c);
                    if is_bracket && digit == '0' {
                        written.bracketed_zeros.push(written.digits.len());
                    }
                    is_bracket = false;
                    written.digits.push(digit);
                }
                '+' | '\u{ff0b}' if !written.has_plus && written.digits.is_empty() => written.has_plus = true,
                '(' | '\u{ff08}' => is_bracket = true,
                ')' | '\u{ff09}' => is_bracket = false,
                c if is_separator(c) => {}
                other => return Err(Reason::Character(other)),
            }
        }
        Ok(written)
    }

    pub(super) const fn has_plus(&self) -> bool {
        self.has_plus
    }

    #[cfg(feature = "rlibphonenumber")]
    pub(super) fn digits(&self) -> &str {
        &self.digits
    }

    /// The number of a person, who has to write its `+`.
    pub(super) fn with_plus(mut self) -> Result<String, Reason> {
        if !self.has_plus && !self.digits.is_empty() {
            return Err(Reason::NoCountryCode);
        }
        self.drop_trunk_zeros(|| Err(Reason::BracketedZero))?;
        let code = TRUNK_ZERO.iter().find(|code| {
            let rest = self.digits.strip_prefix(**code).and_then(|rest| rest.strip_prefix('0'));
            rest.is_some_and(|rest| !rest.starts_with('0'))
        });
        match code {
            Some(code) => Err(Reason::TrunkZero(code)),
            None => self.e164(),
        }
    }

    /// The number of a provider, which is E.164 with or without its `+`.
    pub(super) fn by_definition(mut self) -> Result<String, Reason> {
        self.drop_trunk_zeros(|| Ok(()))?;
        self.e164()
    }

    /// Removes a bracketed 0 that is dialled within the country only. `unknown` judges one that may be a part of the number.
    fn drop_trunk_zeros(&mut self, unknown: impl Fn() -> Result<(), Reason>) -> Result<(), Reason> {
        while let Some(at) = self.bracketed_zeros.pop() {
            let code = self.digits.get(..at).unwrap_or_default();
            if TRUNK_ZERO.contains(&code) {
                self.digits.remove(at);
            } else if !OWN_ZERO.contains(&code) {
                unknown()?;
            }
        }
        Ok(())
    }

    fn e164(self) -> Result<String, Reason> {
        match self.digits.len() {
            0 => Err(Reason::NoDigit),
            few @ 1..=6 => Err(Reason::TooShort(few)),
            7..=15 if self.digits.starts_with('0') => Err(Reason::LeadingZero),
            7..=15 => Ok(format!("+{}", self.digits)),
            many => Err(Reason::TooLong(many)),
        }
    }
}

/// Separates groups of digits, or is invisible and came along with a copied number.
const fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.'
            // Spaces, soft hyphen, and the marks of writing direction.
            | '\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{200f}' | '\u{202a}'..='\u{202f}' | '\u{205f}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{3000}' | '\u{feff}'
            // Hyphens, dashes, minus, and the full-width forms.
            | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{ff0e}'
    )
}

#[cfg(test)]
mod tests {
    use crate::phone::PhoneNumber;

    fn read(text: &str) -> Result<String, String> {
        text.parse::<PhoneNumber>().map(|number| number.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_usual_ways_of_writing_a_number_are_one_number() {
        for text in [
            "+34600111222",
            " +34 600 111 222 \n",
            "+34 (600) 111-222",
            "+34.600.111.222",
            "(+34) 600 111 222",
            "\u{202a}+34\u{a0}600\u{a0}111\u{a0}222\u{202c}",
            "\u{2066}\u{200e}+34600111222\u{2069}",
            "\u{feff}+34\u{200b}600\u{200d}111\u{200f}222",
            "+34\u{2010}600\u{2011}111\u{2013}222",
            "+34\u{2014}600\u{2015}111\u{2212}222",
            "\u{ff0b}\u{ff13}\u{ff14}\u{ff16}\u{ff10}\u{ff10}\u{ff11}\u{ff11}\u{ff11}\u{ff12}\u{ff12}\u{ff12}",
            "+34\u{ff08}600\u{ff09}111\u{3000}222",
        ] {
            assert_eq!(read(text).as_deref(), Ok("+34600111222"), "{text:?}");
            let without_plus = text.replace(['+', '\u{ff0b}'], "");
            assert_eq!(PhoneNumber::from_e164(&without_plus).unwrap().as_str(), "+34600111222", "{text:?}");
            assert!(read(&without_plus).unwrap_err().contains("no `+` and country code"), "{without_plus:?}");
        }
    }

    #[test]
    fn bracketed_trunk_zero_is_no_part_of_the_number() {
        for (text, expected) in [
            ("+44 (0)7700 900123", "+447700900123"),
            ("+44(0)20 7946 0958", "+442079460958"),
            ("(+44) (0) 7700 900123", "+447700900123"),
            ("+49 (030) 1234567", "+49301234567"),
            ("+55 (011) 98765-4321", "+5511987654321"),
            ("+91 ( 0 ) 98765 43210", "+919876543210"),
            ("+353 (0)85 012 3456", "+353850123456"),
            ("+44 \u{ff08}\u{ff10}\u{ff09}7700 900123", "+447700900123"),
            ("+39 (0)6 6982", "+39066982"),
            ("+39 (06) 6982", "+39066982"),
            ("+378 (0)549 882345", "+3780549882345"),
            ("+379 (0)6 69812345", "+3790669812345"),
            ("+1 (202) 555-0100", "+12025550100"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text:?}");
            assert_eq!(PhoneNumber::from_e164(text).unwrap().as_str(), expected, "{text:?}");
        }
    }

    #[test]
    fn zero_that_may_belong_to_the_number_is_refused() {
        for text in [
            "+225 (0)7 07 12 34 56",
            "+7 (0)495 123 45 67",
            "+52 (01) 55 1234 5678",
            "+36 (06) 30 123 4567",
            "+44 7700 (0)900123",
            "+999 (0)12345678",
        ] {
            assert!(read(text).unwrap_err().contains("the 0 in brackets"), "{text:?}");
        }
        for text in ["+44 07700 900123", "+4407700900123", "+49 030 1234567", "+44 0 (0)7700 900123"] {
            let error = read(text).unwrap_err();
            assert!(
                error.contains("the 0 behind the country code 4") || error.contains("in brackets"),
                "{text:?}: {error}"
            );
        }
        assert_eq!(PhoneNumber::from_e164("4407700900123").unwrap().as_str(), "+4407700900123");
        assert_eq!(PhoneNumber::from_e164("225 (07) 07123456").unwrap().as_str(), "+2250707123456");
        assert_eq!(read("+2250707123456").as_deref(), Ok("+2250707123456"));
        assert_eq!(read("+390669812345").as_deref(), Ok("+390669812345"));
        assert_eq!(read("+442079460958").as_deref(), Ok("+442079460958"));
    }

    #[test]
    fn invalid_number_error_has_reason_without_input() {
        for (text, reason) in [
            ("", "there is no digit"),
            ("+", "there is no digit"),
            ("+12ab", "'a' does not belong"),
            ("+123456", "6 digits are too few"),
            ("+1234567890123456", "16 digits are too many"),
            ("+0123456789", "does not start with 0"),
            ("+(0)123456789", "the 0 in brackets"),
            ("++34600111222", "'+' does not belong"),
            ("34+600111222", "'+' does not belong"),
            ("9876543210", "no `+` and country code"),
            ("00919876543210", "no `+` and country code"),
            ("+34600\n111222", "'\\n' does not belong"),
            ("٣٤٦٠٠١١١٢٢٢", "does not belong"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
            assert!(error.contains("+919876543210") && !error.contains("600111222"), "{error}");
        }
    }
}
