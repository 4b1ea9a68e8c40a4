//! Removes credentials from a text, however they are spelled.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::Secret;
use super::spelling::{Letter, is_invisible, readings, replaced};

/// Fewer characters than this are part of many a word, and are not searched.
const SEARCHED_MIN: usize = 4;
/// The first characters of a credential that are redacted where the text is cut behind them, and anywhere.
const CUT_HEAD_MIN: usize = 6;
const HEAD_MIN: usize = 8;
/// Any piece of a credential of this length, and of at least half of it, is redacted.
const PIECE_MIN: usize = 10;
/// A shorter Base64 text is searched in its own case only, and one shorter than the second number not at all.
const FOLDED_BASE64_MIN: usize = 8;
const BASE64_MIN: usize = 5;

/// Removes credentials from texts: as they are, in another case, percent-encoded, escaped as in JSON or HTML, in Base64
/// alone or with a text beside it, and cut.
///
/// ```
/// use transom::secret::{Redactor, Secret};
///
/// let redactor = Redactor::new([Secret::new("s3cret/key")]);
/// assert_eq!(redactor.redact("the key S3CRET%2FKEY is wrong"), "the key *** is wrong");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<Needle>,
    has_short: bool,
}

/// What is searched for one credential.
#[derive(Clone)]
struct Needle {
    /// Without blanks and pluses, which a query replaces by each other, and in lower case.
    plain: Zeroizing<Vec<char>>,
    /// The characters of its Base64 that do not depend on what stands beside it, for the three places at which it may
    /// begin.
    base64: Vec<Zeroizing<Vec<char>>>,
}

impl Redactor {
    /// Redacts each of `secrets`. One of fewer than four characters is not searched.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let secrets: Vec<Secret> = secrets.into_iter().collect();
        let is_searched = |secret: &&Secret| secret.expose().chars().count() >= SEARCHED_MIN;
        let needles = secrets.iter().filter(is_searched).map(|secret| Needle::new(secret.expose())).collect();
        Self { needles, has_short: secrets.iter().any(Secret::is_short) }
    }

    /// Whether one of the secrets is [too short](Secret::is_short) to be redacted reliably.
    pub const fn has_short_secret(&self) -> bool {
        self.has_short
    }

    /// Whether there is nothing to redact.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// `text` with `***` in place of every credential.
    pub fn redact(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut found = Vec::new();
        for letters in readings(text) {
            let plain: Vec<Letter> = letters.iter().filter_map(folded).collect();
            let base64: Vec<Letter> = letters.iter().map(base64_folded).collect();
            for needle in &self.needles {
                find(&plain, &needle.plain, |a, b| a == b, &mut found);
                for core in &needle.base64 {
                    let mut cores = Vec::new();
                    let same = if core.len() < FOLDED_BASE64_MIN {
                        |a: char, b: char| a == b
                    } else {
                        |a: char, b: char| a.eq_ignore_ascii_case(&b)
                    };
                    find(&base64, core, same, &mut cores);
                    found.extend(cores.into_iter().map(|range| whole_base64(&base64, &range)));
                }
            }
        }
        if found.is_empty() { text.to_owned() } else { replaced(text, found, "***") }
    }
}

/// Without the credentials.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({})", self.needles.len())
    }
}

impl Needle {
    fn new(secret: &str) -> Self {
        let letters = secret.chars().filter_map(|is| folded(&Letter { is, at: 0..0 }));
        let base64 = (0..3).map(|before| core(secret.as_bytes(), before)).filter(|core| core.len() >= BASE64_MIN);
        Self { plain: Zeroizing::new(letters.map(|letter| letter.is).collect()), base64: base64.collect() }
    }
}

/// The characters of `bytes` in Base64, behind `before` other bytes, that those bytes alone decide.
fn core(bytes: &[u8], before: usize) -> Zeroizing<Vec<char>> {
    let beside: Zeroizing<Vec<u8>> =
        Zeroizing::new(std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect());
    let whole = Zeroizing::new(STANDARD_NO_PAD.encode(&*beside));
    let (first, end) = ((before * 8).div_ceil(6), beside.len() * 8 / 6);
    Zeroizing::new(whole.chars().take(end).skip(first).collect())
}

/// A letter as it is compared with a credential; `None` for one that is left out.
fn folded(letter: &Letter) -> Option<Letter> {
    let is = narrow(letter.is);
    let is_left_out = is == '+' || is_invisible(is);
    (!is_left_out).then(|| Letter { is: is.to_lowercase().next().unwrap_or(is), at: letter.at.clone() })
}

/// A letter of Base64 in the standard alphabet.
fn base64_folded(letter: &Letter) -> Letter {
    let is = match letter.is {
        '-' => '+',
        '_' => '/',
        other => other,
    };
    Letter { is, at: letter.at.clone() }
}

/// The ASCII character that a full-width one stands for.
fn narrow(c: char) -> char {
    u32::from(c).checked_sub(0xfee0).filter(|code| (0x21..0x7f).contains(code)).and_then(char::from_u32).unwrap_or(c)
}

/// Adds the bytes of each occurrence of `needle` in `letters`, whole or in a telling piece.
fn find(letters: &[Letter], needle: &[char], same: impl Fn(char, char) -> bool, found: &mut Vec<Range<usize>>) {
    let is_at = |at: usize, of: usize| match (letters.get(at), needle.get(of)) {
        (Some(letter), Some(wanted)) => same(letter.is, *wanted),
        _ => false,
    };
    for at in 0..letters.len() {
        for of in 0..needle.len() {
            // A piece is looked at from its first character on.
            if !is_at(at, of) || (at > 0 && of > 0 && is_at(at - 1, of - 1)) {
                continue;
            }
            let length = (0..needle.len()).take_while(|more| is_at(at + more, of + more)).count();
            let least = if length == needle.len() {
                length
            } else if of > 0 {
                PIECE_MIN.max(needle.len().div_ceil(2))
            } else if is_cut(letters.get(at + length..).unwrap_or_default()) {
                CUT_HEAD_MIN
            } else {
                HEAD_MIN
            };
            if length >= least
                && let (Some(first), Some(last)) = (letters.get(at), letters.get(at + length - 1))
            {
                found.push(first.at.start..last.at.end);
            }
        }
    }
}

