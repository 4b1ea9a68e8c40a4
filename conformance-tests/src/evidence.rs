//! The facts about a provider that the suite relies on: rows of code tables, documented limits, samples and webhook calls.

pub(crate) mod coverage;
mod expected_codes;
pub(crate) mod fact_selectors;
pub(crate) mod facts;
mod requirement_level;
mod webhook_fixture;

pub use coverage::CoveredFact;
pub(crate) use expected_codes::ExpectedCodes;
pub use facts::{Evidence, EvidenceKind, all};
pub use requirement_level::RequirementLevel;
pub use webhook_fixture::{Changes, FixtureError, Row, Source, WebhookFixture, each_object, put};
