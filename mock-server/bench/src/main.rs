//! What the mock costs: throughput and CPU time for each request against a bare server and against wiremock, in one run, and
//! what a million contacts cost in time and memory. Then the figures that the mock is held to, each beside its limit.
//!
//! Every speed is a ratio to a bare server that was measured right before, since absolute ones move with the machine.

mod figures;
mod load;
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

/// Prints a line; a reader that has gone away has read what it wanted.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn other(problem: impl Into<String>) -> io::Error {
    io::Error::other(problem.into())
}
