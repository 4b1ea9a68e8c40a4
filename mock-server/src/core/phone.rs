//! Phone numbers, which providers spell with and without a plus.

use std::fmt;

/// No number is shorter, or longer.
const LEAST_DIGITS: u8 = 5;
const MOST_DIGITS: usize = 15;
/// A shorter number is no international one.
const LEAST_OF_E164: u8 = 7;
/// Ten to the power of [`MOST_DIGITS`]: no number is as great.
const BEYOND: u64 = 1_000_000_000_000_000;

/// A phone number as its digits, without a plus, kept in place. `Debug` shows only the last two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone {
    digits: [u8; MOST_DIGITS],
    length: u8,
}

impl Phone {
    /// Reads a number with or without `+`, ignoring spaces, dots, dashes and brackets. Returns `None` unless exactly 5
    /// to 15 digits remain. Short numbers are legal here; each provider has its own minimum.
    pub fn read(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let rest = trimmed.strip_prefix('+').unwrap_or(trimmed);
        let mut phone = Self { digits: [0; MOST_DIGITS], length: 0 };
        if let Some(digits) = phone.digits.get_mut(..rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_digit())
        {
            // As nearly all are written.
            digits.copy_from_slice(rest.as_bytes());
            phone.length = u8::try_from(rest.len()).unwrap_or_default();
            return (phone.length >= LEAST_DIGITS).then_some(phone);
        }
        for byte in rest.bytes() {
            match byte {
                b'0'..=b'9' => phone.push(byte)?,
                b' ' | b'.' | b'-' | b'(' | b')' => {}
                _ => return None,
            }
        }
        (phone.length >= LEAST_DIGITS).then_some(phone)
    }

    fn push(&mut self, digit: u8) -> Option<()> {
        *self.digits.get_mut(usize::from(self.length))? = digit;
        self.length += 1;
        Some(())
    }

    /// An unassigned number.
    pub(crate) fn nobody() -> Self {
        let mut nobody = Self { digits: [0; MOST_DIGITS], length: 5 };
        nobody.digits[..5].fill(b'0');
        nobody
    }

    /// Whether it stands for no number.
    pub(crate) fn is_nobody(&self) -> bool {
        *self == Self::nobody()
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        let digits = self.digits.get(..usize::from(self.length)).unwrap_or_default();
        // They are ASCII, so the fallback is out of reach.
        std::str::from_utf8(digits).unwrap_or_default()
    }

    /// The number in E.164, with its `+`.
    pub fn e164(&self) -> String {
        let mut text = String::with_capacity(1 + MOST_DIGITS);
        text.push('+');
        text.push_str(self.digits());
        text
    }

    /// Whether [`e164`](Self::e164) gives what [`is_e164`] takes.
    pub(crate) fn is_e164(&self) -> bool {
        self.length >= LEAST_OF_E164 && self.digits.first() != Some(&b'0')
    }

    /// The number in 54 bits, for rows of which there are many: its value and its length, for zeros may lead.
    pub(crate) fn packed(&self) -> u64 {
        let digits = self.digits.iter().take(usize::from(self.length));
        let value = digits.fold(0, |value, digit| value * 10 + u64::from(*digit - b'0'));
        u64::from(self.length) * BEYOND + value
    }

    /// The number that [`packed`](Self::packed) gave.
    pub(crate) fn unpacked(packed: u64) -> Self {
        let (length, mut value) = (packed / BEYOND, packed % BEYOND);
        let length = u8::try_from(length).unwrap_or_default();
        let mut phone = Self { digits: [0; MOST_DIGITS], length };
        for digit in phone.digits.iter_mut().take(usize::from(length)).rev() {
            *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
            value /= 10;
        }
        phone
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let tail = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "Phone(…{tail})")
    }
}

/// Whether this is exactly E.164: `+`, no leading zero, 7 to 15 digits, and nothing else.
pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (usize::from(LEAST_OF_E164)..=MOST_DIGITS).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
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
    fn a_packed_number_comes_out_as_it_went_in() {
        for text in ["00000", "12345", "00123456", "919876543210", "999999999999999", "000000000000000"] {
            let phone = Phone::read(text).unwrap();
            assert!(phone.packed() < 1 << 54);
            assert_eq!(Phone::unpacked(phone.packed()), phone, "{text}");
        }
        assert_eq!(Phone::unpacked(Phone::nobody().packed()).digits(), "00000");
    }

    #[test]
    fn debug_hides_the_number() {
        assert_eq!(format!("{:?}", Phone::read("+919876543210").unwrap()), "Phone(…10)");
    }

    #[test]
    fn e164_needs_its_plus_and_no_leading_zero() {
        assert!(is_e164("+1234567890"));
        for text in ["12345", "123456", "1234567", "0234567", "123456789012345"] {
            let phone = Phone::read(text).unwrap();
            assert_eq!(phone.is_e164(), is_e164(&phone.e164()), "{text}");
        }
        for text in ["1234567890", "+0123456789", "+123456", "+1234567890123456", "+12 34567890", "+"] {
            assert!(!is_e164(text), "{text}");
        }
    }
}
