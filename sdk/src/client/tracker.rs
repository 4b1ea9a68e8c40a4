//! Tracks the attempts of one send, so that its outcome is reported once, even if the caller stops waiting.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::client::attempt::{Attempt, BestKnown};
use crate::client::outcome::{Listeners, SendOutcome};
use crate::client::redact::Redaction;
#[cfg(feature = "tracing")]
use crate::client::trace::SendTrace;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::message::receipt::Receipt;
use crate::messenger::Messenger;

/// One send through a client. If its caller stops waiting, waits and attempts that have not begun are dropped with the
/// caller's future. An attempt that has begun finishes in the background, and then the outcome is reported.
#[derive(Debug)]
pub(crate) struct SendTracker {
    redaction: Redaction,
    listeners: Listeners,
    message: Message,
    /// The form that may have been accepted before this send began. No other form may go.
    resends: Option<Arc<Message>>,
    /// The attempt of another client that this send is a part of.
    part_of: Option<Arc<Attempt>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    known: BestKnown,
    /// The form of the message that may have been accepted.
    unknown_form: Option<Arc<Message>>,
    /// The requests of the attempts that have ended.
    requests: u32,
    in_flight: u32,
    /// The caller waits and has no answer yet.
    has_caller: bool,
    is_reported: bool,
    /// Where the outcome is logged, if a layer asked for it.
    #[cfg(feature = "tracing")]
    trace: Option<SendTrace>,
}

/// Held by the caller's future: dropped, it says that the caller stopped waiting.
pub(crate) struct CallerGuard(pub(crate) Arc<SendTracker>);

impl Drop for CallerGuard {
    fn drop(&mut self) {
        self.0.lock().has_caller = false;
        self.0.report_if_over();
    }
}

impl SendTracker {
    pub(crate) fn new(
        redaction: Redaction,
        listeners: &Listeners,
        message: &Message,
        part_of: Option<&Arc<Attempt>>,
    ) -> Self {
        let state = State {
            known: BestKnown::default(),
            unknown_form: None,
            requests: 0,
            in_flight: 0,
            has_caller: true,
            is_reported: false,
            #[cfg(feature = "tracing")]
            trace: None,
        };
        Self {
            redaction,
            listeners: listeners.clone(),
            message: message.clone(),
            resends: None,
            part_of: part_of.cloned(),
            state: Mutex::new(state),
        }
    }

    /// The tracker of a resend: `message` may already have been accepted in this form.
    pub(crate) fn resending(mut self) -> Self {
        let form = Arc::new(form_of(&self.message));
        let before =
            Error::new(ErrorKind::ProviderUnavailable, "an earlier attempt may have been accepted").maybe_sent();
        self.resends = Some(Arc::clone(&form));
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.unknown_form = Some(form);
        state.known.unknown = Some(before);
        self
    }

    /// Logs the outcome to `trace`. The last layer that asks for it gets it.
    #[cfg(feature = "tracing")]
    pub(crate) fn log_to(&self, trace: SendTrace) {
        self.lock().trace = Some(trace);
    }

    pub(crate) const fn is_resend(&self) -> bool {
        self.resends.is_some()
    }

    /// Sends `message`, the present form of the caller's message, to the provider.
    pub(crate) async fn attempt(self: &Arc<Self>, base: &Arc<dyn Messenger>, message: &Message) -> Result<Receipt> {
        let form = Arc::new(form_of(message));
        self.begin(&form)?;
        let attempt = Arc::new({
            let (tracker, form) = (Arc::clone(self), Arc::clone(&form));
            Attempt::new(move |outcome| tracker.ended(&form, outcome))
        });
        let sending = {
            let (base, message, attempt) = (Arc::clone(base), message.clone(), Arc::clone(&attempt));
            async move { base.send_part(&message, &attempt).await }
        };
        #[cfg(feature = "tracing")]
        let sending = tracing::Instrument::in_current_span(sending);
        let mut guard = AttemptGuard { attempt, form, future: Some(Box::pin(sending)) };
        let outcome = poll_fn(|context| {
            // A future that panics is not put back: it cannot be finished.
            let Some(mut future) = guard.future.take() else { return Poll::Pending };
            let polled = future.as_mut().poll(context);
            if polled.is_pending() {
                guard.future = Some(future);
            }
            polled
        })
        .await;
        guard.end(outcome)
    }

