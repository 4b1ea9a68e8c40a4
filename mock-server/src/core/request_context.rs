//! One request of a client at a provider, and what it leads to besides its answer.

use std::ops::{Deref, DerefMut};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};

use crate::core::auth::Auth;
use crate::core::finding::Finding;
use crate::core::limiter::{KeyLimit, Quota};
use crate::core::phone::Phone;
use crate::core::response::SimulatedResponse;
use crate::core::webhook::{
    AcceptedMessage, AccountWebhooks, DeliveryAttempt, EventFilter, Failure, Secret, Subscription, Target, Topic,
};
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
    /// The limits of that key, if it has its own.
    key_limit: Option<KeyLimit>,
    accepted: Vec<AcceptedMessage>,
    /// Whether the provider took a message of this request, now or when it came before.
    is_accepted: bool,
    closed: Vec<Conversation>,
    cause: Option<String>,
    /// The webhooks, and who may name an address for one.
    webhooks: Option<(&'a mut dyn AccountWebhooks, &'a Auth)>,
}

/// A webhook that an account adds by a call of its provider.
pub(crate) struct NewSubscription<'a> {
    pub(crate) url: &'a str,
    pub(crate) secret: Option<Secret>,
    pub(crate) events: EventFilter,
    pub(crate) sender: Option<Phone>,
}

impl<'a> RequestContext<'a> {
    /// A request at a virtual time.
    pub fn new(world: &'a mut World, now: SystemTime, request: &'a Request<Bytes>) -> Self {
        Self {
            world,
            now,
            request,
            failure: None,
            bucket: None,
            key_limit: None,
            accepted: Vec::new(),
            is_accepted: false,
            closed: Vec::new(),
            cause: None,
            webhooks: None,
        }
    }

    /// Lets the request read and change the webhooks of its account.
    pub(crate) fn with_webhooks(self, webhooks: &'a mut dyn AccountWebhooks, access: &'a Auth) -> Self {
        Self { webhooks: Some((webhooks, access)), ..self }
    }

    /// Lets each message of this request fail after it was accepted.
    pub(crate) fn with_failure(self, failure: Option<Failure>) -> Self {
        Self { failure, ..self }
    }

    /// Reports a message that the provider accepted, so that webhooks can tell its statuses.
    pub fn accept(&mut self, mut message: AcceptedMessage) {
        message.failure = message.failure.or(self.failure);
        self.is_accepted = true;
        self.accepted.push(message);
    }

    /// Reports that the provider recognises a message that it accepted before, and does not send it again.
    pub fn accept_again(&mut self) {
        self.is_accepted = true;
    }

