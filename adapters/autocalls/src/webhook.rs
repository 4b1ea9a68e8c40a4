//! Autocalls's callbacks: read receipts, which are signed, and the ends of conversations, which are not.

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use transom::adapter::{ErrorCode, json};
use transom::time::rfc3339;
use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};
use transom::{Error, ErrorKind, PhoneNumber, Result, Secret, webhook};

use crate::error::RECEIPTS;

/// Verifies and reads one callback.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<WebhookEvents> {
    // The header is documented, the prefix of its value is not [docs, Read Receipts Webhook; inferred].
    let given = json::header(request.headers(), "x-signature-256");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = webhook::verify_hmac_sha256(secrets, request.body(), given)?;
    let malformed = |error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error);
    let raw: Box<RawValue> = serde_json::from_slice(request.body()).map_err(malformed)?;
    // Read from the text, so that ids keep every digit; a list would be read as the members in order.
    let callback = serde_json::from_str::<Callback>(raw.get()).ok().filter(|_| raw.get().starts_with('{'));
    let unknown = || Event::Unknown(json::as_it_came(&raw));
    let events = match callback {
        // The dashboard's button for trying the address out [inferred].
        Some(Callback { test: Some(Value::Bool(true)), .. }) => Vec::new(),
        Some(callback) => vec![callback.event().unwrap_or_else(unknown)],
        None => vec![unknown()],
    };
    Ok(WebhookEvents::new(verified, events))
}

/// The fields of both kinds of callback. Any of them may be missing, null, or of a type that no page shows, without
/// taking the others with it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Callback {
    /// `message_status` for a read receipt; the other kind has none.
    #[serde(deserialize_with = "json::text_or_number")]
    event: Option<String>,
    test: Option<Value>,
    #[serde(deserialize_with = "json::text_or_number")]
    whatsapp_message_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    error_code: Option<String>,
    /// The platform's time.
    #[serde(deserialize_with = "json::text_or_number")]
    timestamp: Option<String>,
    /// The carrier's, which is null over Twilio.
    #[serde(deserialize_with = "json::text_or_number")]
    provider_timestamp: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    conversation_id: Option<String>,
    /// `whatsapp`, or `widget` for a chat on a web page.
    #[serde(rename = "type", deserialize_with = "json::text_or_number")]
    kind: Option<String>,
}

impl Callback {
    fn event(self) -> Option<Event> {
        match (self.event.as_deref(), self.kind.as_deref()) {
            (Some("message_status"), _) => self.status().map(Event::Status),
            (None, Some("whatsapp")) => Some(Event::Conversation { id: self.conversation_id?, state: self.status? }),
            _ => None,
        }
    }

    fn status(self) -> Option<StatusUpdate> {
        let status = match self.status?.as_str() {
            "queued" => DeliveryStatus::Queued,
            "sent" => DeliveryStatus::Sent,
            "delivered" => DeliveryStatus::Delivered,
            "read" => DeliveryStatus::Read,
            "failed" | "undelivered" => DeliveryStatus::Failed,
            other => DeliveryStatus::Other(other.to_owned()),
        };
        let mut update = StatusUpdate::new(self.whatsapp_message_id?, status);
        let times = [self.provider_timestamp, self.timestamp];
        update.at = times.iter().flatten().find_map(|text| rfc3339::parse(text));
        update.to = self.to.and_then(|text| text.parse::<PhoneNumber>().ok());
        update.error = self.error_code.filter(|_| update.status == DeliveryStatus::Failed).map(|code| {
            let fact = ErrorCode::find(RECEIPTS, &code);
            (fact.map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind), code)
        });
        Some(update)
    }
}

#[cfg(test)]
mod tests;
