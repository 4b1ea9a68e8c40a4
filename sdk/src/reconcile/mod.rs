//! Settling sends whose outcome is unknown.

pub(crate) mod report_log;

use std::time::{Duration, SystemTime};

pub use report_log::DeliveryReportLog;

use crate::capability::Capability;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::retry::policy::send_under_key;
use crate::message::Message;
use crate::message::id::MessageId;
use crate::messenger::unsupported;
use crate::time::Clock;
use crate::transport::Operation;
use crate::webhook::event::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};

/// When [`PendingSend::poll_status`] looks, counted from the beginning of the send.
pub const LOOKUP_SCHEDULE: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(2 * 60), Duration::from_secs(10 * 60)];

/// Tolerated difference between the provider's clock and ours. An earlier report is about an earlier message.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// A message whose outcome is unknown, and the facts learned about it since.
///
/// Only the provider settles it; silence does not. Any of these does: a delivery report with the message's reference (Exotel's
/// `custom_data`, Messangi's `externalId`) or its id; a [status query](Self::poll_status) where the provider has one; a
/// [resend](Self::resend) under the same idempotency key. Reports may come in any order and any number. Reports that came
/// before this value was made are in a [`DeliveryReportLog`].
///
/// Autocalls offers none of the three: its reports carry only its own id, and a lost response does not tell that id. Such a
/// message stays unknown until a person looks at the conversation.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::time::SystemTime;
/// use transom::reconcile::{PendingSend, Resolution};
/// use transom::testing::Stub;
/// use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};
/// use transom::{Client, Error, ErrorKind, Message};
///
/// let client = Client::new(Stub::script([Err(Error::new(ErrorKind::ProviderUnavailable, "timeout").maybe_sent())]));
/// let message = Message::text("+919876543210".parse()?, "Hi").with_reference("order-17");
/// let begun = SystemTime::now();
/// let error = client.send(&message).await.unwrap_err();
/// let mut unresolved = PendingSend::new(&message, &error, begun).unwrap();
/// assert_eq!(unresolved.resolution(), Resolution::Unknown);
///
/// let mut report = StatusUpdate::new("7c1e", DeliveryStatus::Delivered);
/// report.reference = Some("order-17".to_owned());
/// unresolved.record_events(&WebhookEvents::new(true, vec![Event::Status(report)]), false);
/// assert!(matches!(unresolved.resolution(), Resolution::Sent { .. }));
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct PendingSend {
    /// As it was handed over, where that is known.
    message: Message,
    begun: SystemTime,
    /// The id under which the provider reports on it, once that is known.
    id: Option<MessageId>,
    status: Option<DeliveryStatus>,
    failure: Option<(ErrorKind, String)>,
}

/// The state of a [`PendingSend`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// Still nothing.
    Unknown,
    /// The provider took it, or the person has it.
    Sent {
        /// The id under which the provider reports on it.
        message_id: MessageId,
        /// How far it got.
        status: DeliveryStatus,
    },
    /// The provider says that it will not arrive: sending it again reaches the person once.
    NotSent {
        /// Why, where the provider says.
        reason: Option<(ErrorKind, String)>,
    },
}

impl PendingSend {
    /// The message whose send, begun at `begun`, came to `error`. None if the error proves that nothing was sent.
    ///
    /// An error of a client knows the [form](Error::attempted) in which the message was handed over, with its key. With an error
    /// of your own, such as one for a process that ended in the middle, give it the message as [`Client::prepare`] or a
    /// [outcome](Client::on_outcome) gives it, with its key, if it is to be [repeated](Self::resend) later.
    pub fn new(message: &Message, error: &Error, begun: SystemTime) -> Option<Self> {
        error.may_have_been_sent().then(|| Self {
            message: error.attempted().unwrap_or(message).clone(),
            begun,
            id: None,
            status: None,
            failure: None,
        })
    }

    /// The provider reports on it under this id, as its answer or its own pages say.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<MessageId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The message, in the form in which it was handed over where that is known.
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// What is known by now.
    pub fn resolution(&self) -> Resolution {
        match (&self.status, &self.id) {
            (Some(DeliveryStatus::Failed), _) => Resolution::NotSent { reason: self.failure.clone() },
            (Some(status), Some(id)) => Resolution::Sent { message_id: id.clone(), status: status.clone() },
            _ => Resolution::Unknown,
        }
    }

    /// Takes in what a webhook call said. WebhookEvents that are not verified are passed over unless `trust_unsigned`: a stranger
    /// must not be able to settle anything.
    pub fn record_events(&mut self, events: &WebhookEvents, trust_unsigned: bool) {
        if events.verified || trust_unsigned {
            for event in &events.events {
                if let Event::Status(update) = event {
                    self.record_update(update);
                }
            }
        }
    }

