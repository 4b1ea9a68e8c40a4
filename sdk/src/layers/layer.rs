//! The trait of layers.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::capability::Capabilities;
use crate::client::tracker::SendTracker;
use crate::error::Result;
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::messenger::Messenger;
use crate::phone::PhoneNumber;
use crate::secret::Redactor;
use crate::session::Session;

/// A policy or measurement around every call. Each method calls the next layer by default.
#[async_trait]
pub trait Layer: fmt::Debug + Send + Sync + 'static {
    /// Around [`Messenger::send`].
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        next.send(message).await
    }
    /// Around [`Messenger::session`].
    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        next.session(contact).await
    }
    /// Around [`Messenger::senders`].
    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        next.senders().await
    }
    /// Around [`Messenger::templates`].
    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        next.templates().await
    }
    /// Around [`Messenger::conversations`].
    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        next.conversations(filter).await
    }
    /// Around [`Messenger::acknowledge`].
    async fn acknowledge(
        &self,
        message_id: &MessageId,
        acknowledgement: Acknowledgement,
        next: Next<'_>,
    ) -> Result<()> {
        next.acknowledge(message_id, acknowledgement).await
    }
    /// Around [`Messenger::identify`].
    async fn identify(&self, next: Next<'_>) -> Result<Option<Identity>> {
        next.identify().await
    }
}

/// The layers below, and the adapter. `Copy`, so that a layer may call it never, once or several times.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    pub(crate) base: &'a Arc<dyn Messenger>,
    pub(crate) layers: &'a [Arc<dyn Layer>],
    /// Tracks the send that this is part of.
    pub(crate) tracker: Option<&'a Arc<SendTracker>>,
    pub(crate) channel: Option<&'a Arc<str>>,
    /// Redacts the credentials of the client.
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only spans show texts of the caller"))]
    pub(crate) secrets: &'a Redactor,
}

impl Next<'_> {
    /// The account's capabilities.
    pub fn capabilities(&self) -> Capabilities {
        self.base.capabilities()
    }

    /// The provider's name.
    pub fn provider(&self) -> &'static str {
        self.base.provider()
    }

    /// The channel's name, if the client has one; see [`ClientBuilder::channel`](crate::client::ClientBuilder::channel).
    pub fn channel(&self) -> Option<&str> {
        self.channel.map(|name| &**name)
    }

    /// Whether the message may already have been accepted in this form: it goes in this form or not at all.
    pub(crate) fn is_resend(&self) -> bool {
        self.tracker.is_some_and(|tracker| tracker.is_resend())
    }

    /// Calls the next layer's [`Messenger::send`].
    pub async fn send(self, message: &Message) -> Result<Receipt> {
        match self.split() {
            Some((layer, below)) => layer.send(message, below).await,
            None => match self.tracker {
                Some(tracker) => tracker.attempt(self.base, message).await,
                None => self.base.send(message).await,
            },
        }
    }

    /// Calls the next layer's [`Messenger::session`].
    pub async fn session(self, contact: &PhoneNumber) -> Result<Session> {
        match self.split() {
            Some((layer, below)) => layer.session(contact, below).await,
            None => self.base.session(contact).await,
        }
    }

    /// Calls the next layer's [`Messenger::senders`].
    pub async fn senders(self) -> Result<Vec<Sender>> {
        match self.split() {
            Some((layer, below)) => layer.senders(below).await,
            None => self.base.senders().await,
        }
    }

    /// Calls the next layer's [`Messenger::templates`].
    pub async fn templates(self) -> Result<Vec<TemplateInfo>> {
        match self.split() {
            Some((layer, below)) => layer.templates(below).await,
            None => self.base.templates().await,
        }
    }

    /// Calls the next layer's [`Messenger::conversations`].
    pub async fn conversations(self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        match self.split() {
            Some((layer, below)) => layer.conversations(filter, below).await,
            None => self.base.conversations(filter).await,
        }
    }

    /// Calls the next layer's [`Messenger::acknowledge`].
    pub async fn acknowledge(self, message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        match self.split() {
            Some((layer, below)) => layer.acknowledge(message_id, acknowledgement, below).await,
            None => self.base.acknowledge(message_id, acknowledgement).await,
        }
    }

    /// Calls the next layer's [`Messenger::identify`].
    pub async fn identify(self) -> Result<Option<Identity>> {
        match self.split() {
            Some((layer, below)) => layer.identify(below).await,
            None => self.base.identify().await,
        }
    }

    fn split(&self) -> Option<(&dyn Layer, Self)> {
        let (first, rest) = self.layers.split_first()?;
        Some((&**first, Self { layers: rest, ..*self }))
    }
}