    /// Delivers a message to a contact, as [`World::deliver`] does. A message that a fault lets fail later reaches no contact and
    /// only continues the conversation. Returns the conversation's id.
    pub fn deliver(&mut self, message: Message<'_>) -> u64 {
        self.is_accepted = true;
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

    /// Sets the webhook that an account has for a topic by a call of its provider, in place of the former one; without
    /// `url` there is none any more. Returns a note if the mock does not call the address.
    pub fn set_webhook(&mut self, provider: &'static str, topic: Topic, url: Option<&str>) -> Vec<Finding> {
        let events = EventFilter::Topic(topic);
        if let Some((queue, _)) = &mut self.webhooks {
            queue.subscriptions_mut().remove(|own| own.provider == provider && own.events == events);
        }
        let Some(url) = url else { return Vec::new() };
        let added = self.add_webhook(provider, NewSubscription { url, secret: None, events, sender: None });
        added.and_then(|(_, note)| note).into_iter().collect()
    }

    /// The address of the webhook that an account has for a topic by a call of its provider.
    pub fn webhook_url(&self, provider: &str, topic: Topic) -> Option<&str> {
        let events = EventFilter::Topic(topic);
        let (queue, _) = self.webhooks.as_ref()?;
        queue.subscriptions().all().find(|own| own.provider == provider && own.events == events).map(|own| &*own.url)
    }

    /// Adds a webhook of an account. Returns its number, and a note if the mock does not call the address. `None` if there
    /// are too many.
    pub(crate) fn add_webhook(
        &mut self,
        provider: &'static str,
        new: NewSubscription<'_>,
    ) -> Option<(u64, Option<Finding>)> {
        let id = self.world.next_number();
        let (target, note) = self.webhook_target(new.url);
        let NewSubscription { url, secret, events, sender } = new;
        let url = url.to_owned();
        let own = Subscription { id, provider, url, target, secret, events, sender, enabled: true };
        let (queue, _) = self.webhooks.as_mut()?;
        queue.subscriptions_mut().add(own).then_some((id, note))
    }

    /// Where the calls of a webhook go; without a target, the note says why there are none.
    pub(crate) fn webhook_target(&self, url: &str) -> (Option<Target>, Option<Finding>) {
        let Some((queue, access)) = &self.webhooks else { return (None, None) };
        match queue.own_target(url, access.holds_token(self.request)) {
            Ok(target) => (Some(target), None),
            Err(note) => (None, Some(note)),
        }
    }

    /// The webhooks of an account, oldest first.
    pub(crate) fn webhooks_of<'b>(&'b self, provider: &'b str) -> impl Iterator<Item = &'b Subscription> {
        let queue = self.webhooks.as_ref().map(|(queue, _)| &**queue);
        queue.into_iter().flat_map(move |queue| queue.subscriptions().all()).filter(move |own| own.provider == provider)
    }

    /// A webhook of an account by its number.
    pub(crate) fn webhook_mut(&mut self, provider: &str, id: u64) -> Option<&mut Subscription> {
        self.webhooks.as_mut()?.0.subscriptions_mut().get_mut(provider, id)
    }

    /// Removes a webhook of an account. Returns false if there is none of this number.
    pub(crate) fn remove_webhook(&mut self, provider: &str, id: u64) -> bool {
        let queue = self.webhooks.as_mut();
        queue.is_some_and(|(queue, _)| {
            queue.subscriptions_mut().remove(|own| own.provider == provider && own.id == id) > 0
        })
    }

    /// The attempts to deliver to a webhook of an account, newest first.
    pub(crate) fn deliveries_of(&self, id: u64) -> impl Iterator<Item = &DeliveryAttempt> {
        self.webhooks.as_ref().into_iter().flat_map(move |(queue, _)| queue.tries_of(id))
    }

    /// Counts this request against the rate limit of an API key. The mock keeps a fingerprint of the key.
    pub fn count_by_key(&mut self, provider: &'static str, key: &str) {
        self.bucket = Some(self.world.bucket_of_key(provider, key));
    }

    /// Counts this request against the rate limit of an account.
    pub fn count_by_account(&mut self, provider: &'static str, account: &str) {
        self.bucket = Some(self.world.bucket_of_account(provider, account));
    }

    /// Gives the key or account that this request counts against limits of its own.
    pub(crate) fn limit_to(&mut self, limit: KeyLimit) {
        self.key_limit = Some(limit);
    }

    /// Counts one request against the provider's rate limit: that of the key or account, if the simulator named one.
    pub fn take_quota(&mut self, provider: &'static str) -> Quota {
        let quota = self.world.take_quota(provider, self.bucket, self.key_limit.as_ref(), self.now);
        if !quota.allowed {
            let (limit, window) = (quota.limit, quota.window.as_secs());
            self.cause = Some(format!("limit of {limit} requests in {window} s"));
        }
        quota
    }

    /// Returns what is left of the rate limit that this request counts against.
    pub fn quota(&self, provider: &str) -> Quota {
        self.world.quota(provider, self.bucket, self.key_limit.as_ref(), self.now)
    }

    /// The answer, and all that the request led to.
    pub fn finish(self, response: Response<Bytes>, findings: Vec<Finding>) -> SimulatedResponse {
        let Self { bucket, accepted, is_accepted, closed, cause, .. } = self;
        SimulatedResponse { response, findings, accepted, is_accepted, closed, cause, bucket }
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
