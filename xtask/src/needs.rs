//! Programs that tests run and Cargo does not bring.

use std::path::Path;
use std::process::{Command, Stdio};

/// A program and the Debian package that has it.
#[derive(Debug)]
pub(crate) struct Need {
    package: &'static str,
    /// A command that succeeds where the program is there; one of several may do.
    tries: &'static [&'static [&'static str]],
}

/// What the tests with other people's clients run.
pub(crate) const OF_TESTS: [Need; 3] = [
    Need { package: "curl", tries: &[&["curl", "--version"]] },
    Need { package: "nodejs", tries: &[&["node", "--version"]] },
    Need {
        package: "python3-requests",
        tries: &[&["python3", "-c", "import requests"], &["/usr/bin/python3", "-c", "import requests"]],
    },
];

/// What ties a process to a CPU.
pub(crate) const OF_BENCHES: [Need; 1] = [Need { package: "util-linux", tries: &[&["taskset", "--version"]] }];

/// Installs what is missing, where that is ours to do: as root on Debian.
///
/// # Errors
///
/// Which packages are missing.
pub(crate) fn provide(needs: &[Need]) -> Result<(), String> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    if Path::new("/etc/debian_version").exists() && is_root() {
        let installed = run(&["apt-get", "update", "-q"])
            && run(&[&["apt-get", "install", "-q", "-y", "--no-install-recommends"], missing.as_slice()].concat());
        let missing = self::missing(needs);
        return if installed && missing.is_empty() {
            Ok(())
        } else {
            Err(format!("apt-get could not install {}", missing.join(", ")))
        };
    }
    Err(format!("these tests also need the Debian packages {}, or what brings the same programs", missing.join(", ")))
}

fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !need.tries.iter().any(|command| succeeds(command))).map(|need| need.package).collect()
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

fn run(command: &[&str]) -> bool {
    let Some((program, arguments)) = command.split_first() else { return false };
    let status = Command::new(program).args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_met_by_any_of_its_commands() {
        const NEEDS: [Need; 2] = [
            Need { package: "met", tries: &[&["no-such-program-anywhere"], &["cargo", "--version"]] },
            Need { package: "unmet", tries: &[&["no-such-program-anywhere"]] },
        ];
        assert_eq!(missing(&NEEDS), ["unmet"]);
        assert!(provide(&NEEDS[..1]).is_ok());
    }
}
