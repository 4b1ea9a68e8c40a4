//! Failover: several channels behind one messenger.

mod circuit_breaker;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};

pub use circuit_breaker::BreakerState;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::adapter::rate::Rate;
use crate::capability::{Capabilities, Capability};
use crate::client::Client;
use crate::client::attempt::Attempt;
use crate::error::attempt::FailedAttempt;
use crate::error::{Error, ErrorKind, Result, Unsent};
use crate::layers::WindowGuard;
use crate::message::content::Content;
use crate::message::media::MediaSource;
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::messenger::{Messenger, unsupported};
use crate::phone::{Country, PhoneNumber};
use crate::session::{Session, Window};
#[cfg(feature = "tracing")]
use crate::time::rfc3339;
use crate::time::{Clock, SystemClock};
use crate::webhook::event::WebhookEvents;

#[cfg(feature = "tracing")]
use circuit_breaker::Change;
use circuit_breaker::{Breaker, Pass};

/// A messenger of several channels. It sends each message through one of them.
///
/// It tries the next channel only if nothing was sent, and only for failures of the provider or the account: an
/// unavailable provider, a throttle, a wrong credential, an empty balance, a missing or offline sender. A problem of
/// the message or the contact would be the same on another channel. An unknown outcome ends the search, because another
/// channel could reach the contact twice.
///
/// **Order and weights.** With equal weights, the channels are tried in the order in which they were added. With
/// different weights, each contact has a fixed first channel, and the channels share the contacts in proportion. The
/// others follow in order. A contact stays on one sender because its session window does.
///
/// **The window** belongs to a business number. On a channel other than the contact's first one a free-form message goes
/// only if that channel's window is known to be open; else its fallback template goes; without one the channel is passed
/// over. So is every other channel for a message that names something of the first one: a message to quote or to react to,
/// an uploaded file.
///
/// Each channel has a breaker: see [`states`](Self::states).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use transom::{Client, Error, ErrorKind, Failover, Message, Template};
/// use transom::testing::Stub;
///
/// let away = Client::new(Stub::script([Err(Error::new(ErrorKind::ProviderUnavailable, "connection refused"))]));
/// let client = Client::new(Failover::new("india", away).with_channel("support", Client::new(Stub::accepting())));
///
/// let message = Message::template("+919876543210".parse()?, Template::new("follow_up"));
/// let receipt = client.send(&message).await?;
/// assert_eq!(receipt.channel.as_deref(), Some("support"));
/// assert_eq!(receipt.earlier[0].kind, ErrorKind::ProviderUnavailable);
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Failover {
    members: Vec<Member>,
    clock: Arc<dyn Clock>,
}

struct Member {
    channel: String,
    client: Client,
    weight: u32,
    /// The source of this channel's session windows.
    guard: WindowGuard,
    /// The provider's limits, which tell whether a throttle is about one contact.
    rates: Arc<[Rate]>,
    breaker: Breaker,
}

impl Failover {
    /// A messenger with one channel, to which [`with_channel`](Self::with_channel) adds others.
    pub fn new(channel: impl Into<String>, client: Client) -> Self {
        Self { members: Vec::new(), clock: Arc::new(SystemClock) }.with_channel(channel, client)
    }

    /// Adds a channel after the present ones.
    #[must_use]
    pub fn with_channel(mut self, channel: impl Into<String>, client: Client) -> Self {
        self.members.push(Member {
            channel: channel.into(),
            client,
            weight: 1,
            guard: WindowGuard::default(),
            rates: Arc::new([]),
            breaker: Breaker::default(),
        });
        self
    }

    /// Sets the weight of the last channel, at least 1. The default is 1.
    #[must_use]
    pub fn with_weight(mut self, weight: u32) -> Self {
        if let Some(last) = self.members.last_mut() {
            last.weight = weight.max(1);
        }
        self
    }

    /// Sets the source of session windows of the last channel. Its ledger is used, its policy is not.
    #[must_use]
    pub fn with_window_guard(mut self, guard: WindowGuard) -> Self {
        if let Some(last) = self.members.last_mut() {
            last.guard = guard;
        }
        self
    }

    /// Sets the provider's limits of the last channel, so that a throttle about one contact does not stop the channel
    /// for all; see [`Provider::rates`](crate::adapter::Provider::rates).
    #[must_use]
    pub fn with_rates(mut self, rates: &[Rate]) -> Self {
        if let Some(last) = self.members.last_mut() {
            last.rates = rates.into();
        }
        self
    }

    /// Replaces the client of `channel` with the result of `change`, for instance the same client with more layers.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if this failover has no such channel.
    pub fn map_client(mut self, channel: &str, change: impl FnOnce(Client) -> Client) -> Result<Self> {
        let Some(member) = self.members.iter_mut().find(|member| member.channel == channel) else {
            let known: Vec<_> = self.members.iter().map(|member| format!("`{}`", member.channel)).collect();
            let problem = format!("the failover has no channel `{channel}`, known: {}", known.join(", "));
            return Err(Error::invalid(ErrorKind::Config, vec![problem]));
        };
        member.client = change(member.client.clone());
        Ok(self)
    }

