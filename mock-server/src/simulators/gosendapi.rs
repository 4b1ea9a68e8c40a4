//! `GoSendAPI`: its HTTP interface under `/v1/`.

mod call;
mod common;
mod conversations;
mod directory;
mod media;
mod messages;
mod multipart;
mod paging;
mod refusal;
mod request;
mod send;
mod switches;
mod template;
mod templates;
#[cfg(test)]
mod tests;
mod webhook;
mod webhooks;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use self::call::Call;
use self::common::{NAME, NOT_SIMULATED, REFERENCE, processes_inbound};
use self::paging::Page;
use self::refusal::{ErrorFormat, Refusal};
use self::send::send;
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::json::Json;
use crate::core::limiter::{KeyLimit, Limiter, Quota};
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request::{API_KEY, header, is_json, json_of};
use crate::core::request_context::RequestContext;
use crate::core::response::{SimulatedResponse, json_response, set_header};
use crate::core::webhook::{AccountEvent, Failure, MessageEvent, MessageEventKind, Subject, WebhookRules};
use crate::core::world::World;
use crate::simulators::cloud_api::FieldReader;
use crate::simulators::credentials::review_missing;
use crate::simulators::rate_headers::set_rate_headers;
use crate::simulators::seed;

/// Keys, and what each starts with (docs.gosendapi.com/authentication, docs).
const AUTHENTICATION: Source = Source::new("GoSendAPI, Authentication", Certainty::Docs);

/// What keys start with (Authentication, docs).
const LIVE: &str = "gsk_live_";
const SANDBOX: &str = "gsk_test_";

/// The limits of a key by its kind (Rate limits, docs): 10 requests a second and 1,000 a day in the sandbox, else 100,000 a
/// day. How the end of the day shows is not documented: as that of the second (inferred).
fn key_limit(world: &World, key: &str) -> KeyLimit {
    if key.starts_with(SANDBOX) {
        KeyLimit { limiter: Limiter::new(10, Duration::from_secs(1)), per_day: 1_000 }
    } else {
        KeyLimit { limiter: world.account(NAME).limiter.clone(), per_day: 100_000 }
    }
}

/// `GoSendAPI`.
///
/// The order of its checks is ours, since no page states one (inferred): key, rate, content type, JSON, fields, sender,
/// idempotency, template, balance, window.
#[derive(Debug, Clone, Copy, Default)]
pub struct GoSendApi;

