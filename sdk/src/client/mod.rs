//! The application's access to a provider account: a messenger behind layers.

pub(crate) mod attempt;
pub(crate) mod outcome;
mod redact;
#[cfg(feature = "tracing")]
pub(crate) mod trace;
pub(crate) mod tracker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

pub use outcome::SendOutcome;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::capability::{Capabilities, Capability};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{Layer, Next};
use crate::message::key;
use crate::message::media::MediaSource;
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::messenger::{Messenger, unsupported};
use crate::phone::{Country, InvalidPhoneNumber, PhoneNumber};
use crate::secret::{Redactor, Secret};
use crate::session::Session;
use crate::webhook::event::WebhookEvents;
use attempt::Attempt;
use outcome::Listeners;
use redact::{Redacting, Redaction};
use tracker::{CallerGuard, SendTracker};

const SHORT_SECRET: &str =
    "a credential has fewer than 8 characters, so errors may show it where the provider echoes it; use a longer one";

/// A messenger behind layers. It refuses unsupported and malformed messages before the first layer, so that neither
/// layers nor adapters see them.
///
/// The list of layers is immutable and shared: a clone costs two reference counts, and a layer added to a clone affects
/// only that clone.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use transom::{Client, Message, layers::WindowGuard, testing::Stub};
///
/// let client = Client::builder(Stub::accepting()).layer(WindowGuard::default()).build();
/// let receipt = client.send(&Message::text("+919876543210".parse()?, "Hi")).await?;
/// assert_eq!(receipt.attempts, 1);
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    base: Arc<dyn Messenger>,
    layers: Arc<[Arc<dyn Layer>]>,
    /// The secrets that no error may show.
    secrets: Arc<Redactor>,
    listeners: Listeners,
    /// The channel's name, for logs.
    channel: Option<Arc<str>>,
    /// Whether the values of templates are made to fit.
    flattens_parameters: bool,
    default_country: Option<Country>,
    /// How many webhook calls had no valid signature.
    refused_webhooks: Arc<AtomicU64>,
}

impl Client {
    /// A client without layers.
    pub fn new(base: impl Messenger) -> Self {
        Self {
            base: Arc::new(base),
            layers: Arc::new([]),
            secrets: Arc::default(),
            listeners: Listeners::default(),
            channel: None,
            flattens_parameters: false,
            default_country: None,
            refused_webhooks: Arc::default(),
        }
    }

    /// Starts a client over `base`.
    pub fn builder(base: impl Messenger) -> ClientBuilder {
        ClientBuilder { client: Self::new(base), secrets: Vec::new() }
    }

    /// This client with another layer below those already there: the first one attached is the outermost, so that the code reads in the
    /// order in which a message meets them.
    #[must_use]
    pub fn layer(self, layer: impl Layer) -> Self {
        let layers = self.layers.iter().cloned().chain([Arc::new(layer) as Arc<dyn Layer>]).collect();
        Self { layers, ..self }
    }

    /// This client, which calls `listener` with each message, its idempotency key included, and what became of it: once, before its `send`
    /// returns.
    ///
    /// If the future of a `send` is dropped (a timeout, an aborted task), waits and further attempts stop, and a
    /// [`Failover`](crate::Failover) tries no further channel. An attempt that has begun continues in the background,
    /// and only the listener gets its outcome. If it cannot be finished, because its adapter panics or the Tokio
    /// runtime ends, the outcome is [`SendOutcome::Unknown`]. If the process ends first, treat the outcome as unknown.
    ///
    /// An outcome is never better than the least certain attempt. A message that one attempt may have sent is not
    /// reported as unsent because the next attempt was rejected.
    ///
    /// The listener must neither block nor panic.
    #[must_use]
    pub fn on_outcome(self, listener: impl Fn(&Message, SendOutcome<'_>) + Send + Sync + 'static) -> Self {
        Self { listeners: self.listeners.with(listener), ..self }
    }

    fn next<'a>(&'a self, tracker: Option<&'a Arc<SendTracker>>) -> Next<'a> {
        Next { base: &self.base, layers: &self.layers, tracker, channel: self.channel.as_ref(), secrets: &self.secrets }
    }

    fn tracker(&self, message: &Message, part_of: Option<&Arc<Attempt>>) -> SendTracker {
        SendTracker::new(self.redaction(), &self.listeners, message, part_of)
    }

    /// A warning if a credential is too short to be kept out of errors: a line for the operator.
    pub fn warning(&self) -> Option<&'static str> {
        self.secrets.has_short_secret().then_some(SHORT_SECRET)
    }

