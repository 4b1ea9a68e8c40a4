//! The world as JSON, and back, so that a mock can go on where another one stopped.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::contact_key::ContactKey;
use super::conversations::Conversations;
use super::{Bucket, BucketOwner, CachedResponse, Contact, Content, Conversation, Delivery, MAX_ROWS, World};
use crate::core::bounded::Table;
use crate::core::error::ControlError;
use crate::core::ids::Ids;
use crate::core::members::Members;
use crate::core::phone::Phone;
use crate::core::time::parse_time;
use crate::core::time::rfc3339;

mod account;

const NUMBER: &str = "a phone number such as \"+919876543210\"";
const TIME: &str = "a time between 1970 and 9000 such as \"2026-05-11T09:00:00Z\"";
const WHOLE_NUMBER: &str = "digits in a string, such as \"100042\"";
const UUID: &str = "a UUID such as \"00000000-0000-4000-8000-000000000042\"";
const HEXADECIMAL: &str = "16 hexadecimal digits";
const TEXT: &str = "a string";

/// Puts every part of the world into `state`. API keys are in it as digests only.
pub(crate) fn export(world: &World, state: &mut Map<String, Value>) {
    let contacts = world.contacts.iter().map(|(key, contact)| contact_json(world, *key, contact));
    let answers = world.idempotency.iter().map(|(key, answer)| answer_json(key, answer));
    let parts: [(&str, Value); 6] = [
        ("ids", json!({"seed": world.ids.seed.to_string(), "last": world.ids.last.to_string()})),
        ("accounts", world.accounts().map(|(provider, account)| account::export(provider, account)).collect()),
        ("contacts", contacts.collect()),
        ("conversations", world.conversations.iter(&world.providers).map(|row| conversation_json(&row)).collect()),
        ("messages", world.ledger.iter().map(delivery_json).collect()),
        ("idempotency", answers.collect()),
    ];
    state.extend(parts.map(|(name, value)| (name.to_owned(), value)));
    let buckets: Vec<Value> = world.buckets().filter(|bucket| bucket.used > 0).map(bucket_json).collect();
    // As the uploads below.
    if !buckets.is_empty() {
        state.insert("buckets".to_owned(), buckets.into());
    }
    let uploads: Vec<Value> = world.uploads().map(upload_json).collect();
    // Only where there are any, so that a mock from before there were uploads reads every other state.
    if !uploads.is_empty() {
        state.insert("media".to_owned(), json!({"uploads": uploads}));
    }
}

/// Takes the parts of a world out of `state`. What they do not say, such as strictness and the switches there are, is
/// that of
/// `fresh`, a world with the accounts to fill.
pub(crate) fn import(mut fresh: World, state: &mut Members) -> Result<World, ControlError> {
    let mut ids = state.object("ids")?;
    fresh.ids = Ids { seed: ids.needed("seed", WHOLE_NUMBER, whole)?, last: ids.needed("last", WHOLE_NUMBER, whole)? };
    ids.finish(&["seed", "last"])?;
    account::import(&mut fresh, state)?;
    fresh.contacts = Table::new(MAX_ROWS);
    fresh.conversations = Conversations::new(MAX_ROWS);
    for row in state.rows("contacts")? {
        let (key, contact) = contact(&mut fresh, row)?;
        if let Some(place) = fresh.contacts.entry(key) {
            *place = contact;
        }
    }
    for row in state.rows("conversations")? {
        let conversation = conversation(&fresh, row)?;
        if fresh.conversations.get(&fresh.providers, conversation.id).is_some() {
            let id = conversation.id;
            return Err(state.error(&format!("`conversations` has \"{id}\" twice, expected every `id` once")));
        }
        fresh.conversations.insert(&mut fresh.providers, conversation);
    }
    for row in state.rows("messages")? {
        let delivery = delivery(&fresh, row)?;
        fresh.record_delivery(delivery);
    }
    for row in state.rows("idempotency")? {
        let (key, answer) = answer(&fresh, row)?;
        fresh.idempotency.put(&key, answer);
    }
    for row in state.optional_rows("buckets")? {
        import_bucket(&mut fresh, row)?;
    }
    if let Some(mut media) = state.optional_object("media")? {
        for row in media.rows("uploads")? {
            import_upload(&mut fresh, row)?;
        }
        media.finish(&["uploads"])?;
    }
    Ok(fresh)
}

