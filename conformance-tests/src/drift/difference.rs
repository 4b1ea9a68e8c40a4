//! A difference, and its kind.

use std::fmt;

use serde::Serialize;

/// A difference between a response and the documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The call: method and path, with ids removed.
    pub call: String,
    /// The kind of difference.
    pub kind: DriftKind,
    /// A pointer into the body, a header's name, or empty.
    pub place: String,
    /// The documented value.
    pub documented: String,
    /// The observed value.
    pub observed: String,
    /// The page with its certainty; none if there is no page.
    pub source: Option<String>,
}

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// No page shows this call.
    UndocumentedCall,
    /// No page shows this status for the call.
    OtherStatus,
    /// The body is not JSON, and the documented one is.
    NotJson,
    /// A documented member is missing.
    MissingMember,
    /// A member that no page shows.
    NewMember,
    /// A member has another type than documented.
    ChangedType,
    /// A documented header is missing.
    MissingHeader,
    /// A header that no page shows and that is not a usual one of HTTP.
    NewHeader,
    /// A header has another form than documented.
    ChangedHeader,
    /// A code that no table has, or a status word that no page lists.
    UnknownCode,
}

impl DriftKind {
    /// Every kind, the most serious first.
    pub const ALL: &'static [Self] = &[
        Self::UndocumentedCall,
        Self::OtherStatus,
        Self::NotJson,
        Self::MissingMember,
        Self::NewMember,
        Self::ChangedType,
        Self::MissingHeader,
        Self::NewHeader,
        Self::ChangedHeader,
        Self::UnknownCode,
    ];

    /// The name in reports: `missing_member`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UndocumentedCall => "undocumented_call",
            Self::OtherStatus => "other_status",
            Self::NotJson => "not_json",
            Self::MissingMember => "missing_member",
            Self::NewMember => "new_member",
            Self::ChangedType => "changed_type",
            Self::MissingHeader => "missing_header",
            Self::NewHeader => "new_header",
            Self::ChangedHeader => "changed_header",
            Self::UnknownCode => "unknown_code",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.kind.as_str().replace('_', " "))?;
        if !self.place.is_empty() {
            write!(f, " {}", self.place)?;
        }
        write!(f, ": documented {}, got {}", self.documented, self.observed)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}
