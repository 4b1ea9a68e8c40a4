//! What the browser tests need beyond Rust: Chromium.

use std::path::Path;
use std::process::{Command, Stdio};

/// Debian's package, and the programs of which one must be there.
const PACKAGE: &str = "chromium";
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds the browser, or installs it as root on Debian.
///
/// # Errors
///
/// A sentence that names the package.
pub(crate) fn ensure(say: impl Fn(&str)) -> Result<(), String> {
    if !is_there() {
        if !(is_root() && Path::new("/etc/debian_version").exists()) {
            return Err(format!("the browser tests need Chromium; on Debian it is the package `{PACKAGE}`"));
        }
        say(&format!("== installing {PACKAGE} for the browser tests\n"));
        let updated = apt(&["update", "--quiet"]);
        let installed = apt(&["install", "--yes", "--quiet", "--no-install-recommends", PACKAGE]);
        if !installed || !is_there() {
            let lists = if updated { "" } else { "; its package lists could not be updated" };
            return Err(format!("apt-get could not install `{PACKAGE}`, which the browser tests need{lists}"));
        }
    }
    say("== the browser tests run in Chromium and leave their pictures in target/screenshots\n");
    Ok(())
}

/// Whether one of the programs is on the path.
fn is_there() -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| PROGRAMS.iter().any(|program| folder.join(program).is_file()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// Its output goes to the standard error, so that what is counted on the standard output stays the tests' own.
fn apt(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(std::io::stderr());
    command.status().is_ok_and(|status| status.success())
}
