//! Every scenario of the conformance suite again, for every adapter, against the built binary and its control plane: the
//! two fronts of the mock behave alike.

use std::process::ExitCode;

use transom_conformance::{Backend, adapters, run_behind};

fn main() -> ExitCode {
    run_behind(adapters::ALL, &Backend::Binary(env!("CARGO_BIN_EXE_transom").into()))
}
