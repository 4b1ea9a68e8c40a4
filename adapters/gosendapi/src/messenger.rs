//! GoSendAPI as a messenger.

mod calls;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use transom::account::{Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use transom::adapter::{Cached, Context, Entry, RequestedTemplate, TemplateCache};
use transom::config::ChannelConfig;
use transom::phone::variants;
use transom::webhook::WebhookEvents;
use transom::{
    Capabilities, Capability, Content, Error, ErrorKind, Message, Messenger, PhoneNumber, Receipt, Result, Session,
    Window,
};

use crate::config::{Config, NAME};
use crate::response::lists::{Page, Waba};
use crate::response::session::{self, Row};
use crate::{error, webhook};
use crate::{request, response};

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
    Capability::Template,
    Capability::Session,
    Capability::Senders,
    Capability::Templates,
    Capability::Conversations,
    Capability::MediaUpload,
    Capability::DeliveryStatus,
    Capability::Inbound,
    Capability::WebhookSignature,
    Capability::Idempotency,
]);

/// The most pages of a list to read, with 100 entries each.
const PAGES_MAX: usize = 20;
/// How long the settings of a line count as known.
const LINE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// The most pages of a contact's conversations to read for the session window.
const SESSION_PAGES_MAX: usize = 2;

/// A GoSendAPI project and one of its numbers.
#[derive(Debug)]
pub struct GoSendApi {
    config: Config,
    context: Context,
    /// The templates that the number may send, as last listed.
    definitions: TemplateCache,
    /// Whether the line ignores what contacts write.
    ignores_inbound: Cached<bool>,
}

/// A list, or as much of it as was read.
struct Listed<T> {
    items: Vec<T>,
    is_whole: bool,
    /// When the last part of it was read, by the provider's clock.
    at: SystemTime,
}

