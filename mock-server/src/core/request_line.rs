//! One line about each request, for the person who runs the mock.

use std::fmt;
use std::sync::Arc;

use crate::core::finding::{Finding, Level};
use crate::core::journal::Exchange;

/// So many digits in a row, with the usual signs between them, may be a phone number.
const NUMBER_DIGITS: usize = 7;

/// A request to a provider and its answer, to be printed as one line such as `POST /v1/messages 400 refused: …`. Credentials are
/// masked, and of each number only the last two digits stay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLine {
    /// The provider; `None` for a path that no provider has.
    pub provider: Option<&'static str>,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// The fault or limit that made the answer.
    pub cause: Option<String>,
    /// Each finding as `level: text`.
    pub findings: Vec<String>,
}

impl RequestLine {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        Self {
            provider: exchange.provider,
            method: exchange.method.to_string(),
            path: mask_numbers(&exchange.redacted().path),
            status: exchange.status.as_u16(),
            cause: exchange.cause.as_deref().map(str::to_owned),
            findings: exchange.findings.iter().map(|finding| mask_numbers(&line(finding))).collect(),
        }
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.status)?;
        let mut separator = " ";
        for remark in self.cause.iter().chain(&self.findings) {
            write!(f, "{separator}{remark}")?;
            separator = "; ";
        }
        Ok(())
    }
}

/// A finding as `level: text` on one line.
pub(crate) fn line(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Refused => "refused",
        Level::Tolerated => "tolerated",
        Level::Note => "note",
    };
    let text: String = finding.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{level}: {text}")
}

fn mask_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit() && !" -.()".contains(c)).unwrap_or(from.len());
        let group = from.get(..end).unwrap_or(from).trim_end_matches(|c: char| !c.is_ascii_digit());
        let digits: String = group.chars().filter(char::is_ascii_digit).collect();
        masked.push_str(before);
        if digits.len() < NUMBER_DIGITS {
            masked.push_str(group);
        } else {
            masked.push('…');
            masked.push_str(digits.get(digits.len() - 2..).unwrap_or_default());
        }
        rest = from.get(group.len()..).unwrap_or_default();
    }
    masked.push_str(rest);
    masked
}

/// Who is told of each request, if anybody is.
#[derive(Clone, Default)]
pub(crate) struct RequestHook(Option<Hook>);

type Hook = Arc<dyn Fn(&RequestLine) + Send + Sync>;

impl RequestHook {
    pub(crate) fn new(hook: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// The line is made only if somebody is told.
    pub(crate) fn tell<'a>(&self, exchange: impl FnOnce() -> Option<&'a Exchange>) {
        if let Some(hook) = &self.0
            && let Some(exchange) = exchange()
        {
            hook(&RequestLine::of(exchange));
        }
    }
}

impl fmt::Debug for RequestHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestHook").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_last_two_digits() {
        for (text, expected) in [
            ("/api?to=%2B919876543210&n=12", "/api?to=%2B…10&n=12"),
            ("`to` is \"+91 98765-43210\", expected 1 of 2", "`to` is \"+…10\", expected 1 of 2"),
            ("limit of 5 requests in 300 s", "limit of 5 requests in 300 s"),
            ("é 1234567", "é …67"),
            ("", ""),
        ] {
            assert_eq!(mask_numbers(text), expected);
        }
    }
}
