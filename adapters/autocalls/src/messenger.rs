//! Autocalls as a messenger.

mod calls;

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::account::{Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use transom::adapter::{Context, TemplateCache, unsupported};
use transom::config::ChannelConfig;
use transom::phone::variants;
use transom::webhook::WebhookEvents;
use transom::{
    Capabilities, Capability, Content, Error, ErrorKind, Message, Messenger, PhoneNumber, Receipt, Result, Session,
    Window,
};

use crate::config::{Config, NAME};
use crate::request::template::{self, RequestedTemplate};
use crate::response::lists;
use crate::{request, response, webhook};

/// The capabilities of this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::Text,
    Capability::Template,
    Capability::Session,
    Capability::Senders,
    Capability::Templates,
    Capability::Conversations,
    Capability::DeliveryStatus,
    Capability::WebhookSignature,
]);

/// The most pages of conversations to read, with 100 entries each.
const PAGES_MAX: usize = 20;

/// An Autocalls account.
#[derive(Debug)]
pub struct Autocalls {
    config: Config,
    context: Context,
    /// The sender's templates as last listed: for the ids of those that go by name, and for the parameters of all.
    listed: TemplateCache,
}

impl Autocalls {
    /// An account with these settings. [`connect`](Self::connect) reads them from a channel.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context, listed: TemplateCache::default() }
    }

    /// The account of a configured channel.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](transom::ErrorKind::Config) with a line for each problem of the channel.
    pub fn connect(channel: &ChannelConfig, context: Context) -> Result<Self> {
        Ok(Self::new(Config::read(channel.reader())?, context))
    }

    async fn send_once(&self, request: Request<Bytes>, to: &PhoneNumber) -> Result<Receipt> {
        let answer = match self.context.transport.send(request).await {
            Ok(response) => response::decode_send(&response, self.context.now(&response), to),
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.with_attempts(1))
    }

    async fn send_text(&self, message: &Message, request: Request<Bytes>) -> Result<Receipt> {
        match self.send_once(request, &message.to).await {
            Err(refused) if self.config.probe && is_ambiguous(&refused) => Err(self.tell_apart(refused, message).await),
            other => other,
        }
    }

    /// A closed window and one that never was open are refused alike; the session query tells them apart. Where it
    /// fails, the refusal stands.
    async fn tell_apart(&self, refused: Error, message: &Message) -> Error {
        match self.session(&message.to).await {
            Ok(session) if session.window == Window::Never => {
                refused.with_kind(ErrorKind::NoActiveSession).with_session(session)
            }
            Ok(session) => refused.with_session(session),
            Err(_) => refused,
        }
    }

    async fn send_template(&self, to: &PhoneNumber, requested: &RequestedTemplate<'_>) -> Result<Receipt> {
        let id = self.id_of(requested).await?;
        let answer = self.send_once(request::encode_template(&self.config, to, requested, id)?, to).await;
        if matches!(&answer, Err(refused) if refused.kind() == ErrorKind::TemplateRejected) {
            // It was paused, or made anew under another id, since it was listed.
            self.listed.invalidate();
        }
        answer
    }

    /// The id of a template, after a look at its definition. One that has an id goes without that look where the list
    /// cannot be read.
    async fn id_of(&self, requested: &RequestedTemplate<'_>) -> Result<u64> {
        let find = |listed: &[TemplateInfo]| template::id_of(listed, requested, self.config.probe);
        let suits = |listed: &[TemplateInfo]| find(listed).is_ok();
        let clock = &*self.context.clock;
        let Some(id) = requested.id else { return find(&self.listed.get(clock, self.templates(), suits).await?) };
        if !self.config.probe {
            return Ok(id);
        }
        self.listed.get_if_available(clock, self.templates(), suits).await.map_or(Ok(id), |listed| find(&listed))
    }

    /// The session of `contact` as the provider has it under this spelling of the number.
    async fn session_under(&self, spelling: &PhoneNumber, contact: &PhoneNumber) -> Result<Session> {
        let request = request::encode_session(&self.config, spelling)?;
        self.read(request, |response, now| response::decode_session(response, now, contact)).await
    }

    async fn read<T>(
        &self,
        request: Request<Bytes>,
        decode: impl FnOnce(&Response<Bytes>, SystemTime) -> Result<T> + Send,
    ) -> Result<T> {
        let response = self.context.transport.send(request).await.map_err(Error::mark_unsent)?;
        decode(&response, self.context.now(&response))
    }
}

/// Whether this refusal leaves open if the contact has ever written. One that tells when the window closed does not.
fn is_ambiguous(refused: &Error) -> bool {
    refused.is_window_closed() && !refused.may_have_been_sent() && refused.session().is_none()
}

/// Of two sessions of a contact, the one with the higher rank counts.
const fn rank(session: &Session) -> (u8, Option<SystemTime>) {
    let state = match session.window {
        Window::Open { .. } => 3,
        Window::Expired { .. } => 2,
        Window::Never => 0,
        // Not known to have never written.
        _ => 1,
    };
    (state, session.last_inbound_at)
}

#[async_trait]
impl Messenger for Autocalls {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        match &message.content {
            Content::Text(text) => self.send_text(message, request::encode_text(&self.config, message, text)?).await,
            Content::Template(template) => {
                self.send_template(&message.to, &RequestedTemplate::of(&self.config, template)?).await
            }
            other => unsupported(NAME, other.capability()),
        }
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        let mut session = self.session_under(contact, contact).await?;
        // The provider may have the contact under another spelling of the number (field).
        for spelling in variants(contact).iter().skip(1) {
            if matches!(session.window, Window::Open { .. }) {
                break;
            }
            let other = self.session_under(spelling, contact).await?;
            if rank(&other) > rank(&session) {
                session = other;
            }
        }
        Ok(session)
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.read(request::encode_senders(&self.config)?, lists::decode_senders).await
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.read(request::encode_templates(&self.config)?, lists::decode_templates).await
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        let mut conversations = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let request = request::encode_conversations(&self.config, filter, cursor.as_deref())?;
            let (page, next) = self.read(request, lists::decode_conversations).await?;
            conversations.extend(page);
            // A cursor that leads to itself would lead there for ever.
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        Ok(conversations)
    }

    async fn identify(&self) -> Result<Option<Identity>> {
        Identity::among(&self.senders().await?, "sender_id", &self.config.sender_id.to_string()).map(Some)
    }

    fn webhook(&self, request: &Request<Bytes>, _received_at: SystemTime) -> Result<WebhookEvents> {
        webhook::read(&self.config.webhook_secrets, request)
    }
}

#[cfg(test)]
mod tests;
