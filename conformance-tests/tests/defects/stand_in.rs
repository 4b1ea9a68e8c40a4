//! An adapter with one wrong detail: a built-in adapter behind hooks that change what goes in or comes out.

use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use transom::adapter::{Connected, Context};
use transom::config::ConfigReader;
use transom::message::MessageId;
use transom::transport::Transport;
use transom::webhook::WebhookEvents;
use transom::{Capabilities, Message, Messenger, PhoneNumber, Receipt, Result, Session};
use transom_conformance::AdapterUnderTest;

/// The hooks. Each defect overrides one of them.
#[async_trait]
pub(crate) trait Flaw: Debug + Send + Sync + 'static {
    /// The adapter that gets the defect.
    const ADAPTER: AdapterUnderTest;

    fn capabilities(right: Capabilities) -> Capabilities {
        right
    }

    async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
        inner.send(message).await
    }

    async fn session(inner: &dyn Messenger, contact: &PhoneNumber) -> Result<Session> {
        inner.session(contact).await
    }

    async fn templates(inner: &dyn Messenger) -> Result<Vec<TemplateInfo>> {
        inner.templates().await
    }

    async fn conversations(inner: &dyn Messenger, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        inner.conversations(filter).await
    }

    fn webhook(inner: &dyn Messenger, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        inner.webhook(request, received_at)
    }

    async fn exchange(transport: &dyn Transport, request: Request<Bytes>) -> Result<Response<Bytes>> {
        transport.send(request).await
    }
}

/// The adapter under test with the defect `F`.
pub(crate) fn adapter<F: Flaw>() -> &'static AdapterUnderTest {
    let right = F::ADAPTER;
    let mut provider = right.provider;
    provider.connect = connect::<F>;
    Box::leak(Box::new(AdapterUnderTest { provider, ..right }))
}

fn connect<F: Flaw>(keys: ConfigReader<'_>, context: Context) -> Result<Connected> {
    let transport = Arc::new(FlawedTransport::<F> { inner: context.transport, flaw: PhantomData });
    let inner = (F::ADAPTER.provider.connect)(keys, Context { transport, clock: context.clock })?;
    Ok(Connected::new(FlawedMessenger::<F> { inner: inner.messenger, flaw: PhantomData }, inner.secrets))
}

struct FlawedTransport<F> {
    inner: Arc<dyn Transport>,
    flaw: PhantomData<F>,
}

impl<F> Debug for FlawedTransport<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.inner, f)
    }
}

#[async_trait]
impl<F: Flaw> Transport for FlawedTransport<F> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        F::exchange(&*self.inner, request).await
    }
}

struct FlawedMessenger<F> {
    inner: Arc<dyn Messenger>,
    flaw: PhantomData<F>,
}

impl<F> Debug for FlawedMessenger<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.inner, f)
    }
}

#[async_trait]
impl<F: Flaw> Messenger for FlawedMessenger<F> {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }

    fn capabilities(&self) -> Capabilities {
        F::capabilities(self.inner.capabilities())
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        F::send(&*self.inner, message).await
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        F::session(&*self.inner, contact).await
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.inner.senders().await
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        F::templates(&*self.inner).await
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        F::conversations(&*self.inner, filter).await
    }

    async fn acknowledge(&self, message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        self.inner.acknowledge(message_id, acknowledgement).await
    }

    async fn identify(&self) -> Result<Option<Identity>> {
        self.inner.identify().await
    }

    fn webhook(&self, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
        F::webhook(&*self.inner, request, received_at)
    }
}
