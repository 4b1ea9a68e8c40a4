//! `inbound`, `messages` and `requests`: what customers write, what they got, and what was asked.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::{Refusal, content, count, filtered, json_list, provider};
use crate::core::members::Members;
use crate::core::phone::{Phone, is_e164};
use crate::core::request::Query;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::webhook::{InboundMessage, RepliedTo};
use crate::core::world::{Inbound, Window};

const MEMBERS: [&str; 8] = ["provider", "from", "to", "text", "content", "raw", "name", "reply_to"];

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
    let reply_to = replied(simulator, provider, &from, &mut members)?;
    members.finish(&MEMBERS)?;

    let now = simulator.clock.now(real_now);
    let message = Inbound { provider, from: &from, to: &to, name: name.as_deref() };
    let begins = simulator.begins_conversation(&message, now);
    simulator.world.receive(now, &message);
    simulator.announce_received(&message, now, begins);
    let message_id = format!("wamid.{}", simulator.world.next_hex());
    if let Some(dialect) = simulator.simulators.iter().find(|dialect| dialect.name() == provider) {
        let reply = reply_to.as_ref().map(|(message_id, callbacks)| RepliedTo { message_id, callbacks });
        let written = InboundMessage { message_id: &message_id, content: &content, reply };
        simulator.webhooks.received(dialect.as_ref(), &simulator.world, now, &message, &written);
    }
    simulator.world.transcript.received(now, &message, &message_id, &content);
    let window = simulator.world.window(provider, &to, &from, now);
    Ok(json!({"message_id": message_id, "window": window_json(window)}))
}

/// Every message that a person got, newest last; of one provider, or to one person, or all; the last so many, or those after
/// one.
pub(super) fn messages(simulator: &Simulator, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
    let query = Query::of(request);
    let provider = filtered(simulator, &query, &["provider", "to", "last", "since"])?;
    let last = count(&query, "last")?.unwrap_or(u64::MAX);
    let since = count(&query, "since")?.unwrap_or(0);
    let expected = |to: &str| format!("`to` is `{to}`, expected a phone number such as `%2B919876543210`");
    let to = query.get("to").map(|to| Phone::read(to).ok_or_else(|| Refusal::bad(expected(to)))).transpose()?;
    let ledger = simulator.world.ledger_after(since).map(|(_, line)| line).filter(|line| {
        provider.is_none_or(|provider| line.provider == provider) && to.as_ref().is_none_or(|to| line.to == *to)
    });
    Ok(json_list(&ledger.collect::<Vec<_>>(), usize::try_from(last).unwrap_or(usize::MAX)))
}

/// Every request and its answer, newest last, or the last so many, or those after one.
pub(super) fn requests(simulator: &Simulator, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
    let query = Query::of(request);
    let provider = filtered(simulator, &query, &["provider", "last", "since"])?;
    let last = count(&query, "last")?.unwrap_or(u64::MAX);
    let since = count(&query, "since")?.unwrap_or(0);
    let exchanges = simulator.journal.after(since);
    let exchanges = exchanges.filter(|exchange| provider.is_none() || exchange.provider == provider);
    Ok(json_list(&exchanges.collect::<Vec<_>>(), usize::try_from(last).unwrap_or(usize::MAX)))
}

/// Forgets what was asked so far; what it did stays, and so do the numbers of what comes.
pub(super) fn forget_requests(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    filtered(simulator, &Query::of(request), &[])?;
    Ok(json!({"forgotten": simulator.journal.forget()}))
}

/// The message to this customer that `reply_to` names, with the addresses that it named for itself.
fn replied(
    simulator: &Simulator,
    provider: &str,
    customer: &Phone,
    members: &mut Members,
) -> Result<Option<(String, Vec<String>)>, Refusal> {
    let Some(id) = members.text("reply_to")? else { return Ok(None) };
    let world = &simulator.world;
    let recent = world.transcript.accepted_of(provider).find(|message| message.message_id == id);
    let recent = recent.filter(|message| message.to == *customer).map(|message| message.callbacks.clone());
    let older = || {
        let mut lines = world.ledger().rev().filter(|line| line.provider == provider && line.to == *customer);
        lines.any(|line| line.message_id == id).then(Vec::new)
    };
    match recent.or_else(older) {
        Some(callbacks) => Ok(Some((id, callbacks))),
        None => Err(members.error(&format!(
            "`reply_to` is \"{id}\", expected the `message_id` of a message of {provider} to {}",
            customer.e164()
        ))),
    }
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
        members.error(&format!(
            "`to` is \"{to}\", expected a sender of {provider}: {}",
            crate::core::behavior_switch::list(known)
        ))
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
