//! Requests for lists: business accounts, their numbers and templates, and conversations.

use bytes::Bytes;
use http::Request;
use serde_json::Map;
use transom::adapter::Operation;
use transom::adapter::RequestBuilder;
use transom::{PhoneNumber, Result};

use super::{get, with_key};
use crate::config::Config;
use crate::response::lists::{PER_PAGE, Waba};

/// Why a conversation is closed (seed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// `manual_close`.
    Manual,
    /// `agent_close`.
    Agent,
}

/// `GET /v1/wabas` [docs, API Reference].
pub(crate) fn encode_wabas(config: &Config, page: usize) -> Result<Request<Bytes>> {
    paged(get(config, &["wabas"]), page)
}

/// `GET /v1/wabas/{id}/phone-numbers`: there is no list for the whole project [docs, Phone numbers].
pub(crate) fn encode_senders(config: &Config, waba: &Waba, page: usize) -> Result<Request<Bytes>> {
    paged(get(config, &["wabas", &waba.id, "phone-numbers"]), page)
}

/// `GET /v1/wabas/{id}/templates` [docs, Templates].
pub(crate) fn encode_templates(config: &Config, waba: &Waba, page: usize) -> Result<Request<Bytes>> {
    paged(get(config, &["wabas", &waba.id, "templates"]), page)
}

/// `GET /v1/conversations` of this line, in whatever state [seed].
pub(crate) fn encode_conversations(
    config: &Config,
    contact: Option<&PhoneNumber>,
    page: usize,
) -> Result<Request<Bytes>> {
    let mut request = get(config, &["conversations"]);
    if let Some(contact) = contact {
        request = request.query("contact_phone", contact.digits());
    }
    paged(request.query("phone_number_id", &config.phone_number_id), page)
}

/// `POST /v1/conversations/{id}/close` [seed]. A body is needed even without a reason: one that is no JSON is refused
/// with 415 [docs, API Reference].
pub(crate) fn encode_close(config: &Config, id: &str, reason: Option<CloseReason>) -> Result<Request<Bytes>> {
    let mut body = Map::new();
    if let Some(reason) = reason {
        let word = match reason {
            CloseReason::Manual => "manual_close",
            CloseReason::Agent => "agent_close",
        };
        body.insert("reason".into(), word.into());
    }
    let request = RequestBuilder::post(&config.base_url, &["v1", "conversations", id, "close"]);
    // It sends nothing to anybody, and is only bookkeeping.
    with_key(config, request).json(Operation::Read, &body)
}

pub(super) fn paged(request: RequestBuilder, page: usize) -> Result<Request<Bytes>> {
    let request = request.query("per_page", &PER_PAGE.to_string());
    let request = if page > 1 { request.query("page", &page.to_string()) } else { request };
    request.empty(Operation::Read)
}
