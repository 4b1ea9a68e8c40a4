//! Posting webhooks: a courier for each target of each world, so that none waits for another's, and each sees its calls one
//! after the other, in the order in which they fall due.

mod target_client;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::target_client::{TargetClient, Tried};
use super::namespaces::Name;
use super::real_time::now;
use super::state::AppState;
use super::tls::WebhookRoots;
use crate::core::webhook::{DeliveryOutcome, WebhookDelivery};

/// The time for one try, from connecting to the end of the answer.
const TRY: Duration = Duration::from_secs(10);
/// Without anything to wait for, the loop looks again after this long.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Sends couriers out until it is dropped.
pub(super) async fn run(shared: AppState, roots: WebhookRoots) {
    // Dropping the set ends its tasks.
    let mut couriers = JoinSet::new();
    // Made for the first call: most mocks make none.
    let mut client: Option<Option<TargetClient>> = None;
    loop {
        while couriers.try_join_next().is_some() {}
        let desk = &shared.desk;
        let is_free = |world: &Name, target| desk.is_free(world, target);
        while let Some((world, first)) = shared.guarded(|namespaces| namespaces.due(now(), is_free)).flatten() {
            let Some(target) = first.addresses.first().copied() else { continue };
            desk.take_target(&world, target);
            let client = client.get_or_insert_with(|| TargetClient::new(roots.clone())).clone();
            couriers.spawn(deliver(shared.clone(), client, world, target, first));
        }
        let pause = shared.guarded(|namespaces| {
            desk.settle(namespaces);
            namespaces.next_due_in(now(), is_free)
        });
        let pause = pause.flatten().unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        let _ = timeout(pause, desk.bell.notified()).await;
    }
}

/// A courier: brings a target all that is due for it.
async fn deliver(
    shared: AppState,
    client: Option<TargetClient>,
    world: Name,
    target: SocketAddr,
    first: WebhookDelivery,
) {
    let _lock = shared.desk.lock_of(&world, target);
    let mut is_kept = false;
    // Whoever let one call run into its limit is not asked again for as long: what is due meanwhile comes to the same.
    let mut silent_until: Option<Instant> = None;
    let mut next = Some(first);
    while let Some(WebhookDelivery { id, request, .. }) = next {
        let outcome = if silent_until.is_some_and(|until| Instant::now() < until) {
            // There may be very many, and others have something to do as well.
            tokio::task::yield_now().await;
            DeliveryOutcome::TimedOut
        } else {
            let tried = match &client {
                Some(client) => client.post(request, TRY, &mut is_kept).await,
                None => Tried::Broken,
            };
            silent_until = (tried == Tried::Silence).then(|| Instant::now() + TRY);
            tried.into()
        };
        next = shared
            .guarded(|namespaces| {
                let real_now = now();
                let simulator = namespaces.find(&world)?;
                simulator.delivered(id, outcome);
                let next = simulator.due_at(real_now, |other| other == target);
                namespaces.weigh(&world);
                namespaces.tell(real_now, &world);
                shared.desk.settle(namespaces);
                next
            })
            .flatten();
        shared.changed.ring();
    }
}
