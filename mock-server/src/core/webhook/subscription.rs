//! Webhooks that an account registers by calls of its provider.

use std::fmt;

use super::{Secret, Target};
use crate::core::phone::Phone;

/// More webhooks than this are refused in one world.
const MOST: usize = 100;

/// What a webhook of an account is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Messages of contacts.
    Inbound,
    /// Statuses of messages.
    Status,
    /// Conversations and templates.
    Account,
}

/// Which events a webhook receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventFilter {
    /// Those of one topic. It goes before the webhook that the control plane registered.
    Topic(Topic),
    /// Those of these names, or all if there is none, beside the webhook that the control plane registered.
    Names(Vec<String>),
}

/// A webhook of an account.
pub(crate) struct Subscription {
    pub(crate) id: u64,
    pub(crate) provider: &'static str,
    /// As the request wrote it.
    pub(crate) url: String,
    /// `None` if the mock may not call the address. Then the calls are only logged.
    pub(crate) target: Option<Target>,
    pub(crate) secret: Option<Secret>,
    pub(crate) events: EventFilter,
    /// Only events of this business number.
    pub(crate) sender: Option<Phone>,
    pub(crate) enabled: bool,
}

/// All webhooks of a world's accounts, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(Vec<Subscription>);

impl Subscription {
    /// Whether it may receive an event of this topic, as far as the topic and the business number tell.
    fn may_receive(&self, provider: &str, topic: Topic, business: Option<&Phone>) -> bool {
        let fits = match &self.events {
            EventFilter::Topic(own) => *own == topic,
            EventFilter::Names(_) => true,
        };
        let is_sender = self.sender.as_ref().is_none_or(|sender| business.is_none_or(|business| business == sender));
        self.enabled && self.provider == provider && fits && is_sender
    }

    /// Whether it receives events of this name.
    pub(super) fn wants(&self, name: Option<&str>) -> bool {
        match (&self.events, name) {
            (EventFilter::Names(names), Some(name)) => names.is_empty() || names.iter().any(|known| known == name),
            _ => true,
        }
    }
}

impl Subscriptions {
    /// Adds a webhook. Returns false if there are too many.
    #[must_use]
    pub(crate) fn add(&mut self, subscription: Subscription) -> bool {
        let fits = self.0.len() < MOST;
        if fits {
            self.0.push(subscription);
        }
        fits
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Subscription> {
        self.0.iter()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Subscription> {
        self.0.iter().find(|own| own.id == id)
    }

    pub(crate) fn get_mut(&mut self, provider: &str, id: u64) -> Option<&mut Subscription> {
        self.0.iter_mut().find(|own| own.provider == provider && own.id == id)
    }

    /// Removes the webhooks for which `goes` is true. Returns their number.
    pub(crate) fn remove(&mut self, goes: impl Fn(&Subscription) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|own| !goes(own));
        before - self.0.len()
    }

    /// Whether one of them goes before the webhook that the control plane registered.
    pub(super) fn replace_registered(&self, provider: &str, topic: Topic) -> bool {
        self.0.iter().any(|own| own.enabled && own.provider == provider && own.events == EventFilter::Topic(topic))
    }

    /// Whether one of them may receive account events.
    pub(super) fn receive_account_events(&self, provider: &str) -> bool {
        self.0.iter().any(|own| own.may_receive(provider, Topic::Account, None))
    }

    /// Those that may receive an event.
    pub(super) fn matching(
        &self,
        provider: &str,
        topic: Topic,
        business: Option<&Phone>,
    ) -> impl Iterator<Item = &Subscription> {
        self.0.iter().filter(move |own| own.may_receive(provider, topic, business))
    }

    /// About how many bytes they hold.
    #[cfg(feature = "server")]
    pub(super) fn bytes(&self) -> usize {
        let names = |own: &Subscription| match &own.events {
            EventFilter::Names(names) => names.iter().map(|name| 24 + name.len()).sum(),
            EventFilter::Topic(_) => 0,
        };
        self.0.iter().map(|own| 300 + 2 * own.url.len() + names(own)).sum()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut subscription = f.debug_struct("Subscription");
        subscription.field("id", &self.id).field("provider", &self.provider).field("events", &self.events);
        subscription.finish_non_exhaustive()
    }
}
