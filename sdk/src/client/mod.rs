//! The application's access to a provider account: a messenger behind layers.

pub(crate) mod outcome;
mod redact;
pub(crate) mod tracker;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};

pub use outcome::SendOutcome;

use crate::account::{Conversation, ConversationFilter, Sender, TemplateInfo};
use crate::capability::{Capabilities, Capability};
use crate::client::redact::Redacting;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{Layer, Next};
use crate::message::Message;
use crate::message::media::MediaSource;
use crate::message::receipt::Receipt;
use crate::messenger::{Messenger, unsupported};
use crate::phone::PhoneNumber;
use crate::secret::{Secret, encoded_variants};
use crate::session::Session;
use crate::webhook::event::WebhookEvents;
use outcome::Listeners;
pub(crate) use tracker::{Errand, Waiting};

/// A messenger behind layers. It refuses unsupported and malformed messages before the first layer, so that neither
/// layers nor adapters see them.
///
/// The list of layers is immutable and shared: a clone costs two reference counts, and a layer added to a clone affects
/// only that clone.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use transom::{Client, Message, Messenger, layers::WindowGuard, testing::Stub};
///
/// let client = Client::new(Stub::accepting()).layer(WindowGuard::default());
/// let receipt = client.send(&Message::text("+919876543210".parse()?, "Hi")).await?;
/// assert_eq!(receipt.attempts, 1);
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    base: Arc<dyn Messenger>,
    layers: Arc<[Arc<dyn Layer>]>,
    /// Secrets that no error may show, in all their encodings.
    secrets: Arc<[Secret]>,
    listeners: Listeners,
}

impl Client {
    /// A client without layers.
    pub fn new(base: impl Messenger) -> Self {
        Self { base: Arc::new(base), layers: Arc::new([]), secrets: Arc::new([]), listeners: Listeners::default() }
    }

    /// Calls `listener` once for each message, before its `send` returns, with the message (idempotency key included)
    /// and its outcome.
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

    /// Removes `secrets` from every error: alone or as a Basic credential, plain, in Base64 or percent-encoded. A
    /// provider may echo them.
    #[must_use]
    pub fn hiding(self, secrets: &[Secret]) -> Self {
        let secrets: Arc<[Secret]> = encoded_variants(secrets).into();
        let base = Arc::new(Redacting { base: self.base, secrets: Arc::clone(&secrets) });
        Self { base, secrets, ..self }
    }

    /// Adds a layer below the present ones. The first layer is the outermost, so the code lists them in the order in
    /// which a message passes them.
    #[must_use]
    pub fn layer(self, layer: impl Layer) -> Self {
        let layers = self.layers.iter().cloned().chain([Arc::new(layer) as Arc<dyn Layer>]).collect();
        Self { layers, ..self }
    }

    fn next(&self) -> Next<'_> {
        Next { base: &self.base, layers: &self.layers, errand: None }
    }

    pub(crate) const fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Resends a message in the form that may have been accepted. It passes the layers, and none of them may send
    /// another form.
    pub(crate) async fn repeat(&self, form: &Message) -> Result<Receipt> {
        let waiting = Waiting(Errand::repeating(self, form));
        let outcome = match self.prepare(form) {
            Ok(form) => Next { errand: Some(&waiting.0), ..self.next() }.send(&form).await,
            Err(refused) => Err(refused),
        };
        waiting.0.conclude(outcome)
    }

    /// The error of a send for the caller.
    pub(crate) fn presentable(&self, error: Error, message: &Message) -> Error {
        // Without a send request, the status belongs to a lookup or a login.
        let error = if error.attempts() == 0 { error.without_status() } else { error };
        self.named(error).without_number(&message.to)
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
        message.check()?;
        let mut message = message.clone();
        if message.idempotency_key.is_none() {
            message.idempotency_key = Some(match &message.reference {
                Some(reference) => key_of(reference),
                None => random_key()?,
            });
        }
        Ok(message)
    }

    /// The error for the caller: with the provider's name and without credentials.
    fn named(&self, error: Error) -> Error {
        let error = self.secrets.iter().fold(error, |error, secret| error.without_secret(secret.expose()));
        if error.provider().is_some() { error } else { error.with_provider(self.provider()) }
    }
}

/// The idempotency key of a message with a reference: the reference itself if it is short and legal in a header, or
/// else a fixed hash of it. The same reference gives the same key in every process.
fn key_of(reference: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    if (1..=64).contains(&reference.len()) && reference.chars().all(plain) {
        reference.to_owned()
    } else {
        hex(&Sha256::digest(reference.as_bytes()))
    }
}

/// The idempotency key of a message without a reference: 128 random bits.
fn random_key() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Config, format!("this machine gives no random numbers: {error}")))?;
    Ok(hex(&bytes))
}

/// The first 128 bits, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Messenger for Client {
    fn provider(&self) -> &'static str {
        self.base.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.base.capabilities()
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        let prepared = self.prepare(message);
        let waiting = Waiting(Errand::new(self, prepared.as_ref().unwrap_or(message)));
        let outcome = match &prepared {
            Ok(prepared) => Next { errand: Some(&waiting.0), ..self.next() }.send(prepared).await,
            Err(refused) => Err(refused.clone()),
        };
        waiting.0.conclude(outcome)
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        self.requires(Capability::Session)?;
        self.next().session(contact).await.map_err(|error| self.named(error).without_number(contact))
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.requires(Capability::Senders)?;
        self.next().senders().await.map_err(|error| self.named(error))
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.requires(Capability::Templates)?;
        self.next().templates().await.map_err(|error| self.named(error))
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        self.requires(Capability::Conversations)?;
        self.next().conversations(filter).await.map_err(|error| self.named(error))
    }

    fn webhook(&self, request: &http::Request<Bytes>) -> Result<WebhookEvents> {
        if !self.capabilities().contains(Capability::Inbound) {
            self.requires(Capability::DeliveryStatus)?;
        }
        self.base.webhook(request).map_err(|error| self.named(error))
    }
}
