//! The name of the provider, its account and its documentation pages.

use crate::core::finding::{Certainty, Source};

pub(super) const NAME: &str = "exotel";
pub(super) const ACCOUNT_SID: &str = "acme";
pub(super) const SESSION_PAGE: Source = Source::new("WhatsApp Session Messages", Certainty::Seed);
pub(super) const SEND_PAGE: Source = Source::new("Send WhatsApp Message", Certainty::Docs);
pub(super) const TYPES_PAGE: Source =
    Source::new("Message Types, Media Messages, Interactive Messages", Certainty::Docs);
pub(super) const TEMPLATE_PAGE: Source = Source::new("Template Messages", Certainty::Docs);
pub(super) const TEMPLATE_API: Source = Source::new("Templates API, Manage templates", Certainty::Docs);
/// Errors that only the page of another v2 API prints.
pub(super) const TRUNK_ERRORS: Source = Source::new("Trunk API errors, another v2 API", Certainty::Inferred);
