//! Our own record of when each contact last wrote, for providers that cannot say.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::phone::PhoneNumber;

/// A record of the contacts' last messages, fed by verified inbound webhooks.
///
/// A missing row proves nothing: a webhook may have been lost. It therefore means "unknown", never "never".
pub trait WindowLedger: fmt::Debug + Send + Sync + 'static {
    /// When `contact` last wrote, if it is on record.
    fn last_inbound_at(&self, contact: &PhoneNumber) -> Option<SystemTime>;
    /// Records that `contact` wrote at `at`. An older time than the one on record changes nothing, so that repeated and
    /// disordered webhooks come to the same end.
    fn record(&self, contact: &PhoneNumber, at: SystemTime);
}

/// A ledger in memory, for one process.
#[derive(Default)]
pub struct MemoryLedger {
    rows: Mutex<HashMap<PhoneNumber, SystemTime>>,
}

impl MemoryLedger {
    /// The rows, for whoever keeps them elsewhere.
    pub fn rows(&self) -> Vec<(PhoneNumber, SystemTime)> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().map(|(contact, at)| (contact.clone(), *at)).collect()
    }
}

impl WindowLedger for MemoryLedger {
    fn last_inbound_at(&self, contact: &PhoneNumber) -> Option<SystemTime> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).get(contact).copied()
    }

    fn record(&self, contact: &PhoneNumber, at: SystemTime) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let row = rows.entry(contact.clone()).or_insert(at);
        *row = at.max(*row);
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("MemoryLedger").field("contacts", &rows.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_late_copy_of_an_old_message_does_not_turn_the_clock_back() {
        let ledger = MemoryLedger::default();
        let contact: PhoneNumber = "+34600111222".parse().unwrap();
        assert_eq!(ledger.last_inbound_at(&contact), None);
        let early = SystemTime::UNIX_EPOCH;
        let late = early + Duration::from_secs(60);
        for at in [early, late, early] {
            ledger.record(&contact, at);
        }
        assert_eq!(ledger.last_inbound_at(&contact), Some(late));
    }
}
