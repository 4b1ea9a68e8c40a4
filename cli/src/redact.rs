//! Redacts credentials and phone numbers in what the command prints about its own arguments.

use std::ops::Range;

use transom::PhoneNumber;

/// `text` without the credentials of URIs, also of malformed ones: everything between the colon of a scheme and an `@`.
pub(crate) fn masked(text: &str) -> String {
    // The examples of our own messages.
    const EXAMPLES: &[&str] = &["KEY", "KEY:TOKEN", "USER:PASSWORD"];
    let word = |word: &str| {
        let hidden = || {
            let (scheme, rest) = word.split_once(':')?;
            let (credential, host) = rest.rsplit_once('@')?;
            let slashes = if credential.starts_with('/') { "//" } else { "" };
            let credential = credential.trim_start_matches('/');
            (!EXAMPLES.contains(&credential)).then(|| format!("{scheme}:{slashes}***@{host}"))
        };
        hidden().unwrap_or_else(|| word.to_owned())
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// As [`masked`], for a problem of the command line or the configuration, which may repeat an argument: phone numbers show
/// their last digits only.
pub(crate) fn masked_argument(text: &str) -> String {
    let text = masked(text);
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for number in numbers(&text) {
        let before = text.get(..number.start).unwrap_or_default();
        // The examples of our own messages.
        if before.ends_with("such as ") || before.ends_with("such as \"") || before.ends_with("?from=") {
            continue;
        }
        let digits: String = text.get(number.clone()).unwrap_or_default().chars().filter(|c| is_digit(*c)).collect();
        let masked = PhoneNumber::from_e164(&digits).map(|number| number.masked());
        shown.push_str(text.get(copied..number.start).unwrap_or_default());
        shown.push_str(masked.as_deref().unwrap_or("•••"));
        copied = number.end;
    }
    shown.push_str(text.get(copied..).unwrap_or_default());
    shown
}

/// Where digits are that may be a phone number: seven behind a plus, or nine, however they are grouped.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut current: Option<(Range<usize>, usize, bool)> = None;
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        let end = at + c.len_utf8();
        let is_plus = matches!(c, '+' | '\u{ff0b}');
        match &mut current {
            Some((range, digits, _)) if is_digit(c) => {
                range.end = end;
                *digits += 1;
            }
            None if is_digit(c) => current = Some((at..end, 1, false)),
            None if is_plus => current = Some((at..end, 0, true)),
            Some((range, digits, has_plus)) if !is_separator(c) => {
                if *digits >= 9 || (*has_plus && *digits >= 7) {
                    found.push(range.clone());
                }
                current = is_plus.then_some((at..end, 0, true));
            }
            // A separator within a number, or what is beside one.
            _ => {}
        }
    }
    found
}

/// An ASCII digit or a full-width one.
const fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '\u{ff10}'..='\u{ff19}')
}

/// What may stand between the digits of a number, invisible marks included.
fn is_separator(c: char) -> bool {
    " -.()/_\u{a0}\u{ad}\u{ff08}\u{ff09}\u{ff0d}\u{ff0e}\u{2212}\u{3000}\u{feff}".contains(c)
        || matches!(c, '\u{2000}'..='\u{2015}' | '\u{202a}'..='\u{202f}' | '\u{205f}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_of_a_malformed_uri_is_masked() {
        for text in [
            "'exotel://S3CR:T0K@default/acme' found",
            "no channel `exotel:/S3CR:T0K@x`",
            "exotel://S3CR@T0K@h: no such file",
            "no channel `exotel:S3CR:T0K@h`",
        ] {
            let shown = masked(text);
            assert!(shown.contains("***@") && !shown.contains("S3CR") && !shown.contains("T0K"), "{shown}");
        }
        for harmless in [
            "put it into a variable and name that as @NAME, see https://example.com",
            "a URI such as exotel://KEY:TOKEN@default/ACCOUNT_SID?from=919876500001",
        ] {
            assert_eq!(masked_argument(harmless), harmless);
        }
    }

    #[test]
    fn numbers_in_an_argument_are_masked() {
        for (text, expected) in [
            ("unexpected argument '+919876543210' found", "unexpected argument '•••3210' found"),
            ("unexpected argument '98765 43210' found", "unexpected argument '•••3210' found"),
            ("'{\"to\":\"+91-98765-43210\"}'", "'{\"to\":\"•••3210\"}'"),
            (
                "'\u{ff0b}\u{ff19}\u{ff11}\u{ff19}\u{ff18}\u{ff17}\u{ff16}\u{ff15}\u{ff14}\u{ff13}\u{ff12}\u{ff11}\u{ff10}'",
                "'•••3210'",
            ),
            ("'\u{202a}98765\u{2011}43210\u{202c}'", "'\u{202a}•••3210\u{202c}'"),
            ("+9198765 and 919876543210", "•••8765 and •••3210"),
            ("1234567890123456 digits", "••• digits"),
            ("at most 4096, got 50000, of 2026-12-01", "at most 4096, got 50000, of 2026-12-01"),
            ("expected one such as +919876543210", "expected one such as +919876543210"),
        ] {
            assert_eq!(masked_argument(text), expected);
        }
    }
}
