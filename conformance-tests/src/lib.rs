//! The conformance suite: one list of scenarios, and every adapter goes through all of it.
//!
//! A scenario states a contract in words, brings the mock into a state, drives the adapter, and looks at three things: what
//! the caller was told, what the provider was asked, and what reached the person. If the adapter declares the capability
//! that a scenario needs, the scenario runs; if not, the refusal runs in its place: the call must be refused as unsupported
//! with no request made. Nothing is ever skipped, so every adapter has the same number of cases, and the set of
//! capabilities is pinned in its [`AdapterUnderTest`], so that losing one is a failure and not a quieter success.
//!
//! An adapter outside this repository joins with a [`AdapterUnderTest`] and eight lines:
//!
//! ```no_run
//! // [[test]] name = "conformance", harness = false
//! fn main() -> std::process::ExitCode {
//!     transom_conformance::run(&transom_conformance::adapters::EXOTEL)
//! }
//! ```

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "indexing a JSON value by name gives null and does not panic; a test run prints"
)]

mod check;
mod control;
pub mod defects;
pub mod differential;
pub mod drift;
pub mod evidence;
mod exchange;
mod backend;
mod level;
pub mod live;
mod mask;
mod played;
pub mod report;
pub mod run;
#[cfg(feature = "harness")]
mod runner;
mod scenarios;
mod harness;
mod adapter;
pub mod adapters;
pub mod suite;
mod trace;
pub mod webhooks;

use transom::ErrorKind;

pub use check::Failure;
pub use evidence::{Evidence, EvidenceKind, UncoveredFact};
pub use exchange::Exchange;
pub use backend::Backend;
pub use level::RequirementLevel;
pub use played::CoveredFact;
#[cfg(feature = "harness")]
pub use runner::{run, run_behind};
pub use adapter::{CodeChannel, CodeTable, Refusal, CodeSample, AdapterUnderTest, WebhookFeatures};
pub use trace::{DeliveredMessage, EventRecord, SendRecord, Trace};

/// Every kind of error, for adapters that list how each is provoked.
pub const KINDS: &[ErrorKind] = ErrorKind::ALL;

/// The README's code, compiled here because this crate sees everything that it names.
#[cfg(all(doctest, feature = "harness"))]
#[doc = include_str!("../../README.md")]
struct Readme;
