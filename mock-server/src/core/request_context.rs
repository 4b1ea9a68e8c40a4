//! One request of a client at a provider, and what it leads to besides its answer.

use std::ops::{Deref, DerefMut};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};

use crate::core::finding::Finding;
use crate::core::limiter::Quota;
use crate::core::response::SimulatedResponse;
use crate::core::webhook::{AcceptedMessage, Failure};
use crate::core::world::{Conversation, Message, World};

/// A request with the [`World`] that it reads and changes. A simulator reports through it what the request leads to, and
/// returns that with the answer by [`finish`](Self::finish).
#[derive(Debug)]
pub struct RequestContext<'a> {
    world: &'a mut World,
    /// The virtual time.
    pub now: SystemTime,
    /// The request as it came.
    pub request: &'a Request<Bytes>,
    /// Why each message of this request fails after it was accepted, if a fault says so.
    failure: Option<Failure>,
    /// The API key or account that this request counts against. `None`: the provider as a whole.
    bucket: Option<u64>,
    accepted: Vec<AcceptedMessage>,
    closed: Vec<Conversation>,
    cause: Option<String>,
}

impl<'a> RequestContext<'a> {
    /// A request at a virtual time.
    pub fn new(world: &'a mut World, now: SystemTime, request: &'a Request<Bytes>) -> Self {
        let (accepted, closed) = (Vec::new(), Vec::new());
        Self { world, now, request, failure: None, bucket: None, accepted, closed, cause: None }
    }

    /// Lets each message of this request fail after it was accepted.
    pub(crate) fn with_failure(self, failure: Option<Failure>) -> Self {
        Self { failure, ..self }
    }

    /// Reports a message that the provider accepted, so that webhooks can tell its statuses.
    pub fn accept(&mut self, mut message: AcceptedMessage) {
        message.failure = message.failure.or(self.failure);
        self.accepted.push(message);
    }

    /// Delivers a message to a contact, as [`World::deliver`] does. A message that a fault lets fail later reaches no contact and
    /// only continues the conversation. Returns the conversation's id.
    pub fn deliver(&mut self, message: Message<'_>) -> u64 {
        match self.failure {
            Some(_) => self.world.continue_conversation(self.now, &message),
            None => self.world.deliver(self.now, message),
        }
    }

    /// Closes a conversation by hand, and reports it if it had not ended before. The session window stays as it is.
    pub fn close_conversation(&mut self, provider: &str, id: u64, reason: &str) -> Option<Conversation> {
        let (row, has_closed) = self.world.close_conversation(provider, id, reason, self.now)?;
        if has_closed {
            self.closed.push(row.clone());
        }
        Some(row)
    }

    /// Counts this request against the rate limit of an API key. The mock keeps a fingerprint of the key.
    pub fn count_by_key(&mut self, provider: &'static str, key: &str) {
        self.bucket = Some(self.world.bucket_of_key(provider, key));
    }

    /// Counts this request against the rate limit of an account.
    pub fn count_by_account(&mut self, provider: &'static str, account: &str) {
        self.bucket = Some(self.world.bucket_of_account(provider, account));
    }

    /// Counts one request against the provider's rate limit: that of the key or account, if the simulator named one.
    pub fn take_quota(&mut self, provider: &'static str) -> Quota {
        let quota = self.world.take_quota(provider, self.bucket, self.now);
        if !quota.allowed {
            let (limit, window) = (quota.limit, quota.window.as_secs());
            self.cause = Some(format!("limit of {limit} requests in {window} s"));
        }
        quota
    }

    /// Returns what is left of the rate limit that this request counts against.
    pub fn quota(&self, provider: &str) -> Quota {
        self.world.quota(provider, self.bucket, self.now)
    }

    /// The answer, and all that the request led to.
    pub fn finish(self, response: Response<Bytes>, findings: Vec<Finding>) -> SimulatedResponse {
        let Self { bucket, accepted, closed, cause, .. } = self;
        SimulatedResponse { response, findings, accepted, closed, cause, bucket }
    }
}

impl Deref for RequestContext<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        self.world
    }
}

impl DerefMut for RequestContext<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.world
    }
}
