//! Finds a phone number in a text, in any spelling of a provider.

use std::ops::Range;

use crate::secret::spelling::{is_invisible, readings, replaced};

/// The number of last digits that identify a contact. The digits before them vary: providers drop country codes, use a
/// trunk prefix, and add or drop the digit of a country's mobile numbers.
const TAIL: usize = 8;
/// The longest number of E.164.
const LONGEST: usize = 15;
/// The least number of leading digits that is redacted at the end of a cut text, and in front of anything but a digit.
const CUT_HEAD_MIN: usize = 7;
const HEAD_MIN: usize = 9;

/// `text` with `mask` in place of every spelling of the numbers with these digits, which are those of one contact.
pub(super) fn masked(text: &str, numbers: &[&str], mask: &str) -> String {
    let numbers: Vec<Vec<char>> = numbers.iter().map(|digits| digits.chars().collect()).collect();
    let mut found = Vec::new();
    for letters in readings(text) {
        let pieces: Vec<Piece> =
            letters.into_iter().map(|letter| Piece { at: letter.at, is: kind(letter.is) }).collect();
        let mut at = 0;
        while at < pieces.len() {
            let spelled = numbers.iter().find_map(|wanted| whole(&pieces, at, wanted));
            let spelled = spelled.or_else(|| numbers.iter().find_map(|wanted| by_its_tail(&pieces, at, wanted)));
            let Some(spelled) = spelled else {
                at += 1;
                continue;
            };
            at = spelled.end;
            if let Some([first, .., last]) = pieces.get(spelled) {
                found.push(first.at.start..last.at.end);
            }
        }
    }
    if found.is_empty() { text.to_owned() } else { replaced(text, found, mask) }
}

/// A character: its bytes in the text, and its role in a number.
struct Piece {
    at: Range<usize>,
    is: Is,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Digit(char),
    Plus,
    /// A separator of digit groups.
    Separator,
    /// A separator of digit groups which, with a blank behind it, also ends a sentence or a label.
    Punctuation,
    /// The mark of a cut.
    Cut,
    Other,
}

fn kind(c: char) -> Is {
    match c {
        '+' | '\u{ff0b}' => Is::Plus,
        '-' | '.' | '(' | ')' | '/' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => {
            Is::Separator
        }
        '_' | ':' | ',' | '·' | '\u{2022}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}' | '|' | '~' => Is::Punctuation,
        '…' => Is::Cut,
        c if is_invisible(c) => Is::Separator,
        _ => digit(c).map_or(Is::Other, Is::Digit),
    }
}

/// The value of a digit in the scripts in which phone numbers are written.
fn digit(c: char) -> Option<char> {
    /// The zeros: ASCII, Arabic-Indic, Persian, Devanagari, Bengali, and full-width.
    const ZEROS: [u32; 6] = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xff10];
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// The pieces from `at` on, with or without a `+`, that spell the whole number, or as much of it as there was room for.
fn whole(pieces: &[Piece], at: usize, wanted: &[char]) -> Option<Range<usize>> {
    let first = at + usize::from(pieces.get(at)?.is == Is::Plus);
    spelled(pieces, first, wanted, CUT_HEAD_MIN, HEAD_MIN).map(|end| at..end)
}

/// The pieces around `at` that end in the last digits of the number, which begin at `at`.
fn by_its_tail(pieces: &[Piece], at: usize, wanted: &[char]) -> Option<Range<usize>> {
    let tail = wanted.len().checked_sub(TAIL).and_then(|from| wanted.get(from..))?;
    let end = spelled(pieces, at, tail, TAIL, TAIL)?;
    let goes_on = matches!(pieces.get(end).map(|piece| piece.is), Some(Is::Digit(_)));
    (!goes_on).then(|| beginning(pieces, at)..end)
}

/// Where the number begins whose last digits begin at `at`: at a `+`, or with the first group of digits that still fits into a
/// number.
fn beginning(pieces: &[Piece], at: usize) -> usize {
    let is = |at: usize| pieces.get(at).map(|piece| piece.is);
    let mut count = TAIL;
    let mut start = at;
    let mut before = at;
    while let Some(next) = before.checked_sub(1) {
        match is(next) {
            Some(Is::Digit(_)) if count < LONGEST => count += 1,
            Some(Is::Separator) => {}
            Some(Is::Punctuation) if matches!(is(before), Some(Is::Digit(_))) => {}
            Some(Is::Plus) => return next,
            _ => break,
        }
        before = next;
        let begins_a_group = !matches!(next.checked_sub(1).and_then(is), Some(Is::Digit(_)));
        if matches!(is(next), Some(Is::Digit(_))) && begins_a_group {
            start = next;
        }
    }
    start
}

