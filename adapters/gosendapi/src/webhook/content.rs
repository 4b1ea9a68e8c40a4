//! What a person wrote: Meta's content objects, in our own form. Members that our form does not have are left out, but
//! for those of contact cards, which are the person's own.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use transom::adapter::json::{Members, as_it_came};

/// The content of a message in Meta's shape; what is not known stays as it came.
pub(super) fn of(message: &RawValue) -> Value {
    known(message).unwrap_or_else(|| json!({ "type": "unknown", "raw": as_it_came(message) }))
}

fn known(message: &RawValue) -> Option<Value> {
    let message = Members::from_raw(message)?;
    let kind = message.text(&["type"])?;
    if kind == "contacts" {
        let cards = as_it_came(message.raw(&["contacts"])?);
        return cards.is_array().then(|| json!({ "type": "contacts", "contacts": cards }));
    }
    let object = message.object(&[&kind])?;
    let text = |name: &str| object.text(&[name]);
    match kind.as_str() {
        "text" => Some(json!({ "type": "text", "body": text("body")? })),
        "image" | "video" | "audio" | "document" | "sticker" => media(&kind, &object),
        "location" => location(&object),
        // Without an emoji, an earlier reaction was taken back.
        "reaction" => Some(json!({
            "type": "reaction", "message_id": object.text(&["message_id", "messageId"])?,
            "emoji": text("emoji").unwrap_or_default(),
        })),
        // The quick reply of a template, whose payload is the id that it was sent with.
        "button" => Some(json!({ "type": "button_reply", "id": text("payload"), "title": text("text")? })),
        "interactive" => reply(&object),
        _ => None,
    }
}

fn media(kind: &str, object: &Members) -> Option<Value> {
    let mut media = Map::from_iter([("type".to_owned(), kind.into())]);
    put(&mut media, "id", object.text(&["id"]));
    put(&mut media, "link", object.text(&["link", "url"]));
    if media.len() == 1 {
        return None;
    }
    put(&mut media, "caption", object.text(&["caption"]));
    put(&mut media, "filename", object.text(&["filename", "fileName"]));
    put(&mut media, "mime_type", object.text(&["mime_type", "mimeType"]));
    Some(media.into())
}

/// Meta writes degrees as numbers in samples and as texts in its schema.
fn location(object: &Members) -> Option<Value> {
    let degrees = |name: &str| object.text(&[name])?.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    let place = json!({ "type": "location", "latitude": degrees("latitude")?, "longitude": degrees("longitude")? });
    let Value::Object(mut place) = place else { return None };
    put(&mut place, "name", object.text(&["name"]));
    put(&mut place, "address", object.text(&["address"]));
    Some(place.into())
}

fn reply(object: &Members) -> Option<Value> {
    let kind = object.text(&["type"]).filter(|kind| matches!(kind.as_str(), "button_reply" | "list_reply"))?;
    let reply = object.object(&[&kind])?;
    Some(json!({ "type": kind, "id": reply.text(&["id"]), "title": reply.text(&["title"]) }))
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}
