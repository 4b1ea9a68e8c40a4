//! The message of an error, from any documented form of an answer's body.

use http::StatusCode;
use transom::adapter::{Certainty, ErrorCode, platform_codes};
use transom::transport::kind_of;

use super::answers::ANSWERS;
use super::callbacks::{EVENTS, passed_on};
use crate::types::{Answer, ErrorData, Item};

/// A failure's code, and its words.
#[derive(Debug, Default)]
pub(super) struct ErrorMessage {
    code: Option<String>,
    words: Vec<String>,
    /// The row of a window's symbol in the words of an `error_data`.
    symbol: Option<&'static ErrorCode>,
}

impl ErrorMessage {
    /// The message of one item's failure.
    pub(super) fn of_item(item: &Item) -> Self {
        item.error_data.as_ref().map(Self::of).unwrap_or_default()
    }

    /// The message of an `error_data` object. A symbol of the window may stand in its words, since no page shows the
    /// symbol's place (seed).
    fn of(data: &ErrorData) -> Self {
        let symbol = data.words.iter().find_map(|text| symbol(text));
        Self { code: data.code.clone(), words: data.words.clone(), symbol }
    }

    /// The message of a rejection's body: from its items, else its `RestException`, else the plain members that
    /// gateways use and no page shows.
    pub(super) fn of_answer(answer: &Answer) -> Self {
        let mut said = Self::default();
        for item in answer.items() {
            said.add(Self::of_item(&item));
        }
        if let Some(beside) = Self::beside_the_results(answer) {
            said.add(beside);
        }
        said.add(Self { code: answer.code(), words: answer.message().into_iter().collect(), symbol: None });
        said
    }

    /// The message of the members that only a rejection has: `RestException` and `error`.
    pub(super) fn beside_the_results(answer: &Answer) -> Option<Self> {
        let exception = answer.rest_exception().map(|exception| Self {
            code: exception.code,
            words: exception.message.into_iter().collect(),
            symbol: None,
        });
        let error = answer.error().map(|error| Self::of(&error));
        let text = || answer.error_text().map(|text| Self { words: vec![text], ..Self::default() });
        [exception, error.or_else(text)].into_iter().flatten().reduce(|mut first, second| {
            first.add(second);
            first
        })
    }

    /// The first code stands; words are kept as far as they say something new.
    fn add(&mut self, other: Self) {
        self.code = self.code.take().or(other.code);
        self.symbol = self.symbol.or(other.symbol);
        for text in other.words {
            if !self.words.contains(&text) {
                self.words.push(text);
            }
        }
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The row about it: about its symbol, its code, or the code that its words quote. A 401, a 402 or a 429 is clear by
    /// itself, so there a quoted code of another kind does not count.
    pub(super) fn fact(&self, status: StatusCode) -> Option<&'static ErrorCode> {
        let own = || ErrorCode::find(ANSWERS, self.code()?).or_else(|| passed_on(self.code()?));
        let is_clear = matches!(status.as_u16(), 401 | 402 | 429);
        let quoted = || self.quoted().filter(|fact| !is_clear || fact.kind == kind_of(status));
        self.symbol.or_else(own).or_else(quoted)
    }

    /// The first code of WhatsApp's that the words quote, as it stands there.
    pub(super) fn quoted_code(&self) -> Option<&str> {
        self.words.iter().find_map(|text| platform_codes::quoted_code(text))
    }

    /// The row about the first code of WhatsApp's that the words quote.
    pub(super) fn quoted(&self) -> Option<&'static ErrorCode> {
        let quoted = platform_codes::find(self.quoted_code()?)?;
        // A short number with a `#` is WhatsApp's, not one of Exotel's events.
        ErrorCode::find(EVENTS, quoted.code).filter(|fact| fact.code.len() >= 5).or(Some(quoted))
    }

    pub(super) fn text(&self, or: &str) -> String {
        if self.words.is_empty() { or.to_owned() } else { self.words.join(": ") }
    }

    /// Whether one of its sentences begins with the name of this field: `to is not valid`.
    pub(super) fn blames(&self, field: &str) -> bool {
        self.tokens().any(|mut tokens| tokens.next() == Some(field))
    }

    /// Whether it is about a template: by the word, or by the words that the page has for its parameters (docs, Template
    /// Messages).
    pub(super) fn names_a_template(&self) -> bool {
        const PARAMETERS: [&str; 2] = ["parameter count mismatch", "invalid parameter type"];
        let text = self.text("").to_ascii_lowercase();
        self.tokens().any(|mut tokens| tokens.any(|token| token.eq_ignore_ascii_case("template")))
            || PARAMETERS.iter().any(|words| text.contains(words))
    }

    fn tokens(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        self.words.iter().map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty()))
    }
}

/// The row of a symbol of the window that stands in `text`, exactly and case-sensitively.
fn symbol(text: &str) -> Option<&'static ErrorCode> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .find_map(|token| ANSWERS.iter().find(|fact| fact.certainty == Certainty::Authoritative && fact.code == token))
}
