//! The message of an error, from any documented form of an answer's body.

use transom::adapter::{Certainty, ErrorCode};

use super::answers::ANSWERS;
use crate::types::{Answer, ErrorData, Item};

/// A failure's code, and its words.
#[derive(Debug, Default)]
pub(super) struct ErrorMessage {
    code: Option<String>,
    words: Vec<String>,
}

impl ErrorMessage {
    /// The message of one item's failure.
    pub(super) fn of_item(item: &Item) -> Self {
        item.error_data.as_ref().map(Self::of).unwrap_or_default()
    }

    /// The message of an `error_data` object.
    fn of(data: &ErrorData) -> Self {
        let words = [&data.message, &data.description].into_iter().flatten().cloned().collect();
        Self { code: data.code.clone(), words }
    }

    /// The message of a rejection's body: from its items, else its `RestException`, else the plain members that
    /// gateways use and no page shows. The window's symbols may stand in any of them (seed for the symbols alone).
    pub(super) fn of_answer(answer: &Answer) -> Self {
        let mut said = Self::default();
        for item in answer.items().unwrap_or_default() {
            said.add(Self::of_item(&item));
        }
        if let Some(exception) = answer.rest_exception() {
            said.add(Self { code: exception.code, words: exception.message.into_iter().collect() });
        }
        if let Some(error) = answer.error() {
            said.add(Self::of(&error));
        }
        said.add(Self { code: answer.code(), words: answer.message().into_iter().collect() });
        said
    }

    /// The first code stands; words are kept as far as they say something new.
    fn add(&mut self, other: Self) {
        self.code = self.code.take().or(other.code);
        for text in other.words {
            if !self.words.contains(&text) {
                self.words.push(text);
            }
        }
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The row about it. The window's symbols count wherever they stand, since no page shows their place (seed).
    pub(super) fn fact(&self) -> Option<&'static ErrorCode> {
        let symbol = self.words.iter().find_map(|text| {
            let mut tokens = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
            tokens.find_map(|token| {
                ANSWERS.iter().find(|fact| fact.certainty == Certainty::Authoritative && fact.code == token)
            })
        });
        symbol.or_else(|| ErrorCode::find(ANSWERS, self.code()?))
    }

    pub(super) fn text(&self, or: &str) -> String {
        if self.words.is_empty() { or.to_owned() } else { self.words.join(": ") }
    }

    /// Whether one of its sentences begins with the name of this field: `to is not valid`.
    pub(super) fn blames(&self, field: &str) -> bool {
        self.tokens().any(|mut tokens| tokens.next() == Some(field))
    }

    pub(super) fn names_a_template(&self) -> bool {
        self.tokens().any(|mut tokens| tokens.any(|token| token.eq_ignore_ascii_case("template")))
    }

    fn tokens(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        self.words.iter().map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty()))
    }
}
