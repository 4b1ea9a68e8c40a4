//! The template object of a message.

use serde_json::{Map, Value, json};

use crate::core::finding::{Certainty, Source};
use crate::core::json::{Json, Members, Named as _};
use crate::simulators::cloud_api::{
    BodyValue, FieldError, FieldReader, MediaRules, SentParts, join, media, optional_text, required_array,
    required_text,
};

const TEMPLATES: Source = Source::new("GoSendAPI, Templates", Certainty::Docs);
const SAMPLES: Source = Source::new("GoSendAPI, Templates", Certainty::Inferred);
/// Headers, buttons, amounts and dates: the vendor's page was seen with texts of the body alone.
const META_RULES: Source = Source::new("Meta, template messages, which GoSendAPI says to mirror", Certainty::Inferred);
/// The most parameters of one component that are read.
const MOST_PARAMETERS: usize = 100;

/// The most cards of a carousel (Meta, template messages).
const MOST_CARDS: usize = 10;

/// A template to send, its form checked; whether it exists is for the world to say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TemplateSend {
    /// Its name.
    pub(super) name: String,
    /// The exact language.
    pub(super) language: String,
    /// The values of the body.
    pub(super) body: Vec<BodyValue>,
    /// The template in the form of the ledger.
    pub(super) content: Value,
}

impl TemplateSend {
    /// The parts besides the body.
    pub(super) fn parts(&self) -> SentParts<'_> {
        SentParts {
            header: self.content.get("header"),
            buttons: self.content.get("buttons").and_then(Value::as_array).map_or(&[], Vec::as_slice),
            cards: self.content.get("carousel"),
            has_offer: self.content.get("limited_time_offer").is_some(),
        }
    }
}

/// Reads name, language and components (Templates and Messages, docs for name, language and the text parameters of
/// the body, Meta for the rest).
pub(super) fn template(form: &mut FieldReader, value: Option<&Json<'_>>) -> Result<TemplateSend, FieldError> {
    let members = form.object(value, "template", &["name", "language", "components"])?;
    let name = required_text(members, "template", "name", usize::MAX)?;
    let language = form.object(members.member("language"), "template.language", &["code", "policy"])?;
    let code = required_text(language, "template.language", "code", usize::MAX)?;
    if language.contains_key("policy") {
        form.note("template.language.policy is Meta's and is in no sample of the vendor", SAMPLES);
    }
    let mut content = Map::new();
    for (member, value) in [("type", "template"), ("name", name), ("language", code)] {
        content.insert(member.to_owned(), Value::from(value));
    }
    let mut body_values = Vec::new();
    let mut buttons = Vec::new();
    let components = match members.member("components") {
        None | Some(Json::Null) => &[],
        Some(_) => required_array(members, "template", "components", 0, MOST_PARAMETERS)?,
    };
    for (index, value) in components.iter().enumerate() {
        let field = format!("template.components.{index}");
        let component = form.object(Some(value), &field, &["type", "sub_type", "index", "parameters", "cards"])?;
        let kind = required_text(component, &field, "type", usize::MAX)?;
        let lower = kind.to_ascii_lowercase();
        if lower != kind {
            form.note(format!("{field}.type is written in lower case when sending"), TEMPLATES);
        }
        match lower.as_str() {
            "body" => {
                body_values = body(form, component, &field)?;
                content.insert("body".to_owned(), printed(&body_values));
            }
            "header" => {
                content
                    .insert("header".to_owned(), header(form, component, &field).map_err(|flaw| flaw.by(META_RULES))?);
            }
            "button" => buttons.push(button(form, component, &field).map_err(|flaw| flaw.by(META_RULES))?),
            "carousel" => {
                let cards = required_array(component, &field, "cards", 1, MOST_CARDS);
                let cards = cards.map_err(|flaw| flaw.by(META_RULES))?;
                content.insert(lower, cards.iter().map(Value::from).collect());
            }
            "limited_time_offer" => {
                let values = parameters(component, &field, 1).map_err(|flaw| flaw.by(META_RULES))?;
                content.insert(lower, values.iter().map(Value::from).collect());
            }
            _ => {
                let expected = "must be one of header, body, button, carousel, limited_time_offer";
                return Err(FieldError::wrong(join(&field, "type"), expected));
            }
        }
    }
    if !buttons.is_empty() {
        content.insert("buttons".to_owned(), Value::Array(buttons));
    }
    let (name, language) = (name.to_owned(), code.to_owned());
    Ok(TemplateSend { name, language, body: body_values, content: Value::Object(content) })
}

