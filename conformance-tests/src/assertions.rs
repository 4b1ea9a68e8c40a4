//! Saying what was expected and what came.

use std::fmt::{self, Debug, Display};

use transom::{Error, ErrorKind, Receipt, Result, Sent};

/// `Err` says which part of the contract was broken.
pub(crate) type Check = std::result::Result<(), Failure>;

/// How a contract was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub says: String,
    /// What the contract demands, where it is one value.
    pub expected: Option<String>,
    /// What came instead.
    pub observed: Option<String>,
}

impl Failure {
    /// The same, found at a certain place.
    #[must_use]
    pub(crate) fn at(self, place: impl Display) -> Self {
        Self { says: format!("{place}: {}", self.says), ..self }
    }
}

impl From<String> for Failure {
    fn from(says: String) -> Self {
        Self { says, expected: None, observed: None }
    }
}

impl From<&str> for Failure {
    fn from(says: &str) -> Self {
        says.to_owned().into()
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

/// An error that should not have been one.
pub(crate) fn unexpected(error: impl Display) -> Failure {
    error.to_string().into()
}

/// Holds if `condition` does.
pub(crate) fn ensure(condition: bool, contract: impl Display) -> Check {
    if condition { Ok(()) } else { Err(contract.to_string().into()) }
}

/// Holds if both are equal.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, got: &T, expected: &T) -> Check {
    if got == expected {
        Ok(())
    } else {
        Err(broken(&format!("{what}: "), format!("{expected:?}"), format!("{got:?}")))
    }
}

/// The receipt of a send that should have been taken.
pub(crate) fn accepted(answer: Result<Receipt>) -> std::result::Result<Receipt, Failure> {
    answer.map_err(|error| broken("", "the message to be accepted".to_owned(), in_words(&error)))
}

/// The error of a call that should have failed like this.
pub(crate) fn failed<T: Debug>(answer: Result<T>, kind: ErrorKind, sent: Sent) -> std::result::Result<Error, Failure> {
    let observed = match answer {
        Err(error) if error.kind() == kind && error.sent() == sent => return Ok(error),
        Err(error) => in_words(&error),
        Ok(value) => format!("{value:?}"),
    };
    Err(broken("", format!("{kind} with sent {}", sent.as_str()), observed))
}

fn in_words(error: &Error) -> String {
    format!("{error} (sent: {}, attempts: {})", error.sent().as_str(), error.attempts())
}

fn broken(place: &str, expected: String, observed: String) -> Failure {
    let says = format!("{place}expected {expected}, got {observed}");
    Failure { says, expected: Some(expected), observed: Some(observed) }
}
