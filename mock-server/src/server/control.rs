//! The control plane under `/_mock/` and the console: an axum router over the simulator's typed methods.
//!
//! A call that cannot be understood is refused with `{"error":"…"}`, and then nothing has changed.

mod account;
mod clock;
mod extract;
mod faults;
mod messages;
mod openapi;
mod webhooks;
mod whole;
mod world;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::Poll;
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::ALLOW;
use http::{Method, Request, StatusCode, Uri};
use tower_service::Service as _;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::openapi::DocumentText;
use super::console;
use crate::core::behavior_switch::list;
use crate::core::refusal::Refusal;
use crate::core::response::json_response;
use crate::core::simulator::Simulator;
pub(in crate::server) use world::World;

/// The calls, and their description.
struct Calls {
    router: Router,
    document: DocumentText,
    /// Their paths, for who asks for another.
    paths: String,
}

static CALLS: LazyLock<Calls> = LazyLock::new(|| {
    let calls = OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(clock::change_reset))
        .routes(routes!(clock::show_clock, clock::change_clock))
        .routes(routes!(messages::change_inbound))
        .routes(routes!(messages::show_conversations))
        .routes(routes!(messages::show_messages))
        .routes(routes!(messages::show_requests, messages::remove_requests))
        .routes(routes!(messages::show_requests_har))
        .routes(routes!(messages::show_requests_curl))
        .routes(routes!(clock::show_wait))
        .routes(routes!(faults::show_gates, faults::change_gates, faults::remove_gates))
        .routes(routes!(account::show_limits, account::change_limits))
        .routes(routes!(account::show_config, account::change_config))
        .routes(routes!(account::show_templates, account::change_templates, account::remove_templates))
        .routes(routes!(account::show_senders, account::change_senders, account::remove_senders))
        .routes(routes!(faults::show_faults, faults::change_faults, faults::remove_faults))
        .routes(routes!(webhooks::show_webhooks, webhooks::change_webhooks, webhooks::remove_webhooks))
        .routes(routes!(webhooks::show_webhooks_deliveries))
        .routes(routes!(webhooks::show_webhooks_waiting))
        .routes(routes!(webhooks::change_webhooks_redeliver))
        .routes(routes!(whole::show_state, whole::put_state))
        .routes(routes!(whole::show_events))
        .routes(routes!(whole::show_namespaces, whole::remove_namespaces))
        .routes(routes!(whole::show_openapi_json));
    let (router, document) = calls.split_for_parts();
    let paths = list(document.paths.paths.keys());
    // A document always serialises.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    if let Some(version) = document.get_mut("openapi") {
        *version = "3.1.1".into();
    }
    let console = get(async |uri: Uri| file(&uri));
    let router = router.route("/", console.clone()).route("/_mock/console/{*file}", console).fallback(file_missing);
    Calls {
        router: router.layer(DefaultBodyLimit::disable()),
        document: DocumentText(document.to_string().into()),
        paths,
    }
});

/// Whether a path belongs to the control plane or the console.
pub(super) fn is_call(path: &str) -> bool {
    path == "/" || path == "/_mock" || path.starts_with("/_mock/")
}

/// Whether a path is for the server, and for none of its worlds.
pub(super) fn is_for_all_worlds(path: &str) -> bool {
    path.trim_end_matches('/') == "/_mock/namespaces"
}

/// Answers a call or a request for the console.
pub(super) async fn respond(world: World, request: Request<Bytes>) -> Response {
    let access = world.access();
    let is_root = request.uri().path() == "/";
    let mut response = if is_root && request.method() == Method::POST && access.needs_token() {
        console::sign_in(&access, &request).map(Body::from)
    } else {
        match access.admit(&request) {
            Ok(()) => route(world.clone(), request).await,
            // A browser that has no token yet is asked for it.
            Err(refusal) if is_root && refusal.status == 401 && console::is_browser(&request) => {
                console::sign_in_page("").map(Body::from)
            }
            Err(refusal) => Refusal::into_response(refusal).map(Body::from),
        }
    };
    // A call may have moved the clock, so the time is read after it.
    world.date(&mut response);
    response
}

/// As a server answers, without a server: for those who put a [`Simulator`] behind one of their own. A call that would wait is
/// answered at once. Returns `None` if the request is for neither the control plane under `/_mock/` nor the console at `/`.
///
/// Tests in Rust call the simulator's methods instead.
pub fn control_response(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Option<http::Response<Bytes>> {
    if !is_call(request.uri().path()) {
        return None;
    }
    let lent = std::mem::replace(simulator, Simulator::with_providers(real_now, Vec::new()));
    let lent = Arc::new(Mutex::new(lent));
    let answering = async {
        let (head, body) = respond(World::Alone(Arc::clone(&lent), real_now), request.clone()).await.into_parts();
        Some(http::Response::from_parts(head, to_bytes(body, usize::MAX).await.ok()?))
    };
    // Nothing of it waits, so the fallback is out of reach.
    let response = answering.now_or_never().flatten();
    std::mem::swap(simulator, &mut *lent.lock().unwrap_or_else(PoisonError::into_inner));
    Some(response.unwrap_or_else(|| json_response(500, "the call was not answered at once")))
}

/// Routes an admitted request. A simulator that panics costs its caller an answer of 500, and nobody else anything.
async fn route(world: World, request: Request<Bytes>) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut request = request.map(Body::from);
    *request.uri_mut() = without_last_slash(&uri);
    request.extensions_mut().insert(world);
    request.extensions_mut().insert(CALLS.document.clone());
    let mut answering = pin!(CALLS.router.clone().call(request));
    let answered = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))) {
        Ok(poll) => poll.map(Result::ok),
        Err(_) => Poll::Ready(None),
    });
    match answered.await {
        None => Refusal::of(500, "the mock failed on this request").into_response().map(Body::from),
        Some(response) if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let allow = response.headers().get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
            let allowed: Vec<&str> = allow.split(',').map(str::trim).filter(|allowed| *allowed != "HEAD").collect();
            Refusal::wrong_method(uri.path(), &method, &allowed).into_response().map(Body::from)
        }
        Some(response) => response,
    }
}

/// Slashes at the end of a path mean nothing.
fn without_last_slash(uri: &Uri) -> Uri {
    let path = uri.path().trim_end_matches('/');
    if path.is_empty() || path.len() == uri.path().len() {
        return uri.clone();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().unwrap_or_else(|_| uri.clone())
}

/// A file of the console by its path; the page itself is at `/`.
fn file(uri: &Uri) -> Result<Response, Refusal> {
    let name = uri.path().trim_start_matches("/_mock/console/").trim_start_matches('/');
    console::file(name).map(|file| file.map(Body::from)).ok_or_else(|| missing(uri))
}

async fn file_missing(uri: Uri) -> Refusal {
    missing(&uri)
}

fn missing(uri: &Uri) -> Refusal {
    Refusal::of(404, format!("there is no call {}, expected one of {}", uri.path(), CALLS.paths))
}

#[cfg(test)]
mod tests;
