//! Phone numbers, which providers spell with and without a plus.

use std::fmt;

/// A phone number as its digits, without a plus. `Debug` shows only the last two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(Box<str>);

impl Phone {
    /// Reads a number with or without `+`, ignoring spaces, dots, dashes and brackets. None unless 5 to 15 digits remain and
    /// nothing else does: a short number is legal here, because what is too short is each provider's own business.
    pub fn read(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let rest = trimmed.strip_prefix('+').unwrap_or(trimmed);
        let mut digits = String::with_capacity(15);
        for character in rest.chars() {
            match character {
                '0'..='9' if digits.len() < 15 => digits.push(character),
                ' ' | '.' | '-' | '(' | ')' => {}
                _ => return None,
            }
        }
        (digits.len() >= 5).then(|| Self(digits.into_boxed_str()))
    }

    /// A number nobody has.
    pub(crate) fn nobody() -> Self {
        Self("00000".into())
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The number in E.164, with its `+`.
    pub fn e164(&self) -> String {
        format!("+{}", self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "Phone(…{tail})")
    }
}

/// Whether this is E.164 to the letter: `+`, no leading zero, 7 to 15 digits, and nothing else.
pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_with_and_without_plus_and_spaces() {
        let expected = Phone::read("+919876543210");
        assert!(expected.is_some());
        for text in ["919876543210", " +91 98765 43210 ", "+91-(98765)-43210"] {
            assert_eq!(Phone::read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_none() {
        for text in ["", "+", "12", "+91x9876543210", "++919876543210", "9876543210123456", "٣٤٥٦٧٨"] {
            assert_eq!(Phone::read(text), None, "{text}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        assert_eq!(format!("{:?}", Phone::read("+919876543210").unwrap()), "Phone(…10)");
    }

    #[test]
    fn e164_needs_its_plus_and_no_leading_zero() {
        assert!(is_e164("+1234567890"));
        for text in ["1234567890", "+0123456789", "+123456", "+1234567890123456", "+12 34567890", "+"] {
            assert!(!is_e164(text), "{text}");
        }
    }
}
