//! The content of inbound messages.

use serde_json::Value;
use serde_json::value::RawValue;
use transom::adapter::json::as_it_came;
use transom::message::{Location, Reaction};
use transom::webhook::{InboundContent, InboundMedia, InboundReply};

use super::raw::{Members, parse, text};

/// The content of a message.
pub(super) fn of(content: &RawValue) -> InboundContent {
    known(content).unwrap_or_else(|| InboundContent::Unknown { raw: as_it_came(content) })
}

/// The id of the message that it quotes. That `context` names it is reported by integrations; what the member is called
/// is on no page, so WhatsApp's own name comes first.
pub(super) fn quoted(content: &Members) -> Option<String> {
    let quoted: Members = parse(content.get("context")?)?;
    ["id", "message_id", "sid"].iter().find_map(|name| text(&quoted, name))
}

fn known(content: &RawValue) -> Option<InboundContent> {
    let members: Members = parse(content)?;
    let kind = text(&members, "type")?;
    let raw = members.get(kind.as_str())?;
    if kind == "contacts" {
        let Value::Array(contacts) = as_it_came(raw) else { return None };
        return Some(InboundContent::Contacts { contacts });
    }
    let object: Members = parse(raw)?;
    match kind.as_str() {
        "text" => Some(InboundContent::Text { body: text(&object, "body")? }),
        "location" => location(&object).map(InboundContent::Location),
        // Without an emoji, the contact withdraws an earlier reaction.
        "reaction" => Some(InboundContent::Reaction(Reaction::new(
            text(&object, "message_id")?,
            text(&object, "emoji").unwrap_or_default(),
        ))),
        // The quick reply of a template. Its payload is the id that the template was sent with.
        "button" => {
            let reply = InboundReply::new(text(&object, "payload"), Some(text(&object, "text")?));
            Some(InboundContent::ButtonReply(reply))
        }
        "interactive" => reply(&object),
        kind => InboundContent::media(kind, media(&object)?),
    }
}

/// A file has `url` in captures, `link` in some clients, and `id` on the pages of the event forms.
fn media(object: &Members) -> Option<InboundMedia> {
    let mut media = InboundMedia::default();
    media.link = text(object, "url").or_else(|| text(object, "link"));
    media.id = text(object, "id").filter(|_| media.link.is_none());
    if media.link.is_none() && media.id.is_none() {
        return None;
    }
    media.caption = text(object, "caption");
    media.filename = text(object, "filename");
    media.mime_type = text(object, "mime_type");
    Some(media)
}

fn reply(object: &Members) -> Option<InboundContent> {
    let kind = text(object, "type")?;
    let reply: Members = parse(object.get(kind.as_str())?)?;
    InboundContent::reply(&kind, InboundReply::new(text(&reply, "id"), text(&reply, "title")))
}

/// WhatsApp writes degrees as numbers in samples and as texts in its schema.
fn location(object: &Members) -> Option<Location> {
    let degrees = |name: &str| text(object, name)?.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    let mut location = Location::new(degrees("latitude")?, degrees("longitude")?);
    location.name = text(object, "name");
    location.address = text(object, "address");
    Some(location)
}
