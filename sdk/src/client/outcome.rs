//! What became of a message, told even when nobody waits for it any more.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::message::Message;
use crate::message::receipt::Receipt;

/// What became of a message. See [`Client::on_outcome`](crate::Client::on_outcome).
#[derive(Clone, Copy, Debug)]
pub enum SendOutcome<'a> {
    /// The provider took it.
    Accepted(&'a Receipt),
    /// Proved: the provider did not take it. No error: its caller gave up before it was handed over.
    Rejected(Option<&'a Error>),
    /// Nobody can know. [`Error::attempted`] is the form of it that may have been taken.
    Unknown(&'a Error),
}

/// What is called with each verdict.
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
