//! `cargo xtask mutants`: changes the code in small ways, and checks that a test fails for each change.
//!
//! `cargo-mutants` makes the changes. This command installs it, and names the tests for each part of the code: first fast
//! ones, and slower ones for the mutants that these missed. `.cargo/mutants.toml` has the other settings.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::tools::{cargo, fail, root, say, target, usage_error};

const HELP: &str = "\
Change the code in small ways, one at a time in a copy, and check that a test fails for each change.

Usage: cargo xtask mutants [OPTIONS] [-- ARGS]

Options:
  --only NAME      Only this part; `--list` names them
  --in-diff BASE   Only lines that changed since this commit
  --sample N       At most N mutants, and no test run without a mutant before
  --list           Print the number of mutants in each part, and run none

ARGS go to `cargo mutants`. Results are in target/mutants/NAME/stage-N/mutants.out. Fails if tests catch less than 95 % of the
mutants; of fewer than 20 mutants, one may be missed.
";

const VERSION: &str = "27.1.0";

/// A part of the code, and the tests that must notice its mutants.
struct Part {
    name: &'static str,
    files: &'static [&'static str],
    stages: &'static [Stage],
}

/// Tests of some packages. A later, slower stage only runs for mutants that the earlier stages missed.
struct Stage {
    packages: &'static [&'static str],
    tests: &'static [&'static str],
}

impl Stage {
    /// Whether the tests pass without a mutant.
    fn passes(&self) -> Result<bool, String> {
        let mut command = cargo();
        command.args(["test", "--quiet", "--all-features"]).args(self.tests).stdout(Stdio::null());
        for package in self.packages {
            command.args(["--package", package]);
        }
        settings(&mut command).status().map(|status| status.success()).map_err(|error| cannot_start(&error))
    }
}

const SDK: &[Stage] = &[
    Stage { packages: &["transom"], tests: &["--lib", "--test=layers"] },
    Stage { packages: &["transom"], tests: &["--tests"] },
];

const PARTS: [Part; 7] = [
    Part { name: "retry", files: &["sdk/src/layers/retry/*.rs"], stages: SDK },
    Part {
        name: "layers",
        files: &["sdk/src/layers/*.rs", "sdk/src/layers/rate_limit/*.rs", "sdk/src/failover/*.rs"],
        stages: SDK,
    },
    Part {
        name: "autocalls",
        files: &["adapters/autocalls/src/error.rs", "adapters/autocalls/src/error/*.rs"],
        stages: &[
            Stage { packages: &["transom-autocalls"], tests: &["--lib"] },
            Stage { packages: &["transom-conformance"], tests: &["--test=autocalls"] },
        ],
    },
    Part {
        name: "exotel",
        files: &["adapters/exotel/src/error.rs", "adapters/exotel/src/error/*.rs"],
        stages: &[
            Stage { packages: &["transom-exotel"], tests: &["--lib"] },
            Stage { packages: &["transom-conformance"], tests: &["--test=exotel"] },
        ],
    },
    Part {
        name: "gosendapi",
        files: &["adapters/gosendapi/src/error.rs", "adapters/gosendapi/src/error/*.rs"],
        stages: &[
            Stage { packages: &["transom-gosendapi"], tests: &["--lib"] },
            Stage { packages: &["transom-conformance"], tests: &["--test=gosendapi"] },
        ],
    },
    Part {
        name: "messangi",
        files: &["adapters/messangi/src/error.rs", "adapters/messangi/src/error/*.rs"],
        stages: &[
            Stage { packages: &["transom-messangi"], tests: &["--lib"] },
            Stage { packages: &["transom-conformance"], tests: &["--test=messangi"] },
        ],
    },
    Part {
        name: "simulators",
        files: &["mock-server/src/simulators/**/*.rs"],
        stages: &[
            Stage { packages: &["transom-mock-server"], tests: &["--lib"] },
            Stage { packages: &["transom-mock-server"], tests: &["--tests"] },
        ],
    },
];

#[derive(Default)]
struct Options<'a> {
    only: Option<&'a Part>,
    in_diff: Option<&'a str>,
    sample: Option<usize>,
    list: bool,
    rest: Vec<&'a str>,
}

/// Runs the command with these arguments.
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let options = match options(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => {
            say(HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => return usage_error(&format!("{problem}\n\n{HELP}")),
    };
    match check(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => fail(&problem),
    }
}

/// Returns `None` if help was asked for.
fn options<'a>(arguments: &[&'a str]) -> Result<Option<Options<'a>>, String> {
    let mut options = Options::default();
    let mut rest = arguments.iter().copied();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument}: expected a value"));
        match argument {
            "--only" => {
                let name = value()?;
                let part = PARTS.iter().find(|part| part.name == name);
                let names = || PARTS.each_ref().map(|part| part.name).join(", ");
                options.only = Some(part.ok_or_else(|| format!("--only {name}: expected one of {}", names()))?);
            }
            "--in-diff" => options.in_diff = Some(value()?),
            "--sample" => {
                let number = value()?;
                let sample = number.parse().ok().filter(|&sample| sample > 0);
                options.sample = Some(sample.ok_or_else(|| format!("--sample {number}: expected a positive number"))?);
            }
            "--list" => options.list = true,
            "--" => {
                options.rest = rest.collect();
                break;
            }
            "--help" | "-h" => return Ok(None),
            unknown => return Err(format!("unknown argument `{unknown}`")),
        }
    }
    Ok(Some(options))
}

