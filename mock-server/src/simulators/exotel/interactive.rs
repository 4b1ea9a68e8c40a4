//! `content.interactive`: reply buttons, lists, and the rest.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::common::TYPES_PAGE;
use super::part::Part;
use super::part::{insert, media};
use super::problem::Problem;
use crate::core::finding::FindingCollector;

/// Limits in characters and in pieces. Source: Interactive Messages (docs).
const MOST_BODY: usize = 1024;
const MOST_FOOTER: usize = 60;
const MOST_HEADER: usize = 60;
const MOST_BUTTONS: usize = 3;
const MOST_BUTTON_TITLE: usize = 20;
const MOST_BUTTON_ID: usize = 256;
const MOST_SECTIONS: usize = 10;
const MOST_ROWS: usize = 10;
const MOST_ROW_TITLE: usize = 24;
const MOST_ROW_DESCRIPTION: usize = 72;
const MOST_ROW_ID: usize = 200;

/// Reads an interactive message. Sources: WhatsApp Session Messages (seed) for the shape of buttons; Interactive Messages,
/// Flows, Payment Messages, Catalog (docs) for the rest.
pub(super) fn read(interactive: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    interactive.review_unknown(&["type", "header", "body", "footer", "action"], review);
    let kind = interactive.text("type")?;
    let action = interactive.part("action")?;
    match kind {
        "button" => {
            let content = json!({"type": "buttons", "buttons": buttons(&action, review)?});
            framed(content, interactive, review)
        }
        "list" => {
            let content = json!({
                "type": "list",
                "button": action.short_text("button", MOST_BUTTON_TITLE)?,
                "sections": sections(&action, review)?,
            });
            framed(content, interactive, review)
        }
        "cta_url" | "flow" => {
            action.text("name")?;
            let parameters = action.part("parameters")?;
            if kind == "flow" {
                parameters.text("flow_id")?;
                parameters.short_text("flow_cta", MOST_BUTTON_TITLE)?;
            } else {
                parameters.text("display_text")?;
                parameters.link("url", review)?;
            }
            framed(other(kind, &action), interactive, review)
        }
        "product" | "product_list" => {
            action.text("catalog_id")?;
            framed(other(kind, &action), interactive, review)
        }
        "order_details" | "order_status" => {
            action.text("name")?;
            framed(other(kind, &action), interactive, review)
        }
        _ => Err(Problem::symbol("MESSAGE_TYPE_NOT_SUPPORTED", "the type of interactive message is not supported")),
    }
}

/// What our own form of content has no word for keeps the provider's.
fn other(kind: &str, action: &Part<'_, '_>) -> Value {
    let mut content = json!({"type": "interactive", "kind": kind, "name": action.get("name"), "parameters": action.get("parameters")});
    for name in ["catalog_id", "product_retailer_id", "sections"] {
        insert(&mut content, name, action.get(name));
    }
    content
}

/// The body, and the header and footer where they are.
fn framed(mut content: Value, interactive: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    let body = interactive.part("body")?.short_text("text", MOST_BODY)?;
    insert(&mut content, "body", Some(body));
    if let Some(header) = interactive.optional_part("header")? {
        let kind = header.text("type")?;
        let header = match kind {
            "text" => json!({"type": "text", "text": header.short_text("text", MOST_HEADER)?}),
            // A list has no picture above it.
            "image" | "video" | "document" if interactive.text("type")? != "list" => {
                media(kind, &header.part(kind)?, review)?
            }
            _ => return Err(header.invalid("type")),
        };
        insert(&mut content, "header", Some(header));
    }
    if let Some(footer) = interactive.optional_part("footer")? {
        insert(&mut content, "footer", Some(footer.short_text("text", MOST_FOOTER)?));
    }
    Ok(content)
}

fn buttons(action: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Vec<Value>, Problem> {
    action.review_unknown(&["buttons"], review);
    let buttons = action.items("buttons")?;
    if buttons.len() > MOST_BUTTONS {
        return Err(action.breaks_rule(format!("{} has more than {MOST_BUTTONS} buttons", action.path_of("buttons"))));
    }
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    let buttons = buttons.into_iter().map(|(path, button)| {
        let button = Part::of(button, path, TYPES_PAGE)?;
        button.review_unknown(&["type", "reply"], review);
        if button.text("type")? != "reply" {
            return Err(button.invalid("type"));
        }
        let reply = button.part("reply")?;
        let (id, title) = (reply.short_text("id", MOST_BUTTON_ID)?, reply.short_text("title", MOST_BUTTON_TITLE)?);
        if !ids.insert(id) || !titles.insert(title) {
            return Err(reply.breaks_rule(format!("{} or its title is not unique", reply.path_of("id"))));
        }
        Ok(json!({"id": id, "title": title}))
    });
    buttons.collect()
}

fn sections(action: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Vec<Value>, Problem> {
    action.review_unknown(&["button", "sections"], review);
    let sections = action.items("sections")?;
    if sections.len() > MOST_SECTIONS {
        return Err(
            action.breaks_rule(format!("{} has more than {MOST_SECTIONS} sections", action.path_of("sections")))
        );
    }
    let (titled, mut ids) = (sections.len() > 1, HashSet::new());
    let mut count = 0;
    let mut read = Vec::with_capacity(sections.len());
    for (path, section) in sections {
        let section = Part::of(section, path, TYPES_PAGE)?;
        section.review_unknown(&["title", "rows"], review);
        if titled {
            section.text("title")?;
        }
        let rows = section.items("rows")?;
        count += rows.len();
        let rows = rows.into_iter().map(|(path, row)| {
            let row = Part::of(row, path, TYPES_PAGE)?;
            row.review_unknown(&["id", "title", "description"], review);
            let (id, title) = (row.short_text("id", MOST_ROW_ID)?, row.short_text("title", MOST_ROW_TITLE)?);
            if !ids.insert(id) {
                return Err(row.breaks_rule(format!("{} is not unique", row.path_of("id"))));
            }
            let mut content = json!({"id": id, "title": title});
            if row.get("description").is_some() {
                insert(&mut content, "description", Some(row.short_text("description", MOST_ROW_DESCRIPTION)?));
            }
            Ok(content)
        });
        let mut content = json!({"rows": rows.collect::<Result<Vec<_>, Problem>>()?});
        insert(&mut content, "title", section.optional_text("title")?);
        read.push(content);
    }
    if count > MOST_ROWS {
        return Err(action.breaks_rule(format!("{} has more than {MOST_ROWS} rows in all", action.path_of("sections"))));
    }
    Ok(read)
}