/// The values of the body, in their order. `parameter_name` is Meta's, for templates whose placeholders have names.
fn body(form: &mut FieldReader, component: &Members<'_>, field: &str) -> Result<Vec<BodyValue>, FieldError> {
    let mut values = Vec::new();
    for (index, value) in required_array(component, field, "parameters", 0, MOST_PARAMETERS)?.iter().enumerate() {
        let field = format!("{field}.parameters.{index}");
        let members = form.object(Some(value), &field, &["type", "text", "currency", "date_time", "parameter_name"])?;
        let name = optional_text(members, &field, "parameter_name", usize::MAX).map_err(|flaw| flaw.by(META_RULES))?;
        let text = match required_text(members, &field, "type", usize::MAX)? {
            "text" => required_text(members, &field, "text", usize::MAX)?,
            kind @ ("currency" | "date_time") => {
                let field = join(&field, kind);
                let known = ["fallback_value", "code", "amount_1000"];
                let members = form.object(members.member(kind), &field, &known).map_err(|flaw| flaw.by(META_RULES))?;
                required_text(members, &field, "fallback_value", usize::MAX).map_err(|flaw| flaw.by(META_RULES))?
            }
            _ => return Err(FieldError::wrong(join(&field, "type"), "must be one of text, currency, date_time")),
        };
        values.push(BodyValue { name: name.map(str::to_owned), text: text.to_owned() });
    }
    Ok(values)
}

/// The values in the form of the ledger: by name if each has a name, else a list.
fn printed(values: &[BodyValue]) -> Value {
    let named = values.iter().map(|value| Some((value.name.clone()?, Value::from(value.text.as_str()))));
    match named.collect::<Option<Map<String, Value>>>() {
        Some(named) if !named.is_empty() => Value::Object(named),
        _ => values.iter().map(|value| value.text.as_str()).collect(),
    }
}

/// The one value of the header: a text or a medium.
fn header(form: &mut FieldReader, component: &Members<'_>, field: &str) -> Result<Value, FieldError> {
    let field = join(field, "parameters.0");
    let value = parameters(component, &field, 1)?.first();
    let members = form.object(value, &field, &["type", "text", "image", "video", "document"])?;
    match required_text(members, &field, "type", usize::MAX)? {
        "text" => Ok(json!({ "type": "text", "text": required_text(members, &field, "text", usize::MAX)? })),
        kind @ ("image" | "video" | "document") => {
            let rules = MediaRules { caption: false, filename: kind == "document" };
            media(form, members.member(kind), &join(&field, kind), kind, rules)
        }
        _ => Err(FieldError::wrong(join(&field, "type"), "must be one of text, image, video, document")),
    }
}

/// The value of one button. The kinds besides `quick_reply` and `url` are Meta's. Of `catalog` and `flow` the ledger keeps
/// the place alone.
fn button(form: &mut FieldReader, component: &Members<'_>, field: &str) -> Result<Value, FieldError> {
    let kind = required_text(component, field, "sub_type", usize::MAX)?;
    let index = button_index(component)
        .ok_or_else(|| FieldError::wrong(join(field, "index"), "must be a number from 0 to 9 as a string"))?;
    let (member, parameter) = match kind {
        "url" => ("text", "text"),
        "quick_reply" => ("payload", "payload"),
        "copy_code" => ("coupon_code", "coupon_code"),
        "catalog" | "flow" => return Ok(json!({ "type": kind, "index": index })),
        _ => {
            let expected = "must be one of quick_reply, url, copy_code, catalog, flow";
            return Err(FieldError::wrong(join(field, "sub_type"), expected));
        }
    };
    let field = join(field, "parameters.0");
    let value = parameters(component, &field, 1)?.first();
    let members = form.object(value, &field, &["type", member])?;
    if required_text(members, &field, "type", usize::MAX)? != parameter {
        return Err(FieldError::wrong(join(&field, "type"), format!("must be {parameter}")));
    }
    let kept = if kind == "copy_code" { "code" } else { member };
    Ok(json!({ "type": kind, "index": index, kept: required_text(members, &field, member, usize::MAX)? }))
}