/// Whether the tests caught enough mutants.
fn check(options: &Options<'_>) -> Result<bool, String> {
    let folder = target().join("mutants");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut filter = Vec::new();
    if let Some(base) = options.in_diff {
        let Some(diff) = diff(base) else {
            say(&format!("mutants: skipped: this repository has no commit `{base}` to compare with\n"));
            return Ok(true);
        };
        let file = folder.join("in.diff");
        fs::write(&file, diff).map_err(|error| format!("{}: {error}", file.display()))?;
        filter = vec!["--in-diff".to_owned(), file.display().to_string()];
    }
    install()?;

    let parts: Vec<(&Part, usize)> = PARTS
        .iter()
        .filter(|part| options.only.is_none_or(|only| only.name == part.name))
        .map(|part| count(part, &filter, &options.rest).map(|count| (part, count)))
        .collect::<Result<_, _>>()?;
    if let Some((part, _)) =
        parts.iter().find(|(_, count)| *count == 0 && options.in_diff.is_none() && options.rest.is_empty())
    {
        return Err(format!("part `{}` has no mutants; expected its files to be {}", part.name, part.files.join(", ")));
    }
    let all: usize = parts.iter().map(|(_, count)| count).sum();
    if options.list {
        for (part, count) in parts {
            say(&format!("{:12} {count:>5}\n", part.name));
        }
        return Ok(true);
    }
    if all == 0 {
        say("mutants: skipped: no mutant in these lines\n");
        return Ok(true);
    }
    let mut tally = Tally::default();
    let mut left = options.sample.unwrap_or(all);
    for (part, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
        if left == 0 {
            break;
        }
        let mut choice = options.rest.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>();
        if options.sample.is_some() {
            let shards = count.div_ceil(left);
            choice.extend(["--sharding", "round-robin", "--shard"].map(str::to_owned));
            choice.push(format!("0/{shards}"));
            left -= count.div_ceil(shards).min(left);
        }
        tally.add(part, run_part(part, &filter, choice, options.sample.is_some())?);
    }
    say(&tally.summary());
    Ok(tally.is_enough())
}

/// Runs the stages of a part until the tests caught all mutants of `choice`.
fn run_part(part: &Part, filter: &[String], mut choice: Vec<String>, is_sample: bool) -> Result<Lists, String> {
    let mut total = Lists::default();
    for (number, stage) in (1..).zip(part.stages) {
        // With `--sample`, the tests have just passed without a mutant. `cargo mutants` itself would run other packages.
        if !is_sample && !stage.passes()? {
            return Err(format!("the tests of part `{}` fail without a mutant", part.name));
        }
        let output = target().join("mutants").join(part.name).join(format!("stage-{number}"));
        let mut command = mutants(part, filter);
        command.args(["--baseline", "skip", "--timeout", "120", "--output"]).arg(&output).args(&choice);
        for package in stage.packages {
            command.args(["--test-package", package]);
        }
        // Also limits what is built, unlike arguments behind `--`.
        command.args(stage.tests.iter().map(|argument| format!("--cargo-arg={argument}")));
        let _ = fs::remove_dir_all(&output);
        fs::create_dir_all(&output).map_err(|error| format!("{}: {error}", output.display()))?;
        let status = command.status().map_err(|error| cannot_start(&error))?;
        // 0: all caught; 2: some were missed; 3: some tests ran too long, which counts as caught.
        if !matches!(status.code(), Some(0 | 2 | 3)) {
            return Err(format!("cargo mutants failed in part `{}`: {status}", part.name));
        }
        let lists = Lists::read(&output.join("mutants.out"))?;
        if number > 1 && lists.caught + lists.missed.len() + lists.unviable != total.missed.len() {
            return Err("the sources changed during the run".to_owned());
        }
        total.caught += lists.caught;
        total.unviable += lists.unviable;
        total.missed = lists.missed;
        if total.missed.is_empty() {
            break;
        }
        choice = total.missed.iter().flat_map(|mutant| ["--re".to_owned(), exactly(mutant)]).collect();
    }
    Ok(total)
}

/// A regular expression for this name.
fn exactly(name: &str) -> String {
    let escaped = name.chars().flat_map(|c| r"\.+*?()|[]{}^$".contains(c).then_some('\\').into_iter().chain([c]));
    format!("^{}$", escaped.collect::<String>())
}

/// The changes since `base`, or `None` if that commit is not here.
fn diff(base: &str) -> Option<Vec<u8>> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root()).output().ok()?;
        output.status.success().then_some(output.stdout)
    };
    git(&["rev-parse", "--verify", "--quiet", &format!("{base}^{{commit}}")])?;
    git(&["diff", "--no-ext-diff", base, "--", "*.rs"])
}