    /// Redacts the credentials of this client in other texts, such as those of a report.
    pub fn redactor(&self) -> &Redactor {
        &self.secrets
    }

    /// The country whose national numbers [`phone_number`](Self::phone_number) reads.
    pub const fn default_country(&self) -> Option<Country> {
        self.default_country
    }

    /// The phone number that a person wrote: with its `+`, or as dialled in the `default_country` of the channel.
    ///
    /// ```
    /// # use transom::{Client, testing::Stub};
    /// let client = Client::new(Stub::accepting());
    /// assert_eq!(client.phone_number("+44 (0)7700 900123")?.as_str(), "+447700900123");
    /// assert!(client.phone_number("9876543210").unwrap_err().lacks_country_code());
    /// # Ok::<(), transom::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidPhoneNumber`]. [`InvalidPhoneNumber::lacks_country_code`] for a number without `+` if there is no default country.
    pub fn phone_number(&self, text: &str) -> std::result::Result<PhoneNumber, InvalidPhoneNumber> {
        match self.default_country {
            Some(country) => country.read(text),
            None => text.parse(),
        }
    }

    fn redaction(&self) -> Redaction {
        Redaction { provider: self.base.provider(), secrets: Arc::clone(&self.secrets) }
    }

    /// Sends `message`, as a part of another client's attempt if there is one.
    pub(crate) async fn send_as_part(&self, message: &Message, part_of: Option<&Arc<Attempt>>) -> Result<Receipt> {
        let prepared = self.prepare(message);
        let tracker = self.tracker(prepared.as_ref().unwrap_or(message), part_of);
        self.send_tracked(prepared, tracker).await
    }

    /// Sends once more a message that may have been accepted in this form. It passes through the layers, but no layer may
    /// send anything else in its place.
    pub(crate) async fn resend(&self, form: &Message) -> Result<Receipt> {
        self.send_tracked(self.prepare(form), self.tracker(form, None).resending()).await
    }

    async fn send_tracked(&self, prepared: Result<Message>, tracker: SendTracker) -> Result<Receipt> {
        let caller = CallerGuard(Arc::new(tracker));
        let outcome = match &prepared {
            Ok(prepared) => self.next(Some(&caller.0)).send(prepared).await,
            Err(refused) => Err(refused.clone()),
        };
        caller.0.conclude(outcome)
    }

    fn requires(&self, capability: Capability) -> Result<()> {
        if self.capabilities().contains(capability) { Ok(()) } else { unsupported(self.provider(), capability) }
    }

    /// Returns the message as the layers get it: checked, and with its idempotency key. Sending the result is the same
    /// as sending `message`. Applications that store messages store the result, so that a retry has the same key.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] or [`ErrorKind::InvalidRequest`], as a send of it.
    pub fn prepare(&self, message: &Message) -> Result<Message> {
        self.requires(message.content.capability())?;
        if message.fallback.is_some() {
            self.requires(Capability::Template)?;
        }
        if message.reply_to.is_some() {
            self.requires(Capability::Reply)?;
        }
        if message.content.media().any(|media| matches!(media.source, MediaSource::Id(_))) {
            self.requires(Capability::MediaUpload)?;
        }
        if message.status_callback.is_some() {
            self.requires(Capability::StatusCallback)?;
        }
        let mut message = message.clone();
        if self.flattens_parameters {
            message = message.with_flat_parameters();
        }
        if self.base.passes_on() {
            message.check_but_values(|_| {})?;
        } else {
            message.check()?;
        }
        if message.idempotency_key.is_none() {
            message.idempotency_key = Some(match &message.reference {
                Some(reference) => key::of_reference(reference, &message.to),
                None => key::random().map_err(|error| {
                    Error::new(ErrorKind::Config, format!("this machine gives no random numbers: {error}"))
                })?,
            });
        }
        Ok(message)
    }
}

