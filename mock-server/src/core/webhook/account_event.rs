//! What a provider tells of an account rather than of one message.

use std::fmt;
use std::time::SystemTime;

use crate::core::world::{Conversation, Template};

/// Something that a provider tells of the account: of a conversation, or of a template.
pub struct AccountEvent<'a> {
    /// Counts the happenings since the last reset, from 1, together with those of messages.
    pub number: u64,
    /// When it happened, in virtual time.
    pub at: SystemTime,
    /// What it is about.
    pub about: Subject<'a>,
}

/// What a [`AccountEvent`] is about.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A conversation took a turn.
    Conversation(ConversationEvent, &'a Conversation),
    /// A template was approved, or refused.
    Template(&'a Template),
}

/// What a conversation has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationEvent {
    /// The customer wrote for the first time in it.
    Created,
    /// Nobody wrote for a while.
    Inactive,
    /// It was closed, or nobody wrote for a day.
    Ended,
}

impl ConversationEvent {
    /// The turn in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Inactive => "inactive",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Debug for AccountEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountEvent").field("number", &self.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conversation(..) => "Conversation",
            Self::Template(_) => "Template",
        })
    }
}
