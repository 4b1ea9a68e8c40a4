//! Messangi's callbacks: the states of messages, and inbound messages ("MO").
//!
//! Of either only some of the fields are documented, and nothing is signed [docs, Callback URL WhatsApp Business,
//! Callback URL (MO)]. So as little as possible is required, and anything else is kept as [`Event::Unknown`].

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;

use transom::adapter::json;
use transom::adapter::json::Members;
use transom::webhook::platform::{self, MessageContext, OwnSender};
use transom::webhook::{
    DeliveryStatus, Event, Inbound, InboundContent, InboundMedia, StatusUpdate, WebhookEvents, json_body,
};
use transom::{Error, ErrorKind, Result};

use crate::config::Config;
use crate::error;

/// Reads one callback. It cannot be verified.
///
/// # Errors
/// [`ErrorKind::Unauthenticated`] if a secret is configured: whoever asks for verified callbacks must not get others.
pub(crate) fn read(config: &Config, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
    if !config.webhook_secrets.is_empty() {
        let why = "this provider signs nothing, so that no callback fits `webhook_secret`";
        return Err(Error::new(ErrorKind::Unauthenticated, why));
    }
    let body = json_body(request)?;
    let list: Option<Vec<Box<RawValue>>> =
        if body.get().starts_with('[') { serde_json::from_str(body.get()).ok() } else { None };
    let events = list.unwrap_or_else(|| vec![body]).iter().map(|item| event(item, config, received_at)).collect();
    Ok(WebhookEvents::new(false, events))
}

fn event(raw: &RawValue, config: &Config, received_at: SystemTime) -> Event {
    let known = Members::from_raw(raw).and_then(|callback| {
        // Only the one has a state, and only the other a user or a content.
        if callback.raw(&["status"]).is_some() {
            status(&callback).map(Event::Status)
        } else {
            callback.raw(&["user", "text", "extraInfo"])?;
            inbound(&callback, raw, config, received_at).map(Event::from)
        }
    });
    known.unwrap_or_else(|| Event::Unknown(json::as_it_came(raw)))
}

fn status(callback: &Members) -> Option<StatusUpdate> {
    let word = callback.text(&["status"])?;
    let status = match word.trim().to_ascii_uppercase().as_str() {
        // Received, and on its way to WhatsApp.
        "QUEUE" | "DEQUEUED" => DeliveryStatus::Queued,
        // The final words are not on the page; the short ones are those of the SMS callbacks [docs, Callback URL (MT)].
        "DELIVRD" => DeliveryStatus::Delivered,
        _ => DeliveryStatus::from_word(&word).unwrap_or_else(|| DeliveryStatus::Other(word.clone())),
    };
    let failure = error::of_callback(&word, callback.text(&["reason", "description"]));
    let status = if failure.is_some() { DeliveryStatus::Failed } else { status };
    let mut update = StatusUpdate::new(callback.text(&["id"])?, status);
    update.at = time(callback);
    update.to = callback.phone(&["to"]);
    update.reference = callback.text(&["externalId"]);
    update.error = failure;
    Some(update)
}

/// `user` is the contact, `origin` the sender, `connection` the channel or a name for it [field].
fn inbound(callback: &Members, raw: &RawValue, config: &Config, received_at: SystemTime) -> Option<Inbound> {
    // One URL may serve all channels, and a text message opens no window at WhatsApp.
    let channel = callback.text(&["connection"]).unwrap_or_default();
    if ["SMS", "EMAIL", "PUSH", "RCS"].iter().any(|other| channel.eq_ignore_ascii_case(other)) {
        return None;
    }
    let extra = callback.object(&["extraInfo"]);
    let content = content(callback, extra.as_ref());
    let content = content.unwrap_or_else(|| InboundContent::Unknown { raw: json::as_it_came(raw) });
    let around: Vec<&Members> = extra.iter().collect();
    // The contacts in `extraInfo` are the senders, and what else stands there belongs to the message.
    let layers: Vec<&Members> = std::iter::once(callback).chain(&extra).collect();
    let call = MessageContext {
        around: &around,
        sent_at: time(callback),
        received_at,
        sender: OwnSender::Number(&config.from),
    };
    platform::inbound(callback.text(&["id"]), &layers, content, &call)
}

/// The time under `date`, else under `timestamp` [docs, Callback URL WhatsApp Business, Callback URL (MT)].
fn time(callback: &Members) -> Option<SystemTime> {
    callback.time(&["date", "timestamp"])
}

/// The content; `None` if its type is unknown.
fn content(callback: &Members, extra: Option<&Members>) -> Option<InboundContent> {
    let text = callback.text(&["text"]);
    let kind = extra.and_then(|extra| extra.text(&["type"]));
    let attachments = extra.and_then(|extra| extra.objects(&["attachments"])).unwrap_or_default();
    match (kind.as_deref().unwrap_or("text"), attachments.as_slice()) {
        ("text", []) => text.map(|body| InboundContent::Text { body }),
        (kind, [one]) => InboundContent::media(kind, media(one, text)?),
        // Other types in WhatsApp's own shape; the title of a choice is the text, too [inferred].
        (_, []) => match platform::content(callback.raw(&["extraInfo"])?) {
            InboundContent::Unknown { .. } => None,
            InboundContent::ButtonReply(mut reply) => {
                reply.title = reply.title.or(text);
                Some(InboundContent::ButtonReply(reply))
            }
            InboundContent::ListReply(mut reply) => {
                reply.title = reply.title.or(text);
                Some(InboundContent::ListReply(reply))
            }
            other => Some(other),
        },
        _ => None,
    }
}

fn media(attachment: &RawValue, text: Option<String>) -> Option<InboundMedia> {
    let attachment = Members::from_raw(attachment)?;
    let mut media = InboundMedia::default();
    media.link = Some(attachment.text(&["url"])?);
    media.caption = attachment.text(&["caption"]).or(text);
    media.filename = attachment.text(&["fileName"]);
    media.mime_type = attachment.text(&["mimeType", "mime_type"]);
    media.sha256 = attachment.text(&["sha256"]);
    Some(media)
}

#[cfg(test)]
mod tests;
