//! The outcome of a send, and the functions that get it.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::message::Message;
use crate::message::receipt::Receipt;

/// The outcome of a send. See [`ClientBuilder::on_outcome`](crate::client::ClientBuilder::on_outcome).
#[derive(Clone, Copy, Debug)]
pub enum SendOutcome<'a> {
    /// The provider accepted the message.
    Accepted(&'a Receipt),
    /// It is proved that the provider did not accept the message. Without an error, the caller gave up before a request was
    /// made.
    Rejected(Option<&'a Error>),
    /// The outcome is unknown. [`Error::attempted`] is the form of the message that may have been accepted.
    Unknown(&'a Error),
}

/// The functions that get each outcome.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<[Arc<Listener>]>);

type Listener = dyn Fn(&Message, SendOutcome<'_>) + Send + Sync;

impl Listeners {
    pub(crate) fn with(&self, listener: impl Fn(&Message, SendOutcome<'_>) + Send + Sync + 'static) -> Self {
        Self(self.0.iter().cloned().chain([Arc::new(listener) as Arc<Listener>]).collect())
    }

    pub(super) fn report(&self, message: &Message, outcome: SendOutcome<'_>) {
        for listener in self.0.iter() {
            listener(message, outcome);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("listeners", &self.0.len()).finish()
    }
}
