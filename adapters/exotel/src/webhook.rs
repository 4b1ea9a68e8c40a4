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
//! Captures also have `whatsapp.statuses[]`, other words for `callback_type`, and forms for JSON (field). Anything else is
//! kept as [`Event::Unknown`].

mod form;
mod status;

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;
use transom::adapter::json;
use transom::adapter::json::Members;
use transom::webhook::platform::{self, MessageContext, OwnSender};
use transom::webhook::{Event, TemplateUpdate, WebhookEvents, json_body};
use transom::{Result, webhook};

use crate::config::Config;

/// Verifies and reads one callback.
pub(crate) fn read(config: &Config, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
    // With and without the prefix: the page shows it, the vendor's sample application does not (docs, Receive Messages).
    let given = json::header(request.headers(), "x-exotel-signature");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = webhook::verify_hmac_sha256(&config.webhook_secrets, request.body(), given)?;
    let body = json_body(request).or_else(|error| form::read(request).ok_or(error))?;
    Ok(WebhookEvents::new(verified, Reader { config, received_at }.events(&body)))
}

struct Reader<'a> {
    config: &'a Config,
    received_at: SystemTime,
}

impl Reader<'_> {
    fn events(&self, body: &RawValue) -> Vec<Event> {
        let found = Members::from_raw(body).and_then(|envelope| {
            let Some(wrapped) = envelope.object(&["whatsapp"]) else { return Some(vec![self.event(&envelope, body)?]) };
            let around = [&wrapped, &envelope];
            let messages = wrapped.objects(&["messages", "message"]).unwrap_or_default();
            let messages = messages.iter().map(|item| self.item(item, &around).unwrap_or_else(|| unknown(item)));
            let statuses = wrapped.objects(&["statuses"]).unwrap_or_default();
            let statuses =
                statuses.iter().map(|item| status::read(item, None).map_or_else(|| unknown(item), Event::Status));
            let events: Vec<_> = messages.chain(statuses).collect();
            (!events.is_empty()).then_some(events)
        });
        found.unwrap_or_else(|| vec![unknown(body)])
    }

    /// A message or a status of the wrapped form, or a whole callback of the flat one.
    fn item(&self, item: &RawValue, around: &[&Members]) -> Option<Event> {
        let members = Members::from_raw(item)?;
        let kind = members.text(&["callback_type"]).unwrap_or_default().to_ascii_lowercase();
        match kind.as_str() {
            "dlr" | "message_status" | "status" => status::read(item, None).map(Event::Status),
            // `icm` on the pages, `incoming_message` in captures.
            "icm" | "incoming_message" | "inbound_message" => self.inbound(item, around, None),
            // By what it has.
            _ if members.raw(&["content"]).is_some() => self.inbound(item, around, None),
            _ => status::read(item, None).map(Event::Status),
        }
    }

    fn event(&self, envelope: &Members, body: &RawValue) -> Option<Event> {
        let sent_at = envelope.time(&["timestamp"]);
        let kind = envelope.text(&["type"]);
        match (envelope.text(&["event"]).as_deref(), kind.as_deref()) {
            (Some("message_status"), _) => status::read(envelope.raw(&["message"])?, sent_at).map(Event::Status),
            // A form that was sent back. What stands in its event is on no page (inferred: what stands in the others).
            (Some("incoming_message" | "inbound_message" | "flow_response"), _) => {
                self.inbound(envelope.raw(&["message"])?, &[envelope], sent_at)
            }
            (None, Some("verification")) => envelope.text(&["challenge"]).map(Event::Challenge),
            (None, Some("message_status")) => status::read(envelope.raw(&["data"])?, sent_at).map(Event::Status),
            (None, Some("inbound_message" | "incoming_message")) => {
                self.inbound(envelope.raw(&["data"])?, &[envelope], sent_at)
            }
            // That templates have such events is on the page, what stands in them is not (inferred).
            (None, Some(kind)) if kind.contains("template") => template(envelope.raw(&["data"])?, sent_at),
            (None, _) => self.item(body, &[envelope]),
            _ => None,
        }
    }

    /// A message whose content stands in `content`, in `message`, or among its other members.
    fn inbound(&self, raw: &RawValue, around: &[&Members], sent_at: Option<SystemTime>) -> Option<Event> {
        let item = Members::from_raw(raw)?;
        let inner = item.object(&["content", "message"]);
        let content = inner.as_ref().and_then(|_| item.raw(&["content", "message"])).unwrap_or(raw);
        let own = [&item];
        let both = inner.as_ref().map(|inner| [inner, &item]);
        let layers = both.as_ref().map_or(own.as_slice(), |both| both.as_slice());
        let sender = OwnSender::Number(&self.config.from);
        let call = MessageContext { around, sent_at, received_at: self.received_at, sender };
        // The id is in captures and not in the table of the legacy page, so a message may come without one.
        let id = item.text(&["sid", "message_sid", "id"]);
        platform::inbound(id, layers, platform::content(content), &call).map(Event::from)
    }
}

fn template(data: &RawValue, sent_at: Option<SystemTime>) -> Option<Event> {
    let data = Members::from_raw(data)?;
    let name = data.text(&["name", "template_name", "message_template_name", "id", "template_id"])?;
    let mut update = TemplateUpdate::new(name, &data.text(&["status", "event"])?);
    update.language = data.text(&["language", "template_language", "message_template_language"]);
    update.reason = data.text(&["rejected_reason", "reason"]);
    update.at = data.time(&["timestamp"]).or(sent_at);
    Some(Event::Template(update))
}

fn unknown(raw: &RawValue) -> Event {
    Event::Unknown(json::as_it_came(raw))
}

#[cfg(test)]
mod tests;
