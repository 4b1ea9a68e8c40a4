//! Message content in the JSON shapes of WhatsApp's own Cloud API.
//!
//! Several providers take these content objects unchanged, inside their own envelope. They are written here once. The
//! adapter decides which of them its provider takes, and how to wrap them. Source: the Cloud API's message reference
//! and its published OpenAPI file (v23.0).

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::account::TemplateInfo;
use crate::config::ResolvedTemplate;
use crate::error::Result;
use crate::message::contacts::Contacts;
use crate::message::content::{Content, Location};
use crate::message::interactive::{Buttons, List};
use crate::message::media::{Header, Media, MediaSource};
use crate::message::template::{Card, Parameters, Template, TemplateButton};

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

/// The provider's way of writing templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateStyle {
    /// `language.policy`, for providers that require it.
    pub policy: Option<&'static str>,
    /// Whether the type of a carousel is in capitals.
    pub capital_carousel: bool,
}

impl TemplateStyle {
    /// No policy, and types in lower case.
    pub const fn new() -> Self {
        Self { policy: None, capital_carousel: false }
    }

    /// Sets `language.policy`.
    #[must_use]
    pub const fn with_policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Writes the type of a carousel in capitals.
    #[must_use]
    pub const fn with_capital_carousel(mut self) -> Self {
        self.capital_carousel = true;
        self
    }
}

/// A template object. Values go by position, but by name if the `definition` has names for its placeholders.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the parameters do not fit.
pub fn template(
    wanted: &Template,
    resolved: &ResolvedTemplate<'_>,
    style: TemplateStyle,
    definition: Option<&TemplateInfo>,
) -> Result<Value> {
    let header_name = definition.and_then(|info| info.definition.as_ref()?.header_name());
    let mut components = Vec::new();
    components.extend(wanted.header.as_ref().map(|header| header_component(header, header_name.as_deref())));
    let values: Vec<(Option<String>, &str)> = if definition.is_some_and(TemplateInfo::has_names) {
        resolved.named()?.into_iter().map(|(name, value)| (Some(name), value)).collect()
    } else {
        resolved.positional()?.into_iter().map(|value| (None, value)).collect()
    };
    components.extend(body_component(values.iter().map(|(name, value)| (name.as_deref(), *value))));
    components.extend(wanted.buttons.iter().map(button_component));
    if let Some(offer) = &wanted.limited_time_offer {
        let at = offer.expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let parameter = json!({ "type": "limited_time_offer", "limited_time_offer": { "expiration_time_ms": at } });
        components.push(json!({ "type": "limited_time_offer", "parameters": [parameter] }));
    }
    if !wanted.carousel.is_empty() {
        let cards: Value = wanted.carousel.iter().enumerate().map(|(index, card)| card_object(index, card)).collect();
        let kind = if style.capital_carousel { "CAROUSEL" } else { "carousel" };
        components.push(json!({ "type": kind, "cards": cards }));
    }
    let mut language = Map::new();
    language.insert("code".into(), resolved.language.into());
    put(&mut language, "policy", style.policy);
    let mut object = Map::new();
    object.insert("name".into(), resolved.name.into());
    object.insert("language".into(), language.into());
    put_all(&mut object, "components", components.into_iter());
    Ok(object.into())
}

fn header_component(header: &Header, name: Option<&str>) -> Value {
    let parameter = match header {
        Header::Text(line) => text_parameter(name, &line.text),
        medium => header_parameter(medium),
    };
    json!({ "type": "header", "parameters": [parameter] })
}

/// The component of a body with these values, each with its name if it has one; `None` without values.
fn body_component<'v>(values: impl Iterator<Item = (Option<&'v str>, &'v str)>) -> Option<Value> {
    let parameters: Vec<Value> = values.map(|(name, value)| text_parameter(name, value)).collect();
    (!parameters.is_empty()).then(|| json!({ "type": "body", "parameters": parameters }))
}

fn text_parameter(name: Option<&str>, text: &str) -> Value {
    let mut object = Map::new();
    object.insert("type".into(), "text".into());
    put(&mut object, "parameter_name", name);
    object.insert("text".into(), text.into());
    object.into()
}

fn button_component(button: &TemplateButton) -> Value {
    let (sub_type, parameter) = match button {
        TemplateButton::Url { text, .. } => ("url", json!({ "type": "text", "text": text })),
        TemplateButton::QuickReply { payload, .. } => ("quick_reply", json!({ "type": "payload", "payload": payload })),
        TemplateButton::CopyCode { coupon_code, .. } => {
            ("copy_code", json!({ "type": "coupon_code", "coupon_code": coupon_code }))
        }
        TemplateButton::Flow { flow_token, flow_action_data, .. } => {
            let mut action = Map::new();
            put(&mut action, "flow_token", flow_token.as_deref());
            if let Some(data) = flow_action_data {
                action.insert("flow_action_data".into(), data.clone());
            }
            ("flow", json!({ "type": "action", "action": action }))
        }
    };
    // `index` is a string only here.
    let index = button.index().to_string();
    json!({ "type": "button", "sub_type": sub_type, "index": index, "parameters": [parameter] })
}

