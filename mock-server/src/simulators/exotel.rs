//! Exotel: the v2 messages API under `/v2/accounts/{sid}/`, with basic credentials.

mod batch;
mod callback_forms;
mod content;
mod interactive;
mod part;
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

const NAME: &str = "exotel";
const ACCOUNT_SID: &str = "acme";
const SESSION_PAGE: Source = Source::new("WhatsApp Session Messages", Certainty::Seed);
const SEND_PAGE: Source = Source::new("Send WhatsApp Message", Certainty::Docs);
const TYPES_PAGE: Source = Source::new("Message Types, Media Messages, Interactive Messages", Certainty::Docs);
const TEMPLATE_PAGE: Source = Source::new("Template Messages", Certainty::Docs);
const TEMPLATE_API: Source = Source::new("Templates API, Manage templates", Certainty::Docs);
const AUTHENTICATION: Source = Source::new("Authentication", Certainty::Docs);
/// No page of the provider's speaks of a key by which a request is known again.
const NO_IDEMPOTENCY: Source = Source::new("Send WhatsApp Message, which has no such header", Certainty::Inferred);
/// Errors that only the page of another v2 API prints.
const TRUNK_ERRORS: Source = Source::new("Trunk API errors, another v2 API", Certainty::Inferred);

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

/// What is wrong with a request or with one of its messages.
#[derive(Debug)]
struct Problem {
    /// A number, or a symbol of the session page.
    code: Value,
    message: String,
    description: String,
    /// The status of the item, and of the whole answer where the message stands alone.
    status: u16,
    /// The page with the rule, where the form of the request breaks one.
    source: Source,
}

impl Problem {
    fn new(code: u16, message: &str, description: impl Into<String>) -> Self {
        Self::of(code.into(), message, description.into(), SEND_PAGE)
    }

    fn of(code: Value, message: &str, description: String, source: Source) -> Self {
        Self { code, message: message.to_owned(), description, status: 400, source }
    }

    /// Code 1001: something mandatory is not there.
    fn missing(description: impl Into<String>) -> Self {
        Self::new(1001, "Mandatory Parameter missing", description)
    }

    /// Code 1002: something is there that cannot be.
    fn invalid(description: impl Into<String>) -> Self {
        Self::new(1002, "Invalid parameter", description)
    }

    /// One of the session page's symbols, which stands where numbers do otherwise.
    fn symbol(symbol: &str, description: &str) -> Self {
        Self::of(symbol.into(), symbol, description.to_owned(), SESSION_PAGE)
    }

    /// Whether the code is one of the session page's symbols.
    fn is_symbol(&self) -> bool {
        self.code.is_string()
    }

    /// The same with its symbol in another member of `error_data`, where `place` names one.
    fn placed(mut self, place: &str) -> Self {
        let Value::String(symbol) = &self.code else { return self };
        let symbol = symbol.clone();
        match place {
            "error_data.message" => self.message = symbol,
            "error_data.description" => self.description = format!("{symbol}: {}", self.description),
            _ => return self,
        }
        if place != "error_data.message" {
            "Invalid parameter".clone_into(&mut self.message);
        }
        self.code = 1002.into();
        self
    }

    /// A result object, the same for a whole request and for one message.
    fn result(&self, status: u16) -> Value {
        let error = json!({"code": self.code, "message": self.message, "description": self.description});
        json!({"code": status, "error_data": error, "status": "failure", "data": null})
    }
}

/// An error of the whole request: `response` is then one result object.
fn failure(world: &mut World, request: &Request<Bytes>, status: u16, problem: &Problem) -> Response<Bytes> {
    let place = if problem.is_symbol() { world.switch(NAME, "symbol_place") } else { "error_data.code" };
    if place == "RestException.Code" {
        let Problem { code, description, .. } = problem;
        let body = json!({"RestException": {"Status": status, "Message": description, "Code": code}});
        return json_response(status, &body);
    }
    let mut body = json!({
        "request_id": world.next_hex(), "method": request.method().as_str(), "http_code": status, "response": problem.result(status),
    });
    if let (Value::Object(members), "code" | "error.code") = (&mut body, place) {
        let (code, message) = (problem.code.clone(), problem.description.as_str());
        members.remove("response");
        if place == "code" {
            members.insert("code".to_owned(), code);
            members.insert("message".to_owned(), message.into());
        } else {
            members.insert("error".to_owned(), json!({"code": code, "message": message}));
        }
    }
    json_response(status, &body)
}

#[cfg(test)]
mod tests;
