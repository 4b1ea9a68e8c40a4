//! Autocalls: JSON under `/api/user/`, bearer keys, integer ids.

mod common;
mod fields;
mod history;
mod lists;
mod refusal;
mod send;
mod session;
mod switches;
mod webhook;

use std::time::SystemTime;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use self::common::{FRAMEWORK, NAME, SESSION_PAGE, TEMPLATE_PAGE};
use self::refusal::unauthenticated;
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::limiter::Quota;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request::{bearer_token, header};
use crate::core::request_context::RequestContext;
use crate::core::response::{SimulatedResponse, html_response, json_response, set_header};
use crate::core::webhook::{Failure, MessageEvent, WebhookRules};
use crate::core::world::World;
use crate::simulators::credentials::{review_idempotency, review_missing};
use crate::simulators::rate_headers::set_rate_headers;
use crate::simulators::seed;

/// The Autocalls HTTP interface. Sources: Get Session Status, Send Freeform Message (seed); Send Template Message, Get
/// Senders, Get Templates, List Conversations, Get current user (docs).
#[derive(Debug, Clone, Copy, Default)]
pub struct Autocalls;

impl ProviderSimulator for Autocalls {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches_path(&self, path: &str) -> bool {
        path.starts_with("/api/user/") || path.starts_with(history::PATH)
    }

    fn paths(&self) -> &'static [&'static str] {
        &[
            "/api/user/whatsapp/send-freeform",
            "/api/user/whatsapp/send",
            "/api/user/whatsapp/session-status",
            "/api/user/whatsapp/senders",
            "/api/user/whatsapp/senders/{id}/templates",
            "/api/user/conversations",
            "/api/user/me",
        ]
    }

    fn seed(&self, world: &mut World) {
        seed::autocalls(world);
    }

    fn switches(&self) -> &'static [Switch] {
        switches::ALL
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST
            && matches!(request.uri().path(), "/api/user/whatsapp/send-freeform" | "/api/user/whatsapp/send")
    }

    fn handle(&self, mut context: RequestContext<'_>) -> SimulatedResponse {
        let request = context.request;
        let mut review = FindingCollector::new(context.strict());
        let wants_json = header(request, ACCEPT).is_some_and(|accept| accept.contains("application/json"));
        if !wants_json {
            review.note(
                "no `Accept: application/json`; such a framework may answer errors with a page or a redirect",
                FRAMEWORK,
            );
        }
        let mut response = self.respond(&mut context, &mut review);
        if !wants_json && response.status().as_u16() >= 400 {
            response = without_json(&context, response);
        }
        context.finish(response, review.into_findings())
    }

    fn rate_limited(&self, world: &World, quota: Quota, now: SystemTime) -> Response<Bytes> {
        let mut response = json_response(429, &json!({"message": "Too Many Attempts."}));
        if world.switch(NAME, "rate_limit_headers") == "on" {
            set_header(&mut response, "retry-after", quota.reset_after_seconds());
            set_rate_headers(&mut response, &quota, now);
        }
        response
    }

    fn failures(&self) -> &'static [Failure] {
        &webhook::FAILURES
    }

    fn message_event(&self, world: &World, happening: &MessageEvent<'_>) -> Option<Value> {
        webhook::payload(world, happening)
    }

    fn webhook_rules(&self, _: &World) -> WebhookRules {
        webhook::rules()
    }
}

