//! What became of a message, told even when nobody waits for it any more.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Message, Receipt};
use crate::messenger::Messenger;

/// What became of a message. See [`Client::on_verdict`].
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// The provider took it.
    Taken(&'a Receipt),
    /// Proved: the provider did not take it. No error: its caller gave up before it was handed over.
    NotSent(Option<&'a Error>),
    /// Nobody can know.
    Unknown(&'a Error),
}

impl<'a> Verdict<'a> {
    fn of(outcome: &'a Result<Receipt>) -> Self {
        match outcome {
            Ok(receipt) => Self::Taken(receipt),
            Err(error) if error.may_have_been_sent() => Self::Unknown(error),
            Err(error) => Self::NotSent(Some(error)),
        }
    }
}

/// What is called with each verdict.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<[Arc<Listener>]>);

type Listener = dyn Fn(&Message, Verdict<'_>) + Send + Sync;

impl Listeners {
    pub(crate) fn with(&self, listener: impl Fn(&Message, Verdict<'_>) + Send + Sync + 'static) -> Self {
        Self(self.0.iter().cloned().chain([Arc::new(listener) as Arc<Listener>]).collect())
    }

    fn tell(&self, message: &Message, verdict: Verdict<'_>) {
        for listener in self.0.iter() {
            listener(message, verdict);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("listeners", &self.0.len()).finish()
    }
}

/// One message on its way through a client. If its caller stops waiting, the waits and the attempts that were still to come
/// are dropped with the caller's future; an attempt that has begun is finished all the same, and its verdict is told.
#[derive(Debug)]
pub(crate) struct Errand {
    client: Client,
    message: Message,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the last attempt came to.
    last: Option<Error>,
    /// An attempt is on its way.
    in_flight: bool,
    /// The verdict is told.
    told: bool,
}

/// Held by the caller's future.
pub(crate) struct Waiting(pub(crate) Arc<Errand>);

impl Errand {
    pub(crate) fn new(client: &Client, message: &Message) -> Arc<Self> {
        Arc::new(Self { client: client.clone(), message: message.clone(), state: Mutex::default() })
    }

    /// Hands `message`, the present form of the one that the caller gave, to the provider.
    pub(crate) async fn attempt(self: &Arc<Self>, base: &Arc<dyn Messenger>, message: &Message) -> Result<Receipt> {
        let (base, message) = (Arc::clone(base), message.clone());
        let attempt = async move { base.send(&message).await };
        #[cfg(feature = "trace")]
        let attempt = tracing::Instrument::in_current_span(attempt);
        let mut attempt = Attempt { errand: Arc::clone(self), future: Some(Box::pin(attempt)) };
        self.lock().in_flight = true;
        let outcome = poll_fn(|context| match attempt.future.as_mut() {
            Some(future) => future.as_mut().poll(context),
            // Not polled again once it is ready.
            None => std::task::Poll::Pending,
        })
        .await;
        attempt.future = None;
        self.landed(&outcome);
        outcome
    }

    fn landed(&self, outcome: &Result<Receipt>) {
        let mut state = self.lock();
        state.in_flight = false;
        state.last = outcome.as_ref().err().cloned();
    }

    pub(crate) fn tell(&self, outcome: &Result<Receipt>) {
        if !std::mem::replace(&mut self.lock().told, true) {
            self.client.listeners().tell(&self.message, Verdict::of(outcome));
        }
    }

    /// What an attempt came to whose caller has gone.
    fn tell_late(&self, outcome: Result<Receipt>) {
        self.landed(&outcome);
        self.tell(&outcome.map_err(|error| self.client.presentable(error, &self.message)));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let last = {
            let mut state = self.0.lock();
            // One that is on its way tells when it lands.
            if state.told || state.in_flight {
                return;
            }
            state.last.take()
        };
        if let Some(error) = last {
            self.0.tell_late(Err(error));
        } else {
            self.0.lock().told = true;
            self.0.client.listeners().tell(&self.0.message, Verdict::NotSent(None));
        }
    }
}

/// An attempt that is on its way.
struct Attempt {
    errand: Arc<Errand>,
    future: Option<Pin<Box<dyn Future<Output = Result<Receipt>> + Send>>>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        let errand = Arc::clone(&self.errand);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { errand.tell_late(future.await) });
        } else {
            let lost =
                Error::new(ErrorKind::ProviderUnavailable, "its caller gave up, and nothing is there to finish it");
            errand.tell_late(Err(lost.maybe_sent()));
        }
    }
}
