//! The folder of `--report`.

use std::path::Path;

use crate::output::Failure;

/// Creates the folder and checks that it is writable, before any case runs.
pub(super) fn prepare(folder: &Path) -> Result<(), Failure> {
    let probe = folder.join("report.json");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::OpenOptions::new().create(true).append(true).open(&probe).map(drop))
        .map_err(|error| write_failure(folder, &error))
}

/// The failure for a report that cannot be written.
pub(super) fn write_failure(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("--report {}: {error}", folder.display()))
}
