//! What `POST /notification` reads from its body.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use crate::core::finding::{Certainty, Source};
use crate::core::json::{Json, Members, Named as _};
use crate::core::world::Content;
use crate::simulators::cloud_api::{
    FieldError, FieldReader, contacts, interactive, is_web_address, join, location, optional_text, put_text,
    required_text,
};

/// The types of the Text Message page (docs). Stickers, reactions and `template` are not among them.
const TYPES: [&str; 8] = ["text", "image", "audio", "video", "document", "contacts", "location", "interactive"];
/// The longest text, in characters, emoji included (Text Message, docs).
const TEXT_LIMIT: usize = 1024;
const TEXT_MESSAGE: Source = Source::new("Messangi, Text Message", Certainty::Docs);
/// The page states the plus; its own samples leave it out, so that even a strict mock takes it.
const TEXT_SAMPLES: Source = Source::new("Messangi, Text Message", Certainty::Inferred);
/// The vendor's samples have the shape of Meta's parts, and its pages state few limits of their own.
pub(super) const META_RULES: Source =
    Source::new("Messangi, Contacts and Interactive Message, as Meta's", Certainty::Inferred);
/// Which formats a file may have.
const MEDIA_MESSAGE: Source = Source::new("Messangi, Media Message", Certainty::Docs);
/// The end of an address is not always that of the file behind it.
const MEDIA_ADDRESS: Source = Source::new("Messangi, Media Message", Certainty::Inferred);
/// The page calls the member alphanumeric, and does not say what becomes of another.
const EXTERNAL_ID: Source = Source::new("Messangi, Text Message", Certainty::Docs);
/// The members that every session message may have.
const COMMON: [&str; 6] = ["from", "to", "type", "externalId", "clientId", "replyTo"];

/// A message to send, its form checked.
#[derive(Debug)]
pub(super) struct Notification<'a> {
    /// The sender, digits only.
    pub(super) from: &'a str,
    /// The recipient as it was written.
    pub(super) to: &'a str,
    /// The recipient, digits only.
    pub(super) to_digits: &'a str,
    /// The content in the form of the ledger.
    pub(super) content: Content<'a>,
    /// What a template has to be checked against the templates for.
    pub(super) template: Option<TemplateSend>,
    /// The caller's own name for the message.
    pub(super) external_id: Option<&'a str>,
    /// The caller's own name for the recipient.
    pub(super) client_id: Option<&'a str>,
    /// The callback addresses, as they were written.
    pub(super) callbacks: Vec<String>,
}

/// A template to send; whether it exists is for the world to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TemplateSend {
    /// Its name in the account.
    pub(super) name: String,
    /// Its language; English where none is given (Send Text Message Template, docs).
    pub(super) language: String,
    /// The names of the placeholders that got a value.
    pub(super) placeholders: Vec<String>,
}

/// Reads the envelope and the request in it.
pub(super) fn read<'a>(form: &mut FieldReader, body: &'a Json<'a>) -> Result<Notification<'a>, Refusal> {
    let flaw = |flaw: FieldError| Refusal::bad(flaw.text());
    let envelope = form.object(Some(body), "body", &["channel", "request", "callbacks"]).map_err(flaw)?;
    match required_text(envelope, "", "channel", usize::MAX).map_err(flaw)? {
        "WHATSAPP" => {}
        "SMS" | "EMAIL" | "PUSH" | "RCS" => return Err(Refusal::bad("channel is not configured for this account")),
        _ => return Err(Refusal::bad("channel must be one of SMS, EMAIL, PUSH, RCS, WHATSAPP")),
    }
    let callbacks = callbacks(envelope.member("callbacks")).map_err(flaw)?;
    let Some(Json::Object(request)) = envelope.member("request") else {
        return Err(Refusal::bad("request should not be empty"));
    };
    let from = sender(form, request)?;
    let (to, to_digits) = recipient(form, request)?;
    let own_text = |name| optional_text(request, "request", name, usize::MAX).map_err(flaw);
    own_text("replyTo")?;
    let client_id = own_text("clientId")?;
    let external_id = own_text("externalId")?;
    if external_id.is_some_and(|id| !id.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        form.remark("request.externalId is not alphanumeric, as the page has it", EXTERNAL_ID);
    }
    let (content, template) = if request.contains_key("templateName") {
        let (content, template) = template(form, request).map_err(flaw)?;
        (content.into(), Some(template))
    } else {
        (content(form, request)?, None)
    };
    Ok(Notification { from, to, to_digits, content, template, external_id, client_id, callbacks })
}

