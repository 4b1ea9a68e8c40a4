//! Redacts phone numbers in exchanges. The mock's journal already redacts credentials.

/// The lengths of phone numbers: shorter runs of digits are counts and codes, longer ones ids.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=15;

/// Reduces every phone number in `text` to its last four digits. A number is a run of digits on its own; behind `+` or
/// `%2B`, its digits may be grouped.
pub(crate) fn numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    // The character before `rest`.
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let (digits, length) = number_at(rest, before);
        if length > 0 {
            masked.push_str("•••");
            masked.push_str(digits.get(digits.len().saturating_sub(4)..).unwrap_or_default());
            before = '0';
            rest = rest.get(length..).unwrap_or_default();
        } else {
            masked.push(first);
            before = first;
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    masked
}

/// The digits of a number at the start of `text`, and the length of its spelling in bytes; 0 if there is none.
fn number_at(text: &str, before: char) -> (String, usize) {
    let none = || (String::new(), 0);
    let plus = ["+", "%2B", "%2b"].into_iter().find(|plus| text.starts_with(plus));
    if plus.is_none() && (before.is_alphanumeric() || matches!(before, '_' | '.' | '-' | '•')) {
        return none();
    }
    let start = plus.map_or(0, str::len);
    let mut digits = String::new();
    let mut end = start;
    for (at, c) in text.get(start..).unwrap_or_default().char_indices() {
        if c.is_ascii_digit() {
            digits.push(c);
            end = start + at + c.len_utf8();
        } else if plus.is_none() || !matches!(c, ' ' | '-' | '.' | '(' | ')') {
            break;
        }
    }
    let after = text.get(end..).unwrap_or_default().chars().next().unwrap_or(' ');
    let alone = !(after.is_alphanumeric() || after == '_');
    // Seconds or milliseconds since 1970. No phone number of 13 digits begins with a 1.
    let is_time = plus.is_none() && matches!(digits.len(), 10 | 13) && digits.starts_with('1');
    if LENGTHS.contains(&digits.len()) && alone && !is_time { (digits, end) } else { none() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_keeps_last_four_digits() {
        for (text, masked) in [
            (r#"{"to":"+5491155550123"}"#, r#"{"to":"•••0123"}"#),
            (r#"{"to":5491155550123}"#, r#"{"to":•••0123}"#),
            ("/x?phone=%2B5491155550123&n=1", "/x?phone=•••0123&n=1"),
            ("to +54 911 5555-0123 refused", "to •••0123 refused"),
            ("5491155550123 is not valid", "•••0123 is not valid"),
        ] {
            assert_eq!(numbers(text), masked);
        }
    }

    #[test]
    fn other_text_is_not_redacted() {
        for text in [
            "2026-11-21T10:00:00.123456789Z",
            "wamid.HBgLMzQ2MDAxMTEyMjI",
            "1763719200",
            r#"{"timestamp":1763719200123}"#,
            "a1b2c3d4e5f6",
            "7c1e5a90d4b2f83a6be0917243fd5c1a",
            "sid_12345678901",
            "429 is no number",
            "",
        ] {
            assert_eq!(numbers(text), text);
        }
    }
}