    /// Measures the breakers' pauses with `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Each channel with the state of its breaker, in order.
    pub fn states(&self) -> Vec<(&str, BreakerState)> {
        let now = self.clock.monotonic();
        self.members.iter().map(|member| (member.channel.as_str(), member.breaker.state(now))).collect()
    }

    /// The [default country](Client::default_country) of all channels, if it is the same. Else a number without `+` would be
    /// another contact on another channel.
    pub fn default_country(&self) -> Option<Country> {
        let first = self.members.first()?.client.default_country();
        first.filter(|_| self.members.iter().all(|member| member.client.default_country() == first))
    }

    /// The first channel for `contact`.
    pub fn first_for(&self, contact: &PhoneNumber) -> &str {
        self.order(contact).first().map_or("", |member| member.channel.as_str())
    }

    /// The channels in their order for `contact`.
    fn order(&self, contact: &PhoneNumber) -> Vec<&Member> {
        let mut order: Vec<&Member> = self.members.iter().collect();
        let is_weighted = self.members.windows(2).any(|pair| matches!(pair, [a, b] if a.weight != b.weight));
        if is_weighted
            && let Some(first) =
                order.iter().enumerate().max_by(|(_, a), (_, b)| a.claim(contact).total_cmp(&b.claim(contact)))
        {
            let first = first.0;
            order.get_mut(..=first).unwrap_or_default().rotate_right(1);
        }
        order
    }

    /// Sends through one channel after another until one accepts the message, or its outcome is unknown.
    async fn send_through(&self, message: &Message, attempt: Option<&Arc<Attempt>>) -> Result<Receipt> {
        let mut earlier = Vec::new();
        let mut requests: u32 = 0;
        let mut last = None;
        for (at, member) in self.order(&message.to).into_iter().enumerate() {
            let (planned, pass) = match self.admit(member, message, at == 0).await {
                Ok(admitted) => admitted,
                Err(reason) => {
                    earlier.push(FailedAttempt::new(&member.channel, &reason));
                    last.get_or_insert_with(|| reason.with_channel(&member.channel));
                    continue;
                }
            };
            let is_template = message.content.is_free_form() && !planned.content.is_free_form();
            let outcome = member.client.send_as_part(&planned, attempt).await;
            let change = pass.record(outcome.as_ref().map(drop), &message.to, &member.rates, self.clock.monotonic());
            #[cfg(feature = "tracing")]
            if let Some(change) = change {
                log(&member.channel, change, outcome.as_ref().err(), self.clock.now());
            }
            #[cfg(not(feature = "tracing"))]
            let _ = change;
            match outcome {
                Ok(mut receipt) => {
                    receipt.template_fallback |= is_template;
                    receipt.attempts = receipt.attempts.saturating_add(requests);
                    receipt.channel = Some(member.channel.clone());
                    receipt.earlier = earlier;
                    return Ok(receipt);
                }
                Err(error) => {
                    let error = error.with_channel(&member.channel);
                    requests = requests.saturating_add(error.attempts());
                    if !error.unsent().is_some_and(Unsent::allows_another_channel) {
                        return Err(error.with_attempts(requests).with_earlier(earlier));
                    }
                    #[cfg(feature = "tracing")]
                    tracing::warn!(
                        channel = member.channel,
                        kind = error.kind().as_str(),
                        code = error.code(),
                        "moving on to another channel"
                    );
                    earlier.push(FailedAttempt::new(&member.channel, &error));
                    // A request's error says more than a skipped channel's.
                    last = Some(error);
                }
            }
        }
        let error = last.unwrap_or_else(|| Error::new(ErrorKind::Config, "there is no channel to ask"));
        Err(error.with_attempts(requests).with_earlier(earlier))
    }

    /// The message in the form for `member`, or the reason why that channel is skipped.
    async fn admit<'a>(&self, member: &'a Member, message: &Message, is_first: bool) -> Result<(Message, Pass<'a>)> {
        let resting = || {
            Error::new(ErrorKind::ProviderUnavailable, "not asked: it has failed or refused too often of late")
                .with_provider(member.client.provider())
        };
        // Checked first, because the plan may query the channel for its window.
        if matches!(member.breaker.state(self.clock.monotonic()), BreakerState::Open(_)) {
            return Err(resting());
        }
        let planned = member.plan(message, is_first).await?;
        let pass = member.breaker.admit(&message.to, self.clock.monotonic()).ok_or_else(resting)?;
        Ok((planned, pass))
    }

    /// The first channel with this capability.
    fn able(&self, capability: Capability) -> Result<&Client> {
        let able = self.members.iter().find(|member| member.client.capabilities().contains(capability));
        able.map_or_else(|| unsupported(NAME, capability), |member| Ok(&member.client))
    }
}

