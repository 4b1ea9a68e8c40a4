//! Every row of the fault matrix, for every adapter that it concerns.

use std::process::ExitCode;

fn main() -> ExitCode {
    transom_conformance::faults::run()
}
