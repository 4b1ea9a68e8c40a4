//! One message on its way through a client, and what is known of it at any moment.

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

/// One message on its way through a client. If its caller stops waiting, the waits and the attempts that were still to come
/// are dropped with the caller's future; an attempt that has begun is finished all the same, and its verdict is told.
#[derive(Debug)]
pub(crate) struct Errand {
    client: Client,
    message: Message,
    /// The form that may have been taken before this errand began. Nothing else may go.
    repeats: Option<Arc<Message>>,
    /// The attempt of another client that this is a part of.
    part_of: Option<Arc<Landing>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    known: Known,
    /// The form of the message that may have been taken.
    in_doubt: Option<Arc<Message>>,
    /// How many requests the attempts that have ended took.
    requests: u32,
    /// Attempts on their way.
    in_flight: u32,
    /// The caller has not gone, and has not been answered.
    is_waited_for: bool,
    is_told: bool,
}

/// What is known of a message. What was taken stays taken, and what may have been taken is not cleared by a later refusal.
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

    /// The outcome, if there is any yet, of all that was learned.
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

    /// Of a message that may have been taken in this form, and that is handed over once more.
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

    /// Hands `message`, the present form of the one that the caller gave, to the provider.
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
            // Not put back if it panics: what has panicked cannot be finished.
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

    /// Counts an attempt in, unless another form of the message may have been taken: then this one would be a second message.
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

    /// An attempt in this form has ended. No outcome: nothing was handed over.
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

    /// What the caller gets, given what the layers made of it: an error says that the message may have been sent if any
    /// attempt may have been taken, whatever a layer says.
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
        // An attempt that a layer abandoned says itself what it came to.
        if outcome.is_ok() || state.in_flight == 0 {
            state.known.learn(outcome.clone());
        }
        drop(state);
        self.tell_if_over();
        outcome
    }

    /// Tells the verdict once nobody waits and nothing is on its way.
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

/// The message as it is handed over: what would go in its place is no part of it.
fn form_of(message: &Message) -> Message {
    Message { fallback: None, ..message.clone() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

tokio::task_local! {
    /// The attempt that the present code is a part of.
    static WITHIN: Arc<Landing>;
}

/// Says that the present attempt is made of sends through other clients. When its caller goes, it is not finished: what has
/// begun of it finishes itself, and nothing else begins.
pub(crate) fn parts_finish_themselves() {
    // Outside of an attempt there is nobody to tell.
    let _ = WITHIN.try_with(|landing| lock(&landing.progress).is_divided = true);
}

/// Where an attempt ends, in whatever way: if it is dropped before it was told an outcome, it says so itself.
#[derive(Debug)]
struct Landing {
    errand: Arc<Errand>,
    form: Arc<Message>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    has_landed: bool,
    /// It is made of parts, each of which keeps this landing until it has ended.
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

/// Nobody is left who would hear the answer: the adapter panicked, or its runtime has ended or was never there.
fn lost() -> Error {
    Error::new(ErrorKind::ProviderUnavailable, "it was not finished, and nobody heard the answer").maybe_sent()
}

/// An attempt that is on its way.
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
                // Told to the listeners.
                let _ = landing.land(future.await);
            });
        }
    }
}
