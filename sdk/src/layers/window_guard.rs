//! The 24-hour session window as a policy.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::capability::Capability;
use crate::error::{Error, ErrorKind, Result, Unsent};
use crate::layers::layer::{Layer, Next};
use crate::message::Message;
use crate::message::receipt::Receipt;
use crate::messenger::Messenger;
use crate::phone::PhoneNumber;
use crate::session::ledger::WindowLedger;
use crate::session::{Session, Window};
use crate::time::{Clock, SystemClock};

/// Sends a message's fallback template when the session window is closed.
///
/// It acts on free-form messages only, and falls back at most once, only where it is certain that nothing was sent: the
/// window was known to be closed beforehand, or the provider rejected the message for the window and the rejection is proof. An
/// unknown outcome never falls back, and neither does a rejection for any other reason.
#[derive(Clone, Debug)]
pub struct WindowGuard {
    policy: WindowPolicy,
    ledger: Option<Arc<dyn WindowLedger>>,
    clock: Arc<dyn Clock>,
    margin: Duration,
}

/// Covers the difference of the clocks and the time until a message arrives.
const MARGIN: Duration = Duration::from_secs(60);

/// How [`WindowGuard`] treats a free-form message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowPolicy {
    /// With a fallback, looks the window up and sends the template if it is known to be closed. Falls back once if the
    /// provider rejects for the window. Without a fallback, the provider decides.
    #[default]
    TemplateIfClosed,
    /// Refuses a message into a window that is known to be closed, and never sends a template instead. A window that is about to
    /// close counts as closed if only our own record knows it; a provider's own "open" counts to the last second.
    Strict,
    /// Looks nothing up. Falls back once if the provider rejects for the window.
    ProviderDecides,
    /// Sends the fallback, if there is one, whatever the window.
    AlwaysTemplate,
}

impl WindowPolicy {
    /// Every policy with its name in configuration.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("template_if_closed", Self::TemplateIfClosed),
        ("strict", Self::Strict),
        ("provider_decides", Self::ProviderDecides),
        ("always_template", Self::AlwaysTemplate),
    ];
}

impl WindowGuard {
    /// A guard with this policy, without a ledger.
    pub fn new(policy: WindowPolicy) -> Self {
        Self { policy, ledger: None, clock: Arc::new(SystemClock), margin: MARGIN }
    }

    /// Also asks `ledger`, whose times are compared with `clock`.
    #[must_use]
    pub fn with_ledger(mut self, ledger: Arc<dyn WindowLedger>, clock: Arc<dyn Clock>) -> Self {
        self.ledger = Some(ledger);
        self.clock = clock;
        self
    }

    /// How long before its end a window on our own record counts as closing. A window that the provider reports has no such
    /// margin. The default is one minute.
    #[must_use]
    pub const fn with_margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    async fn before(&self, message: &Message, next: Next<'_>) -> Option<Known> {
        let can_ask = next.capabilities().contains(Capability::Session);
        self.look_up(&message.to, can_ask, || next.session(&message.to)).await
    }

    /// What is known of a channel's window to `contact`, from the ledger, else from the provider where it can say. A window
    /// that is about to close and that nobody confirms is given as unknown.
    pub(crate) async fn known(&self, contact: &PhoneNumber, client: &dyn Messenger) -> Option<Session> {
        let can_ask = client.capabilities().contains(Capability::Session);
        let known = self.look_up(contact, can_ask, || client.session(contact)).await?;
        let mut session = known.session;
        if known.is_closing {
            session.window = Window::Unknown;
        }
        Some(session)
    }

