//! What a provider says of an account: who it is, its senders, templates and conversations.

use std::time::SystemTime;

use serde::Serialize;

use crate::capability::Capability;
use crate::error::{Error, ErrorKind, Result};
use crate::message::{TemplateDefinition, definition};
use crate::phone::PhoneNumber;
use crate::time::rfc3339;

/// A number that this account may send from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sender {
    /// The provider's id of it.
    pub id: String,
    /// The number, if the provider reports it.
    pub phone: Option<PhoneNumber>,
    /// The name that contacts see.
    pub name: Option<String>,
    /// The provider's word for its state, such as `online`.
    pub status: String,
    /// WhatsApp's rating of it, in lower case, such as `green`.
    pub quality: Option<String>,
    /// How many contacts it may be the first to write to within 24 hours: a number, or `unlimited`.
    pub messaging_limit: Option<String>,
    /// The provider's word for how many messages it may send a second, such as `Standard`.
    pub throughput: Option<String>,
}

/// A template and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TemplateInfo {
    /// The provider's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// The provider's word for its state, in lower case, such as `approved`.
    pub status: String,
    /// What it is for, in lower case: `marketing`, `utility` or `authentication`.
    pub category: Option<String>,
    /// The text of its body, with placeholders such as `{{1}}`.
    pub body: Option<String>,
    /// Why it is in this state, such as the reason of a rejection, as the provider words it.
    pub reason: Option<String>,
    /// The names of the body's placeholders, in order; `1`, `2`, … for placeholders without a name.
    pub parameters: Vec<String>,
    /// Whether the provider reports the placeholders. If not, `parameters` is empty and means nothing.
    #[serde(skip)]
    pub parameters_known: bool,
    /// Its components, where the provider reports them.
    #[serde(skip)]
    pub definition: Option<TemplateDefinition>,
}

/// A conversation with one contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Conversation {
    /// The provider's id of it.
    pub id: String,
    /// The contact, if the provider reports it.
    pub contact: Option<PhoneNumber>,
    /// The provider's word for its state. It does not determine the session window.
    pub state: String,
    /// The time of the contact's last message.
    #[serde(with = "rfc3339::option")]
    pub last_inbound_at: Option<SystemTime>,
}

/// What a provider says of a channel when it is asked without a send. It accepted the credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Identity {
    /// The sender of the channel, if the provider lists senders.
    pub sender: Option<Sender>,
}

/// What a contact sees of a message that it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acknowledgement {
    /// The message is marked as read.
    Read,
    /// An answer is being typed. The provider may mark the message as read, too.
    Typing,
}

/// A filter for conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationFilter {
    /// Only those with this contact.
    pub contact: Option<PhoneNumber>,
}

impl Sender {
    /// A sender known by `id`, in the state `status`.
    pub fn new(id: impl Into<String>, status: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            phone: None,
            name: None,
            status: status.into(),
            quality: None,
            messaging_limit: None,
            throughput: None,
        }
    }
}

impl Identity {
    /// The identity of the channel whose sender is the one with `id` among `senders`. `key` is the channel's key for it.
    ///
    /// # Errors
    /// [`ErrorKind::SenderNotFound`] naming the known senders if it is not among them.
    pub fn among(senders: &[Sender], key: &str, id: &str) -> Result<Self> {
        const SHOWN: usize = 10;
        if let Some(sender) = senders.iter().find(|sender| sender.id == id) {
            return Ok(Self { sender: Some(sender.clone()) });
        }
        let known: Vec<&str> = senders.iter().take(SHOWN).map(|sender| sender.id.as_str()).collect();
        let known = match (known.as_slice(), senders.len().saturating_sub(SHOWN)) {
            ([], _) => "it has none".to_owned(),
            (known, 0) => format!("known: {}", known.join(", ")),
            (known, more) => format!("known: {} and {more} more", known.join(", ")),
        };
        Err(Error::new(ErrorKind::SenderNotFound, format!("{key}: the account has no sender {id}, {known}")))
    }
}

impl Acknowledgement {
    /// The capability that it needs.
    pub const fn capability(self) -> Capability {
        match self {
            Self::Read => Capability::MarkRead,
            Self::Typing => Capability::Typing,
        }
    }
}

impl TemplateInfo {
    /// A template known by `id` and `name`, in the state `status`.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        language: impl Into<String>,
        status: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            language: language.into(),
            status: status.into(),
            category: None,
            body: None,
            reason: None,
            parameters: Vec::new(),
            parameters_known: false,
            definition: None,
        }
    }

    /// Sets the placeholders; `None` if the provider does not report them.
    #[must_use]
    pub fn with_parameters(mut self, told: Option<Vec<String>>) -> Self {
        self.parameters_known = told.is_some();
        self.parameters = told.unwrap_or_default();
        self
    }

    /// Sets its definition, and with it the body and the placeholders.
    #[must_use]
    pub fn with_definition(mut self, definition: Option<TemplateDefinition>) -> Self {
        self.body = definition.as_ref().and_then(|definition| definition.part.body.clone());
        self.definition = definition;
        let told = self.body.as_deref().map(definition::placeholders);
        self.with_parameters(told)
    }
}

impl Conversation {
    /// A conversation known by `id`, in the state `state`.
    pub fn new(id: impl Into<String>, state: impl Into<String>) -> Self {
        Self { id: id.into(), contact: None, state: state.into(), last_inbound_at: None }
    }
}

impl ConversationFilter {
    /// Only the conversations with `contact`.
    pub const fn with_contact(contact: PhoneNumber) -> Self {
        Self { contact: Some(contact) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_sender_error_names_key_id_and_known_ones() {
        let senders = |count: usize| (1..=count).map(|id| Sender::new(id.to_string(), "online")).collect::<Vec<_>>();
        assert_eq!(Identity::among(&senders(2), "sender_id", "2").unwrap().sender.unwrap().id, "2");
        for (count, line) in [
            (0, "sender_id: the account has no sender 99, it has none"),
            (2, "sender_id: the account has no sender 99, known: 1, 2"),
            (12, "sender_id: the account has no sender 99, known: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"),
        ] {
            let error = Identity::among(&senders(count), "sender_id", "99").unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::SenderNotFound, line));
        }
    }
}
