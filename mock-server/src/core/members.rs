//! Reads the members of a control body one by one, so that each refusal names the member and the expected form.

use serde_json::{Map, Value};

use crate::core::behavior_switch::list;
use crate::core::error::ControlError;

/// A JSON object. Reading a member removes it.
#[derive(Debug)]
pub(crate) struct Members {
    members: Map<String, Value>,
    /// Goes before every error, for a list of objects.
    place: String,
}

impl Members {
    /// The object that a value is; `place` goes before every error about it.
    pub(crate) fn of(value: Value, place: &str) -> Result<Self, ControlError> {
        match value {
            Value::Object(members) => Ok(Self { members, place: place.to_owned() }),
            other => Err(ControlError::refused(format!("{place}it is {}, expected an object", kind(&other)))),
        }
    }

    /// A member; `null` is the same as none.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ControlError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, &other, "a string")),
        }
    }

    pub(crate) fn needed_text(&mut self, name: &str, expected: &str) -> Result<String, ControlError> {
        self.text(name)?.ok_or_else(|| self.missing(name, expected))
    }

    /// A string that must mean something: `read` turns it into that.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ControlError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match read(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.wrong(name, &Value::String(text), expected)),
        }
    }

    /// As [`parsed`](Self::parsed), and it must be there.
    pub(crate) fn needed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ControlError> {
        self.parsed(name, expected, read)?.ok_or_else(|| self.missing(name, expected))
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, ControlError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.wrong(name, &other, "true or false")),
        }
    }

    /// A whole number within bounds, both included.
    pub(crate) fn number(&mut self, name: &str, least: u64, most: u64) -> Result<Option<u64>, ControlError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|number| (least..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(name, &value, &format!("a whole number from {least} to {most}"))),
            },
        }
    }

    /// A member that is an object; errors about it name both.
    pub(crate) fn object(&mut self, name: &str) -> Result<Self, ControlError> {
        self.optional_object(name)?.ok_or_else(|| self.missing(name, "an object"))
    }

    /// As [`object`](Self::object), if it is there.
    pub(crate) fn optional_object(&mut self, name: &str) -> Result<Option<Self>, ControlError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => Self::of(value, &format!("{}`{name}`: ", self.place)).map(Some),
        }
    }

    /// As [`rows`](Self::rows); none is an empty list.
    pub(crate) fn optional_rows(&mut self, name: &str) -> Result<Vec<Self>, ControlError> {
        if self.members.contains_key(name) { self.rows(name) } else { Ok(Vec::new()) }
    }

    /// A member that is a list of objects; errors about one name its place, counted from 1.
    pub(crate) fn rows(&mut self, name: &str) -> Result<Vec<Self>, ControlError> {
        match self.take(name) {
            None => Err(self.missing(name, "an array of objects")),
            Some(Value::Array(rows)) => {
                let rows = rows.into_iter().enumerate();
                let place = |index: usize| format!("{}`{name}` {}: ", self.place, index + 1);
                rows.map(|(index, row)| Self::of(row, &place(index))).collect()
            }
            Some(other) => Err(self.wrong(name, &other, "an array of objects")),
        }
    }

    /// What is wrong with a member.
    pub(crate) fn wrong(&self, name: &str, value: &Value, expected: &str) -> ControlError {
        let shown = match value {
            Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
            scalar => scalar.to_string(),
        };
        self.error(&format!("`{name}` is {shown}, expected {expected}"))
    }

    pub(crate) fn missing(&self, name: &str, expected: &str) -> ControlError {
        self.error(&format!("`{name}` is missing, expected {expected}"))
    }

    /// Where the object is, without the colon.
    pub(crate) fn place(&self) -> String {
        self.place.trim_end_matches(": ").to_owned()
    }

    pub(crate) fn error(&self, text: &str) -> ControlError {
        ControlError::refused(format!("{}{text}", self.place))
    }

    /// The remaining members, for bodies whose names are not known beforehand.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.members
    }

    /// Refuses whatever was not read; `known` are the names there are.
    pub(crate) fn finish<T: AsRef<str>>(self, known: &[T]) -> Result<(), ControlError> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(unknown) if known.is_empty() => Err(self.error(&format!("unknown member `{unknown}`, expected none"))),
            Some(unknown) => Err(self.error(&format!("unknown member `{unknown}`, expected some of {}", list(known)))),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
