//! The part of the webhook queue that a request may see.

use std::fmt;

use super::Target;
use super::delivery_log::DeliveryAttempt;
use super::subscription::Subscriptions;
use crate::core::finding::Finding;

/// The webhooks of the accounts, as a request sees them.
pub(crate) trait AccountWebhooks: fmt::Debug {
    fn subscriptions(&self) -> &Subscriptions;

    fn subscriptions_mut(&mut self) -> &mut Subscriptions;

    /// The target of an address that an account names for its webhook, or a note on why it is not called.
    fn own_target(&self, url: &str, holds_token: bool) -> Result<Target, Finding>;

    /// The attempts to call the webhook of this number, newest first.
    fn tries_of(&self, id: u64) -> Box<dyn Iterator<Item = &DeliveryAttempt> + '_>;
}
