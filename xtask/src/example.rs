//! The example adapter, which is a workspace of its own and goes through the same suite.

use std::path::Path;
use std::process::Command;

const FOLDER: &str = "examples/fifth-adapter";

/// What runs its tests: with the versions of this repository's lock file, and into its target folder, so that what is built
/// is built once.
pub(crate) fn tests(arguments: &[String]) -> Result<Command, String> {
    let root = crate::root()?;
    let lock = Path::new("Cargo.lock");
    let folder = root.join(FOLDER);
    std::fs::copy(root.join(lock), folder.join(lock)).map_err(|error| format!("{FOLDER}/Cargo.lock: {error}"))?;
    let mut cargo = crate::cargo();
    cargo
        .args(["test", "--no-fail-fast", "--config", "profile.dev.package.\"*\".debug=false", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .args(arguments);
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        cargo.env("CARGO_TARGET_DIR", root.join("target"));
    }
    Ok(cargo)
}