/// Where the digits of `wanted` end that are spelled from `first` on, which is a digit. The end of a text that is cut counts
/// after `cut_least` of them, and anything but a digit after `least`.
fn spelled(pieces: &[Piece], first: usize, wanted: &[char], cut_least: usize, least: usize) -> Option<usize> {
    let mut wanted = wanted.iter();
    let mut next = wanted.next();
    let mut found = 0;
    let mut end = first;
    for (at, piece) in pieces.iter().enumerate().skip(first) {
        match (piece.is, next) {
            (_, None) => return Some(end),
            (Is::Digit(digit), Some(expected)) if digit == *expected => {
                found += 1;
                end = at + 1;
                next = wanted.next();
            }
            (Is::Separator | Is::Punctuation, _) if found > 0 => {}
            (Is::Cut, _) if found >= cut_least => return Some(at),
            (Is::Digit(_), _) => return None,
            _ => return (found >= least).then_some(end),
        }
    }
    (next.is_none() || found >= cut_least).then_some(end)
}

#[cfg(test)]
mod tests {
    use crate::phone::PhoneNumber;

    fn masked(number: &str, text: &str) -> String {
        number.parse::<PhoneNumber>().unwrap().redact_in(text)
    }

    #[test]
    fn a_number_that_the_provider_rewrote_is_masked_as_well() {
        for (number, rewritten) in [
            ("+5491155550123", "541155550123"),
            ("+5491155550123", "+54 11 5555-0123"),
            ("+5491155550123", "011 15 5555-0123"),
            ("+5215512345678", "525512345678"),
            ("+525512345678", "5215512345678"),
            ("+919876543210", "9876543210"),
            ("+919876543210", "098765 43210"),
            ("+919876543210", "%2B91%2098765%2043210"),
            ("+919876543210", "９１９８７６５４３２１０"),
            ("+919876543210", "९८७६५४३२१०"),
            ("+919876543210", "+91\u{a0}98765‑43210"),
            ("+5511987654321", "55 11 8765-4321"),
            ("+919876543210", "91_98765_43210"),
            ("+919876543210", "91:98765,43210"),
            ("+919876543210", "91·98765·43210"),
            ("+919876543210", "9\u{200b}1987\u{feff}6543\u{2060}210"),
            ("+919876543210", "9198765\u{ad}43210"),
            ("+919876543210", "91\u{2003}98765\u{3000}43210"),
            ("+919876543210", "\\u002b91\\u00a098765 43210"),
            ("+919876543210", "&#43;91&nbsp;98765&nbsp;43210"),
            ("+919876543210", "&amp;#43;919876543210"),
            ("+919876543210", "%252B919876543210"),
            ("+919876543210", "\\u0039198765\\u00343210"),
        ] {
            let last = number.split_at(number.len() - 4).1;
            assert_eq!(masked(number, &format!("to <{rewritten}>!")), format!("to <•••{last}>!"), "{rewritten}");
        }
    }

    #[test]
    fn what_stands_beside_a_number_stays() {
        assert_eq!(masked("+919876543210", "error 131026 9876543210 is unknown"), "error 131026 •••3210 is unknown");
        assert_eq!(masked("+919876543210", "dialled 0091 98765 43210"), "dialled 00•••3210");
        assert_eq!(masked("+919876543210", "(98765 43210), try later"), "(•••3210), try later");
        assert_eq!(masked("+919876543210", "code 76543210999 at 12:30"), "code 76543210999 at 12:30");
        assert_eq!(masked("+919876543210", "919876543210 and 9876543210"), "•••3210 and •••3210");
        assert_eq!(masked("+34600111222", "34600111223"), "34600111223");
    }

    #[test]
    fn a_label_before_a_number_stays() {
        for (text, expected) in [
            ("code 470: 9876543210 failed", "code 470: •••3210 failed"),
            ("470, 98765 43210", "470, •••3210"),
            ("at 12:30:05, 9876543210", "at 12:30:05, •••3210"),
        ] {
            assert_eq!(masked("+919876543210", text), expected);
        }
    }

    #[test]
    fn a_number_that_is_cut_short_is_masked_as_far_as_it_goes() {
        assert_eq!(masked("+919876543210", "to 91 98765…"), "to •••3210…");
        assert_eq!(masked("+919876543210", "to 9198765"), "to •••3210");
        assert_eq!(masked("+919876543210", "to 919876543, then"), "to •••3210, then");
        assert_eq!(masked("+919876543210", "to 91987654, then"), "to 91987654, then");
        assert_eq!(masked("+5491155550123", "to 54115555… and 549115555…"), "to •••0123… and •••0123…");
        assert_eq!(masked("+919876543210", "to 919"), "to 919");
    }
}
