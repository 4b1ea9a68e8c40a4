//! Limits, switches, templates and senders.

use super::extract::{Answer, Json, Query, answer};
use super::openapi::{ChangedAccounts, ProviderFilter, Refusals};
use super::world::World;
use crate::control::{
    Config, ConfigChange, NewSender, NewTemplate, RateLimit, RateLimitChange, RateLimitUse, SenderId, SenderState,
    TemplateName, TemplateState,
};

/// The rate limits, with what is left of each.
///
/// Where a provider counts by key or account, each has a bucket of its own once it has asked.
#[utoipa::path(
    get,
    path = "/_mock/limits",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<RateLimitUse>), Refusals)
)]
pub(super) async fn show_limits(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, now| answer(&simulator.rate_limits(now, filter.provider())?))
}

/// A provider's rate limit.
#[utoipa::path(
    post,
    path = "/_mock/limits",
    request_body(content = RateLimitChange, examples(("tight" = (summary = "Two in five minutes", value = json!({"provider": "messangi", "limit": 2, "window_s": 300}))), ("off" = (summary = "No limit", value = json!({"provider": "messangi", "limit": null}))))),
    responses((status = 200, description = "Done.", body = RateLimit), Refusals)
)]
pub(super) async fn change_limits(world: World, Json(change): Json<RateLimitChange>) -> Answer {
    world.with(|simulator, _| answer(&simulator.set_rate_limit(&change)?))
}

/// Every switch with its source, and every account.
#[utoipa::path(
    get,
    path = "/_mock/config",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Config), Refusals)
)]
pub(super) async fn show_config(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.config(filter.provider())?))
}

/// Change switches, a balance, a sender or a template.
///
/// Members that are none of these are switches; `GET` lists them.
#[utoipa::path(
    post,
    path = "/_mock/config",
    request_body(content = ConfigChange, examples(("switch" = (summary = "A window error told by callback", value = json!({"provider": "exotel", "window_error": "callback"}))), ("sender" = (summary = "A sender that is offline", value = json!({"provider": "autocalls", "sender": "12", "online": false}))), ("balance" = (summary = "Nothing left to spend", value = json!({"provider": "autocalls", "balance": 0}))), ("template" = (summary = "A template that is paused", value = json!({"provider": "exotel", "template": "visit_reminder", "status": "paused"}))))),
    responses((status = 200, description = "Done.", body = ChangedAccounts), Refusals)
)]
pub(super) async fn change_config(world: World, Json(change): Json<ConfigChange>) -> Answer {
    let mut changed = world.with(|simulator, now| simulator.configure(now, &change))?;
    if changed.len() == 1 { answer(&changed.pop()) } else { answer(&changed) }
}

/// The templates of each provider.
#[utoipa::path(
    get,
    path = "/_mock/templates",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<TemplateState>), Refusals)
)]
pub(super) async fn show_templates(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.templates(filter.provider())?))
}

/// Add a template.
///
/// Its parameters are the placeholders of its body.
#[utoipa::path(
    post,
    path = "/_mock/templates",
    request_body(content = NewTemplate, examples(("approved" = (summary = "One that may be sent at once", value = json!({"provider": "gosendapi", "name": "order_ready", "language": "en", "body": "Your order {{1}} is ready."}))))),
    responses((status = 200, description = "Done.", body = TemplateState), Refusals)
)]
pub(super) async fn change_templates(world: World, Json(new): Json<NewTemplate>) -> Answer {
    world.with(|simulator, now| answer(&simulator.add_template(now, &new)?))
}

/// Remove a template.
///
/// In `language`, or in every one.
#[utoipa::path(
    delete,
    path = "/_mock/templates",
    params(TemplateName),
    responses((status = 200, description = "Done.", body = Vec<TemplateState>), Refusals)
)]
pub(super) async fn remove_templates(world: World, Query(named): Query<TemplateName>) -> Answer {
    world.with(|simulator, _| answer(&simulator.remove_template(&named)?))
}

/// The senders of each provider.
#[utoipa::path(
    get,
    path = "/_mock/senders",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<SenderState>), Refusals)
)]
pub(super) async fn show_senders(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.senders(filter.provider())?))
}

/// Add a sender.
#[utoipa::path(
    post,
    path = "/_mock/senders",
    request_body(content = NewSender, examples(("second" = (summary = "A second number", value = json!({"provider": "autocalls", "id": "77", "phone": "+12025550143", "name": "Harbour Clinic"}))))),
    responses((status = 200, description = "Done.", body = SenderState), Refusals)
)]
pub(super) async fn change_senders(world: World, Json(new): Json<NewSender>) -> Answer {
    world.with(|simulator, _| answer(&simulator.add_sender(&new)?))
}

/// Remove a sender.
#[utoipa::path(
    delete,
    path = "/_mock/senders",
    params(SenderId),
    responses((status = 200, description = "Done.", body = Vec<SenderState>), Refusals)
)]
pub(super) async fn remove_senders(world: World, Query(named): Query<SenderId>) -> Answer {
    world.with(|simulator, _| answer(&simulator.remove_sender(&named)?))
}
