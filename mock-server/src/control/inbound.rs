//! A contact writes to a sender.

mod content;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check_length;
use super::read::Time;
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::phone::{Phone, is_e164};
use crate::core::simulator::Simulator;
use crate::core::webhook::{InboundMessage as Written, RepliedTo};
use crate::core::world::{Inbound, WINDOW, Window};
use content::check_content;

const LONGEST_USER_ID: usize = 128;

/// A contact's message. It needs `from` or `user_id`, and one of `text`, `content` and `raw`.
#[derive(Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct InboundMessage {
    /// The provider.
    pub provider: String,
    /// The contact's number; empty if only `user_id` is known.
    #[serde(default)]
    pub from: String,
    /// WhatsApp's id of a contact who writes under a user name, of at most 128 characters. Without `from` the message
    /// opens no session window that a send could use, since providers document no send to a user id.
    pub user_id: Option<String>,
    /// The sender's number or id; by default the provider's first sender.
    pub to: Option<String>,
    /// A text.
    pub text: Option<String>,
    /// A message of a type that is checked.
    #[schema(value_type = Option<Object>)]
    pub content: Option<Value>,
    /// A message that is not checked, with a `type`.
    #[schema(value_type = Option<Object>)]
    pub raw: Option<Value>,
    /// The contact's profile name.
    pub name: Option<String>,
    /// The `message_id` of the message that this one answers.
    pub reply_to: Option<String>,
    /// The advertisement from which the contact wrote.
    pub referral: Option<Referral>,
}

/// An advertisement, as WhatsApp describes it to the business.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Referral {
    /// `ad` or `post`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    /// The id of the click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
    /// Its headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl InboundMessage {
    /// A text to the provider's first sender.
    pub fn text(provider: &str, from: &str, text: &str) -> Self {
        Self { provider: provider.to_owned(), from: from.to_owned(), text: Some(text.to_owned()), ..Self::default() }
    }
}

impl std::fmt::Debug for InboundMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboundMessage").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// What became of a contact's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Received {
    /// The message's id.
    pub message_id: String,
    /// The session window that it opened.
    pub window: WindowState,
}

/// A session window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WindowState {
    /// The contact never wrote.
    Never,
    /// Free messages may go.
    Open {
        /// When it closes.
        until: Time,
    },
    /// The contact wrote long ago.
    Expired {
        /// When it closed.
        since: Time,
    },
}

impl From<Window> for WindowState {
    fn from(window: Window) -> Self {
        match window {
            Window::Never => Self::Never,
            Window::Open { until } => Self::Open { until: until.into() },
            Window::Expired { since } => Self::Expired { since: since.into() },
        }
    }
}

impl Simulator {
    /// Takes a contact's message: it opens or renews the session window, and makes the webhook call where the provider has one.
    ///
    /// # Errors
    ///
    /// A member cannot be.
    pub fn receive(&mut self, real_now: SystemTime, inbound: &InboundMessage) -> Result<Received, ControlError> {
        let provider = self.provider(&inbound.provider)?;
        let number = contact_number(inbound)?;
        let from = number.clone().unwrap_or_else(Phone::nobody);
        let to = self.sender_number(provider, inbound.to.as_deref())?;
        let content = content(inbound)?;
        let reply_to = self.replied(provider, &from, inbound.reply_to.as_deref())?;

        let now = self.clock.now(real_now);
        let message = Inbound { provider, from: &from, to: &to, name: inbound.name.as_deref() };
        if number.is_some() {
            let begins = self.begins_conversation(&message, now);
            self.world.receive(now, &message);
            self.announce_received(&message, now, begins);
        }
        let user_id = inbound.user_id.as_deref();
        // A struct of texts always serialises.
        let referral = inbound.referral.as_ref().map(|referral| json!(referral));
        let dialect = self.simulators.iter().find(|dialect| dialect.name() == provider);
        let message_id = dialect.map_or_else(String::new, |dialect| dialect.inbound_id(&mut self.world));
        if let Some(dialect) = dialect {
            let reply = reply_to.as_ref().map(|(message_id, callbacks)| RepliedTo { message_id, callbacks });
            let referral = referral.as_ref();
            let written = Written { message_id: &message_id, content: &content, reply, user_id, referral };
            self.webhooks.received(dialect.as_ref(), &self.world, now, &message, &written);
        }
        self.world.transcript.received(now, &message, &message_id, &content, user_id);
        self.note("inbound");
        let window = match number {
            Some(from) => self.world.window(provider, &to, &from, now),
            None => Window::Open { until: now + WINDOW },
        };
        let window = window.into();
        Ok(Received { message_id, window })
    }