    /// Counts an attempt, unless another form of the message may have been accepted: this form would be a second message.
    fn begin(&self, form: &Arc<Message>) -> Result<()> {
        let mut state = self.lock();
        match &state.unknown_form {
            Some(unknown) if unknown != form => {
                let why = "not sent in this form: it may have been accepted in another one";
                let kind = state.known.unknown.as_ref().map_or(ErrorKind::Conflict, Error::kind);
                Err(Error::new(kind, why).maybe_sent().with_attempted(unknown))
            }
            _ => {
                state.in_flight = state.in_flight.saturating_add(1);
                Ok(())
            }
        }
    }

    /// An attempt in `form` has ended. Without an outcome, no request was made.
    fn ended(&self, form: &Arc<Message>, outcome: Option<&Result<Receipt>>) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        if let Some(outcome) = outcome {
            let outcome = outcome.clone().map_err(|error| naming(error, form));
            let requests = outcome.as_ref().map_or_else(Error::attempts, |receipt| receipt.attempts);
            state.requests = state.requests.saturating_add(requests);
            if outcome.as_ref().is_err_and(Error::may_have_been_sent) {
                state.unknown_form = Some(Arc::clone(form));
            }
            state.known.add(outcome.map_err(|error| self.redaction.of_send(error, &self.message)));
        }
        drop(state);
        self.report_if_over();
    }

    /// The caller's answer, given the answer of the layers. An error says that the message may have been sent if any attempt
    /// may have been accepted, even if a layer says otherwise.
    pub(crate) fn conclude(&self, outcome: Result<Receipt>) -> Result<Receipt> {
        let mut state = self.lock();
        state.has_caller = false;
        let outcome = outcome.map_err(|error| {
            let error = self.redaction.of_send(error, &self.message);
            let is_open = state.known.accepted.is_some() || state.known.unknown.is_some() || state.in_flight > 0;
            let error = if is_open { error.maybe_sent() } else { error };
            match &state.unknown_form {
                Some(form) if error.attempted().is_none() => error.with_attempted(form),
                _ => error,
            }
        });
        // If a layer dropped an attempt, that attempt reports its own result later.
        if outcome.is_ok() || state.in_flight == 0 {
            state.known.add(outcome.clone());
        }
        drop(state);
        self.report_if_over();
        outcome
    }

    /// Reports the outcome once the caller has gone or has its answer, and no attempt is in flight.
    fn report_if_over(&self) {
        let outcome = {
            let mut state = self.lock();
            if state.is_reported || state.has_caller || state.in_flight > 0 {
                return;
            }
            state.is_reported = true;
            let all = state.requests;
            state.known.outcome().map(|outcome| match outcome {
                Ok(receipt) => {
                    let attempts = receipt.attempts.max(all);
                    Ok(receipt.with_attempts(attempts))
                }
                Err(error) => {
                    let attempts = error.attempts().max(all);
                    Err(error.with_attempts(attempts))
                }
            })
        };
        let reported = match &outcome {
            Some(Ok(receipt)) => SendOutcome::Accepted(receipt),
            Some(Err(error)) if error.may_have_been_sent() => SendOutcome::Unknown(error),
            Some(Err(error)) => SendOutcome::Rejected(Some(error)),
            None => SendOutcome::Rejected(None),
        };
        #[cfg(feature = "tracing")]
        if let Some(trace) = self.lock().trace.take() {
            trace.report(reported, |text| self.redaction.secrets.redact(&self.message.to.redact_in(text)));
        }
        self.listeners.report(&self.message, reported);
        if let (Some(whole), Some(outcome)) = (&self.part_of, outcome) {
            whole.add_part(outcome);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message as it is sent: its fallback is not part of it.
fn form_of(message: &Message) -> Message {
    Message { fallback: None, ..message.clone() }
}

/// An error of unknown outcome names the form that may have been accepted.
fn naming(error: Error, form: &Arc<Message>) -> Error {
    let is_bare = error.may_have_been_sent() && error.attempted().is_none();
    if is_bare { error.with_attempted(form) } else { error }
}

/// An attempt in flight. Dropped, it continues in the background, unless it is divided: its parts then finish themselves.
struct AttemptGuard {
    attempt: Arc<Attempt>,
    form: Arc<Message>,
    future: Option<Pin<Box<dyn Future<Output = Result<Receipt>> + Send>>>,
}

impl AttemptGuard {
    fn end(&self, outcome: Result<Receipt>) -> Result<Receipt> {
        let outcome = outcome.map_err(|error| naming(error, &self.form));
        self.attempt.end(&outcome);
        outcome
    }
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        if self.attempt.is_divided() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let attempt = Arc::clone(&self.attempt);
            runtime.spawn(async move { attempt.end(&future.await) });
        }
    }
}
