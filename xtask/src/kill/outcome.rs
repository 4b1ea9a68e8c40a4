//! What the tests said of a defect.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::defect::Defect;

/// One run of tests.
#[derive(Debug, Default)]
pub(super) struct Tests {
    /// Whether it came to running tests.
    pub(super) built: bool,
    pub(super) passed: u64,
    pub(super) failed: Vec<String>,
    /// The end of what the compiler said.
    pub(super) tail: String,
}

impl Tests {
    pub(super) fn read(stdout: &str, stderr: &str) -> Self {
        let mut tests = Self::default();
        for line in stdout.lines() {
            if let Some(result) = line.strip_prefix("test result: ") {
                tests.built = true;
                let passed = result.split("passed").next().and_then(|text| text.trim().rsplit(' ').next());
                tests.passed += passed.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
            } else if let Some(name) = failed_test(line) {
                tests.failed.push(name.to_owned());
            }
        }
        // One that ends in an abort leaves no summary, but a name behind its last `test`.
        let last: Vec<&str> = stderr.lines().rev().take(12).collect();
        tests.tail = last.into_iter().rev().collect::<Vec<_>>().join("\n");
        tests
    }
}

/// `test a::b ... FAILED`, with or without blanks for alignment.
fn failed_test(line: &str) -> Option<&str> {
    let (name, verdict) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    (verdict == "FAILED").then(|| name.trim())
}

/// What became of one defect.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    /// The tests that failed.
    caught_by: Vec<String>,
    /// What it should have been caught by and was not.
    missed: Vec<String>,
    /// It did not compile, so that no test was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_built: Option<String>,
}

impl Outcome {
    pub(super) fn take_in(&mut self, tests: Tests) {
        if !tests.built {
            self.not_built = Some(tests.tail);
        }
        self.caught_by.extend(tests.failed);
    }

    pub(super) fn judge(&mut self, defect: &Defect) {
        let caught = |part: &&String| self.caught_by.iter().any(|test| test.contains(part.as_str()));
        self.missed = defect.caught_by.iter().filter(|part| !caught(part)).cloned().collect();
    }

    fn is_killed(&self) -> bool {
        self.not_built.is_none() && self.missed.is_empty() && !self.caught_by.is_empty()
    }

    pub(super) fn line(&self, defect: &Defect) -> String {
        let name = &defect.name;
        if let Some(why) = &self.not_built {
            return format!("DOES NOT COMPILE  {name}\n{why}");
        }
        if !self.is_killed() {
            return format!("SURVIVED  {name}: nothing failed of {:?}; {} others", self.missed, self.caught_by.len());
        }
        let first = self.caught_by.iter().find(|test| defect.caught_by.iter().any(|part| test.contains(part.as_str())));
        format!("killed    {name}: {} tests, {}", self.caught_by.len(), first.map_or("", String::as_str))
    }
}

/// Every defect with what became of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Table {
    defects: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    file: String,
    killed: bool,
    /// Parts of the names of the tests that must notice it.
    #[serde(skip)]
    expected: Vec<String>,
    #[serde(flatten)]
    outcome: Outcome,
}

impl Row {
    /// The first test for each name that the defect gives.
    fn named(&self) -> Vec<&str> {
        let mut named: Vec<&str> = Vec::new();
        for part in &self.expected {
            let first = self.outcome.caught_by.iter().find(|test| test.contains(part.as_str()));
            named.extend(first.map(String::as_str).filter(|first| !named.contains(first)));
        }
        named
    }

    fn recorded(&self) -> Kept {
        Kept {
            name: self.name.clone(),
            file: self.file.clone(),
            failed: self.outcome.caught_by.len(),
            noticed_by: self.named().into_iter().map(str::to_owned).collect(),
            recorded: today(),
        }
    }
}

/// A line of the table that conformance reports show.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    file: String,
    failed: usize,
    noticed_by: Vec<String>,
    recorded: String,
}

