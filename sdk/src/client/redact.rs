//! A messenger whose errors show neither credentials nor the contact's number.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::capability::Capabilities;
use crate::client::attempt::Attempt;
use crate::error::{Error, Result};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::messenger::Messenger;
use crate::phone::PhoneNumber;
use crate::secret::Redactor;
use crate::session::Session;
use crate::webhook::event::WebhookEvents;

/// Wraps the adapter below the layers, because layers log errors.
#[derive(Debug)]
pub(crate) struct Redacting {
    pub(crate) base: Arc<dyn Messenger>,
    pub(crate) secrets: Arc<Redactor>,
}

impl Redacting {
    fn redact(&self, error: Error) -> Error {
        error.without_secrets(&self.secrets)
    }

    /// A message id that is a credential is none: logs and databases keep ids.
    fn redact_send(&self, outcome: Result<Receipt>, message: &Message) -> Result<Receipt> {
        let mut receipt = outcome.map_err(|error| without_private(self.redact(error), message))?;
        for id in [&mut receipt.message_id].into_iter().chain(&mut receipt.provider_message_id) {
            let shown = self.secrets.redact(id.as_str());
            if shown != id.as_str() {
                *id = shown.into();
            }
        }
        Ok(receipt)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Messenger for Redacting {
    fn provider(&self) -> &'static str {
        self.base.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.base.capabilities()
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        self.redact_send(self.base.send(message).await, message)
    }

    async fn send_part(&self, message: &Message, attempt: &Arc<Attempt>) -> Result<Receipt> {
        self.redact_send(self.base.send_part(message, attempt).await, message)
    }

    fn passes_on(&self) -> bool {
        self.base.passes_on()
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        self.base.session(contact).await.map_err(|error| self.redact(error).without_number(contact))
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.base.senders().await.map_err(|error| self.redact(error))
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.base.templates().await.map_err(|error| self.redact(error))
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        let conversations = self.base.conversations(filter).await;
        conversations.map_err(|error| match &filter.contact {
            Some(contact) => self.redact(error).without_number(contact),
            None => self.redact(error),
        })
    }

    async fn acknowledge(&self, message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        self.base.acknowledge(message_id, acknowledgement).await.map_err(|error| self.redact(error))
    }

    async fn identify(&self) -> Result<Option<Identity>> {
        self.base.identify().await.map_err(|error| self.redact(error))
    }

    fn webhook(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        self.base.webhook(request, received_at).map_err(|error| self.redact(error))
    }
}

/// Prepares a client's errors for its caller: they name the provider and contain no credential and no number.
#[derive(Clone, Debug)]
pub(crate) struct Redaction {
    pub(crate) provider: &'static str,
    pub(crate) secrets: Arc<Redactor>,
}

impl Redaction {
    pub(crate) fn of(&self, error: Error) -> Error {
        let error = error.without_secrets(&self.secrets);
        if error.provider().is_some() { error } else { error.with_provider(self.provider) }
    }

    /// As [`of`](Self::of), for the error of a send.
    pub(crate) fn of_send(&self, error: Error, message: &Message) -> Error {
        // Without a send request, the status is that of a lookup or a login.
        let error = if error.attempts() == 0 { error.without_status() } else { error };
        without_private(self.of(error), message)
    }
}

/// `error` without the contact's number and the address of the message's delivery reports.
fn without_private(error: Error, message: &Message) -> Error {
    let error = error.without_number(&message.to);
    match &message.status_callback {
        Some(url) => error.without_secret(url.as_str()),
        None => error,
    }
}