fn card_object(index: usize, card: &Card) -> Value {
    let mut components = Vec::new();
    components.extend(card.header.as_ref().map(|header| header_component(header, None)));
    components.extend(match &card.body {
        Parameters::Positional(values) => body_component(values.iter().map(|value| (None, value.as_str()))),
        Parameters::Named(values) => {
            body_component(values.iter().map(|(name, value)| (Some(name.as_str()), value.as_str())))
        }
    });
    components.extend(card.buttons.iter().map(button_component));
    json!({ "card_index": index, "components": components })
}

/// The reason of a rejection in a template's definition. The Cloud API writes `NONE` where there is none.
pub fn rejected_reason(word: Option<String>) -> Option<String> {
    word.filter(|word| !word.eq_ignore_ascii_case("none"))
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
    use crate::config::TemplateMappings;
    use crate::message::TemplateDefinition;

    fn written(wanted: &str, style: TemplateStyle, components: Option<Value>) -> Result<Value> {
        let wanted: Template = serde_json::from_str(wanted).unwrap();
        let info = components.map(|components| {
            let definition = TemplateDefinition::from_components(&components);
            TemplateInfo::new("7", "t", "en", "approved").with_definition(definition)
        });
        let mappings = TemplateMappings::default();
        template(&wanted, &mappings.resolve(&wanted), style, info.as_ref())
    }

    #[test]
    fn each_component_has_its_documented_form() {
        for (member, component) in [
            (
                r#""buttons":[{"type":"copy_code","index":0,"coupon_code":"SAVE25"}]"#,
                json!({ "type": "button", "sub_type": "copy_code", "index": "0",
                    "parameters": [{ "type": "coupon_code", "coupon_code": "SAVE25" }] }),
            ),
            (
                r#""buttons":[{"type":"flow","index":1,"flow_token":"0000","flow_action_data":{"a":1}}]"#,
                json!({ "type": "button", "sub_type": "flow", "index": "1",
                    "parameters": [{ "type": "action", "action": { "flow_token": "0000", "flow_action_data": { "a": 1 } } }] }),
            ),
            (
                r#""buttons":[{"type":"flow","index":0}]"#,
                json!({ "type": "button", "sub_type": "flow", "index": "0", "parameters": [{ "type": "action", "action": {} }] }),
            ),
            (
                r#""limited_time_offer":{"expires_at":"2026-05-12T08:20:00.5Z"}"#,
                json!({ "type": "limited_time_offer", "parameters": [
                    { "type": "limited_time_offer", "limited_time_offer": { "expiration_time_ms": 1_778_574_000_500_u64 } }] }),
            ),
            (
                r#""carousel":[{"header":{"type":"image","id":"7"},"body":["5"],"buttons":[{"type":"url","index":0,"text":"88"}]},{"body":{"a":"6"}}]"#,
                json!({ "type": "carousel", "cards": [
                    { "card_index": 0, "components": [
                        { "type": "header", "parameters": [{ "type": "image", "image": { "id": "7" } }] },
                        { "type": "body", "parameters": [{ "type": "text", "text": "5" }] },
                        { "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "88" }] },
                    ] },
                    { "card_index": 1, "components": [
                        { "type": "body", "parameters": [{ "type": "text", "parameter_name": "a", "text": "6" }] },
                    ] },
                ] }),
            ),
        ] {
            let wanted = format!(r#"{{"name":"t",{member}}}"#);
            let found = written(&wanted, TemplateStyle::default(), None).unwrap();
            assert_eq!(found["components"], json!([component]), "{member}");
        }
        let capital = TemplateStyle::default().with_capital_carousel().with_policy("deterministic");
        let found = written(r#"{"name":"t","carousel":[{}]}"#, capital, None).unwrap();
        assert_eq!(
            (&found["components"][0]["type"], &found["language"]["policy"]),
            (&json!("CAROUSEL"), &json!("deterministic"))
        );
    }

    #[test]
    fn values_have_names_only_where_the_definition_has() {
        let named = json!([{ "type": "HEADER", "format": "TEXT", "text": "{{shop}}" }, { "type": "BODY", "text": "Hi {{customer}}" }]);
        let wanted = r#"{"name":"t","body":{"customer":"Ana"},"header":{"type":"text","text":"Acme"}}"#;
        let found = written(wanted, TemplateStyle::default(), Some(named)).unwrap();
        assert_eq!(
            found["components"],
            json!([
                { "type": "header", "parameters": [{ "type": "text", "parameter_name": "shop", "text": "Acme" }] },
                { "type": "body", "parameters": [{ "type": "text", "parameter_name": "customer", "text": "Ana" }] },
            ])
        );
        let places = json!([{ "type": "BODY", "text": "Hi {{1}}" }]);
        for definition in [None, Some(places)] {
            let refused =
                written(r#"{"name":"t","body":{"customer":"Ana"}}"#, TemplateStyle::default(), definition.clone());
            assert_eq!(refused.unwrap_err().kind(), crate::ErrorKind::InvalidRequest);
            let found = written(r#"{"name":"t","body":["Ana"]}"#, TemplateStyle::default(), definition).unwrap();
            assert_eq!(
                found["components"],
                json!([{ "type": "body", "parameters": [{ "type": "text", "text": "Ana" }] }])
            );
        }
    }
}
