//! Why a control call is refused.

/// Why a control call is refused: the member, what it is, and what was expected. A refused call changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// A member or parameter has a value that it cannot have.
    #[error("`{member}` is {value}, expected {expected}")]
    Invalid {
        /// The member.
        member: String,
        /// Its value as it prints.
        value: String,
        /// The values it can have.
        expected: String,
    },
    /// A member or parameter is missing.
    #[error("`{member}` is missing, expected {expected}")]
    Missing {
        /// The member.
        member: String,
        /// The values it can have.
        expected: String,
    },
    /// Members contradict each other, or the state does not allow the call.
    #[error("{0}")]
    Refused(String),
    /// The text is not JSON, or not of the form that the call takes.
    #[error("{0}")]
    Unreadable(String),
    /// One of several, or a part, is wrong.
    #[error("{place}: {error}")]
    At {
        /// The part, such as `fault 2`.
        place: String,
        /// The problem in it.
        error: Box<Self>,
    },
}

impl ControlError {
    pub(crate) fn invalid(member: &str, value: impl std::fmt::Display, expected: impl Into<String>) -> Self {
        Self::Invalid { member: member.to_owned(), value: value.to_string(), expected: expected.into() }
    }

    /// As [`invalid`](Self::invalid), of a text.
    pub(crate) fn invalid_text(member: &str, value: &str, expected: impl Into<String>) -> Self {
        Self::invalid(member, format!("\"{value}\""), expected)
    }

    pub(crate) fn missing(member: &str, expected: impl Into<String>) -> Self {
        Self::Missing { member: member.to_owned(), expected: expected.into() }
    }

    pub(crate) fn refused(problem: impl Into<String>) -> Self {
        Self::Refused(problem.into())
    }

    pub(crate) fn at(self, place: impl Into<String>) -> Self {
        Self::At { place: place.into(), error: Box::new(self) }
    }
}
