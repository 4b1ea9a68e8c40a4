//! `POST /notification`: from a body to a line in the ledger, or a refusal.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use itoa::Buffer;
use serde::Serialize;
use serde_json::{Value, json};

use super::channel::{CHANNEL_PATHS, enveloped};
use super::common::NAME;
use super::refusal::Refusal;
use super::request::{META_RULES, Notification, TemplateSend, read};
use super::webhook;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::json::{Json, quoted};
use crate::core::phone::Phone;
use crate::core::request::{is_json, json_of};
use crate::core::request_context::RequestContext;
use crate::core::response::{json_response, json_text_response};
use crate::core::time::rfc3339;
use crate::core::world::{Content, Message, Template, TemplateStatus, World};
use crate::simulators::cloud_api::{FieldReader, SentParts, TemplateFlaw, check_body, check_parts};

const TEXT_MESSAGE: Source = Source::new("Messangi, Text Message", Certainty::Docs);

pub(super) fn send(world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Result<Response<Bytes>, Refusal> {
    let (now, request) = (world.now, world.request);
    let body = body(request, review)?;
    let in_envelope = if CHANNEL_PATHS.contains(&request.uri().path()) { enveloped(&body) } else { None };
    let message = parse(in_envelope.as_ref().unwrap_or(&body), review)?;
    let (from, to) = (number(message.from)?, number(message.to_digits)?);
    let account = world.account(NAME);
    let Some(sender) = account.sender_by_phone(&from) else {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "request.from is not a sender of this account"));
    };
    if from == to {
        return Err(Refusal::bad("request.to is the sender of the message"));
    }
    let online = sender.online;
    let complete = match &message.template {
        Some(template) => check_template(world, template, &message.content, review)?,
        None => true,
    };
    if !world.account(NAME).can_pay() {
        return Err(Refusal::new(StatusCode::PAYMENT_REQUIRED, "Insufficient balance"));
    }
    let open = message.template.is_some() || world.window(NAME, &from, &to, now).is_open();
    if !open {
        refuse_outside_window(world, message.to)?;
    }
    let id = world.next_uuid();
    let (status, failure) = match (online, complete, open) {
        (false, ..) => ("CODE_NOT_ALLOWED", Some(webhook::CODE_NOT_ALLOWED)),
        (_, false, _) if world.switch(NAME, "missing_placeholder") == "status" => {
            ("INCOMPLETE", Some(webhook::INCOMPLETE))
        }
        (_, false, _) => ("QUEUE", Some(webhook::INCOMPLETE)),
        (.., false) => ("QUEUE", Some(webhook::REENGAGEMENT)),
        _ => ("QUEUE", None),
    };
    let answer = answer(world, now, &message, &id, status);
    world.accept(webhook::report(&id, (&from, &to), &message, failure));
    if failure.is_none() {
        world.account_mut(NAME).charge();
        let line = Message {
            provider: NAME,
            message_id: id,
            from: &from,
            to: &to,
            content: message.content,
            reference: message.external_id,
        };
        world.deliver(line);
    }
    Ok(answer)
}

fn body<'a>(request: &'a Request<Bytes>, review: &mut FindingCollector) -> Result<Json<'a>, Refusal> {
    if !is_json(request) {
        review.refused("`Content-Type` is not `application/json`", TEXT_MESSAGE);
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type"));
    }
    json_of(request.body()).map_err(|_| {
        review.refused("the body is no JSON", TEXT_MESSAGE);
        Refusal::bad("Malformed JSON")
    })
}

/// What the body says, its form checked and remarked upon.
fn parse<'a>(body: &'a Json<'a>, review: &mut FindingCollector) -> Result<Notification<'a>, Refusal> {
    // The vendor's page gives no lengths for titles.
    let mut form = FieldReader::default();
    form.long_titles_noted = Some(META_RULES);
    let message = read(&mut form, body);
    let refuse = form.report(review, TEXT_MESSAGE);
    match message {
        Ok(_) if refuse => Err(Refusal::bad("Request is not as documented")),
        Ok(message) => Ok(message),
        Err(refusal) => {
            review.refused(refusal.reason.clone(), refusal.source);
            Err(refusal)
        }
    }
}

fn number(digits: &str) -> Result<Phone, Refusal> {
    Phone::read(digits).ok_or_else(|| Refusal::bad("request.to is not a valid E.164 number"))
}

