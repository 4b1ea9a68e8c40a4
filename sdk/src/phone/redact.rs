//! Finds a phone number in a text, in any spelling of a provider.

use std::ops::Range;

/// The number of last digits that identify a contact. The digits before them vary: providers drop country codes, use a
/// trunk prefix, and add or drop the mobile digit of Argentina and Mexico.
const TAIL: usize = 8;
/// The longest number of E.164.
const LONGEST: usize = 15;
/// The least number of leading digits that is redacted at the end of a cut text.
const HEAD_MIN: usize = 7;

/// `text` with `mask` in place of every spelling of the number with these digits.
pub(super) fn replaced(text: &str, digits: &str, mask: &str) -> String {
    let pieces = pieces(text);
    let wanted: Vec<char> = digits.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while at < pieces.len() {
        let Some(found) = whole(&pieces, at, &wanted).or_else(|| by_its_tail(&pieces, at, &wanted)) else {
            at += 1;
            continue;
        };
        let start = pieces.get(found.start).map_or(text.len(), |piece| piece.at).max(copied);
        let end = pieces.get(found.end).map_or(text.len(), |piece| piece.at);
        out.push_str(text.get(copied..start).unwrap_or_default());
        out.push_str(mask);
        copied = end;
        at = found.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// A part of a text: its start, and its role in a number.
struct Piece {
    at: usize,
    is: Is,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Digit(char),
    Plus,
    /// A separator of digit groups.
    Separator,
    /// The mark of a cut.
    Cut,
    Other,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (is, length) = match percent_encoded(rest) {
            Some(is) => (is, 3),
            None => (kind(first), first.len_utf8()),
        };
        pieces.push(Piece { at: text.len() - rest.len(), is });
        rest = rest.get(length..).unwrap_or_default();
    }
    pieces
}

/// The role of a percent-encoded byte at the start of `text`. Its own digits do not belong to a number.
fn percent_encoded(text: &str) -> Option<Is> {
    let code = text.strip_prefix('%')?.get(..2)?;
    let byte = u8::from_str_radix(code, 16).ok().filter(|_| !code.starts_with('+'))?;
    Some(if byte.is_ascii() { kind(byte.into()) } else { Is::Other })
}

fn kind(c: char) -> Is {
    match c {
        '+' | '\u{ff0b}' => Is::Plus,
        ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2010}'..='\u{2015}' => {
            Is::Separator
        }
        '…' => Is::Cut,
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
    spelled(pieces, first, wanted, HEAD_MIN).map(|end| at..end)
}

/// The pieces around `at` that end in the last digits of the number, which begin at `at`.
fn by_its_tail(pieces: &[Piece], at: usize, wanted: &[char]) -> Option<Range<usize>> {
    let tail = wanted.len().checked_sub(TAIL).and_then(|from| wanted.get(from..))?;
    let end = spelled(pieces, at, tail, TAIL)?;
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

/// Where the digits of `wanted` end that are spelled from `first` on, which is a digit; the end of a text that is cut counts
/// after `least` of them.
fn spelled(pieces: &[Piece], first: usize, wanted: &[char], least: usize) -> Option<usize> {
    let mut wanted = wanted.iter();
    let mut next = wanted.next();
    let mut found = 0;
    for (at, piece) in pieces.iter().enumerate().skip(first) {
        match (piece.is, next) {
            (_, None) => return Some(at),
            (Is::Digit(digit), Some(expected)) if digit == *expected => {
                found += 1;
                next = wanted.next();
            }
            (Is::Separator, _) if found > 0 => {}
            (Is::Cut, _) if found >= least => return Some(at),
            _ => return None,
        }
    }
    (next.is_none() || found >= least).then_some(pieces.len())
}

#[cfg(test)]
mod tests {
    use crate::phone::PhoneNumber;

    fn masked(number: &str, text: &str) -> String {
        number.parse::<PhoneNumber>().unwrap().mask_in(text)
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
    fn a_number_that_is_cut_short_is_masked_as_far_as_it_goes() {
        assert_eq!(masked("+919876543210", "to 91 98765…"), "to •••3210…");
        assert_eq!(masked("+919876543210", "to 9198765"), "to •••3210");
        assert_eq!(masked("+919876543210", "to 919"), "to 919");
    }
}
