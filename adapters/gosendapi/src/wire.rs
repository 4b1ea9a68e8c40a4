//! GoSendAPI's requests and answers: `POST /v1/messages`. Pure.

pub(crate) mod lists;
pub(crate) mod session;

use std::time::SystemTime;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::value::RawValue;
use transom::request::RequestBuilder;
use transom::transport::unreadable;
use transom::{Capability, Content, Limits, Message, Purpose, Receipt, Result, cloud_api, json, unsupported};

use crate::NAME;
use crate::config::Config;
use crate::error;

/// WhatsApp's own limits: the vendor states none, and says that its payload is Meta's [docs, Messages].
const LIMITS: Limits = Limits::WHATSAPP;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request that sends `message`. With a key, the vendor answers a repetition within 24 hours with the first answer
/// and sends nothing [docs, Error handling].
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
        Some(key) => request.header(IDEMPOTENCY_KEY, key).json(Purpose::KeyedSend, &body),
        None => request.json(Purpose::Send, &body),
    }
}

/// What the answer to a send says. Any 2xx is a yes; which one it is, and what stands in it, is not documented.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let purpose = if message.idempotency_key.is_some() { Purpose::KeyedSend } else { Purpose::Send };
    if !response.status().is_success() {
        return Err(error::of_send(response, now, purpose, message));
    }
    let forms: Forms = json::decode(response, purpose)?;
    let record: Record = json::decode(response, purpose)?;
    let id = forms.id(record);
    let id = id.ok_or_else(|| unreadable(response.status(), purpose, "there is no message id in the answer"))?;
    Ok(Receipt::new(NAME, id))
}

/// The forms that an answer may have besides the bare record of the vendor's: Meta's list of messages, and the record
/// within `data` [inferred].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Forms {
    messages: Option<Box<RawValue>>,
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
    fn id(self, record: Record) -> Option<String> {
        let messages: Vec<Record> = self.messages.and_then(|raw| parse(&raw)).unwrap_or_default();
        // In Meta's list `id` is WhatsApp's own.
        let metas = messages.into_iter().next().and_then(|message| message.id);
        let within: Record = self.data.and_then(|raw| parse(&raw)).unwrap_or_default();
        let Record { wamid, message_id, camel_message_id, id } = record;
        metas
            .or(wamid)
            .or(message_id)
            .or(camel_message_id)
            .or_else(|| within.wamid.or(within.message_id).or(within.camel_message_id).or(within.id))
            .or(id)
    }
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
