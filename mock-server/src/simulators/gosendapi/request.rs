//! What `POST /v1/messages` reads from its body.

use serde_json::Value;

use super::refusal::Refusal;
use super::template::{TemplateSend, template};
use crate::core::finding::{Certainty, Source};
use crate::core::json::{Json, Members, Named as _};
use crate::core::world::Content;
use crate::simulators::cloud_api::{
    CAPTION_LIMIT, FieldError, FieldReader, MediaRules, contacts, interactive, location, media, optional_text,
    required_text,
};

/// The ten types of the Messages page (docs). A reaction is not among them.
const TYPES: [&str; 10] =
    ["text", "template", "image", "video", "audio", "document", "sticker", "location", "interactive", "contacts"];
/// The longest text, in characters (Meta, text messages). The vendor states no limit of its own.
const TEXT_LIMIT: usize = 4096;
/// The most contact cards in one message (Meta's schema).
const MOST_CARDS: usize = 5;
const SAMPLES: Source = Source::new("GoSendAPI, Messages", Certainty::Inferred);
/// What the vendor, who says to mirror Meta's messages, states nothing of its own about.
const META_RULES: Source = Source::new("Meta, messages, which GoSendAPI says to mirror", Certainty::Inferred);

/// A message to send, its form checked.
#[derive(Debug)]
pub(super) struct SendRequest<'a> {
    /// Meta's id of the sender.
    pub(super) phone_number_id: &'a str,
    /// The recipient, digits only.
    pub(super) to: &'a str,
    /// The content in the form of the ledger.
    pub(super) content: Content<'a>,
    /// What a template has to be checked against the templates for.
    pub(super) template: Option<TemplateSend>,
}

/// Checks the required fields, the type and the recipient, in this order, then the object of the type.
pub(super) fn read<'a>(form: &mut FieldReader, body: &'a Json<'a>) -> Result<SendRequest<'a>, Refusal> {
    let flaw = |flaw: FieldError| Refusal::flaw(&flaw);
    let Json::Object(members) = body else {
        return Err(Refusal::flaw(&FieldError::wrong("body", "must be an object")));
    };
    let phone_number_id = required_text(members, "", "phone_number_id", usize::MAX).map_err(flaw)?;
    let to = required_text(members, "", "to", usize::MAX).map_err(flaw)?;
    let kind = required_text(members, "", "type", usize::MAX).map_err(flaw)?;
    if !TYPES.contains(&kind) {
        let message = format!("type must be one of {}", TYPES.join(", "));
        return Err(Refusal::value("type", &Value::from(kind), message, "INVALID_MESSAGE_TYPE"));
    }
    form.note_unknown(
        members,
        "",
        &["phone_number_id", "to", "type", kind, "messaging_product", "recipient_type", "context"],
    );
    if !is_recipient(to) {
        let message = "Validation failed: 'to' must be E164 format";
        return Err(Refusal::value("to", &Value::from(to), message, "INVALID_E164"));
    }
    if let Some(context) = members.member("context") {
        let context = form.object(Some(context), "context", &["message_id"]).map_err(flaw)?;
        required_text(context, "context", "message_id", usize::MAX).map_err(flaw)?;
    }
    for name in ["messaging_product", "recipient_type"] {
        if members.contains_key(name) {
            form.note(format!("{name} is Meta's and is in no sample of the vendor"), SAMPLES);
        }
    }
    let (content, template) = content(form, kind, members.member(kind)).map_err(flaw)?;
    Ok(SendRequest { phone_number_id, to, content, template })
}

/// Whether `to` is 7 to 15 digits of an international number without plus, spaces or dashes: the vendor refuses a
/// leading plus although it calls the form E164 (Messages and Error handling, docs).
fn is_recipient(to: &str) -> bool {
    (7..=15).contains(&to.len()) && !to.starts_with('0') && to.bytes().all(|byte| byte.is_ascii_digit())
}

/// The content of a message of type `kind`.
fn content<'a>(
    form: &mut FieldReader,
    kind: &str,
    value: Option<&'a Json<'a>>,
) -> Result<(Content<'a>, Option<TemplateSend>), FieldError> {
    let content = match kind {
        "template" => {
            let template = template(form, value)?;
            return Ok((template.content.clone().into(), Some(template)));
        }
        // The two kinds whose samples are the vendor's own: either a link or an id, which no other kind's page says.
        "image" => image(form, value)?,
        "text" => return Ok((text(form, value)?, None)),
        "location" => location(form, value, kind).map_err(|flaw| flaw.by(META_RULES))?,
        "contacts" => contacts(form, value, kind, MOST_CARDS).map_err(|flaw| flaw.by(META_RULES))?,
        "interactive" => interactive(form, value, kind).map_err(|flaw| flaw.by(META_RULES))?,
        _ => medium(form, value, kind).map_err(|flaw| flaw.by(META_RULES))?,
    };
    Ok((content.into(), None))
}

fn medium(form: &mut FieldReader, value: Option<&Json<'_>>, kind: &str) -> Result<Value, FieldError> {
    let rules = MediaRules::of(kind).ok_or_else(|| FieldError::wrong("type", "must be one of the types"))?;
    media(form, value, kind, kind, rules)
}

fn image(form: &mut FieldReader, value: Option<&Json<'_>>) -> Result<Value, FieldError> {
    if let Some(Json::Object(members)) = value {
        limited(members, "image", "caption", CAPTION_LIMIT)?;
    }
    medium(form, value, "image")
}

/// Holds a text to a length that only Meta's pages state.
fn limited(members: &Members<'_>, field: &str, name: &str, limit: usize) -> Result<(), FieldError> {
    optional_text(members, field, name, limit).map(drop).map_err(|flaw| flaw.by(META_RULES))
}

