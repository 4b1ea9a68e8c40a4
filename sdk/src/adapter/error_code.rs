//! Provider error codes as data with their sources.

use crate::error::{ErrorKind, Sent};

/// The meaning of a provider's code, and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code as text: `30018`, `SESSION_EXPIRED`. A trailing `*` stands for a family, `TWILIO_ERROR_*`, and a dash
    /// for a range, `200-299`.
    pub code: &'static str,
    /// The provider's name or text for it; empty if the code is a name.
    pub name: &'static str,
    /// Its documented HTTP status, if the meaning depends on it.
    pub status: Option<u16>,
    /// Its error kind.
    pub kind: ErrorKind,
    /// Whether a message answered with it may have been sent.
    pub sent: Sent,
    /// The source page.
    pub source: &'static str,
    /// The certainty of the row.
    pub certainty: Certainty,
    /// The day on which the page was read, `YYYY-MM-DD`.
    pub date: &'static str,
}

/// The certainty of a fact about a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Certainty {
    /// Stated on a page of the provider's that the project treats as authoritative.
    Authoritative,
    /// Stated on another page of the provider documentation.
    Docs,
    /// Reported by others about the live service, stated on no page.
    Field,
    /// A judgement. Configurable where it matters.
    Inferred,
}

impl Certainty {
    /// The name used in JSON: `seed`, `docs`, `field`, `inferred`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authoritative => "seed",
            Self::Docs => "docs",
            Self::Field => "field",
            Self::Inferred => "inferred",
        }
    }
}

impl ErrorCode {
    /// Whether this row matches `code`.
    pub fn matches(&self, code: &str) -> bool {
        if let Some(family) = self.code.strip_suffix('*') {
            return code.starts_with(family);
        }
        let number = |text: &str| text.parse::<u32>().ok();
        let within = || {
            let (first, last) = self.code.split_once('-')?;
            Some((number(first)?..=number(last)?).contains(&number(code)?))
        };
        self.code == code || within().unwrap_or(false)
    }

    /// The row for `code` in `table`: an exact row before a family, an earlier row before a later one.
    pub fn find<'t>(table: &'t [Self], code: &str) -> Option<&'t Self> {
        table.iter().find(|fact| fact.code == code).or_else(|| table.iter().find(|fact| fact.matches(code)))
    }
}

/// The rows of `table` whose codes `own` lacks. `N` is their number, which [`count_beside`] gives.
///
/// A provider that passes on WhatsApp's codes gives some of them a meaning of its own. Its own rows go before.
///
/// ```
/// use transom::adapter::platform_codes::META;
/// use transom::adapter::{ErrorCode, beside, count_beside};
///
/// const OWN: &[ErrorCode] = &[];
/// const PASSED_ON: &[ErrorCode] = &beside::<{ count_beside(META, OWN) }>(META, OWN);
/// assert_eq!(PASSED_ON, META);
/// ```
#[allow(clippy::indexing_slicing, reason = "constants only: a wrong index is an error of the compiler")]
pub const fn beside<const N: usize>(table: &[ErrorCode], own: &[ErrorCode]) -> [ErrorCode; N] {
    let mut rows = [table[0]; N];
    let (mut at, mut kept) = (0, 0);
    while at < table.len() {
        if !has(own, table[at].code) {
            rows[kept] = table[at];
            kept += 1;
        }
        at += 1;
    }
    rows
}

/// The number of rows of `table` whose codes `own` lacks.
#[allow(clippy::indexing_slicing, reason = "constants only: a wrong index is an error of the compiler")]
pub const fn count_beside(table: &[ErrorCode], own: &[ErrorCode]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < table.len() {
        if !has(own, table[at].code) {
            count += 1;
        }
        at += 1;
    }
    count
}

#[allow(clippy::indexing_slicing, reason = "constants only: a wrong index is an error of the compiler")]
const fn has(table: &[ErrorCode], code: &str) -> bool {
    let mut at = 0;
    while at < table.len() {
        if is_same(table[at].code.as_bytes(), code.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

#[allow(clippy::indexing_slicing, reason = "constants only: a wrong index is an error of the compiler")]
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_codes_are_left_out_of_the_table_beside_them() {
        use crate::adapter::platform_codes::META;
        const OWN: &[ErrorCode] = &[ErrorCode { code: "131047", ..META[0] }, ErrorCode { code: "13", ..META[0] }];
        const BESIDE: &[ErrorCode] = &beside::<{ count_beside(META, OWN) }>(META, OWN);
        let expected: Vec<_> = META.iter().filter(|fact| fact.code != "131047").collect();
        assert!(BESIDE.iter().eq(expected) && BESIDE.len() + 1 == META.len());
    }

    #[test]
    fn an_exact_row_beats_its_family_wherever_it_stands() {
        let row = |code, kind| ErrorCode {
            code,
            name: "",
            status: None,
            kind,
            sent: Sent::No,
            source: "",
            certainty: Certainty::Docs,
            date: "2026-11-21",
        };
        let table = [row("T_*", ErrorKind::ProviderUnavailable), row("T_63016", ErrorKind::SessionExpired)];
        assert_eq!(ErrorCode::find(&table, "T_63016").map(|fact| fact.kind), Some(ErrorKind::SessionExpired));
        assert_eq!(ErrorCode::find(&table, "T_1").map(|fact| fact.kind), Some(ErrorKind::ProviderUnavailable));
        assert_eq!(ErrorCode::find(&table, "X"), None);
    }

    #[test]
    fn a_range_matches_its_ends_and_what_lies_between() {
        let fact = ErrorCode {
            code: "200-299",
            name: "",
            status: None,
            kind: ErrorKind::PermissionDenied,
            sent: Sent::No,
            source: "",
            certainty: Certainty::Docs,
            date: "2026-11-21",
        };
        for (code, covered) in
            [("199", false), ("200", true), ("250", true), ("299", true), ("300", false), ("x", false)]
        {
            assert_eq!(fact.matches(code), covered, "{code}");
        }
    }
}
