//! GoSendAPI's requests and answers: `POST /v1/messages`. Pure.

pub(crate) mod definition;
pub(crate) mod lists;
pub(crate) mod media;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod upload;

use std::time::SystemTime;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::value::RawValue;
use transom::adapter::RateLimitInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::{Limits, Operation, cloud_api, json, unsupported};
use transom::transport::unreadable;
use transom::{Capability, Content, Message, PhoneNumber, Receipt, Result};

use crate::NAME;
use crate::config::Config;
use crate::error;

/// WhatsApp's own limits on texts: the vendor states none, and says that its payload is Meta's [docs, Messages].
const LIMITS: Limits = Limits::WHATSAPP.with_media(media::MEDIA);

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request that sends `message`. With a key, the vendor answers a repetition within 24 hours with the first answer
/// and sends nothing [docs, Error handling]. Such an answer bears no mark: it is known by its id, which is the first
/// one's.
pub(crate) fn encode_send(config: &Config, message: &Message) -> Result<Request<Bytes>> {
    if matches!(message.content, Content::Reaction(_)) {
        // It is not among the ten types that the vendor lists [docs, Messages].
        return unsupported(NAME, Capability::Reaction);
    }
    LIMITS.check(message)?;
    let (kind, object) = cloud_api::content(&message.content, |template| {
        // The vendor's sample has no `language.policy` [docs, Sending messages].
        cloud_api::template(template, &config.templates.resolve(template), None)
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

/// What the answer to a send says. Any 2xx is a yes; which one it is, and what stands in it, is not documented.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let operation = if message.idempotency_key.is_some() { Operation::IdempotentSend } else { Operation::Send };
    if !response.status().is_success() {
        return Err(error::of_send(response, now, operation, message));
    }
    let forms: Forms = json::decode(response, operation)?;
    let record: Record = json::decode(response, operation)?;
    if forms.is_about_another_than(&message.to) {
        return Err(unreadable(response.status(), operation, "the answer is about another recipient"));
    }
    let id = forms.message_id(&record).or(record.id);
    let id = id.ok_or_else(|| unreadable(response.status(), operation, "there is no message id in the answer"))?;
    Ok(Receipt::new(NAME, id).with_limits(RateLimitInfo::from_headers(response.headers(), now)))
}

/// Whether `response` names a message, as only an answer to one that was taken does. An `id` alone may be a request's.
pub(crate) fn names_a_message(response: &Response<Bytes>) -> bool {
    json::decode_lenient::<Forms>(response).message_id(&json::decode_lenient(response)).is_some()
}

/// The forms that an answer may have besides the bare record of the vendor's: Meta's lists of messages and of contacts,
/// and the record within `data` [inferred].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Forms {
    messages: Option<Box<RawValue>>,
    contacts: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
}

/// A record of one message. WhatsApp's own id of it comes first, since that is what webhooks carry.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(deserialize_with = "json::text_or_number")]
    wamid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
    #[serde(rename = "messageId", deserialize_with = "json::text_or_number")]
    camel_message_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
}

impl Forms {
    /// The id of the message, but for the one that stands bare in `record`.
    fn message_id(&self, record: &Record) -> Option<String> {
        // In Meta's list `id` is WhatsApp's own.
        let metas = first::<Record>(self.messages.as_deref()).and_then(|message| message.id);
        let within: Record = self.data.as_deref().and_then(parse).unwrap_or_default();
        metas.or_else(|| record.named()).or_else(|| within.named().or(within.id))
    }

    /// Whether it repeats a recipient who is not `to`: an answer that strayed in from another request. Only the last
    /// digits count, since WhatsApp's id of an Argentine or Mexican number has a digit more than the number.
    fn is_about_another_than(&self, to: &PhoneNumber) -> bool {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Contact {
            #[serde(deserialize_with = "json::text_or_number")]
            input: Option<String>,
        }
        const COMPARED: usize = 7;
        let tail =
            |text: &str| -> Vec<char> { text.chars().rev().filter(char::is_ascii_digit).take(COMPARED).collect() };
        let input = first::<Contact>(self.contacts.as_deref()).and_then(|contact| contact.input);
        input.map(|input| tail(&input)).is_some_and(|input| input.len() == COMPARED && input != tail(to.digits()))
    }
}

impl Record {
    fn named(&self) -> Option<String> {
        [&self.wamid, &self.message_id, &self.camel_message_id].into_iter().flatten().next().cloned()
    }
}

/// The first item of a list that may be of any form.
fn first<T: DeserializeOwned>(list: Option<&RawValue>) -> Option<T> {
    parse::<Vec<T>>(list?)?.into_iter().next()
}

/// Reads a part of an answer that may be of any form.
fn parse<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn get(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::get(&config.base_url, &[&["v1"], path].concat()))
}

fn with_key(config: &Config, request: RequestBuilder) -> RequestBuilder {
    request.secret_header(API_KEY, config.api_key.expose())
}

#[cfg(test)]
mod tests;
