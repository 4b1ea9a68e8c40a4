//! Remarks on the form of a request, each with the place its rule comes from.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// A remark on the *form* of a request; the state of the world (a closed window, an empty balance) is never one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How serious it is.
    pub level: Level,
    /// The remark; it names the offending part.
    pub text: Cow<'static, str>,
    /// Where the rule comes from.
    pub source: Source,
}

/// How serious a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The request was refused for it.
    Refused,
    /// The request was accepted in spite of it.
    Tolerated,
    /// Legal, yet worth knowing.
    Note,
}

/// A page of the provider and how sure the fact is. Prints and serialises as `page [mark]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The page's name or public path.
    pub page: &'static str,
    /// How sure the fact is.
    pub mark: Certainty,
}

impl Source {
    /// A source from a page's name or public path, and its mark.
    pub const fn new(page: &'static str, mark: Certainty) -> Self {
        Self { page, mark }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Certainty::Seed => "seed",
            Certainty::Docs => "docs",
            Certainty::Field => "field",
            Certainty::Inferred => "inferred",
        };
        write!(f, "{} [{mark}]", self.page)
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How sure a fact about a provider is, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Stated on the documentation the project started from.
    Seed,
    /// Stated elsewhere in the provider's documentation.
    Docs,
    /// Reported by third parties who use the live interface.
    Field,
    /// A judgement.
    Inferred,
}

/// Collects the findings of one request, and decides whether a strict mock rejects it.
#[derive(Debug)]
pub struct FindingCollector {
    findings: Vec<Finding>,
    strict: bool,
    place: String,
}

impl FindingCollector {
    /// An empty review; `strict` as [`World::strict`](crate::core::world::World::strict) says.
    pub fn new(strict: bool) -> Self {
        Self { findings: Vec::new(), strict, place: String::new() }
    }

    /// Sets the part of the request for the next findings, such as one message of several. Empty means the whole request.
    pub fn look_at(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// The request is refused because of this.
    pub fn refused(&mut self, text: impl Into<Cow<'static, str>>, source: Source) {
        self.push(Level::Refused, text.into(), source);
    }

    /// The request is accepted in spite of this.
    pub fn tolerated(&mut self, text: impl Into<Cow<'static, str>>, source: Source) {
        self.push(Level::Tolerated, text.into(), source);
    }

    /// Worth knowing.
    pub fn note(&mut self, text: impl Into<Cow<'static, str>>, source: Source) {
        self.push(Level::Note, text.into(), source);
    }

    /// Adds findings that were made elsewhere.
    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for Finding { level, text, source } in findings {
            self.push(level, text, source);
        }
    }

    /// Adds a documented violation. By default it is tolerated. A strict mock rejects what a [`Certainty::Seed`] or
    /// [`Certainty::Docs`] fact rules out; then this returns true, and the caller must reject the request.
    #[must_use]
    pub fn must_refuse(&mut self, text: impl Into<Cow<'static, str>>, source: Source) -> bool {
        let refuse = self.strict && source.mark <= Certainty::Docs;
        let level = if refuse { Level::Refused } else { Level::Tolerated };
        self.push(level, text.into(), source);
        refuse
    }

    /// The findings, in order.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn push(&mut self, level: Level, text: Cow<'static, str>, source: Source) {
        let text = if self.place.is_empty() { text } else { format!("`{}`: {text}", self.place).into() };
        if self.findings.is_empty() {
            // There is hardly ever more than one, and the journal keeps ten thousand of these lists.
            self.findings.reserve_exact(1);
        }
        self.findings.push(Finding { level, text, source });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strict_mock_refuses_and_only_for_documented_rules() {
        for (strict, mark, refuse) in [
            (false, Certainty::Seed, false),
            (true, Certainty::Seed, true),
            (true, Certainty::Docs, true),
            (true, Certainty::Field, false),
            (true, Certainty::Inferred, false),
        ] {
            let mut review = FindingCollector::new(strict);
            assert_eq!(review.must_refuse("`to` has no `+`", Source::new("Send", mark)), refuse, "{strict} {mark:?}");
            let level = if refuse { Level::Refused } else { Level::Tolerated };
            assert_eq!(review.into_findings()[0].level, level);
        }
    }

    #[test]
    fn a_finding_serialises_its_source_as_one_text() {
        let mut review = FindingCollector::new(false);
        review.note("no `Accept`", Source::new("Get Senders", Certainty::Docs));
        let json = serde_json::to_value(review.into_findings()).unwrap();
        assert_eq!(json, serde_json::json!([{"level": "note", "text": "no `Accept`", "source": "Get Senders [docs]"}]));
    }
}