    /// Looks up the window before a send: in the ledger, else at the provider where it can say.
    ///
    /// An "open" of the ledger counts, since the provider still decides; except in the last minute, in which the message may
    /// arrive too late. An "expired" of the ledger counts only if the provider cannot be asked: the ledger may have missed a
    /// message, and must not turn a free text into a paid template.
    async fn look_up<F>(&self, contact: &PhoneNumber, can_ask: bool, ask: impl FnOnce() -> F + Send) -> Option<Known>
    where
        F: Future<Output = Result<Session>> + Send,
    {
        let recorded = self.recorded(contact).await;
        let is_certain = recorded.as_ref().is_some_and(|known| known.session.window.is_open() && !known.is_closing);
        if is_certain || !can_ask {
            return recorded;
        }
        // A query that fails leaves the window unknown; the send itself will tell.
        ask().await.ok().map(|session| Known { session, is_closing: false }).or(recorded)
    }

    /// The window on our own record. A ledger that cannot be read leaves it unknown.
    async fn recorded(&self, contact: &PhoneNumber) -> Option<Known> {
        let last = self.ledger.as_ref()?.last_inbound_at(contact).await.ok()??;
        let now = self.clock.now();
        let session = Session::from_ledger(contact.clone(), last, now);
        let soon = now.checked_add(self.margin).unwrap_or(now);
        let is_closing = session.window.is_open() && !Window::after(last.min(now), soon).is_open();
        Some(Known { session, is_closing })
    }
}

/// A window as known before a send.
struct Known {
    session: Session,
    /// It is open, but perhaps not until the message arrives, and the provider could not be asked.
    is_closing: bool,
}

impl Known {
    const fn is_closed(&self) -> bool {
        self.session.window.is_known_closed() || self.is_closing
    }
}

impl Default for WindowGuard {
    fn default() -> Self {
        Self::new(WindowPolicy::default())
    }
}

#[async_trait]
impl Layer for WindowGuard {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        if !message.content.is_free_form() || next.is_resend() {
            return next.send(message).await;
        }
        let fallback = message.as_fallback();
        match (self.policy, fallback) {
            (WindowPolicy::AlwaysTemplate, Some(template)) => send_template(&template, None, next).await,
            (WindowPolicy::TemplateIfClosed, Some(template)) => match self.before(message, next).await {
                Some(known) if known.is_closed() => send_template(&template, None, next).await,
                _ => send_or_fall_back(message, &template, next).await,
            },
            (WindowPolicy::ProviderDecides, Some(template)) => send_or_fall_back(message, &template, next).await,
            (WindowPolicy::Strict, _) => match self.before(message, next).await {
                Some(known) if known.is_closed() => Err(refused(known)),
                _ => next.send(message).await,
            },
            (_, None) => next.send(message).await,
        }
    }
}

async fn send_or_fall_back(message: &Message, template: &Message, next: Next<'_>) -> Result<Receipt> {
    let answer = next.send(message).await;
    match answer.as_ref().err().and_then(Error::unsent).filter(|refused| refused.allows_template()) {
        Some(refused) => send_template(template, Some(refused), next).await,
        None => answer,
    }
}

/// Sends the template. Counts the attempts of `refused`, the rejection of the message itself, if there was one.
async fn send_template(template: &Message, refused: Option<Unsent<'_>>, next: Next<'_>) -> Result<Receipt> {
    let earlier = refused.map_or(0, |refused| refused.error().attempts());
    match next.send(template).await {
        Ok(mut receipt) => {
            receipt.template_fallback = true;
            receipt.window_refused = refused.is_some();
            receipt.attempts = receipt.attempts.saturating_add(earlier);
            Ok(receipt)
        }
        Err(error) => {
            let attempts = error.attempts().saturating_add(earlier);
            let error = error.with_attempts(attempts);
            Err(if refused.is_some() { error.after_window_refusal() } else { error })
        }
    }
}

fn refused(known: Known) -> Error {
    let (kind, message) = match known.session.window {
        Window::Never => (ErrorKind::NoActiveSession, "the contact has never written to this number"),
        _ if known.is_closing => {
            (ErrorKind::SessionExpired, "the 24-hour window is about to close: the message might arrive after it")
        }
        _ => (ErrorKind::SessionExpired, "the 24-hour window is closed"),
    };
    Error::new(kind, message).with_session(known.session)
}