    /// The message to this contact that `reply_to` names, with the addresses that it named for itself.
    fn replied(
        &self,
        provider: &str,
        contact: &Phone,
        reply_to: Option<&str>,
    ) -> Result<Option<(String, Vec<String>)>, ControlError> {
        let Some(id) = reply_to else { return Ok(None) };
        let recent = self.world.transcript.accepted_of(provider).find(|message| message.message_id == id);
        let recent = recent.filter(|message| message.to == *contact).map(|message| message.callbacks.clone());
        let older = || {
            let mut lines = self.world.ledger().rev().filter(|line| line.provider == provider && line.to == *contact);
            lines.any(|line| line.message_id == id).then(Vec::new)
        };
        let callbacks = recent.or_else(older).ok_or_else(|| {
            let expected = format!("the `message_id` of a message of {provider} to {}", contact.e164());
            ControlError::invalid_text("reply_to", id, expected)
        })?;
        Ok(Some((id.to_owned(), callbacks)))
    }

    /// The sender that `to` names by its number or its id; without `to` the provider's first.
    fn sender_number(&self, provider: &str, to: Option<&str>) -> Result<Phone, ControlError> {
        let mut own = self.world.account(provider).senders.iter().filter(|sender| sender.owned);
        let Some(to) = to else {
            let first = own.next().map(|sender| sender.phone.clone());
            return first.ok_or_else(|| ControlError::refused(format!("{provider} has no sender to write to")));
        };
        let number = Phone::read(to);
        let known = own.clone().map(|sender| sender.phone.e164()).collect::<Vec<_>>();
        let sender = own.find(|sender| sender.id == to || Some(&sender.phone) == number.as_ref());
        sender
            .map(|sender| sender.phone.clone())
            .ok_or_else(|| ControlError::invalid_text("to", to, format!("a sender of {provider}: {}", list(known))))
    }
}

/// The contact's number; `None` if the contact has a user id alone.
fn contact_number(inbound: &InboundMessage) -> Result<Option<Phone>, ControlError> {
    if let Some(user_id) = &inbound.user_id {
        check_length("user_id", user_id, LONGEST_USER_ID)?;
        if inbound.from.is_empty() {
            return Ok(None);
        }
    }
    let expected = "a phone number such as \"+919876543210\"";
    if inbound.from.is_empty() {
        return Err(ControlError::missing("from", format!("{expected}, or a `user_id`")));
    }
    let number = Phone::read(&inbound.from).filter(|phone| is_e164(&phone.e164()));
    number.map(Some).ok_or_else(|| ControlError::invalid_text("from", &inbound.from, expected))
}

fn content(inbound: &InboundMessage) -> Result<Value, ControlError> {
    match (&inbound.text, &inbound.content, &inbound.raw) {
        (Some(text), None, None) => Ok(json!({"type": "text", "body": text})),
        (None, Some(content), None) => {
            check_content(content).map_err(|error| error.at("`content`"))?;
            Ok(content.clone())
        }
        (None, None, Some(raw)) if raw.get("type").is_some_and(Value::is_string) => Ok(raw.clone()),
        (None, None, Some(raw)) => Err(ControlError::invalid("raw", raw, "an object with a `type`")),
        (None, None, None) => Err(ControlError::missing("text", "a `text` or a `content`")),
        _ => Err(ControlError::refused("there are several of `text`, `content` and `raw`, expected one of them")),
    }
}
