//! The interface of a provider's simulator.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::core::behavior_switch::{Switch, Switches};
use crate::core::limiter::Quota;
use crate::core::request_context::RequestContext;
use crate::core::response::SimulatedResponse;
use crate::core::webhook::{AccountEvent, Failure, MessageEvent, WebhookRules};
use crate::core::world::{DEFAULT_SEED, World};

/// A provider's HTTP interface over the shared [`World`].
///
/// Implementations keep no state. All state belongs to the world, so that a reset clears it and every provider obeys
/// the same virtual clock. `now` is always virtual time.
pub trait ProviderSimulator: fmt::Debug + Send + Sync + 'static {
    /// The provider's name in lower case, as control calls spell it.
    fn name(&self) -> &'static str;

    /// Whether a request for this path (without the query) is for this provider.
    fn matches_path(&self, path: &str) -> bool;

    /// The paths of its calls, with variable parts in braces (`/v2/accounts/{sid}/messages`). A request for another
    /// path gets the nearest of them as a hint.
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

    /// The id of a contact's message, as the provider's webhooks have it. By default it looks as WhatsApp's own.
    fn inbound_id(&self, world: &mut World) -> String {
        format!("wamid.{}", world.next_hex())
    }

    /// The provider's own answer to too many requests. `quota` is the limit that the request counts against, used up.
    fn rate_limited(&self, world: &World, quota: Quota, now: SystemTime) -> Response<Bytes>;

    /// What the provider posts to a business's webhook when this happens; none if it says nothing of it. What becomes of
    /// messages happens only to those that [`handle`](Self::handle) reports with [`RequestContext::accept`].
    fn message_event(&self, _world: &World, _happening: &MessageEvent<'_>) -> Option<Value> {
        None
    }

    /// Whether the provider reports conversations and templates, too.
    fn has_account_events(&self) -> bool {
        false
    }

    /// The webhook payload for a conversation or a template; `None` if the provider sends none.
    fn account_event(&self, _world: &World, _bulletin: &AccountEvent<'_>) -> Option<Value> {
        None
    }

    /// The name of an event, read from its payload, for providers whose webhooks name the events that they receive.
    fn event_name<'a>(&self, _payload: &'a Value) -> Option<&'a str> {
        None
    }

    /// The reasons for which an accepted message may fail, in the provider's words. The first is the default.
    fn failures(&self) -> &'static [Failure] {
        &[]
    }

    /// How the provider signs webhook calls, and how often it tries.
    fn webhook_rules(&self, _world: &World) -> WebhookRules {
        WebhookRules::default()
    }

    /// The same for calls that tell of conversations and templates.
    fn account_event_rules(&self, world: &World) -> WebhookRules {
        self.webhook_rules(world)
    }
}

impl World {
    /// The world after a reset, with the accounts that these simulators seed.
    pub fn seeded(simulators: &[Box<dyn ProviderSimulator>], strict: bool) -> Self {
        Self::with_seed(simulators, strict, DEFAULT_SEED)
    }

    /// As [`seeded`](Self::seeded), with ids that follow from `seed`.
    pub fn with_seed(simulators: &[Box<dyn ProviderSimulator>], strict: bool, seed: u64) -> Self {
        let mut world = Self::new(strict, seed);
        for simulator in simulators {
            simulator.seed(&mut world);
            world.account_mut(simulator.name()).switches = Switches::new(simulator.switches());
        }
        world
    }
}