fn kept(path: &Path) -> Result<Vec<Kept>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The names of the defects that are on record as noticed.
pub(super) fn recorded(path: &Path) -> Result<Vec<String>, String> {
    Ok(kept(path)?.into_iter().map(|row| row.name).collect())
}

/// `YYYY-MM-DD`, in UTC.
fn today() -> String {
    jiff::Timestamp::now().strftime("%F").to_string()
}

impl Table {
    pub(super) fn add(&mut self, defect: &Defect, outcome: Outcome) {
        let row = Row {
            name: defect.name.clone(),
            file: defect.file.clone(),
            killed: outcome.is_killed(),
            expected: defect.caught_by.clone(),
            outcome,
        };
        self.defects.push(row);
    }

    pub(super) fn all_killed(&self) -> bool {
        self.defects.iter().all(|row| row.killed)
    }

    /// Writes the table into `folder`, for programs and for people.
    pub(super) fn write(&self, folder: &Path) -> Result<(), String> {
        let json = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        for (name, text) in [("report.json", json), ("table.md", self.markdown())] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// Keeps what a conformance report shows of it, beside what was kept of other defects that there still are.
    pub(super) fn record(&self, path: &Path, known: &[String]) -> Result<(), String> {
        let problem = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let mut rows = kept(path)?;
        rows.retain(|row| known.contains(&row.name) && self.defects.iter().all(|run| run.name != row.name));
        rows.extend(self.defects.iter().filter(|row| row.killed).map(Row::recorded));
        // In the order of the files, so that a part that is run again changes its own lines alone.
        rows.sort_by_key(|row| known.iter().position(|name| *name == row.name));
        let text = serde_json::to_string_pretty(&rows).map_err(|error| problem(&error))? + "\n";
        std::fs::write(path, text).map_err(|error| problem(&error))
    }

    fn markdown(&self) -> String {
        let mut text =
            "| defect | file | killed | tests that failed | among them |\n|---|---|---|---|---|\n".to_owned();
        for row in &self.defects {
            let killed = if row.killed { "yes" } else { "NO" };
            let among = row.named().join("<br>");
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {killed} | {} | {among} |",
                row.name,
                row.file,
                row.outcome.caught_by.len()
            );
        }
        text
    }

    pub(super) fn summary(&self) -> String {
        let mut text = String::new();
        let survivors: Vec<&Row> = self.defects.iter().filter(|row| !row.killed).collect();
        for row in &survivors {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "not killed: {} ({})", row.name, row.file);
        }
        let _ = writeln!(
            text,
            "{} defects, {} killed, {} not; the table is in target/kill/table.md",
            self.defects.len(),
            self.defects.len() - survivors.len(),
            survivors.len()
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_read_from_either_runners_lines() {
        let stdout = "test exotel::window::a ... ok\ntest exotel::window::bb     ... FAILED\ntest c ... FAILED\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let tests = Tests::read(stdout, "");
        assert_eq!((tests.built, tests.passed, tests.failed), (true, 1, vec!["exotel::window::bb".into(), "c".into()]));
    }

    #[test]
    fn a_defect_is_killed_only_by_the_tests_that_it_names() {
        let defect = Defect {
            name: "x".into(),
            file: "f".into(),
            find: "a".into(),
            replace: "b".into(),
            suites: Vec::new(),
            caught_by: vec!["window::".into()],
        };
        let outcome = |failed: &[&str], built| {
            let mut outcome = Outcome::default();
            let failed = failed.iter().map(|&name| name.to_owned()).collect();
            outcome.take_in(Tests { built, failed, ..Tests::default() });
            outcome.judge(&defect);
            outcome.is_killed()
        };
        assert!(outcome(&["exotel::window::a"], true));
        assert!(!outcome(&["exotel::sending::a"], true) && !outcome(&[], true) && !outcome(&[], false));
    }
}
