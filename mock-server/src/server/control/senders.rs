//! `senders`: the numbers that a business has at a provider, more of them, and fewer.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::templates::with_provider;
use super::{Refusal, filtered, provider};
use crate::core::behavior_switch::list;
use crate::core::members::Members;
use crate::core::phone::{Phone, is_e164};
use crate::core::request::Query;
use crate::core::simulator::Simulator;
use crate::core::world::Sender;

/// A send looks through them, so that there are not too many.
const MOST: usize = 500;
const LONGEST_NAME: usize = 100;

/// Every sender, by provider.
pub(super) fn show(simulator: &Simulator, only: Option<&str>) -> Value {
    let accounts = simulator.world.accounts().filter(|(provider, _)| only.is_none_or(|only| only == *provider));
    let senders = accounts.flat_map(|(provider, account)| {
        account.senders.iter().map(move |sender| with_provider(provider, sender_json(sender)))
    });
    senders.collect()
}

/// Adds a sender. Without an id its number's digits are one.
pub(super) fn add(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let phone = members.needed("phone", "a phone number such as \"+12025550102\"", |text| {
        Phone::read(text).filter(|phone| is_e164(&phone.e164()))
    })?;
    let id = members.parsed("id", "1 to 20 digits", |id| {
        ((1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
    })?;
    let name = members.parsed("name", &format!("1 to {LONGEST_NAME} characters"), |name| {
        (1..=LONGEST_NAME).contains(&name.chars().count()).then(|| name.to_owned())
    })?;
    let (online, owned) = (members.flag("online")?.unwrap_or(true), members.flag("owned")?.unwrap_or(true));
    let id = id.unwrap_or_else(|| phone.digits().to_owned());
    let known = &simulator.world.account(provider).senders;
    if known.iter().any(|sender| sender.phone == phone || sender.id == id) {
        let taken = list(known.iter().map(|sender| sender.id.as_str()));
        return Err(
            members.error(&format!("`phone` or `id` is that of a sender of {provider}, expected others than {taken}"))
        );
    }
    if known.len() >= MOST {
        return Err(members.error(&format!("{provider} has {MOST} senders, expected fewer before another")));
    }
    members.finish(&["provider", "id", "phone", "name", "online", "owned"])?;
    let sender = Sender { online, owned, ..Sender::new(&id, phone, name.as_deref().unwrap_or("Transom")) };
    let answer = with_provider(provider, sender_json(&sender));
    simulator.world.account_mut(provider).senders.push(sender);
    Ok(answer)
}

/// Removes the sender that `?provider=` and `?id=` name; what is left is the answer.
pub(super) fn remove(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let query = Query::of(request);
    let provider = filtered(simulator, &query, &["provider", "id"])?;
    let (Some(provider), Some(id)) = (provider, query.get("id")) else {
        return Err(Refusal::bad("`provider` or `id` is missing, expected both"));
    };
    let senders = &mut simulator.world.account_mut(provider).senders;
    let Some(place) = senders.iter().position(|sender| sender.id == id) else {
        let known = list(senders.iter().map(|sender| sender.id.as_str()));
        return Err(Refusal::bad(format!("`id` is `{id}`, expected one of {known}")));
    };
    senders.remove(place);
    Ok(show(simulator, Some(provider)))
}

pub(super) fn sender_json(sender: &Sender) -> Value {
    json!({
        "id": sender.id, "phone": sender.phone.e164(), "name": sender.name, "online": sender.online, "owned": sender.owned,
    })
}
