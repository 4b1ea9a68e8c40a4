//! A line for people.

use anstyle::{AnsiColor, Style};

use super::escape::for_terminal;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBT: Style = AnsiColor::Yellow.on_default().bold();

/// A line with our own colours. Every text in it is escaped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(String);

impl Line {
    /// The line, longer by `text`.
    pub(crate) fn text(mut self, text: impl AsRef<str>) -> Self {
        self.0.push_str(&for_terminal(text.as_ref()));
        self
    }

    /// The line, longer by another one.
    pub(crate) fn then(mut self, line: &Self) -> Self {
        self.0.push_str(&line.0);
        self
    }

    /// With escape sequences for the colours.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn painted(style: Style, text: &str) -> Self {
        Self(format!("{style}{}{style:#}", for_terminal(text)))
    }
}

impl<T: AsRef<str>> From<T> for Line {
    fn from(text: T) -> Self {
        Self(for_terminal(text.as_ref()))
    }
}

/// `text` in green.
pub(crate) fn good(text: &str) -> Line {
    Line::painted(GOOD, text)
}

/// `text` in red.
pub(crate) fn bad(text: &str) -> Line {
    Line::painted(BAD, text)
}

/// `text` in yellow.
pub(crate) fn doubt(text: &str) -> Line {
    Line::painted(DOUBT, text)
}
