//! Message content in the JSON shapes of WhatsApp's own Cloud API.
//!
//! Several providers take these content objects unchanged, inside their own envelope. They are written here once. The
//! adapter decides which of them its provider takes, and how to wrap them. Source: the Cloud API's message reference
//! and its published OpenAPI file (v23.0).

use serde_json::{Map, Value, json};

use crate::config::ResolvedTemplate;
use crate::error::Result;
use crate::message::contacts::Contacts;
use crate::message::content::{Content, Location};
use crate::message::interactive::{Buttons, List};
use crate::message::media::{Header, Media, MediaSource};
use crate::message::template::{Template, TemplateButton};

/// The `type` of `content` and the object under that name.
///
/// The adapter resolves templates first and passes a function that writes them.
pub fn content(content: &Content, template: impl FnOnce(&Template) -> Result<Value>) -> Result<(&'static str, Value)> {
    Ok(match content {
        Content::Text(text) => {
            let mut object = Map::new();
            object.insert("body".into(), text.body.clone().into());
            if text.preview_url {
                object.insert("preview_url".into(), true.into());
            }
            ("text", object.into())
        }
        Content::Image(file) => ("image", media(file)),
        Content::Video(file) => ("video", media(file)),
        Content::Audio(file) => ("audio", media(file)),
        Content::Document(file) => ("document", media(file)),
        Content::Sticker(file) => ("sticker", media(file)),
        Content::Location(place) => ("location", location(place)),
        Content::Contacts(cards) => ("contacts", contacts(cards)),
        Content::Buttons(question) => ("interactive", buttons(question)),
        Content::List(question) => ("interactive", list(question)),
        Content::Reaction(reaction) => {
            ("reaction", json!({ "message_id": reaction.message_id, "emoji": reaction.emoji }))
        }
        Content::Template(wanted) => ("template", template(wanted)?),
    })
}

/// A media object: `link` or `id`, with caption and file name if set.
pub fn media(file: &Media) -> Value {
    let mut object = Map::new();
    match &file.source {
        MediaSource::Link(link) => object.insert("link".into(), link.clone().into()),
        MediaSource::Id(id) => object.insert("id".into(), id.clone().into()),
    };
    put(&mut object, "caption", file.caption.as_deref());
    put(&mut object, "filename", file.filename.as_deref());
    object.into()
}

/// A location object, the coordinates as numbers.
pub fn location(place: &Location) -> Value {
    let mut object = Map::new();
    object.insert("latitude".into(), place.latitude.into());
    object.insert("longitude".into(), place.longitude.into());
    put(&mut object, "name", place.name.as_deref());
    put(&mut object, "address", place.address.as_deref());
    object.into()
}

/// A list of contact cards.
pub fn contacts(cards: &Contacts) -> Value {
    let card = |card: &crate::message::Contact| {
        let mut name = Map::new();
        name.insert("formatted_name".into(), card.name.formatted_name.clone().into());
        put(&mut name, "first_name", card.name.first_name.as_deref());
        put(&mut name, "last_name", card.name.last_name.as_deref());
        let mut object = Map::new();
        object.insert("name".into(), name.into());
        let phones = card.phones.iter().map(|phone| typed("phone", &phone.phone, phone.kind.as_deref()));
        put_all(&mut object, "phones", phones);
        let emails = card.emails.iter().map(|email| typed("email", &email.email, email.kind.as_deref()));
        put_all(&mut object, "emails", emails);
        put_all(&mut object, "addresses", card.addresses.iter().map(|address| json!(address)));
        if let Some(org) = &card.org {
            object.insert("org".into(), json!(org));
        }
        put_all(&mut object, "urls", card.urls.iter().map(|url| typed("url", &url.url, url.kind.as_deref())));
        put(&mut object, "birthday", card.birthday.as_deref());
        Value::from(object)
    };
    cards.contacts.iter().map(card).collect()
}

/// An interactive object with reply buttons.
pub fn buttons(question: &Buttons) -> Value {
    let buttons: Value = question
        .buttons
        .iter()
        .map(|button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } }))
        .collect();
    interactive(
        "button",
        &question.body,
        question.header.as_ref(),
        question.footer.as_deref(),
        json!({ "buttons": buttons }),
    )
}

/// An interactive object with a list.
pub fn list(question: &List) -> Value {
    let sections = question.sections.iter().map(|section| {
        let rows = section.rows.iter().map(|row| {
            let mut object = Map::new();
            object.insert("id".into(), row.id.clone().into());
            object.insert("title".into(), row.title.clone().into());
            put(&mut object, "description", row.description.as_deref());
            Value::from(object)
        });
        let mut object = Map::new();
        put(&mut object, "title", section.title.as_deref());
        object.insert("rows".into(), rows.collect());
        Value::from(object)
    });
    let action = json!({ "button": question.button, "sections": sections.collect::<Value>() });
    interactive("list", &question.body, question.header.as_ref(), question.footer.as_deref(), action)
}

