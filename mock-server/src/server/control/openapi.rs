//! What `openapi.json` says of the whole, and the types of calls and answers that no typed method has.

#![allow(dead_code, reason = "some types stand for answers in the document alone")]

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use crate::control::read::whole_number;
use crate::control::{AccountState, NewFault, Time, WaitFor};

/// The whole document as JSON.
#[derive(Clone)]
pub(super) struct DocumentText(pub(super) Arc<str>);

/// The document without its calls, each of which describes itself.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem, WaitFor)),
    info(title = "Control plane of the Transom mock", version = "1", description = ABOUT),
    servers((url = "/", description = "The mock that serves this document."))
)]
pub(super) struct Document;

const ABOUT: &str = "What tests and scripts steer the mock with. The providers' own paths beside it are theirs and not described here. Every answer carries the virtual time in `Date`. A call that is refused changes nothing. A call under `/_ns/NAME/_mock/` is for the namespace of that name; a namespace has events and a console (`/_ns/NAME/`) of its own; `GET /_mock/namespaces` lists them and `DELETE /_mock/namespaces?name=` forgets one. A mock with a token asks for it on every call, as `X-Mock-Token` or as a bearer token, and else answers 401.";

pub(super) const EVENTS: &str = r#"Server-sent events. The first is `hello` with the clock. Each has an `id`; with `Last-Event-ID` a listener goes on where it stopped, or gets a `reset` if that is too long ago. Who reads too slowly is cut off. While anybody listens, answers of the control plane carry in `x-transom-event` the id of the last event whose effect they include.

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

/// A refusal.
#[derive(ToSchema)]
pub(super) struct Problem {
    /// The wrong part, and the expected form.
    error: String,
}

/// The calls that can be wrong.
#[derive(IntoResponses)]
pub(super) enum Refusals {
    /// The call is wrong; nothing has changed.
    #[response(status = 400)]
    Wrong(Problem),
    /// The caller is a web page of another origin.
    #[response(status = 403)]
    ForeignPage(Problem),
}

/// The calls that nothing can be wrong with.
#[derive(IntoResponses)]
pub(super) enum ForeignPage {
    /// The caller is a web page of another origin.
    #[response(status = 403)]
    Refused(Problem),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Nothing {}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProviderFilter {
    /// Of this provider only.
    #[param(example = "exotel")]
    provider: Option<String>,
}

impl ProviderFilter {
    pub(super) fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }
}

/// Unknown parameters are refused: a typo in `name` would remove every namespace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultId {
    #[serde(default, deserialize_with = "whole_number")]
    pub(super) id: Option<u64>,
}

#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum OneOrManyFaults {
    One(NewFault),
    Many(Vec<NewFault>),
}

#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum ChangedAccounts {
    One(AccountState),
    Many(Vec<AccountState>),
}

/// Held responses to release.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Release {
    /// The gate.
    pub(super) release: String,
    /// The oldest so many; without it all.
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub(super) count: Option<NonZeroUsize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Redelivery {
    /// The number of an attempt in `webhooks/deliveries`.
    pub(super) number: u64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ResetDone {
    pub(super) reset: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Forgotten {
    pub(super) forgotten: usize,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Released {
    pub(super) released: usize,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Queued {
    pub(super) queued: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Imported {
    pub(super) imported: bool,
}

/// A message that reached a contact.
#[derive(ToSchema)]
pub(super) struct MessageLine {
    provider: String,
    message_id: String,
    /// The sender's number.
    from: String,
    /// The contact's number.
    to: String,
    #[schema(value_type = Object)]
    content: Value,
    #[schema(required)]
    reference: Option<String>,
    at: Time,
}

/// A request and its response.
#[derive(ToSchema)]
pub(super) struct RequestLine {
    /// Null if no provider has the path; a finding then names the nearest path.
    #[schema(required)]
    provider: Option<String>,
    method: String,
    /// With the query.
    path: String,
    #[schema(value_type = Object)]
    headers: Value,
    /// JSON as it was sent, another text as a string, null without a body.
    body: Value,
    status: u16,
    #[schema(value_type = Object)]
    response_headers: Value,
    /// As `body`.
    response: Value,
    findings: Vec<FindingLine>,
    at: Time,
    /// The kind of fault that hit the request.
    fault: Option<String>,
    /// The fault or limit that made the response.
    cause: Option<String>,
}

/// A remark on the form of a request.
#[derive(ToSchema)]
pub(super) struct FindingLine {
    /// `refused`, `tolerated` or `note`.
    level: String,
    text: String,
    source: String,
}

/// An attempt to deliver a webhook call.
#[derive(ToSchema)]
pub(super) struct AttemptLine {
    /// Counts the attempts; for `webhooks/redeliver`.
    number: u64,
    provider: String,
    /// `sink` if the calls are only logged.
    url: String,
    /// From 1; 0 for a call that was dropped unattempted.
    attempt: u32,
    copy: u32,
    /// The target's status; null without a response.
    #[schema(required)]
    status: Option<u16>,
    /// Why there was no response.
    #[schema(required)]
    error: Option<String>,
    #[schema(value_type = Object)]
    headers: Value,
    body: Value,
    at: Time,
    #[schema(required)]
    next_try_at: Option<Time>,
}

/// A webhook call that waits.
#[derive(ToSchema)]
pub(super) struct WaitingLine {
    provider: String,
    /// Null if its webhook was removed.
    #[schema(required)]
    url: Option<String>,
    attempt: u32,
    copy: u32,
    at: Time,
    body: Value,
}

/// A response that a gate holds.
#[derive(ToSchema)]
pub(super) struct HeldLine {
    gate: String,
    provider: String,
    /// The number of the request in the journal.
    request: u64,
    at: Time,
}
