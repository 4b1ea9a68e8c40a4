//! How binding a fact is.

use serde::Serialize;

/// The weight of a contradiction. It follows from the certainty of the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequirementLevel {
    /// Inferred: no page decides it. A contradiction answers the question.
    Open,
    /// Others report it of the live service, and no page states it.
    Observed,
    /// A page of the provider states it; another page may contradict it.
    Should,
    /// A page that the project treats as authoritative states it, or it is the SDK's own contract.
    Must,
}

impl RequirementLevel {
    /// The level of a certainty: `seed`, `docs`, `field`, `inferred`. Any other word is a must.
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
