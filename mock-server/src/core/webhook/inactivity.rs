//! Timers of conversations that become idle and end, for the providers that report it.
//!
//! A message does not set a new timer. A timer that is due is put off if its conversation had a message since. A
//! conversation therefore has one timer, however many messages it has.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

/// Conversations beyond this number have no timer.
const MOST_WATCHED: usize = 20_000;

/// The conversations that are watched.
#[derive(Debug, Default)]
pub(super) struct InactivityTimers {
    due: BTreeMap<(SystemTime, u64), Stage>,
    stages: HashMap<u64, (SystemTime, Stage)>,
}

/// The next state of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Inactive,
    Ended,
}

impl InactivityTimers {
    /// Records a message in a conversation, which makes it inactive at `inactive_at` unless another follows.
    pub(super) fn written(&mut self, id: u64, inactive_at: SystemTime) {
        match self.stages.get(&id) {
            Some((due, Stage::Ended)) => {
                self.due.remove(&(*due, id));
                self.put(id, inactive_at, Stage::Inactive);
            }
            None if self.stages.len() < MOST_WATCHED => self.put(id, inactive_at, Stage::Inactive),
            // The timer of an active conversation is put off when it is due.
            Some((_, Stage::Inactive)) | None => {}
        }
    }

    /// Lets a conversation come to this at this time.
    pub(super) fn put(&mut self, id: u64, due: SystemTime, stage: Stage) {
        self.due.insert((due, id), stage);
        self.stages.insert(id, (due, stage));
    }

    /// Nothing more comes of a conversation.
    pub(super) fn forget(&mut self, id: u64) {
        if let Some((due, _)) = self.stages.remove(&id) {
            self.due.remove(&(due, id));
        }
    }

    /// The conversations that are active.
    pub(super) fn active(&self) -> Vec<u64> {
        let active = self.stages.iter().filter(|(_, (_, stage))| *stage == Stage::Inactive);
        active.map(|(id, _)| *id).collect()
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<SystemTime> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes the next one that is due, with when that was.
    pub(super) fn take_due(&mut self, now: SystemTime) -> Option<(SystemTime, u64, Stage)> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        let ((due, id), stage) = first.remove_entry();
        self.stages.remove(&id);
        Some((due, id, stage))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: SystemTime = SystemTime::UNIX_EPOCH;
    const QUIET: Duration = Duration::from_secs(30 * 60);

    #[test]
    fn a_conversation_waits_once_however_much_is_written_in_it() {
        let mut watched = InactivityTimers::default();
        for second in 0..1_000 {
            watched.written(7, START + QUIET + Duration::from_secs(second));
        }
        assert_eq!((watched.due.len(), watched.next_due()), (1, Some(START + QUIET)));
        assert_eq!(watched.take_due(START + QUIET), Some((START + QUIET, 7, Stage::Inactive)));
        watched.put(7, START + 48 * QUIET, Stage::Ended);
        watched.written(7, START + 3 * QUIET);
        assert_eq!((watched.due.len(), watched.next_due()), (1, Some(START + 3 * QUIET)));
        watched.forget(7);
        assert!(watched.due.is_empty() && watched.stages.is_empty());
    }

    #[test]
    fn no_more_than_20_000_conversations_are_watched() {
        let mut watched = InactivityTimers::default();
        for id in 0..MOST_WATCHED as u64 + 5 {
            watched.written(id, START + QUIET);
        }
        assert_eq!((watched.due.len(), watched.stages.len()), (MOST_WATCHED, MOST_WATCHED));
    }
}
