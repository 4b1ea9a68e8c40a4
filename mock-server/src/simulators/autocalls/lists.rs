//! What the account has: senders, templates, conversations, and the user.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};

use super::assistants;
use super::common::{ASSISTANT_NUMBER, ASSISTANT_UUID, FRAMEWORK, NAME};
use super::fields::{Fields, review_query};
use super::refusal::{Refusal, refusal};
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::phone::Phone;
use crate::core::request::Query;
use crate::core::response::json_response;
use crate::core::time::zoneless_time;
use crate::core::world::{Conversation, World};

/// GET /user/whatsapp/senders: those online, unless `status=all`. Source: Get Senders (docs).
pub(super) fn senders(world: &World, request: &Request<Bytes>, review: &mut FindingCollector) -> Response<Bytes> {
    review_query(request, &["status"], review);
    let query = Query::of(request);
    let wanted = query.get("status").unwrap_or("online");
    let senders = world.account(NAME).senders.iter().filter(|sender| sender.owned).map(|sender| {
        let status = if sender.online { "online" } else { "offline" };
        let id = sender.id.parse::<u64>().unwrap_or_default();
        json!({
            "id": id, "phone_number": sender.phone.e164(), "display_name": sender.name, "status": status,
            "quality_rating": "GREEN", "messaging_limit": 1000, "messaging_limit_formatted": "1,000 / 24hr",
        })
    });
    let senders: Vec<Value> = senders.filter(|sender| has_status(sender, wanted)).collect();
    json_response(200, &json!({"data": senders}))
}

