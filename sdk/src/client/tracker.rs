//! Tracks the attempts of one message and its best known outcome.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::client::Client;
use crate::client::outcome::SendOutcome;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::message::receipt::Receipt;
use crate::messenger::Messenger;

/// Tracks one message. If its caller leaves, waits and later attempts are dropped with the caller's future. An attempt
/// that has begun is finished, and the listeners get the outcome.
#[derive(Debug)]
pub(crate) struct Errand {
    client: Client,
    message: Message,
    /// The form that may have been accepted earlier. No other form may be sent.
    repeats: Option<Arc<Message>>,
    /// The attempt of an outer client to which this send belongs.
    part_of: Option<Arc<Landing>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    known: Known,
    /// The form that may have been accepted.
    in_doubt: Option<Arc<Message>>,
    /// The number of requests of finished attempts.
    requests: u32,
    /// The number of running attempts.
    in_flight: u32,
    /// The caller still waits for the result.
    is_waited_for: bool,
    is_told: bool,
}

/// The best known outcome. Acceptance is final. A later rejection does not clear an earlier unknown outcome.
#[derive(Debug, Default)]
struct Known {
    taken: Option<Receipt>,
    doubt: Option<Error>,
    refused: Option<Error>,
}

impl Known {
    fn learn(&mut self, outcome: Result<Receipt>) {
        match outcome {
            Ok(receipt) => self.taken = Some(receipt),
            Err(error) if error.may_have_been_sent() => self.doubt = Some(error),
            Err(error) => self.refused = Some(error),
        }
    }

    /// The best known outcome, if there is one.
    fn outcome(&self) -> Option<Result<Receipt>> {
        let error = || self.doubt.clone().or_else(|| self.refused.clone());
        self.taken.clone().map(Ok).or_else(|| error().map(Err))
    }
}

/// Held by the caller's future.
pub(crate) struct Waiting(pub(crate) Arc<Errand>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.lock().is_waited_for = false;
        self.0.tell_if_over();
    }
}

impl Errand {
    pub(crate) fn new(client: &Client, message: &Message) -> Arc<Self> {
        Self::begun(client, message, None)
    }

    /// Tracks the resend of a message that may have been accepted in this form.
    pub(crate) fn repeating(client: &Client, form: &Message) -> Arc<Self> {
        Self::begun(client, form, Some(Arc::new(form_of(form))))
    }

    fn begun(client: &Client, message: &Message, repeats: Option<Arc<Message>>) -> Arc<Self> {
        let before =
            || Error::new(ErrorKind::ProviderUnavailable, "an earlier attempt may have been taken").maybe_sent();
        let state = State {
            known: Known { doubt: repeats.is_some().then(before), ..Known::default() },
            in_doubt: repeats.clone(),
            requests: 0,
            in_flight: 0,
            is_waited_for: true,
            is_told: false,
        };
        let part_of = WITHIN.try_with(Arc::clone).ok();
        Arc::new(Self { client: client.clone(), message: message.clone(), repeats, part_of, state: Mutex::new(state) })
    }

    pub(crate) const fn is_repetition(&self) -> bool {
        self.repeats.is_some()
    }

    /// Sends `message`, the present form of the caller's message.
    pub(crate) async fn attempt(self: &Arc<Self>, base: &Arc<dyn Messenger>, message: &Message) -> Result<Receipt> {
        let form = Arc::new(form_of(message));
        self.begin(&form)?;
        let landing = Arc::new(Landing { errand: Arc::clone(self), form, progress: Mutex::default() });
        let (base, message) = (Arc::clone(base), message.clone());
        let attempt = WITHIN.scope(Arc::clone(&landing), async move { base.send(&message).await });
        #[cfg(feature = "tracing")]
        let attempt = tracing::Instrument::in_current_span(attempt);
        let mut attempt = Attempt { landing, future: Some(Box::pin(attempt)) };
        let outcome = poll_fn(|context| {
            // Left out after a panic: the future cannot be polled again.
            let Some(mut future) = attempt.future.take() else { return Poll::Pending };
            let polled = future.as_mut().poll(context);
            if polled.is_pending() {
                attempt.future = Some(future);
            }
            polled
        })
        .await;
        attempt.landing.land(outcome)
    }

    /// Counts an attempt, unless another form may have been accepted: a second form would be a second message.
    fn begin(&self, form: &Arc<Message>) -> Result<()> {
        let mut state = self.lock();
        match &state.in_doubt {
            Some(in_doubt) if in_doubt != form => {
                let why = "not handed over in this form: it may have been taken in another one";
                let kind = state.known.doubt.as_ref().map_or(ErrorKind::Conflict, Error::kind);
                Err(Error::new(kind, why).maybe_sent().with_attempted(in_doubt))
            }
            _ => {
                state.in_flight = state.in_flight.saturating_add(1);
                Ok(())
            }
        }
    }

