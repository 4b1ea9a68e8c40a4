//! Webhooks, and the calls that are due, tried and waiting.

use super::extract::{Answer, Json, Query, answer};
use super::openapi::{AttemptLine, ProviderFilter, Queued, Redelivery, Refusals, WaitingLine};
use super::world::World;
use crate::control::{DeliveryFilter, NewWebhook, Webhook};

/// The registered webhooks, without their secrets.
#[utoipa::path(
    get,
    path = "/_mock/webhooks",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<Webhook>), Refusals)
)]
pub(super) async fn show_webhooks(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.webhooks(filter.provider())?))
}

/// Register a provider's webhook, in place of its former one.
#[utoipa::path(
    post,
    path = "/_mock/webhooks",
    request_body(content = NewWebhook, examples(("signed" = (summary = "With a secret", value = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "s3cret"}))), ("troubled" = (summary = "Each call twice and the newest status first", value = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "s3cret", "copies": 2, "reorder": true}))), ("sink" = (summary = "Only logged", value = json!({"provider": "gosendapi", "sink": true}))), ("late" = (summary = "Late, and each third one lost", value = json!({"provider": "messangi", "url": "http://127.0.0.1:9000/hook", "delay": "5s", "lose_every": 3}))), ("announcements" = (summary = "Conversations and templates, too", value = json!({"provider": "gosendapi", "url": "http://127.0.0.1:9000/hook", "announcements": true}))))),
    responses((status = 200, description = "Done.", body = Webhook), Refusals)
)]
pub(super) async fn change_webhooks(world: World, Json(new): Json<NewWebhook>) -> Answer {
    world.with(|simulator, _| answer(&simulator.register_webhook(new)?))
}

/// Remove a provider's webhook, or all.
#[utoipa::path(
    delete,
    path = "/_mock/webhooks",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<Webhook>), Refusals)
)]
pub(super) async fn remove_webhooks(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.remove_webhooks(filter.provider())?))
}

/// Every try to deliver, with what the target answered.
#[utoipa::path(
    get,
    path = "/_mock/webhooks/deliveries",
    params(DeliveryFilter),
    responses((status = 200, description = "Done.", body = Vec<AttemptLine>), Refusals)
)]
pub(super) async fn show_webhooks_deliveries(world: World, Query(filter): Query<DeliveryFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.deliveries(&filter)?))
}

/// The webhook calls that wait to be made.
#[utoipa::path(
    get,
    path = "/_mock/webhooks/waiting",
    params(DeliveryFilter),
    responses((status = 200, description = "Done.", body = Vec<WaitingLine>), Refusals)
)]
pub(super) async fn show_webhooks_waiting(world: World, Query(filter): Query<DeliveryFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.waiting_webhooks(&filter)?))
}

/// Make a call once more.
#[utoipa::path(
    post,
    path = "/_mock/webhooks/redeliver",
    request_body(content = Redelivery, examples(("first" = (summary = "That of the first try", value = json!({"number": 1}))))),
    responses((status = 200, description = "Done.", body = Queued), Refusals)
)]
pub(super) async fn change_webhooks_redeliver(world: World, Json(call): Json<Redelivery>) -> Answer {
    world.with(|simulator, now| simulator.redeliver(now, call.number))?;
    answer(&Queued { queued: true })
}
