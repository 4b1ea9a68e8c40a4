//! Our own record of contacts' last messages, for providers without a session query.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::Result;
use crate::phone::{PhoneNumber, variants};

/// A record of the contacts' last messages to one sender, fed by verified inbound webhooks.
///
/// A missing row means "unknown" and never "never wrote", because a webhook call may have been lost. A ledger in a database
/// is shared by the processes of a service.
#[async_trait]
pub trait WindowLedger: fmt::Debug + Send + Sync + 'static {
    /// The time of the last message of `contact`, if it is on record under any of its number's
    /// [`variants`](crate::phone::variants).
    ///
    /// # Errors
    /// If the ledger cannot be read. The session window counts as unknown then.
    async fn last_inbound_at(&self, contact: &PhoneNumber) -> Result<Option<SystemTime>>;

    /// Records a message of `contact` at `at`. An older time changes nothing, so repeated and disordered webhook calls
    /// give the same result.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    async fn record(&self, contact: &PhoneNumber, at: SystemTime) -> Result<()>;
}

/// A ledger in memory, for one process. Its own methods do what those of [`WindowLedger`] do, at once and without errors.
#[derive(Default)]
pub struct MemoryLedger {
    rows: Mutex<HashMap<PhoneNumber, SystemTime>>,
}

impl MemoryLedger {
    /// The time of the last message of `contact`, if it is on record.
    pub fn last_inbound_at(&self, contact: &PhoneNumber) -> Option<SystemTime> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        variants(contact).iter().filter_map(|spelling| rows.get(spelling)).max().copied()
    }

    /// Records a message of `contact` at `at`. An older time changes nothing.
    pub fn record(&self, contact: &PhoneNumber, at: SystemTime) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let row = rows.entry(contact.clone()).or_insert(at);
        *row = at.max(*row);
    }

    /// All rows, for storing them elsewhere.
    pub fn rows(&self) -> Vec<(PhoneNumber, SystemTime)> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().map(|(contact, at)| (contact.clone(), *at)).collect()
    }
}

#[async_trait]
impl WindowLedger for MemoryLedger {
    async fn last_inbound_at(&self, contact: &PhoneNumber) -> Result<Option<SystemTime>> {
        Ok(Self::last_inbound_at(self, contact))
    }

    async fn record(&self, contact: &PhoneNumber, at: SystemTime) -> Result<()> {
        Self::record(self, contact, at);
        Ok(())
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
    fn a_row_is_found_by_the_other_spelling_of_the_number() {
        let ledger = MemoryLedger::default();
        let at = SystemTime::UNIX_EPOCH;
        ledger.record(&"+5491145678901".parse().unwrap(), at);
        assert_eq!(ledger.last_inbound_at(&"+541145678901".parse().unwrap()), Some(at));
        assert_eq!(ledger.last_inbound_at(&"+541145678902".parse().unwrap()), None);
    }

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
