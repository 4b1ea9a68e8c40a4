//! Runs the conformance suite for each adapter against the built binary: it behaves as the mock in the process.

use std::process::ExitCode;

use transom_conformance::{Backend, adapters, run_behind};

fn main() -> ExitCode {
    run_behind(adapters::ALL, &Backend::Binary(env!("CARGO_BIN_EXE_transom").into()))
}
