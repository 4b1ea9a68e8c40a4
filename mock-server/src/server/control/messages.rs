//! What contacts and businesses wrote, and the journal.

use axum::body::Body;
use http::HeaderMap;
use http::header::HOST;

use super::extract::{Answer, Json, Query, answer};
use super::openapi::{Forgotten, MessageLine, Nothing, ProviderFilter, Refusals, RequestLine};
use super::world::World;
use crate::control::{ConversationLog, InboundMessage, MessageFilter, Received, RequestFilter};
use crate::core::response::text_response;

/// A customer writes.
///
/// Opens or renews the window, and calls the webhook where the provider has one for it.
#[utoipa::path(
    post,
    path = "/_mock/inbound",
    request_body(content = InboundMessage, examples(("text" = (summary = "A text", value = json!({"provider": "exotel", "from": "+919876543210", "text": "hi"}))), ("button" = (summary = "A choice", value = json!({"provider": "gosendapi", "from": "+34600111222", "name": "Ana", "content": {"type": "button_reply", "id": "yes", "title": "Yes"}}))), ("raw" = (summary = "A type that is not checked", value = json!({"provider": "gosendapi", "from": "+34600111222", "raw": {"type": "order", "order": {"catalog_id": "1"}}}))), ("form" = (summary = "The answers of a form, from an advertisement, under a user name", value = json!({"provider": "gosendapi", "user_id": "ES.1002", "content": {"type": "flow_reply", "name": "flow", "response": {"day": "Mon"}}, "referral": {"source_type": "ad", "source_id": "120", "ctwa_clid": "c1"}}))))),
    responses((status = 200, description = "Done.", body = Received), Refusals)
)]
pub(super) async fn change_inbound(world: World, Json(message): Json<InboundMessage>) -> Answer {
    world.with(|simulator, now| answer(&simulator.receive(now, &message)?))
}

/// What customers and businesses wrote to each other.
///
/// What customers wrote is kept with the last 10,000 messages of both sides, and not in the state.
#[utoipa::path(
    get,
    path = "/_mock/conversations",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<ConversationLog>), Refusals)
)]
pub(super) async fn show_conversations(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, now| answer(&simulator.conversations(now, filter.provider())?))
}

/// The ledger: every message that reached a person.
#[utoipa::path(
    get,
    path = "/_mock/messages",
    params(MessageFilter),
    responses((status = 200, description = "Done.", body = Vec<MessageLine>), Refusals)
)]
pub(super) async fn show_messages(world: World, Query(filter): Query<MessageFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.messages(&filter)?))
}

/// The journal: every request to a provider and its answer.
#[utoipa::path(
    get,
    path = "/_mock/requests",
    params(RequestFilter),
    responses((status = 200, description = "Done.", body = Vec<RequestLine>), Refusals)
)]
pub(super) async fn show_requests(world: World, Query(filter): Query<RequestFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.requests(&filter)?))
}

/// Forgets the journal.
///
/// What the requests did stays, and the numbers of what comes go on.
#[utoipa::path(
    delete,
    path = "/_mock/requests",
    responses((status = 200, description = "Done.", body = Forgotten), Refusals)
)]
pub(super) async fn remove_requests(world: World, Query(Nothing {}): Query<Nothing>) -> Answer {
    world.with(|simulator, _| answer(&Forgotten { forgotten: simulator.forget_requests() }))
}

/// The journal as an HTTP Archive.
///
/// Credentials are masked; times on the way are 0.
#[utoipa::path(
    get,
    path = "/_mock/requests/har",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Object), Refusals)
)]
pub(super) async fn show_requests_har(world: World, Query(filter): Query<ProviderFilter>) -> Answer {
    world.with(|simulator, _| answer(&simulator.har(filter.provider())?))
}

/// The journal as a script of curl commands.
///
/// Each request as it was put, to the host that this is asked of. Credentials are masked.
#[utoipa::path(
    get,
    path = "/_mock/requests/curl",
    params(ProviderFilter),
    responses((status = 200, description = "The script.", body = String, content_type = "text/plain; charset=utf-8"), Refusals)
)]
pub(super) async fn show_requests_curl(
    world: World,
    headers: HeaderMap,
    Query(filter): Query<ProviderFilter>,
) -> Answer {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:4010");
    let script = world.with(|simulator, _| simulator.curl_script(filter.provider(), host))?;
    Ok(text_response(200, script).map(Body::from))
}
