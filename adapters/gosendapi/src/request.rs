//! Requests of GoSendAPI. Pure: no network, no clock.

pub(crate) mod calls;
pub(crate) mod lists;
pub(crate) mod upload;

use bytes::Bytes;
use http::Request;
use http::header::HeaderName;
use serde_json::Map;
use transom::account::TemplateInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::cloud_api::TemplateStyle;
use transom::adapter::{Limits, Operation, cloud_api, unsupported};
use transom::message::MessageId;
use transom::{Capability, Content, Message, Result};

use crate::config::{Config, NAME};
use crate::media_limits::MEDIA;

/// WhatsApp's own limits on texts and on the number of contact cards: the vendor states none, and says that its payload is
/// Meta's [docs, Messages].
pub(crate) const LIMITS: Limits = Limits::WHATSAPP.with_media(MEDIA).with_contacts(5);

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Checks what can be checked without the definition of a template.
pub(crate) fn check(config: &Config, message: &Message) -> Result<()> {
    if matches!(message.content, Content::Reaction(_)) {
        // It is not among the ten types that the vendor lists [docs, Messages].
        return unsupported(NAME, Capability::Reaction);
    }
    if let Content::Template(template) = &message.content {
        let resolved = config.templates.resolve(template);
        resolved.check_names()?;
        if !config.probe {
            resolved.positional()?;
        }
    }
    LIMITS.check(message)
}

/// The request that sends `message`, whose template has this `definition` as far as that is known. With a key, the vendor answers a repetition within 24 hours with the first answer
/// and sends nothing [docs, Error handling]. Such an answer bears no mark: it is known by its id, which is the first
/// one's.
pub(crate) fn encode_send(
    config: &Config,
    message: &Message,
    definition: Option<&TemplateInfo>,
) -> Result<Request<Bytes>> {
    let (kind, object) = cloud_api::content(&message.content, |template| {
        // The vendor's sample has no `language.policy` [docs, Sending messages].
        cloud_api::template(template, &config.templates.resolve(template), TemplateStyle::new(), definition)
    })?;
    let mut body = Map::new();
    body.insert("phone_number_id".into(), config.phone_number_id.clone().into());
    // A leading `+` is refused, not taken off [docs, API Reference].
    body.insert("to".into(), message.to.digits().into());
    body.insert("type".into(), kind.into());
    body.insert(kind.into(), object);
    let request = with_key(config, RequestBuilder::post(&config.base_url, &["v1", "messages"]));
    match &message.idempotency_key {
        Some(key) => request.header(IDEMPOTENCY_KEY, key).json(Operation::IdempotentSend, &body),
        None => request.json(Operation::Send, &body),
    }
}

/// The request for how far a message got: `GET /v1/messages/{id}`.
pub(crate) fn encode_status(config: &Config, id: &MessageId) -> Result<Request<Bytes>> {
    get(config, &["messages", id.as_str()]).empty(Operation::Read)
}

fn get(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::get(&config.base_url, &[&["v1"], path].concat()))
}

fn with_key(config: &Config, request: RequestBuilder) -> RequestBuilder {
    request.secret_header(API_KEY, config.api_key.expose())
}

#[cfg(test)]
mod tests;
