//! What a customer writes, as `inbound` takes it: checked, so that a slip of a test is told at once and not three steps later.

use serde_json::{Value, json};

use super::Refusal;
use crate::core::behavior_switch::list;
use crate::core::members::Members;

/// The types of a customer's message.
const TYPES: [&str; 12] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "button_reply",
    "list_reply",
    "button",
];

/// A customer's message: a text, a content of a known type, or anything at all as `raw`, which nobody checks.
pub(super) fn read(members: &mut Members) -> Result<Value, Refusal> {
    match (members.text("text")?, members.take("content"), members.take("raw")) {
        (Some(text), None, None) => Ok(json!({"type": "text", "body": text})),
        (None, Some(content), None) => check(&content).map(|()| content),
        (None, None, Some(raw)) if raw.get("type").is_some_and(Value::is_string) => Ok(raw),
        (None, None, Some(raw)) => Err(members.wrong("raw", &raw, "an object with a `type`")),
        (None, None, None) => Err(members.missing("text", "a `text` or a `content`")),
        _ => Err(members.error("there are several of `text`, `content` and `raw`, expected one of them")),
    }
}

fn check(content: &Value) -> Result<(), Refusal> {
    let expected = "an object with a `type`, such as {\"type\":\"text\",\"body\":\"hi\"}";
    if !content.get("type").is_some_and(Value::is_string) {
        return Err(Refusal::bad(format!("`content` is {content}, expected {expected}")));
    }
    let mut members = Members::of(content.clone(), "`content`: ")?;
    let kind = members.needed_text("type", expected)?;
    let known: &[&str] = match kind.as_str() {
        "text" => {
            members.needed_text("body", "what the customer wrote")?;
            &["type", "body"]
        }
        "image" | "video" | "audio" | "document" | "sticker" => {
            let (id, link) = (members.text("id")?, members.text("link")?);
            if id.is_none() && link.is_none() {
                return Err(members.missing("link", "a `link` or an `id`"));
            }
            for name in ["caption", "filename"] {
                members.text(name)?;
            }
            &["type", "id", "link", "caption", "filename"]
        }
        "location" => {
            degrees(&mut members, "latitude", 90.0)?;
            degrees(&mut members, "longitude", 180.0)?;
            for name in ["name", "address"] {
                members.text(name)?;
            }
            &["type", "latitude", "longitude", "name", "address"]
        }
        "contacts" => {
            if members.rows("contacts")?.is_empty() {
                return Err(members.error("`contacts` is empty, expected at least one contact"));
            }
            &["type", "contacts"]
        }
        "reaction" => {
            members.needed_text("message_id", "the message reacted to")?;
            members.needed_text("emoji", "an emoji, or an empty text to take it back")?;
            &["type", "message_id", "emoji"]
        }
        "button_reply" | "list_reply" => {
            members.needed_text("id", "that of what was chosen")?;
            members.needed_text("title", "that of what was chosen")?;
            members.text("description")?;
            &["type", "id", "title", "description"]
        }
        "button" => {
            members.needed_text("text", "the button's text")?;
            members.needed_text("payload", "the button's payload")?;
            &["type", "text", "payload"]
        }
        other => {
            let known = list(TYPES);
            return Err(
                members.error(&format!("`type` is \"{other}\", expected one of {known}; anything else goes as `raw`"))
            );
        }
    };
    members.finish(known)
}

fn degrees(members: &mut Members, name: &str, most: f64) -> Result<(), Refusal> {
    let expected = format!("a number from -{most} to {most}");
    match members.take(name) {
        None => Err(members.missing(name, &expected)),
        Some(value) if value.as_f64().is_some_and(|degrees| degrees.abs() <= most) => Ok(()),
        Some(value) => Err(members.wrong(name, &value, &expected)),
    }
}
