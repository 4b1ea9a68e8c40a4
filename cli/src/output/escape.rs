//! Escapes what a provider or a contact wrote, so that it changes neither a terminal nor a line of JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Result, Serializer};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// The text with each control and format character and each line break written as an escape such as `\u{1b}`.
pub(crate) fn for_terminal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// One line of JSON. Control and format characters are escaped, U+007F included.
pub(crate) fn json(value: &impl Serialize) -> Result<String> {
    written(value, CompactFormatter)
}

/// As [`json`], on several indented lines.
pub(crate) fn pretty_json(value: &impl Serialize) -> Result<String> {
    written(value, PrettyFormatter::new())
}

fn written(value: &impl Serialize, form: impl Formatter) -> Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Escaping(form)))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

/// Controls (C0, U+007F, C1), format characters such as U+202E, and the separators U+2028 and U+2029.
fn is_escaped(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    !matches!(c, ' '..='~') && matches!(c.general_category(), Control | Format | LineSeparator | ParagraphSeparator)
}

/// Writes JSON as the inner formatter does, with more characters escaped.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
            let (before, after) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = after.strip_prefix(c).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// C0, U+007F, C1, directions, zero-width, a separator, a tag beyond the first plane.
    const HOSTILE: &str =
        "a\u{1b}]0;x\u{7}\n\r\t\u{0}\u{7f}\u{90}\u{9b}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{ad}\u{e0041}b";

    #[test]
    fn hostile_characters_are_escaped() {
        for text in
            [for_terminal(HOSTILE), json(&HOSTILE).unwrap(), pretty_json(&json!({ HOSTILE: [HOSTILE] })).unwrap()]
        {
            let bad: Vec<char> = text.chars().filter(|c| is_escaped(*c) && *c != '\n').collect();
            assert!(bad.is_empty() && text.contains('a') && text.contains('b'), "{bad:?} in {text:?}");
        }
        assert_eq!(for_terminal("\u{1b}[31m\u{9b}\n"), r"\u{1b}[31m\u{9b}\n");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = json!({ HOSTILE: [HOSTILE, "\"\\ é 👍🏽", 1, null, {}, []] });
        for text in [json(&value).unwrap(), pretty_json(&value).unwrap()] {
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }

    #[test]
    fn readable_text_is_unchanged() {
        for text in ["Hello, ~wörld~ \\ \"x\"", "नमस्ते", "こんにちは\u{3000}世界", "مرحبا", "👍🏽", "•••3210"]
        {
            assert_eq!(for_terminal(text), text);
        }
    }
}
