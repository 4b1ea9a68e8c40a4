//! The name of the provider and its documentation pages.

use crate::core::finding::{Certainty, Source};

pub(super) const NAME: &str = "autocalls";
pub(super) const SESSION_PAGE: Source = Source::new("Get Session Status", Certainty::Seed);
pub(super) const FREEFORM_PAGE: Source = Source::new("Send Freeform Message", Certainty::Seed);
pub(super) const TEMPLATE_PAGE: Source = Source::new("Send Template Message", Certainty::Docs);
/// The pages say nothing on it; the provider's answers elsewhere look like those of a framework that behaves this way.
pub(super) const FRAMEWORK: Source = Source::new("Autocalls API, not stated on its pages", Certainty::Inferred);
/// The one assistant of the seeded account: its number, and its UUID in conversations and webhooks.
pub(super) const ASSISTANT_NUMBER: u64 = 1;
pub(super) const ASSISTANT_UUID: &str = "5f2c4b7a-11aa-4c3d-8e9f-0a1b2c3d4e5f";
