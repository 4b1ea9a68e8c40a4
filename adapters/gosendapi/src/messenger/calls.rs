//! The calls that only GoSendAPI offers.

use serde_json::Value;
use transom::message::MessageId;
use transom::webhook::StatusUpdate;
use transom::{Error, Result};

use super::{GoSendApi, PAGES_MAX};
use crate::request::calls::{self as request, WebhookSettings};
use crate::request::lists::CloseReason;
use crate::request::upload::Upload;
use crate::request::{encode_status, lists::encode_close, upload::encode_upload};
use crate::response::calls::{self as response, MessageRecord, Project, Webhook};
use crate::response::{lists::decode_close, status::decode_status, upload::decode_upload};

impl GoSendApi {
    /// Marks a conversation as ended, for billing and reports. It neither closes the 24-hour window nor stops the
    /// contact from writing (seed).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](transom::ErrorKind::NotFound) if there is no such conversation. What closing twice brings is not documented.
    pub async fn close_conversation(&self, id: &str, reason: Option<CloseReason>) -> Result<()> {
        self.read(encode_close(&self.config, id, reason)?, decode_close).await
    }

    /// Uploads a file (`POST /v1/media`, docs, Messages) and returns the id by which a message from this number may send
    /// it, as in [`Media::id`](transom::message::Media::id). How long the vendor keeps it is not documented.
    ///
    /// The file is read while it is sent, so that memory does not grow with it. A large one needs a `timeout` of the channel
    /// that is long enough; the default is that of a send, 60 seconds. The same file uploaded twice is two uploads: the vendor documents no key here.
    ///
    /// # Errors
    /// Those of any call, and [`ErrorKind::InvalidRequest`](transom::ErrorKind::InvalidRequest) if the file cannot be read to its end, or became shorter or
    /// longer meanwhile. Whatever happens, no message was sent.
    pub async fn upload(&self, upload: Upload) -> Result<String> {
        let request = encode_upload(&self.config, upload)?;
        let response = self.context.transport.send_streamed(request).await.map_err(Error::mark_unsent)?;
        decode_upload(&response, self.context.now(&response))
    }

    /// What became of one message, for an outcome that is [unresolved](transom::reconcile::PendingSend::record_update) or a webhook that was
    /// missed. Needs an id: the one of a receipt or an event.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](transom::ErrorKind::NotFound) if the vendor knows no such message, which proves nothing of one that was sent just now.
    pub async fn message_status(&self, id: &MessageId) -> Result<StatusUpdate> {
        self.read(encode_status(&self.config, id)?, |response, now| decode_status(response, now, id)).await
    }

    /// The project of the API key (`GET /v1/me`) [docs, Authentication].
    ///
    /// # Errors
    /// Those of any call.
    pub async fn me(&self) -> Result<Project> {
        self.read(request::encode_me(&self.config)?, response::decode_me).await
    }

    /// The messages of the project, of up to 20 pages of 100 (`GET /v1/messages`) [docs, API Reference]. Their order is not
    /// documented.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn messages(&self) -> Result<Vec<MessageRecord>> {
        let encode = |page| request::encode_messages(&self.config, page);
        Ok(self.read_all(PAGES_MAX, encode, response::decode_messages).await?.items)
    }

    /// The webhooks of the project (`GET /v1/webhooks`), without their secrets [docs, Webhooks].
    ///
    /// # Errors
    /// Those of any call.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>> {
        let encode = |page| request::encode_webhooks(&self.config, page);
        Ok(self.read_all(PAGES_MAX, encode, response::decode_webhooks).await?.items)
    }

    /// Registers a webhook (`POST /v1/webhooks`). Its [`secret`](Webhook::secret) is in this answer and in no other [docs,
    /// Webhooks].
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_webhook(&self, settings: &WebhookSettings) -> Result<Webhook> {
        self.read(request::encode_create_webhook(&self.config, settings)?, response::decode_webhook).await
    }

    /// Changes a webhook (`PATCH /v1/webhooks/{id}`): what `settings` leaves out stays. Which members a change takes is not
    /// documented; those of a registration and `enabled` are sent \[inferred\].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](transom::ErrorKind::NotFound) if there is no such webhook.
    pub async fn update_webhook(&self, id: &str, settings: &WebhookSettings) -> Result<Webhook> {
        self.read(request::encode_update_webhook(&self.config, id, settings)?, response::decode_webhook).await
    }

    /// Deletes a webhook (`DELETE /v1/webhooks/{id}`).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](transom::ErrorKind::NotFound) if there is no such webhook.
    pub async fn delete_webhook(&self, id: &str) -> Result<()> {
        self.read(request::encode_delete_webhook(&self.config, id)?, decode_close).await
    }

    /// The deliveries of a webhook as they came (`GET /v1/webhooks/{id}/deliveries`), since their members are not documented.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](transom::ErrorKind::NotFound) if there is no such webhook.
    pub async fn webhook_deliveries(&self, id: &str) -> Result<Vec<Value>> {
        let encode = |page| request::encode_deliveries(&self.config, id, page);
        Ok(self.read_all(PAGES_MAX, encode, response::decode_deliveries).await?.items)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::stage;

    #[tokio::test]
    async fn lists_of_messages_and_webhooks_are_read_to_their_end() {
        const NONE: (u16, &str) = (200, r#"{"data":[]}"#);
        let stage = stage([NONE, NONE, NONE]);
        assert!(stage.gosendapi.messages().await.unwrap().is_empty());
        assert!(stage.gosendapi.webhooks().await.unwrap().is_empty());
        assert!(stage.gosendapi.webhook_deliveries("63").await.unwrap().is_empty());
        let asked = ["messages?per_page=100", "webhooks?per_page=100", "webhooks/63/deliveries?per_page=100"];
        assert_eq!(stage.asked(), asked);
    }
}
