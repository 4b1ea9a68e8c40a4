//! The conformance suite: one list of scenarios that every adapter must pass, and the fault matrix.
//!
//! A scenario states a contract, brings the mock into a state, drives the adapter, and checks three things: what the adapter
//! reported to its caller, which requests the provider received, and which messages reached the contact. If the adapter
//! declares the capability that a scenario needs, the scenario runs. If not, the suite checks that the adapter refuses the
//! call as unsupported and makes no request. The suite skips nothing, so every adapter has the same number of cases. The set
//! of capabilities is pinned in [`AdapterUnderTest`], so an adapter that loses a capability fails.
//!
//! An adapter outside this repository joins with an [`AdapterUnderTest`] and a test binary:
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

pub mod adapters;
mod assertions;
pub mod defects;
pub mod differential;
pub mod drift;
pub mod evidence;
pub mod executor;
#[cfg(feature = "faults")]
pub mod faults;
mod harness;
#[cfg(feature = "harness")]
mod libtest;
pub mod report;
mod scenarios;
mod simulator_transport;
pub mod suite;

use transom::ErrorKind;

pub use adapters::{
    AdapterUnderTest, CodeChannel, CodeSample, CodeTable, ErrorSample, FailureSample, InboundSample, Refusal,
    WebhookFeatures, WebhookForms,
};
pub use assertions::Failure;
pub use evidence::{CoveredFact, Evidence, EvidenceKind, RequirementLevel};
pub use harness::{Backend, DeliveredMessage, EventRecord, Exchange, SendRecord, Trace};
#[cfg(feature = "harness")]
pub use libtest::{run, run_behind};
pub use report::UncoveredFact;
pub use simulator_transport::SimulatorTransport;

/// Every kind of error, for adapters that list how each is provoked.
pub const KINDS: &[ErrorKind] = ErrorKind::ALL;

/// The README's code, compiled here because this crate sees everything that it names.
#[cfg(all(doctest, feature = "harness"))]
#[doc = include_str!("../../README.md")]
struct Readme;
