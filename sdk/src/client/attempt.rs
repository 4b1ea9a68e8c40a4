//! An attempt of a send that may consist of sends through other clients.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::message::receipt::Receipt;

/// One attempt of a send, and what is known of its outcome.
///
/// A messenger that sends through other clients, such as [`Failover`](crate::Failover), gets it in
/// [`Messenger::send_part`](crate::Messenger::send_part). Other messengers ignore it.
///
/// The attempt reports its outcome once: when it ends, or when its last reference is dropped.
pub struct Attempt {
    state: Mutex<State>,
    report: Box<Report>,
}

type Report = dyn Fn(Option<&Result<Receipt>>) + Send + Sync;

#[derive(Default)]
struct State {
    has_ended: bool,
    /// It consists of sends through other clients, each of which keeps this attempt until it has ended.
    is_divided: bool,
    parts: BestKnown,
}

impl Attempt {
    pub(super) fn new(report: impl Fn(Option<&Result<Receipt>>) + Send + Sync + 'static) -> Self {
        Self { state: Mutex::default(), report: Box::new(report) }
    }

    /// Declares that the attempt consists of sends through other clients. If the caller stops waiting, the sends that have
    /// begun finish in the background, and no other one begins.
    pub(crate) fn divide(&self) {
        self.lock().is_divided = true;
    }

    pub(super) fn is_divided(&self) -> bool {
        self.lock().is_divided
    }

    /// Adds the outcome of one of the sends that it consists of.
    pub(super) fn add_part(&self, outcome: Result<Receipt>) {
        self.lock().parts.add(outcome);
    }

    /// Ends the attempt with `outcome`.
    pub(super) fn end(&self, outcome: &Result<Receipt>) {
        self.lock().has_ended = true;
        (self.report)(Some(outcome));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let outcome = {
            let state = self.lock();
            if state.has_ended {
                return;
            }
            // Undivided, it was dropped while it ran: the adapter panicked, or there is no runtime to finish it.
            let lost = || Error::new(ErrorKind::ProviderUnavailable, "the attempt was interrupted").maybe_sent();
            if state.is_divided { state.parts.outcome() } else { Some(Err(lost())) }
        };
        (self.report)(outcome.as_ref());
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

/// The best known outcome of several attempts. Once an attempt is accepted, the outcome is final. A later rejection does not
/// clear an earlier unknown outcome.
#[derive(Debug, Default)]
pub(super) struct BestKnown {
    pub(super) accepted: Option<Receipt>,
    pub(super) unknown: Option<Error>,
    pub(super) rejected: Option<Error>,
}

impl BestKnown {
    pub(super) fn add(&mut self, outcome: Result<Receipt>) {
        match outcome {
            Ok(receipt) => self.accepted = Some(receipt),
            Err(error) if error.may_have_been_sent() => self.unknown = Some(error),
            Err(error) => self.rejected = Some(error),
        }
    }

    /// `None` if no attempt has ended yet.
    pub(super) fn outcome(&self) -> Option<Result<Receipt>> {
        let error = || self.unknown.clone().or_else(|| self.rejected.clone());
        self.accepted.clone().map(Ok).or_else(|| error().map(Err))
    }
}
