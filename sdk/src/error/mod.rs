//! The error of this crate: what went wrong, whether the message may have been sent, and what the provider said.

pub(crate) mod attempt;
pub(crate) mod kind;
pub(crate) mod phase;
pub(crate) mod rate_limit;
mod redact;
pub(crate) mod scope;
pub(crate) mod stop;
pub(crate) mod unsent;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use attempt::FailedAttempt;
pub use kind::ErrorKind;
pub use phase::Phase;
pub use rate_limit::{RateLimitInfo, RateLimitPolicy};
pub use scope::Scope;
pub use stop::RetryStop;
pub use unsent::Unsent;

use crate::message::Message;
use crate::message::id::MessageId;
use crate::phone::{InvalidPhoneNumber, PhoneNumber};
use crate::secret::{Redactor, Secret};
use crate::session::Session;

use redact::{Cause, one_line};

/// What every fallible call returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, whether the message may have been sent anyway, and what the provider said.
///
/// [`kind`](Self::kind) tells what to do. [`may_have_been_sent`](Self::may_have_been_sent) tells whether a repetition could
/// reach the contact twice. [`phase`](Self::phase) tells how far the call got, [`code`](Self::code) is the provider's own.
///
/// ```
/// use transom::{Error, ErrorKind};
///
/// let refused = Error::new(ErrorKind::SessionExpired, "the 24-hour window is closed").with_code("SESSION_EXPIRED");
/// assert!(refused.is_window_closed() && !refused.may_have_been_sent());
/// assert_eq!(refused.to_string(), "session expired (code SESSION_EXPIRED): the 24-hour window is closed");
/// ```
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    sent: Sent,
    phase: Phase,
    message: String,
    provider: Option<&'static str>,
    code: Option<String>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    retry_at: Option<SystemTime>,
    limits: RateLimitInfo,
    limit_scope: Option<Scope>,
    session: Option<Session>,
    attempts: u32,
    is_under_way: bool,
    window_refused: bool,
    message_id: Option<MessageId>,
    attempted: Option<Arc<Message>>,
    stopped_by: Option<RetryStop>,
    channel: Option<String>,
    earlier: Vec<FailedAttempt>,
    problems: Vec<String>,
    source: Option<Cause>,
}

/// Whether the message may be on its way although an error came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// Proved: the provider did not take the message.
    No,
    /// Nobody can know from here. Sending again may reach the person twice.
    Maybe,
}

impl Sent {
    /// The name used in JSON: `no` or `maybe`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
        }
    }
}

