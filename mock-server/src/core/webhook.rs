//! Webhooks: what a provider tells a business, at which moment of the virtual clock, where, and how often it tries.
//!
//! A dialect reports what becomes of a message with [`World::report`](crate::core::world::World::report), and
//! [`ProviderSimulator::notify`](crate::Dialect::notify) writes each happening in the provider's own words. Nothing here opens a socket:
//! whoever drives the [`Simulator`](crate::core::simulator::Simulator) takes what is due, posts it, and says how that went.

mod announce;
mod bulletin;
mod deliver;
mod happening;
mod lanes;
mod log;
mod net;
mod outbox;
mod passed_over;
mod registration;
mod rules;
mod signature;
mod target;
mod watch;

pub use bulletin::{Subject, AccountEvent, ConversationEvent};
pub use deliver::{DeliveryOutcome, WebhookDelivery};
pub use happening::{Failure, MessageEvent, DeliveryStatus, AcceptedMessage, What};
pub use rules::{WebhookRules, last_status};

pub(crate) use net::{IpNetwork, IpNetworks};
pub(crate) use outbox::{MOST_CALLBACKS, Reply, WebhookQueue, Written};
pub(crate) use registration::{Registration, Signature, DeliveryFaults};
pub(crate) use rules::{LAST_STATUS, ends_in_failure, ladder, last_status_or_undelivered};
pub(crate) use signature::Secret;
pub(crate) use target::Target;

#[cfg(test)]
mod tests;
