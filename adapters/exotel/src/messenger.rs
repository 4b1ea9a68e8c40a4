//! Exotel as a messenger.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use transom::{
    Capabilities, Capability, Context, Conversation, ConversationFilter, Events, Message, Messenger, PhoneNumber,
    Receipt, Result, Sender, Session, TemplateInfo, unsupported,
};

use crate::config::{Config, RequestShape};
use crate::wire::{self, Shape};
use crate::{NAME, webhook};

/// What Exotel can do through this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::of(&[
    Capability::Text,
    Capability::Image,
    Capability::Video,
    Capability::Audio,
    Capability::Document,
    Capability::Sticker,
    Capability::Location,
    Capability::Contacts,
    Capability::Buttons,
    Capability::List,
    Capability::Reaction,
    Capability::Template,
    Capability::DeliveryStatus,
    Capability::Inbound,
    Capability::WebhookSignature,
]);

/// An Exotel account.
#[derive(Debug)]
pub struct Exotel {
    config: Config,
    context: Context,
    /// Set once the flat shape was refused in favour of the wrapped one.
    wants_wrapped: AtomicBool,
}

impl Exotel {
    /// The account of `config`.
    pub const fn new(config: Config, context: Context) -> Self {
        Self { config, context, wants_wrapped: AtomicBool::new(false) }
    }

    fn shape(&self) -> Shape {
        match self.config.request_shape {
            RequestShape::Wrapped => Shape::Wrapped,
            RequestShape::Auto if self.wants_wrapped.load(Ordering::Relaxed) => Shape::Wrapped,
            RequestShape::Auto | RequestShape::Flat => Shape::Flat,
        }
    }

    async fn send_as(&self, shape: Shape, message: &Message) -> Result<Receipt> {
        let request = wire::encode_send(&self.config, shape, message)?;
        let answer = match self.context.transport.send(request).await {
            Ok(response) => wire::decode_send(&response, self.context.now(&response), message),
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.with_attempts(1))
    }
}

#[async_trait]
impl Messenger for Exotel {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        let shape = self.shape();
        let first = self.send_as(shape, message).await;
        let may_reshape = self.config.request_shape == RequestShape::Auto && shape == Shape::Flat && self.config.probe;
        match first {
            Err(refused) if may_reshape && wire::wants_wrapped(&refused) => {
                self.wants_wrapped.store(true, Ordering::Relaxed);
                match self.send_as(Shape::Wrapped, message).await {
                    Ok(receipt) => Ok(receipt.with_attempts(2)),
                    Err(error) => {
                        let attempts = error.attempts().saturating_add(1);
                        Err(error.with_attempts(attempts))
                    }
                }
            }
            other => other,
        }
    }

    async fn session(&self, _contact: &PhoneNumber) -> Result<Session> {
        unsupported(NAME, Capability::Session)
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        unsupported(NAME, Capability::Senders)
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        unsupported(NAME, Capability::Templates)
    }

    async fn conversations(&self, _filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        unsupported(NAME, Capability::Conversations)
    }

    fn webhook(&self, request: &http::Request<Bytes>) -> Result<Events> {
        webhook::read(&self.config.webhook_secrets, request)
    }
}
