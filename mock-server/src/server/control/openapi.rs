//! `openapi.json`: the control plane's own description, from the types that its calls take and give.

#![allow(dead_code, reason = "the functions and some of the types stand for calls and answers in the document alone")]

mod schemas;

use bytes::Bytes;
use http::Response;
use utoipa::OpenApi;

use crate::control::{
    ClockChange, ClockState, ClockTurn, Config, ConfigChange, ConversationLog, DeliveryFilter, FaultRule,
    InboundMessage, Matches, MessageFilter, NewSender, NewTemplate, NewWebhook, NotYet, RateLimit, RateLimitChange,
    RateLimitUse, Received, RequestFilter, SenderId, SenderState, TemplateName, TemplateState, WaitFor, Webhook,
};
use crate::core::response::json_response;
use schemas::{
    AttemptLine, ChangedAccounts, Forgotten, HeldLine, Imported, MessageLine, OneOrManyFaults, Problem, ProviderFilter,
    Queued, Redelivery, Release, Released, RequestLine, ResetDone, WaitingLine,
};

#[derive(OpenApi)]
#[openapi(
    components(schemas(WaitFor)),
    info(title = "Control plane of the Transom mock", version = "1", description = ABOUT),
    servers((url = "/", description = "The mock that serves this document.")),
    paths(
        change_reset,
        show_clock,
        change_clock,
        change_inbound,
        show_conversations,
        show_messages,
        show_requests,
        remove_requests,
        show_requests_har,
        show_requests_curl,
        show_wait,
        show_limits,
        change_limits,
        show_config,
        change_config,
        show_faults,
        change_faults,
        remove_faults,
        show_gates,
        change_gates,
        remove_gates,
        show_webhooks,
        change_webhooks,
        remove_webhooks,
        show_webhooks_deliveries,
        change_webhooks_redeliver,
        show_state,
        put_state,
        show_events,
        show_openapi_json,
        show_namespaces,
        remove_namespaces,
        show_webhooks_waiting,
        show_templates,
        change_templates,
        remove_templates,
        show_senders,
        change_senders,
        remove_senders,
    )
)]
struct Document;

const ABOUT: &str = "What tests and scripts steer the mock with. The providers' own paths beside it are theirs and not described here. Every answer carries the virtual time in `Date`. A call that is refused changes nothing. A call under `/_ns/NAME/_mock/` is for the namespace of that name; a namespace has events and a console (`/_ns/NAME/`) of its own; `GET /_mock/namespaces` lists them and `DELETE /_mock/namespaces?name=` forgets one. A mock with a token asks for it on every call, as `X-Mock-Token` or as a bearer token, and else answers 401.";

const EVENTS: &str = r#"Server-sent events. The first is `hello` with the clock. Each has an `id`; with `Last-Event-ID` a listener goes on where it stopped, or gets a `reset` if that is too long ago. Who reads too slowly is cut off. While anybody listens, answers of the control plane carry in `x-transom-event` the id of the last event whose effect they include.

| event | data |
|---|---|
| `hello`, `clock` | as `GET /_mock/clock` |
| `inbound` | a customer's message, with the `window` it opened |
| `message` | a line of the ledger, with the `window` |
| `status` | `message_id`, `status`, `at`, and why if it failed |
| `request` | as in `GET /_mock/requests` |
| `webhook` | as in `GET /_mock/webhooks/deliveries` |
| `faults` | as `GET /_mock/faults` |
| `config` | `{"call"}`: something was changed by this call |
| `reset` | `{"reason": "reset" \| "import" \| "gap"}`: look at everything afresh |"#;

pub(super) fn document() -> Response<Bytes> {
    // A document always serialises.
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    if let Some(version) = document.get_mut("openapi") {
        *version = "3.1.1".into();
    }
    json_response(200, &document)
}

