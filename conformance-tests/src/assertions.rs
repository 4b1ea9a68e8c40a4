//! Assertions of scenarios and fault cases, and the failure that they report.

use std::fmt::{Debug, Display};

use transom::{Error, ErrorKind, Receipt, Result, Sent};
use transom_mock_server::ClientError;

/// The result of an assertion.
pub(crate) type Check = std::result::Result<(), Failure>;

/// How a contract was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{says}")]
pub struct Failure {
    /// In words.
    pub says: String,
    /// The expected value, if there is one.
    pub expected: Option<String>,
    /// The observed value.
    pub observed: Option<String>,
}

impl Failure {
    /// Adds the place of the failure.
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

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        error.to_string().into()
    }
}

/// Turns an unexpected error into a failure.
pub(crate) fn unexpected(error: impl Display) -> Failure {
    error.to_string().into()
}

/// Passes if `condition` holds.
pub(crate) fn ensure(condition: bool, contract: impl Display) -> Check {
    if condition { Ok(()) } else { Err(contract.to_string().into()) }
}

/// Passes if both are equal.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, got: &T, expected: &T) -> Check {
    if got == expected {
        Ok(())
    } else {
        Err(broken(&format!("{what}: "), format!("{expected:?}"), format!("{got:?}")))
    }
}

/// Returns the receipt of a send that should have been accepted.
pub(crate) fn accepted(answer: Result<Receipt>) -> std::result::Result<Receipt, Failure> {
    answer.map_err(|error| broken("", "the message to be accepted".to_owned(), in_words(&error)))
}

/// Returns the error of a call that should have failed with this kind.
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
