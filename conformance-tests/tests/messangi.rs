//! Every scenario of the suite, for this adapter.

use std::process::ExitCode;

fn main() -> ExitCode {
    transom_conformance::run(&transom_conformance::adapters::MESSANGI)
}
