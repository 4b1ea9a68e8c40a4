//! `POST /v1/messages`: from a message whose form is right to a line in the ledger, or a refusal.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::call::{Call, sender};
use super::common::{MESSAGES, NAME};
use super::refusal::Refusal;
use super::request::SendRequest;
use super::template::TemplateSend;
use super::{directory, media, messages, request, webhook};
use crate::core::finding::{Certainty, Source};
use crate::core::fingerprint::fingerprint;
use crate::core::phone::Phone;
use crate::core::request::{IDEMPOTENCY_KEY, header};
use crate::core::response::json_response;
use crate::core::world::{CachedResponse, Message, Replay, TemplateStatus, World};
use crate::simulators::cloud_api::{TemplateFlaw, check_body, check_parts, ordered};

/// The template of the page's sample (Messages, docs). No page shows its text, so that it takes any values and is in no list.
const SAMPLE_TEMPLATE: (&str, &str) = ("appointment_reminder", "es_AR");

/// What no page says of idempotency keys.
const KEY_RULES: Source = Source::new("GoSendAPI, API Reference", Certainty::Inferred);

pub(super) fn send(call: &mut Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let body = call.json()?;
    let message = call.read(&body, MESSAGES, request::read)?;
    let from = sender(call, message.phone_number_id)?;
    media::note_strangers(call, &message.content, message.phone_number_id);
    let key = idempotency_key(call)?.map(|key| (key, fingerprint(call.request.body())));
    if let Some((key, digest)) = &key {
        match call.world.replay(NAME, call.api_key().unwrap_or_default(), key, *digest, call.now) {
            Replay::New => {}
            Replay::Same(first) => {
                call.world.accept_again();
                return Ok(again(first));
            }
            Replay::Different => {
                let text = "Idempotency-Key was already used with a different body";
                return Err(Refusal::new(StatusCode::CONFLICT, text));
            }
        }
    }
    let response = deliver(call, &from, message, key.as_ref().map(|(key, _)| key.as_str()))?;
    if let Some((key, digest)) = key {
        let answer =
            CachedResponse { digest, status: response.status().as_u16(), body: response.body().clone(), at: call.now };
        let api_key = call.api_key().unwrap_or_default().to_owned();
        call.world.remember(NAME, &api_key, &key, answer);
    }
    Ok(response)
}

/// The key by which a send is deduped. Its length and characters are not documented; an empty one is refused (inferred).
fn idempotency_key(call: &mut Call<'_>) -> Result<Option<String>, Refusal> {
    match header(call.request, IDEMPOTENCY_KEY) {
        Some("") => {
            call.review.refused("`Idempotency-Key` is empty", KEY_RULES);
            Err(Refusal::new(StatusCode::BAD_REQUEST, "Idempotency-Key should not be empty"))
        }
        key => Ok(key.map(str::to_owned)),
    }
}

fn again(first: CachedResponse) -> Response<Bytes> {
    let mut response = json_response(first.status, &Value::Null);
    *response.body_mut() = first.body;
    response
}

/// Checks template, balance and window, and hands the message over.
fn deliver(
    call: &mut Call<'_>,
    from: &Phone,
    message: SendRequest<'_>,
    reference: Option<&str>,
) -> Result<Response<Bytes>, Refusal> {
    let to = Phone::read(message.to).ok_or_else(|| Refusal::bare(StatusCode::BAD_REQUEST))?;
    if to == *from {
        return Err(Refusal::meta(StatusCode::BAD_REQUEST, 131_021, "Recipient cannot be sender"));
    }
    if let Some(template) = &message.template {
        check_template(call, template)?;
    }
    if !call.world.account(NAME).can_pay() {
        return Err(Refusal::new(StatusCode::PAYMENT_REQUIRED, "Monthly plan quota exceeded"));
    }
    let is_template = message.template.is_some();
    let open = is_template || call.world.window(NAME, from, &to, call.now).is_open();
    if !open {
        outside_window(call.world.switch(NAME, "window_error"))?;
    }
    let number = call.world.next_number();
    let wamid = messages::wamid(number);
    let kind = message.content.kind();
    call.world.accept(webhook::report(&wamid, (from, &to), kind, (!open).then_some(webhook::REENGAGEMENT)));
    if open {
        let line =
            Message { provider: NAME, message_id: wamid.clone(), from, to: &to, content: message.content, reference };
        call.world.deliver(line);
        call.world.account_mut(NAME).charge();
    }
    if is_template && call.world.switch(NAME, "template_opens_window") == "on" {
        call.world.open_window(NAME, from, &to, call.now);
    }
    Ok(accepted(&call.world, message.to, number, &wamid))
}