impl Error {
    /// An error of `kind`; the message is proved unsent until [`maybe_sent`](Self::maybe_sent) says otherwise.
    ///
    /// A provider's text may hold anything, and errors go to terminals and logs: the message is kept on one line, without
    /// control characters, and cut at 400 characters.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                sent: Sent::No,
                phase: Phase::NotConnected,
                message: one_line(&message.into(), 400),
                provider: None,
                code: None,
                status: None,
                retry_after: None,
                retry_at: None,
                limits: RateLimitInfo::default(),
                limit_scope: None,
                session: None,
                attempts: 0,
                is_under_way: false,
                window_refused: false,
                message_id: None,
                attempted: None,
                stopped_by: None,
                channel: None,
                earlier: Vec::new(),
                problems: Vec::new(),
                source: None,
            }),
        }
    }

    /// Several problems of one kind, each a line of its own. The message is the first of them.
    pub fn invalid(kind: ErrorKind, problems: Vec<String>) -> Self {
        let mut error = Self::new(kind, problems.first().cloned().unwrap_or_default());
        error.inner.problems = problems.into_iter().map(|problem| one_line(&problem, 400)).collect();
        error
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether the message may be out although this error came back.
    pub fn sent(&self) -> Sent {
        self.inner.sent
    }

    /// How far the call got.
    pub fn phase(&self) -> Phase {
        self.inner.phase
    }

    /// What happened, in words, without provider, code or status.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The provider's name, where a provider was involved.
    pub fn provider(&self) -> Option<&'static str> {
        self.inner.provider
    }

    /// The provider's own code, as text, every digit kept.
    pub fn code(&self) -> Option<&str> {
        self.inner.code.as_deref()
    }

    /// The HTTP status of the provider's last answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// How long the provider asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// When the message may be handed over again, where the wait is too long to be waited out by a
    /// [`Retry`](crate::layers::Retry) layer or a limiter.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.inner.retry_at
    }

    /// What the answer said of the provider's limits.
    pub fn limits(&self) -> &RateLimitInfo {
        &self.inner.limits
    }

    /// The sends that the limit is about which rejected this one, if the adapter knows it. `None` says nothing: then the
    /// limit counts for the account, unless a [`Rate`](crate::adapter::Rate) lists the code.
    pub fn limit_scope(&self) -> Option<Scope> {
        self.inner.limit_scope
    }

    /// Whether a conflict is with the very same message, sent before under the same key and still being worked on: to wait and
    /// ask again under that key brings its outcome.
    pub fn is_under_way(&self) -> bool {
        self.inner.is_under_way
    }

    /// Whether the provider refused a free-form message for the window, before its fallback template failed in this way.
    pub fn window_refused(&self) -> bool {
        self.inner.window_refused
    }

    /// The channel of a [`Failover`](crate::Failover) that this is about, the last one asked. `None` without one.
    pub fn channel(&self) -> Option<&str> {
        self.inner.channel.as_deref()
    }

    /// Why a [`Retry`](crate::layers::Retry) layer did not try again, or not once more. `None` without one.
    pub fn stopped_by(&self) -> Option<RetryStop> {
        self.inner.stopped_by
    }

    /// What went wrong on the channels that a [`Failover`](crate::Failover) tried or passed over before this one, oldest
    /// first; those of the attempts before the last one included, where a [`Retry`](crate::layers::Retry) layer made several.
    pub fn earlier(&self) -> &[FailedAttempt] {
        &self.inner.earlier
    }

    /// What the provider said of the window while refusing.
    pub fn session(&self) -> Option<&Session> {
        self.inner.session.as_ref()
    }

    /// The number of send requests, including re-shaped and fallback ones. Lookups and logins do not count.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// The form that may have been sent, the message or its fallback template, with its idempotency key. Only this form may be
    /// [resent](crate::reconcile::PendingSend::resend).
    pub fn attempted(&self) -> Option<&Message> {
        self.inner.attempted.as_deref()
    }

    /// Each problem on a line of its own, where there are several (configuration, validation). Else empty.
    pub fn problems(&self) -> &[String] {
        &self.inner.problems
    }

    /// The id of the message that the answer named beside its refusal. Such an answer contradicts itself, so the outcome
    /// is unknown and no layer repeats the send.
    pub fn message_id(&self) -> Option<&MessageId> {
        self.inner.message_id.as_ref()
    }

    /// Whether waiting may help.
    pub fn is_transient(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::RateLimited | ErrorKind::ProviderUnavailable)
    }

    /// Whether the very same message may be handed over again: waiting may help, and it is proved unsent.
    pub fn is_safe_to_retry(&self) -> bool {
        self.is_transient() && !self.may_have_been_sent()
    }

    /// Whether sending again could reach the person twice.
    pub fn may_have_been_sent(&self) -> bool {
        self.inner.sent == Sent::Maybe
    }

    /// Marks the outcome as unknown. The only way to get [`Sent::Maybe`].
    #[must_use]
    pub fn maybe_sent(mut self) -> Self {
        self.inner.sent = Sent::Maybe;
        self.inner.phase = self.inner.phase.max(Phase::NoResponse);
        self
    }

    /// Keeps the id that the answer named beside its refusal, and marks the outcome as unknown.
    #[must_use]
    pub(crate) fn naming(mut self, id: MessageId) -> Self {
        self.inner.message_id = Some(id);
        self.maybe_sent()
    }

    /// Marks the message as proved unsent: the call cannot send anything, or the provider documents the refusal.
    #[must_use]
    pub fn mark_unsent(mut self) -> Self {
        self.inner.sent = Sent::No;
        self
    }

    /// Replaces the kind: a second look at the same refusal told more.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.inner.kind = kind;
        self
    }

    /// Names the provider.
    #[must_use]
    pub fn with_provider(mut self, provider: &'static str) -> Self {
        self.inner.provider = Some(provider);
        self
    }

    /// Keeps the provider's own code. An empty one is no code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.inner.code = Some(one_line(&code.into(), 100)).filter(|code| !code.is_empty());
        self
    }

    /// Says how far the call got.
    #[must_use]
    pub fn with_phase(mut self, phase: Phase) -> Self {
        self.inner.phase = phase;
        self
    }

    /// Keeps the HTTP status, and so that the provider answered.
    #[must_use]
    pub fn with_status(mut self, status: http::StatusCode) -> Self {
        self.inner.status = Some(status.as_u16());
        self.inner.phase = Phase::Response;
        self
    }

    /// Forgets the HTTP status: it was not the answer to the send.
    #[must_use]
    pub(crate) fn without_status(mut self) -> Self {
        self.inner.status = None;
        self
    }

    /// Keeps the wait that the provider asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.inner.retry_after = Some(wait);
        self
    }

    /// Keeps when the message may be handed over again.
    #[must_use]
    pub fn with_retry_at(mut self, at: Option<SystemTime>) -> Self {
        self.inner.retry_at = at;
        self
    }

    /// Keeps what the answer says of the provider's limits, and how long it asks to wait if it does.
    #[must_use]
    pub fn with_limits(mut self, limits: RateLimitInfo) -> Self {
        self.inner.retry_after = limits.asked(self.inner.kind).or(self.inner.retry_after);
        self.inner.limits = limits;
        self
    }

    /// Keeps which sends the limit is about that rejected this one.
    #[must_use]
    pub fn with_limit_scope(mut self, scope: Scope) -> Self {
        self.inner.limit_scope = Some(scope);
        self
    }

    /// Marks a conflict as one with the very same message, sent before under the same key and still being worked on. The
    /// outcome of that message is unknown.
    #[must_use]
    pub fn under_way(mut self) -> Self {
        self.inner.is_under_way = true;
        self.maybe_sent()
    }

    /// Says that a free-form message was refused for the window before this.
    #[must_use]
    pub(crate) fn after_window_refusal(mut self) -> Self {
        self.inner.window_refused = true;
        self
    }

    /// Names the channel that this is about.
    #[must_use]
    pub(crate) fn with_channel(mut self, channel: impl Into<String>) -> Self {
        self.inner.channel = Some(channel.into());
        self
    }

    /// Says why the call was not made again.
    #[must_use]
    pub(crate) fn with_stop(mut self, stop: RetryStop) -> Self {
        self.inner.stopped_by = Some(stop);
        self
    }

    /// Keeps what went wrong before, on other channels.
    #[must_use]
    pub(crate) fn with_earlier(mut self, earlier: Vec<FailedAttempt>) -> Self {
        self.inner.earlier = earlier;
        self
    }

    /// Keeps what is known of the window.
    #[must_use]
    pub fn with_session(mut self, session: Session) -> Self {
        self.inner.session = Some(session);
        self
    }

    /// Sets the number of send requests made.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.inner.attempts = attempts;
        self
    }

    /// Keeps the form in which the message was handed over.
    #[must_use]
    pub(crate) fn with_attempted(mut self, form: &Arc<Message>) -> Self {
        self.inner.attempted = Some(Arc::clone(form));
        self
    }

    /// Keeps the text of the cause and of its causes, on one line each. Of an error of serde it keeps the kind and the place
    /// only, since its text quotes what the provider wrote. The text must hold no URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source: Box<dyn StdError + Send + Sync> = source.into();
        self.inner.source = Some(Cause::of(&*source));
        self
    }

    /// Redacts the contact's number in every text, in each form in which a provider may echo it
    /// ([`PhoneNumber::redact_in`]).
    #[must_use]
    pub fn without_number(self, contact: &PhoneNumber) -> Self {
        self.rewritten(|text| contact.redact_in(text))
    }

    /// Redacts one credential in every text, as [`without_secrets`](Self::without_secrets) does.
    #[must_use]
    pub fn without_secret(self, secret: &str) -> Self {
        self.without_secrets(&Redactor::new([Secret::new(secret)]))
    }

    /// Redacts credentials in every text, since a provider may echo them.
    #[must_use]
    pub fn without_secrets(self, redactor: &Redactor) -> Self {
        if redactor.is_empty() { self } else { self.rewritten(|text| redactor.redact(text)) }
    }

    /// Every text that may be a provider's, as `rewrite` returns it.
    fn rewritten(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        let inner = &mut *self.inner;
        inner.message = rewrite(&inner.message);
        let earlier = inner.earlier.iter_mut();
        let earlier = earlier.flat_map(|attempt| attempt.code.iter_mut().chain([&mut attempt.message]));
        for text in inner.code.iter_mut().chain(&mut inner.problems).chain(earlier) {
            *text = rewrite(text);
        }
        if let Some(source) = &mut inner.source {
            source.rewrite(&rewrite);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(provider) = self.inner.provider {
            write!(f, "{provider}: ")?;
        }
        f.write_str(&self.inner.kind.as_str().replace('_', " "))?;
        match (&self.inner.code, self.inner.status) {
            (Some(code), Some(status)) => write!(f, " (code {code}, http {status})")?,
            (Some(code), None) => write!(f, " (code {code})")?,
            (None, Some(status)) => write!(f, " (http {status})")?,
            (None, None) => {}
        }
        if self.may_have_been_sent() {
            f.write_str(" (may have been sent)")?;
        }
        write!(f, ": {}", self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("sent", &inner.sent)
            .field("phase", &inner.phase)
            .field("message", &inner.message)
            .field("provider", &inner.provider)
            .field("code", &inner.code)
            .field("status", &inner.status)
            .field("retry_after", &inner.retry_after)
            .field("retry_at", &inner.retry_at)
            .field("limits", &inner.limits)
            .field("limit_scope", &inner.limit_scope)
            .field("session", &inner.session)
            .field("attempts", &inner.attempts)
            .field("is_under_way", &inner.is_under_way)
            .field("window_refused", &inner.window_refused)
            .field("channel", &inner.channel)
            // The provider wrote it: it may hold anything.
            .field("message_id", &inner.message_id.as_ref().map(|_| format_args!("…")))
            // What people write to each other does not belong into logs.
            .field("attempted", &inner.attempted.as_ref().map(|_| format_args!("…")))
            .field("stopped_by", &inner.stopped_by)
            .field("earlier", &inner.earlier)
            .field("problems", &inner.problems)
            .field("source", &inner.source)
            .finish()
    }
}

impl From<InvalidPhoneNumber> for Error {
    fn from(error: InvalidPhoneNumber) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests;
