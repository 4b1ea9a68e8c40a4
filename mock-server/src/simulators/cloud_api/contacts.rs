//! Contact cards.

use serde_json::{Map, Value, json};

use super::{FieldError, FieldReader, join, optional_text, put_text, required_text};
use crate::core::json::{Json, Named as _};

const CARD: [&str; 7] = ["name", "phones", "emails", "addresses", "org", "urls", "birthday"];
const NAME: [&str; 6] = ["formatted_name", "first_name", "last_name", "middle_name", "suffix", "prefix"];

/// Reads one to `most` contact cards. Names, phones and e-mail addresses are kept; what else Meta's cards hold is
/// taken and not looked at.
pub(crate) fn contacts(
    form: &mut FieldReader,
    value: Option<&Json<'_>>,
    field: &str,
    most: usize,
) -> Result<Value, FieldError> {
    let cards = match value {
        None | Some(Json::Null) => return Err(FieldError::missing(field)),
        Some(Json::Array(cards)) if (1..=most).contains(&cards.len()) => cards,
        Some(Json::Array(_)) => return Err(FieldError::wrong(field, format!("must hold 1 to {most} items"))),
        Some(_) => return Err(FieldError::wrong(field, "must be an array")),
    };
    let mut read = Vec::with_capacity(cards.len());
    for (index, value) in cards.iter().enumerate() {
        read.push(card(form, value, &join(field, &index.to_string()))?);
    }
    Ok(json!({ "type": "contacts", "contacts": read }))
}

fn card(form: &mut FieldReader, value: &Json<'_>, field: &str) -> Result<Value, FieldError> {
    let members = form.object(Some(value), field, &CARD)?;
    let mut card = Map::new();
    card.insert("name".to_owned(), name(form, members.member("name"), &join(field, "name"))?);
    for (list, item, known) in
        [("phones", "phone", &["phone", "type", "wa_id"][..]), ("emails", "email", &["email", "type"])]
    {
        let lines = lines(form, members.member(list), &join(field, list), item, known)?;
        if !lines.is_empty() {
            card.insert(list.to_owned(), Value::Array(lines));
        }
    }
    Ok(Value::Object(card))
}

fn name(form: &mut FieldReader, value: Option<&Json<'_>>, field: &str) -> Result<Value, FieldError> {
    let members = form.object(value, field, &NAME)?;
    let mut name = Map::new();
    put_text(&mut name, "formatted_name", Some(required_text(members, field, "formatted_name", usize::MAX)?));
    for part in ["first_name", "last_name"] {
        put_text(&mut name, part, optional_text(members, field, part, usize::MAX)?);
    }
    Ok(Value::Object(name))
}

/// The phones or e-mail addresses of a card: `item` and its type.
fn lines(
    form: &mut FieldReader,
    value: Option<&Json<'_>>,
    field: &str,
    item: &str,
    known: &[&str],
) -> Result<Vec<Value>, FieldError> {
    let items = match value {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(items)) => items,
        Some(_) => return Err(FieldError::wrong(field, "must be an array")),
    };
    let mut lines = Vec::with_capacity(items.len());
    for (index, value) in items.iter().enumerate() {
        let field = join(field, &index.to_string());
        let members = form.object(Some(value), &field, known)?;
        let mut line = Map::new();
        put_text(&mut line, item, Some(required_text(members, &field, item, usize::MAX)?));
        put_text(&mut line, "type", optional_text(members, &field, "type", usize::MAX)?);
        lines.push(Value::Object(line));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> (Result<Value, FieldError>, Vec<String>) {
        let mut form = FieldReader::default();
        let content = contacts(&mut form, Some(&Json::from(value)), "contacts", 5);
        (content, form.unknown)
    }

    #[test]
    fn a_card_keeps_its_names_phones_and_addresses() {
        let sent = json!([{"name": {"formatted_name": "Ana Ruiz", "first_name": "Ana"}, "birthday": "1990-01-02",
            "phones": [{"phone": "+34 600", "type": "WORK", "wa_id": "34600"}], "emails": [{"email": "a@example.net"}]}]);
        let (content, unknown) = read(&sent);
        assert_eq!(
            content.unwrap(),
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana Ruiz", "first_name": "Ana"},
                "phones": [{"phone": "+34 600", "type": "WORK"}], "emails": [{"email": "a@example.net"}]}]})
        );
        assert!(unknown.is_empty());
    }

    #[test]
    fn a_card_without_its_formatted_name_is_refused() {
        let flaw = read(&json!([{"name": {"first_name": "Ana"}}])).0.unwrap_err();
        assert_eq!((flaw.field.as_str(), flaw.missing), ("contacts.0.name.formatted_name", true));
    }

    #[test]
    fn no_card_six_cards_and_an_object_are_refused() {
        let card = json!({"name": {"formatted_name": "Ana"}});
        assert!(read(&json!([])).0.is_err());
        assert!(read(&Value::Array(vec![card.clone(); 5])).0.is_ok());
        assert!(read(&Value::Array(vec![card.clone(); 6])).0.is_err());
        assert!(read(&card).0.is_err());
    }

    #[test]
    fn a_member_nobody_knows_is_noted_with_its_path() {
        let (_, unknown) = read(&json!([{"name": {"formatted_name": "Ana", "nick": "A"}, "shoe": 38}]));
        assert_eq!(unknown, ["contacts.0.shoe", "contacts.0.name.nick"]);
    }
}