    /// Takes in one report, if it is about this message.
    pub fn record_update(&mut self, update: &StatusUpdate) {
        if !self.is_about_this(update) {
            return;
        }
        self.id.get_or_insert_with(|| update.message_id.clone());
        if update.status == DeliveryStatus::Failed {
            self.failure = update.error.clone().or(self.failure.take());
        }
        self.advance(update.status.clone());
    }

    fn advance(&mut self, status: DeliveryStatus) {
        self.status = Some(match self.status.take() {
            Some(so_far) => so_far.merge(status),
            None => status,
        });
    }

    fn is_about_this(&self, update: &StatusUpdate) -> bool {
        if let Some(id) = &self.id {
            return *id == update.message_id;
        }
        let is_ours = self.message.reference.is_some() && self.message.reference == update.reference;
        let is_other_person = update.to.as_ref().is_some_and(|to| *to != self.message.to);
        let is_older = update.at.is_some_and(|at| at.checked_add(SKEW).is_some_and(|latest| latest < self.begun));
        is_ours && !is_other_person && !is_older
    }

    /// Takes in the reports that came before this was made, and those since. What is known then.
    pub fn check_log(&mut self, reports: &DeliveryReportLog) -> Resolution {
        reports.for_each(|update| self.record_update(update));
        self.resolution()
    }

    /// Looks at the message with `look` 5 s, 30 s, 2 min and 10 min after the send began ([`LOOKUP_SCHEDULE`]), until that settles it.
    /// What is known then, which may be nothing: a provider that does not know the message yet says nothing about it, so an
    /// error of `look`, [`ErrorKind::NotFound`] above all, settles nothing. Times that are over are made up for by one look.
    ///
    /// Of the providers here only GoSendAPI can be asked, by `GoSendApi::message_status`, and only by its own id. None can be
    /// asked for a message by your reference.
    pub async fn poll_status<F>(&mut self, clock: &dyn Clock, mut look: impl FnMut() -> F + Send) -> Resolution
    where
        F: Future<Output = Result<StatusUpdate>> + Send,
    {
        let over = clock.now().duration_since(self.begun).unwrap_or_default();
        let missed = LOOKUP_SCHEDULE.iter().filter(|due| **due < over).count();
        for due in LOOKUP_SCHEDULE.iter().skip(missed.saturating_sub(1)) {
            if self.resolution() != Resolution::Unknown {
                break;
            }
            let age = clock.now().duration_since(self.begun).unwrap_or_default();
            let wait = due.saturating_sub(age);
            if !wait.is_zero() {
                clock.sleep(wait).await;
            }
            if let Ok(update) = look().await {
                self.record_update(&update);
            }
        }
        self.resolution()
    }

    /// Hands the message over once more, in the very form in which it was handed over, under the same key: the provider answers
    /// what it answered the first time, or takes it now if it never got it. Either way the person gets it once. Nothing goes in
    /// its place, whatever the window is by now.
    ///
    /// `client` is of the account that the message was handed to: no other account knows the key. `key_life` is how long the
    /// provider keeps a key (see [`Provider::key_life`](crate::adapter::Provider::key_life)).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if the provider dedupes by no key; [`ErrorKind::Conflict`] if the message has no key or its
    /// key is too old to be relied upon, if `now` is before the first attempt, or if it is not known whether the message or its
    /// fallback was handed over, and then nothing was sent by this call. Any other error leaves the message as unresolved as it
    /// was.
    pub async fn resend(&mut self, client: &Client, key_life: Duration, now: SystemTime) -> Result<Resolution> {
        if !client.capabilities().contains(Capability::Idempotency) {
            return unsupported(client.provider(), Capability::Idempotency);
        }
        let refused =
            |why: &str| Err(Error::new(ErrorKind::Conflict, format!("{why}: a repetition could be a second message")));
        let Ok(age) = now.duration_since(self.begun) else {
            return refused("by this clock the first attempt is yet to come, so the age of its key is unknown");
        };
        if self.message.idempotency_key.is_none() || send_under_key(age, key_life) != Operation::IdempotentSend {
            return refused("the key of the first attempt is unknown or no longer kept");
        }
        if self.message.fallback.is_some() {
            return refused("whether the message or its fallback was handed over is unknown");
        }
        let receipt = client.resend(&self.message).await.map_err(Error::maybe_sent)?;
        // The id that a report gave stands: it is the one that the provider uses.
        self.id.get_or_insert(receipt.message_id);
        self.advance(DeliveryStatus::Queued);
        Ok(self.resolution())
    }
}
