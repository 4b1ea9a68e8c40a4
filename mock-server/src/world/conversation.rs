//! Conversations as providers keep books of them, which is not the same as the 24-hour window.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use super::WINDOW;
use crate::Phone;

/// Without a message for this long a conversation is inactive. Source: `GoSendAPI`, Conversations: configurable, typically
/// 30 minutes (seed).
const QUIET: Duration = Duration::from_secs(30 * 60);

/// One row of a provider's conversation list.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The provider's name.
    pub provider: &'static str,
    /// Its number.
    pub id: u64,
    /// Its UUID, for the providers that have both.
    pub uuid: String,
    /// The business number.
    pub business: Phone,
    /// The customer.
    pub contact: Phone,
    /// The customer's profile name.
    pub contact_name: Option<String>,
    /// When it began.
    pub started_at: SystemTime,
    /// The customer's last message in it.
    pub last_inbound_at: Option<SystemTime>,
    /// The business's last message in it.
    pub last_outbound_at: Option<SystemTime>,
    /// Messages in both directions.
    pub messages_count: u64,
    closed: Option<(SystemTime, String)>,
}

/// How lively a [`Conversation`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationState {
    /// Somebody wrote within the last 30 minutes.
    Active,
    /// Nobody did, and it has not ended.
    Inactive,
    /// It was closed by hand, or nobody wrote for 24 hours.
    Ended,
}

impl ConversationState {
    /// The state in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Ended => "ended",
        }
    }
}

impl Conversation {
    /// A conversation without a message.
    pub fn new(
        provider: &'static str,
        id: u64,
        uuid: String,
        business: Phone,
        contact: Phone,
        now: SystemTime,
    ) -> Self {
        Self {
            provider,
            id,
            uuid,
            business,
            contact,
            contact_name: None,
            started_at: now,
            last_inbound_at: None,
            last_outbound_at: None,
            messages_count: 0,
            closed: None,
        }
    }

    /// The last message of either side, or the start.
    pub fn last_activity(&self) -> SystemTime {
        self.last_inbound_at.max(self.last_outbound_at).unwrap_or(self.started_at)
    }

    /// How lively it is. Source: `GoSendAPI`, Conversations (seed).
    pub fn state(&self, now: SystemTime) -> ConversationState {
        if self.ended_at(now).is_some() {
            return ConversationState::Ended;
        }
        if now < self.last_activity() + QUIET { ConversationState::Active } else { ConversationState::Inactive }
    }

    /// When it ended, if it has.
    pub fn ended_at(&self, now: SystemTime) -> Option<SystemTime> {
        let timeout = self.last_activity() + WINDOW;
        let closed = self.closed.as_ref().map(|(at, _)| *at);
        closed.or((now >= timeout).then_some(timeout))
    }

    /// Why it ended, if it has: the reason given by hand, or `timeout`.
    pub fn ended_reason(&self, now: SystemTime) -> Option<&str> {
        self.ended_at(now)?;
        Some(self.closed.as_ref().map_or("timeout", |(_, reason)| reason.as_str()))
    }

    /// When and why it was closed by hand.
    pub(super) fn closed(&self) -> Option<(SystemTime, &str)> {
        self.closed.as_ref().map(|(at, reason)| (*at, reason.as_str()))
    }

    /// Makes it one that was closed by hand, whatever its last messages say.
    pub(super) fn set_closed(&mut self, at: SystemTime, reason: String) {
        self.closed = Some((at, reason));
    }

    /// Closes it by hand, unless it has ended.
    pub fn close(&mut self, reason: &str, now: SystemTime) {
        if self.ended_at(now).is_none() {
            self.closed = Some((now, reason.to_owned()));
        }
    }
}

/// Every conversation, by number and by customer.
#[derive(Debug)]
pub(super) struct Conversations {
    rows: BTreeMap<u64, Conversation>,
    by_contact: HashMap<String, Vec<u64>>,
    max_rows: usize,
}

impl Conversations {
    pub(super) fn new(max_rows: usize) -> Self {
        Self { rows: BTreeMap::new(), by_contact: HashMap::new(), max_rows }
    }

    pub(super) fn insert(&mut self, row: Conversation) {
        let ids = self.by_contact.entry(contact_key(row.provider, &row.contact)).or_default();
        // In the order of their numbers, so that the rows alone say which one is the newest.
        if let Err(place) = ids.binary_search(&row.id) {
            ids.insert(place, row.id);
        }
        self.rows.insert(row.id, row);
        if self.rows.len() > self.max_rows
            && let Some((id, oldest)) = self.rows.pop_first()
        {
            let key = contact_key(oldest.provider, &oldest.contact);
            if let Some(ids) = self.by_contact.get_mut(&key) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.by_contact.remove(&key);
                }
            }
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<&Conversation> {
        self.rows.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Conversation> {
        self.rows.get_mut(&id)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Conversation> {
        self.rows.values()
    }

    pub(super) fn with(&self, provider: &str, contact: &Phone) -> impl DoubleEndedIterator<Item = &Conversation> {
        let ids = self.by_contact.get(&contact_key(provider, contact)).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.rows.get(id))
    }

    pub(super) fn latest(&self, provider: &str, business: &Phone, contact: &Phone) -> Option<&Conversation> {
        self.with(provider, contact).rev().find(|row| row.business == *business)
    }
}

fn contact_key(provider: &str, contact: &Phone) -> String {
    format!("{provider} {}", contact.digits())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u64, contact: &str) -> Conversation {
        let phone = |text| Phone::read(text).unwrap();
        Conversation::new("gosendapi", id, String::new(), phone("34611000000"), phone(contact), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_conversation_goes_quiet_after_30_minutes_and_ends_24_hours_after_either_side_wrote() {
        let mut row = row(1, "34600111222");
        let start = SystemTime::UNIX_EPOCH;
        row.last_inbound_at = Some(start);
        row.last_outbound_at = Some(start + QUIET);
        assert_eq!(row.state(start + QUIET), ConversationState::Active);
        assert_eq!(row.state(start + 2 * QUIET), ConversationState::Inactive);
        let end = start + QUIET + WINDOW;
        assert_eq!(row.state(end - Duration::from_millis(1)), ConversationState::Inactive);
        assert_eq!((row.state(end), row.ended_at(end)), (ConversationState::Ended, Some(end)));
        assert_eq!(row.ended_reason(end), Some("timeout"));
    }

    #[test]
    fn closing_by_hand_keeps_the_first_end() {
        let mut row = row(1, "34600111222");
        let start = SystemTime::UNIX_EPOCH;
        row.close("agent_close", start + QUIET);
        row.close("manual_close", start + 2 * QUIET);
        assert_eq!(row.ended_reason(start + 2 * QUIET), Some("agent_close"));
        assert_eq!(row.ended_at(start + 2 * QUIET), Some(start + QUIET));
    }

    #[test]
    fn the_oldest_conversation_is_forgotten_beyond_the_bound() {
        let mut all = Conversations::new(2);
        for (id, contact) in [(1, "34600000001"), (2, "34600000002"), (3, "34600000001")] {
            all.insert(row(id, contact));
        }
        assert!(all.get(1).is_none());
        let left = all.with("gosendapi", &Phone::read("34600000001").unwrap()).map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(left, [3]);
    }
}
