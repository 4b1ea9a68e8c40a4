//! Reads a text as its characters, with the escapes of JSON, URLs and HTML undone.

use std::ops::Range;

/// A character, and the bytes of the text that spell it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) is: char,
    pub(crate) at: Range<usize>,
}

/// How often an escape is undone: a provider may quote its own provider, and a log may quote both.
const DEPTH: usize = 4;

/// The readings of `text`: as it stands, and with one, two and more layers of escapes undone. A text without escapes
/// has one reading.
pub(crate) fn readings(text: &str) -> Vec<Vec<Letter>> {
    let as_it_stands = text.char_indices().map(|(at, is)| Letter { is, at: at..at + is.len_utf8() });
    let mut readings = vec![as_it_stands.collect::<Vec<_>>()];
    while readings.len() <= DEPTH
        && let Some(next) = readings.last().and_then(|letters| undone(letters))
    {
        readings.push(next);
    }
    readings
}

/// `text` with each of `ranges` replaced by `mask`. Ranges that overlap are one.
pub(crate) fn replaced(text: &str, mut ranges: Vec<Range<usize>>, mask: &str) -> String {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for range in ranges {
        if range.start >= copied {
            out.push_str(text.get(copied..range.start).unwrap_or_default());
            out.push_str(mask);
        }
        copied = copied.max(range.end);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Whether `c` shows nothing, or a blank: it may stand between the characters of a word, and the word reads the same.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}')
        || matches!(c, '\u{feff}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// The letters with one layer of escapes undone; `None` if there is no escape.
fn undone(letters: &[Letter]) -> Option<Vec<Letter>> {
    if !letters.iter().any(|letter| matches!(letter.is, '%' | '\\' | '&')) {
        return None;
    }
    let mut out = Vec::with_capacity(letters.len());
    let mut rest = letters;
    while let Some(first) = rest.first() {
        let read = match first.is {
            '%' => percent(rest),
            '\\' => backslash(rest),
            '&' => entity(rest),
            _ => None,
        };
        let (is, length) = read.unwrap_or((first.is, 1));
        let end = rest.get(length - 1).map_or(first.at.end, |last| last.at.end);
        out.push(Letter { is, at: first.at.start..end });
        rest = rest.get(length..).unwrap_or_default();
    }
    (out.len() < letters.len()).then_some(out)
}

/// A percent-encoded character in UTF-8 at the start, and how many letters spell it. A byte that is no UTF-8 stands for
/// itself.
fn percent(letters: &[Letter]) -> Option<(char, usize)> {
    let byte = |number: usize| {
        let code = letters.get(3 * number..3 * number + 3)?;
        let is_escape = code.first()?.is == '%';
        u8::try_from(hex(code.get(1..)?)?).ok().filter(|_| is_escape)
    };
    let first = byte(0)?;
    let length = match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
        _ => 1,
    };
    let bytes: Vec<u8> = (0..length).map_while(byte).collect();
    match std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
        Some(is) => Some((is, 3 * length)),
        None => Some((first.into(), 3)),
    }
}

/// An escape of JSON, Rust or JavaScript at the start.
fn backslash(letters: &[Letter]) -> Option<(char, usize)> {
    match letters.get(1)?.is {
        is @ ('/' | '\\' | '"' | '\'') => Some((is, 2)),
        'n' | 'r' | 't' | 'b' | 'f' => Some((' ', 2)),
        'x' => Some((char::from_u32(hex(letters.get(2..4)?)?)?, 4)),
        'u' if letters.get(2)?.is == '{' => {
            let digits = letters.get(3..)?.iter().take(7).position(|letter| letter.is == '}')?;
            Some((char::from_u32(hex(letters.get(3..3 + digits)?)?)?, 4 + digits))
        }
        'u' => {
            let unit = |at: usize| hex(letters.get(at..at + 4)?);
            let first = unit(2)?;
            let is_pair = letters.get(6).is_some_and(|next| next.is == '\\');
            match (first, if is_pair { unit(8) } else { None }) {
                (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
                    let is = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
                    Some((is, 12))
                }
                _ => Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)),
            }
        }
        _ => None,
    }
}

/// A character reference of HTML at the start, of those that stand for a character of a credential or a number.
fn entity(letters: &[Letter]) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 32] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("shy", '\u{ad}'),
        ("sol", '/'),
        ("bsol", '\\'),
        ("plus", '+'),
        ("equals", '='),
        ("colon", ':'),
        ("semi", ';'),
        ("comma", ','),
        ("period", '.'),
        ("lowbar", '_'),
        ("hyphen", '-'),
        ("dash", '-'),
        ("commat", '@'),
        ("num", '#'),
        ("percnt", '%'),
        ("dollar", '$'),
        ("excl", '!'),
        ("quest", '?'),
        ("ast", '*'),
        ("lpar", '('),
        ("rpar", ')'),
        ("middot", '·'),
        ("grave", '`'),
        ("verbar", '|'),
        ("tab", '\t'),
        ("newline", '\n'),
    ];
    let length = letters.iter().take(12).position(|letter| letter.is == ';')?;
    let name: String = letters.get(1..length)?.iter().map(|letter| letter.is.to_ascii_lowercase()).collect();
    let is = match name.strip_prefix('#') {
        Some(number) => char::from_u32(match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        })?,
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((is, length + 1))
}

/// The number that these letters spell in hexadecimal.
fn hex(letters: &[Letter]) -> Option<u32> {
    letters.iter().try_fold(0, |number: u32, letter| Some(number.checked_mul(16)? + letter.is.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_is_undone_with_the_bytes_that_spell_it() {
        for (text, last) in [
            ("a/b", "a/b"),
            ("a%2Fb", "a/b"),
            ("a%252fb", "a/b"),
            (r"a\/b", "a/b"),
            (r"a\u002Fb", "a/b"),
            (r"a\\u002fb", "a/b"),
            (r"a\x2fb", "a/b"),
            (r"a\u{2f}b", "a/b"),
            ("a&#47;b", "a/b"),
            ("a&#x2F;b", "a/b"),
            ("a&amp;sol;b", "a/b"),
            ("%C3%A9%", "é%"),
            ("%C3x", "Ãx"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83dx", "\u{fffd}x"),
            ("100 % & \\", "100 % & \\"),
        ] {
            let readings = readings(text);
            let letters = readings.last().unwrap();
            assert_eq!(letters.iter().map(|letter| letter.is).collect::<String>(), last, "{text}");
            let mut end = 0;
            for letter in letters {
                assert_eq!(letter.at.start, end, "{text}");
                end = letter.at.end;
            }
            assert_eq!(end, text.len());
        }
    }
}