impl GoSendApi {
    /// An account with these settings. [`connect`](Self::connect) reads them from a channel.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context, definitions: TemplateCache::default(), ignores_inbound: Cached::default() }
    }

    /// The account of a configured channel.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](transom::ErrorKind::Config) with a line for each problem of the channel.
    pub fn connect(channel: &ChannelConfig, context: Context) -> Result<Self> {
        Ok(Self::new(Config::read(channel.reader())?, context))
    }

    async fn send_once(&self, request: Request<Bytes>, message: &Message) -> Result<Receipt> {
        let answer = match self.context.transport.send(request).await {
            Ok(response) => response::decode_send(&response, self.context.now(&response), message),
            Err(error) => Err(error),
        };
        if matches!(&answer, Err(refused) if refused.kind() == ErrorKind::TemplateRejected) {
            // It was paused or changed since it was listed.
            self.definitions.invalidate();
        }
        answer.map_err(|error| error.with_attempts(1))
    }

    /// The list that the message's template is checked against. It is empty if there is none, or no list: that holds
    /// nothing back.
    async fn definitions_for(&self, message: &Message) -> Arc<[TemplateInfo]> {
        if !matches!(message.content, Content::Template(_)) || !self.config.probe {
            return Arc::default();
        }
        let suits = |listed: &[TemplateInfo]| self.definition(message, listed).is_ok();
        let listed = self.definitions.get_if_available(&*self.context.clock, self.own_templates(), suits).await;
        listed.unwrap_or_default()
    }

    /// The definition in `listed` of the message's template, which it fits.
    fn definition<'l>(&self, message: &Message, listed: &'l [TemplateInfo]) -> Result<Option<&'l TemplateInfo>> {
        let Content::Template(template) = &message.content else { return Ok(None) };
        RequestedTemplate::new(template, self.config.templates.resolve(template))
            .definition_in(listed, &request::LIMITS)
    }

    /// Whether one look at the conversations may tell more about this refusal: whether the contact has ever written,
    /// and, for a 403 that says nothing, whether it is the window at all.
    fn may_ask_back(&self, message: &Message, refused: &Error) -> bool {
        self.config.probe
            && message.content.is_free_form()
            && !refused.may_have_been_sent()
            && (refused.is_window_closed() || error::is_unclear(refused))
    }

    /// The same rejection with the session window that the conversations show. Without an answer about them it stays as
    /// it is.
    async fn tell_apart(&self, refused: Error, message: &Message) -> Error {
        let is_unclear = error::is_unclear(&refused);
        match self.session(&message.to).await {
            Ok(session) => {
                let kind = match session.window {
                    Window::Never => ErrorKind::NoActiveSession,
                    Window::Expired { .. } => ErrorKind::SessionExpired,
                    Window::Open { .. } if is_unclear => ErrorKind::PermissionDenied,
                    _ => refused.kind(),
                };
                refused.with_kind(kind).with_session(session)
            }
            Err(failed) if is_unclear && failed.status() == Some(StatusCode::FORBIDDEN.as_u16()) => {
                refused.with_kind(ErrorKind::PermissionDenied)
            }
            Err(_) => refused,
        }
    }

    async fn read<T>(
        &self,
        request: Request<Bytes>,
        decode: impl FnOnce(&Response<Bytes>, SystemTime) -> Result<T> + Send,
    ) -> Result<T> {
        let response = self.context.transport.send(request).await.map_err(Error::mark_unsent)?;
        decode(&response, self.context.now(&response))
    }

    /// The items of up to `pages` pages.
    async fn read_all<T: Send>(
        &self,
        pages: usize,
        encode: impl Fn(usize) -> Result<Request<Bytes>> + Send + Sync,
        decode: impl Fn(&Response<Bytes>, SystemTime) -> Result<Page<T>> + Send + Sync,
    ) -> Result<Listed<T>> {
        let mut listed = Listed { items: Vec::new(), is_whole: false, at: self.context.clock.now() };
        for number in 1..=pages {
            let (page, at) = self.read(encode(number)?, |response, now| Ok((decode(response, now)?, now))).await?;
            listed.at = at;
            listed.is_whole = !page.is_followed(listed.items.len().saturating_add(page.items.len()));
            listed.items.extend(page.items);
            if listed.is_whole {
                break;
            }
        }
        Ok(listed)
    }

    /// The conversations with `contact`, up to `pages` pages for each spelling of its number, until `is_enough`.
    async fn conversations_with(
        &self,
        contact: &PhoneNumber,
        pages: usize,
        is_enough: impl Fn(&Listed<Row>) -> bool + Send + Sync,
    ) -> Result<Listed<Row>> {
        let mut all = Listed { items: Vec::new(), is_whole: true, at: self.context.clock.now() };
        for spelling in variants(contact) {
            let encode = |page| request::lists::encode_conversations(&self.config, Some(&spelling), page);
            let listed = self.read_all(pages, encode, response::lists::decode_conversations).await?;
            // A vendor that finds a contact by either spelling lists a conversation twice.
            let is_new =
                |row: &Row| row.id().is_none_or(|id| all.items.iter().all(|known: &Row| known.id() != Some(id)));
            let rows: Vec<Row> = listed.items.into_iter().filter(is_new).collect();
            all.items.extend(rows);
            all.is_whole &= listed.is_whole;
            all.at = listed.at;
            if is_enough(&all) {
                break;
            }
        }
        Ok(all)
    }

    /// Whether the line is known to ignore what contacts write (`inbound_processing_enabled` is false) [docs, Phone numbers].
    async fn ignores_inbound(&self) -> bool {
        let clock = &*self.context.clock;
        let is_fresh = |entry: &Entry<bool>| clock.now().duration_since(entry.at).is_ok_and(|age| age < LINE_LIFETIME);
        let read = async {
            for waba in self.wanted_wabas().await? {
                let encode = |page| request::lists::encode_senders(&self.config, &waba, page);
                let lines = self.read_all(PAGES_MAX, encode, response::lists::decode_lines).await?.items;
                if let Some(line) = lines.iter().find(|line| line.id == self.config.phone_number_id) {
                    return Ok(line.ignores_inbound);
                }
            }
            Ok(false)
        };
        self.ignores_inbound.get(clock, is_fresh, read).await.is_ok_and(|entry| entry.value)
    }

    fn window(&self, listed: &Listed<Row>, contact: &PhoneNumber) -> Session {
        session::session(&listed.items, listed.is_whole, &self.config.phone_number_id, contact, listed.at)
    }

    async fn wabas(&self) -> Result<Vec<Waba>> {
        let encode = |page| request::lists::encode_wabas(&self.config, page);
        Ok(self.read_all(PAGES_MAX, encode, response::lists::decode_wabas).await?.items)
    }

    /// The business account that the channel names, else all.
    async fn wanted_wabas(&self) -> Result<Vec<Waba>> {
        let mut wabas = self.wabas().await?;
        if let Some(wanted) = &self.config.waba_id {
            wabas.retain(|waba| waba.id == *wanted || waba.metas.as_ref() == Some(wanted));
            if wabas.is_empty() {
                let why = "the project has no business account with the id in `waba_id`";
                return Err(Error::new(ErrorKind::NotFound, why));
            }
        }
        Ok(wabas)
    }

    async fn templates_of(&self, waba: &Waba) -> Result<Vec<TemplateInfo>> {
        let encode = |page| request::lists::encode_templates(&self.config, waba, page);
        Ok(self.read_all(PAGES_MAX, encode, response::lists::decode_templates).await?.items)
    }

    /// The templates of the business account that the number belongs to. None where there are several accounts and the
    /// channel does not name one: which of them it is would take a look at the numbers of each.
    async fn own_templates(&self) -> Result<Vec<TemplateInfo>> {
        match self.wanted_wabas().await?.as_slice() {
            [one] => self.templates_of(one).await,
            _ => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Messenger for GoSendApi {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        request::check(&self.config, message)?;
        let listed = self.definitions_for(message).await;
        let request = request::encode_send(&self.config, message, self.definition(message, &listed)?)?;
        match self.send_once(request, message).await {
            Err(refused) if self.may_ask_back(message, &refused) => Err(self.tell_apart(refused, message).await),
            other => other,
        }
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        let listed = self.conversations_with(contact, SESSION_PAGES_MAX, |listed| {
            // The vendor may know the contact by another spelling of the number.
            self.window(listed, contact).window.is_open()
        });
        let mut session = self.window(&listed.await?, contact);
        // What the contact wrote to a line that ignores it is in no conversation.
        if session.window.is_known_closed() && self.config.probe && self.ignores_inbound().await {
            session.window = Window::Unknown;
        }
        Ok(session)
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        let mut senders = Vec::new();
        for waba in self.wabas().await? {
            let encode = |page| request::lists::encode_senders(&self.config, &waba, page);
            senders.extend(self.read_all(PAGES_MAX, encode, response::lists::decode_senders).await?.items);
        }
        Ok(senders)
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        let mut templates = Vec::new();
        for waba in self.wanted_wabas().await? {
            templates.extend(self.templates_of(&waba).await?);
        }
        Ok(templates)
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        let Some(contact) = &filter.contact else {
            let encode = |page| request::lists::encode_conversations(&self.config, None, page);
            let listed = self.read_all(PAGES_MAX, encode, response::lists::decode_conversations).await?;
            return response::lists::conversations(listed.items, None);
        };
        let listed = self.conversations_with(contact, PAGES_MAX, |_| false).await?;
        response::lists::conversations(listed.items, Some(contact))
    }

    async fn identify(&self) -> Result<Option<Identity>> {
        Identity::among(&self.senders().await?, "phone_number_id", &self.config.phone_number_id).map(Some)
    }

    fn webhook(&self, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        webhook::read(&self.config, request, received_at)
    }
}

#[cfg(test)]
mod tests;
