//! Planted secrets that the suite can recognise wherever they appear.

use std::error::Error as _;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::assertions::Check;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The start of every planted credential, plain and in a Base64 pair.
const WORD: &str = "canary";
const WORD_IN_BASE64: &str = "Y2FuYXJ5";
/// The start of every recipient's number. Six more digits identify the execution.
const NUMBER: &str = "5491155";

/// The credentials and the recipient of one execution. No two executions share any.
#[derive(Clone, Debug)]
pub(crate) struct Canaries {
    pub(crate) execution: u32,
    pub(crate) key: String,
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) password: String,
    /// The recipient's number, in digits.
    pub(crate) to: String,
}

impl Canaries {
    pub(crate) fn plant() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let execution = NEXT.fetch_add(1, Ordering::Relaxed);
        let secret = |what: &str| format!("{WORD}-{what}-{execution:06}");
        Self {
            execution,
            key: secret("key"),
            token: secret("token/x"),
            username: secret("user@example.net"),
            password: secret("pass\"word"),
            to: format!("{NUMBER}{execution:06}"),
        }
    }

    /// The credential pair in Base64, as HTTP Basic sends it.
    pub(crate) fn pair(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.key, self.token))
    }

    /// The number as providers rewrite it: without the digit of Argentina's mobiles, in the national form, in a query, and
    /// in full-width digits.
    pub(crate) fn rewritten(&self) -> [String; 5] {
        let (_, local) = self.to.split_at(3);
        let (area, subscriber) = local.split_at(2);
        let wide = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)).unwrap_or(c);
        [
            format!("54{local}"),
            local.to_owned(),
            format!("0{area} 15-{subscriber}"),
            format!("%2B54%20{area}%20{subscriber}"),
            format!("54{local}").chars().map(wide).collect(),
        ]
    }

    /// Another recipient, for messages that are not under test.
    pub(crate) fn other(&self) -> String {
        format!("{NUMBER}9{:05}", self.execution % 100_000)
    }
}

/// A credential in another encoding: a text in Base64, or a Base64 pair in a query.
pub(crate) fn encoded(secret: &str) -> String {
    if secret.starts_with(WORD) { STANDARD.encode(secret) } else { secret.replace('=', "%3D") }
}

/// Names the planted secret in `text`, if there is one.
pub(crate) fn found_in(text: &str) -> Option<&'static str> {
    if let Some(found) = credential_in(text) {
        return Some(found);
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    (digits.contains(NUMBER) || OUR_NUMBERS.iter().any(|number| digits.contains(number))).then_some("a phone number")
}

/// As [`found_in`], for places that may contain a number.
pub(crate) fn credential_in(text: &str) -> Option<&'static str> {
    if text.contains(WORD) {
        Some("a credential")
    } else if text.contains(WORD_IN_BASE64) {
        Some("a Basic pair")
    } else {
        None
    }
}

/// Whether a sentence has the last eight digits of a recipient's number, in any digits. Longer texts contain times and ids,
/// so they are not searched.
fn has_a_tail(sentence: &str) -> bool {
    let plain = sentence.replace("%20", " ").replace("%2B", "+");
    let ascii = |c: char| char::from_digit(u32::from(c).checked_sub(0xff10)?, 10);
    let digits: String = plain.chars().map(|c| ascii(c).unwrap_or(c)).filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_one = |at: usize| {
        let tail = digits.as_bytes().get(at..at + 8);
        tail.is_some_and(|tail| tail.starts_with(b"550") && tail.iter().all(u8::is_ascii_digit))
    };
    (0..digits.len()).any(is_one)
}

/// The numbers that the channels send from.
const OUR_NUMBERS: &[&str] = &["919876500001", "5215500001111"];

/// Searches an error: its line, its debug forms, and its causes.
pub(crate) fn in_error(error: &transom::Error) -> Check {
    let mut forms = vec![error.to_string(), format!("{error:?}"), format!("{error:#?}")];
    if has_a_tail(error.message()) || error.problems().iter().any(|problem| has_a_tail(problem)) {
        return Err(format!("the error shows a number as a provider rewrote it: {error}").into());
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        forms.push(format!("{inner} {inner:?}"));
        cause = inner.source();
    }
    for form in forms {
        if let Some(found) = found_in(&form) {
            return Err(format!("the error shows {found}: {form}").into());
        }
        if ["//127.0.0.1", "//api.localhost", "//255."].iter().any(|address| form.contains(address)) {
            return Err(format!("the error shows a URL: {form}").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_secret_is_found_in_every_form() {
        let planted = Canaries::plant();
        for text in [&planted.key, &planted.token, &planted.password, &planted.pair(), &planted.to] {
            assert!(found_in(&format!("<{text}>")).is_some(), "{text}");
        }
        assert_eq!(found_in("to +54 911 55-123456"), Some("a phone number"));
        assert_eq!(found_in("to •••3456, key ***"), None);
        for text in planted.rewritten() {
            assert!(has_a_tail(&format!("<{text}>")), "{text}");
        }
        for secret in [&planted.key, &planted.token, &planted.pair()] {
            assert_eq!(credential_in(&encoded(secret)), Some("a Basic pair"), "{secret}");
        }
        assert!(!has_a_tail("to •••3456 at 55 past"));
    }
}