impl ProviderSimulator for GoSendApi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches_path(&self, path: &str) -> bool {
        // Exotel's older interface is `/v1/Accounts/`.
        path.starts_with("/v1/") && !path.starts_with("/v1/Accounts/")
    }

    fn paths(&self) -> &'static [&'static str] {
        &[
            "/v1/messages",
            "/v1/messages/{id}",
            "/v1/media",
            "/v1/me",
            "/v1/wabas",
            "/v1/wabas/{id}",
            "/v1/wabas/{id}/phone-numbers",
            "/v1/wabas/{id}/templates",
            "/v1/wabas/{id}/templates/{id}",
            "/v1/wabas/{id}/templates/sync",
            "/v1/conversations",
            "/v1/conversations/{id}",
            "/v1/conversations/{id}/close",
            "/v1/webhooks",
            "/v1/webhooks/{id}",
            "/v1/webhooks/{id}/deliveries",
        ]
    }

    fn seed(&self, world: &mut World) {
        seed::gosendapi(world);
    }

    fn switches(&self) -> &'static [Switch] {
        switches::ALL
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && request.uri().path() == "/v1/messages"
    }

    fn handle(&self, context: RequestContext<'_>) -> SimulatedResponse {
        let (now, request) = (context.now, context.request);
        let mut call = Call { review: FindingCollector::new(context.strict()), world: context, now, request };
        let outcome = call.answer();
        let quota = call.world.quota(NAME);
        let mut response = match outcome {
            Ok(response) => response,
            Err(refusal) if refusal.status == StatusCode::TOO_MANY_REQUESTS => {
                self.rate_limited(&call.world, quota.exhausted(), now)
            }
            Err(refusal) => json_response(refusal.status.as_u16(), &refusal.body(print(&call.world))),
        };
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            set_rate_headers(&mut response, &quota, now);
        }
        call.world.finish(response, call.review.into_findings())
    }

    fn rate_limited(&self, world: &World, quota: Quota, now: SystemTime) -> Response<Bytes> {
        let wait = quota.reset_after_seconds();
        // The documented body has no `error` member (Rate limits, docs).
        let body =
            json!({ "statusCode": 429, "message": "Rate limit exceeded for API key", "retry_after_seconds": wait });
        let mut response = json_response(429, &body);
        if world.switch(NAME, "retry_after") != "off" {
            set_header(&mut response, "retry-after", wait);
        }
        set_rate_headers(&mut response, &quota, now);
        response
    }

    fn has_account_events(&self) -> bool {
        true
    }

    fn account_event(&self, world: &World, bulletin: &AccountEvent<'_>) -> Option<Value> {
        let is_closed_by_hand = matches!(bulletin.about, Subject::Conversation(_, row) if row.is_closed());
        let is_told = !is_closed_by_hand || world.switch(NAME, "close_event") != "off";
        is_told.then(|| webhook::announcement(world, bulletin))
    }

    fn event_name<'a>(&self, payload: &'a Value) -> Option<&'a str> {
        webhook::event_name(payload)
    }

    fn failures(&self) -> &'static [Failure] {
        &webhook::FAILURES
    }

    fn message_event(&self, world: &World, happening: &MessageEvent<'_>) -> Option<Value> {
        // A line that processes nothing inbound has nothing to tell of it (Phone numbers, docs).
        let is_told = !matches!(happening.what, MessageEventKind::Received { .. }) || processes_inbound(world);
        is_told.then(|| webhook::payload(world, happening))
    }

    fn webhook_rules(&self, world: &World) -> WebhookRules {
        webhook::rules(world)
    }
}

/// How the switches want refusals printed.
fn print(world: &World) -> ErrorFormat {
    ErrorFormat {
        code_place: (world.switch(NAME, "specific_code") == "on").then(|| world.switch(NAME, "code_place")),
        message_as_array: world.switch(NAME, "message_as_array") == "on",
    }
}

impl<'a> Call<'a> {
    fn answer(&mut self) -> Result<Response<Bytes>, Refusal> {
        let request = self.request;
        let Some(key) = header(request, API_KEY).filter(|key| !key.is_empty()) else {
            review_missing(request, "X-API-Key", AUTHENTICATION, &mut self.review);
            return Err(Refusal::unauthenticated());
        };
        let is_good = self.world.accepts_credential(key);
        if !key.starts_with(LIVE) && !key.starts_with(SANDBOX) {
            let text = "`X-API-Key` starts with neither `gsk_live_` nor `gsk_test_`";
            if self.world.strict() || self.world.switch(NAME, "key_form") == "held" {
                self.review.refused(text, AUTHENTICATION);
                return Err(Refusal::unauthenticated().with_code("MALFORMED_API_KEY"));
            }
            // Any word is a good key here by intention, so that one which the vendor would refuse is only remarked upon.
            if is_good {
                self.review.note(text, AUTHENTICATION);
            }
        }
        if !is_good {
            return Err(Refusal::unauthenticated());
        }
        // Source: Rate limits (docs): the limit is that of an API key.
        self.world.count_by_key(NAME, key);
        if self.world.switch(NAME, "key_limits") == "on" {
            self.world.limit_to(key_limit(&self.world, key));
        }
        if !self.world.take_quota(NAME).allowed {
            return Err(Refusal::bare(StatusCode::TOO_MANY_REQUESTS));
        }
        let path = self.request.uri().path();
        let segments: Vec<&str> = path.trim_start_matches("/v1/").trim_end_matches('/').split('/').collect();
        let page = Page::of(self.request, &mut self.review);
        match (self.request.method().as_str(), segments.as_slice()) {
            ("POST", ["messages"]) => send(self),
            ("POST", ["media"]) => media::upload(self),
            ("GET", ["messages"]) => Ok(messages::list(&self.world, self.now, page?)),
            ("GET", ["messages", id]) => single(messages::find(&self.world, self.now, id), "Message"),
            ("GET", ["me"]) => Ok(json_response(200, &directory::me(&self.world))),
            ("GET", ["wabas"]) => Ok(page?.print(directory::wabas(&self.world))),
            ("GET", ["wabas", id]) => single(directory::waba(&self.world, id), "WABA"),
            ("GET", ["wabas", id, "phone-numbers"]) => {
                single_page(page, directory::waba(&self.world, id).map(|_| directory::phone_numbers(&self.world)))
            }
            ("GET", ["wabas", id, "templates"]) => {
                single_page(page, directory::waba(&self.world, id).map(|_| templates::list(&self.world)))
            }
            ("POST" | "DELETE", ["wabas", id, "templates", ..]) if directory::waba(&self.world, id).is_none() => {
                Err(Refusal::not_found("WABA"))
            }
            ("POST", ["wabas", _, "templates"]) => templates::submit(self),
            ("POST", ["wabas", _, "templates", "sync"]) => Ok(templates::sync(self)),
            ("DELETE", ["wabas", _, "templates", id]) => templates::delete(self, id),
            ("GET", ["conversations"]) => conversations::list(self, page?),
            ("GET", ["conversations", id]) => single(conversations::find(&self.world, id, self.now), "Conversation"),
            ("POST", ["conversations", id, "close"]) => conversations::close(self, id),
            ("GET", ["webhooks"]) => Ok(webhooks::list(self, page?)),
            ("POST", ["webhooks"]) => webhooks::create(self),
            ("PATCH", ["webhooks", id]) => webhooks::change(self, id),
            ("DELETE", ["webhooks", id]) => webhooks::delete(self, id),
            ("GET", ["webhooks", id, "deliveries"]) => webhooks::deliveries(self, id, page?),
            (method, _) => {
                let text = format!("`{method} {path}` is not simulated by this mock");
                self.review.refused(text.clone(), NOT_SIMULATED);
                Err(Refusal::new(StatusCode::NOT_FOUND, text))
            }
        }
    }

