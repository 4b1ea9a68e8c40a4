//! What a person wrote, in our own form.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use transom::adapter::json::as_it_came;

use super::raw::{Members, parse, text};

/// The content; what is not known stays as it came.
pub(super) fn of(content: &RawValue) -> Value {
    known(content).unwrap_or_else(|| json!({ "type": "unknown", "raw": as_it_came(content) }))
}

/// The id of the message that it quotes. That `context` names it is reported by integrations; what the member is called
/// is on no page, so WhatsApp's own name comes first.
pub(super) fn quoted(content: &Members) -> Option<String> {
    let quoted: Members = parse(content.get("context")?)?;
    ["id", "message_id", "sid"].iter().find_map(|name| text(&quoted, name))
}

fn known(content: &RawValue) -> Option<Value> {
    let members: Members = parse(content)?;
    let kind = text(&members, "type")?;
    let raw = members.get(kind.as_str())?;
    if kind == "contacts" {
        return raw.get().starts_with('[').then(|| json!({ "type": kind, "contacts": as_it_came(raw) }));
    }
    let object: Members = parse(raw)?;
    match kind.as_str() {
        "text" => Some(json!({ "type": "text", "body": text(&object, "body")? })),
        "image" | "video" | "audio" | "document" | "sticker" => media(&kind, &object),
        "location" => location(&object),
        // Without an emoji, an earlier reaction was taken back.
        "reaction" => Some(json!({
            "type": kind, "message_id": text(&object, "message_id")?, "emoji": text(&object, "emoji").unwrap_or_default(),
        })),
        // The quick reply of a template, whose payload is the id that it was sent with.
        "button" => {
            Some(json!({ "type": "button_reply", "id": text(&object, "payload"), "title": text(&object, "text")? }))
        }
        "interactive" => reply(&object),
        _ => None,
    }
}

/// By `url` in captures, by `link` in some clients, by `id` on the pages of the event dialects.
fn media(kind: &str, object: &Members) -> Option<Value> {
    let link = text(object, "url").or_else(|| text(object, "link"));
    let id = text(object, "id").filter(|_| link.is_none());
    if link.is_none() && id.is_none() {
        return None;
    }
    let mut media = Map::from_iter([("type".to_owned(), kind.into())]);
    let rest = ["caption", "filename", "mime_type"].map(|name| (name, text(object, name)));
    for (name, value) in [("link", link), ("id", id)].into_iter().chain(rest) {
        if let Some(value) = value {
            media.insert(name.to_owned(), value.into());
        }
    }
    Some(media.into())
}

fn reply(object: &Members) -> Option<Value> {
    let kind = text(object, "type")?;
    if !matches!(kind.as_str(), "button_reply" | "list_reply") {
        return None;
    }
    let reply: Members = parse(object.get(kind.as_str())?)?;
    Some(json!({ "type": kind, "id": text(&reply, "id"), "title": text(&reply, "title") }))
}

/// WhatsApp writes degrees as numbers in samples and as texts in its schema.
fn location(object: &Members) -> Option<Value> {
    let degrees = |name: &str| text(object, name)?.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    let place = json!({ "type": "location", "latitude": degrees("latitude")?, "longitude": degrees("longitude")? });
    let Value::Object(mut place) = place else { return None };
    for name in ["name", "address"] {
        if let Some(value) = text(object, name) {
            place.insert(name.to_owned(), value.into());
        }
    }
    Some(place.into())
}
