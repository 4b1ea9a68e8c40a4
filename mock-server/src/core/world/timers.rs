//! Events of time alone: windows that close, conversations that become idle and end, limits that reset.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::contact_key::ContactKey;
use super::{ConversationState, WINDOW, World};
use crate::core::time::rfc3339;

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
        let turns = self.conversations.turns(|provider| self.account(self.providers.name(provider)).conversations_end);
        let turns = turns.map(|(at, place, state)| (at, Timer::Conversation(place, state)));
        let single = self.accounts.iter().map(|(provider, account)| (provider, account.limiter.clone()));
        let shared =
            self.buckets().map(|bucket| (bucket.provider, bucket.limiter(&self.account(bucket.provider).limiter)));
        let limits = single
            .chain(shared)
            .filter_map(|(provider, limiter)| Some((limiter.full_again_at()?, Timer::Limit(provider))));
        let all = windows.chain(turns).chain(limits);
        all.filter(move |(at, _)| *at > after && until.is_none_or(|until| *at <= until))
    }

    /// As the control plane tells it.
    pub(crate) fn timer_json(&self, at: SystemTime, timer: Timer) -> Value {
        match timer {
            Timer::Window(key) => json!({
                "kind": "window", "provider": self.providers.name(key.provider()), "at": rfc3339(at),
                "business": key.business().e164(), "contact": key.contact().e164(), "state": "expired",
            }),
            Timer::Conversation(place, state) => {
                let row = self.conversations.at(&self.providers, place);
                json!({
                    "kind": "conversation", "provider": row.as_ref().map(|row| row.provider), "at": rfc3339(at),
                    "business": row.as_ref().map(|row| row.business.e164()),
                    "contact": row.as_ref().map(|row| row.contact.e164()), "state": state.as_str(),
                })
            }
            Timer::Limit(provider) => json!({"kind": "limit", "provider": provider, "at": rfc3339(at)}),
        }
    }
}
