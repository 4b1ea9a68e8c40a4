//! The keys by which a repeated event is recognised.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Builds a key from the parts that identify an event. The parts are hashed with their lengths, so that `a`, `bc` differs
/// from `ab`, `c`. Keys are stored by applications: the construction must never change.
pub(super) struct KeyBuilder(Sha256);

impl KeyBuilder {
    /// A key for an event of this type.
    pub(super) fn new(kind: &str) -> Self {
        Self(Sha256::new()).with(kind)
    }

    pub(super) fn with(mut self, part: &str) -> Self {
        self.0.update(part.len().to_string());
        self.0.update(":");
        self.0.update(part);
        self
    }

    /// Adds a value; the order of an object's members does not count.
    pub(super) fn with_value(self, value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                let begun = self.with("{");
                members.into_iter().fold(begun, |key, (name, value)| key.with(name).with_value(value)).with("}")
            }
            Value::Array(items) => items.iter().fold(self.with("["), Self::with_value).with("]"),
            scalar => self.with(&scalar.to_string()),
        }
    }

    /// The first 128 bits, in hexadecimal.
    pub(super) fn finish(self) -> String {
        self.0.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
