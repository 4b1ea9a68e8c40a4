//! Conversations: lists, one, and closing one (Conversations, seed).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::call::Call;
use super::common::NAME;
use super::directory;
use super::paging::Page;
use super::refusal::Refusal;
use super::request::close_reason;
use crate::core::finding::{Certainty, Source};
use crate::core::phone::Phone;
use crate::core::request::Query;
use crate::core::response::json_response;
use crate::core::time::parse_time;
use crate::core::time::rfc3339;
use crate::core::world::{Conversation, World};
use crate::simulators::cloud_api::FieldError;

const CONVERSATIONS: Source = Source::new("GoSendAPI, Conversations", Certainty::Seed);
const FILTERS: [&str; 8] =
    ["status", "customer_id", "contact_phone", "phone_number_id", "since", "until", "page", "per_page"];

/// A page of the rows that the filters let through, newest first.
pub(super) fn list(call: &mut Call<'_>, page: Page) -> Result<Response<Bytes>, Refusal> {
    let query = Query::of(call.request);
    for name in query.names().filter(|name| !FILTERS.contains(name)) {
        call.review.tolerated(format!("`{name}` is no filter of this list"), CONVERSATIONS);
    }
    let status = query.get("status");
    if status.is_some_and(|status| !matches!(status, "active" | "inactive" | "ended")) {
        return Err(Refusal::flaw(&FieldError::wrong("status", "must be one of active, inactive, ended")));
    }
    // No conversation of the mock belongs to a contact record, so any of these filters lets nothing through.
    if query.get("customer_id").is_some() {
        return Ok(page.print(Vec::new()));
    }
    let (since, until) = (moment(&query, "since")?, moment(&query, "until")?);
    let world = &*call.world;
    let rows: Box<dyn Iterator<Item = Conversation>> = match query.get("contact_phone") {
        None => Box::new(world.conversations(NAME).rev()),
        Some(text) => {
            if text.contains(['+', ' ']) {
                call.review.tolerated("`contact_phone` is digits only in the page's sample", CONVERSATIONS);
            }
            let contact = Phone::read(text);
            Box::new(contact.into_iter().flat_map(|contact| world.conversations_with(NAME, &contact)))
        }
    };
    let line = query.get("phone_number_id");
    let quiet = world.quiet_after(NAME);
    let kept = rows.filter(|row| {
        status.is_none_or(|status| row.state_after(quiet, call.now).as_str() == status)
            && line.is_none_or(|id| directory::is_id_of(world, id, &row.business))
            && since.is_none_or(|since| row.started_at >= since)
            && until.is_none_or(|until| row.started_at <= until)
    });
    Ok(page.print_with(kept, |row| print(world, &row, call.now)))
}

/// A moment of the date range: RFC 3339 or a day. Neither the format nor the column is documented; the column is the
/// start of the conversation (inferred).
fn moment(query: &Query, name: &str) -> Result<Option<SystemTime>, Refusal> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let day = || parse_time(&format!("{text}T00:00:00Z"));
    match parse_time(text).or_else(day) {
        Some(moment) => Ok(Some(moment)),
        None => Err(Refusal::flaw(&FieldError::wrong(name, "must be an ISO 8601 date"))),
    }
}

/// One conversation.
pub(super) fn find(world: &World, id: &str, now: SystemTime) -> Option<Value> {
    let row = world.conversation(NAME, id.parse().ok()?)?;
    Some(print(world, &row, now))
}

/// Closes a conversation, which leaves the window as it is. Without a reason it is a manual close. What is answered is
/// not documented: the conversation; closing one that has ended changes nothing (inferred).
pub(super) fn close(call: &mut Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    let reason = if call.request.body().is_empty() {
        None
    } else {
        let body = call.json()?;
        call.read(&body, CONVERSATIONS, close_reason)?
    };
    let reason = reason.as_deref().unwrap_or("manual_close");
    let closed = id.parse().ok().filter(|id| call.world.close_conversation(NAME, *id, reason).is_some());
    let Some(row) = closed.and_then(|id| call.world.conversation(NAME, id)) else {
        return Err(Refusal::not_found("Conversation"));
    };
    Ok(json_response(200, &print(&call.world, &row, call.now)))
}

/// A row with every member of the page's table, in snake case.
pub(super) fn print(world: &World, row: &Conversation, now: SystemTime) -> Value {
    // The page types it as a number, its own sample filters by Meta's id: Meta's id it is (inferred), unless switched.
    let line = if world.switch(NAME, "conversation_line") == "internal" {
        directory::line_id(world, &row.business).map(|id| directory::own_id(world, id))
    } else {
        world.account(NAME).sender_by_phone(&row.business).map(|sender| sender.id.as_str().into())
    };
    json!({
        "id": directory::own_id(world, row.id.to_string()),
        "tenant_id": directory::own_id(world, directory::PROJECT.to_owned()),
        "customer_id": null,
        "phone_number_id": line,
        "contact_phone": row.contact.digits(),
        "contact_bsuid": stable_user_id(&row.contact),
        "contact_name": row.contact_name.as_deref(),
        "status": row.state_after(world.quiet_after(NAME), now).as_str(),
        "ended_reason": row.ended_reason(now),
        "messages_count": row.messages_count,
        "last_inbound_at": row.last_inbound_at.map(whole_seconds),
        "last_outbound_at": row.last_outbound_at.map(whole_seconds),
        "started_at": whole_seconds(row.started_at),
        "ended_at": row.ended_at(now).map(whole_seconds),
    })
}

/// A text that looks like Meta's stable user id and is the same for the same person.
fn stable_user_id(contact: &Phone) -> String {
    let hash = contact
        .digits()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("ES.{hash:016x}")
}

/// A time without fractions of a second, as the vendor's samples have them.
fn whole_seconds(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(UNIX_EPOCH + Duration::from_secs(since.as_secs()))
}
