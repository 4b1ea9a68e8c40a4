//! How binding a fact is: what a conformance report says next to each.

use serde::Serialize;

/// How much weight a contradiction has. It follows from how sure the fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequirementLevel {
    /// Open: inferred, since no page decides it. A contradiction settles the question.
    Open,
    /// Observed: others report it of the live service, and no page says it.
    Observed,
    /// Stated on a page of the provider's that another page of its may contradict.
    Should,
    /// Stated on the pages that the project treats as authoritative, or the contract of the sdk itself.
    Must,
}

impl RequirementLevel {
    /// The level of a fact of this certainty: `seed`, `docs`, `field`, `inferred`. What is not known to be less is a must.
    pub fn of(certainty: &str) -> Self {
        match certainty {
            "docs" => Self::Should,
            "field" => Self::Observed,
            "inferred" => Self::Open,
            _ => Self::Must,
        }
    }

    /// The name in reports: `MUST`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Observed => "OBSERVED",
            Self::Should => "SHOULD",
            Self::Must => "MUST",
        }
    }
}
