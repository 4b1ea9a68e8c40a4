//! The whole of a world: its state, its events, and the worlds beside it.

use axum::Extension;
use axum::body::Body;
use http::HeaderMap;
use serde_json::Value;

use super::extract::{Answer, JsonOrList, Query, answer};
use super::openapi::{DocumentText, EVENTS, ForeignPage, Imported, Named, Nothing, Problem, Refusals};
use super::world::World;
use crate::core::response::json_text_response;

/// The whole state.
#[utoipa::path(
    get,
    path = "/_mock/state",
    responses((status = 200, description = "Done.", body = Object), ForeignPage)
)]
pub(super) async fn show_state(world: World) -> Answer {
    world.state().await
}

/// Put a state back in.
///
/// All of it, or nothing if any of it is wrong. The journal and webhooks stay as they are.
#[utoipa::path(
    put,
    path = "/_mock/state",
    request_body(content = Object),
    responses((status = 200, description = "Done.", body = Imported), Refusals)
)]
pub(super) async fn put_state(world: World, JsonOrList(state): JsonOrList<Value>) -> Answer {
    world.with(|simulator, _| simulator.import(&state))?;
    answer(&Imported { imported: true })
}

/// What happens, as it happens.
#[utoipa::path(
    get,
    path = "/_mock/events",
    description = EVENTS,
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was heard.")),
    responses((status = 200, description = "The events.", body = String, content_type = "text/event-stream"), (status = 503, description = "Too many listen already.", body = Problem), ForeignPage)
)]
pub(super) async fn show_events(world: World, headers: HeaderMap) -> Answer {
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    world.listen(last_id)
}

/// This document.
#[utoipa::path(
    get,
    path = "/_mock/openapi.json",
    responses((status = 200, description = "Done.", body = Object), ForeignPage)
)]
pub(super) async fn show_openapi_json(Extension(DocumentText(text)): Extension<DocumentText>) -> Answer {
    Ok(json_text_response(200, text.to_string()).map(Body::from))
}

/// The namespaces that there are.
#[utoipa::path(
    get,
    path = "/_mock/namespaces",
    responses((status = 200, description = "Done.", body = Vec<String>), Refusals)
)]
pub(super) async fn show_namespaces(world: World, Query(Nothing {}): Query<Nothing>) -> Answer {
    answer(&world.namespaces())
}

/// Forget a namespace, or all.
#[utoipa::path(
    delete,
    path = "/_mock/namespaces",
    params(("name" = Option<String>, Query, description = "The one to forget; without it all.")),
    responses((status = 200, description = "Done.", body = Vec<String>), Refusals)
)]
pub(super) async fn remove_namespaces(world: World, Query(named): Query<Named>) -> Answer {
    world.remove_namespace(named.name.as_deref())?;
    answer(&world.namespaces())
}