fn contact_json(world: &World, key: ContactKey, contact: &Contact) -> Value {
    json!({
        "provider": world.providers.name(key.provider()), "business": key.business().e164(), "contact": key.contact().e164(),
        "name": contact.name.as_deref(),
        "last_inbound_at": contact.last_inbound.map(rfc3339), "window_opened_at": contact.window_opened.map(rfc3339),
    })
}

fn contact(world: &mut World, mut row: Members) -> Result<(ContactKey, Contact), ControlError> {
    let provider = provider(world, &mut row)?;
    let (business, customer) = (phone(&mut row, "business")?, phone(&mut row, "contact")?);
    let contact = Contact {
        name: row.text("name")?.map(Into::into),
        last_inbound: row.parsed("last_inbound_at", TIME, time)?,
        window_opened: row.parsed("window_opened_at", TIME, time)?,
    };
    row.finish(&["provider", "business", "contact", "name", "last_inbound_at", "window_opened_at"])?;
    Ok((ContactKey::new(world.providers.number(provider), &business, &customer), contact))
}

fn conversation_json(row: &Conversation) -> Value {
    let closed = row.closed().map(|(at, reason)| json!({"at": rfc3339(at), "reason": reason}));
    json!({
        "provider": row.provider, "id": row.id.to_string(), "uuid": row.uuid_text(), "business": row.business.e164(),
        "contact": row.contact.e164(), "contact_name": row.contact_name.as_deref(), "started_at": rfc3339(row.started_at),
        "last_inbound_at": row.last_inbound_at.map(rfc3339), "last_outbound_at": row.last_outbound_at.map(rfc3339),
        "messages_count": row.messages_count, "closed": closed,
    })
}

fn conversation(world: &World, mut row: Members) -> Result<Conversation, ControlError> {
    const MEMBERS: [&str; 11] = [
        "provider",
        "id",
        "uuid",
        "business",
        "contact",
        "contact_name",
        "started_at",
        "last_inbound_at",
        "last_outbound_at",
        "messages_count",
        "closed",
    ];
    let provider = provider(world, &mut row)?;
    let id = row.needed("id", WHOLE_NUMBER, whole)?;
    let uuid = row.needed("uuid", UUID, uuid)?;
    let (business, customer) = (phone(&mut row, "business")?, phone(&mut row, "contact")?);
    let started_at = row.needed("started_at", TIME, time)?;
    let mut conversation = Conversation::new(provider, id, uuid, business, customer, started_at);
    conversation.contact_name = row.text("contact_name")?.map(Into::into);
    conversation.last_inbound_at = row.parsed("last_inbound_at", TIME, time)?;
    conversation.last_outbound_at = row.parsed("last_outbound_at", TIME, time)?;
    let count = row.number("messages_count", 0, u64::MAX)?;
    conversation.messages_count = count.ok_or_else(|| row.missing("messages_count", "a number of messages"))?;
    if let Some(mut closed) = row.optional_object("closed")? {
        let (at, reason) = (closed.needed("at", TIME, time)?, closed.needed_text("reason", TEXT)?);
        closed.finish(&["at", "reason"])?;
        conversation.set_closed(at, reason);
    }
    row.finish(&MEMBERS)?;
    Ok(conversation)
}

/// A line of the ledger, as the control plane lists it.
fn delivery_json(delivery: &Delivery) -> Value {
    // Such a line always prints as JSON, so the fallback is out of reach.
    serde_json::to_value(delivery).unwrap_or_default()
}

fn delivery(world: &World, mut row: Members) -> Result<Delivery, ControlError> {
    let provider = provider(world, &mut row)?;
    let content = match row.take("content") {
        Some(content @ Value::Object(_)) => Content::Other(content),
        Some(other) => return Err(row.wrong("content", &other, "an object with a `type`")),
        None => return Err(row.missing("content", "an object with a `type`")),
    };
    let delivery = Delivery {
        provider,
        message_id: row.needed_text("message_id", TEXT)?,
        from: phone(&mut row, "from")?,
        to: phone(&mut row, "to")?,
        content: content.into(),
        reference: row.text("reference")?,
        at: row.needed("at", TIME, time)?,
    };
    row.finish(&["provider", "message_id", "from", "to", "content", "reference", "at"])?;
    Ok(delivery)
}