impl Autocalls {
    /// The order of checks is ours, for the pages state none: key, rate, fields, sender, phone, template, sender online,
    /// balance, window.
    fn respond(self, world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Response<Bytes> {
        let (now, request) = (world.now, world.request);
        let path = request.uri().path();
        if path.starts_with(history::PATH) && request.method() == Method::GET {
            return history::show(world, request);
        }
        let call = path.strip_prefix("/api/user/").unwrap_or_default();
        let Some(call) = Call::read(call) else {
            review_wrong_path(call, request, review);
            return json_response(
                404,
                &json!({"message": format!("The route {} could not be found.", path.trim_start_matches('/'))}),
            );
        };
        let expected = if call.is_post() { Method::POST } else { Method::GET };
        if request.method() != expected {
            let message = format!(
                "The {} method is not supported for this route. Supported methods: {expected}.",
                request.method()
            );
            review.refused(format!("the method is {}, expected {expected}", request.method()), FRAMEWORK);
            let mut response = json_response(405, &json!({"message": message}));
            set_header(&mut response, "allow", expected);
            return response;
        }
        let token = bearer_token(request).filter(|token| !token.is_empty());
        if token.is_none() {
            review_missing(request, "Authorization: Bearer", SESSION_PAGE, review);
        }
        if !token.is_some_and(|token| world.accepts_credential(token)) {
            return json_response(401, &unauthenticated(world));
        }
        if call.is_post() {
            if !world.take_quota(NAME).allowed {
                return self.rate_limited(world, world.quota(NAME).exhausted(), now);
            }
            review_idempotency(request, FRAMEWORK, review);
        }
        match call {
            Call::Freeform => send::freeform(world, review).unwrap_or_else(|refusal| *refusal),
            Call::Template => send::template(world, review).unwrap_or_else(|refusal| *refusal),
            Call::SessionStatus => session::status(world, now, request, review).unwrap_or_else(|refusal| *refusal),
            Call::Senders => lists::senders(world, request, review),
            Call::Templates(sender) => lists::templates(world, sender, request, review),
            Call::Conversations => lists::conversations(world, request, review),
            Call::Me => lists::me(world),
        }
    }
}

/// An error as such a framework tells it to a browser, if the switch says so.
fn without_json(world: &World, response: Response<Bytes>) -> Response<Bytes> {
    match world.switch(NAME, "without_accept") {
        "page" => {
            let status = response.status();
            let page = format!("<!DOCTYPE html><html><head><title>{status}</title></head><body>{status}</body></html>");
            html_response(status.as_u16(), page)
        }
        "redirect" => {
            let mut redirect = html_response(302, "<!DOCTYPE html><html><body>Redirecting to /login</body></html>");
            set_header(&mut redirect, "location", "/login");
            redirect
        }
        _ => response,
    }
}

/// Remarks on a path that is no call, with the one that is meant where third parties' notes have a wrong one.
fn review_wrong_path(call: &str, request: &Request<Bytes>, review: &mut FindingCollector) {
    let (right, page) = match call {
        "whatsapp/send-template" => ("POST /api/user/whatsapp/send", TEMPLATE_PAGE),
        _ if call == "whatsapp/templates" || call.starts_with("whatsapp/templates/") => {
            ("GET /api/user/whatsapp/senders/{sender_id}/templates", Source::new("Get Templates", Certainty::Docs))
        }
        _ => {
            let path = request.uri().path();
            review.refused(format!("`{} {path}` is no call of the pages", request.method()), FRAMEWORK);
            return;
        }
    };
    review.refused(format!("`/api/user/{call}` is no call of the pages, which have `{right}`"), page);
}

/// The calls there are, by their path.
enum Call<'a> {
    Freeform,
    Template,
    SessionStatus,
    Senders,
    Templates(&'a str),
    Conversations,
    Me,
}

impl<'a> Call<'a> {
    fn read(path: &'a str) -> Option<Self> {
        Some(match path {
            "whatsapp/send-freeform" => Self::Freeform,
            "whatsapp/send" => Self::Template,
            "whatsapp/session-status" => Self::SessionStatus,
            "whatsapp/senders" => Self::Senders,
            "conversations" => Self::Conversations,
            "me" => Self::Me,
            _ => {
                let sender = path.strip_prefix("whatsapp/senders/")?.strip_suffix("/templates")?;
                let is_number = !sender.is_empty() && sender.bytes().all(|byte| byte.is_ascii_digit());
                is_number.then_some(Self::Templates(sender))?
            }
        })
    }

    fn is_post(&self) -> bool {
        matches!(self, Self::Freeform | Self::Template)
    }
}

#[cfg(test)]
mod tests;
