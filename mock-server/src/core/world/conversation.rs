//! Conversations as providers keep books of them, which is not the same as the 24-hour window.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::core::phone::Phone;

/// How long a contact's message opens the session window. Source: every provider's page on session messages (seed).
pub(crate) const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Without a message for this long a conversation is inactive. Source: `GoSendAPI`, Conversations: configurable, typically
/// 30 minutes (seed).
pub(crate) const QUIET: Duration = Duration::from_secs(30 * 60);

/// A row of a provider's conversation list.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The provider's name.
    pub provider: &'static str,
    /// Its number.
    pub id: u64,
    /// Its UUID as a number, for the providers that have both.
    pub uuid: u128,
    /// The business number.
    pub business: Phone,
    /// The contact.
    pub contact: Phone,
    /// The contact's profile name.
    pub contact_name: Option<Arc<str>>,
    /// When it began.
    pub started_at: SystemTime,
    /// The contact's last message in it.
    pub last_inbound_at: Option<SystemTime>,
    /// The business's last message in it.
    pub last_outbound_at: Option<SystemTime>,
    /// Messages in both directions.
    pub messages_count: u64,
    pub(super) closed: Option<Box<(SystemTime, String)>>,
}

/// How lively a [`Conversation`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationState {
    /// A message within the last 30 minutes.
    Active,
    /// No message for 30 minutes, and not ended.
    Inactive,
    /// Closed by hand, or no message for 24 hours.
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
    pub fn new(provider: &'static str, id: u64, uuid: u128, business: Phone, contact: Phone, now: SystemTime) -> Self {
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

    /// How lively it is, where a conversation without a message for 30 minutes is inactive.
    pub fn state(&self, now: SystemTime) -> ConversationState {
        self.state_after(QUIET, now)
    }

    /// How lively it is, where one without a message for `quiet` is inactive. Source: `GoSendAPI`, Conversations (seed).
    pub fn state_after(&self, quiet: Duration, now: SystemTime) -> ConversationState {
        if self.ended_at(now).is_some() {
            return ConversationState::Ended;
        }
        if now < self.last_activity() + quiet { ConversationState::Active } else { ConversationState::Inactive }
    }

    /// When it ended, if it has.
    pub fn ended_at(&self, now: SystemTime) -> Option<SystemTime> {
        let timeout = self.last_activity() + WINDOW;
        let closed = self.closed.as_ref().map(|closed| closed.0);
        closed.or((now >= timeout).then_some(timeout))
    }

    /// Why it ended, if it has: the reason given by hand, or `timeout`.
    pub fn ended_reason(&self, now: SystemTime) -> Option<&str> {
        self.ended_at(now)?;
        Some(self.closed.as_ref().map_or("timeout", |closed| closed.1.as_str()))
    }

    /// Its UUID as text.
    pub fn uuid_text(&self) -> String {
        uuid_text(self.uuid)
    }

    /// Whether it was closed by hand.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// When and why it was closed by hand.
    pub(super) fn closed(&self) -> Option<(SystemTime, &str)> {
        self.closed.as_ref().map(|closed| (closed.0, closed.1.as_str()))
    }

    /// Makes it one that was closed by hand, whatever its last messages say.
    pub(super) fn set_closed(&mut self, at: SystemTime, reason: String) {
        self.closed = Some(Box::new((at, reason)));
    }

    /// Closes it by hand, unless it has ended. Returns whether it closed.
    pub fn close(&mut self, reason: &str, now: SystemTime) -> bool {
        let was_open = self.ended_at(now).is_none();
        if was_open {
            self.set_closed(now, reason.to_owned());
        }
        was_open
    }
}

/// A UUID in its five groups.
pub(super) fn uuid_text(uuid: u128) -> String {
    let hex = format!("{uuid:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u64, contact: &str) -> Conversation {
        let phone = |text| Phone::read(text).unwrap();
        Conversation::new("gosendapi", id, 0, phone("34611000000"), phone(contact), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn conversation_is_idle_after_30_min_and_ends_after_24_h() {
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
    fn a_uuid_prints_in_its_five_groups() {
        let mut row = row(1, "34600111222");
        row.uuid = 0x42;
        assert_eq!(row.uuid_text(), "00000000-0000-0000-0000-000000000042");
    }
}
