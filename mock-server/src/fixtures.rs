//! The documented exchanges of the providers' pages, as data: the files of `fixtures/`, built in. Their README says what
//! stands in one.

use include_dir::{Dir, include_dir};
use serde_json::Value;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// One documented request, and the answer to it where the page shows one.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixture {
    /// The file's name without its ending: `send-freeform-accepted`.
    pub name: String,
    /// What stands in it.
    pub json: Value,
}

/// The exchanges of a provider, by name. None for a provider that is not built in.
pub fn of(provider: &str) -> Vec<Fixture> {
    let files = FILES.get_dir(provider).into_iter().flat_map(Dir::files);
    let mut fixtures: Vec<Fixture> = files
        .filter_map(|file| {
            let name = file.path().file_stem()?.to_str()?.to_owned();
            Some(Fixture { name, json: serde_json::from_slice(file.contents()).ok()? })
        })
        .collect();
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    fixtures
}

/// The documented webhook calls of a provider: the name of each file without its ending, and its text, which holds the very
/// bytes that were signed. None for a provider that is not built in.
pub fn webhooks_of(provider: &str) -> Vec<(&'static str, &'static str)> {
    let files = FILES.get_dir(format!("{provider}/webhooks")).into_iter().flat_map(Dir::files);
    let mut calls: Vec<_> =
        files.filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?))).collect();
    calls.sort_unstable();
    calls
}

/// The kinds of webhook calls that each provider's pages document, as JSON: provider, kind, page.
pub fn webhook_kinds() -> &'static str {
    FILES.get_file("webhook-kinds.json").and_then(include_dir::File::contents_utf8).unwrap_or_default()
}

/// What is documented of every answer of each provider, whatever the call, as JSON: headers, and the answers that any call may
/// get.
pub fn every_answer() -> &'static str {
    FILES.get_file("every-answer.json").and_then(include_dir::File::contents_utf8).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_provider_is_built_in_and_can_be_read() {
        for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
            let folder = format!("{}/fixtures/{provider}", env!("CARGO_MANIFEST_DIR"));
            let entries = std::fs::read_dir(folder).unwrap().flatten();
            let files = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count();
            assert_eq!(of(provider).len(), files, "{provider}");
            assert!(webhooks_of(provider).len() >= 10, "{provider}");
        }
        assert!(of("nobody").is_empty());
    }
}
