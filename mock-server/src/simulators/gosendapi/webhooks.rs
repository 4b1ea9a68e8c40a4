//! Webhooks that the project makes for itself, and what was delivered to them (Webhooks, docs).

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::common::NAME;
use super::directory;
use super::paging::Page;
use super::refusal::Refusal;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::json::{Json, Members, Named as _};
use crate::core::phone::Phone;
use crate::core::request_context::NewSubscription;
use crate::core::response::json_response;
use crate::core::time::rfc3339;
use crate::core::webhook::{DeliveryAttempt, EventFilter, Secret, Subscription};
use crate::core::world::World;
use crate::simulators::cloud_api::{FieldError, FieldReader, is_web_address, optional_text, required_text};

const WEBHOOKS: Source = Source::new("GoSendAPI, Webhooks", Certainty::Docs);
/// The page names some events in full, and others in prose alone.
const NAMES: Source = Source::new("GoSendAPI, Webhooks", Certainty::Inferred);
/// The only value of `type` that a page shows (docs).
const KIND: &str = "gosendapi_events";
/// The events that this mock sends.
const EVENTS: [&str; 10] = [
    "whatsapp.message.received",
    "whatsapp.message.sent",
    "whatsapp.message.delivered",
    "whatsapp.message.read",
    "whatsapp.message.failed",
    "whatsapp.conversation.created",
    "whatsapp.conversation.inactive",
    "whatsapp.conversation.ended",
    "whatsapp.template.approved",
    "whatsapp.template.rejected",
];
/// No page states a limit.
const LONGEST_URL: usize = 2048;
/// A webhook names at most this many events.
const MOST_EVENTS: usize = 100;

/// A page of the webhooks, none with its secret.
pub(super) fn list(call: &Call<'_>, page: Page) -> Response<Bytes> {
    page.print_with(call.world.webhooks_of(NAME), |own| row(&call.world, own))
}

/// Makes a webhook. Its secret is in this answer and in no other (docs).
pub(super) fn create(call: &mut Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let body = call.json()?;
    let asked = call.read(&body, WEBHOOKS, |form, body| read(form, body, true))?;
    let url = asked.url.ok_or_else(|| Refusal::flaw(&FieldError::missing("url")))?;
    let sender = asked.line.map(|id| line(call, &id)).transpose()?;
    let names = asked.events.unwrap_or_default();
    note_names(&mut call.review, &names);
    let secret = format!("whsec_{}", call.world.next_hex());
    let events = EventFilter::Names(names.clone());
    let new = NewSubscription { url: &url, secret: Secret::new(secret.clone()), events, sender };
    let Some((id, note)) = call.world.add_webhook(NAME, new) else {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "This mock keeps no more webhooks"));
    };
    call.review.extend(note);
    let id = directory::own_id(&call.world, id.to_string());
    Ok(json_response(201, &json!({"id": id, "url": url, "secret": secret, "events": names, "enabled": true})))
}

/// Changes what the body names. That `enabled` is one of it is inferred.
pub(super) fn change(call: &mut Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    let number = find(call, id).ok_or_else(|| Refusal::not_found("Webhook"))?;
    let body = call.json()?;
    let asked = call.read(&body, WEBHOOKS, |form, body| read(form, body, false))?;
    let sender = asked.line.map(|id| line(call, &id)).transpose()?;
    if let Some(names) = &asked.events {
        note_names(&mut call.review, names);
    }
    let target = asked.url.as_deref().map(|url| call.world.webhook_target(url));
    let Some(own) = call.world.webhook_mut(NAME, number) else { return Err(Refusal::not_found("Webhook")) };
    if let (Some(url), Some((target, note))) = (asked.url, target) {
        (own.url, own.target) = (url, target);
        call.review.extend(note);
    }
    if let Some(names) = asked.events {
        own.events = EventFilter::Names(names);
    }
    own.sender = sender.or(own.sender.take());
    own.enabled = asked.enabled.unwrap_or(own.enabled);
    let own = call.world.webhooks_of(NAME).find(|own| own.id == number);
    let changed = own.map(|own| row(&call.world, own)).unwrap_or_default();
    Ok(json_response(200, &changed))
}

/// Removes a webhook. What is answered is not documented (inferred, as for a template).
pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    match find(call, id) {
        Some(number) if call.world.remove_webhook(NAME, number) => Ok(json_response(200, &json!({ "success": true }))),
        _ => Err(Refusal::not_found("Webhook")),
    }
}

/// A page of the attempts to deliver to a webhook, newest first. Their fields are not documented (inferred).
pub(super) fn deliveries(call: &Call<'_>, id: &str, page: Page) -> Result<Response<Bytes>, Refusal> {
    let number = find(call, id).ok_or_else(|| Refusal::not_found("Webhook"))?;
    Ok(page.print_with(call.world.deliveries_of(number), |tried| attempt(&call.world, number, tried)))
}

/// The number of a webhook that there is.
fn find(call: &Call<'_>, id: &str) -> Option<u64> {
    let number = id.parse().ok()?;
    call.world.webhooks_of(NAME).any(|own| own.id == number).then_some(number)
}

