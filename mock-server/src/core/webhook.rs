//! Webhooks: events of a provider, their time on the virtual clock, their targets and their retries.
//!
//! A simulator passes each accepted message to [`World::accept`](crate::core::world::World::accept), and
//! [`ProviderSimulator::message_event`](crate::ProviderSimulator::message_event) writes each event in the provider's words.
//! Nothing here opens a socket: the owner of the [`Simulator`](crate::core::simulator::Simulator) takes due calls,
//! posts them and reports the result.

mod account_event;
mod account_events;
mod account_webhooks;
mod call;
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
mod subscription;
mod target;
mod target_queues;

pub use account_event::{AccountEvent, ConversationEvent, Subject};
pub use delivery::{DeliveryOutcome, InvalidNetwork, WebhookDelivery};
pub use delivery_log::DeliveryAttempt;
pub use message_event::{AcceptedMessage, DeliveryStatus, Failure, MessageEvent, MessageEventKind};
pub use queue::Waiting;
pub use rules::{WebhookRules, last_status};
pub use subscription::Topic;

pub(crate) use account_webhooks::AccountWebhooks;
pub(crate) use ip_network::{IpNetwork, IpNetworks};
pub(crate) use message_event::MOST_CALLBACKS;
pub(crate) use queue::{InboundMessage, RepliedTo, WebhookQueue};
pub(crate) use registration::{ANNOUNCEMENTS, DeliveryFaults, Registration, Signature};
pub(crate) use rules::{LAST_STATUS, ends_in_failure, ladder, last_status_or_undelivered};
pub(crate) use signature::Secret;
pub(crate) use subscription::{EventFilter, Subscription};
pub(crate) use target::Target;

#[cfg(test)]
mod tests;
