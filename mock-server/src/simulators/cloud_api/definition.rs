//! Templates as they are handed in for review.

use serde_json::{Map, Value, json};

use super::{FieldError, FieldReader, join, optional_text, required_array, required_text};
use crate::core::json::{Json, Members};
use crate::core::world::{Template, TemplateStatus};

/// More templates than this no account has; it is the bound of what a mock keeps.
pub(crate) const MOST_TEMPLATES: usize = 1_000;

/// What a template may consist of; the case does not matter.
const COMPONENTS: [&str; 6] = ["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"];
/// `TRANSACTIONAL` is on Exotel's pages.
const CATEGORIES: [&str; 4] = ["UTILITY", "MARKETING", "AUTHENTICATION", "TRANSACTIONAL"];
/// The most components that are read.
const MOST_COMPONENTS: usize = 20;
/// Lengths in characters, and the most buttons (Meta, templates).
const HEADER_LIMIT: usize = 60;
const BODY_LIMIT: usize = 1024;
const FOOTER_LIMIT: usize = 60;
const BUTTON_LIMIT: usize = 25;
const URL_LIMIT: usize = 2000;
const MOST_BUTTONS: usize = 10;

/// Reads a definition into a template that waits for its review, under the number `id`.
pub(crate) fn definition(
    form: &mut FieldReader,
    value: &Json<'_>,
    field: &str,
    id: u64,
) -> Result<Template, FieldError> {
    let known = ["id", "name", "language", "category", "components", "parameter_format", "allow_category_change"];
    let members = form.object(Some(value), field, &known)?;
    let name = required_text(members, field, "name", usize::MAX)?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.bytes().all(is_name) {
        return Err(FieldError::wrong(join(field, "name"), "must be lower-case letters, digits and underscores"));
    }
    let language = required_text(members, field, "language", usize::MAX)?;
    let components = components(members, field)?;
    let without_body = || FieldError::missing(format!("{}.BODY", join(field, "components")));
    let template = Template::of_components(id, name, language, components).ok_or_else(without_body)?;
    Ok(Template { status: TemplateStatus::Pending, category: category(members, field)?, ..template })
}

/// The components, each with its `type` in upper case, its lengths checked.
pub(crate) fn components(members: &Members<'_>, field: &str) -> Result<Vec<Value>, FieldError> {
    let list = required_array(members, field, "components", 1, MOST_COMPONENTS)?;
    let read = list.iter().enumerate().map(|(index, value)| {
        let field = format!("{}.{index}", join(field, "components"));
        let Json::Object(component) = value else { return Err(FieldError::wrong(field, "must be an object")) };
        let kind = required_text(component, &field, "type", usize::MAX)?.to_ascii_uppercase();
        if !COMPONENTS.contains(&kind.as_str()) {
            return Err(FieldError::wrong(join(&field, "type"), format!("must be one of {}", COMPONENTS.join(", "))));
        }
        match kind.as_str() {
            "HEADER" => header(component, &field)?,
            "BODY" => drop(required_text(component, &field, "text", BODY_LIMIT)?),
            "FOOTER" => drop(required_text(component, &field, "text", FOOTER_LIMIT)?),
            "BUTTONS" => buttons(component, &field)?,
            _ => {}
        }
        let mut kept: Map<String, Value> = component.into();
        kept.insert("type".to_owned(), kind.into());
        Ok(Value::Object(kept))
    });
    read.collect()
}

/// As [`components`], of a definition that came through the control plane. The error names the member and the expectation.
pub(crate) fn checked_components(list: &[Value]) -> Result<Vec<Value>, String> {
    let definition = json!({ "components": list });
    let Json::Object(members) = Json::from(&definition) else { return Ok(Vec::new()) };
    components(&members, "").map_err(|error| format!("`{}` {}", error.field, error.expected))
}

fn header(component: &Members<'_>, field: &str) -> Result<(), FieldError> {
    let format = optional_text(component, field, "format", usize::MAX)?.unwrap_or("TEXT").to_ascii_uppercase();
    match format.as_str() {
        "TEXT" => required_text(component, field, "text", HEADER_LIMIT).map(drop),
        "IMAGE" | "VIDEO" | "DOCUMENT" | "LOCATION" => Ok(()),
        _ => {
            let expected = "must be one of TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION";
            Err(FieldError::wrong(join(field, "format"), expected))
        }
    }
}

