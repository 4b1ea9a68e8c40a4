//! Sending: free text inside the window, templates at any time.

use bytes::Bytes;
use http::Response;
use itoa::Buffer;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

use super::common::{FREEFORM_PAGE, NAME, TEMPLATE_PAGE};
use super::fields::Fields;
use super::refusal::{Refusal, invalid_phone, refusal};
use super::session::{SessionStatus, session_status};
use super::webhook;
use crate::core::finding::{FindingCollector, Source};
use crate::core::phone::{Phone, is_e164};
use crate::core::request_context::RequestContext;
use crate::core::response::{json_response, json_text_response};
use crate::core::world::{Content, Message, Template, TemplateStatus, World};
use crate::simulators::cloud_api::{SentParts, check_body, check_parts};

/// Source: Send Freeform Message (seed).
const MOST_CHARACTERS: usize = 4096;
/// Source: Send Template Message (docs).
const MOST_NAME_CHARACTERS: usize = 255;

/// The template of the sample. Source: Send Template Message (docs).
const SAMPLE_TEMPLATE: u64 = 45;

/// POST /user/whatsapp/send-freeform. Source: Send Freeform Message (seed).
pub(super) fn freeform(
    world: &mut RequestContext<'_>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Refusal> {
    let (now, request) = (world.now, world.request);
    let mut fields = Fields::of_body(world, request, FREEFORM_PAGE, review);
    let sender_id = fields.integer("sender_id", review);
    let phone = fields.text("recipient_phone", usize::MAX, review);
    let message = fields.text("message", MOST_CHARACTERS, review);
    fields.finish(review)?;
    let party = party(world, sender_id, phone, FREEFORM_PAGE, review)?;
    ready(world, &party, 503)?;
    if !world.window(NAME, &party.sender, &party.contact, now).is_open() {
        let error = "The 24-hour messaging window is closed. Customer must reply first, or use a template message.";
        let mut status = session_status(world, now, &party.sender, &party.contact);
        // The page gives a refusal its four members and, in its sample, the moment of expiry; nothing else.
        status.expires_at = None;
        return Err(refusal(world, 403, "SESSION_EXPIRED", error, json!({"session_status": status})).into());
    }
    let content = Content::Text { body: message.as_deref().unwrap_or_default(), preview_url: None };
    let accepted = accept(world, &party, content);
    let status = session_status(world, now, &party.sender, &party.contact);
    Ok(json_text_response(200, usual(&accepted, &status)))
}

/// POST /user/whatsapp/send. Source: Send Template Message (docs); the texts of its refusals are inferred.
pub(super) fn template(
    world: &mut RequestContext<'_>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Refusal> {
    let (now, request) = (world.now, world.request);
    let mut fields = Fields::of_body(world, request, TEMPLATE_PAGE, review);
    let sender_id = fields.integer("sender_id", review);
    let template_id = fields.integer("template_id", review);
    let phone = fields.text("recipient_phone", usize::MAX, review);
    let name = fields.optional_text("recipient_name", MOST_NAME_CHARACTERS, review);
    let variables = fields.texts("variables", review);
    fields.finish(review)?;
    let party = party(world, sender_id, phone, TEMPLATE_PAGE, review)?;
    let found = world.account(NAME).templates.iter().find(|template| Some(template.id) == template_id);
    let sample = template_id.filter(|id| found.is_none() && *id == SAMPLE_TEMPLATE).map(|id| sample(id, &variables));
    let content = match found.or(sample.as_ref()) {
        None => {
            let error = "Template not found or does not belong to this sender";
            return Err(refusal(world, 404, "TEMPLATE_NOT_FOUND", error, Value::Null).into());
        }
        Some(template) if template.status != TemplateStatus::Approved => {
            let error = format!("Template is not approved. Current status: {}", template.status.as_str());
            return Err(refusal(world, 422, "TEMPLATE_NOT_APPROVED", &error, Value::Null).into());
        }
        Some(template) => {
            fill(template, &variables).map_err(|error| refusal(world, 422, "TEMPLATE_MISMATCH", &error, Value::Null))?
        }
    };
    ready(world, &party, 422)?;
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        world.set_contact_name(NAME, &party.sender, &party.contact, &name);
    }
    let accepted = accept(world, &party, content.into());
    if world.switch(NAME, "template_opens_window") == "on" {
        world.open_window(NAME, &party.sender, &party.contact, now);
    }
    let status = if world.switch(NAME, "template_status") == "sent" { "sent" } else { "queued" };
    Ok(json_response(200, &Accepted { status: Some(status), ..accepted }))
}

/// The template of the page's own sample, which is not in the seeded world: it takes whatever variables a request has.
fn sample(id: u64, variables: &Map<String, Value>) -> Template {
    let placeholders: Vec<String> = variables.keys().map(|name| format!("{{{{{name}}}}}")).collect();
    Template::new(id, "sample", "en", &placeholders.join(" "))
}