    /// Records the end of an attempt in this form. `None`: nothing was sent.
    fn landed(&self, form: &Arc<Message>, outcome: Option<&Result<Receipt>>) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        if let Some(outcome) = outcome {
            let requests = outcome.as_ref().map_or_else(Error::attempts, |receipt| receipt.attempts);
            state.requests = state.requests.saturating_add(requests);
            if outcome.as_ref().is_err_and(Error::may_have_been_sent) {
                state.in_doubt = Some(Arc::clone(form));
            }
            state.known.learn(outcome.clone().map_err(|error| self.client.presentable(error, &self.message)));
        }
        drop(state);
        self.tell_if_over();
    }

    /// The result for the caller. If any attempt may have been accepted, the error says so, whatever a layer returned.
    pub(crate) fn conclude(&self, outcome: Result<Receipt>) -> Result<Receipt> {
        let mut state = self.lock();
        state.is_waited_for = false;
        let outcome = outcome.map_err(|error| {
            let error = self.client.presentable(error, &self.message);
            let is_open = state.known.taken.is_some() || state.known.doubt.is_some() || state.in_flight > 0;
            let error = if is_open { error.maybe_sent() } else { error };
            match &state.in_doubt {
                Some(form) if error.attempted().is_none() => error.with_attempted(form),
                _ => error,
            }
        });
        // If a layer dropped an attempt, that attempt reports its own result later.
        if outcome.is_ok() || state.in_flight == 0 {
            state.known.learn(outcome.clone());
        }
        drop(state);
        self.tell_if_over();
        outcome
    }

    /// Reports the outcome once no caller waits and no attempt runs.
    fn tell_if_over(&self) {
        let outcome = {
            let mut state = self.lock();
            if state.is_told || state.is_waited_for || state.in_flight > 0 {
                return;
            }
            state.is_told = true;
            let all = state.requests;
            match state.known.outcome() {
                Some(Ok(receipt)) => {
                    let attempts = receipt.attempts.max(all);
                    Some(Ok(receipt.with_attempts(attempts)))
                }
                Some(Err(error)) => {
                    let attempts = error.attempts().max(all);
                    Some(Err(error.with_attempts(attempts)))
                }
                None => None,
            }
        };
        let verdict = match &outcome {
            Some(Ok(receipt)) => SendOutcome::Accepted(receipt),
            Some(Err(error)) if error.may_have_been_sent() => SendOutcome::Unknown(error),
            Some(Err(error)) => SendOutcome::Rejected(Some(error)),
            None => SendOutcome::Rejected(None),
        };
        self.client.listeners().tell(&self.message, verdict);
        if let (Some(whole), Some(outcome)) = (&self.part_of, outcome) {
            lock(&whole.progress).parts.learn(outcome);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// The message without its fallback.
fn form_of(message: &Message) -> Message {
    Message { fallback: None, ..message.clone() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

tokio::task_local! {
    /// The attempt to which the present code belongs.
    static WITHIN: Arc<Landing>;
}

/// Marks the present attempt as made of sends through other clients. If its caller leaves, the running sends finish by
/// themselves, and no further send begins.
pub(crate) fn parts_finish_themselves() {
    // Outside of an attempt there is nothing to mark.
    let _ = WITHIN.try_with(|landing| lock(&landing.progress).is_divided = true);
}

/// Records the end of an attempt. If it is dropped without a result, it reports an unknown outcome.
#[derive(Debug)]
struct Landing {
    errand: Arc<Errand>,
    form: Arc<Message>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    has_landed: bool,
    /// The attempt consists of sends through other clients, each of which keeps this guard until it ends.
    is_divided: bool,
    parts: Known,
}

impl Landing {
    fn land(&self, outcome: Result<Receipt>) -> Result<Receipt> {
        let outcome = outcome.map_err(|error| {
            let is_bare = error.may_have_been_sent() && error.attempted().is_none();
            if is_bare { error.with_attempted(&self.form) } else { error }
        });
        lock(&self.progress).has_landed = true;
        self.errand.landed(&self.form, Some(&outcome));
        outcome
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let outcome = {
            let progress = lock(&self.progress);
            if progress.has_landed {
                return;
            }
            if progress.is_divided { progress.parts.outcome() } else { Some(Err(lost().with_attempted(&self.form))) }
        };
        self.errand.landed(&self.form, outcome.as_ref());
    }
}

/// The error of an attempt without a result: the adapter panicked, or the runtime ended.
fn lost() -> Error {
    Error::new(ErrorKind::ProviderUnavailable, "it was not finished, and nobody heard the answer").maybe_sent()
}

/// A running attempt.
struct Attempt {
    landing: Arc<Landing>,
    future: Option<Pin<Box<dyn Future<Output = Result<Receipt>> + Send>>>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        if lock(&self.landing.progress).is_divided {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let landing = Arc::clone(&self.landing);
            runtime.spawn(async move {
                // The listeners get the result.
                let _ = landing.land(future.await);
            });
        }
    }
}
