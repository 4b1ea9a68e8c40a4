//! Exotel: the v2 messages API under `/v2/accounts/{sid}/`, with basic credentials.

mod account_calls;
mod batch;
mod callback_forms;
mod common;
mod content;
mod failures;
mod interactive;
mod media_rules;
mod part;
mod problem;
mod received;
mod switches;
mod template;
mod templates;
mod webhook;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use self::common::{ACCOUNT_SID, NAME};
use self::problem::{Problem, failure};
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::limiter::Quota;
use crate::core::not_found;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request::basic_credentials;
use crate::core::request_context::RequestContext;
use crate::core::response::{SimulatedResponse, json_response, set_header};
use crate::core::webhook::{Failure, MessageEvent, WebhookRules};
use crate::core::world::World;
use crate::simulators::credentials::{review_idempotency, review_missing};
use crate::simulators::rate_headers;
use crate::simulators::rate_headers::set_rate_headers;
use crate::simulators::seed;

const PATH: &str = "/v2/accounts/";
/// The older interface, of which nothing is simulated.
const OLDER: &str = "/v1/Accounts/";
const OWN_LIMITS: Source = Source::new("Transom's mock, which has a part of the provider's calls", Certainty::Inferred);
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
        path.starts_with(PATH) || path.starts_with(OLDER)
    }

    fn paths(&self) -> &'static [&'static str] {
        &[
            "/v2/accounts/{sid}/messages",
            "/v2/accounts/{sid}/templates",
            "/v2/accounts/{sid}/templates/sample",
            "/v2/accounts/{sid}/media/{id}",
            "/v2/accounts/{sid}/whatsapp/webhook",
            "/v2/accounts/{sid}/isv",
        ]
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

    /// As the ids of its own messages (field: captures of live callbacks).
    fn inbound_id(&self, world: &mut World) -> String {
        world.next_hex()
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
        &failures::ALL
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
            return self.not_simulated(world, review);
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
            (&Method::GET, call) if call.strip_prefix("media/").is_some_and(|id| !id.is_empty()) => {
                account_calls::picture()
            }
            (&Method::POST, "templates/sample") => {
                account_calls::sample(world, request, review).unwrap_or_else(|problem| refuse(world, review, &problem))
            }
            (&Method::PUT, "whatsapp/webhook") => {
                account_calls::webhook(world, review).unwrap_or_else(|problem| refuse(world, review, &problem))
            }
            (&Method::POST, "isv") => {
                account_calls::onboarding_link(world, review).unwrap_or_else(|problem| refuse(world, review, &problem))
            }
            (&Method::GET, "isv") => {
                account_calls::onboarding_token(world).unwrap_or_else(|problem| refuse(world, review, &problem))
            }
            _ => self.not_simulated(world, review),
        }
    }

    /// The answer to a call that is not here. The older interface has errors of the second documented form.
    fn not_simulated(self, world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Response<Bytes> {
        let request = world.request;
        let path = request.uri().path();
        let words = not_found::not_simulated(self.paths(), request.method(), path);
        review.refused(words.clone(), OWN_LIMITS);
        if path.starts_with(OLDER) {
            return json_response(404, &json!({"RestException": {"Status": 404, "Message": words}}));
        }
        failure(world, request, 404, &Problem::new(1000, "Resource not found", words))
    }
}

/// The account sid and the rest of a path.
fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(PATH)?.split_once('/').filter(|(account_sid, _)| !account_sid.is_empty())
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

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn refuse(world: &mut RequestContext<'_>, review: &mut FindingCollector, problem: &Problem) -> Response<Bytes> {
    review.refused(problem.description.clone(), problem.source);
    let request = world.request;
    failure(world, request, problem.status, problem)
}

#[cfg(test)]
mod tests;
