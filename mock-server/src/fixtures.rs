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
        }
        assert!(of("nobody").is_empty());
    }
}
