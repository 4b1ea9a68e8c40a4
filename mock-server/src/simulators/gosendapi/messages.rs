//! `GET /v1/messages` and `GET /v1/messages/{id}`. That they exist is documented, their fields are not (inferred).

use std::collections::HashMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::common::NAME;
use super::directory;
use super::paging::Page;
use crate::core::phone::Phone;
use crate::core::time::rfc3339;
use crate::core::transcript::Accepted;
use crate::core::webhook::DeliveryStatus;
use crate::core::webhook::{LAST_STATUS, ladder};
use crate::core::world::{Delivery, World};

/// What a message's id at Meta starts with here; its number at the vendor follows.
const WAMID_PREFIX: &str = "wamid.HBgLMzQ2";

/// The id at Meta of the message with this number at the vendor.
pub(super) fn wamid(number: u64) -> String {
    let digits = number.to_string();
    [WAMID_PREFIX, "00000000000000000000".get(digits.len()..).unwrap_or_default(), &digits].concat()
}

/// A page of all messages, newest first.
pub(super) fn list(world: &World, now: SystemTime, page: Page) -> Response<Bytes> {
    let accepted = world.transcript.accepted_of(NAME).map(|message| (message.message_id.as_str(), message));
    let accepted: HashMap<&str, &Accepted> = accepted.collect();
    page.print_with(lines(world), |line| row(world, now, &line, accepted.get(line.message_id()).copied()))
}

/// One message, by either of its ids: no page says which one it is.
pub(super) fn find(world: &World, now: SystemTime, id: &str) -> Option<Value> {
    let line = lines(world).find(|line| line.message_id() == id || number(line.message_id()) == id)?;
    let accepted = world.transcript.accepted_of(NAME).find(|message| message.message_id == line.message_id());
    Some(row(world, now, &line, accepted))
}

/// A message that was accepted.
enum Line<'a> {
    /// A person got it.
    Delivered(&'a Delivery),
    /// Nobody did: it failed afterwards.
    Failed(&'a Accepted),
}

impl Line<'_> {
    fn message_id(&self) -> &str {
        match self {
            Self::Delivered(line) => &line.message_id,
            Self::Failed(message) => &message.message_id,
        }
    }

    /// From, to, and when.
    fn ends(&self) -> (&Phone, &Phone, SystemTime) {
        match self {
            Self::Delivered(line) => (&line.from, &line.to, line.at),
            Self::Failed(message) => (&message.from, &message.to, message.at),
        }
    }
}

/// Newest first; the numbers in the ids rise with time.
fn lines(world: &World) -> impl Iterator<Item = Line<'_>> {
    let delivered = world.ledger().rev().filter(|line| line.provider == NAME).map(Line::Delivered);
    let failed = world.transcript.accepted_of(NAME).filter(|message| message.failure.is_some()).map(Line::Failed);
    let (mut delivered, mut failed) = (delivered.peekable(), failed.peekable());
    std::iter::from_fn(move || {
        let failed_is_newer = match (failed.peek(), delivered.peek()) {
            (Some(failed), Some(delivered)) => failed.message_id() > delivered.message_id(),
            (failed, _) => failed.is_some(),
        };
        if failed_is_newer { failed.next() } else { delivered.next() }
    })
}

fn row(world: &World, now: SystemTime, line: &Line<'_>, accepted: Option<&Accepted>) -> Value {
    let kind = match line {
        Line::Delivered(line) => {
            let content: Value = line.content.json();
            content.get("type").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        Line::Failed(message) => message.kind.clone().unwrap_or_default(),
    };
    let kind = match kind.as_str() {
        "buttons" | "list" => "interactive",
        kind => kind,
    };
    let (from, to, at) = line.ends();
    // Of an old one it is not known any more how far it got: as far as others do.
    let usual = || {
        let steps = ladder(None, world.switch(NAME, LAST_STATUS)).into_iter();
        steps.take_while(|(_, after)| at + *after <= now).last().map(|(progress, _)| progress)
    };
    let status = match accepted.map_or_else(usual, |message| message.progress(now)) {
        Some(DeliveryStatus::Delivered) => "delivered",
        Some(DeliveryStatus::Read) => "read",
        Some(DeliveryStatus::Failed(_)) => "failed",
        Some(DeliveryStatus::Sent) | None => "sent",
    };
    let sender = world.account(NAME).senders.iter().find(|sender| sender.phone == *from);
    json!({
        "id": directory::own_id(world, number(line.message_id()).to_owned()),
        "wamid": line.message_id(),
        "status": status,
        "type": kind,
        "to": to.digits(),
        "phone_number_id": sender.map(|sender| sender.id.as_str()),
        "created_at": rfc3339(at),
    })
}

/// The vendor's own number of a message, as text.
pub(super) fn number(message_id: &str) -> &str {
    message_id.strip_prefix(WAMID_PREFIX).unwrap_or_default().trim_start_matches('0')
}