/// GET /user/whatsapp/senders/{id}/templates: those approved, unless `status=all`. Source: Get Templates (docs).
pub(super) fn templates(
    world: &World,
    sender: &str,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Response<Bytes> {
    review_query(request, &["status"], review);
    let account = world.account(NAME);
    if account.sender(sender).is_none() {
        return refusal(world, 404, "SENDER_NOT_FOUND", "Sender not found", Value::Null);
    }
    let query = Query::of(request);
    let wanted = query.get("status").unwrap_or("approved");
    let templates = account.templates.iter().map(|template| {
        json!({
            "id": template.id, "name": template.name, "language": template.language, "category": template.category,
            "status": template.status.as_str(), "body_text": template.body, "variables": template.parameters,
            "has_variables": !template.parameters.is_empty(),
        })
    });
    let templates: Vec<Value> = templates.filter(|template| has_status(template, wanted)).collect();
    json_response(200, &json!({"data": templates}))
}

/// `GET /user/whatsapp/templates?sender_id=`: as [`templates`]. Source: a production site that calls it (field).
pub(super) fn templates_of_sender(
    world: &World,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Refusal> {
    let text =
        "`/api/user/whatsapp/templates` is on no page, which have `/api/user/whatsapp/senders/{sender_id}/templates`";
    review.tolerated(text, Source::new("A client in production", Certainty::Field));
    let mut fields = Fields::of_query(world, request, FRAMEWORK, review);
    let sender = fields.integer("sender_id", review);
    // Read below.
    fields.optional_text("status", usize::MAX, review);
    fields.finish(review)?;
    Ok(templates(world, &sender.unwrap_or_default().to_string(), request, &mut FindingCollector::new(false)))
}

fn has_status(row: &Value, wanted: &str) -> bool {
    wanted == "all" || row.get("status").and_then(Value::as_str) == Some(wanted)
}

const LIST_PAGE: Source = Source::new("List Conversations", Certainty::Docs);

/// GET /user/conversations, newest first, by cursor. Source: List Conversations (docs).
pub(super) fn conversations(world: &World, request: &Request<Bytes>, review: &mut FindingCollector) -> Response<Bytes> {
    const KNOWN: [&str; 7] = [
        "type",
        "assistant_id",
        "customer_phone",
        "whatsapp_sender_phone",
        "external_identifier",
        "per_page",
        "cursor",
    ];
    review_query(request, &KNOWN, review);
    let query = Query::of(request);
    for name in ["customer_phone", "whatsapp_sender_phone"].into_iter().filter(|name| query.has_bare_plus(name)) {
        review.tolerated(format!("`{name}` has a bare `+` in the query, which must be sent as `%2B`"), FRAMEWORK);
    }
    let phone = |name: &str| query.get(name).map(Phone::read);
    let (customer, sender) = (phone("customer_phone"), phone("whatsapp_sender_phone"));
    let other_kind = query.get("type").is_some_and(|kind| kind != "whatsapp")
        || query.get("assistant_id").is_some_and(|id| id != ASSISTANT_UUID && id.parse() != Ok(ASSISTANT_NUMBER))
        || query.get("external_identifier").is_some();
    let before = match query.get("cursor").map(str::parse::<u64>) {
        Some(Err(_)) => {
            review.tolerated("`cursor` is none that a list has given, and is not read", LIST_PAGE);
            None
        }
        cursor => cursor.and_then(Result::ok),
    };
    let per_page = match query.get("per_page").map(str::parse::<usize>) {
        None => 15,
        Some(Ok(rows @ 1..=100)) => rows,
        Some(other) => {
            if review.must_refuse("`per_page` is not a number from 1 to 100", LIST_PAGE) {
                let problem = "The per page field must be between 1 and 100.";
                return json_response(422, &json!({"message": problem, "errors": {"per_page": [problem]}}));
            }
            other.unwrap_or(15).clamp(1, 100)
        }
    };

    let rows: Box<dyn Iterator<Item = Conversation>> = match &customer {
        Some(Some(customer)) => Box::new(world.conversations_with(NAME, customer)),
        Some(None) => Box::new(std::iter::empty()),
        None => Box::new(world.conversations(NAME).rev()),
    };
    let rows =
        rows.filter(|row| !other_kind && sender.as_ref().is_none_or(|sender| sender.as_ref() == Some(&row.business)));
    let mut rows: Vec<Conversation> =
        rows.filter(|row| before.is_none_or(|id| row.id < id)).take(per_page + 1).collect();
    let more = rows.len() > per_page;
    rows.truncate(per_page);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    // A message costs 1.
    let mut costs = vec![0; rows.len()];
    for line in world.ledger().filter(|line| line.provider == NAME) {
        let place = rows.iter().position(|row| row.business == line.from && row.contact == line.to);
        if let Some(cost) = place.and_then(|place| costs.get_mut(place)) {
            *cost += 1;
        }
    }
    let data: Vec<Value> = rows.iter().zip(costs).map(|(row, cost)| conversation(world, row, cost)).collect();
    json_response(
        200,
        &json!({"data": data, "path": "/api/user/conversations", "per_page": per_page, "next_cursor": next, "prev_cursor": null}),
    )
}

fn conversation(world: &World, row: &Conversation, total_cost: usize) -> Value {
    let account = world.account(NAME);
    let uuid = row.uuid_text();
    let sender_name = account.sender_by_phone(&row.business).map(|sender| sender.name.as_str());
    json!({
        "ai_enabled": assistants::is_ai_on(world, &uuid), "id": uuid, "assistant_id": ASSISTANT_UUID, "assistant_name": "Demo assistant", "type": "whatsapp",
        "variables": Value::Null, "message_count": row.messages_count, "total_cost": total_cost,
        "created_at": zoneless_time(row.started_at), "updated_at": zoneless_time(row.last_activity()),
        "whatsapp_sender": {"name": sender_name, "phone": row.business.e164()},
        "customer": {"name": row.contact_name.as_deref(), "phone": row.contact.e164()},
    })
}

/// GET /user/me. Source: Get current user (docs).
pub(super) fn me(world: &World) -> Response<Bytes> {
    let balance = world.account(NAME).balance.unwrap_or_default();
    // Printed without a fraction where there is none.
    let balance: Value = serde_json::from_str(&balance.to_string()).unwrap_or_default();
    let mut user = Map::new();
    user.insert("name".to_owned(), "Demo".into());
    user.insert("email".to_owned(), "demo@example.com".into());
    user.insert("total_balance".to_owned(), balance);
    json_response(200, &Value::Object(user))
}
