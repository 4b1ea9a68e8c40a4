//! Requests of the calls that only Exotel offers.

use bytes::Bytes;
use http::Request;
use http::header::ACCEPT;
use serde::Serialize;
use serde_json::json;
use transom::adapter::{Operation, RequestBuilder};
use transom::message::StatusCallback;
use transom::transport::BodyLimit;
use transom::{Error, ErrorKind, Result};

use super::with_credential;
use crate::config::Config;

/// The types of samples for the headers of templates (docs, Templates API).
const SAMPLE_TYPES: [&str; 4] = ["application/pdf", "image/jpeg", "image/png", "video/mp4"];

/// Where an account's webhook calls go (docs, Receive Messages).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WebhookUrls {
    /// For what contacts write.
    pub incoming_message_url: StatusCallback,
    /// For delivery reports; without it, they go where the messages go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback_url: Option<StatusCallback>,
    /// The page describes no use of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<String>,
}

impl WebhookUrls {
    /// Everything goes to `url`.
    pub fn new(url: impl Into<StatusCallback>) -> Self {
        Self { incoming_message_url: url.into(), status_callback_url: None, verify_token: None }
    }

    /// Delivery reports go to `url`.
    #[must_use]
    pub fn status_callback(mut self, url: impl Into<StatusCallback>) -> Self {
        self.status_callback_url = Some(url.into());
        self
    }
}

/// `GET /media/{id}` (docs, Media Messages).
pub(crate) fn encode_media(config: &Config, id: &str, most: usize) -> Result<Request<Bytes>> {
    let request = RequestBuilder::get(&config.base_url, &["v2", "accounts", &config.account_sid, "media", id]);
    let mut request = with_credential(config, request).header(ACCEPT, "*/*").empty(Operation::Read)?;
    request.extensions_mut().insert(BodyLimit(most));
    Ok(request)
}

/// `POST /templates/sample`, with the bytes as they are (docs, Templates API).
pub(crate) fn encode_sample(config: &Config, media_type: &str, bytes: Bytes) -> Result<Request<Bytes>> {
    let refused = |line: String| Err(Error::invalid(ErrorKind::InvalidRequest, vec![line]));
    if !SAMPLE_TYPES.contains(&media_type) {
        let shown: String = media_type.chars().take(60).collect();
        return refused(format!("type: expected one of {}, got {shown:?}", SAMPLE_TYPES.join(", ")));
    }
    if bytes.is_empty() {
        return refused("file: expected its bytes, got none".to_owned());
    }
    let path = ["v2", "accounts", &config.account_sid, "templates", "sample"];
    let request = RequestBuilder::post(&config.base_url, &path)
        .query("file_length", &bytes.len().to_string())
        .query("file_type", media_type);
    with_credential(config, request).bytes(Operation::Read, media_type, bytes)
}

/// `PUT /whatsapp/webhook` (docs, Receive Messages).
pub(crate) fn encode_webhook(config: &Config, urls: &WebhookUrls) -> Result<Request<Bytes>> {
    let named = [
        ("incoming_message_url", Some(&urls.incoming_message_url)),
        ("status_callback_url", urls.status_callback_url.as_ref()),
    ];
    let wrong = named.into_iter().filter(|(_, url)| url.is_some_and(|url| !url.is_url()));
    let problems: Vec<String> = wrong.map(|(name, _)| format!("{name}: expected an http:// or https:// URL")).collect();
    if !problems.is_empty() {
        return Err(Error::invalid(ErrorKind::InvalidRequest, problems));
    }
    let path = ["v2", "accounts", &config.account_sid, "whatsapp", "webhook"];
    let request = with_credential(config, RequestBuilder::put(&config.base_url, &path));
    request.json(Operation::Read, &json!({ "whatsapp": { "webhook": urls } }))
}
