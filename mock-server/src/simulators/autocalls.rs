//! Autocalls: JSON under `/api/user/`, bearer keys, integer ids.

mod api_keys;
mod assistants;
mod calls;
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

use self::calls::Call;
use self::common::{FRAMEWORK, NAME, SESSION_PAGE};
use self::refusal::unauthenticated;
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::limiter::Quota;
use crate::core::not_found;
use crate::core::provider_simulator::ProviderSimulator;
use crate::core::request::{bearer_token, header};
use crate::core::request_context::RequestContext;
use crate::core::response::{SimulatedResponse, html_response, json_response, set_header};
use crate::core::webhook::{AccountEvent, Failure, MessageEvent, WebhookRules};
use crate::core::world::World;
use crate::simulators::credentials::{review_idempotency, review_missing};
use crate::simulators::rate_headers::set_rate_headers;
use crate::simulators::seed;

const PATH: &str = "/api/";
const OWN_LIMITS: Source = Source::new("Transom's mock, which has a part of the provider's calls", Certainty::Inferred);

/// The Autocalls HTTP interface. Sources: Get Session Status, Send Freeform Message (seed); Send Template Message, Get
/// Senders, Get Templates, List Conversations, Get Conversation, Disable AI, Enable conversation ended webhook, Create API key,
/// Get current user (docs).
#[derive(Debug, Clone, Copy, Default)]
pub struct Autocalls;

impl ProviderSimulator for Autocalls {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches_path(&self, path: &str) -> bool {
        path.starts_with(PATH)
    }

    fn paths(&self) -> &'static [&'static str] {
        &[
            "/api/user/whatsapp/send-freeform",
            "/api/user/whatsapp/send",
            "/api/user/whatsapp/session-status",
            "/api/user/whatsapp/senders",
            "/api/user/whatsapp/senders/{id}/templates",
            "/api/user/conversations",
            "/api/user/assistants/enable-conversation-ended-webhook",
            "/api/user/assistants/disable-conversation-ended-webhook",
            "/api/user/api-keys",
            "/api/user/api-keys/{id}",
            "/api/user/me",
            "/api/conversations/{uuid}",
            "/api/automate/conversations/{uuid}/enable-ai",
            "/api/automate/conversations/{uuid}/disable-ai",
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

    /// A chat that went idle has ended, by the words of this provider.
    fn has_account_events(&self) -> bool {
        true
    }

    fn account_event(&self, world: &World, event: &AccountEvent<'_>) -> Option<Value> {
        webhook::conversation_ended(world, event)
    }

    fn account_event_rules(&self, _: &World) -> WebhookRules {
        webhook::conversation_ended_rules()
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
        let call = request.uri().path().strip_prefix(PATH).and_then(Call::read);
        let Some(call) = call.filter(|call| call.is_there(world)) else {
            return self.not_simulated(request, review);
        };
        let methods = call.methods();
        if !methods.contains(&request.method().as_str()) {
            return wrong_method(request, methods, review);
        }
        match call {
            // Two groups of calls with refusals of their own.
            Call::Conversation(uuid) => return history::show(world, request, uuid),
            Call::Ai(uuid, enable) => return assistants::switch_ai(world, request, uuid, enable),
            _ => {}
        }
        let token = bearer_token(request).filter(|token| !token.is_empty());
        if token.is_none() {
            review_missing(request, "Authorization: Bearer", SESSION_PAGE, review);
        }
        if !token.is_some_and(|token| api_keys::accepts(world, token)) {
            return json_response(401, &unauthenticated(world));
        }
        if call.is_send() {
            if !world.take_quota(NAME).allowed {
                return self.rate_limited(world, world.quota(NAME).exhausted(), now);
            }
            review_idempotency(request, FRAMEWORK, review);
        }
        let answer = match call {
            Call::Freeform => send::freeform(world, review),
            Call::Template => send::template(world, review),
            Call::SessionStatus => session::status(world, now, request, review),
            Call::Senders => Ok(lists::senders(world, request, review)),
            Call::Templates(sender) => Ok(lists::templates(world, sender, request, review)),
            Call::TemplatesOfSender => lists::templates_of_sender(world, request, review),
            Call::Conversations => Ok(lists::conversations(world, request, review)),
            Call::ApiKeys => api_keys::all(world, review),
            Call::ApiKey(id) => Ok(api_keys::remove(world, id)),
            Call::ConversationEnded(enable) => assistants::webhook(world, enable, review),
            Call::Me | Call::Conversation(_) | Call::Ai(..) => Ok(lists::me(world)),
        };
        answer.unwrap_or_else(|refusal| *refusal)
    }

    fn not_simulated(self, request: &Request<Bytes>, review: &mut FindingCollector) -> Response<Bytes> {
        let path = request.uri().path();
        let words = match Call::meant(path) {
            Some(meant) => {
                format!("`{} {path}` is not simulated by this mock; did you mean `{meant}`?", request.method())
            }
            None => not_found::not_simulated(self.paths(), request.method(), path),
        };
        review.refused(words.clone(), OWN_LIMITS);
        json_response(404, &json!({"message": words}))
    }
}

fn wrong_method(request: &Request<Bytes>, methods: &[&str], review: &mut FindingCollector) -> Response<Bytes> {
    let (given, expected) = (request.method(), methods.join(", "));
    let message = format!("The {given} method is not supported for this route. Supported methods: {expected}.");
    review.refused(format!("the method is {given}, expected {expected}"), FRAMEWORK);
    let mut response = json_response(405, &json!({"message": message}));
    set_header(&mut response, "allow", expected);
    response
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

#[cfg(test)]
mod tests;
