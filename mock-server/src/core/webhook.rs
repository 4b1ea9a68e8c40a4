//! Webhooks: what a provider tells a business, at which moment of the virtual clock, where, and how often it tries.
//!
//! A dialect reports what becomes of a message with [`World::report`](crate::core::world::World::report), and
//! [`ProviderSimulator::notify`](crate::Dialect::notify) writes each happening in the provider's own words. Nothing here opens a socket:
//! whoever drives the [`Simulator`](crate::core::simulator::Simulator) takes what is due, posts it, and says how that went.

mod account_event;
mod account_events;
mod delivery;
mod delivery_log;
mod inactivity;
mod ip_network;
mod message_event;
mod passed_over;
mod queue;
mod registration;
mod rules;
mod signature;
mod target;
mod target_queues;

pub use account_event::{AccountEvent, ConversationEvent, Subject};
pub use delivery::{DeliveryOutcome, WebhookDelivery};
pub use message_event::{AcceptedMessage, DeliveryStatus, Failure, MessageEvent, MessageEventKind};
pub use rules::{WebhookRules, last_status};

pub(crate) use ip_network::{IpNetwork, IpNetworks};
pub(crate) use queue::{InboundMessage, MOST_CALLBACKS, RepliedTo, WebhookQueue};
pub(crate) use registration::{DeliveryFaults, Registration, Signature};
pub(crate) use rules::{LAST_STATUS, ends_in_failure, ladder, last_status_or_undelivered};
pub(crate) use signature::Secret;
pub(crate) use target::Target;

#[cfg(test)]
mod tests;