/// Whether the template gets a value for each of its placeholders, if it exists in this language and is approved.
fn check_template(
    world: &World,
    sent: &TemplateSend,
    content: &Content<'_>,
    review: &mut FindingCollector,
) -> Result<bool, Refusal> {
    let Some(template) = world.account(NAME).template(&sent.name, &sent.language) else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("template {} not found", sent.name)));
    };
    if template.status != TemplateStatus::Approved {
        let status = template.status.as_str();
        return Err(Refusal::bad(format!("template {} is not approved: {status}", sent.name)));
    }
    let lacking = template.parameters.iter().find(|name| !sent.placeholders.contains(name));
    if let Some(name) = lacking
        && world.switch(NAME, "missing_placeholder") == "sync"
    {
        return Err(Refusal::bad(format!("template placeholder {name} has no value")));
    }
    for name in sent.placeholders.iter().filter(|name| !template.parameters.contains(name)) {
        let page = Source::new("Messangi, Send Text Message Template", Certainty::Inferred);
        review.tolerated(format!("`request.placeholders.{name}` is no placeholder of the template"), page);
    }
    let Content::Other(content) = content else { return Ok(lacking.is_none()) };
    check_values(template, content)?;
    let buttons = content["buttons"].as_array().map_or(&[][..], Vec::as_slice);
    let parts = SentParts { header: content.get("header"), buttons, ..SentParts::default() };
    match check_parts(template, parts) {
        Err(flaw) if !INCOMPLETE.contains(&flaw.code) => Err(by_template(&flaw)),
        checked => Ok(lacking.is_none() && checked.is_ok()),
    }
}

/// Meta's numbers for a part without its value. The vendor has a status word for those.
const INCOMPLETE: [u32; 2] = [131_008, 132_000];

/// Whether the values that the template takes may stand in it. The length is the vendor's (Send Text Message Template,
/// docs), the rest Meta's.
fn check_values(template: &Template, content: &Value) -> Result<(), Refusal> {
    let value = |name: &String| {
        let place = || content["body"].get(name.parse::<usize>().ok()?.checked_sub(1)?);
        content["body"].get(name).or_else(place)?.as_str()
    };
    let values: Option<Vec<&str>> = template.parameters.iter().map(value).collect();
    values.map_or(Ok(()), |values| check_body(template, &values)).map_err(|flaw| by_template(&flaw))
}

fn by_template(flaw: &TemplateFlaw) -> Refusal {
    Refusal { source: META_RULES, ..Refusal::bad(format!("template: {}", flaw.details)) }
}

/// How free text outside the window is refused, unless it is accepted anyway, to fail by callback (inferred; that a 410
/// means it is how one public client reads it).
fn refuse_outside_window(world: &World, to: &str) -> Result<(), Refusal> {
    match world.switch(NAME, "window_error") {
        "callback" => Ok(()),
        "gone" => Err(Refusal::new(StatusCode::GONE, "Gone")),
        _ => Err(Refusal::bad(format!("24-hour session window is closed for {to}"))),
    }
}

/// The answer to a send: our convention for every type, since no page shows one (inferred), or what clients of the SMS
/// service have. `QUEUE`, `CODE_NOT_ALLOWED` and `INCOMPLETE` are status words of the vendor (WhatsApp Status, docs).
fn answer(
    world: &mut World,
    now: SystemTime,
    message: &Notification<'_>,
    id: &str,
    status: &'static str,
) -> Response<Bytes> {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let timestamp = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let shape = world.switch(NAME, "response_shape");
    // The SMS service says of a message that it took that it is accepted.
    let sms_status = if status == "QUEUE" { "ACCEPTED" } else { status };
    if shape == "flat" {
        let description = if status == "QUEUE" { "Message accepted" } else { "Message not accepted" };
        return json_response(200, &json!({"status": sms_status, "messageId": id, "description": description}));
    }
    let meta = Meta { timestamp, transaction_id: world.next_uuid() };
    if shape == "sms" {
        let taken = json!({
            "id": id, "from": message.from, "text": message.content.body(), "to": message.to, "type": "MT",
            "status": sms_status, "date": rfc3339(now),
        });
        return json_response(200, &json!({"meta": meta, "data": taken}));
    }
    json_text_response(200, usual(&meta, id, message, status, &rfc3339(now)))
}

/// The answer that nearly every request gets, in one piece. The client's own name for the message is quoted; ids,
/// numbers, words and times have no character that JSON escapes.
fn usual(meta: &Meta, id: &str, message: &Notification<'_>, status: &str, date: &str) -> String {
    let external_id = message.external_id.map(|id| [r#","externalId":"#, &quoted(id)].concat());
    [
        r#"{"meta":{"timestamp":"#,
        Buffer::new().format(meta.timestamp),
        r#","transactionId":""#,
        &meta.transaction_id,
        r#""},"data":{"id":""#,
        id,
        r#"","channel":"WHATSAPP","from":""#,
        message.from,
        r#"","to":""#,
        message.to,
        r#"","status":""#,
        status,
        r#"","date":""#,
        date,
        r#"""#,
        external_id.as_deref().unwrap_or_default(),
        "}}",
    ]
    .concat()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    timestamp: u64,
    transaction_id: String,
}
