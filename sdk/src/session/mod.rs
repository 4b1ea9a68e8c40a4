//! The 24-hour customer service window: whether a free-form message to a contact is allowed now.

pub(crate) mod ledger;

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

pub use ledger::{MemoryLedger, WindowLedger};

use crate::phone::PhoneNumber;
use crate::time::rfc3339;

/// How long a contact's last message keeps the session window open.
pub const WINDOW_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// The known state of the session window between a sender and a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The contact.
    pub contact: PhoneNumber,
    /// Whether free-form messages are allowed.
    pub window: Window,
    /// The time of the contact's last message, if it is known.
    #[serde(with = "rfc3339::option")]
    pub last_inbound_at: Option<SystemTime>,
    /// The source of the answer.
    pub source: SessionSource,
}

/// The state of a 24-hour window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Window {
    /// Free-form messages are allowed.
    Open {
        /// When it closes; `None` where the provider does not say.
        #[serde(with = "rfc3339::option")]
        until: Option<SystemTime>,
    },
    /// The contact's last message is 24 hours old or older: only a template may go.
    Expired {
        /// When it closed; `None` where the provider does not say.
        #[serde(with = "rfc3339::option")]
        since: Option<SystemTime>,
    },
    /// The contact has never written to this number: only a template may go.
    Never,
    /// Unknown. Never a reason to hold a message back.
    Unknown,
}

/// The source of an answer about the session window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionSource {
    /// A query at the provider.
    Provider,
    /// Our own record of the contact's messages.
    Ledger,
}

impl Session {
    /// The state of the session window to `contact`.
    pub const fn new(contact: PhoneNumber, window: Window, source: SessionSource) -> Self {
        Self { contact, window, last_inbound_at: None, source }
    }

    /// The window as a ledger's row tells it at `now`. A row in the future, from a clock that is ahead, counts as `now`.
    pub fn from_ledger(contact: PhoneNumber, last_inbound_at: SystemTime, now: SystemTime) -> Self {
        let window = Window::after(last_inbound_at.min(now), now);
        Self::new(contact, window, SessionSource::Ledger).with_last_inbound_at(Some(last_inbound_at))
    }

    /// Adds the time of the contact's last message.
    #[must_use]
    pub const fn with_last_inbound_at(mut self, at: Option<SystemTime>) -> Self {
        self.last_inbound_at = at;
        self
    }
}

impl Window {
    /// The window at `now` after a last inbound message at `last_inbound_at`: open for less than 24 hours, closed from
    /// the 24th hour on.
    pub fn after(last_inbound_at: SystemTime, now: SystemTime) -> Self {
        // Saturates instead of wrapping for a time at the end of the calendar: such a window does not close.
        let Some(edge) = last_inbound_at.checked_add(WINDOW_DURATION) else { return Self::Open { until: None } };
        if now < edge { Self::Open { until: Some(edge) } } else { Self::Expired { since: Some(edge) } }
    }

    /// Whether the window is known to be closed. `Unknown` is not.
    pub const fn is_known_closed(self) -> bool {
        matches!(self, Self::Expired { .. } | Self::Never)
    }

    /// Whether the window is known to be open.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_window_closes_exactly_24_hours_after_the_last_inbound() {
        let inbound = at(1_000);
        let edge = inbound + WINDOW_DURATION;
        assert_eq!(Window::after(inbound, edge - Duration::from_nanos(1)), Window::Open { until: Some(edge) });
        assert_eq!(Window::after(inbound, edge), Window::Expired { since: Some(edge) });
    }

    #[test]
    fn ledger_row_in_the_future_counts_as_now() {
        let contact: PhoneNumber = "+34600111222".parse().unwrap();
        let session = Session::from_ledger(contact, at(4_070_908_800), at(1_000));
        assert_eq!(session.window, Window::Open { until: Some(at(1_000) + WINDOW_DURATION) });
    }

    #[test]
    fn an_unknown_window_is_neither_open_nor_closed() {
        assert!(!Window::Unknown.is_open() && !Window::Unknown.is_known_closed());
        assert!(Window::Never.is_known_closed());
    }

    #[test]
    fn a_window_is_written_with_its_state_and_its_time() {
        let open = Window::Open { until: Some(at(1_778_574_000)) };
        assert_eq!(serde_json::to_string(&open).unwrap(), r#"{"state":"open","until":"2026-05-12T08:20:00Z"}"#);
        assert_eq!(serde_json::to_string(&Window::Never).unwrap(), r#"{"state":"never"}"#);
        assert_eq!(serde_json::from_str::<Window>(&serde_json::to_string(&open).unwrap()).unwrap(), open);
    }
}
