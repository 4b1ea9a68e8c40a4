//! Messangi as a messenger.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use transom::account::{Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use transom::adapter::{Context, unsupported};
use transom::config::ChannelConfig;
use transom::webhook::WebhookEvents;
use transom::{Capabilities, Capability, Error, Message, Messenger, PhoneNumber, Receipt, Result, Session};

use crate::api_key_cache::{ApiKey, ApiKeyCache};

use crate::config::{Config, Credential, NAME};
use crate::types::Envelope;
use crate::webhook;
use crate::{request, response};

/// The capabilities of this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::Text,
    Capability::Image,
    Capability::Video,
    Capability::Audio,
    Capability::Document,
    Capability::Location,
    Capability::Contacts,
    Capability::Buttons,
    Capability::List,
    Capability::Reply,
    Capability::Template,
    Capability::DeliveryStatus,
    Capability::StatusCallback,
    Capability::Inbound,
]);

/// A Messangi account.
#[derive(Debug)]
pub struct Messangi {
    config: Config,
    context: Context,
    keys: ApiKeyCache,
}

impl Messangi {
    /// An account with these settings. [`connect`](Self::connect) reads them from a channel.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context, keys: ApiKeyCache::default() }
    }

    /// The account of a configured channel.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](transom::ErrorKind::Config) with a line for each problem of the channel.
    pub fn connect(channel: &ChannelConfig, context: Context) -> Result<Self> {
        Ok(Self::new(Config::read(channel.reader())?, context))
    }

    async fn send_under(&self, key: &ApiKey, body: &Envelope<'_>, message: &Message) -> Result<Receipt> {
        let request = request::encode_send(&self.config, &key.secret, body)?;
        let answer = match self.context.transport.send(request).await {
            Ok(response) => {
                self.keys.note_time(&response, &self.context);
                response::decode_send(&response, self.context.now(&response), message)
            }
            Err(error) => Err(error),
        };
        // The sender's number is as private as the contact's, and the caller's redaction does not know the key of a
        // login.
        let ours = |error: Error| error.without_number(&self.config.from).without_secret(key.secret.expose());
        answer.map_err(|error| ours(error).with_attempts(1))
    }

    /// Whether `refused` may be followed by one login and one more send: only its key was at fault, and nothing was
    /// sent.
    fn may_log_in_again(&self, refused: &Error) -> bool {
        self.config.probe
            && matches!(self.config.credential, Credential::Login { .. })
            && refused.status() == Some(StatusCode::UNAUTHORIZED.as_u16())
            && !refused.may_have_been_sent()
    }
}

#[async_trait]
impl Messenger for Messangi {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        let body = request::encode_body(&self.config, message)?;
        let key = self.keys.get(&self.config, &self.context, None).await?;
        let first = self.send_under(&key, &body, message).await;
        match first {
            Err(refused) if self.may_log_in_again(&refused) => {
                let next = self.keys.get(&self.config, &self.context, Some(key.login)).await;
                let key = next.map_err(|error| error.with_attempts(1))?;
                match self.send_under(&key, &body, message).await {
                    Ok(receipt) => Ok(receipt.with_attempts(2)),
                    Err(error) => Err(error.with_attempts(2)),
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

    /// Logs in. Nothing but a send uses an API key.
    async fn identify(&self) -> Result<Option<Identity>> {
        if matches!(self.config.credential, Credential::ApiKey(_)) {
            return Ok(None);
        }
        self.keys.get(&self.config, &self.context, None).await?;
        Ok(Some(Identity::default()))
    }

    fn webhook(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        webhook::read(&self.config, request, received_at)
    }
}

#[cfg(test)]
mod tests;
