//! Messangi: its notification endpoint and the login that gives the key for it.

mod channel;
mod common;
mod login;
mod rate_headers;
mod refusal;
mod request;
mod send;
mod switches;
#[cfg(test)]
mod tests;
mod webhook;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use self::channel::CHANNEL_PATHS;
use self::common::NAME;
use self::login::{LOGIN_PATH, lives, login, user_of};
use self::rate_headers::put_rate_headers;
use self::refusal::Refusal;
use self::send::send;
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::limiter::Quota;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request::bearer_token;
use crate::core::request_context::RequestContext;
use crate::core::response::{SimulatedResponse, json_response, set_header, text_response};
use crate::core::webhook::{Failure, MessageEvent, WebhookRules};
use crate::core::world::World;
use crate::simulators::credentials::{review_idempotency, review_missing};
use crate::simulators::seed;

/// The path as every page writes it (seed), and with the prefix that third parties report (inferred).
const NOTIFICATION_PATHS: [&str; 2] = ["/notification", "/oberyn/v2/notification"];

/// The services, which third parties report under these names: messaging, login, WhatsApp, SMS, e-mail (field). A path
/// below them is of no other provider.
const SERVICES: [&str; 5] = ["/oberyn/", "/kingslanding/", "/balerion/", "/raven/", "/crowsnest/"];

/// This mock is one of WhatsApp; the SMS and e-mail services are not simulated.
const NOT_SIMULATED: Source = Source::new("Transom's mock, README, Unknown paths", Certainty::Inferred);
const API_KEY: Source = Source::new("Messangi, Access your API Key", Certainty::Docs);
/// No page of the provider's speaks of a key by which a request is known again.
const NO_IDEMPOTENCY: Source = Source::new("Messangi, Send Message, which has no such header", Certainty::Inferred);

/// Messangi.
///
/// Documented are the envelope, the types and the limit; what a send is answered with, and every refusal but the 429,
/// is our convention (inferred).
#[derive(Debug, Clone, Copy, Default)]
pub struct Messangi;

impl ProviderSimulator for Messangi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches_path(&self, path: &str) -> bool {
        path == "/notification" || path == "/v3/messages" || SERVICES.iter().any(|service| path.starts_with(service))
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/notification", "/oberyn/v2/notification", "/v3/messages", "/balerion/v3/messages", "/kingslanding/login"]
    }

    fn seed(&self, world: &mut World) {
        seed::messangi(world);
    }

    fn switches(&self) -> &'static [Switch] {
        switches::ALL
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && is_send_path(request.uri().path())
    }

    fn handle(&self, mut context: RequestContext<'_>) -> SimulatedResponse {
        let (now, request) = (context.now, context.request);
        let mut review = FindingCollector::new(context.strict());
        let response = match (request.uri().path(), request.method() == Method::POST) {
            (LOGIN_PATH, true) => login(&context, now, request, &mut review),
            (path, true) if is_send_path(path) => {
                let response = self.take_notification(&mut context, &mut review);
                return context.finish(response, review.into_findings());
            }
            (path, false) if path == LOGIN_PATH || is_send_path(path) => {
                Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"))
            }
            (path, _) => {
                let text = format!("`{} {path}` is not simulated by this mock", request.method());
                review.refused(text.clone(), NOT_SIMULATED);
                Err(Refusal::new(StatusCode::NOT_FOUND, text))
            }
        };
        let response = response.unwrap_or_else(|refusal| print(&context, &refusal));
        context.finish(response, review.into_findings())
    }

    fn rate_limited(&self, world: &World, quota: Quota, _: SystemTime) -> Response<Bytes> {
        let mut response = print(world, &Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"));
        if world.switch(NAME, "retry_after") == "on" {
            set_header(&mut response, "retry-after", quota.reset_after_seconds());
        }
        set_rate_headers(&mut response, world, quota);
        response
    }

    fn failures(&self) -> &'static [Failure] {
        &webhook::FAILURES
    }

    fn message_event(&self, world: &World, happening: &MessageEvent<'_>) -> Option<Value> {
        Some(webhook::payload(world, happening))
    }

    fn webhook_rules(&self, world: &World) -> WebhookRules {
        webhook::rules(world)
    }
}

impl Messangi {
    /// Key, limit, then the message. A refused key does not count against the limit, a refused message does (inferred).
    fn take_notification(self, world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Response<Bytes> {
        let (now, request) = (world.now, world.request);
        let Some(key) = bearer_token(request).filter(|key| !key.is_empty()) else {
            review_missing(request, "Authorization: Bearer", API_KEY, review);
            return print(world, &Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized"));
        };
        if !lives(world, key, now) {
            return print(world, &Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized"));
        }
        review_idempotency(request, NO_IDEMPOTENCY, review);
        // Source: Sending WhatsApp Session Message (seed): the calls that the user can make. Whether those of the WhatsApp
        // channel count with them is not documented; they do (inferred).
        world.count_by_account(NAME, user_of(key));
        let quota = world.take_quota(NAME);
        if !quota.allowed {
            return self.rate_limited(world, quota.exhausted(), now);
        }
        let sent = send(world, review);
        let mut response = sent.unwrap_or_else(|refusal| print_of_message(world, &refusal));
        if world.switch(NAME, "ratelimit_on") != "429" {
            set_rate_headers(&mut response, world, quota);
        }
        response
    }
}

fn is_send_path(path: &str) -> bool {
    NOTIFICATION_PATHS.contains(&path) || CHANNEL_PATHS.contains(&path)
}

fn set_rate_headers(response: &mut Response<Bytes>, world: &World, quota: Quota) {
    put_rate_headers(response.headers_mut(), world.switch(NAME, "ratelimit_style"), quota);
}

/// A message that is refused: with a status of its own, or, as clients of the SMS service have it, within a success.
fn print_of_message(world: &World, refusal: &Refusal) -> Response<Bytes> {
    if world.switch(NAME, "refusals") != "ok" {
        return print(world, refusal);
    }
    json_response(200, &json!({"status": "REJECTED", "messageId": "", "description": refusal.reason}))
}

fn print(world: &World, refusal: &Refusal) -> Response<Bytes> {
    let (content_type, body) = refusal.body(world.switch(NAME, "error_body"));
    let mut response = text_response(refusal.status.as_u16(), body);
    if let Some(content_type) = content_type {
        set_header(&mut response, "content-type", content_type);
    }
    response
}
