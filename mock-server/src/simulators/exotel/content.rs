//! `content`: every type the documentation list, turned into our own form of content.

use serde_json::{Value, json};

use super::common::{NAME, SESSION_PAGE, TEMPLATE_PAGE, TYPES_PAGE};
use super::part::{Part, insert, media};
use super::problem::Problem;
use super::template::{self, TemplateSend};
use super::{failures, interactive, media_rules};
use crate::core::finding::FindingCollector;
use crate::core::json::Json;
use crate::core::webhook::Failure;
use crate::core::world::{Content, World};

/// Source: WhatsApp Session Messages (seed).
const MOST_TEXT: usize = 4096;

/// Content whose form is in order.
pub(super) enum Checked<'a> {
    /// For inside the window, in our own form.
    Session(Content<'a>),
    /// For any time, still to be compared with the account's templates.
    Template(TemplateSend),
    /// Accepted now, and reported as failed later.
    FailsLater(Failure),
}

/// What becomes of content in this world.
pub(super) enum Outcome<'a> {
    /// In our own form.
    Delivered(Content<'a>),
    FailsLater(Failure),
}

/// Compares a template with those of the account; other content stays as it is.
pub(super) fn outcome<'a>(world: &World, content: Checked<'a>) -> Result<Outcome<'a>, Problem> {
    match content {
        Checked::Session(content) => Ok(Outcome::Delivered(content)),
        Checked::FailsLater(failure) => Ok(Outcome::FailsLater(failure)),
        Checked::Template(send) => match send.against(world.account(NAME)) {
            Ok(content) => match send.mismatch(world.account(NAME)) {
                None => Ok(Outcome::Delivered(content.into())),
                Some(problem) if world.switch(NAME, "template_mismatch") == "sync" => Err(Problem::invalid(problem)),
                Some(_) => Ok(Outcome::FailsLater(failures::TEMPLATE_PARAMETERS)),
            },
            Err(refusal) => match *refusal {
                (_, failure) if world.switch(NAME, "template_error") == "callback" => Ok(Outcome::FailsLater(failure)),
                (problem, _) => Err(problem),
            },
        },
    }
}

/// Reads `content`. Sources: WhatsApp Session Messages (seed) for text, image, buttons and the list of types; Message
/// Types, Media Messages, Interactive Messages (docs) for the rest.
pub(super) fn read<'a>(
    world: &World,
    content: &Part<'a, '_>,
    review: &mut FindingCollector,
) -> Result<Checked<'a>, Problem> {
    let kind = content.text("type")?;
    content.review_unknown(&["type", "recipient_type", kind], review);
    let content = &content.clone().on(TYPES_PAGE);
    let session = match kind {
        "text" => return text(world, &content.part("text")?.on(SESSION_PAGE), review),
        "template" => {
            let send = template::read(world, &content.part("template")?.on(TEMPLATE_PAGE), review)?;
            media_rules::check_header(world, send.header())?;
            return Ok(Checked::Template(send));
        }
        "image" | "video" | "audio" | "document" | "sticker" => media(kind, &content.part(kind)?, review)?,
        "location" => location(&content.part("location")?, review)?,
        "contacts" => contacts(content, review)?,
        "reaction" => reaction(&content.part("reaction")?, review)?,
        "interactive" => interactive::read(&content.part("interactive")?, review)?,
        _ => {
            return Err(Problem::symbol(
                "MESSAGE_TYPE_NOT_SUPPORTED",
                "the type of content is not supported in a session",
            ));
        }
    };
    media_rules::check(world, &session)?;
    Ok(Checked::Session(session.into()))
}

fn text<'a>(world: &World, text: &Part<'a, '_>, review: &mut FindingCollector) -> Result<Checked<'a>, Problem> {
    text.review_unknown(&["body", "preview_url"], review);
    let body = match text.short_text("body", MOST_TEXT) {
        Err(_) if is_too_long(text) && world.switch(NAME, "text_too_long") == "callback" => {
            return Ok(Checked::FailsLater(failures::MESSAGE_TOO_LONG));
        }
        body => body?,
    };
    let preview_url = match text.get("preview_url") {
        None => None,
        Some(Json::Bool(preview)) => Some(*preview),
        Some(_) => return Err(text.invalid("preview_url")),
    };
    Ok(Checked::Session(Content::Text { body, preview_url }))
}

fn is_too_long(text: &Part<'_, '_>) -> bool {
    text.text("body").is_ok_and(|body| body.chars().count() > MOST_TEXT)
}

fn location(location: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    location.review_unknown(&["latitude", "longitude", "name", "address"], review);
    let coordinate = |name: &str, most: f64| {
        let value = location.needed(name)?;
        let within = value.as_f64().is_some_and(|number| number.abs() <= most);
        if within { Ok(Value::from(value)) } else { Err(location.invalid(name)) }
    };
    let (latitude, longitude) = (coordinate("latitude", 90.0)?, coordinate("longitude", 180.0)?);
    let mut content = json!({"type": "location", "latitude": latitude, "longitude": longitude});
    for name in ["name", "address"] {
        insert(&mut content, name, location.optional_text(name)?);
    }
    Ok(content)
}

fn contacts(content: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    let cards = content.items("contacts")?;
    let cards = cards.into_iter().map(|(path, card)| contact(&Part::of(card, path, TYPES_PAGE)?, review));
    Ok(json!({"type": "contacts", "contacts": cards.collect::<Result<Vec<_>, _>>()?}))
}

/// One card. Names, phones and e-mail addresses are kept, for our own form of content has no more.
fn contact(card: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    card.review_unknown(&["name", "phones", "emails", "addresses", "urls", "org", "birthday"], review);
    let given = card.part("name")?;
    let mut name = json!({"formatted_name": given.text("formatted_name")?});
    for part in ["first_name", "last_name"] {
        insert(&mut name, part, given.optional_text(part)?);
    }
    let mut content = json!({"name": name});
    for (list, member) in [("phones", "phone"), ("emails", "email")] {
        if card.get(list).is_none() {
            continue;
        }
        let entries = card.items(list)?.into_iter().map(|(path, entry)| {
            let entry = Part::of(entry, path, TYPES_PAGE)?;
            let mut line = json!({member: entry.text(member)?});
            insert(&mut line, "type", entry.optional_text("type")?);
            Ok(line)
        });
        insert(&mut content, list, Some(entries.collect::<Result<Vec<Value>, Problem>>()?));
    }
    Ok(content)
}

fn reaction(reaction: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    reaction.review_unknown(&["message_id", "emoji"], review);
    // An empty emoji takes a reaction back.
    let emoji = reaction.needed("emoji")?.as_str().ok_or_else(|| reaction.invalid("emoji"))?;
    Ok(json!({"type": "reaction", "message_id": reaction.text("message_id")?, "emoji": emoji}))
}
