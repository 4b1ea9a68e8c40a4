//! Events of time alone: windows that close, conversations that become idle and end, limits that reset.

use std::time::SystemTime;

use super::contact_key::ContactKey;
use super::{ConversationState, WINDOW, World};
use crate::core::phone::Phone;

/// Something that comes about at a certain time. Small, for there may be millions.
#[derive(Clone, Copy)]
pub(crate) enum Timer {
    /// A window closes.
    Window(ContactKey),
    /// The conversation in this place goes quiet, or ends.
    Conversation(usize, ConversationState),
    /// A provider's limit that was used up is full again.
    Limit(&'static str),
}

/// A [`Timer`] with the names that it stands for.
pub(crate) enum NamedTimer {
    Window { provider: &'static str, business: Phone, contact: Phone },
    Conversation { provider: &'static str, business: Phone, contact: Phone, state: ConversationState },
    Limit { provider: &'static str },
}

impl World {
    /// Everything that comes about after `after` and until `until`, in no order. This walks every contact and conversation.
    pub(crate) fn timers(
        &self,
        after: SystemTime,
        until: Option<SystemTime>,
    ) -> impl Iterator<Item = (SystemTime, Timer)> {
        let windows = self
            .contacts
            .iter()
            .filter_map(|(key, contact)| Some((contact.window_opened? + WINDOW, Timer::Window(*key))));
        // Looked up once: there may be a million conversations.
        let quiet: Vec<_> = self
            .providers
            .names()
            .map(|name| self.account(name).conversations_end.then(|| self.quiet_after(name)))
            .collect();
        let of = move |provider| usize::try_from(provider).ok().and_then(|index| quiet.get(index).copied()).flatten();
        let turns = self.conversations.turns(of);
        let turns = turns.map(|(at, place, state)| (at, Timer::Conversation(place, state)));
        let single = self.accounts().map(|(provider, account)| (provider, account.limiter.clone()));
        let shared =
            self.buckets().map(|bucket| (bucket.provider, bucket.limiter(&self.account(bucket.provider).limiter)));
        let limits = single
            .chain(shared)
            .filter_map(|(provider, limiter)| Some((limiter.full_again_at()?, Timer::Limit(provider))));
        let all = windows.chain(turns).chain(limits);
        all.filter(move |(at, _)| *at > after && until.is_none_or(|until| *at <= until))
    }

    /// The provider and the conversation of a timer; none if its conversation is forgotten.
    pub(crate) fn name_timer(&self, timer: Timer) -> Option<NamedTimer> {
        Some(match timer {
            Timer::Window(key) => NamedTimer::Window {
                provider: self.providers.name(key.provider()),
                business: key.business(),
                contact: key.contact(),
            },
            Timer::Conversation(place, state) => {
                let row = self.conversations.at(&self.providers, place)?;
                NamedTimer::Conversation { provider: row.provider, business: row.business, contact: row.contact, state }
            }
            Timer::Limit(provider) => NamedTimer::Limit { provider },
        })
    }
}
