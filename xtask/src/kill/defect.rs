//! The defects, as data.

use std::path::Path;

use serde::Deserialize;

/// One thing that somebody could get wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Defect {
    /// What is wrong, in words.
    pub(super) name: String,
    /// The file, from the root of the repository.
    pub(super) file: String,
    /// What stands there; exactly once.
    pub(super) find: String,
    /// What stands there instead.
    pub(super) replace: String,
    /// What runs.
    pub(super) suites: Vec<Suite>,
    /// Parts of names of tests. For each, at least one test whose name holds it must fail.
    pub(super) caught_by: Vec<String>,
}

/// A set of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Suite {
    /// The conformance suite of each adapter, behind wiremock.
    Conformance,
    /// The sdk's own tests.
    Sdk,
    /// The simulators' own tests.
    Simulators,
    /// The adapters' own tests.
    Adapters,
    /// The fault matrix.
    Faults,
    /// The documented requests, produced by the adapters.
    Fixtures,
}

impl Suite {
    pub(super) fn arguments(self) -> Vec<&'static str> {
        let text = match self {
            Self::Conformance => {
                "-p transom-conformance --test autocalls --test exotel --test gosendapi --test messangi"
            }
            Self::Sdk => "-p transom --lib --tests",
            Self::Simulators => "-p transom-mock-server --lib --tests",
            Self::Adapters => "-p transom-autocalls -p transom-exotel -p transom-gosendapi -p transom-messangi --lib",
            Self::Faults => "-p transom-faults --tests",
            Self::Fixtures => "-p transom-conformance --test fixtures",
        };
        text.split(' ').collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    defect: Vec<Defect>,
}

/// Every defect of `kill-cases/`, checked against the sources.
pub(super) fn all(root: &Path) -> Result<Vec<Defect>, String> {
    let folder = root.join("kill-cases");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut defects: Vec<Defect> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        defects.extend(file.defect);
    }
    for defect in &defects {
        defect.check(root)?;
    }
    Ok(defects)
}

impl Defect {
    fn check(&self, root: &Path) -> Result<(), String> {
        let wrong = |what: String| Err(format!("the defect `{}`: {what}", self.name));
        let text = match std::fs::read_to_string(root.join(&self.file)) {
            Ok(text) => text,
            Err(error) => return wrong(format!("{}: {error}", self.file)),
        };
        match text.matches(&self.find).count() {
            1 if self.find == self.replace => wrong("it changes nothing".to_owned()),
            1 if self.suites.is_empty() || self.caught_by.is_empty() => wrong("it names no test".to_owned()),
            1 => Ok(()),
            count => wrong(format!("`{}` stands {count} times in {}, expected once", self.find, self.file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_still_has_its_place_in_the_sources_and_a_name_of_its_own() {
        let defects = all(&crate::root().unwrap()).unwrap();
        assert!(defects.len() >= 60, "{}", defects.len());
        let names: std::collections::BTreeSet<_> = defects.iter().map(|defect| &defect.name).collect();
        assert_eq!(names.len(), defects.len());
    }

    #[test]
    fn the_recorded_table_has_no_defect_that_there_is_not() {
        let root = crate::root().unwrap();
        let text = std::fs::read_to_string(root.join(super::super::RECORD)).unwrap();
        let table: serde_json::Value = serde_json::from_str(&text).unwrap();
        let recorded: std::collections::BTreeSet<_> =
            table.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        let there: std::collections::BTreeSet<_> = all(&root).unwrap().into_iter().map(|defect| defect.name).collect();
        assert!(recorded.is_subset(&there), "record it anew: cargo xtask kill --record");
    }
}
