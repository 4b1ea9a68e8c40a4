//! The receipt of an accepted message.

use crate::error::attempt::FailedAttempt;
use crate::error::rate_limit::RateLimitInfo;
use crate::message::id::MessageId;
use crate::session::Session;

/// The provider accepted the message. Delivery is reported later by an [`Event`](crate::webhook::Event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The provider that accepted it.
    pub provider: &'static str,
    /// The id in the provider's webhook events.
    pub message_id: MessageId,
    /// The provider's own id of the message, where the answer has one beside [`message_id`](Self::message_id).
    pub provider_message_id: Option<MessageId>,
    /// The provider's word for a message that it accepted and holds back, such as `paused` or `held_for_quality_assessment`.
    /// Such a message may still be dropped. `None` for the others.
    pub status: Option<String>,
    /// Whether the fallback template was sent instead of the content.
    pub template_fallback: bool,
    /// Whether the provider rejected the content for the window before the fallback template was sent.
    pub window_refused: bool,
    /// The number of send requests, including re-shaped and fallback ones. Lookups and logins do not count.
    pub attempts: u32,
    /// The state of the session window, if the answer holds it.
    pub session: Option<Session>,
    /// The rate limits in the answer.
    pub limits: RateLimitInfo,
    /// The channel that a [`Failover`](crate::Failover) chose.
    pub channel: Option<String>,
    /// The errors of the channels that a [`Failover`](crate::Failover) tried or skipped before, oldest first.
    pub earlier: Vec<FailedAttempt>,
}

impl Receipt {
    /// A receipt for one request.
    pub fn new(provider: &'static str, message_id: impl Into<MessageId>) -> Self {
        Self {
            provider,
            message_id: message_id.into(),
            provider_message_id: None,
            status: None,
            template_fallback: false,
            window_refused: false,
            attempts: 1,
            session: None,
            limits: RateLimitInfo::default(),
            channel: None,
            earlier: Vec::new(),
        }
    }

    /// Adds the provider's own id of the message.
    #[must_use]
    pub fn with_provider_message_id(mut self, id: Option<MessageId>) -> Self {
        self.provider_message_id = id;
        self
    }

    /// Adds the provider's word for a message that it holds back.
    #[must_use]
    pub fn with_status(mut self, status: Option<String>) -> Self {
        self.status = status;
        self
    }

    /// Adds the state of the session window.
    #[must_use]
    pub fn with_session(mut self, session: Option<Session>) -> Self {
        self.session = session;
        self
    }

    /// Adds the rate limits in the answer.
    #[must_use]
    pub fn with_limits(mut self, limits: RateLimitInfo) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the number of send requests.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}
