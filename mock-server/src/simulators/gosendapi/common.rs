//! The name of the provider, its documentation pages and its settings.

use crate::core::finding::{Certainty, Source};
use crate::core::world::World;

pub(super) const NAME: &str = "gosendapi";
/// The error body, the headers of every answer, paging and the 415 (docs.gosendapi.com/api-reference, docs).
pub(super) const REFERENCE: Source = Source::new("GoSendAPI, API Reference", Certainty::Docs);
/// The interfaces for projects, customers and setup links are documented without their credentials.
pub(super) const NOT_SIMULATED: Source = Source::new("Transom's mock, README, Unknown paths", Certainty::Inferred);
/// The fields of a message (docs.gosendapi.com/concepts/messages, docs).
pub(super) const MESSAGES: Source = Source::new("GoSendAPI, Messages", Certainty::Docs);
/// Whether the account's line takes note of what contacts write.
pub(super) fn processes_inbound(world: &World) -> bool {
    world.switch(NAME, "inbound_processing") != "off"
}
