//! Reply buttons and lists.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::media::source;
use super::{FieldError, FieldReader, join, optional_text, put_text, required_array, required_text};
use crate::core::json::{Json, Named as _};

/// Lengths in characters, from Meta's pages on reply buttons and lists.
const BODY_LIMIT: usize = 1024;
const HEADER_LIMIT: usize = 60;
const FOOTER_LIMIT: usize = 60;
const LABEL_LIMIT: usize = 20;
const BUTTON_ID_LIMIT: usize = 256;
const ROW_ID_LIMIT: usize = 200;
const ROW_TITLE_LIMIT: usize = 24;
const ROW_DESCRIPTION_LIMIT: usize = 72;
/// The most buttons below a question.
const MOST_BUTTONS: usize = 3;
/// The most rows of a list, over all its sections, and the most sections.
const MOST_ROWS: usize = 10;

/// Reads an interactive message of type `button` or `list`.
pub(crate) fn interactive(form: &mut FieldReader, value: Option<&Json<'_>>, field: &str) -> Result<Value, FieldError> {
    let members = form.object(value, field, &["type", "header", "body", "footer", "action"])?;
    let kind = required_text(members, field, "type", usize::MAX)?;
    let mut content = Map::new();
    match kind {
        "button" => content.insert("type".to_owned(), Value::from("buttons")),
        "list" => content.insert("type".to_owned(), Value::from("list")),
        _ => return Err(FieldError::wrong(join(field, "type"), "must be one of button, list")),
    };
    put_text(&mut content, "body", Some(line(form, members.member("body"), &join(field, "body"), BODY_LIMIT)?));
    if let Some(value) = members.member("header") {
        content.insert("header".to_owned(), header(form, value, &join(field, "header"), kind)?);
    }
    if let Some(value) = members.member("footer") {
        put_text(&mut content, "footer", Some(line(form, Some(value), &join(field, "footer"), FOOTER_LIMIT)?));
    }
    let action = members.member("action");
    let field = join(field, "action");
    if kind == "button" {
        content.insert("buttons".to_owned(), buttons(form, action, &field)?);
    } else {
        let (button, sections) = list(form, action, &field)?;
        put_text(&mut content, "button", Some(button));
        content.insert("sections".to_owned(), sections);
    }
    Ok(Value::Object(content))
}

/// The text of a body or a footer.
fn line<'a>(
    form: &mut FieldReader,
    value: Option<&'a Json<'a>>,
    field: &str,
    limit: usize,
) -> Result<&'a str, FieldError> {
    let members = form.object(value, field, &["text"])?;
    required_text(members, field, "text", limit)
}

/// A header: a text, or a medium above buttons.
fn header(form: &mut FieldReader, value: &Json<'_>, field: &str, kind: &str) -> Result<Value, FieldError> {
    let members = form.object(Some(value), field, &["type", "text", "image", "video", "document"])?;
    let header = required_text(members, field, "type", usize::MAX)?;
    match header {
        "text" => Ok(json!({ "type": "text", "text": required_text(members, field, "text", HEADER_LIMIT)? })),
        "image" | "video" | "document" if kind == "button" => {
            let field = join(field, header);
            let medium = form.object(members.member(header), &field, &["link", "id", "filename"])?;
            let mut content = Map::new();
            content.insert("type".to_owned(), Value::from(header));
            source(medium, &field, &mut content)?;
            put_text(&mut content, "filename", optional_text(medium, &field, "filename", usize::MAX)?);
            Ok(Value::Object(content))
        }
        _ if kind == "list" => Err(FieldError::wrong(join(field, "type"), "must be text in a list")),
        _ => Err(FieldError::wrong(join(field, "type"), "must be one of text, image, video, document")),
    }
}

fn buttons(form: &mut FieldReader, value: Option<&Json<'_>>, field: &str) -> Result<Value, FieldError> {
    let action = form.object(value, field, &["buttons"])?;
    let mut ids = HashSet::new();
    let mut titles = HashSet::new();
    let mut buttons = Vec::new();
    for (index, value) in required_array(action, field, "buttons", 1, MOST_BUTTONS)?.iter().enumerate() {
        let field = format!("{field}.buttons.{index}");
        let members = form.object(Some(value), &field, &["type", "reply"])?;
        if required_text(members, &field, "type", usize::MAX)? != "reply" {
            return Err(FieldError::wrong(join(&field, "type"), "must be reply"));
        }
        let field = join(&field, "reply");
        let reply = form.object(members.member("reply"), &field, &["id", "title"])?;
        let id = required_text(reply, &field, "id", BUTTON_ID_LIMIT)?;
        let title = form.needed_title(reply, &field, "title", LABEL_LIMIT)?;
        if !ids.insert(id) {
            return Err(FieldError::wrong(join(&field, "id"), "must be unique"));
        }
        if !titles.insert(title) {
            return Err(FieldError::wrong(join(&field, "title"), "must be unique"));
        }
        buttons.push(json!({ "id": id, "title": title }));
    }
    Ok(Value::Array(buttons))
}

