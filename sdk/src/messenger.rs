//! The one trait: a provider account that can send WhatsApp messages.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::capability::{Capabilities, Capability};
use crate::client::attempt::Attempt;
use crate::error::{Error, ErrorKind, Result};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::phone::PhoneNumber;
use crate::session::Session;
use crate::webhook::event::WebhookEvents;

/// A provider account that can send WhatsApp messages.
///
/// This is the minimum that every adapter implements, and the whole of what [`Client`](crate::Client) and its layers
/// build on. An adapter that cannot do a thing says so in one line with [`unsupported`]. [`send_part`](Self::send_part),
/// [`acknowledge`](Self::acknowledge) and [`identify`](Self::identify) have defaults. What a single provider can do beyond
/// the trait stays a method of that provider's own type.
///
/// # Wrappers
///
/// Implementations that wrap another messenger should carry `#[deny(clippy::missing_trait_methods)]`, so that a method
/// added later cannot silently bypass the wrapped one.
#[async_trait]
pub trait Messenger: fmt::Debug + Send + Sync + 'static {
    /// The provider's name, as used in configuration: `exotel`.
    fn provider(&self) -> &'static str;

    /// The account's capabilities. Constant for the life of the value.
    fn capabilities(&self) -> Capabilities;

    /// Sends one message to the provider. `Ok` means accepted, not delivered.
    async fn send(&self, message: &Message) -> Result<Receipt>;

    /// As [`send`](Self::send), as the `attempt` of the client around this messenger. A messenger that sends through other
    /// clients, such as [`Failover`](crate::Failover), implements it, and a wrapper forwards it. Adapters leave it.
    async fn send_part(&self, message: &Message, _attempt: &Arc<Attempt>) -> Result<Receipt> {
        self.send(message).await
    }

    /// Whether this messenger passes messages on to clients with settings of their own, as [`Failover`](crate::Failover)
    /// does. The client around it leaves to them what a channel's settings decide, such as the treatment of template values.
    /// Adapters leave it.
    fn passes_on(&self) -> bool {
        false
    }

    /// Whether free-form messages to `contact` are allowed now. Requires [`Capability::Session`].
    async fn session(&self, contact: &PhoneNumber) -> Result<Session>;

    /// The numbers that this account may send from. Requires [`Capability::Senders`].
    async fn senders(&self) -> Result<Vec<Sender>>;

    /// The templates and their states. Requires [`Capability::Templates`].
    async fn templates(&self) -> Result<Vec<TemplateInfo>>;

    /// The conversations that the provider knows. Requires [`Capability::Conversations`].
    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>>;

    /// Shows a contact that its message was read, or that an answer is being typed. Requires [`Capability::MarkRead`] or
    /// [`Capability::Typing`]. A repetition does no harm.
    async fn acknowledge(&self, _message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        unsupported(self.provider(), acknowledgement.capability())
    }

    /// Asks the provider, without a send, whether it accepts the credential and knows the sender. `None` if it has no such
    /// request. By default, the first list of the account that the provider has answers.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] for the credential and [`ErrorKind::SenderNotFound`] for the sender.
    async fn identify(&self) -> Result<Option<Identity>> {
        let can = self.capabilities();
        let answer = if can.contains(Capability::Senders) {
            self.senders().await.map(drop)
        } else if can.contains(Capability::Templates) {
            self.templates().await.map(drop)
        } else if can.contains(Capability::Conversations) {
            self.conversations(&ConversationFilter::default()).await.map(drop)
        } else {
            return Ok(None);
        };
        match answer {
            Ok(()) => Ok(Some(Identity::default())),
            // A list may need a setting that a send does not need.
            Err(error) if error.kind() == ErrorKind::Config => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Verifies and reads one webhook call, received at `received_at`. Pure: no network, no clock. Requires
    /// [`Capability::DeliveryStatus`] or [`Capability::Inbound`].
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] if a secret is configured and the signature is missing or wrong.
    fn webhook(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents>;
}

/// The error of an adapter whose provider lacks `capability`: no request was made and nothing was sent.
pub fn unsupported<T>(provider: &'static str, capability: Capability) -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, format!("this provider has no {capability}")).with_provider(provider))
}

macro_rules! forward {
    ($($wrapper:ident),*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<M: Messenger + ?Sized> Messenger for $wrapper<M> {
            fn provider(&self) -> &'static str {
                (**self).provider()
            }
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
            async fn send(&self, message: &Message) -> Result<Receipt> {
                (**self).send(message).await
            }
            async fn send_part(&self, message: &Message, attempt: &Arc<Attempt>) -> Result<Receipt> {
                (**self).send_part(message, attempt).await
            }
            fn passes_on(&self) -> bool {
                (**self).passes_on()
            }
            async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
                (**self).session(contact).await
            }
            async fn senders(&self) -> Result<Vec<Sender>> {
                (**self).senders().await
            }
            async fn templates(&self) -> Result<Vec<TemplateInfo>> {
                (**self).templates().await
            }
            async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
                (**self).conversations(filter).await
            }
            async fn acknowledge(&self, message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
                (**self).acknowledge(message_id, acknowledgement).await
            }
            async fn identify(&self) -> Result<Option<Identity>> {
                (**self).identify().await
            }
            fn webhook(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
                (**self).webhook(request, received_at)
            }
        }
    )*};
}

forward!(Arc, Box);
