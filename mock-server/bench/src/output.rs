//! Lines on the standard output, and errors.

use std::io::{self, Write as _};

/// Prints a line. A closed pipe is no error: its reader has read enough.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

pub(crate) fn other(problem: impl Into<String>) -> io::Error {
    io::Error::other(problem.into())
}
