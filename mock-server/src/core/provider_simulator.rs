//! What a provider's HTTP interface must be able to do to live in the mock.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::core::behavior_switch::Switch;
use crate::core::limiter::Quota;
use crate::core::request_context::RequestContext;
use crate::core::response::SimulatedResponse;
use crate::core::webhook::{AccountEvent, Failure, MessageEvent, WebhookRules};
use crate::core::world::World;

/// One provider's HTTP interface over the shared [`World`].
///
/// Implementations keep no state of their own: whatever must be remembered belongs to the world, so that a reset forgets it
/// and every provider obeys the same virtual clock. `now` is always virtual time.
pub trait ProviderSimulator: fmt::Debug + Send + Sync + 'static {
    /// The provider's name in lower case, as control calls spell it.
    fn name(&self) -> &'static str;

    /// Whether a request for this path (without the query) is for this provider.
    fn matches_path(&self, path: &str) -> bool;

    /// The paths of its calls, parts that vary in braces (`/v2/accounts/{sid}/messages`): who asks for another path is told the
    /// nearest of them.
    fn paths(&self) -> &'static [&'static str] {
        &[]
    }

    /// Puts this provider's account into a fresh world, by [`World::open_account`].
    fn seed(&self, world: &mut World);

    /// The ambiguities of the provider's documentation that users may switch.
    fn switches(&self) -> &'static [Switch];

    /// Whether this request would send a message; faults aim at sends unless they say otherwise.
    fn is_send(&self, request: &Request<Bytes>) -> bool;

    /// Answers one request as the provider would, and returns what the request led to.
    fn handle(&self, context: RequestContext<'_>) -> SimulatedResponse;

    /// The provider's own answer to too many requests. `quota` is the limit that the request counts against, used up.
    fn rate_limited(&self, world: &World, quota: Quota, now: SystemTime) -> Response<Bytes>;

    /// What the provider posts to a business's webhook when this happens; none if it says nothing of it. What becomes of
    /// messages happens only to those that [`handle`](Self::handle) reports with [`RequestContext::accept`].
    fn message_event(&self, _world: &World, _happening: &MessageEvent<'_>) -> Option<Value> {
        None
    }

    /// Whether the provider tells of conversations and templates, too.
    fn has_account_events(&self) -> bool {
        false
    }

    /// What it posts of a conversation or a template; none if it says nothing of that.
    fn account_event(&self, _world: &World, _bulletin: &AccountEvent<'_>) -> Option<Value> {
        None
    }

    /// Why a message that was accepted may fail after all, in the provider's own words; the first is what happens unless somebody
    /// says which.
    fn failures(&self) -> &'static [Failure] {
        &[]
    }

    /// How the provider signs webhook calls, and how often it tries.
    fn webhook_rules(&self, _world: &World) -> WebhookRules {
        WebhookRules::default()
    }
}