/// The members of a body. Only the address is needed for a new webhook (inferred).
struct Asked {
    url: Option<String>,
    events: Option<Vec<String>>,
    /// The vendor's own id of a sender (docs).
    line: Option<String>,
    enabled: Option<bool>,
}

fn read(form: &mut FieldReader, body: &Json<'_>, is_new: bool) -> Result<Asked, Refusal> {
    let flaw = |flaw: FieldError| Refusal::flaw(&flaw);
    let known = ["url", "events", "phone_number_id", "type", "enabled"];
    let members = form.object(Some(body), "body", &known).map_err(flaw)?;
    let url = if is_new {
        Some(required_text(members, "", "url", LONGEST_URL).map_err(flaw)?)
    } else {
        optional_text(members, "", "url", LONGEST_URL).map_err(flaw)?
    };
    if url.is_some_and(|url| !is_web_address(url)) {
        return Err(Refusal::flaw(&FieldError::wrong("url", "must be a URL address")));
    }
    if let Some(kind) = optional_text(members, "", "type", usize::MAX).map_err(flaw)?
        && kind != KIND
    {
        form.remark(format!("`type` is {kind}; the page shows {KIND} alone"), NAMES);
    }
    let enabled = match members.member("enabled") {
        None | Some(Json::Null) => None,
        Some(Json::Bool(enabled)) => Some(*enabled),
        Some(_) => return Err(Refusal::flaw(&FieldError::wrong("enabled", "must be a boolean value"))),
    };
    let line = match members.member("phone_number_id") {
        None | Some(Json::Null) => None,
        Some(id) => {
            let text = id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()));
            Some(text.ok_or_else(|| Refusal::flaw(&FieldError::wrong("phone_number_id", "must be an id")))?)
        }
    };
    Ok(Asked { url: url.map(str::to_owned), events: events(members).map_err(flaw)?, line, enabled })
}

fn events(members: &Members<'_>) -> Result<Option<Vec<String>>, FieldError> {
    let names = match members.member("events") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Array(names)) if names.len() <= MOST_EVENTS => names,
        Some(_) => return Err(FieldError::wrong("events", format!("must be an array of at most {MOST_EVENTS} names"))),
    };
    let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    names.map(Some).ok_or_else(|| FieldError::wrong("events", "each value must be a string"))
}

fn note_names(review: &mut FindingCollector, names: &[String]) {
    for name in names.iter().filter(|name| !EVENTS.contains(&name.as_str())) {
        review.note(format!("`events`: this mock sends no `{name}`"), NAMES);
    }
}

/// The number of the sender with the vendor's own id. Meta's id is a frequent mistake here, and means the same sender.
fn line(call: &mut Call<'_>, id: &str) -> Result<Phone, Refusal> {
    let senders = &call.world.account(NAME).senders;
    let own = senders
        .iter()
        .find(|sender| sender.owned && directory::line_id(&call.world, &sender.phone).is_some_and(|line| line == id));
    let by_metas_id = || senders.iter().find(|sender| sender.owned && sender.id == id);
    let found = own.map(|sender| (sender, false)).or_else(|| by_metas_id().map(|sender| (sender, true)));
    let Some((phone, is_metas)) = found.map(|(sender, is_metas)| (sender.phone.clone(), is_metas)) else {
        let message = "phone_number_id does not exist";
        return Err(Refusal::value("phone_number_id", &id.into(), message, "INVALID_PHONE_NUMBER_ID"));
    };
    let text = "`phone_number_id` is Meta's id of the sender, expected the vendor's own";
    if is_metas && call.review.must_refuse(text, WEBHOOKS) {
        return Err(Refusal::value("phone_number_id", &id.into(), text, "INVALID_PHONE_NUMBER_ID"));
    }
    Ok(phone)
}

/// A webhook without its secret. The page shows `id`, `url`, `events` and `enabled`; the other members are inferred.
fn row(world: &World, own: &Subscription) -> Value {
    let names: &[String] = match &own.events {
        EventFilter::Names(names) => names,
        EventFilter::Topic(_) => &[],
    };
    let line = own.sender.as_ref().and_then(|sender| directory::line_id(world, sender));
    json!({
        "id": directory::own_id(world, own.id.to_string()),
        "url": own.url,
        "events": names,
        "enabled": own.enabled,
        "phone_number_id": line.map(|id| directory::own_id(world, id)),
        "type": KIND,
    })
}

fn attempt(world: &World, webhook: u64, tried: &DeliveryAttempt) -> Value {
    let payload: Value = serde_json::from_slice(&tried.body).unwrap_or_default();
    let status = match (tried.status, tried.next_try_at) {
        (Some(200..=299), _) => "delivered",
        (_, Some(_)) => "pending",
        _ => "failed",
    };
    json!({
        "id": directory::own_id(world, tried.number.to_string()),
        "webhook_id": directory::own_id(world, webhook.to_string()),
        "event": super::webhook::event_name(&payload),
        "status": status,
        "attempt": tried.attempt,
        "response_status": tried.status,
        "error": tried.error,
        "created_at": rfc3339(tried.at),
        "next_attempt_at": tried.next_try_at.map(rfc3339),
    })
}
