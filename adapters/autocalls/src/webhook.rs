//! Autocalls's callbacks: read receipts, which are signed, and the ends of conversations, which are not.

use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;
use transom::adapter::json::Members;
use transom::adapter::{json, platform_codes};
use transom::webhook::{
    ConversationUpdate, DeliveryFailure, DeliveryStatus, Event, StatusUpdate, WebhookEvents, json_body, platform,
};
use transom::{ErrorKind, Result, Secret, webhook};

use crate::error;

/// Verifies and reads one callback.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<WebhookEvents> {
    // The header is documented, the prefix of its value is not [docs, Read Receipts Webhook; inferred].
    let given = json::header(request.headers(), "x-signature-256");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = webhook::verify_hmac_sha256(secrets, request.body(), given)?;
    let raw = json_body(request)?;
    // Read from the text, so that ids keep every digit; a list would be read as the members in order.
    let callback = Callback::read(&raw);
    let unknown = || Event::Unknown(json::as_it_came(&raw));
    let events = match callback {
        // The dashboard's button for trying the address out [inferred].
        Some(callback) if callback.is_test() => Vec::new(),
        Some(callback) => vec![callback.event().unwrap_or_else(unknown)],
        None => vec![unknown()],
    };
    Ok(WebhookEvents::new(verified, events))
}

/// The members of either kind of callback. Any of them may be missing, null, or of a type that no page shows, without
/// taking the others with it.
struct Callback(Members);

impl Callback {
    fn read(raw: &RawValue) -> Option<Self> {
        Members::from_raw(raw).map(Self)
    }

    fn is_test(&self) -> bool {
        self.0.flag(&["test"]) == Some(true)
    }

    fn event(&self) -> Option<Event> {
        // `whatsapp`, or `widget` for a chat on a web page.
        match (self.0.text(&["event"]).as_deref(), self.0.text(&["type"]).as_deref()) {
            (Some("message_status"), _) => self.status().map(Event::Status),
            (None, Some("whatsapp")) => self.conversation().map(Event::Conversation),
            _ => None,
        }
    }

    fn conversation(&self) -> Option<ConversationUpdate> {
        let mut update = ConversationUpdate::new(self.0.text(&["conversation_id"])?, self.0.text(&["status"])?);
        update.contact = self.0.phone(&["customer_phone"]);
        update.at = self.0.time(&["ended_at"]);
        Some(update)
    }

    fn status(&self) -> Option<StatusUpdate> {
        let word = self.0.text(&["status"])?;
        let status = DeliveryStatus::from_word(&word).unwrap_or(DeliveryStatus::Other(word));
        let mut update = StatusUpdate::new(self.0.text(&["whatsapp_message_id"])?, status);
        // The carrier's time, which is null over Twilio, before the platform's.
        update.at = self.0.time(&["provider_timestamp", "timestamp"]);
        update.to = self.0.phone(&["to"]);
        if update.status == DeliveryStatus::Failed {
            update.error = self.failure();
        }
        Some(update)
    }

    fn failure(&self) -> Option<DeliveryFailure> {
        let reason = platform::reason(&self.0);
        let quoted = reason.as_deref().and_then(platform_codes::quoted_in);
        let code = self.0.text(&["error_code"]).or_else(|| Some(quoted?.code.to_owned()));
        let fact = code.as_deref().and_then(error::passed_on);
        let kind = fact.or(quoted).map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind);
        (code.is_some() || reason.is_some())
            .then(|| DeliveryFailure::new(kind, code.unwrap_or_default()).with_reason(reason))
    }
}

#[cfg(test)]
mod tests;
