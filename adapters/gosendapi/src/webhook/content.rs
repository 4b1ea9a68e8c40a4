//! What a person wrote: Meta's content objects, in our own form.

use serde_json::{Map, Value, json};

/// The content of a message in Meta's shape; what is not known stays as it came.
pub(super) fn of(message: &Value) -> Value {
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    let object = message.get(kind).unwrap_or(&Value::Null);
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let known = match kind {
        "text" => text("body").map(|body| json!({ "type": "text", "body": body })),
        "image" | "video" | "audio" | "document" | "sticker" => media(kind, object),
        "location" | "reaction" => with_type(kind, object),
        "contacts" => object.is_array().then(|| json!({ "type": "contacts", "contacts": object })),
        // The quick reply of a template, whose payload is the id that it was sent with.
        "button" => text("text").map(|title| json!({ "type": "button_reply", "id": text("payload"), "title": title })),
        "interactive" => reply(object),
        _ => None,
    };
    known.unwrap_or_else(|| json!({ "type": "unknown", "raw": message }))
}

fn media(kind: &str, object: &Value) -> Option<Value> {
    let mut media = Map::from_iter([("type".to_owned(), kind.into())]);
    for name in ["id", "link", "caption", "filename", "mime_type"] {
        if let Some(value) = object.get(name).and_then(Value::as_str) {
            media.insert(name.to_owned(), value.into());
        }
    }
    (media.contains_key("link") || media.contains_key("id")).then(|| media.into())
}

fn reply(object: &Value) -> Option<Value> {
    let kind = object.get("type")?.as_str()?;
    let reply = object.get(kind)?;
    matches!(kind, "button_reply" | "list_reply")
        .then(|| json!({ "type": kind, "id": reply.get("id"), "title": reply.get("title") }))
}

fn with_type(kind: &str, object: &Value) -> Option<Value> {
    let mut members = object.as_object()?.clone();
    members.insert("type".to_owned(), kind.into());
    Some(members.into())
}