#[utoipa::path(
    post,
    path = "/_mock/reset",
    operation_id = "change_reset",
    summary = "The seeded world again",
    description = "Clock at real time and running; no faults, webhooks, journal; default switches and limits.",
    request_body(content = Object, examples(("all" = (summary = "Everything", value = json!({}))))),
    responses((status = 200, description = "Done.", body = ResetDone), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_reset() {}

#[utoipa::path(
    get,
    path = "/_mock/clock",
    operation_id = "show_clock",
    summary = "The virtual time",
    responses((status = 200, description = "Done.", body = ClockState), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_clock() {}

#[utoipa::path(
    post,
    path = "/_mock/clock",
    operation_id = "change_clock",
    summary = "Turn the clock",
    description = "Sets, then advances, then freezes or lets go; at least one of the three.",
    request_body(content = ClockChange, examples(("advance" = (summary = "A day and an hour later", value = json!({"advance": "25h"}))), ("set" = (summary = "A time", value = json!({"set": "2026-05-11T09:00:00Z"}))), ("freeze" = (summary = "Standing still", value = json!({"freeze": true}))), ("next" = (summary = "Whatever falls due next", value = json!({"advance": "next"}))))),
    responses((status = 200, description = "Done.", body = ClockTurn), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_clock() {}

#[utoipa::path(
    post,
    path = "/_mock/inbound",
    operation_id = "change_inbound",
    summary = "A customer writes",
    description = "Opens or renews the window, and calls the webhook where the provider has one for it.",
    request_body(content = InboundMessage, examples(("text" = (summary = "A text", value = json!({"provider": "exotel", "from": "+919876543210", "text": "hi"}))), ("button" = (summary = "A choice", value = json!({"provider": "gosendapi", "from": "+34600111222", "name": "Ana", "content": {"type": "button_reply", "id": "yes", "title": "Yes"}}))), ("raw" = (summary = "A type that is not checked", value = json!({"provider": "gosendapi", "from": "+34600111222", "raw": {"type": "order", "order": {"catalog_id": "1"}}}))))),
    responses((status = 200, description = "Done.", body = Received), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_inbound() {}

#[utoipa::path(
    get,
    path = "/_mock/conversations",
    operation_id = "show_conversations",
    summary = "What customers and businesses wrote to each other",
    description = "What customers wrote is kept with the last 10,000 messages of both sides, and not in the state.",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<ConversationLog>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_conversations() {}

#[utoipa::path(
    get,
    path = "/_mock/messages",
    operation_id = "show_messages",
    summary = "The ledger: every message that reached a person",
    params(MessageFilter),
    responses((status = 200, description = "Done.", body = Vec<MessageLine>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_messages() {}

#[utoipa::path(
    get,
    path = "/_mock/requests",
    operation_id = "show_requests",
    summary = "The journal: every request to a provider and its answer",
    params(RequestFilter),
    responses((status = 200, description = "Done.", body = Vec<RequestLine>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_requests() {}

#[utoipa::path(
    delete,
    path = "/_mock/requests",
    operation_id = "remove_requests",
    summary = "Forgets the journal",
    description = "What the requests did stays, and the numbers of what comes go on.",
    responses((status = 200, description = "Done.", body = Forgotten), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_requests() {}

#[utoipa::path(
    get,
    path = "/_mock/requests/har",
    operation_id = "show_requests_har",
    summary = "The journal as an HTTP Archive",
    description = "Credentials are masked; times on the way are 0.",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Object), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_requests_har() {}

#[utoipa::path(
    get,
    path = "/_mock/requests/curl",
    operation_id = "show_requests_curl",
    summary = "The journal as a script of curl commands",
    description = "Each request as it was put, to the host that this is asked of. Credentials are masked.",
    params(ProviderFilter),
    responses((status = 200, description = "The script.", body = String, content_type = "text/plain; charset=utf-8"), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_requests_curl() {}

#[utoipa::path(
    get,
    path = "/_mock/wait",
    operation_id = "show_wait",
    summary = "Wait until something has happened",
    description = "Answers at once if enough has happened after `since`, else as soon as it has. Beside these parameters `request` can be narrowed by `method`, `path`, `status`, `body`, `response` and `fault`, `message` by `message_id`, `from`, `to`, `reference` and `content`, `delivery` by `url`, `attempt`, `status` and `body`, `gate`, an answer that is held, by `gate`, `inbound` by `message_id`, `from`, `to`, `content` and `name`, and `status` by `message_id`, `from`, `to`, `reference` and `status`.",
    params(("for" = Option<WaitFor>, Query, description = "What to wait for.", example = json!("message")), ProviderFilter, ("since" = Option<u64>, Query, description = "Only what came after the one of this number, such as the `last` of an earlier answer; of a `status` the number is its message's.", example = json!(0)), ("count" = Option<u64>, Query, description = "How many must match.", example = json!(1)), ("timeout" = Option<String>, Query, description = "How long to wait, in real time; at most 10 min.", example = json!("5s")), ("path" = Option<String>, Query, description = "Of a request: holds this.", example = json!("/messages")), ("status" = Option<u64>, Query, description = "Of a request: the answer's.", example = json!(202))),
    responses((status = 200, description = "Done.", body = Matches), (status = 504, description = "Too little happened in time.", body = NotYet), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_wait() {}

#[utoipa::path(
    get,
    path = "/_mock/limits",
    operation_id = "show_limits",
    summary = "The rate limits, with what is left of each",
    description = "Where a provider counts by key or account, each has a bucket of its own once it has asked.",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<RateLimitUse>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_limits() {}

#[utoipa::path(
    post,
    path = "/_mock/limits",
    operation_id = "change_limits",
    summary = "A provider's rate limit",
    request_body(content = RateLimitChange, examples(("tight" = (summary = "Two in five minutes", value = json!({"provider": "messangi", "limit": 2, "window_s": 300}))), ("off" = (summary = "No limit", value = json!({"provider": "messangi", "limit": null}))))),
    responses((status = 200, description = "Done.", body = RateLimit), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_limits() {}

#[utoipa::path(
    get,
    path = "/_mock/config",
    operation_id = "show_config",
    summary = "Every switch with its source, and every account",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Config), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_config() {}

#[utoipa::path(
    post,
    path = "/_mock/config",
    operation_id = "change_config",
    summary = "Change switches, a balance, a sender or a template",
    description = "Members that are none of these are switches; `GET` lists them.",
    request_body(content = ConfigChange, examples(("switch" = (summary = "A window error told by callback", value = json!({"provider": "exotel", "window_error": "callback"}))), ("sender" = (summary = "A sender that is offline", value = json!({"provider": "autocalls", "sender": "12", "online": false}))), ("balance" = (summary = "Nothing left to spend", value = json!({"provider": "autocalls", "balance": 0}))), ("template" = (summary = "A template that is paused", value = json!({"provider": "exotel", "template": "visit_reminder", "status": "paused"}))))),
    responses((status = 200, description = "Done.", body = ChangedAccounts), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_config() {}

#[utoipa::path(
    get,
    path = "/_mock/faults",
    operation_id = "show_faults",
    summary = "The faults that are switched on",
    responses((status = 200, description = "Done.", body = Vec<FaultRule>), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_faults() {}

#[utoipa::path(
    post,
    path = "/_mock/faults",
    operation_id = "change_faults",
    summary = "Switch faults on",
    description = "Appended; the first that matches a request decides.",
    request_body(content = OneOrManyFaults, examples(("lost" = (summary = "Two messages taken, their answers lost", value = json!([{"provider": "exotel", "fault": "lose_reply", "next": 2}]))), ("late" = (summary = "Every third answer late", value = json!({"provider": "gosendapi", "fault": "delay", "ms": 1500, "every": 3}))), ("refused" = (summary = "A status, on every request", value = json!({"provider": "messangi", "fault": "status", "status": 503, "always": true, "on": "any"}))), ("failing" = (summary = "Taken, and then failed by callback", value = json!({"provider": "autocalls", "fault": "fail_later", "code": 63016, "next": 1}))))),
    responses((status = 200, description = "Done.", body = Vec<FaultRule>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_faults() {}

#[utoipa::path(
    delete,
    path = "/_mock/faults",
    operation_id = "remove_faults",
    summary = "Switch one fault off, or all",
    params(("id" = Option<u64>, Query, description = "The one to switch off, by its `id`; without it all.", example = json!(1))),
    responses((status = 200, description = "Done.", body = Vec<FaultRule>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_faults() {}

#[utoipa::path(
    get,
    path = "/_mock/gates",
    operation_id = "show_gates",
    summary = "The answers that faults of kind `gate` hold",
    responses((status = 200, description = "Done.", body = Vec<HeldLine>), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_gates() {}

#[utoipa::path(
    post,
    path = "/_mock/gates",
    operation_id = "change_gates",
    summary = "Let answers of a gate go",
    request_body(content = Release, examples(("all" = (summary = "All of a gate", value = json!({"release": "gate"}))), ("one" = (summary = "The oldest", value = json!({"release": "gate", "count": 1}))))),
    responses((status = 200, description = "Done.", body = Released), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_gates() {}

#[utoipa::path(
    delete,
    path = "/_mock/gates",
    operation_id = "remove_gates",
    summary = "Let every held answer go",
    responses((status = 200, description = "Done.", body = Released), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_gates() {}

#[utoipa::path(
    get,
    path = "/_mock/webhooks",
    operation_id = "show_webhooks",
    summary = "The registered webhooks, without their secrets",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<Webhook>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_webhooks() {}

#[utoipa::path(
    post,
    path = "/_mock/webhooks",
    operation_id = "change_webhooks",
    summary = "Register a provider's webhook, in place of its former one",
    request_body(content = NewWebhook, examples(("signed" = (summary = "With a secret", value = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "s3cret"}))), ("troubled" = (summary = "Each call twice and the newest status first", value = json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook", "secret": "s3cret", "copies": 2, "reorder": true}))), ("sink" = (summary = "Only logged", value = json!({"provider": "gosendapi", "sink": true}))), ("late" = (summary = "Late, and each third one lost", value = json!({"provider": "messangi", "url": "http://127.0.0.1:9000/hook", "delay": "5s", "lose_every": 3}))), ("announcements" = (summary = "Conversations and templates, too", value = json!({"provider": "gosendapi", "url": "http://127.0.0.1:9000/hook", "announcements": true}))))),
    responses((status = 200, description = "Done.", body = Webhook), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_webhooks() {}

#[utoipa::path(
    delete,
    path = "/_mock/webhooks",
    operation_id = "remove_webhooks",
    summary = "Remove a provider's webhook, or all",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<Webhook>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_webhooks() {}

#[utoipa::path(
    get,
    path = "/_mock/webhooks/deliveries",
    operation_id = "show_webhooks_deliveries",
    summary = "Every try to deliver, with what the target answered",
    params(DeliveryFilter),
    responses((status = 200, description = "Done.", body = Vec<AttemptLine>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_webhooks_deliveries() {}

#[utoipa::path(
    post,
    path = "/_mock/webhooks/redeliver",
    operation_id = "change_webhooks_redeliver",
    summary = "Make a call once more",
    request_body(content = Redelivery, examples(("first" = (summary = "That of the first try", value = json!({"number": 1}))))),
    responses((status = 200, description = "Done.", body = Queued), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_webhooks_redeliver() {}

#[utoipa::path(
    get,
    path = "/_mock/state",
    operation_id = "show_state",
    summary = "The whole state",
    responses((status = 200, description = "Done.", body = Object), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_state() {}

#[utoipa::path(
    put,
    path = "/_mock/state",
    operation_id = "put_state",
    summary = "Put a state back in",
    description = "All of it, or nothing if any of it is wrong. The journal and webhooks stay as they are.",
    request_body(content = Object),
    responses((status = 200, description = "Done.", body = Imported), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn put_state() {}

#[utoipa::path(
    get,
    path = "/_mock/events",
    operation_id = "show_events",
    summary = "What happens, as it happens",
    description = EVENTS,
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was heard.")),
    responses((status = 200, description = "The events.", body = String, content_type = "text/event-stream"), (status = 503, description = "Too many listen already.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_events() {}

#[utoipa::path(
    get,
    path = "/_mock/openapi.json",
    operation_id = "show_openapi_json",
    summary = "This document",
    responses((status = 200, description = "Done.", body = Object), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_openapi_json() {}

#[utoipa::path(
    get,
    path = "/_mock/namespaces",
    operation_id = "show_namespaces",
    summary = "The namespaces that there are",
    responses((status = 200, description = "Done.", body = Vec<String>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_namespaces() {}

#[utoipa::path(
    delete,
    path = "/_mock/namespaces",
    operation_id = "remove_namespaces",
    summary = "Forget a namespace, or all",
    params(("name" = Option<String>, Query, description = "The one to forget; without it all.")),
    responses((status = 200, description = "Done.", body = Vec<String>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_namespaces() {}

#[utoipa::path(
    get,
    path = "/_mock/webhooks/waiting",
    operation_id = "show_webhooks_waiting",
    summary = "The webhook calls that wait to be made",
    params(DeliveryFilter),
    responses((status = 200, description = "Done.", body = Vec<WaitingLine>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_webhooks_waiting() {}

#[utoipa::path(
    get,
    path = "/_mock/templates",
    operation_id = "show_templates",
    summary = "The templates of each provider",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<TemplateState>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_templates() {}

#[utoipa::path(
    post,
    path = "/_mock/templates",
    operation_id = "change_templates",
    summary = "Add a template",
    description = "Its parameters are the placeholders of its body.",
    request_body(content = NewTemplate, examples(("approved" = (summary = "One that may be sent at once", value = json!({"provider": "gosendapi", "name": "order_ready", "language": "en", "body": "Your order {{1}} is ready."}))))),
    responses((status = 200, description = "Done.", body = TemplateState), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_templates() {}

#[utoipa::path(
    delete,
    path = "/_mock/templates",
    operation_id = "remove_templates",
    summary = "Remove a template",
    description = "In `language`, or in every one.",
    params(TemplateName),
    responses((status = 200, description = "Done.", body = Vec<TemplateState>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_templates() {}

#[utoipa::path(
    get,
    path = "/_mock/senders",
    operation_id = "show_senders",
    summary = "The senders of each provider",
    params(ProviderFilter),
    responses((status = 200, description = "Done.", body = Vec<SenderState>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn show_senders() {}

#[utoipa::path(
    post,
    path = "/_mock/senders",
    operation_id = "change_senders",
    summary = "Add a sender",
    request_body(content = NewSender, examples(("second" = (summary = "A second number", value = json!({"provider": "autocalls", "id": "77", "phone": "+12025550143", "name": "Harbour Clinic"}))))),
    responses((status = 200, description = "Done.", body = SenderState), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn change_senders() {}

#[utoipa::path(
    delete,
    path = "/_mock/senders",
    operation_id = "remove_senders",
    summary = "Remove a sender",
    params(SenderId),
    responses((status = 200, description = "Done.", body = Vec<SenderState>), (status = 400, description = "The call is wrong; nothing has changed.", body = Problem), (status = 403, description = "The caller is a web page of another origin.", body = Problem))
)]
fn remove_senders() {}

#[cfg(test)]
mod tests;
