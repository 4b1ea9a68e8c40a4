//! Types that stand for calls and answers in the document alone.

use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::control::{AccountState, NewFault, Time};

/// A refusal.
#[derive(ToSchema)]
pub(super) struct Problem {
    /// The wrong part, and the expected form.
    error: String,
}

#[derive(IntoParams, Deserialize)]
#[into_params(parameter_in = Query)]
pub(super) struct ProviderFilter {
    /// Of this provider only.
    #[param(example = "exotel")]
    provider: Option<String>,
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
#[derive(ToSchema)]
pub(super) struct Release {
    /// The gate.
    release: String,
    /// The oldest so many; without it all.
    #[schema(minimum = 1)]
    count: Option<u64>,
}

#[derive(ToSchema)]
pub(super) struct Redelivery {
    /// The number of an attempt in `webhooks/deliveries`.
    number: u64,
}

#[derive(ToSchema)]
pub(super) struct ResetDone {
    reset: bool,
}

#[derive(ToSchema)]
pub(super) struct Forgotten {
    forgotten: u64,
}

#[derive(ToSchema)]
pub(super) struct Released {
    released: u64,
}

#[derive(ToSchema)]
pub(super) struct Queued {
    queued: bool,
}

#[derive(ToSchema)]
pub(super) struct Imported {
    imported: bool,
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
