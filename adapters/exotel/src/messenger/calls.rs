//! The calls that only Exotel offers.

use bytes::Bytes;
use transom::{Error, Message, PhoneNumber, Receipt, Result};

use super::Exotel;
use crate::request;
use crate::request::calls::{self, WebhookUrls};
use crate::request::interactive::Interactive;
use crate::response::calls::{MediaFile, decode_media, decode_sample, decode_webhook};

impl Exotel {
    /// Sends an interactive message of a kind that no other provider documents: a call to action, a flow or products. It needs
    /// an open session window.
    ///
    /// No [`Client`](transom::Client) and no layer stands in between: there is no fallback, and a closed window is the
    /// caller's to act on. `reference` comes back in delivery reports.
    ///
    /// # Errors
    /// Those of a send, and [`ErrorKind::InvalidRequest`](transom::ErrorKind::InvalidRequest) before a byte leaves for what
    /// is over a documented limit.
    pub async fn send_interactive(
        &self,
        to: &PhoneNumber,
        interactive: &Interactive,
        reference: Option<&str>,
    ) -> Result<Receipt> {
        let object = interactive.object()?;
        // Everything but the content is that of any free-form message.
        let mut envelope = Message::text(to.clone(), "interactive");
        envelope.reference = reference.map(str::to_owned);
        envelope.check()?;
        let encode = |shape| request::encode_content(&self.config, shape, &envelope, "interactive", &object);
        let shape = self.shape();
        let sent = self.send_shaped(&envelope, shape, encode(shape)?, encode).await;
        sent.map_err(|error| error.without_number(to))
    }

    /// A file that a contact sent, by the id in its inbound message (`GET /media/{id}`), of at most `most` bytes [docs, Media
    /// Messages].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](transom::ErrorKind::NotFound) if there is no such file.
    pub async fn media(&self, id: &str, most: usize) -> Result<MediaFile> {
        let request = calls::encode_media(&self.config, id, most)?;
        let response = self.context.transport.send(request).await.map_err(Error::mark_unsent)?;
        decode_media(&response, self.context.now(&response))
    }

    /// Uploads a sample for the header of a template that is to be approved, and returns its handle
    /// (`POST /templates/sample`) [docs, Templates API].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](transom::ErrorKind::InvalidRequest) before a byte leaves if `media_type` is not
    /// `application/pdf`, `image/jpeg`, `image/png` or `video/mp4`.
    pub async fn upload_template_sample(&self, media_type: &str, bytes: Bytes) -> Result<String> {
        let request = calls::encode_sample(&self.config, media_type, bytes)?;
        let response = self.context.transport.send(request).await.map_err(Error::mark_unsent)?;
        decode_sample(&response, self.context.now(&response))
    }

    /// Sets where the account's webhook calls go (`PUT /whatsapp/webhook`) [docs, Receive Messages].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](transom::ErrorKind::InvalidRequest) before a byte leaves for an address that is no
    /// URL.
    pub async fn set_webhook(&self, urls: &WebhookUrls) -> Result<()> {
        let request = calls::encode_webhook(&self.config, urls)?;
        let response = self.context.transport.send(request).await.map_err(Error::mark_unsent)?;
        decode_webhook(&response, self.context.now(&response))
    }
}

#[cfg(test)]
mod tests {
    use transom::{ErrorKind, Sent};

    use super::super::tests::{TAKEN, WANTS_WRAPPED, is_wrapped, stage};
    use super::*;

    fn to() -> PhoneNumber {
        "+919000012345".parse().unwrap()
    }

    #[tokio::test]
    async fn interactive_message_is_sent_in_the_accepted_shape() {
        let stage = stage([WANTS_WRAPPED, TAKEN]);
        let link = Interactive::cta_url("Track it", "Track", "https://example.net/t/88");
        let receipt = stage.exotel.send_interactive(&to(), &link, Some("job-7781")).await.unwrap();
        assert_eq!((receipt.message_id.as_str(), receipt.attempts), ("7c1e", 2));
        let bodies = stage.bodies();
        assert_eq!(bodies.iter().map(is_wrapped).collect::<Vec<_>>(), [false, true]);
        assert_eq!(bodies[0]["content"], bodies[1]["whatsapp"]["messages"][0]["content"]);
        assert_eq!((&bodies[0]["to"], &bodies[0]["custom_data"]), (&"+919000012345".into(), &"job-7781".into()));
    }

    #[tokio::test]
    async fn closed_window_refuses_an_interactive_message() {
        let closed = r#"{"response":{"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}}"#;
        let stage = stage([(400, closed)]);
        let link = Interactive::cta_url("Track it", "Track", "https://example.net/t/88");
        let error = stage.exotel.send_interactive(&to(), &link, None).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::SessionExpired, Sent::No, 1));
    }
}