/// The calls of [`Messenger`], without the need to import it.
impl Client {
    /// The provider's name, as used in configuration: `exotel`.
    pub fn provider(&self) -> &'static str {
        self.base.provider()
    }

    /// What this account can do.
    pub fn capabilities(&self) -> Capabilities {
        self.base.capabilities()
    }

    /// Sends one message. `Ok` means that the provider accepted it; delivery is reported later, as a webhook event.
    ///
    /// # Errors
    /// [`Error::kind`] tells what to do, and [`Error::may_have_been_sent`] whether the message may have been sent anyway.
    pub async fn send(&self, message: &Message) -> Result<Receipt> {
        self.send_as_part(message, None).await
    }

    /// Whether free-form messages to `contact` are allowed now.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without [`Capability::Session`].
    pub async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        self.requires(Capability::Session)?;
        let session = self.next(None).session(contact).await;
        session.map_err(|error| self.redaction().of(error).without_number(contact))
    }

    /// The numbers that this account may send from.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without [`Capability::Senders`].
    pub async fn senders(&self) -> Result<Vec<Sender>> {
        self.requires(Capability::Senders)?;
        self.next(None).senders().await.map_err(|error| self.redaction().of(error))
    }

    /// The templates of this account, with their states.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without [`Capability::Templates`].
    pub async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.requires(Capability::Templates)?;
        self.next(None).templates().await.map_err(|error| self.redaction().of(error))
    }

    /// The conversations that the provider knows.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without [`Capability::Conversations`].
    pub async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        self.requires(Capability::Conversations)?;
        self.next(None).conversations(filter).await.map_err(|error| self.redaction().of(error))
    }

    /// Marks a contact's message as read. A repetition does no harm.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without [`Capability::MarkRead`].
    pub async fn mark_read(&self, message_id: &MessageId) -> Result<()> {
        self.acknowledge(message_id, Acknowledgement::Read).await
    }

    /// Shows the contact who wrote this message that an answer is being typed.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without [`Capability::Typing`].
    pub async fn show_typing(&self, message_id: &MessageId) -> Result<()> {
        self.acknowledge(message_id, Acknowledgement::Typing).await
    }

    /// Shows a contact what became of its message so far.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without its [capability](Acknowledgement::capability).
    pub async fn acknowledge(&self, message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        self.requires(acknowledgement.capability())?;
        let done = self.next(None).acknowledge(message_id, acknowledgement).await;
        done.map_err(|error| self.redaction().of(error))
    }

    /// Asks the provider, without a send, whether it accepts the credential and knows the channel's sender. `None` if it
    /// has no such request.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] for the credential and [`ErrorKind::SenderNotFound`] for the sender.
    pub async fn identify(&self) -> Result<Option<Identity>> {
        self.next(None).identify().await.map_err(|error| self.redaction().of(error))
    }

    /// Verifies and reads one webhook call, received now, without network.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] if a secret is configured and the signature is missing or wrong;
    /// [`ErrorKind::Unsupported`] if the provider has no webhooks.
    pub fn webhook(&self, request: &http::Request<Bytes>) -> Result<WebhookEvents> {
        self.webhook_at(request, SystemTime::now())
    }

    /// As [`webhook`](Self::webhook), for a call that was received at `received_at`. An inbound message without a readable
    /// time gets this one.
    ///
    /// # Errors
    /// As [`webhook`](Self::webhook).
    pub fn webhook_at(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        if !self.capabilities().contains(Capability::Inbound) {
            self.requires(Capability::DeliveryStatus)?;
        }
        self.base.webhook(request, received_at).map_err(|error| {
            let error = self.redaction().of(error);
            if error.kind() == ErrorKind::Unauthenticated {
                self.refused_webhooks.fetch_add(1, Ordering::Relaxed);
                #[cfg(feature = "tracing")]
                tracing::warn!(
                    channel = self.channel.as_deref(),
                    provider = self.provider(),
                    reason = error.message(),
                    "webhook call refused"
                );
            }
            error
        })
    }

    /// How many webhook calls this client and its clones refused for their signature. A number that grows with every call
    /// of the provider means that `webhook_secret` is wrong.
    pub fn refused_webhooks(&self) -> u64 {
        self.refused_webhooks.load(Ordering::Relaxed)
    }
}