/// Who writes to whom.
struct Party {
    sender_id: String,
    sender: Phone,
    contact: Phone,
}

fn party(
    world: &World,
    sender_id: Option<u64>,
    phone: Option<Cow<'_, str>>,
    page: Source,
    review: &mut FindingCollector,
) -> Result<Party, Refusal> {
    let sender_id = sender_id.unwrap_or_default().to_string();
    let Some(sender) = world.account(NAME).sender(&sender_id) else {
        let error = "Sender not found or does not belong to you";
        return Err(refusal(world, 404, "SENDER_NOT_FOUND", error, Value::Null).into());
    };
    let phone = phone.unwrap_or_default();
    let Some(contact) = Phone::read(&phone).filter(|_| is_e164(&phone)) else {
        review.refused("`recipient_phone` is not in E.164 with its `+`", page);
        return Err(invalid_phone(world).into());
    };
    if contact == sender.phone {
        return Err(invalid_phone(world).into());
    }
    Ok(Party { sender_id, sender: sender.phone.clone(), contact })
}

/// Whether the sender is online and the message can be paid for. The same offline sender is 503 to a free text (seed) and 422
/// to a template (docs).
fn ready(world: &World, party: &Party, offline_status: u16) -> Result<(), Refusal> {
    let account = world.account(NAME);
    if !account.sender(&party.sender_id).is_some_and(|sender| sender.online) {
        let error = "Sender is not online. Current status: Offline";
        return Err(refusal(world, offline_status, "SENDER_OFFLINE", error, Value::Null).into());
    }
    if !account.can_pay() {
        let error = "Insufficient balance. Please top up your account.";
        return Err(refusal(world, 402, "INSUFFICIENT_BALANCE", error, Value::Null).into());
    }
    Ok(())
}

/// The answer to a free text, which nearly every request gets, in one piece. A sid is of letters and digits.
fn usual(accepted: &Accepted, status: &SessionStatus) -> String {
    let Accepted { conversation_id, message_id, whatsapp_message_id, message_sid, .. } = accepted;
    let quote = if message_sid.is_some() { "\"" } else { "" };
    [
        r#"{"success":true,"conversation_id":"#,
        Buffer::new().format(*conversation_id),
        r#","message_id":"#,
        Buffer::new().format(*message_id),
        r#","whatsapp_message_id":"#,
        Buffer::new().format(*whatsapp_message_id),
        r#","message_sid":"#,
        quote,
        message_sid.as_deref().unwrap_or("null"),
        quote,
        r#","session_status":"#,
        &status.json(),
        "}",
    ]
    .concat()
}

/// The answer to a message that was taken: the last member is a template's.
#[derive(Serialize)]
struct Accepted {
    success: bool,
    conversation_id: u64,
    message_id: u64,
    whatsapp_message_id: u64,
    message_sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// Takes the message.
fn accept(world: &mut RequestContext<'_>, party: &Party, content: Content<'_>) -> Accepted {
    world.account_mut(NAME).charge();
    let message_id = world.next_number();
    let whatsapp_message_id = world.next_number();
    let has_sid = world.switch(NAME, "message_sid") != "null";
    let sid = has_sid.then(|| ["SM", &world.next_hex()].concat());
    let conversation_id = world.deliver(Message {
        provider: NAME,
        // Callbacks carry this one of the three.
        message_id: whatsapp_message_id.to_string(),
        from: &party.sender,
        to: &party.contact,
        content,
        reference: None,
    });
    world.accept(webhook::report(whatsapp_message_id, &party.sender, &party.contact, sid.as_deref()));
    Accepted { success: true, conversation_id, message_id, whatsapp_message_id, message_sid: sid, status: None }
}

/// The content of a template with its variables, which are keyed by position or by name. Exactly those of the template must be
/// there, and fit the template by Meta's rules (inferred: the page states none). A template that needs a value for its header or
/// a button cannot be sent here.
fn fill(template: &Template, variables: &Map<String, Value>) -> Result<Value, String> {
    let wanted = &template.parameters;
    let values: Option<Vec<&Value>> = wanted
        .iter()
        .enumerate()
        .map(|(index, name)| variables.get(name).or_else(|| variables.get(&(index + 1).to_string())))
        .collect();
    match values {
        Some(values) if values.len() == variables.len() => {
            let texts: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
            let checked = check_body(template, &texts).and_then(|()| check_parts(template, SentParts::default()));
            checked.map_err(|flaw| flaw.details)?;
            let mut content = json!({"type": "template", "name": template.name, "language": template.language});
            if let (Value::Object(content), false) = (&mut content, values.is_empty()) {
                content.insert("body".to_owned(), json!(values));
            }
            Ok(content)
        }
        _ if wanted.len() == variables.len() => {
            let given: Vec<&str> = variables.keys().map(String::as_str).collect();
            Err(format!("Template expects the variables {}, given are {}", wanted.join(", "), given.join(", ")))
        }
        _ => Err(format!("Template expects {} variables, {} given", wanted.len(), variables.len())),
    }
}
