//! `inbound`, `messages` and `requests`: what customers write, what they got, and what was asked.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::members::Members;
use super::{Refusal, content, json_list, provider};
use crate::{Inbound, Phone, Simulator, Window, is_e164, rfc3339};

const MEMBERS: [&str; 7] = ["provider", "from", "to", "text", "content", "raw", "name"];

/// A customer writes to a business number.
pub(super) fn inbound(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let from = members.needed_text("from", "the customer's phone number")?;
    let from = phone(&members, "from", &from)?;
    let to = business_number(simulator, provider, &mut members)?;
    let name = members.text("name")?;
    let content = content::read(&mut members)?;
    members.finish(&MEMBERS)?;

    let now = simulator.clock.now(real_now);
    let message = Inbound { provider, from: &from, to: &to, name: name.as_deref() };
    simulator.world.receive(now, &message);
    let message_id = format!("wamid.{}", simulator.world.next_hex());
    if let Some(dialect) = simulator.dialects.iter().find(|dialect| dialect.name() == provider) {
        simulator.webhooks.received(dialect.as_ref(), &simulator.world, now, &message, &message_id, &content);
    }
    simulator.transcript.received(now, &message, &message_id, &content);
    let window = simulator.world.window(provider, &to, &from, now);
    Ok(json!({"message_id": message_id, "window": window_json(window)}))
}

/// Every message that a person got, newest last.
pub(super) fn messages(simulator: &Simulator, provider: Option<&str>) -> Response<Bytes> {
    let ledger = simulator.world.ledger().filter(|line| provider.is_none_or(|provider| line.provider == provider));
    json_list(&ledger.collect::<Vec<_>>(), usize::MAX)
}

/// Every request to a provider and its answer, newest last, or the last so many.
pub(super) fn requests(simulator: &Simulator, (provider, last): (Option<&str>, usize)) -> Response<Bytes> {
    json_list(&simulator.journal.exchanges(provider).collect::<Vec<_>>(), last)
}

/// The number that `to` names by its number or its id; without `to` the provider's first.
fn business_number(simulator: &Simulator, provider: &str, members: &mut Members) -> Result<Phone, Refusal> {
    let mut own = simulator.world.account(provider).senders.iter().filter(|sender| sender.owned);
    let Some(to) = members.text("to")? else {
        let first = own.next().map(|sender| sender.phone.clone());
        return first.ok_or_else(|| members.error(&format!("{provider} has no sender to write to")));
    };
    let number = Phone::read(&to);
    let known = own.clone().map(|sender| sender.phone.e164()).collect::<Vec<_>>();
    let sender = own.find(|sender| sender.id == to || Some(&sender.phone) == number.as_ref());
    sender.map(|sender| sender.phone.clone()).ok_or_else(|| {
        members.error(&format!("`to` is \"{to}\", expected a sender of {provider}: {}", crate::switch::list(known)))
    })
}

fn phone(members: &Members, name: &str, text: &str) -> Result<Phone, Refusal> {
    Phone::read(text).filter(|phone| is_e164(&phone.e164())).ok_or_else(|| {
        members.error(&format!("`{name}` is \"{text}\", expected a phone number such as \"+919876543210\""))
    })
}

pub(crate) fn window_json(window: Window) -> Value {
    match window {
        Window::Never => json!({"state": "never"}),
        Window::Open { until } => json!({"state": "open", "until": rfc3339(until)}),
        Window::Expired { since } => json!({"state": "expired", "since": rfc3339(since)}),
    }
}
