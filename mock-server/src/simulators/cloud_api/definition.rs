//! Templates as they are handed in for review.

use super::{FieldError, FieldReader, join, required_array, required_text};
use crate::core::json::{Json, Members};
use crate::core::world::{Template, TemplateStatus};

/// More templates than this no account has; it is the bound of what a mock keeps.
pub(crate) const MOST_TEMPLATES: usize = 1_000;

/// What a template may consist of; the case does not matter.
const COMPONENTS: [&str; 6] = ["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"];
const CATEGORIES: [&str; 3] = ["UTILITY", "MARKETING", "AUTHENTICATION"];
/// The most components that are read.
const MOST_COMPONENTS: usize = 20;

/// Reads a definition into a template that waits for its review, under the number `id`. Of its components the text of the
/// body is kept, which says what parameters a send has to give.
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
    let body = body(form, members, field)?;
    let template = Template::new(id, name, language, body);
    Ok(Template { status: TemplateStatus::Pending, category: category(members, field)?, ..template })
}

/// The text of the body, which every template has.
pub(crate) fn body<'a>(form: &mut FieldReader, members: &'a Members<'a>, field: &str) -> Result<&'a str, FieldError> {
    let mut body = None;
    let list = required_array(members, field, "components", 1, MOST_COMPONENTS)?;
    for (index, value) in list.iter().enumerate() {
        let field = format!("{}.{index}", join(field, "components"));
        let Json::Object(component) = value else { return Err(FieldError::wrong(field, "must be an object")) };
        let kind = required_text(component, &field, "type", usize::MAX)?;
        if !COMPONENTS.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
            return Err(FieldError::wrong(join(&field, "type"), format!("must be one of {}", COMPONENTS.join(", "))));
        }
        if kind.eq_ignore_ascii_case("body") {
            form.note_unknown(component, &field, &["type", "text", "example", "add_security_recommendation"]);
            body = Some(required_text(component, &field, "text", usize::MAX)?);
        }
    }
    body.ok_or_else(|| FieldError::missing(format!("{}.BODY", join(field, "components"))))
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
    use serde_json::{Value, json};

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
        ] {
            let mut wrong = good();
            wrong[member] = value;
            assert_eq!(read(&wrong).unwrap_err().field, field, "{wrong}");
        }
    }
}
