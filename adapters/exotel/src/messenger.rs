//! Exotel as a messenger.

mod calls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use transom::account::{Conversation, ConversationFilter, Sender, TemplateInfo};
use transom::adapter::{Context, RequestedTemplate, TemplateCache, unsupported};
use transom::config::ChannelConfig;
use transom::webhook::WebhookEvents;
use transom::{
    Capabilities, Capability, Content, Error, ErrorKind, Message, Messenger, PhoneNumber, Receipt, Result, Session,
};

use crate::config::{Config, NAME, RequestShape};
use crate::request::Shape;
use crate::response::lists;
use crate::{request, response, webhook};

/// The capabilities of this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::new(&[
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
    Capability::Templates,
    Capability::DeliveryStatus,
    Capability::StatusCallback,
    Capability::Inbound,
    Capability::WebhookSignature,
    Capability::Batch,
]);

/// The most pages of templates to read.
const PAGES_MAX: usize = 20;

/// An Exotel account.
#[derive(Debug)]
pub struct Exotel {
    config: Config,
    context: Context,
    /// Set once the flat shape was refused in favour of the wrapped one.
    requires_wrapped_shape: AtomicBool,
    /// The templates as last listed.
    definitions: TemplateCache,
}

impl Exotel {
    /// An account with these settings. [`connect`](Self::connect) reads them from a channel.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context, requires_wrapped_shape: AtomicBool::new(false), definitions: TemplateCache::default() }
    }

    /// The account of a configured channel.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](transom::ErrorKind::Config) with a line for each problem of the channel.
    pub fn connect(channel: &ChannelConfig, context: Context) -> Result<Self> {
        Ok(Self::new(Config::read(channel.reader())?, context))
    }

    /// Sends 1 to 100 messages in one request (docs, Bulk WhatsApp Messages), and tells of each, in the order given, what
    /// became of it. Always in the wrapped shape, whatever `request_shape` says.
    ///
    /// No [`Client`](transom::Client) and no layer stands in between: fallbacks are not used, and a verdict of a closed
    /// window is the caller's to act on.
    ///
    /// # Errors
    /// The outer one is about all of them. [`ErrorKind::InvalidRequest`] or [`ErrorKind::Unsupported`] before a byte
    /// leaves if there are none or too many, or if one of them cannot go; each problem begins with its place, such as
    /// `messages[3]`. After that it says whether all or none may have been sent: an answer that cannot be read, or that
    /// holds another number of verdicts than there are messages, leaves all of them in doubt, since nothing in a verdict
    /// names its message.
    pub async fn send_batch(&self, messages: &[Message]) -> Result<Vec<Result<Receipt>>> {
        let ours = |error: Error| {
            // A client does this for the calls of the trait.
            let error = error.with_provider(NAME).without_number(&self.config.from);
            let secrets = [&self.config.api_key, &self.config.api_token];
            let error = secrets.iter().fold(error, |error, secret| error.without_secret(secret.expose()));
            messages.iter().fold(error, |error, message| error.without_number(&message.to))
        };
        let flat: Vec<Message>;
        let messages = if self.config.flatten_parameters {
            flat = messages.iter().map(|message| message.clone().with_flat_parameters()).collect();
            &flat
        } else {
            messages
        };
        request::check_batch(&self.config, messages).map_err(ours)?;
        let listed = self.definitions_for(messages).await;
        let request = request::encode_batch(&self.config, messages, |message| self.definition(message, &listed));
        let request = request.map_err(ours)?;
        let answer = match self.context.transport.send(request).await {
            Ok(response) => response::decode_batch(&response, self.context.now(&response), messages),
            Err(error) => Err(error),
        };
        let ours = |error: Error| self.noted(ours(error)).with_attempts(1);
        Ok(answer.map_err(ours)?.into_iter().map(|verdict| verdict.map_err(ours)).collect())
    }

    fn shape(&self) -> Shape {
        match self.config.request_shape {
            RequestShape::Wrapped => Shape::Wrapped,
            RequestShape::Auto if self.requires_wrapped_shape.load(Ordering::Relaxed) => Shape::Wrapped,
            RequestShape::Auto | RequestShape::Flat => Shape::Flat,
        }
    }

    /// The list that the templates among `messages` are checked against. It is empty if there are none, or no list: that
    /// holds nothing back.
    async fn definitions_for(&self, messages: &[Message]) -> Arc<[TemplateInfo]> {
        let has_template = messages.iter().any(|message| matches!(message.content, Content::Template(_)));
        if !has_template || !self.config.reads_definitions() {
            return Arc::default();
        }
        let suits = |listed: &[TemplateInfo]| messages.iter().all(|message| self.definition(message, listed).is_ok());
        let listed = self.definitions.get_if_available(&*self.context.clock, self.list_templates(), suits).await;
        listed.unwrap_or_default()
    }

    /// The definition in `listed` of the message's template, which it fits.
    fn definition<'l>(&self, message: &Message, listed: &'l [TemplateInfo]) -> Result<Option<&'l TemplateInfo>> {
        let Content::Template(template) = &message.content else { return Ok(None) };
        RequestedTemplate::new(template, self.config.templates.resolve(template))
            .definition_in(listed, &request::LIMITS)
    }

    async fn list_templates(&self) -> Result<Vec<TemplateInfo>> {
        let Some(waba_id) = self.config.waba_id.as_deref() else {
            let line = "waba_id: missing, expected the id of the WhatsApp Business Account whose templates to list";
            return Err(Error::invalid(ErrorKind::Config, vec![line.to_owned()]));
        };
        let mut templates = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let request = request::encode_templates(&self.config, waba_id, after.as_deref())?;
            let response = self.context.transport.send(request).await.map_err(Error::mark_unsent)?;
            let page = lists::decode_templates(&response, self.context.now(&response))?;
            // A cursor that leads back to where it stands has given this page before.
            if after.is_some() && page.after == after {
                break;
            }
            let is_last = page.templates.is_empty() || page.after.is_none();
            templates.extend(page.templates);
            after = page.after;
            if is_last {
                break;
            }
        }
        Ok(templates)
    }

    async fn exchange(&self, request: Request<Bytes>, message: &Message) -> Result<Receipt> {
        let answer = match self.context.transport.send(request).await {
            Ok(response) => response::decode_send(&response, self.context.now(&response), message),
            Err(error) => Err(error),
        };
        // The account's own number is no more for logs than the recipient's.
        answer.map_err(|error| self.noted(error).without_number(&self.config.from).with_attempts(1))
    }

    /// Sends `request`, which has this shape. If exactly the other shape is asked for, sends what `encode` makes of it.
    async fn send_shaped(
        &self,
        message: &Message,
        shape: Shape,
        request: Request<Bytes>,
        encode: impl Fn(Shape) -> Result<Request<Bytes>> + Send,
    ) -> Result<Receipt> {
        let first = self.exchange(request, message).await;
        let may_reshape = self.config.request_shape == RequestShape::Auto && shape == Shape::Flat && self.config.probe;
        match first {
            Err(refused) if may_reshape && response::requires_wrapped_shape(&refused) => {
                self.requires_wrapped_shape.store(true, Ordering::Relaxed);
                let second = self.exchange(encode(Shape::Wrapped)?, message).await;
                second.map(|receipt| receipt.with_attempts(2)).map_err(|error| error.with_attempts(2))
            }
            other => other,
        }
    }

    /// A template that was refused was paused or changed since it was listed.
    fn noted(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::TemplateRejected {
            self.definitions.invalidate();
        }
        error
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
        request::check(&self.config, message)?;
        let listed = self.definitions_for(std::slice::from_ref(message)).await;
        let definition = self.definition(message, &listed)?;
        let encode = |shape| request::encode_send(&self.config, shape, message, definition);
        self.send_shaped(message, shape, encode(shape)?, encode).await
    }

    async fn session(&self, _contact: &PhoneNumber) -> Result<Session> {
        unsupported(NAME, Capability::Session)
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        unsupported(NAME, Capability::Senders)
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.list_templates().await
    }

    async fn conversations(&self, _filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        unsupported(NAME, Capability::Conversations)
    }

    fn webhook(&self, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        webhook::read(&self.config, request, received_at)
    }
}

#[cfg(test)]
mod tests;