    fn api_key(&self) -> Option<&str> {
        header(self.request, API_KEY)
    }

    /// The body as JSON. What `curl -d` sends without a header is read anyway, because a sample of the vendor
    /// does so; the API Reference would have it refused.
    fn json(&mut self) -> Result<Json<'a>, Refusal> {
        if !is_json(self.request) {
            let form = header(self.request, CONTENT_TYPE)
                .is_none_or(|value| value.starts_with("application/x-www-form-urlencoded"));
            let text = "`Content-Type` is not `application/json`";
            if !form || self.review.must_refuse(text, REFERENCE) {
                if !form {
                    self.review.refused(text, REFERENCE);
                }
                return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type"));
            }
        }
        json_of(self.request.body()).map_err(|error| {
            self.review.refused(format!("the body is no JSON: {error}"), REFERENCE);
            Refusal::new(StatusCode::BAD_REQUEST, "Request body is not valid JSON")
        })
    }

    /// Reads a body with `read`; what is sloppy in it is noted, what is wrong is refused.
    fn read<'b, T>(
        &mut self,
        body: &'b Json<'b>,
        page: Source,
        read: impl FnOnce(&mut FieldReader, &'b Json<'b>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut form = FieldReader::default();
        let read = read(&mut form, body);
        let refuse = form.report(&mut self.review, page);
        match read {
            Ok(_) if refuse => Err(Refusal::new(StatusCode::BAD_REQUEST, "Request is not as documented")),
            Ok(read) => Ok(read),
            Err(refusal) => {
                self.review.refused(refusal.message.clone(), refusal.source.unwrap_or(page));
                Err(refusal)
            }
        }
    }
}

/// One bare object, or a 404 that names what was looked for.
fn single(found: Option<Value>, what: &str) -> Result<Response<Bytes>, Refusal> {
    found.map(|found| json_response(200, &found)).ok_or_else(|| Refusal::not_found(what))
}

/// A list that belongs to a business account, or a 404.
fn single_page(page: Result<Page, Refusal>, rows: Option<Vec<Value>>) -> Result<Response<Bytes>, Refusal> {
    rows.map_or_else(|| Err(Refusal::not_found("WABA")), |rows| Ok(page?.print(rows)))
}
