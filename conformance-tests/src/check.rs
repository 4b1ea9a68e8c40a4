//! Saying what was expected and what came.

use std::fmt::{Debug, Display};

use transom::{Error, ErrorKind, Receipt, Result, Sent};

/// `Err` says which part of the contract was broken.
pub(crate) type Check = std::result::Result<(), String>;

/// Holds if `condition` does.
pub(crate) fn ensure(condition: bool, contract: impl Display) -> Check {
    if condition { Ok(()) } else { Err(contract.to_string()) }
}

/// Holds if both are equal.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, got: &T, expected: &T) -> Check {
    ensure(got == expected, format_args!("{what}: expected {expected:?}, got {got:?}"))
}

/// The receipt of a send that should have been taken.
pub(crate) fn accepted(answer: Result<Receipt>) -> std::result::Result<Receipt, String> {
    answer.map_err(|error| format!("expected the message to be accepted, got {error:?}"))
}

/// The error of a call that should have failed like this.
pub(crate) fn failed<T: Debug>(answer: Result<T>, kind: ErrorKind, sent: Sent) -> std::result::Result<Error, String> {
    match answer {
        Err(error) if error.kind() == kind && error.sent() == sent => Ok(error),
        Err(error) => Err(format!("expected {kind} with sent {}, got {error:?}", sent.as_str())),
        Ok(value) => Err(format!("expected {kind} with sent {}, got {value:?}", sent.as_str())),
    }
}