fn buttons(component: &Members<'_>, field: &str) -> Result<(), FieldError> {
    for (index, button) in required_array(component, field, "buttons", 1, MOST_BUTTONS)?.iter().enumerate() {
        let field = format!("{}.{index}", join(field, "buttons"));
        let Json::Object(button) = button else { return Err(FieldError::wrong(field, "must be an object")) };
        let kind = required_text(button, &field, "type", usize::MAX)?.to_ascii_uppercase();
        optional_text(button, &field, "text", BUTTON_LIMIT)?;
        match kind.as_str() {
            "URL" => drop(required_text(button, &field, "url", URL_LIMIT)?),
            "PHONE_NUMBER" => drop(required_text(button, &field, "phone_number", usize::MAX)?),
            _ => {}
        }
    }
    Ok(())
}

/// The `type` of a component or a button, in upper case.
pub(super) fn kind_of(part: &Value) -> String {
    part["type"].as_str().unwrap_or_default().to_ascii_uppercase()
}

/// Whether a text has a placeholder.
pub(super) fn has_placeholder(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.contains("{{"))
}

/// The category, in the case in which the world keeps it.
pub(crate) fn category(members: &Members<'_>, field: &str) -> Result<String, FieldError> {
    let category = required_text(members, field, "category", usize::MAX)?;
    let known = CATEGORIES.iter().any(|known| known.eq_ignore_ascii_case(category));
    let expected = || FieldError::wrong(join(field, "category"), format!("must be one of {}", CATEGORIES.join(", ")));
    if known { Ok(category.to_ascii_lowercase()) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<Template, FieldError> {
        definition(&mut FieldReader::default(), &Json::from(value), "", 7)
    }

    fn good() -> Value {
        json!({"name": "order_ready", "language": "es", "category": "UTILITY", "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Hola"}, {"type": "body", "text": "{{1}} a las {{2}}"}]})
    }

    #[test]
    fn a_definition_becomes_a_template_that_waits_for_its_review() {
        let template = read(&good()).unwrap();
        assert_eq!((template.id, template.name.as_str(), template.language.as_str()), (7, "order_ready", "es"));
        assert_eq!((template.status, template.category.as_str()), (TemplateStatus::Pending, "utility"));
        assert_eq!(template.parameters, ["1", "2"]);
        assert_eq!(template.listed_components()[0], json!({"type": "HEADER", "format": "TEXT", "text": "Hola"}));
        assert_eq!(template.listed_components()[1], json!({"type": "BODY", "text": "{{1}} a las {{2}}"}));
    }

    #[test]
    fn what_a_definition_lacks_or_has_wrong_is_named() {
        for (member, value, field) in [
            ("name", json!("Order Ready"), "name"),
            ("language", json!(null), "language"),
            ("category", json!("PROMO"), "category"),
            ("components", json!([]), "components"),
            ("components", json!([{"type": "HEADER", "text": "Hola"}]), "components.BODY"),
            ("components", json!([{"type": "SIDE", "text": "Hola"}]), "components.0.type"),
            ("components", json!([{"type": "BODY"}]), "components.0.text"),
            ("components", json!([{"type": "BODY", "text": "x".repeat(1025)}]), "components.0.text"),
            ("components", json!([{"type": "HEADER", "text": "x".repeat(61)}]), "components.0.text"),
            ("components", json!([{"type": "HEADER", "format": "SOUND"}]), "components.0.format"),
            ("components", json!([{"type": "FOOTER", "text": "x".repeat(61)}]), "components.0.text"),
            ("components", json!([{"type": "BUTTONS", "buttons": []}]), "components.0.buttons"),
            (
                "components",
                json!([{"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "x".repeat(26)}]}]),
                "components.0.buttons.0.text",
            ),
            (
                "components",
                json!([{"type": "BUTTONS", "buttons": [{"type": "URL", "text": "x"}]}]),
                "components.0.buttons.0.url",
            ),
        ] {
            let mut wrong = good();
            wrong[member] = value;
            assert_eq!(read(&wrong).unwrap_err().field, field, "{wrong}");
        }
    }
}
