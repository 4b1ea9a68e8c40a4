//! The wording of configuration problems.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// More problems are only counted.
pub(super) const MOST_PROBLEMS: usize = 100;
/// The longest name that is shown whole.
const LONGEST_NAME: usize = 80;

/// The error for wrong configuration, with a line for each problem.
pub(crate) fn config_error(problems: Vec<String>) -> Error {
    Error::invalid(ErrorKind::Config, bounded(problems))
}

/// The first problems, and a line with the number of the others.
pub(super) fn bounded(mut problems: Vec<String>) -> Vec<String> {
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    if more > 0 {
        problems.truncate(MOST_PROBLEMS);
        problems.push(format!("and {more} more problems"));
    }
    problems
}

/// The known name that `name` most likely means, if one is close: at most one letter in three differs.
fn similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let distances = known.into_iter().map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (distance, meant) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.chars().count().max(3) / 3).then_some(meant)
}

/// The end of a message about an unknown `name`: `` (did you mean `x`?)`` if a known name is close, else nothing.
pub fn hint<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    similar(name, known).map(|meant| format!(" (did you mean `{meant}`?)")).unwrap_or_default()
}

/// A name of the file, cut if it is long.
pub(super) fn cut(name: &str) -> String {
    let mut shown: String = name.chars().take(LONGEST_NAME).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_name_is_suggested_and_a_distant_one_is_not() {
        let known = ["exotel", "autocalls", "gosendapi", "messangi"];
        for (name, meant) in [("exotl", Some("exotel")), ("messagni", Some("messangi")), ("acme", None), ("", None)] {
            assert_eq!(similar(name, known), meant, "{name}");
        }
        assert_eq!(similar(&"x".repeat(100_000), known), None);
    }

    #[test]
    fn long_list_of_problems_is_counted() {
        let many = bounded(vec!["a".to_owned(); 1_000]);
        assert_eq!((many.len(), many.last().map(String::as_str)), (101, Some("and 900 more problems")));
        assert_eq!(bounded(vec!["a".to_owned(); 100]).len(), 100);
    }
}
