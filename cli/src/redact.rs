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
        let digits: String =
            text.get(number.clone()).into_iter().flat_map(str::chars).filter(char::is_ascii_digit).collect();
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
        match (&mut current, c) {
            (Some((range, digits, _)), '0'..='9') => {
                range.end = at + 1;
                *digits += 1;
            }
            (None, '0'..='9') => current = Some((at..at + 1, 1, false)),
            (None, '+') => current = Some((at..at + 1, 0, true)),
            (Some((range, digits, has_plus)), c) if !" -.()/_\u{a0}".contains(c) => {
                if *digits >= 9 || (*has_plus && *digits >= 7) {
                    found.push(range.clone());
                }
                current = (c == '+').then(|| (at..at + 1, 0, true));
            }
            // A separator within a number, or what is beside one.
            _ => {}
        }
    }
    found
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
            ("+9198765 and 919876543210", "•••8765 and •••3210"),
            ("1234567890123456 digits", "••• digits"),
            ("at most 4096, got 50000, of 2026-12-01", "at most 4096, got 50000, of 2026-12-01"),
            ("expected one such as +919876543210", "expected one such as +919876543210"),
        ] {
            assert_eq!(masked_argument(text), expected);
        }
    }
}
