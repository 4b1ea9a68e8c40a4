//! The wording of configuration problems.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// The error for wrong configuration, with a line for each problem.
pub(crate) fn config_error(problems: Vec<String>) -> Error {
    Error::invalid(ErrorKind::Config, problems)
}

/// Names for an error message: `` `a`, `b`, `c` ``.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The kind of a value in words. Never the value, which may be a secret.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// Resolves a path of the file.
pub(super) fn resolve(folder: &Path, path: &str) -> PathBuf {
    folder.join(path)
}
