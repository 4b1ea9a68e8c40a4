//! Exotel: the v2 messages API under `/v2/accounts/{sid}/`, with basic credentials.

mod batch;
mod callback_forms;
mod common;
mod content;
mod interactive;
mod part;
mod problem;
mod switches;
mod template;
mod templates;
mod webhook;

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use self::common::{ACCOUNT_SID, NAME, SEND_PAGE};
use self::problem::{Problem, failure};
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::limiter::Quota;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request::basic_credentials;
use crate::core::request_context::RequestContext;
use crate::core::response::{SimulatedResponse, json_response, set_header, text_response};
use crate::core::webhook::{Failure, MessageEvent, WebhookRules};
use crate::core::world::World;
use crate::simulators::credentials::{review_idempotency, review_missing};
use crate::simulators::rate_headers;
use crate::simulators::rate_headers::set_rate_headers;
use crate::simulators::seed;

const AUTHENTICATION: Source = Source::new("Authentication", Certainty::Docs);
/// No page of the provider's speaks of a key by which a request is known again.
const NO_IDEMPOTENCY: Source = Source::new("Send WhatsApp Message, which has no such header", Certainty::Inferred);

/// The Exotel HTTP interface. Sources: WhatsApp Session Messages (seed); Send WhatsApp Message, Bulk WhatsApp Messages, Template
/// Messages, WhatsApp Status Codes, Rate Limiting (docs).
#[derive(Debug, Clone, Copy, Default)]
pub struct Exotel;

impl ProviderSimulator for Exotel {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches_path(&self, path: &str) -> bool {
        path.starts_with("/v2/accounts/")
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v2/accounts/{sid}/messages", "/v2/accounts/{sid}/templates"]
    }

    fn seed(&self, world: &mut World) {
        seed::exotel(world);
    }

    fn switches(&self) -> &'static [Switch] {
        switches::ALL
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && matches!(split(request.uri().path()), Some((_, "messages")))
    }

    fn handle(&self, mut context: RequestContext<'_>) -> SimulatedResponse {
        let mut review = FindingCollector::new(context.strict());
        let mut response = self.respond(&mut context, &mut review);
        if !response.headers().contains_key(rate_headers::LIMIT) {
            set_rate_headers(&mut response, &context.quota(NAME), context.now);
        }
        context.finish(response, review.into_findings())
    }

    /// Source: Rate Limiting (docs).
    fn rate_limited(&self, _: &World, quota: Quota, now: SystemTime) -> Response<Bytes> {
        let wait = quota.reset_after_seconds();
        let message = format!("Rate limit exceeded, wait {wait} s");
        let body = json!({"RestException": {"Status": 429, "Message": message, "Code": "RATE_LIMIT_EXCEEDED"}});
        let mut response = json_response(429, &body);
        set_header(&mut response, "retry-after", wait);
        set_rate_headers(&mut response, &quota, now);
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

impl Exotel {
    /// The order of checks: credentials, account, path, rate, then what the call itself checks.
    fn respond(self, world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Response<Bytes> {
        let (now, request) = (world.now, world.request);
        if let Some(refusal) = refuse_credentials(world, request, review) {
            return refusal;
        }
        let Some((account_sid, call)) = split(request.uri().path()) else {
            return unknown_path(world, request, review);
        };
        if world.strict() && account_sid != ACCOUNT_SID {
            return failure(world, request, 404, &Problem::new(1000, "Resource not found", "account sid is not known"));
        }
        // Source: Rate Limiting (docs): the limit is that of an account.
        world.count_by_account(NAME, account_sid);
        match (request.method(), call) {
            (&Method::POST, "messages") => {
                if !world.take_quota(NAME).allowed {
                    return self.rate_limited(world, world.quota(NAME).exhausted(), now);
                }
                review_idempotency(request, NO_IDEMPOTENCY, review);
                batch::send(world, review)
            }
            (method, "templates") if templates::has(method) => templates::answer(world, request, review),
            (&Method::GET, call) if call.strip_prefix("media/").is_some_and(|id| !id.is_empty()) => picture(),
            _ => unknown_path(world, request, review),
        }
    }
}

/// The account sid and the rest of a path.
fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/v2/accounts/")?.split_once('/').filter(|(account_sid, _)| !account_sid.is_empty())
}

/// Basic credentials from the header; the page's own samples have them in the URL, which some clients pass on as it is.
fn refuse_credentials(
    world: &mut World,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Option<Response<Bytes>> {
    let in_url = request
        .uri()
        .authority()
        .and_then(|authority| authority.as_str().rsplit_once('@'))
        .map(|(userinfo, _)| userinfo);
    if in_url.is_some() {
        let text = "the URL carries credentials in its userinfo; the `Authorization` header is preferred";
        review.tolerated(text, AUTHENTICATION);
    }
    let from_url = || in_url?.split_once(':').map(|(user, password)| (decode(user), decode(password)));
    match basic_credentials(request).or_else(from_url) {
        Some((key, token)) if world.accepts_credential(&key) && world.accepts_credential(&token) => return None,
        Some(_) => {}
        None => review_missing(request, "Authorization: Basic", AUTHENTICATION, review),
    }
    if world.switch(NAME, "auth_error") == "rest_exception" {
        return Some(json_response(
            401,
            &json!({"RestException": {"Status": 401, "Message": "Authentication failed"}}),
        ));
    }
    Some(failure(
        world,
        request,
        401,
        &Problem::new(1010, "Authentication failed", "the API key or token is not valid"),
    ))
}

/// The file of an inbound message: whatever its id, a picture of one white point. Source: Media Messages (docs) for the call,
/// which answers with bytes.
fn picture() -> Response<Bytes> {
    const WHITE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==";
    // The constant is base64, so the fallback is out of reach.
    let mut response = text_response(200, STANDARD.decode(WHITE).unwrap_or_default());
    set_header(&mut response, "content-type", "image/png");
    response
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn unknown_path(world: &mut World, request: &Request<Bytes>, review: &mut FindingCollector) -> Response<Bytes> {
    let call = format!("`{} {}`", request.method(), request.uri().path());
    review.refused(format!("{call} is no call of the pages"), SEND_PAGE);
    failure(world, request, 404, &Problem::new(1000, "Resource not found", "no such path or method"))
}

#[cfg(test)]
mod tests;
