//! Readers of messages and failures in WhatsApp's own shape, for adapters.
//!
//! Providers pass this shape on inside envelopes of their own. It is read here once, so that every adapter reads the same
//! kinds of content, and so that a missing or odd member costs that member only. Source: the Cloud API's webhook
//! reference. Names in camel case, and `sid` for ids, are those of providers.

mod content;
mod failure;

use std::time::SystemTime;

use serde_json::value::RawValue;

pub use content::content;
pub(crate) use failure::distinct;
pub use failure::{failure, reason, words};

use crate::adapter::json::Members;
use crate::message::id::MessageId;
use crate::phone::PhoneNumber;
use crate::webhook::inbound::{Inbound, Referral};
use crate::webhook::inbound_content::InboundContent;

/// What is known beside an inbound message.
#[derive(Clone, Copy, Debug)]
pub struct MessageContext<'a> {
    /// The objects around the message, nearest first. They may hold `contacts`, `contact` and `metadata`.
    pub around: &'a [&'a Members],
    /// The time of the call by the provider's clock, which counts if the message has none.
    pub sent_at: Option<SystemTime>,
    /// The time of receipt, which counts if the provider gave no time at all.
    pub received_at: SystemTime,
    /// The channel's own sender.
    pub sender: OwnSender<'a>,
}

/// The channel's own sender, as far as the configuration names it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum OwnSender<'a> {
    /// Its number.
    Number(&'a PhoneNumber),
    /// WhatsApp's id of its number: `phone_number_id`.
    Id(&'a str),
    /// Unknown.
    Unknown,
}

/// A message from a contact, whose members stand in `layers`, the innermost first. `message_id` is its id.
///
/// It needs a sender and nothing else. The contact's name is the one of the entry in `contacts` with the contact's number or
/// user id. Returns `None` for a message that names no contact, and for an echo of our own message: they are unknown events.
pub fn inbound(
    message_id: Option<String>,
    layers: &[&Members],
    content: InboundContent,
    call: &MessageContext<'_>,
) -> Option<Inbound> {
    let text = |names: &[&str]| layers.iter().find_map(|layer| layer.text(names));
    let object = |names: &[&str]| layers.iter().find_map(|layer| layer.object(names));
    let around = |names: &[&str]| call.around.iter().find_map(|object| object.text(names));

    let (number, user_id) = sender(&text);
    let people = people(layers, call.around);
    let person = named(&people, number.as_ref(), user_id.as_deref());
    let number =
        number.or_else(|| person?.number.clone()).or_else(|| parsed(around(&["contact_phone", "contactPhone"])));
    let user_id = user_id.or_else(|| person?.user_id.clone()).or_else(|| around(&["contact_bsuid", "contactBsuid"]));
    if number.is_none() && user_id.is_none() {
        return None;
    }

    let metadata = call.around.iter().find_map(|object| object.object(&["metadata"]));
    let line = metadata.as_ref().and_then(|line| line.phone(&["display_phone_number", "displayPhoneNumber"]));
    let is_ours = |number: &PhoneNumber| {
        let own = if let OwnSender::Number(own) = call.sender { Some(own) } else { line.as_ref() };
        own.is_some_and(|own| own.is_same_contact(number))
    };
    let is_echo = text(&["direction"]).is_some_and(|direction| direction.to_ascii_lowercase().starts_with("out"))
        || layers.iter().any(|layer| layer.flag(&["from_me", "fromMe", "is_echo"]) == Some(true));
    if is_echo || number.as_ref().is_some_and(is_ours) {
        return None;
    }

    let at = layers.iter().find_map(|layer| layer.time(TIME)).or(call.sent_at);
    let mut inbound = Inbound::new(call.received_at, content).with_provider_time(at);
    inbound.message_id = message_id.map(MessageId::from);
    let to = line.clone().or_else(|| layers.iter().find_map(|layer| layer.phone(&["to", "origin"])));
    inbound.to = to.or_else(|| parsed(around(&["to"])));
    inbound.name = text(&["profile_name", "profileName"])
        .or_else(|| person?.name.clone())
        .or_else(|| around(&["contact_name", "contactName"]));
    inbound.reply_to = object(&["context"]).and_then(|quoted| id(&quoted, QUOTED)).map(MessageId::from);
    inbound.referral = object(&["referral"]).map(|referral| read_referral(&referral));
    inbound.group_id = text(&["group_id", "groupId"]);

    let is_for_other_sender = match call.sender {
        OwnSender::Number(own) => inbound.to.as_ref().is_some_and(|to| !to.is_same_contact(own)),
        OwnSender::Id(own) => {
            let ids = ["phone_number_id", "phoneNumberId"];
            metadata.and_then(|line| line.text(&ids)).or_else(|| around(&ids)).is_some_and(|id| id != own)
        }
        OwnSender::Unknown => false,
    };
    let is_in_group = inbound.group_id.is_some() || text(&["recipient_type"]).is_some_and(|kind| kind == "group");
    // The chat was opened, and nothing was written yet (inferred).
    let is_notice = text(&["type"]).is_some_and(|kind| kind == "system" || kind == "request_welcome");
    inbound.opens_window = !(is_for_other_sender || is_in_group || is_notice);
    inbound.from = number;
    inbound.user_id = user_id;
    Some(inbound)
}

/// WhatsApp's own id of a message wherever it stands, else the first id under `names`.
pub fn id(item: &Members, names: &[&str]) -> Option<String> {
    let ids: Vec<String> = names.iter().filter_map(|name| item.text(&[name])).collect();
    ids.iter().find(|id| id.starts_with("wamid.")).or(ids.first()).cloned()
}

const TIME: &[&str] = &["timestamp", "created_at", "createdAt", "date", "time"];
const QUOTED: &[&str] = &["id", "message_id", "messageId", "sid", "wamid"];

/// The contact by number and by user id. What stands for the number and is none names the contact all the same.
fn sender(text: &dyn Fn(&[&str]) -> Option<String>) -> (Option<PhoneNumber>, Option<String>) {
    let user_id = text(&["from_user_id", "fromUserId", "user_id", "userId", "contact_bsuid", "contactBsuid", "bsuid"]);
    let from = text(&["from", "user"]);
    let number = parsed(from.clone());
    let user_id = user_id.or_else(|| from.filter(|from| number.is_none() && !from.trim().is_empty()));
    (number, user_id)
}

fn parsed(text: Option<String>) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(&text?).ok()
}

