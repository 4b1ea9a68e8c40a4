//! The receipt of an accepted message.

use crate::error::attempt::FailedAttempt;
use crate::error::rate_limit::RateLimitInfo;
use crate::message::id::MessageId;
use crate::session::Session;

/// The provider took the message. Taken is not delivered: that comes later, as an [`Event`](crate::webhook::Event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Who took it.
    pub provider: &'static str,
    /// The id that the provider's delivery events will carry.
    pub message_id: MessageId,
    /// Whether the fallback template went instead of the content.
    pub template_fallback: bool,
    /// Whether the provider had refused the content for the window before its fallback template went.
    pub window_refused: bool,
    /// How many send requests it took, re-shaped and fallback ones included; probes and logins are not counted.
    pub attempts: u32,
    /// What the provider said of the window in the same breath.
    pub session: Option<Session>,
    /// What the answer said of the provider's limits.
    pub limits: RateLimitInfo,
    /// The channel that took it, where a [`Failover`](crate::Failover) chose one.
    pub channel: Option<String>,
    /// What went wrong on the channels that a [`Failover`](crate::Failover) tried or passed over before, oldest first.
    pub earlier: Vec<FailedAttempt>,
}

impl Receipt {
    /// A receipt for one request.
    pub fn new(provider: &'static str, message_id: impl Into<MessageId>) -> Self {
        Self {
            provider,
            message_id: message_id.into(),
            template_fallback: false,
            window_refused: false,
            attempts: 1,
            session: None,
            limits: RateLimitInfo::default(),
            channel: None,
            earlier: Vec::new(),
        }
    }

    /// Adds what the provider said of the window.
    #[must_use]
    pub fn with_session(mut self, session: Option<Session>) -> Self {
        self.session = session;
        self
    }

    /// Adds what the answer said of the provider's limits.
    #[must_use]
    pub fn with_limits(mut self, limits: RateLimitInfo) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the number of send requests made.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}