/// The callback addresses: an array of texts, or one text joined by commas; the documentation say both.
fn callbacks(value: Option<&Json<'_>>) -> Result<Vec<String>, FieldError> {
    let links: Option<Vec<&str>> = match value {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(Json::Str(joined)) => Some(joined.split(',').map(str::trim).collect()),
        Some(Json::Array(links)) => links.iter().map(Json::as_str).collect(),
        Some(_) => None,
    };
    let links = links.filter(|links| links.iter().all(|link| is_web_address(link)));
    let links = links.ok_or_else(|| FieldError::wrong("callbacks", "must be http or https URLs"))?;
    Ok(links.into_iter().map(str::to_owned).collect())
}

/// The sender: digits only. A leading plus breaks the page's rule and is taken.
fn sender<'a>(form: &mut FieldReader, request: &'a Members<'a>) -> Result<&'a str, Refusal> {
    let from = required_text(request, "request", "from", usize::MAX).map_err(|flaw| Refusal::bad(flaw.text()))?;
    let digits = from.strip_prefix('+').unwrap_or(from);
    if digits.len() != from.len() {
        form.note("request.from has a leading plus; it is digits only", TEXT_MESSAGE);
    }
    if is_number(digits) { Ok(digits) } else { Err(Refusal::bad("request.from must be numeric characters only")) }
}

/// The recipient as written and its digits. It has a plus by the page's rule and none in the page's samples.
fn recipient<'a>(form: &mut FieldReader, request: &'a Members<'a>) -> Result<(&'a str, &'a str), Refusal> {
    let to = required_text(request, "request", "to", usize::MAX).map_err(|flaw| Refusal::bad(flaw.text()))?;
    let digits = to.strip_prefix('+').unwrap_or(to);
    if !is_number(digits) {
        return Err(Refusal::bad("request.to is not a valid E.164 number"));
    }
    if digits.len() == to.len() {
        form.note("request.to has no leading plus", TEXT_SAMPLES);
    }
    Ok((to, digits))
}

fn is_number(digits: &str) -> bool {
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The content of a session message.
fn content<'a>(form: &mut FieldReader, request: &'a Members<'a>) -> Result<Content<'a>, Refusal> {
    let flaw = |flaw: FieldError| Refusal::bad(flaw.text());
    let by_meta = |flaw: FieldError| Refusal::bad(flaw.text()).by(META_RULES);
    let kind = required_text(request, "request", "type", usize::MAX).map_err(flaw)?;
    let own: &[&str] = match kind {
        "text" | "audio" => &["message"],
        "image" | "video" => &["message", "caption"],
        "document" => &["message", "caption", "fileName"],
        // The page's sample carries a filler message beside the cards.
        "contacts" => &["contacts", "message"],
        "location" => &["location"],
        "interactive" => &["interactive"],
        _ => return Err(Refusal::bad(format!("request.type must be one of {}", TYPES.join(", ")))),
    };
    form.note_others(request, "request", |name| COMMON.contains(&name) || own.contains(&name));
    let member = || join("request", kind);
    let content = match kind {
        "text" => {
            let body = required_text(request, "request", "message", TEXT_LIMIT).map_err(flaw)?;
            return Ok(Content::Text { body, preview_url: None });
        }
        "contacts" => contacts(form, request.member("contacts"), &member(), usize::MAX).map_err(by_meta),
        "location" => location(form, request.member("location"), &member()).map_err(by_meta),
        "interactive" => interactive(form, request.member("interactive"), &member()).map_err(by_meta),
        _ => medium(form, request, kind).map_err(flaw),
    };
    content.map(Content::Other)
}

/// The endings of each kind's formats (Media Message, docs; `acc` is how the page spells AAC).
fn endings(kind: &str) -> &'static [&'static str] {
    match kind {
        "image" => &["jpeg", "jpg", "png"],
        "video" => &["mp4", "3gpp", "3gp"],
        "audio" => &["acc", "aac", "mp3", "amr", "mpeg"],
        _ => &["pdf"],
    }
}

/// Notes a file of a format that the page does not list: by its name where it has one, else by its address.
fn note_format(form: &mut FieldReader, kind: &str, link: &str, name: Option<&str>) {
    let address = link.parse::<http::Uri>().unwrap_or_default();
    let (member, text, source) = match name {
        Some(name) => ("fileName", name, MEDIA_MESSAGE),
        None => ("message", address.path().rsplit('/').next().unwrap_or_default(), MEDIA_ADDRESS),
    };
    let ending = text.rsplit_once('.').map(|(_, ending)| ending);
    let is_listed = |ending: &str| endings(kind).iter().any(|known| known.eq_ignore_ascii_case(ending));
    if ending.map_or(name.is_some(), |ending| !is_listed(ending)) {
        let endings = endings(kind).join(", ");
        let text = format!("request.{member} does not end in a format of this type, which are {endings}");
        if name.is_some() { form.note(text, source) } else { form.remark(text, source) }
    }
}