/// The place of a button. Meta's pages write it as text; a number is taken too.
fn button_index(component: &Members<'_>) -> Option<u64> {
    let index = match component.member("index")? {
        Json::Str(text) => text.parse().ok()?,
        Json::Number(number) => number.as_u64()?,
        _ => return None,
    };
    (index <= 9).then_some(index)
}

fn parameters<'a>(component: &'a Members<'a>, field: &str, most: usize) -> Result<&'a [Json<'a>], FieldError> {
    required_array(component, field, "parameters", 1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(components: &Value) -> Result<TemplateSend, FieldError> {
        let value = json!({"name": "visit_reminder", "language": {"code": "en"}, "components": components});
        // As it is read from a body: what is made of a value in memory has another kind of number.
        let value = value.to_string();
        template(&mut FieldReader::default(), Some(&serde_json::from_str(&value).unwrap()))
    }

    #[test]
    fn full_template_is_read_into_ledger_form() {
        let read = with(&json!([
            {"type": "header", "parameters": [{"type": "image", "image": {"id": "77"}}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "date_time", "date_time": {"fallback_value": "12/02"}}]},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "88"}]},
            {"type": "button", "sub_type": "quick_reply", "index": 1, "parameters": [{"type": "payload", "payload": "OK"}]},
        ]))
        .unwrap();
        assert_eq!(read.body.len(), 2);
        assert_eq!(
            read.content,
            json!({"type": "template", "name": "visit_reminder", "language": "en", "body": ["Ana", "12/02"],
                "header": {"type": "image", "id": "77"},
                "buttons": [{"type": "url", "index": 0, "text": "88"}, {"type": "quick_reply", "index": 1, "payload": "OK"}]})
        );
    }

    #[test]
    fn a_template_without_components_has_no_values() {
        let value = json!({"name": "follow_up", "language": {"code": "en"}});
        assert_eq!(template(&mut FieldReader::default(), Some(&Json::from(&value))).unwrap().body.len(), 0);
    }

    #[test]
    fn a_template_without_its_language_is_refused() {
        let value = json!({"name": "follow_up", "language": {}});
        let flaw = template(&mut FieldReader::default(), Some(&Json::from(&value))).unwrap_err();
        assert_eq!((flaw.field.as_str(), flaw.missing), ("template.language.code", true));
    }

    #[test]
    fn a_tenth_button_and_an_unknown_component_are_refused() {
        let button = |index: Value| json!([{"type": "button", "sub_type": "url", "index": index, "parameters": [{"type": "text", "text": "8"}]}]);
        assert!(with(&button(json!("9"))).is_ok());
        assert!(with(&button(json!("10"))).is_err());
        assert!(with(&button(json!(null))).is_err());
        assert!(with(&json!([{"type": "footer", "parameters": [{"type": "text", "text": "8"}]}])).is_err());
    }

    #[test]
    fn an_upper_case_component_is_taken_and_noted() {
        let value = json!({"name": "follow_up", "language": {"code": "en"},
            "components": [{"type": "BODY", "parameters": [{"type": "text", "text": "Ana"}]}]});
        let mut form = FieldReader::default();
        assert_eq!(template(&mut form, Some(&Json::from(&value))).unwrap().body.len(), 1);
        assert!(form.sloppy[0].0.contains("template.components.0.type"));
    }
}