fn answer_json(key: &str, answer: &CachedResponse) -> Value {
    let mut parts = key.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let (provider, api_key_digest, key) = (part(), part(), part());
    let (body, base64) = match std::str::from_utf8(&answer.body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&answer.body), true),
    };
    json!({
        "provider": provider, "api_key_digest": api_key_digest, "key": key, "digest": format!("{:016x}", answer.digest),
        "status": answer.status, "body": body, "base64": base64, "at": rfc3339(answer.at),
    })
}

fn answer(world: &World, mut row: Members) -> Result<(String, CachedResponse), ControlError> {
    let provider = provider(world, &mut row)?;
    let api_key_digest = row.needed("api_key_digest", HEXADECIMAL, hexadecimal)?;
    let key = row.needed_text("key", TEXT)?;
    let digest = row.needed("digest", HEXADECIMAL, hexadecimal)?;
    let status = row.number("status", 100, 999)?.and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| row.missing("status", "an HTTP status"))?;
    let is_base64 = row.flag("base64")?.unwrap_or(false);
    let expected = if is_base64 { "base64 text" } else { TEXT };
    let body = row.needed("body", expected, |text| {
        if is_base64 { STANDARD.decode(text).ok() } else { Some(text.as_bytes().to_vec()) }
    })?;
    let at = row.needed("at", TIME, time)?;
    row.finish(&["provider", "api_key_digest", "key", "digest", "status", "body", "base64", "at"])?;
    Ok((format!("{provider} {api_key_digest:016x} {key}"), CachedResponse { digest, status, body: body.into(), at }))
}

fn bucket_json(bucket: &Bucket) -> Value {
    let mut json = json!({
        "provider": bucket.provider, "started_at": bucket.started.map(rfc3339), "used": bucket.used,
    });
    if let Value::Object(members) = &mut json {
        members.extend([bucket.whose.member()]);
    }
    json
}

fn import_bucket(fresh: &mut World, mut row: Members) -> Result<(), ControlError> {
    let provider = provider(fresh, &mut row)?;
    let whose = match (row.parsed("key", HEXADECIMAL, hexadecimal)?, row.text("account")?) {
        (Some(key), None) => BucketOwner::Key(key),
        (None, Some(account)) => BucketOwner::Account(account.into()),
        _ => return Err(row.error("expected one of `key` and `account`")),
    };
    let started = row.parsed("started_at", TIME, time)?;
    let used = row.number("used", 0, u64::from(u32::MAX))?.and_then(|used| u32::try_from(used).ok());
    let used = used.ok_or_else(|| row.missing("used", "a number of requests"))?;
    row.finish(&["provider", "key", "account", "started_at", "used"])?;
    if let Some(bucket) = fresh.buckets.rows.entry(Bucket::number(provider, &whose)) {
        *bucket = Bucket { provider, whose, started, used };
    }
    Ok(())
}

fn upload_json((provider, id, sender): (&str, &str, &str)) -> Value {
    json!({"provider": provider, "id": id, "sender": sender})
}

fn import_upload(fresh: &mut World, mut row: Members) -> Result<(), ControlError> {
    let provider = provider(fresh, &mut row)?;
    let (id, sender) = (row.needed_text("id", TEXT)?, row.needed_text("sender", TEXT)?);
    row.finish(&["provider", "id", "sender"])?;
    fresh.keep_upload(provider, &id, &sender);
    Ok(())
}

/// One of the providers that have an account.
fn provider(world: &World, row: &mut Members) -> Result<&'static str, ControlError> {
    let known = crate::core::behavior_switch::list(world.accounts.keys().copied());
    row.needed("provider", &format!("one of {known}"), |name| {
        world.accounts.keys().copied().find(|known| *known == name)
    })
}

fn phone(row: &mut Members, name: &str) -> Result<Phone, ControlError> {
    row.needed(name, NUMBER, Phone::read)
}

fn whole(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// A UUID in its five groups.
fn uuid(text: &str) -> Option<u128> {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let digits = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    (digits && lengths == [8, 4, 4, 4, 12]).then(|| u128::from_str_radix(&text.replace('-', ""), 16).ok())?
}

fn hexadecimal(text: &str) -> Option<u64> {
    (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok())?
}

/// A time that can be printed as an HTTP date, and so can any that is a window later.
fn time(text: &str) -> Option<SystemTime> {
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(221_845_392_000);
    parse_time(text).filter(|time| (SystemTime::UNIX_EPOCH..=latest).contains(time))
}