/// A medium: its address stands in `message` (Media Message, docs).
fn medium(form: &mut FieldReader, request: &Members<'_>, kind: &str) -> Result<Value, FieldError> {
    let link = required_text(request, "request", "message", usize::MAX)?;
    if !is_web_address(link) {
        return Err(FieldError::wrong("request.message", "must be an absolute http or https URL"));
    }
    let mut content = Map::new();
    put_text(&mut content, "type", Some(kind));
    put_text(&mut content, "link", Some(link));
    if kind != "audio" {
        put_text(&mut content, "caption", optional_text(request, "request", "caption", usize::MAX)?);
    }
    if kind == "document" {
        put_text(&mut content, "filename", optional_text(request, "request", "fileName", usize::MAX)?);
    }
    note_format(form, kind, link, content.get("filename").and_then(Value::as_str));
    Ok(Value::Object(content))
}

/// A template: names, language, values by name. The layout of the header and of the buttons is inferred.
fn template(form: &mut FieldReader, request: &Members<'_>) -> Result<(Value, TemplateSend), FieldError> {
    let own = [
        "templateName",
        "templateLanguage",
        "templateNamespace",
        "templateHeader",
        "templateButtons",
        "placeholders",
        "message",
    ];
    form.note_others(request, "request", |name| COMMON.contains(&name) || own.contains(&name));
    if request.member("type").is_some_and(|kind| kind.as_str() != Some("template")) {
        return Err(FieldError::wrong("request.type", "must be template where templateName is given"));
    }
    let name = required_text(request, "request", "templateName", usize::MAX)?;
    let language = optional_text(request, "request", "templateLanguage", usize::MAX)?.unwrap_or("en");
    optional_text(request, "request", "templateNamespace", usize::MAX)?;
    let mut content = Map::new();
    for (member, value) in [("type", "template"), ("name", name), ("language", language)] {
        put_text(&mut content, member, Some(value));
    }
    let mut placeholders = Vec::new();
    match request.member("placeholders") {
        None | Some(Json::Null) => {}
        Some(Json::Object(values)) => {
            // Found by name, for there may be as many as a body holds.
            let values: Map<String, Value> = values.into();
            if let Some((key, _)) = values.iter().find(|(_, value)| !value.is_string()) {
                return Err(FieldError::wrong(format!("request.placeholders.{key}"), "must be a string"));
            }
            placeholders.extend(values.keys().cloned());
            if !values.is_empty() {
                content.insert("body".to_owned(), body(values));
            }
        }
        Some(_) => return Err(FieldError::wrong("request.placeholders", "must be an object")),
    }
    if let Some(header) = header(form, request.member("templateHeader"))? {
        content.insert("header".to_owned(), header);
    }
    let buttons = request.member("templateButtons").and_then(Json::as_array).unwrap_or_default();
    let buttons: Vec<Value> = buttons.iter().filter_map(template_button).collect();
    if !buttons.is_empty() {
        content.insert("buttons".to_owned(), buttons.into());
    }
    let template = TemplateSend { name: name.to_owned(), language: language.to_owned(), placeholders };
    Ok((Value::Object(content), template))
}

/// A button in the form of the ledger. The layout is inferred, so another layout is ignored.
fn template_button(button: &Json<'_>) -> Option<Value> {
    let (kind, index) = (button.member("type")?.as_str()?, button.member("index")?.as_u64()?);
    Some(json!({ "type": kind, "index": index, "text": first_placeholder(button) }))
}

fn first_placeholder<'a>(part: &'a Json<'a>) -> Option<&'a str> {
    part.member("placeholders")?.as_object()?.as_vec().first()?.1.as_str()
}

/// The values of a template in the form of the ledger: a list where they are numbered from 1 on, else by name.
fn body(values: Map<String, Value>) -> Value {
    let numbered: Option<Vec<&Value>> = (1..=values.len()).map(|number| values.get(&number.to_string())).collect();
    match numbered {
        Some(numbered) => numbered.into_iter().cloned().collect(),
        None => Value::Object(values),
    }
}

/// The header of a template in the form of the ledger, where it has one that the ledger knows.
fn header(form: &mut FieldReader, value: Option<&Json<'_>>) -> Result<Option<Value>, FieldError> {
    if value.is_none() {
        return Ok(None);
    }
    let field = "request.templateHeader";
    let known = ["type", "image", "video", "document", "placeholders"];
    let members = form.object(value, field, &known)?;
    let kind = required_text(members, field, "type", usize::MAX)?;
    if !matches!(kind, "image" | "video" | "document") {
        let text = value.and_then(first_placeholder);
        return Ok(text.map(|text| json!({ "type": "text", "text": text })));
    }
    let field = join(field, kind);
    let medium = form.object(members.member(kind), &field, &["link"])?;
    let link = required_text(medium, &field, "link", usize::MAX)?;
    if is_web_address(link) {
        Ok(Some(json!({ "type": kind, "link": link })))
    } else {
        Err(FieldError::wrong(join(&field, "link"), "must be an absolute http or https URL"))
    }
}

#[cfg(test)]
mod tests;