impl Member {
    /// The score of this channel for a contact. The highest score wins, and each channel wins contacts in proportion to
    /// its weight (weighted rendezvous hashing).
    fn claim(&self, contact: &PhoneNumber) -> f64 {
        let hash =
            Sha256::new().chain_update(&self.channel).chain_update([0]).chain_update(contact.digits()).finalize();
        let draw = hash.iter().take(6).fold(0.0, |draw, &byte| draw * 256.0 + f64::from(byte));
        // From 0 to 1, both excluded.
        let share = (draw + 0.5) / 256.0_f64.powi(6);
        -f64::from(self.weight) / share.ln()
    }

    /// The form of the message for this channel.
    async fn plan(&self, message: &Message, is_first: bool) -> Result<Message> {
        let capabilities = self.client.capabilities();
        let lacking = [Some(message.content.capability()), message.reply_to.as_ref().map(|_| Capability::Reply)]
            .into_iter()
            .flatten()
            .find(|&capability| !capabilities.contains(capability));
        if is_first || !message.content.is_free_form() {
            return match lacking {
                Some(capability) => unsupported(self.client.provider(), capability),
                None if !is_first && names_something_of_its_channel(message) => Err(bound()),
                None => Ok(message.clone()),
            };
        }
        let window = match self.guard.known(&message.to, &self.client).await {
            Some(session) => session.window,
            None => Window::Unknown,
        };
        if window.is_open() && lacking.is_none() && !names_something_of_its_channel(message) {
            return Ok(message.clone());
        }
        match (message.as_fallback(), window) {
            (Some(template), _) if capabilities.contains(Capability::Template) => Ok(template),
            _ if names_something_of_its_channel(message) => Err(bound()),
            (_, Window::Never) => Err(Error::new(
                ErrorKind::NoActiveSession,
                "the contact has never written to this channel's number, and the message has no template",
            )),
            _ => Err(Error::new(
                ErrorKind::SessionExpired,
                "this channel's window is not known to be open, and the message has no template",
            )),
        }
    }
}

/// Logs that a channel is paused or used again. `error` is what the message met that changed it.
#[cfg(feature = "tracing")]
fn log(channel: &str, change: Change, error: Option<&Error>, now: SystemTime) {
    let (kind, code) = (error.map(|error| error.kind().as_str()), error.and_then(Error::code));
    match change {
        Change::Paused { pause, why } => {
            let until = now.checked_add(pause).map(rfc3339::format);
            tracing::info!(channel, until, pause_s = pause.as_secs(), why, kind, code, "channel paused");
        }
        Change::Resumed => tracing::info!(channel, "channel used again"),
    }
}

fn bound() -> Error {
    Error::new(ErrorKind::Unsupported, "the message names something that only another channel knows")
}

/// Whether the message contains an id of one provider.
fn names_something_of_its_channel(message: &Message) -> bool {
    message.reply_to.is_some()
        || matches!(message.content, Content::Reaction(_))
        || message.content.media().any(|media| matches!(media.source, MediaSource::Id(_)))
}

const NAME: &str = "failover";

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Messenger for Failover {
    fn provider(&self) -> &'static str {
        NAME
    }

    /// The capabilities of all channels together, except those of a single provider: webhooks, idempotency, batches.
    fn capabilities(&self) -> Capabilities {
        let of_one = [
            Capability::MarkRead,
            Capability::Typing,
            Capability::DeliveryStatus,
            Capability::Inbound,
            Capability::WebhookSignature,
            Capability::Idempotency,
            Capability::Batch,
        ];
        let all =
            self.members.iter().fold(Capabilities::default(), |all, member| all.union(member.client.capabilities()));
        all.iter().filter(|capability| !of_one.contains(capability)).collect()
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        self.send_through(message, None).await
    }

    async fn send_part(&self, message: &Message, attempt: &Arc<Attempt>) -> Result<Receipt> {
        attempt.divide();
        self.send_through(message, Some(attempt)).await
    }

    fn passes_on(&self) -> bool {
        true
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        match self.order(contact).first() {
            Some(first) => first.client.session(contact).await,
            None => unsupported(NAME, Capability::Session),
        }
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.able(Capability::Senders)?.senders().await
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.able(Capability::Templates)?.templates().await
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        self.able(Capability::Conversations)?.conversations(filter).await
    }

    /// The id of a received message belongs to the channel that received it.
    async fn acknowledge(&self, _message_id: &MessageId, acknowledgement: Acknowledgement) -> Result<()> {
        unsupported(NAME, acknowledgement.capability())
    }

    /// Each channel is an account of its own.
    async fn identify(&self) -> Result<Option<Identity>> {
        Ok(None)
    }

    fn webhook(&self, _request: &http::Request<Bytes>, _received_at: SystemTime) -> Result<WebhookEvents> {
        unsupported(NAME, Capability::DeliveryStatus)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("channel", &self.channel)
            .field("client", &self.client)
            .field("weight", &self.weight)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}
