//! Exotel's callbacks: delivery statuses and inbound messages, which share one URL.
//!
//! Four dialects are documented:
//!
//! | | Where it says what it is | Page |
//! |---|---|---|
//! | wrapped | `whatsapp.messages[].callback_type` is `dlr` or `icm` | Receive Messages; what captures show (field) |
//! | flat | nowhere; `sid` with a `status` or an `exo_status_code` | Webhooks |
//! | event | `event` is `message_status` or `incoming_message` | Receive Messages, an older revision |
//! | typed | `type` is `message_status` or `inbound_message` | WhatsApp Webhooks |
//!
//! Anything else is kept as [`Event::Unknown`].

mod content;
mod inbound;
mod raw;
mod status;

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use transom::adapter::json;
use transom::adapter::json::Members;
use transom::webhook::{Event, WebhookEvents};
use transom::{Error, ErrorKind, Result, Secret, webhook};

use raw::parse;

/// Verifies and reads one callback.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<WebhookEvents> {
    // With and without the prefix: the page shows it, the vendor's sample application does not (docs, Receive Messages).
    let given = json::header(request.headers(), "x-exotel-signature");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = webhook::verify_hmac_sha256(secrets, request.body(), given)?;
    // Read as raw text, so that ids keep every digit.
    let body: Box<RawValue> = serde_json::from_slice(request.body())
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error))?;
    Ok(WebhookEvents::new(verified, events(&body)))
}

/// The members around a message or a status.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    whatsapp: Option<Channel>,
    event: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    challenge: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    timestamp: Option<String>,
    message: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
    contact: Option<inbound::Contact>,
}

#[derive(Deserialize)]
struct Channel {
    messages: Vec<Box<RawValue>>,
}

fn events(body: &RawValue) -> Vec<Event> {
    let envelope: Option<Envelope> = parse(body);
    if let Some(Envelope { whatsapp: Some(channel), .. }) = &envelope {
        return channel.messages.iter().map(|item| message(item).unwrap_or_else(|| unknown(item))).collect();
    }
    let event = envelope.and_then(|envelope| envelope.event(body));
    vec![event.unwrap_or_else(|| unknown(body))]
}

/// A message of the wrapped form, or a whole callback of the flat one.
fn message(item: &RawValue) -> Option<Event> {
    #[derive(Deserialize)]
    struct Kind {
        callback_type: Option<String>,
    }
    match parse::<Kind>(item)?.callback_type.as_deref() {
        None | Some("dlr") => status::read(item, None).map(Event::Status),
        // `icm` on the pages, `incoming_message` in captures.
        Some("icm" | "incoming_message") => inbound::read(item, None, None).map(Event::Inbound),
        Some(_) => None,
    }
}

impl Envelope {
    fn event(self, body: &RawValue) -> Option<Event> {
        let sent_at = self.timestamp.as_deref();
        match (self.event.as_deref(), self.kind.as_deref()) {
            (None, None) => message(body),
            (None, Some("verification")) => self.challenge.map(Event::Challenge),
            (Some("message_status"), _) => status::read(self.message.as_deref()?, sent_at).map(Event::Status),
            // A form that was sent back. What stands in its event is on no page (inferred: what stands in the others).
            (Some("incoming_message" | "flow_response"), _) => {
                inbound::read(self.message.as_deref()?, self.contact.as_ref(), sent_at).map(Event::Inbound)
            }
            (None, Some("message_status")) => status::read(self.data.as_deref()?, sent_at).map(Event::Status),
            (None, Some("inbound_message")) => {
                inbound::read(self.data.as_deref()?, self.contact.as_ref(), sent_at).map(Event::Inbound)
            }
            // That templates have such events is on the page, what stands in them is not (inferred).
            (None, Some(kind)) if kind.contains("template") => template(self.data.as_deref()?),
            _ => None,
        }
    }
}

fn template(data: &RawValue) -> Option<Event> {
    let data = Members::from_raw(data)?;
    let name = data.text(&["name", "template_name", "message_template_name", "id", "template_id"])?;
    let language = data.text(&["language", "template_language", "message_template_language"]);
    Some(Event::Template { name, language, status: data.text(&["status", "event"])?.to_lowercase() })
}

fn unknown(raw: &RawValue) -> Event {
    Event::Unknown(json::as_it_came(raw))
}

#[cfg(test)]
mod tests;
