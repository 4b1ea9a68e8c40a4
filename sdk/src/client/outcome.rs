//! The final outcome of a send, also for callers that stopped waiting.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::message::Message;
use crate::message::receipt::Receipt;

/// The final outcome of a send. See [`Client::on_outcome`](crate::Client::on_outcome).
#[derive(Clone, Copy, Debug)]
pub enum SendOutcome<'a> {
    /// The provider accepted the message.
    Accepted(&'a Receipt),
    /// It is proved that nothing was sent. `None`: the caller left before the first attempt.
    Rejected(Option<&'a Error>),
    /// The message may have been accepted. [`Error::attempted`] is the form of that attempt.
    Unknown(&'a Error),
}

/// The listeners for outcomes.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<[Arc<Listener>]>);

type Listener = dyn Fn(&Message, SendOutcome<'_>) + Send + Sync;

impl Listeners {
    pub(crate) fn with(&self, listener: impl Fn(&Message, SendOutcome<'_>) + Send + Sync + 'static) -> Self {
        Self(self.0.iter().cloned().chain([Arc::new(listener) as Arc<Listener>]).collect())
    }

    pub(super) fn tell(&self, message: &Message, verdict: SendOutcome<'_>) {
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
