//! Measures the mock: throughput and CPU time of a request compared to a bare server and to wiremock, the cost of a million
//! contacts, and the figures with a limit.
//!
//! Each speed is a ratio to a bare server measured right before, because absolute speeds vary with the machine.

mod figures;
mod load;
mod measure;
mod output;
mod peers;
mod report;
mod requests;
mod servers;

use std::io::{self, Write as _};
use std::process::ExitCode;

const HELP: &str = "Usage: transom-mock-bench run PATH_OF_TRANSOM [--quick]\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["run", transom] => report::run(transom, false),
        ["run", transom, "--quick"] => report::run(transom, true),
        ["floor"] => peers::floor(),
        ["wiremock"] => peers::wiremock(),
        ["load", rest @ ..] => load::run(rest),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, HELP)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}