/// Whether a text is cut before `rest`: it ends, perhaps within an escape, or goes on with the mark of a cut.
fn is_cut(rest: &[Letter]) -> bool {
    /// The letters of the longest escape, less its last.
    const PARTIAL_ESCAPE_MAX: usize = 5;
    match rest.first().map(|letter| letter.is) {
        None | Some('…' | '*' | '•' | '[') => true,
        Some('.') => rest.iter().take_while(|letter| letter.is == '.').count() >= 2,
        Some('%' | '\\' | '&') => {
            let end = rest.iter().position(|letter| letter.is == '…').unwrap_or(rest.len());
            end <= PARTIAL_ESCAPE_MAX
        }
        Some(_) => false,
    }
}

/// The bytes of the Base64 text around `range`: what is beside a credential in it gives its last characters away.
fn whole_base64(letters: &[Letter], range: &Range<usize>) -> Range<usize> {
    let is_base64 = |letter: &&Letter| letter.is.is_ascii_alphanumeric() || matches!(letter.is, '+' | '/');
    let before = letters.iter().rev().skip_while(|letter| letter.at.start >= range.start).take_while(is_base64).last();
    let after = letters.iter().skip_while(|letter| letter.at.end <= range.end).take_while(is_base64).last();
    before.map_or(range.start, |letter| letter.at.start)..after.map_or(range.end, |letter| letter.at.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    const KEY: &str = "k3y>with?odds&\"end\"";

    fn redacted(text: &str) -> String {
        Redactor::new([Secret::new(KEY), Secret::new("t0ken")]).redact(text)
    }

    #[test]
    fn a_secret_is_redacted_in_every_spelling() {
        for echo in [
            KEY.to_owned(),
            KEY.to_uppercase(),
            "k3y%3Ewith%3fodds%26%22end%22".to_owned(),
            "k3y%3Ewith?odds%26%22end%22".to_owned(),
            "k3y%253Ewith%253Fodds%2526%2522end%2522".to_owned(),
            r#"k3y>with?odds&\"end\""#.to_owned(),
            r"k3y\u003ewith?odds\u0026\u0022end\u0022".to_owned(),
            r"k3y\\u003ewith?odds\\u0026\\u0022end\\u0022".to_owned(),
            "k3y&gt;with?odds&amp;&quot;end&quot;".to_owned(),
            "k3y&amp;gt;with?odds&amp;amp;&amp;quot;end&amp;quot;".to_owned(),
            "k3y&#62;with&#x3f;odds&#38;&#34;end&#34;".to_owned(),
            "k3y>with\u{200b}?odds &\u{ad}\"end\"".to_owned(),
            URL_SAFE_NO_PAD.encode(KEY),
            STANDARD.encode(KEY).trim_end_matches('=').to_lowercase(),
            STANDARD.encode(KEY).trim_end_matches('=').replace('/', "%2F"),
            STANDARD.encode(KEY).trim_end_matches('=').replace('/', r"\/"),
            STANDARD.encode(format!("{KEY}:t0ken")).trim_end_matches('=').to_owned(),
            STANDARD.encode(format!("x:{KEY}")).trim_end_matches('=').to_owned(),
            STANDARD.encode(format!("{{\"password\":\"{KEY}\"}}")).trim_end_matches('=').to_owned(),
            STANDARD.encode(format!("ab{KEY}")).trim_end_matches('=').to_owned(),
            "dDBrZW46".to_owned(),
            "T0Ken".to_owned(),
        ] {
            assert_eq!(redacted(&format!("<{echo}>")), "<***>", "{echo}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_is_redacted_as_far_as_it_goes() {
        for (text, expected) in [
            ("it ends with k3y>wi", "it ends with ***"),
            ("the key k3y>wi… is wrong", "the key ***… is wrong"),
            ("the key k3y>wi... is wrong", "the key ***... is wrong"),
            ("the key k3y>wi***** is wrong", "the key ******** is wrong"),
            ("it ends with k3y%3Ewi%7", "it ends with ***%7"),
            (r"it ends with k3y>wi\u00…", r"it ends with ***\u00…"),
            ("the key k3y>with is wrong", "the key *** is wrong"),
            ("the key …with?odds&\"e… is wrong", "the key …***… is wrong"),
            ("Basic azN5Pndp… is wrong", "Basic ***… is wrong"),
        ] {
            assert_eq!(redacted(text), expected);
        }
    }

    #[test]
    fn text_that_is_like_a_secret_stays() {
        for text in ["k3y>w is no key", "a key with odds", "with?odds", "t0ke", "100 % of \\ & so on", ""] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn a_secret_with_blanks_is_found_where_blanks_are_rewritten() {
        let redactor = Redactor::new([Secret::new("two  words+more")]);
        for echo in ["two  words+more", "two words more", "two++words%2Bmore", "two%20%20words+more"] {
            assert_eq!(redactor.redact(&format!("<{echo}>")), "<***>", "{echo}");
        }
    }

    #[test]
    fn a_redactor_does_not_print() {
        assert_eq!(format!("{:?}", Redactor::new([Secret::new("canary-1"), Secret::new("abc")])), "Redactor(1)");
    }
}