/// The label of the button that opens a list, and its sections.
fn list<'a>(form: &mut FieldReader, value: Option<&'a Json<'a>>, field: &str) -> Result<(&'a str, Value), FieldError> {
    let action = form.object(value, field, &["button", "sections"])?;
    let button = form.needed_title(action, field, "button", LABEL_LIMIT)?;
    let values = required_array(action, field, "sections", 1, MOST_ROWS)?;
    let mut ids = HashSet::new();
    let mut sections = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let field = format!("{field}.sections.{index}");
        let members = form.object(Some(value), &field, &["title", "rows"])?;
        let title = form.title(members, &field, "title", ROW_TITLE_LIMIT)?;
        if values.len() > 1 && title.is_none_or(str::is_empty) {
            return Err(FieldError::missing(join(&field, "title")));
        }
        let mut section = Map::new();
        put_text(&mut section, "title", title);
        let mut rows = Vec::new();
        for (index, value) in required_array(members, &field, "rows", 1, MOST_ROWS)?.iter().enumerate() {
            let field = format!("{field}.rows.{index}");
            let (id, read) = row(form, value, &field)?;
            if !ids.insert(id) {
                return Err(FieldError::wrong(join(&field, "id"), "must be unique"));
            }
            rows.push(read);
        }
        section.insert("rows".to_owned(), Value::Array(rows));
        sections.push(Value::Object(section));
    }
    if ids.len() > MOST_ROWS {
        return Err(FieldError::wrong(join(field, "sections"), format!("must hold {MOST_ROWS} rows at the most")));
    }
    Ok((button, Value::Array(sections)))
}

/// A row of a list, with its id.
fn row<'a>(form: &mut FieldReader, value: &'a Json<'a>, field: &str) -> Result<(&'a str, Value), FieldError> {
    let members = form.object(Some(value), field, &["id", "title", "description"])?;
    let id = required_text(members, field, "id", ROW_ID_LIMIT)?;
    let mut row = Map::new();
    put_text(&mut row, "id", Some(id));
    put_text(&mut row, "title", Some(form.needed_title(members, field, "title", ROW_TITLE_LIMIT)?));
    put_text(&mut row, "description", form.title(members, field, "description", ROW_DESCRIPTION_LIMIT)?);
    Ok((id, Value::Object(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<Value, FieldError> {
        interactive(&mut FieldReader::default(), Some(&Json::from(value)), "interactive")
    }

    fn with_buttons(buttons: &[(&str, &str)]) -> Value {
        let buttons: Vec<Value> =
            buttons.iter().map(|(id, title)| json!({"type": "reply", "reply": {"id": id, "title": title}})).collect();
        json!({"type": "button", "body": {"text": "Which?"}, "action": {"buttons": buttons}})
    }

    fn with_rows(sections: &[usize]) -> Value {
        let mut next = 0;
        let sections: Vec<Value> = sections
            .iter()
            .map(|rows| {
                let rows: Vec<Value> = (0..*rows)
                    .map(|_| {
                        next += 1;
                        json!({"id": format!("r{next}"), "title": "Row"})
                    })
                    .collect();
                json!({"title": "Part", "rows": rows})
            })
            .collect();
        json!({"type": "list", "body": {"text": "Which?"}, "action": {"button": "Slots", "sections": sections}})
    }

    #[test]
    fn buttons_are_read_into_the_form_of_the_ledger() {
        let mut sent = with_buttons(&[("y", "Yes"), ("n", "No")]);
        sent["header"] = json!({"type": "image", "image": {"link": "https://a.example/h.png"}});
        sent["footer"] = json!({"text": "Today"});
        assert_eq!(
            read(&sent).unwrap(),
            json!({"type": "buttons", "body": "Which?", "footer": "Today", "header": {"type": "image", "link": "https://a.example/h.png"},
                "buttons": [{"id": "y", "title": "Yes"}, {"id": "n", "title": "No"}]})
        );
    }

    #[test]
    fn a_fourth_button_and_no_button_are_refused() {
        assert!(read(&with_buttons(&[("1", "a"), ("2", "b"), ("3", "c")])).is_ok());
        assert!(read(&with_buttons(&[("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")])).is_err());
        assert!(read(&with_buttons(&[])).is_err());
    }

    #[test]
    fn a_button_title_over_twenty_characters_is_refused() {
        assert!(read(&with_buttons(&[("1", &"x".repeat(20))])).is_ok());
        assert_eq!(
            read(&with_buttons(&[("1", &"x".repeat(21))])).unwrap_err().field,
            "interactive.action.buttons.0.reply.title"
        );
    }

    #[test]
    fn two_buttons_of_one_id_or_one_title_are_refused() {
        assert!(read(&with_buttons(&[("1", "a"), ("1", "b")])).is_err());
        assert!(read(&with_buttons(&[("1", "a"), ("2", "a")])).is_err());
    }

    #[test]
    fn a_list_has_ten_rows_at_the_most_over_all_sections() {
        assert!(read(&with_rows(&[4, 6])).is_ok());
        assert!(read(&with_rows(&[4, 7])).is_err());
        assert!(read(&with_rows(&[0])).is_err());
    }

    #[test]
    fn several_sections_need_titles_and_one_does_not() {
        let mut one = with_rows(&[2]);
        one["action"]["sections"][0].as_object_mut().unwrap().remove("title");
        assert!(read(&one).is_ok());
        let mut two = with_rows(&[2, 2]);
        two["action"]["sections"][1].as_object_mut().unwrap().remove("title");
        assert!(read(&two).unwrap_err().missing);
    }

    #[test]
    fn a_list_takes_no_picture_above_it() {
        let mut sent = with_rows(&[1]);
        sent["header"] = json!({"type": "image", "image": {"link": "https://a.example/h.png"}});
        assert_eq!(read(&sent).unwrap_err().field, "interactive.header.type");
    }

    #[test]
    fn a_type_that_is_neither_is_refused() {
        assert_eq!(read(&json!({"type": "flow", "body": {"text": "x"}})).unwrap_err().field, "interactive.type");
    }
}
