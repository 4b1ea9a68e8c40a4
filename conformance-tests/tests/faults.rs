//! Every row of the fault matrix, for every adapter that it concerns.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    transom_conformance::faults::run(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verdicts.md")))
}
