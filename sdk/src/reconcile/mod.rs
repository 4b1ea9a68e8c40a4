//! Settling a send whose outcome is unknown.

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
use crate::webhook::event::{Event, WebhookEvents};
use crate::webhook::status::{DeliveryStatus, StatusUpdate};

/// The times of lookups by [`PendingSend::poll_status`], counted from the start of the send.
pub const LOOKUP_SCHEDULE: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(2 * 60), Duration::from_secs(10 * 60)];

/// The allowed difference between the provider's clock and ours. An earlier report belongs to an earlier message.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// A message whose outcome is unknown, with all that is learned of it.
///
/// Only the provider's statements settle it, never silence: a delivery report with the message's id, one with its
/// reference (Exotel's `custom_data`, Messangi's `externalId`) that is no failure, a [lookup](Self::poll_status) where the provider has one, or a
/// [resend](Self::resend) under the same idempotency key. A report that names both ids of a message joins them: then a
/// report or a lookup under either settles it. Reports may come in any order and any number. A
/// [`DeliveryReportLog`] keeps reports from before this value was made.
///
/// Autocalls has none of the three: its reports carry only its own id, which a lost answer does not contain. Such a
/// message stays unknown unless a person checks the conversation.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::time::SystemTime;
/// use transom::reconcile::{PendingSend, Resolution};
/// use transom::testing::Stub;
/// use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};
/// use transom::{Client, Error, ErrorKind, Message, Messenger};
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
    /// In the attempted form, if that is known.
    message: Message,
    begun: SystemTime,
    /// The id of this message for certain: from an answer, from the application or from a resend.
    id: Option<MessageId>,
    /// Other ids that a report has named beside the certain one.
    other_ids: Vec<MessageId>,
    /// What is reported of each message that may be this one.
    reported: Vec<Reported>,
}

#[derive(Clone, Debug)]
struct Reported {
    id: MessageId,
    status: DeliveryStatus,
    /// The report names the contact.
    names_contact: bool,
    failure: Option<(ErrorKind, String)>,
}

impl Reported {
    const fn is_delivered(&self) -> bool {
        matches!(self.status, DeliveryStatus::Delivered | DeliveryStatus::Read)
    }
}

/// The known outcome of a [`PendingSend`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// Still unknown.
    Unknown,
    /// The provider accepted it, or the contact has it.
    Sent {
        /// The id in the provider's reports.
        message_id: MessageId,
        /// Its latest status.
        status: DeliveryStatus,
    },
    /// The provider says that it will not arrive. A new send reaches the contact once.
    NotSent {
        /// The reason, if the provider gives one.
        reason: Option<(ErrorKind, String)>,
    },
}

impl PendingSend {
    /// A send that started at `begun` and failed with `error`. Returns `None` if the error proves that nothing was
    /// sent.
    ///
    /// A client's error contains the [attempted form](Error::attempted) with its idempotency key. For an error of your
    /// own, such as one for a process that ended meanwhile, pass the message from [`Client::prepare`] or
    /// [`Client::on_outcome`]: its key is needed for a [resend](Self::resend).
    pub fn new(message: &Message, error: &Error, begun: SystemTime) -> Option<Self> {
        error.may_have_been_sent().then(|| Self {
            message: error.attempted().unwrap_or(message).clone(),
            begun,
            id: error.message_id().cloned(),
            other_ids: Vec::new(),
            reported: Vec::new(),
        })
    }

    /// Sets the id in the provider's reports, taken from its answer or its dashboard.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<MessageId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The message, in the attempted form if that is known.
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// The outcome as known now.
    pub fn resolution(&self) -> Resolution {
        let sent =
            |reported: &Reported| Resolution::Sent { message_id: reported.id.clone(), status: reported.status.clone() };
        let failed = |reported: &Reported| reported.status == DeliveryStatus::Failed;
        let ours = self.reported.iter().find(|reported| self.is_ours(&reported.id));
        let others = || self.reported.iter().filter(|reported| !self.is_ours(&reported.id));
        // What reached the contact under our reference was this message, whatever a report under its id says.
        let delivered = others().find(|other| other.is_delivered() && (other.names_contact || self.id.is_none()));
        match (ours, delivered) {
            (Some(ours), None) if failed(ours) => Resolution::NotSent { reason: ours.failure.clone() },
            (Some(ours), _) if !failed(ours) => sent(ours),
            (_, Some(delivered)) => sent(delivered),
            // A failure under the reference may be one of an earlier message.
            _ if self.id.is_none() => others().find(|other| !failed(other)).map_or(Resolution::Unknown, sent),
            _ => Resolution::Unknown,
        }
    }