/// Puts a [`Client`] together. See [`Client::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    client: Client,
    secrets: Vec<Secret>,
}

impl ClientBuilder {
    /// Adds a layer below those already there: the first layer is the outermost.
    pub fn layer(self, layer: impl Layer) -> Self {
        Self { client: self.client.layer(layer), ..self }
    }

    /// Names the channel in logs. A [`Registry`](crate::Registry) does so.
    pub fn channel(mut self, name: impl Into<Arc<str>>) -> Self {
        self.client.channel = Some(name.into());
        self
    }

    /// Makes the values of templates fit before each send, as [`Message::with_flat_parameters`] does. A
    /// [`Registry`](crate::Registry) sets it by the channel's key `flatten_parameters`. Without it they are refused.
    pub const fn flatten_parameters(mut self, flattens: bool) -> Self {
        self.client.flattens_parameters = flattens;
        self
    }

    /// Calls `listener` with each message and its outcome. See [`Client::on_outcome`].
    pub fn on_outcome(self, listener: impl Fn(&Message, SendOutcome<'_>) + Send + Sync + 'static) -> Self {
        Self { client: self.client.on_outcome(listener), ..self }
    }

    /// Reads numbers without `+` as dialled in `country`; see [`Client::phone_number`]. A [`Registry`](crate::Registry) sets the
    /// `default_country` of the channel.
    pub fn default_country(mut self, country: impl Into<Option<Country>>) -> Self {
        self.client.default_country = country.into();
        self
    }

    /// Removes `secrets` from every error, however they are spelled ([`Redactor`]): a provider may echo them. Of a secret
    /// that is [too short](Secret::is_short) for that, a warning is logged.
    pub fn redact(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// The client.
    pub fn build(self) -> Client {
        if self.secrets.is_empty() {
            return self.client;
        }
        let secrets = Arc::new(Redactor::new(self.secrets));
        #[cfg(feature = "tracing")]
        if secrets.has_short_secret() {
            tracing::warn!(provider = self.client.provider(), "{SHORT_SECRET}");
        }
        let base = Arc::new(Redacting { base: self.client.base, secrets: Arc::clone(&secrets) });
        Client { base, secrets, ..self.client }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Messenger for Client {
    fn provider(&self) -> &'static str {
        self.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities()
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        self.send(message).await
    }

    async fn send_part(&self, message: &Message, _attempt: &Arc<Attempt>) -> Result<Receipt> {
        self.send(message).await
    }

    fn passes_on(&self) -> bool {
        true
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        self.session(contact).await
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.senders().await
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.templates().await
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        self.conversations(filter).await
    }

    async fn acknowledge(&self, message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        self.acknowledge(message_id, acknowledgement).await
    }

    async fn identify(&self) -> Result<Option<Identity>> {
        self.identify().await
    }

    fn webhook(&self, request: &http::Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        self.webhook_at(request, received_at)
    }
}