/// An entry of `contacts`.
struct Person {
    number: Option<PhoneNumber>,
    user_id: Option<String>,
    name: Option<String>,
}

impl Person {
    fn read(raw: &RawValue) -> Option<Self> {
        let contact = Members::from_raw(raw)?;
        let profile = contact.object(&["profile"]);
        let profile = |name: &str| profile.as_ref().and_then(|profile| profile.text(&[name]));
        Some(Self {
            number: contact.phone(&["wa_id", "waId"]),
            user_id: contact.text(&["user_id", "userId", "bsuid"]),
            name: profile("name").or_else(|| contact.text(&["name"])).or_else(|| profile("username")),
        })
    }
}

/// The senders' entries around a message. In the message itself, `contacts` are cards, and `contact` is its sender.
fn people(layers: &[&Members], around: &[&Members]) -> Vec<Person> {
    let own = layers.iter().find_map(|layer| layer.objects(&["contact"]));
    let entries = own.or_else(|| around.iter().find_map(|object| object.objects(&["contacts", "contact"])));
    entries.unwrap_or_default().iter().filter_map(|entry| Person::read(entry)).collect()
}

/// The entry of this contact. A single entry without an id of its own, or for a message without a sender, is the sender's.
fn named<'p>(people: &'p [Person], number: Option<&PhoneNumber>, user_id: Option<&str>) -> Option<&'p Person> {
    let is_theirs = |person: &&Person| {
        let same_number = number.zip(person.number.as_ref()).is_some_and(|(a, b)| a.is_same_contact(b));
        same_number || user_id.zip(person.user_id.as_deref()).is_some_and(|(a, b)| a == b)
    };
    people.iter().find(is_theirs).or_else(|| match people {
        [one] if one.number.is_none() && one.user_id.is_none() => Some(one),
        [one] if number.is_none() && user_id.is_none() => Some(one),
        // One of them names the contact by number alone, the other by user id alone.
        [one] if number.is_none() && one.user_id.is_none() || one.number.is_none() && user_id.is_none() => Some(one),
        _ => None,
    })
}

fn read_referral(referral: &Members) -> Referral {
    Referral {
        source_type: referral.text(&["source_type", "sourceType"]),
        source_id: referral.text(&["source_id", "sourceId"]),
        source_url: referral.text(&["source_url", "sourceUrl"]),
        ctwa_clid: referral.text(&["ctwa_clid", "ctwaClid"]),
        headline: referral.text(&["headline"]),
        body: referral.text(&["body"]),
    }
}

#[cfg(test)]
mod tests;
