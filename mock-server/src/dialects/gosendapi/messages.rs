//! `GET /v1/messages` and `GET /v1/messages/{id}`. That they exist is documented, their fields are not (inferred).

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::paging::Page;
use super::{NAME, directory};
use crate::{Delivery, World, rfc3339};

/// What a message's id at Meta starts with here; its number at the vendor follows.
const WAMID_PREFIX: &str = "wamid.HBgLMzQ2";

/// The id at Meta of the message with this number at the vendor.
pub(super) fn wamid(number: u64) -> String {
    format!("{WAMID_PREFIX}{number:020}")
}

/// A page of all messages, newest first.
pub(super) fn list(world: &World, page: Page) -> Response<Bytes> {
    page.print_with(lines(world), |line| row(world, line))
}

/// One message, by either of its ids: no page says which one it is.
pub(super) fn find(world: &World, id: &str) -> Option<Value> {
    lines(world).find(|line| line.message_id == id || number(line) == id).map(|line| row(world, line))
}

fn lines(world: &World) -> impl Iterator<Item = &Delivery> {
    world.ledger().rev().filter(|line| line.provider == NAME)
}

fn row(world: &World, line: &Delivery) -> Value {
    let content: Value = serde_json::from_str(line.content.get()).unwrap_or_default();
    let kind = match content.get("type").and_then(Value::as_str).unwrap_or_default() {
        "buttons" | "list" => "interactive",
        kind => kind,
    };
    let sender = world.account(NAME).senders.iter().find(|sender| sender.phone == line.from);
    json!({
        "id": directory::own_id(world, number(line).to_owned()),
        "wamid": line.message_id,
        "status": "sent",
        "type": kind,
        "to": line.to.digits(),
        "phone_number_id": sender.map(|sender| sender.id.as_str()),
        "created_at": rfc3339(line.at),
    })
}

/// The vendor's own number of a message, as text.
fn number(line: &Delivery) -> &str {
    line.message_id.strip_prefix(WAMID_PREFIX).unwrap_or_default().trim_start_matches('0')
}