    /// Records the events of a webhook call. Ignores unverified events unless `trust_unsigned`, so that a forged call
    /// cannot settle a send.
    pub fn record_events(&mut self, events: &WebhookEvents, trust_unsigned: bool) {
        if events.verified || trust_unsigned {
            for event in &events.events {
                if let Event::Status(update) = event {
                    self.record_update(update);
                }
            }
        }
    }

    /// Records one status, if it may be about this message: by its id, or by its reference, its contact in any spelling
    /// and its time.
    ///
    /// A failure settles the send only under an id that is certainly of this message. Under the reference alone it may
    /// be the late failure of an earlier message.
    pub fn record_update(&mut self, update: &StatusUpdate) {
        if !self.may_be_about_this(update) {
            return;
        }
        let own = self.id.clone().filter(|_| self.is_certain(update));
        if let Some(own) = &own {
            self.learn_ids(update, own);
        }
        self.advance(Reported {
            id: own.unwrap_or_else(|| update.message_id.clone()),
            status: update.status.clone(),
            names_contact: update.to.is_some(),
            failure: update.error.as_ref().map(|failure| (failure.kind, failure.code.clone())),
        });
    }

    fn advance(&mut self, news: Reported) {
        match self.reported.iter_mut().find(|known| known.id == news.id) {
            Some(known) => {
                known.status = known.status.clone().merge(news.status);
                known.names_contact |= news.names_contact;
                known.failure = news.failure.or(known.failure.take());
            }
            None => self.reported.push(news),
        }
    }

    /// Whether the report names this message by an id that is certainly its own.
    fn is_certain(&self, update: &StatusUpdate) -> bool {
        self.id.iter().chain(&self.other_ids).any(|id| update.is_about(id))
    }

    /// Keeps both ids of a message that has two, since another report may have only the other one.
    fn learn_ids(&mut self, update: &StatusUpdate, own: &MessageId) {
        for id in [Some(&update.message_id), update.provider_message_id.as_ref()].into_iter().flatten() {
            if id == own || self.other_ids.contains(id) {
                continue;
            }
            self.other_ids.push(id.clone());
            if let Some(at) = self.reported.iter().position(|known| known.id == *id) {
                let known = self.reported.remove(at);
                self.advance(Reported { id: own.clone(), ..known });
            }
        }
    }

    fn is_ours(&self, id: &MessageId) -> bool {
        self.id.as_ref() == Some(id)
    }

    fn may_be_about_this(&self, update: &StatusUpdate) -> bool {
        let has_our_reference = self.message.reference.is_some() && self.message.reference == update.reference;
        let is_other_contact = update.to.as_ref().is_some_and(|to| !to.is_same_contact(&self.message.to));
        let is_older = update.at.is_some_and(|at| at.checked_add(SKEW).is_some_and(|latest| latest < self.begun));
        let is_failure = update.status == DeliveryStatus::Failed;
        if self.is_certain(update) {
            !(is_failure && (is_other_contact || is_older))
        } else {
            has_our_reference && !is_other_contact && !is_older
        }
    }

    /// Records the reports in the log and returns the outcome as known then.
    pub fn check_log(&mut self, reports: &DeliveryReportLog) -> Resolution {
        // Again as long as a report has named another id: an earlier report may have only that one.
        loop {
            let known = self.other_ids.len();
            reports.for_each(|update| self.record_update(update));
            if self.other_ids.len() == known {
                break;
            }
        }
        self.resolution()
    }

    /// Calls `look` 5 s, 30 s, 2 min and 10 min after the start of the send ([`LOOKUP_SCHEDULE`]), until it settles the
    /// message. Returns the outcome as known then. An error of `look`, such as [`ErrorKind::NotFound`], settles
    /// nothing, because a provider may not know the message yet. Missed times are replaced by one lookup.
    ///
    /// Only GoSendAPI has such a lookup, `GoSendApi::message_status`, by its own id. No provider finds a message by
    /// your reference.
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

    /// Sends the message again, in the attempted form and under the same idempotency key. The provider repeats its
    /// first answer, or accepts the message now. Either way the contact gets it once. No other form is sent, whatever
    /// the session window.
    ///
    /// `client` must be of the same account: no other account knows the key. `key_life` is the lifetime of a key at the
    /// provider (see [`Provider::key_life`](crate::adapter::Provider::key_life)).
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
        let id = self.id.get_or_insert(receipt.message_id).clone();
        self.advance(Reported { id, status: DeliveryStatus::Queued, names_contact: true, failure: None });
        Ok(self.resolution())
    }
}