fn text<'a>(form: &mut FieldReader, value: Option<&'a Json<'a>>) -> Result<Content<'a>, FieldError> {
    let members = form.object(value, "text", &["body", "preview_url"])?;
    let body = required_text(members, "text", "body", usize::MAX)?;
    limited(members, "text", "body", TEXT_LIMIT)?;
    let preview_url = match members.member("preview_url") {
        None | Some(Json::Null) => None,
        Some(Json::Bool(preview)) => Some(*preview),
        Some(_) => return Err(FieldError::wrong("text.preview_url", "must be a boolean value")),
    };
    Ok(Content::Text { body, preview_url })
}

/// The reason given for closing a conversation, if there is one (Conversations, seed: `manual_close` and
/// `agent_close`, optional).
pub(super) fn close_reason(form: &mut FieldReader, body: &Json<'_>) -> Result<Option<String>, Refusal> {
    let flaw = |flaw: FieldError| Refusal::flaw(&flaw);
    let members = form.object(Some(body), "body", &["reason"]).map_err(flaw)?;
    match optional_text(members, "", "reason", usize::MAX).map_err(flaw)? {
        None => Ok(None),
        Some(reason @ ("manual_close" | "agent_close")) => Ok(Some(reason.to_owned())),
        Some(_) => Err(Refusal::flaw(&FieldError::wrong("reason", "must be one of manual_close, agent_close"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::refusal::ErrorFormat;
    use super::*;

    fn message(kind: &str, value: Value) -> Value {
        let mut body = json!({"phone_number_id": "555123456789", "to": "34611222333", "type": kind});
        body[kind] = value;
        body
    }

    fn refusal(body: &Value) -> Value {
        let print = ErrorFormat { code_place: Some("code"), message_as_array: false };
        read(&mut FieldReader::default(), &Json::from(body)).unwrap_err().body(print)
    }

    #[test]
    fn every_one_of_the_ten_types_is_read() {
        let card = json!([{"name": {"formatted_name": "Ana"}}]);
        let buttons = json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]}});
        for (kind, value, ledger) in [
            ("text", json!({"body": "Hi"}), "text"),
            ("template", json!({"name": "follow_up", "language": {"code": "en"}}), "template"),
            ("image", json!({"id": "7"}), "image"),
            ("video", json!({"id": "7"}), "video"),
            ("audio", json!({"id": "7"}), "audio"),
            ("document", json!({"id": "7", "filename": "a.pdf"}), "document"),
            ("sticker", json!({"id": "7"}), "sticker"),
            ("location", json!({"latitude": 1, "longitude": 2}), "location"),
            ("interactive", buttons, "buttons"),
            ("contacts", card, "contacts"),
        ] {
            let mut form = FieldReader::default();
            let body = message(kind, value);
            let body = Json::from(&body);
            let read = read(&mut form, &body).unwrap();
            assert_eq!(read.content.kind(), ledger);
            assert!(form.unknown.is_empty(), "{kind}: {:?}", form.unknown);
        }
    }

    #[test]
    fn a_leading_plus_is_refused_and_not_repaired() {
        let mut body = message("text", json!({"body": "Hi"}));
        body["to"] = json!("+34611222333");
        let refusal = refusal(&body);
        assert_eq!(refusal["code"], "INVALID_E164");
        assert_eq!(refusal["details"], json!({"field": "to", "value": "+34611222333"}));
    }

    #[test]
    fn spaces_dashes_and_too_few_digits_are_no_recipient() {
        for to in ["34 611 222 333", "34-611222333", "123456", "1234567890123456", "034611222333"] {
            let mut body = message("text", json!({"body": "Hi"}));
            body["to"] = json!(to);
            assert_eq!(refusal(&body)["details"]["field"], "to", "{to}");
        }
    }

    #[test]
    fn a_reaction_is_no_type() {
        let refusal = refusal(&message("reaction", json!({"message_id": "wamid.x", "emoji": "👍"})));
        assert_eq!(refusal["code"], "INVALID_MESSAGE_TYPE");
    }

    #[test]
    fn every_required_field_is_missed_by_name() {
        for field in ["phone_number_id", "to", "type", "text"] {
            let mut body = message("text", json!({"body": "Hi"}));
            body.as_object_mut().unwrap().remove(field);
            let refusal = refusal(&body);
            assert_eq!(refusal["code"], "MISSING_REQUIRED_FIELD");
            assert_eq!(refusal["details"]["field"], field);
        }
    }

    #[test]
    fn a_text_of_4097_characters_is_refused() {
        let longest = message("text", json!({"body": "é".repeat(4096)}));
        assert!(read(&mut FieldReader::default(), &Json::from(&longest)).is_ok());
        assert_eq!(refusal(&message("text", json!({"body": "é".repeat(4097)})))["details"]["field"], "text.body");
    }

    #[test]
    fn members_nobody_knows_are_noted_and_taken() {
        let mut body = message("text", json!({"body": "Hi", "bold": true}));
        body["priority"] = json!(1);
        let mut form = FieldReader::default();
        assert!(read(&mut form, &Json::from(&body)).is_ok());
        assert_eq!(form.unknown, ["priority", "text.bold"]);
    }

    #[test]
    fn an_array_is_no_body() {
        assert_eq!(refusal(&json!([]))["details"]["field"], "body");
    }

    #[test]
    fn a_conversation_is_closed_for_one_of_two_reasons_or_none() {
        let reason = |body: Value| close_reason(&mut FieldReader::default(), &Json::from(&body));
        assert_eq!(reason(json!({})).unwrap(), None);
        assert_eq!(reason(json!({"reason": "agent_close"})).unwrap().as_deref(), Some("agent_close"));
        assert!(reason(json!({"reason": "timeout"})).is_err());
    }
}
