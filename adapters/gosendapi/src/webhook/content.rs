//! The content of inbound messages, from Meta's content objects.

use serde_json::Value;
use serde_json::value::RawValue;
use transom::adapter::json::{Members, as_it_came};
use transom::message::{Location, Reaction};
use transom::webhook::{InboundContent, InboundMedia, InboundReply};

/// The content of a message in Meta's shape.
pub(super) fn of(message: &RawValue) -> InboundContent {
    known(message).unwrap_or_else(|| InboundContent::Unknown { raw: as_it_came(message) })
}

fn known(message: &RawValue) -> Option<InboundContent> {
    let message = Members::from_raw(message)?;
    let kind = message.text(&["type"])?;
    if kind == "contacts" {
        let Value::Array(contacts) = as_it_came(message.raw(&["contacts"])?) else { return None };
        return Some(InboundContent::Contacts { contacts });
    }
    let object = message.object(&[&kind])?;
    let text = |name: &str| object.text(&[name]);
    match kind.as_str() {
        "text" => Some(InboundContent::Text { body: text("body")? }),
        "location" => location(&object).map(InboundContent::Location),
        // Without an emoji, the contact withdraws an earlier reaction.
        "reaction" => Some(InboundContent::Reaction(Reaction::new(
            object.text(&["message_id", "messageId"])?,
            text("emoji").unwrap_or_default(),
        ))),
        // The quick reply of a template. Its payload is the id that the template was sent with.
        "button" => Some(InboundContent::ButtonReply(InboundReply::new(text("payload"), Some(text("text")?)))),
        "interactive" => reply(&object),
        kind => InboundContent::media(kind, media(&object)?),
    }
}

fn media(object: &Members) -> Option<InboundMedia> {
    let mut media = InboundMedia::default();
    media.id = object.text(&["id"]);
    media.link = object.text(&["link", "url"]);
    if media.id.is_none() && media.link.is_none() {
        return None;
    }
    media.caption = object.text(&["caption"]);
    media.filename = object.text(&["filename", "fileName"]);
    media.mime_type = object.text(&["mime_type", "mimeType"]);
    Some(media)
}

/// Meta writes degrees as numbers in samples and as texts in its schema.
fn location(object: &Members) -> Option<Location> {
    let degrees = |name: &str| object.text(&[name])?.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    let mut location = Location::new(degrees("latitude")?, degrees("longitude")?);
    location.name = object.text(&["name"]);
    location.address = object.text(&["address"]);
    Some(location)
}

fn reply(object: &Members) -> Option<InboundContent> {
    let kind = object.text(&["type"])?;
    let reply = object.object(&[&kind])?;
    InboundContent::reply(&kind, InboundReply::new(reply.text(&["id"]), reply.text(&["title"])))
}
