//! Larkwire as a messenger.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use transom::account::{Conversation, ConversationFilter, Sender, TemplateInfo};
use transom::adapter::{Context, unsupported};
use transom::config::ChannelConfig;
use transom::webhook::WebhookEvents;
use transom::{Capabilities, Capability, Message, Messenger, PhoneNumber, Receipt, Result, Session};

use crate::config::{Config, NAME};
use crate::{request, response, webhook};

/// The capabilities of this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::Text,
    Capability::Template,
    Capability::DeliveryStatus,
    Capability::Inbound,
    Capability::WebhookSignature,
]);

/// A Larkwire account.
#[derive(Debug)]
pub struct Larkwire {
    config: Config,
    context: Context,
}

impl Larkwire {
    /// An account with these settings. [`connect`](Self::connect) reads them from a channel.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context }
    }

    /// The account of a configured channel.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](transom::ErrorKind::Config) with a line for each problem of the channel.
    pub fn connect(channel: &ChannelConfig, context: Context) -> Result<Self> {
        Ok(Self::new(Config::read(channel.reader())?, context))
    }
}

#[async_trait]
impl Messenger for Larkwire {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        let request = request::encode_send(&self.config, message)?;
        let answer = match self.context.transport.send(request).await {
            Ok(response) => response::decode_send(&response, self.context.now(&response)),
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.with_attempts(1))
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

    fn webhook(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        webhook::read(&self.config, request, received_at)
    }
}
