//! The provider's lists: senders, templates, conversations.

use std::time::SystemTime;

use serde::Serialize;

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
    /// The names of the body's placeholders, in order; `1`, `2`, … for placeholders without a name.
    pub parameters: Vec<String>,
    /// Whether the provider reports the placeholders. If not, `parameters` is empty and means nothing.
    #[serde(skip)]
    pub parameters_known: bool,
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
        Self { id: id.into(), phone: None, name: None, status: status.into() }
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
            parameters: Vec::new(),
            parameters_known: false,
        }
    }

    /// Sets the placeholders; `None` if the provider does not report them.
    #[must_use]
    pub fn with_parameters(mut self, told: Option<Vec<String>>) -> Self {
        self.parameters_known = told.is_some();
        self.parameters = told.unwrap_or_default();
        self
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