/// A template object. `policy` is `language.policy`, for providers that require it.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the parameters do not fit: the Cloud API goes by
/// position.
pub fn template(wanted: &Template, resolved: &ResolvedTemplate<'_>, policy: Option<&str>) -> Result<Value> {
    let mut components = Vec::new();
    if let Some(header) = &wanted.header {
        components.push(json!({ "type": "header", "parameters": [header_parameter(header)] }));
    }
    let values = resolved.positional()?;
    if !values.is_empty() {
        let parameters: Value = values.iter().map(|value| json!({ "type": "text", "text": value })).collect();
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    for button in &wanted.buttons {
        // `index` is a string only here.
        components.push(match button {
            TemplateButton::Url { index, text } => json!({
                "type": "button", "sub_type": "url", "index": index.to_string(),
                "parameters": [{ "type": "text", "text": text }],
            }),
            TemplateButton::QuickReply { index, payload } => json!({
                "type": "button", "sub_type": "quick_reply", "index": index.to_string(),
                "parameters": [{ "type": "payload", "payload": payload }],
            }),
        });
    }
    let mut language = Map::new();
    language.insert("code".into(), resolved.language.into());
    put(&mut language, "policy", policy);
    let mut object = Map::new();
    object.insert("name".into(), resolved.name.into());
    object.insert("language".into(), language.into());
    put_all(&mut object, "components", components.into_iter());
    Ok(object.into())
}

/// The text of the body in a template's definition; `None` if `components` has no body. Definitions write the type in
/// capitals, sends do not.
pub fn body_text(components: &Value) -> Option<&str> {
    let is_body = |component: &&Value| {
        component.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("body"))
    };
    components.as_array()?.iter().find(is_body)?.get("text")?.as_str()
}

/// The reason of a rejection in a template's definition. The Cloud API writes `NONE` where there is none.
pub fn rejected_reason(word: Option<String>) -> Option<String> {
    word.filter(|word| !word.eq_ignore_ascii_case("none"))
}

/// The names of the placeholders in the body of a template's definition, in text order; `None` if `components` has no
/// body.
pub fn body_placeholders(components: &Value) -> Option<Vec<String>> {
    let text = body_text(components)?;
    let mut found: Vec<String> = Vec::new();
    for part in text.split("{{").skip(1) {
        let Some((name, _)) = part.split_once("}}") else { continue };
        let name = name.trim();
        if !name.is_empty() && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    Some(found)
}

fn interactive(kind: &str, body: &str, header: Option<&Header>, footer: Option<&str>, action: Value) -> Value {
    let mut object = Map::new();
    object.insert("type".into(), kind.into());
    if let Some(header) = header {
        object.insert("header".into(), header_parameter(header));
    }
    object.insert("body".into(), json!({ "text": body }));
    if let Some(footer) = footer {
        object.insert("footer".into(), json!({ "text": footer }));
    }
    object.insert("action".into(), action);
    object.into()
}

/// A header, or the value of a template's header: both have the same form.
fn header_parameter(header: &Header) -> Value {
    match header {
        Header::Text(line) => json!({ "type": "text", "text": line.text }),
        Header::Image(file) => json!({ "type": "image", "image": media(file) }),
        Header::Video(file) => json!({ "type": "video", "video": media(file) }),
        Header::Document(file) => json!({ "type": "document", "document": media(file) }),
    }
}

fn typed(name: &str, value: &str, kind: Option<&str>) -> Value {
    let mut object = Map::new();
    object.insert(name.into(), value.into());
    put(&mut object, "type", kind);
    object.into()
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        object.insert(name.into(), value.into());
    }
}

fn put_all(object: &mut Map<String, Value>, name: &str, values: impl Iterator<Item = Value>) {
    let values: Vec<Value> = values.collect();
    if !values.is_empty() {
        object.insert(name.into(), values.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_placeholders_are_unique_and_in_text_order() {
        let body = |text: &str| json!([{ "type": "HEADER", "text": "{{9}}" }, { "type": "BODY", "text": text }]);
        assert_eq!(
            body_placeholders(&body("Hi {{ name }}, {{day}} and {{name}} {{")),
            Some(vec!["name".into(), "day".into()])
        );
        assert_eq!(body_placeholders(&body("no placeholders")), Some(Vec::new()));
        for none in [json!([]), json!(null), json!([{ "type": "HEADER", "text": "{{1}}" }])] {
            assert_eq!(body_placeholders(&none), None, "{none}");
        }
    }
}