/// How free text outside the window is refused, unless it is accepted anyway, to fail by callback.
///
/// Conversations (seed) has Meta answer 403 Forbidden; the text, and the other ways it may show, are inferred.
fn outside_window(switch: &str) -> Result<(), Refusal> {
    match switch {
        "callback" => Ok(()),
        "bare" => Err(Refusal::bare(StatusCode::FORBIDDEN)),
        "meta_400" => Err(Refusal::meta(StatusCode::BAD_REQUEST, 131_047, "Re-engagement message")),
        _ => {
            let text = "Outside the 24h window: only approved templates can be sent";
            Err(Refusal::new(StatusCode::FORBIDDEN, text))
        }
    }
}

/// Whether the template exists in this language, is approved, and fits its definition. Refused with 422 and Meta's number
/// (inferred).
fn check_template(call: &Call<'_>, sent: &TemplateSend) -> Result<(), Refusal> {
    let refuse = |number, title: &str| Err(Refusal::meta(StatusCode::UNPROCESSABLE_ENTITY, number, title));
    let Some(template) = call.world.account(NAME).template(&sent.name, &sent.language) else {
        if (sent.name.as_str(), sent.language.as_str()) == SAMPLE_TEMPLATE {
            return Ok(());
        }
        let details = format!("template name ({}) does not exist in {}", sent.name, sent.language);
        let title = "Template name does not exist in the translation";
        return Err(Refusal::meta(StatusCode::UNPROCESSABLE_ENTITY, 132_001, title).with_meta_details(&details));
    };
    match template.status {
        TemplateStatus::Approved => {}
        TemplateStatus::Paused => return refuse(132_015, "Template is paused"),
        TemplateStatus::Disabled => return refuse(132_016, "Template is disabled"),
        TemplateStatus::Pending | TemplateStatus::Rejected => return refuse(132_001, "Template is not approved"),
    }
    let checked = ordered(template, &sent.body)
        .and_then(|values| check_body(template, &values))
        .and_then(|()| check_parts(template, sent.parts()));
    checked.map_err(|TemplateFlaw { code, title, details }| {
        Refusal::meta(StatusCode::UNPROCESSABLE_ENTITY, code, title).with_meta_details(&details)
    })
}

/// The answer to a send, in Meta's shape or as the vendor's record. Neither is documented (inferred).
fn accepted(world: &World, to: &str, number: u64, wamid: &str) -> Response<Bytes> {
    let status = world.switch(NAME, "accepted_status").parse().unwrap_or(201);
    let record = |wamid| Record { id: directory::own_id(world, number.to_string()), wamid, status: "queued" };
    match world.switch(NAME, "response_shape") {
        "record" => json_response(status, &record(Some(wamid))),
        "record_without_wamid" => json_response(status, &record(None)),
        "no_id" => json_response(status, &json!({ "status": "queued" })),
        _ => {
            let contacts = [Contact { input: to, wa_id: to }];
            let messages = [Id { id: wamid }];
            json_response(status, &Accepted { messaging_product: "whatsapp", contacts, messages })
        }
    }
}

#[derive(Serialize)]
struct Record<'a> {
    id: Value,
    wamid: Option<&'a str>,
    status: &'static str,
}

#[derive(Serialize)]
struct Accepted<'a> {
    messaging_product: &'static str,
    contacts: [Contact<'a>; 1],
    messages: [Id<'a>; 1],
}

#[derive(Serialize)]
struct Contact<'a> {
    input: &'a str,
    wa_id: &'a str,
}

#[derive(Serialize)]
struct Id<'a> {
    id: &'a str,
}