fn install() -> Result<(), String> {
    let version = cargo().args(["mutants", "--version"]).output();
    if version.is_ok_and(|output| output.stdout.ends_with(format!(" {VERSION}\n").as_bytes())) {
        return Ok(());
    }
    // A debug build takes a third of the time, and the tool mostly waits for builds and tests.
    let install = ["install", "cargo-mutants", "--locked", "--debug", "--version", VERSION];
    let status = cargo().args(install).env_remove("CARGO_TARGET_DIR").status().map_err(|error| cannot_start(&error))?;
    if status.success() { Ok(()) } else { Err(format!("cargo-mutants {VERSION} cannot be installed")) }
}

/// `cargo mutants` for this part.
fn mutants(part: &Part, filter: &[String]) -> Command {
    let mut command = cargo();
    command.args(["mutants", "--workspace", "--all-features", "--no-shuffle", "--colors", "never"]).args(filter);
    for file in part.files {
        command.args(["--file", file]);
    }
    settings(&mut command);
    command
}

/// One target folder for all copies and for the tests: the dependencies are built once.
fn settings(command: &mut Command) -> &mut Command {
    command
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "1")
}

fn count(part: &Part, filter: &[String], rest: &[&str]) -> Result<usize, String> {
    let output = mutants(part, filter).arg("--list").args(rest).output().map_err(|error| cannot_start(&error))?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo mutants --list failed in part `{}`: {}", part.name, problem.trim()));
    }
    Ok(output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count())
}

fn cannot_start(error: &std::io::Error) -> String {
    format!("cargo cannot be started: {error}")
}

/// The mutants of one run.
#[derive(Default)]
struct Lists {
    caught: usize,
    missed: Vec<String>,
    unviable: usize,
}

impl Lists {
    /// Reads the lists that `cargo mutants` wrote.
    fn read(folder: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            let file = folder.join(name);
            let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            Ok::<Vec<String>, String>(text.lines().map(str::to_owned).collect())
        };
        let caught = read("caught.txt")?.len() + read("timeout.txt")?.len();
        Ok(Self { caught, missed: read("missed.txt")?, unviable: read("unviable.txt")?.len() })
    }
}

/// The mutants of all parts.
#[derive(Default)]
struct Tally(Lists);

impl Tally {
    fn add(&mut self, part: &Part, lists: Lists) {
        let Lists { caught, missed, unviable } = lists;
        say(&format!("{}: {caught} caught, {} missed, {unviable} did not compile\n", part.name, missed.len()));
        self.0.caught += caught;
        self.0.unviable += unviable;
        self.0.missed.extend(missed);
    }

    fn is_enough(&self) -> bool {
        let all = self.0.caught + self.0.missed.len();
        self.0.missed.len() * 20 <= all.max(20)
    }

    #[allow(clippy::cast_precision_loss, reason = "a percentage for people")]
    fn summary(&self) -> String {
        let missed: String = self.0.missed.iter().flat_map(|mutant| ["missed: ", mutant, "\n"]).collect();
        let all = self.0.caught + self.0.missed.len();
        let percent = 100.0 * self.0.caught as f64 / all.max(1) as f64;
        format!(
            "{missed}mutants: {} of {all} caught ({percent:.1} %), {} did not compile\n",
            self.0.caught, self.0.unviable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(caught: usize, missed: usize) -> Tally {
        Tally(Lists {
            caught,
            missed: vec!["sdk/src/x.rs: replace x -> bool with true".to_owned(); missed],
            unviable: 1,
        })
    }

    #[test]
    fn one_mutant_in_twenty_may_be_missed() {
        assert!(tally(95, 5).is_enough());
        assert!(!tally(94, 6).is_enough());
        assert!(tally(3, 1).is_enough(), "one of a few");
        assert!(!tally(3, 2).is_enough());
    }

    #[test]
    fn summary_names_missed_mutants() {
        let summary = tally(3, 1).summary();
        let expected =
            "missed: sdk/src/x.rs: replace x -> bool with true\nmutants: 3 of 4 caught (75.0 %), 1 did not compile\n";
        assert_eq!(summary, expected);
    }

    #[test]
    fn expression_for_a_name_escapes_punctuation() {
        assert_eq!(
            exactly("a/b.rs:1:5: replace f -> Option<u8> with ()"),
            r"^a/b\.rs:1:5: replace f -> Option<u8> with \(\)$"
        );
    }

    #[test]
    fn options_name_what_is_wrong() {
        let problem = |arguments: &[&str]| options(arguments).err().unwrap_or_default();
        assert!(problem(&["--only", "nothing"]).starts_with("--only nothing: expected one of retry, layers, "));
        assert_eq!(problem(&["--sample", "0"]), "--sample 0: expected a positive number");
        assert_eq!(problem(&["--in-diff"]), "--in-diff: expected a value");
        assert_eq!(problem(&["--fast"]), "unknown argument `--fast`");
        let found = options(&["--only", "retry", "--sample", "2", "--", "--re", "x"]).unwrap().unwrap();
        assert_eq!((found.only.unwrap().name, found.sample, found.rest), ("retry", Some(2), vec!["--re", "x"]));
    }
}
