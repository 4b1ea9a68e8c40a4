//! Requests of the calls that only GoSendAPI offers.

use bytes::Bytes;
use http::Request;
use serde::Serialize;
use transom::Result;
use transom::adapter::{Operation, RequestBuilder};

use super::lists::paged;
use super::{get, with_key};
use crate::config::Config;

/// The settings of a webhook. What is not set is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WebhookSettings {
    /// Where the calls go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The names of the events, such as `whatsapp.message.received`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// GoSendAPI's own id of a number, never Meta's. Without it, the webhook is the project's [docs, Webhooks; the latter
    /// inferred].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_id: Option<String>,
    /// Whether calls are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

impl WebhookSettings {
    /// A webhook of the project at `url` for `events`.
    pub fn new<E: Into<String>>(url: impl Into<String>, events: impl IntoIterator<Item = E>) -> Self {
        let events = events.into_iter().map(Into::into).collect();
        Self { url: Some(url.into()), events: Some(events), ..Self::default() }
    }

    /// Restricts it to one number, by GoSendAPI's own id.
    #[must_use]
    pub fn for_number(mut self, id: impl Into<String>) -> Self {
        self.phone_number_id = Some(id.into());
        self
    }

    /// Sets whether calls are made.
    #[must_use]
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }
}

/// `GET /v1/me` [docs, Authentication].
pub(crate) fn encode_me(config: &Config) -> Result<Request<Bytes>> {
    get(config, &["me"]).empty(Operation::Read)
}

/// `GET /v1/messages` [docs, API Reference].
pub(crate) fn encode_messages(config: &Config, page: usize) -> Result<Request<Bytes>> {
    paged(get(config, &["messages"]), page)
}

/// `GET /v1/webhooks` [docs, Webhooks], as are the others.
pub(crate) fn encode_webhooks(config: &Config, page: usize) -> Result<Request<Bytes>> {
    paged(get(config, &["webhooks"]), page)
}

pub(crate) fn encode_create_webhook(config: &Config, settings: &WebhookSettings) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(flatten)]
        settings: &'a WebhookSettings,
        /// The only documented value.
        r#type: &'static str,
    }
    let request = RequestBuilder::post(&config.base_url, &["v1", "webhooks"]);
    with_key(config, request).json(Operation::Read, &Body { settings, r#type: "gosendapi_events" })
}

pub(crate) fn encode_update_webhook(config: &Config, id: &str, settings: &WebhookSettings) -> Result<Request<Bytes>> {
    with_key(config, RequestBuilder::patch(&config.base_url, &["v1", "webhooks", id])).json(Operation::Read, settings)
}

pub(crate) fn encode_delete_webhook(config: &Config, id: &str) -> Result<Request<Bytes>> {
    with_key(config, RequestBuilder::delete(&config.base_url, &["v1", "webhooks", id])).empty(Operation::Read)
}

pub(crate) fn encode_deliveries(config: &Config, id: &str, page: usize) -> Result<Request<Bytes>> {
    paged(get(config, &["webhooks", id, "deliveries"]), page)
}
