//! Messages from contacts.

use std::time::SystemTime;

use serde::Serialize;

use crate::message::id::MessageId;
use crate::phone::PhoneNumber;
use crate::webhook::inbound_content::InboundContent;

/// A message from a contact. A member that the provider left out, or wrote in an unreadable form, is `None` and takes no
/// other with it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Inbound {
    /// The provider's id of it.
    pub message_id: Option<MessageId>,
    /// The contact's number. A contact may hide it; [`user_id`](Self::user_id) names the contact then.
    pub from: Option<PhoneNumber>,
    /// WhatsApp's id of the contact for this business, where the provider passes it on.
    pub user_id: Option<String>,
    /// The sender that the contact wrote to.
    pub to: Option<PhoneNumber>,
    /// The contact's profile name.
    pub name: Option<String>,
    /// When the contact wrote.
    pub at: SystemTime,
    /// The source of [`at`](Self::at).
    pub at_source: TimeSource,
    /// The message of ours that it replies to.
    pub reply_to: Option<MessageId>,
    /// The advertisement that led the contact here.
    pub referral: Option<Referral>,
    /// The group in which it was written.
    pub group_id: Option<String>,
    /// The content.
    pub content: InboundContent,
    /// Whether it opens the session window of this channel's sender. False for a message to another sender of the account,
    /// in a group, and for a notice of WhatsApp itself.
    pub opens_window: bool,
}

/// The source of an inbound message's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeSource {
    /// The provider.
    Provider,
    /// The time of receipt, because the provider gave no readable time.
    Receipt,
}

/// The advertisement or post that a contact pressed before writing.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Referral {
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Its id.
    pub source_id: Option<String>,
    /// Its URL.
    pub source_url: Option<String>,
    /// The click's id, for reporting conversions.
    pub ctwa_clid: Option<String>,
    /// Its headline.
    pub headline: Option<String>,
    /// Its text.
    pub body: Option<String>,
}

impl Inbound {
    /// A message without sender and id, received at `received_at`.
    pub fn new(received_at: SystemTime, content: impl Into<InboundContent>) -> Self {
        Self {
            message_id: None,
            from: None,
            user_id: None,
            to: None,
            name: None,
            at: received_at,
            at_source: TimeSource::Receipt,
            reply_to: None,
            referral: None,
            group_id: None,
            content: content.into(),
            opens_window: true,
        }
    }

    /// Sets the provider's id.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<MessageId>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Sets the contact's number.
    #[must_use]
    pub fn with_sender(mut self, contact: PhoneNumber) -> Self {
        self.from = Some(contact);
        self
    }

    /// Sets the time by the provider's clock. `None` leaves the time of receipt.
    #[must_use]
    pub const fn with_provider_time(mut self, at: Option<SystemTime>) -> Self {
        if let Some(at) = at {
            self.at = at;
            self.at_source = TimeSource::Provider;
        }
        self
    }
}

impl TimeSource {
    /// The word used in JSON: `provider` or `receipt`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Receipt => "receipt",
        }
    }
}
