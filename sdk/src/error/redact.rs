//! What becomes of a provider's words before they stand in an error.

use std::error::Error as StdError;
use std::fmt;

/// The text of a cause. The cause itself is not kept: what it says may be a provider's words, and with those a credential
/// or a phone number.
#[derive(Clone)]
pub(super) struct Cause {
    text: String,
    source: Option<Box<Self>>,
}

impl Cause {
    /// The texts of `error` and of its causes. Of an error of serde only where it is: it quotes what it could not read.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let text = match error.downcast_ref::<serde_json::Error>() {
            Some(unread) => json_place(unread),
            None => one_line(&error.to_string(), 400),
        };
        Self { text, source: error.source().map(|source| Box::new(Self::of(source))) }
    }

    pub(super) fn rewrite(&mut self, rewrite: &impl Fn(&str) -> String) {
        self.text = rewrite(&self.text);
        if let Some(source) = &mut self.source {
            source.rewrite(rewrite);
        }
    }
}

/// The kind and the place of an error in JSON.
fn json_place(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Io => "it could not be read",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a value is not of the documented type",
        serde_json::error::Category::Eof => "it ends too early",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple("Cause");
        shown.field(&self.text);
        if let Some(source) = &self.source {
            shown.field(source);
        }
        shown.finish()
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// `text` with every run of white space and control characters as one space, cut at `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit { line } else { line.chars().take(limit).chain(['…']).collect() }
}
