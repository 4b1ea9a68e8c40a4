//! `cargo xtask kill`: deliberate defects, each of which the tests must notice.
//!
//! A defect is a text of the sources and what stands there instead, in a file of `kill-cases/`. Each is applied on its own to a
//! scratch copy of the repository; then the suites that it names run, and at least one test of each name that the defect
//! gives must fail. The run without any defect must pass.

mod defect;
mod outcome;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use defect::{Defect, Suite};
use outcome::{Outcome, Table};

const HELP: &str = "\
Applies deliberate defects, one at a time, in a scratch copy, and checks that the tests notice each.

Usage: cargo xtask kill [OPTIONS]

Options:
  --only TEXT    The defects whose name or file holds TEXT
  --sample N     N of those that are on record as noticed, another choice each day
  --list         Says what there is, and runs nothing
  --record       Keeps what was noticed in conformance-tests/kill-table.json, for the conformance report; after each defect

The table is in target/kill: table.md for people, report.json for programs.
";

/// The table that goes into conformance reports.
const RECORD: &str = "conformance-tests/kill-table.json";

/// Runs the command with these arguments.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let options = match Options::read(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => {
            crate::say(HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            let _ = write!(std::io::stderr(), "error: {problem}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match kill(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => crate::fail(&problem),
    }
}

#[derive(Default)]
struct Options {
    only: Option<String>,
    sample: Option<usize>,
    list: bool,
    record: bool,
}

impl Options {
    /// None: help was asked for.
    fn read(arguments: &[String]) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--only" => options.only = Some(value()?.clone()),
                "--sample" => {
                    let number = value()?;
                    options.sample = Some(number.parse().map_err(|_| format!("--sample {number}: expected a number"))?);
                }
                "--list" => options.list = true,
                "--record" => options.record = true,
                "--help" | "-h" | "help" => return Ok(None),
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        Ok(Some(options))
    }

    fn choose(&self, mut defects: Vec<Defect>, recorded: &[String]) -> Vec<Defect> {
        if let Some(text) = &self.only {
            defects.retain(|defect| defect.name.contains(text) || defect.file.contains(text));
        }
        // Whether a defect is noticed at all is found out by a run of all; a sample finds out whether it still is.
        if self.sample.is_some() {
            defects.retain(|defect| recorded.contains(&defect.name));
        }
        if let Some(sample) = self.sample.filter(|&sample| sample < defects.len()) {
            let day = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let day = usize::try_from(day.as_secs() / 86_400).unwrap_or_default();
            // A stride without a common factor with the number of defects reaches every one of them in turn.
            let (count, start) = (defects.len(), day.wrapping_mul(sample));
            let chosen: Vec<usize> = (0..sample).map(|n| start.wrapping_add(n * (count / sample)) % count).collect();
            let mut at = 0..count;
            defects.retain(|_| at.next().is_some_and(|at| chosen.contains(&at)));
        }
        defects
    }
}

/// Whether every chosen defect was noticed.
fn kill(options: &Options) -> Result<bool, String> {
    let root = crate::root()?;
    let recorded = outcome::recorded(&root.join(RECORD))?;
    let all = defect::all(&root)?;
    let names: Vec<String> = all.iter().map(|defect| defect.name.clone()).collect();
    let defects = options.choose(all, &recorded);
    if options.list {
        for defect in &defects {
            let note = if recorded.contains(&defect.name) { "" } else { " (not on record)" };
            crate::say(&format!("{}: {}{note}\n", defect.file, defect.name));
        }
        let known = defects.iter().filter(|defect| recorded.contains(&defect.name)).count();
        crate::say(&format!("{} defects, {known} on record as noticed\n", defects.len()));
        return Ok(true);
    }
    if defects.is_empty() {
        return Err("no defect has this in its name or file; see --list".to_owned());
    }
    let scratch = Scratch::copy(&root)?;
    crate::say(&format!("{} defects; first, the tests without any\n", defects.len()));
    scratch.control(&defects)?;

    let mut table = Table::default();
    for (number, defect) in defects.iter().enumerate() {
        let begun = Instant::now();
        let outcome = scratch.apply(defect)?;
        crate::say(&format!(
            "{:>3}/{} {} ({} s)\n",
            number + 1,
            defects.len(),
            outcome.line(defect),
            begun.elapsed().as_secs()
        ));
        table.add(defect, outcome);
        // After each, so that a run that is stopped has not run for nothing.
        if options.record {
            table.record(&root.join(RECORD), &names)?;
        }
    }
    let report = root.join("target/kill");
    std::fs::create_dir_all(&report).map_err(|error| format!("{}: {error}", report.display()))?;
    table.write(&report)?;
    crate::say(&table.summary());
    Ok(table.all_killed())
}

/// A copy of the repository's sources, whose builds share the repository's dependencies.
struct Scratch {
    folder: PathBuf,
    target: PathBuf,
}

impl Scratch {
    fn copy(root: &Path) -> Result<Self, String> {
        let target = root.join("target");
        let folder = target.join("kill/tree");
        let _ = std::fs::remove_dir_all(&folder);
        // What git knows or would take up: no build, no secrets that are ignored.
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("git cannot be started: {error}"))?;
        for name in String::from_utf8_lossy(&listed.stdout).split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (root.join(name), folder.join(name));
            // A file that was removed and not yet committed is still listed.
            if !from.is_file() {
                continue;
            }
            let parent = to.parent().unwrap_or(&folder);
            std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
            std::fs::copy(&from, &to).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self { folder, target })
    }

    /// Every suite that any of the defects needs, without a defect.
    fn control(&self, defects: &[Defect]) -> Result<(), String> {
        let mut suites: Vec<Suite> = defects.iter().flat_map(|defect| defect.suites.iter().copied()).collect();
        suites.sort_unstable();
        suites.dedup();
        for suite in suites {
            let tests = self.test(suite)?;
            if !tests.failed.is_empty() || !tests.built {
                return Err(format!("the control run of {suite:?} fails: {:?}\n{}", tests.failed, tests.tail));
            }
            crate::say(&format!("    control: {suite:?} passes, {} tests\n", tests.passed));
        }
        Ok(())
    }

    /// What the tests say of one defect. The sources are as before afterwards.
    fn apply(&self, defect: &Defect) -> Result<Outcome, String> {
        let path = self.folder.join(&defect.file);
        let sound = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", defect.file))?;
        let put = |text: &str| std::fs::write(&path, text).map_err(|error| format!("{}: {error}", defect.file));
        put(&sound.replacen(&defect.find, &defect.replace, 1))?;
        let mut outcome = Outcome::default();
        for &suite in &defect.suites {
            match self.test(suite) {
                Ok(tests) => outcome.take_in(tests),
                Err(problem) => {
                    put(&sound)?;
                    return Err(problem);
                }
            }
        }
        put(&sound)?;
        outcome.judge(defect);
        Ok(outcome)
    }

    fn test(&self, suite: Suite) -> Result<outcome::Tests, String> {
        let output = crate::cargo()
            .arg("test")
            .args(suite.arguments())
            .args(["--locked", "--no-fail-fast"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("RUST_BACKTRACE", "0")
            // Each defect is one small change to crates that are built over and over and debugged never.
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .output()
            .map_err(|error| format!("cargo cannot be started: {error}"))?;
        Ok(outcome::Tests::read(&String::from_utf8_lossy(&output.stdout), &String::from_utf8_lossy(&output.stderr)))
    }
}
