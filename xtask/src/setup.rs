//! `cargo xtask setup`: installs the programs that tests run and Cargo does not bring.

use std::path::Path;
use std::process::{Command, Stdio};

/// A Debian package, and commands of which one succeeds if its program is installed.
#[derive(Debug)]
pub(crate) struct Program {
    package: &'static str,
    checks: &'static [&'static [&'static str]],
}

/// The browser tests run Chromium. The tests with other HTTP clients run the rest.
pub(crate) const FOR_TESTS: [Program; 4] = [
    Program {
        package: "chromium",
        checks: &[
            &["sh", "-c", "command -v chromium || command -v chromium-browser"],
            &["sh", "-c", "command -v google-chrome || command -v google-chrome-stable"],
        ],
    },
    Program { package: "curl", checks: &[&["curl", "--version"]] },
    Program { package: "nodejs", checks: &[&["node", "--version"]] },
    Program {
        package: "python3-requests",
        checks: &[&["python3", "-c", "import requests"], &["/usr/bin/python3", "-c", "import requests"]],
    },
];

/// The benchmark ties processes to a CPU with `taskset`.
pub(crate) const FOR_BENCHES: [Program; 1] = [Program { package: "util-linux", checks: &[&["taskset", "--version"]] }];

/// Installs the missing programs by apt if this process is root on Debian.
///
/// # Errors
///
/// Names the packages that are missing.
pub(crate) fn install(programs: &[Program]) -> Result<(), String> {
    let missing = missing(programs);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(", ");
    if !(Path::new("/etc/debian_version").exists() && is_root()) {
        return Err(format!("missing programs; install the Debian packages {names}, or their equivalents"));
    }
    let installed = apt(&["update", "--quiet"])
        && apt(&[&["install", "--quiet", "--yes", "--no-install-recommends"], missing.as_slice()].concat());
    match self::missing(programs) {
        left if installed && left.is_empty() => Ok(()),
        left => Err(format!("apt-get could not install {}", if left.is_empty() { names } else { left.join(", ") })),
    }
}

fn missing(programs: &[Program]) -> Vec<&'static str> {
    let absent = programs.iter().filter(|program| !program.checks.iter().any(|command| succeeds(command)));
    absent.map(|program| program.package).collect()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn succeeds(command: &[&str]) -> bool {
    let Some((program, arguments)) = command.split_first() else { return false };
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Runs `apt-get`. Its output goes to the standard error: the standard output is only for test results.
fn apt(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(std::io::stderr());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_successful_check_is_enough() {
        const PROGRAMS: [Program; 2] = [
            Program { package: "met", checks: &[&["no-such-program-anywhere"], &["cargo", "--version"]] },
            Program { package: "unmet", checks: &[&["no-such-program-anywhere"]] },
        ];
        assert_eq!(missing(&PROGRAMS), ["unmet"]);
        assert!(install(&PROGRAMS[..1]).is_ok());
    }
}
