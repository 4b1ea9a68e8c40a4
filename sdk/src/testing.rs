//! A scripted messenger for the tests of applications that send messages.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Sender, TemplateInfo};
use crate::capability::{Capabilities, Capability};
use crate::error::{Error, ErrorKind, Result};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::messenger::{Messenger, unsupported};
use crate::phone::PhoneNumber;
use crate::session::{Session, SessionSource, Window};
use crate::webhook::event::WebhookEvents;

/// A messenger with scripted answers that records its calls. Clones share script and record.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use transom::{Error, ErrorKind, Message, Messenger, testing::Stub};
///
/// let stub = Stub::script([Err(Error::new(ErrorKind::RateLimited, "slow down")), Ok("m1".into())]);
/// let message = Message::text("+919876543210".parse()?, "Hi");
/// assert_eq!(stub.send(&message).await.unwrap_err().kind(), ErrorKind::RateLimited);
/// assert_eq!(stub.send(&message).await?.message_id.as_str(), "m1");
/// assert_eq!(stub.sent(), [message.clone(), message]);
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Stub {
    capabilities: Capabilities,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The answers to the next sends. Empty: every send is accepted, unless a script has ended.
    answers: VecDeque<Result<String>>,
    scripted: bool,
    window: Window,
    sent: Vec<Message>,
    session_queries: Vec<PhoneNumber>,
}

impl Stub {
    /// Accepts every message, with the ids `stub-1`, `stub-2`, ….
    pub fn accepting() -> Self {
        Self::with([], false)
    }

    /// Answers sends in this order, with a message id or an error. A send beyond the script is an error of kind
    /// [`ErrorKind::Config`], so that the test sees the extra send.
    pub fn script(answers: impl IntoIterator<Item = Result<String>>) -> Self {
        Self::with(answers, true)
    }

    fn with(answers: impl IntoIterator<Item = Result<String>>, scripted: bool) -> Self {
        let state = State {
            answers: answers.into_iter().collect(),
            scripted,
            window: Window::Unknown,
            sent: Vec::new(),
            session_queries: Vec::new(),
        };
        let can = |capability: &Capability| {
            // No idempotency: a repeated send would arrive twice.
            use Capability::{DeliveryStatus, Idempotency, Inbound, Session, WebhookSignature};
            !matches!(capability, Session | DeliveryStatus | Inbound | WebhookSignature | Idempotency)
        };
        let capabilities = Capability::ALL.iter().copied().filter(can).collect();
        Self { capabilities, state: Arc::new(Mutex::new(state)) }
    }

    /// Sets the capabilities.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Answers session queries with `window`.
    #[must_use]
    pub fn with_window(mut self, window: Window) -> Self {
        self.capabilities = self.capabilities.union(Capabilities::new(&[Capability::Session]));
        self.lock().window = window;
        self
    }

    /// The messages sent so far, oldest first, including those answered with an error.
    pub fn sent(&self) -> Vec<Message> {
        self.lock().sent.clone()
    }

    /// The contacts of session queries, oldest first.
    pub fn session_queries(&self) -> Vec<PhoneNumber> {
        self.lock().session_queries.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Stub").field("sent", &state.sent.len()).field("left", &state.answers.len()).finish()
    }
}

const NAME: &str = "stub";

#[async_trait]
impl Messenger for Stub {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        let mut state = self.lock();
        state.sent.push(message.clone());
        let answer = match state.answers.pop_front() {
            Some(answer) => answer,
            None if state.scripted => Err(Error::new(ErrorKind::Config, "the stub's script has no answer left")),
            None => Ok(format!("stub-{}", state.sent.len())),
        };
        answer.map(|id| Receipt::new(NAME, id)).map_err(|error| error.with_provider(NAME).with_attempts(1))
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        let mut state = self.lock();
        state.session_queries.push(contact.clone());
        Ok(Session::new(contact.clone(), state.window, SessionSource::Provider))
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        Ok(vec![Sender::new("1", "online")])
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        Ok(Vec::new())
    }

    async fn conversations(&self, _filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        Ok(Vec::new())
    }

    async fn acknowledge(&self, _message_id: &MessageId, _acknowledgement: Acknowledgement) -> Result<()> {
        Ok(())
    }

    fn webhook(&self, _request: &http::Request<Bytes>, _received_at: SystemTime) -> Result<WebhookEvents> {
        unsupported(NAME, Capability::DeliveryStatus)
    }
}
