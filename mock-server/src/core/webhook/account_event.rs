//! Events of an account, as opposed to events of a message.

use std::fmt;
use std::time::SystemTime;

use crate::core::world::{Conversation, Template};

/// An event of the account: of a conversation, or of a template.
pub struct AccountEvent<'a> {
    /// Counts the events since the last reset, from 1, together with those of messages.
    pub number: u64,
    /// When it happened, in virtual time.
    pub at: SystemTime,
    /// The conversation or template.
    pub about: Subject<'a>,
}

/// The subject of an [`AccountEvent`].
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A conversation changed its state.
    Conversation(ConversationEvent, &'a Conversation),
    /// A template was approved, or refused.
    Template(&'a Template),
}

/// The new state of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationEvent {
    /// The contact wrote for the first time in it.
    Created,
    /// No message for a while.
    Inactive,
    /// It was closed, or had no message for a day.
    Ended,
}

impl ConversationEvent {
    /// The name in lower case.
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
