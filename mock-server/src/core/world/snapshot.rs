//! A copy of the state in a form that another mock can read.

mod account;
mod text_forms;

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use self::account::{AccountRow, place};
use self::text_forms::{Decimal, Hexadecimal, Number, Uuid};
pub(crate) use self::text_forms::{Distance, Moment};
use super::contact_key::{ContactKey, Providers};
use super::conversations::{Conversations, CopiedRows};
use super::{Bucket, BucketOwner, CachedResponse, Contact, Conversation, Delivery, MAX_ROWS, StoredContent, World};
use crate::core::bounded::{SharedRing, Table};
use crate::core::error::ControlError;
use crate::core::ids::Ids;

/// The form of a state. Another number means that older mocks cannot read it.
pub(crate) const VERSION: u64 = 1;

/// Everything that later answers depend on; see [`Simulator::snapshot`](crate::Simulator::snapshot). It holds API keys as
/// digests only. It serialises as JSON; its rows are made then, and not while the simulator waits for the copy.
pub struct State {
    /// The short lists; those below are empty in it.
    rows: StateRows,
    providers: Providers,
    contacts: Vec<(ContactKey, Contact)>,
    conversations: CopiedRows,
    idempotency: Vec<(Arc<str>, CachedResponse)>,
    ledger: SharedRing<Delivery>,
}

/// A state as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateRows {
    accounts: Vec<AccountRow>,
    /// This member and two below are left out if empty, so that older mocks read the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<BucketRow>,
    pub(crate) clock: ClockRow,
    contacts: Vec<ContactRow>,
    conversations: Vec<ConversationRow>,
    /// Rules as the control plane takes them, with `id`, and with `seen` for an `every`.
    pub(crate) faults: Vec<Map<String, Value>>,
    idempotency: Vec<ResponseRow>,
    ids: IdsRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_fault: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<MediaRows>,
    messages: Vec<MessageRow>,
    version: u64,
}

/// A clock that runs is kept as its distance from real time, and a frozen clock as the time that it shows.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ahead: Option<Distance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) behind: Option<Distance>,
    pub(crate) frozen: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdsRow {
    last: Decimal,
    seed: Decimal,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactRow {
    business: Number,
    contact: Number,
    last_inbound_at: Option<Moment>,
    name: Option<String>,
    provider: Cow<'static, str>,
    window_opened_at: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConversationRow {
    business: Number,
    closed: Option<ClosedRow>,
    contact: Number,
    contact_name: Option<String>,
    id: Decimal,
    last_inbound_at: Option<Moment>,
    last_outbound_at: Option<Moment>,
    messages_count: u64,
    provider: Cow<'static, str>,
    started_at: Moment,
    uuid: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosedRow {
    at: Moment,
    reason: String,
}

/// A line of the ledger.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageRow {
    at: Moment,
    content: StoredContent,
    from: Number,
    message_id: String,
    provider: Cow<'static, str>,
    reference: Option<String>,
    to: Number,
}

/// The response of an idempotency key. A body that is not text is written in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseRow {
    api_key_digest: Hexadecimal,
    at: Moment,
    #[serde(default)]
    base64: bool,
    body: String,
    digest: Hexadecimal,
    key: String,
    provider: Cow<'static, str>,
    status: u16,
}

/// The used quota of an API key or an account.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Hexadecimal>,
    provider: Cow<'static, str>,
    started_at: Option<Moment>,
    used: u32,
    /// These two are left out if nothing is used, so that older mocks read the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day_started_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "is_zero")]
    day_used: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over the member as it is")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaRows {
    uploads: Vec<UploadRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadRow {
    id: String,
    provider: Cow<'static, str>,
    sender: String,
}

/// Copies the world into a state. The rest of the state is the caller's.
pub(crate) fn export(
    world: &World,
    clock: ClockRow,
    faults: Vec<Map<String, Value>>,
    last_fault: Option<u64>,
) -> State {
    let uploads: Vec<UploadRow> = world.uploads().map(UploadRow::of).collect();
    let rows = StateRows {
        accounts: world.accounts().map(|(provider, account)| AccountRow::of(provider, account)).collect(),
        buckets: world.buckets().filter(|bucket| bucket.used > 0 || bucket.day_used > 0).map(BucketRow::of).collect(),
        clock,
        contacts: Vec::new(),
        conversations: Vec::new(),
        faults,
        idempotency: Vec::new(),
        ids: IdsRow { seed: Decimal(world.ids.seed), last: Decimal(world.ids.last) },
        last_fault,
        media: (!uploads.is_empty()).then_some(MediaRows { uploads }),
        messages: Vec::new(),
        version: VERSION,
    };
    State {
        rows,
        providers: world.providers.clone(),
        contacts: world.contacts.iter().cloned().collect(),
        conversations: world.conversations.copied(),
        idempotency: world.idempotency.iter().map(|(key, response)| (key.into(), response.clone())).collect(),
        ledger: world.ledger.clone(),
    }
}

/// A [`State`] on its way out; its members are those of [`StateRows`], in the same order.
#[derive(Serialize)]
struct WrittenState<'a, C: Serialize, V: Serialize, I: Serialize, M: Serialize> {
    accounts: &'a [AccountRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    buckets: &'a [BucketRow],
    clock: &'a ClockRow,
    contacts: C,
    conversations: V,
    faults: &'a [Map<String, Value>],
    idempotency: I,
    ids: &'a IdsRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_fault: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<&'a MediaRows>,
    messages: M,
    version: u64,
}

/// A list whose rows are made as they are written.
struct Rows<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Rows<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rows, providers, contacts, conversations, idempotency, ledger } = self;
        let StateRows { accounts, buckets, clock, faults, ids, last_fault, media, version, .. } = rows;
        let written = WrittenState {
            accounts,
            buckets,
            clock,
            contacts: Rows(|| contacts.iter().map(|(key, contact)| ContactRow::of(providers, *key, contact))),
            conversations: Rows(|| conversations.iter(providers).map(ConversationRow::of)),
            faults,
            idempotency: Rows(|| idempotency.iter().map(|(key, response)| ResponseRow::of(key, response))),
            ids,
            last_fault: *last_fault,
            media: media.as_ref(),
            messages: Rows(|| ledger.iter().map(MessageRow::of)),
            version: *version,
        };
        written.serialize(serializer)
    }
}

/// Reads a world out of a state. Strictness and the existing switches are those of `fresh`, a world with the accounts to
/// fill.
///
/// # Errors
///
/// The member that is wrong, and the expected form.
pub(crate) fn import(mut fresh: World, state: StateRows) -> Result<World, ControlError> {
    fresh.ids = Ids { seed: state.ids.seed.0, last: state.ids.last.0 };
    account::import(&mut fresh, state.accounts)?;
    fresh.contacts = Table::new(MAX_ROWS);
    fresh.conversations = Conversations::new(MAX_ROWS);
    each("contacts", state.contacts, |row| row.import(&mut fresh))?;
    each("conversations", state.conversations, |row| row.import(&mut fresh))?;
    each("messages", state.messages, |row| row.import(&mut fresh))?;
    each("idempotency", state.idempotency, |row| row.import(&mut fresh))?;
    each("buckets", state.buckets, |row| row.import(&mut fresh))?;
    let uploads = state.media.map(|media| media.uploads).unwrap_or_default();
    each("media.uploads", uploads, |row| row.import(&mut fresh))?;
    Ok(fresh)
}

fn each<T>(
    list: &str,
    rows: Vec<T>,
    mut import: impl FnMut(T) -> Result<(), ControlError>,
) -> Result<(), ControlError> {
    let mut rows = rows.into_iter().enumerate();
    rows.try_for_each(|(index, row)| import(row).map_err(|error| error.at(place(list, index))))
}

impl ContactRow {
    fn of(providers: &Providers, key: ContactKey, contact: &Contact) -> Self {
        Self {
            business: Number(key.business()),
            contact: Number(key.contact()),
            last_inbound_at: contact.last_inbound.map(Moment),
            name: contact.name.as_deref().map(str::to_owned),
            provider: providers.name(key.provider()).into(),
            window_opened_at: contact.window_opened.map(Moment),
        }
    }

    fn import(self, fresh: &mut World) -> Result<(), ControlError> {
        let provider = fresh.known_provider(&self.provider)?;
        let key = ContactKey::new(fresh.providers.number(provider), &self.business.0, &self.contact.0);
        if let Some(contact) = fresh.contacts.entry(key) {
            *contact = Contact {
                name: self.name.map(Into::into),
                last_inbound: self.last_inbound_at.map(|at| at.0),
                window_opened: self.window_opened_at.map(|at| at.0),
            };
        }
        Ok(())
    }
}

impl ConversationRow {
    fn of(row: Conversation) -> Self {
        Self {
            business: Number(row.business.clone()),
            closed: row.closed().map(|(at, reason)| ClosedRow { at: Moment(at), reason: reason.to_owned() }),
            contact: Number(row.contact),
            contact_name: row.contact_name.as_deref().map(str::to_owned),
            id: Decimal(row.id),
            last_inbound_at: row.last_inbound_at.map(Moment),
            last_outbound_at: row.last_outbound_at.map(Moment),
            messages_count: row.messages_count,
            provider: row.provider.into(),
            started_at: Moment(row.started_at),
            uuid: Uuid(row.uuid),
        }
    }

    fn import(self, fresh: &mut World) -> Result<(), ControlError> {
        let provider = fresh.known_provider(&self.provider)?;
        let id = self.id.0;
        if fresh.conversations.get(&fresh.providers, id).is_some() {
            return Err(ControlError::refused(format!("`id` is \"{id}\" a second time, expected each once")));
        }
        let Self { uuid, business, contact, started_at, .. } = self;
        let mut row = Conversation::new(provider, id, uuid.0, business.0, contact.0, started_at.0);
        row.contact_name = self.contact_name.map(Into::into);
        row.last_inbound_at = self.last_inbound_at.map(|at| at.0);
        row.last_outbound_at = self.last_outbound_at.map(|at| at.0);
        row.messages_count = self.messages_count;
        if let Some(closed) = self.closed {
            row.set_closed(closed.at.0, closed.reason);
        }
        fresh.conversations.insert(&mut fresh.providers, row);
        Ok(())
    }
}

impl MessageRow {
    fn of(delivery: &Delivery) -> Self {
        let Delivery { provider, message_id, from, to, content, reference, at } = delivery.clone();
        let (from, to) = (Number(from), Number(to));
        Self { at: Moment(at), content, from, message_id, provider: provider.into(), reference, to }
    }

    fn import(self, fresh: &mut World) -> Result<(), ControlError> {
        let Self { at, content, from, message_id, provider, reference, to } = self;
        let (provider, at) = (fresh.known_provider(&provider)?, at.0);
        fresh.record_delivery(Delivery { provider, message_id, from: from.0, to: to.0, content, reference, at });
        Ok(())
    }
}

impl ResponseRow {
    /// `key` is the provider, the digest of the API key and the idempotency key, with blanks between them.
    fn of(key: &str, response: &CachedResponse) -> Self {
        let mut parts = key.splitn(3, ' ').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let (provider, digest, key) = (part(), part(), part());
        let (body, base64) = match std::str::from_utf8(&response.body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (STANDARD.encode(&response.body), true),
        };
        Self {
            api_key_digest: Hexadecimal(u64::from_str_radix(&digest, 16).unwrap_or_default()),
            at: Moment(response.at),
            base64,
            body,
            digest: Hexadecimal(response.digest),
            key,
            provider: provider.into(),
            status: response.status,
        }
    }

    fn import(self, fresh: &mut World) -> Result<(), ControlError> {
        let provider = fresh.known_provider(&self.provider)?;
        if !(100..=999).contains(&self.status) {
            return Err(ControlError::invalid("status", self.status, "a whole number from 100 to 999"));
        }
        let body = if self.base64 {
            STANDARD.decode(&self.body).map_err(|_| ControlError::invalid_text("body", &self.body, "base64 text"))?
        } else {
            self.body.into()
        };
        let (digest, status, at) = (self.digest.0, self.status, self.at.0);
        let key = format!("{provider} {:016x} {}", self.api_key_digest.0, self.key);
        fresh.idempotency.put(&key, CachedResponse { digest, status, body: body.into(), at });
        Ok(())
    }
}

impl BucketRow {
    fn of(bucket: &Bucket) -> Self {
        let (account, key) = match &bucket.whose {
            BucketOwner::Key(key) => (None, Some(Hexadecimal(*key))),
            BucketOwner::Account(account) => (Some(account.clone()), None),
        };
        let started_at = bucket.started.map(Moment);
        let (day_started_at, day_used) = (bucket.day_started.map(Moment), bucket.day_used);
        Self { account, key, provider: bucket.provider.into(), started_at, used: bucket.used, day_started_at, day_used }
    }

    fn import(self, fresh: &mut World) -> Result<(), ControlError> {
        let provider = fresh.known_provider(&self.provider)?;
        let whose = match (self.key, self.account) {
            (Some(key), None) => BucketOwner::Key(key.0),
            (None, Some(account)) => BucketOwner::Account(account),
            _ => return Err(ControlError::refused("expected one of `key` and `account`")),
        };
        let (started, used) = (self.started_at.map(|at| at.0), self.used);
        let (day_started, day_used) = (self.day_started_at.map(|at| at.0), self.day_used);
        if let Some(bucket) = fresh.buckets.rows.entry(Bucket::number(provider, &whose)) {
            *bucket = Bucket { provider, whose, started, used, day_started, day_used };
        }
        Ok(())
    }
}

impl UploadRow {
    fn of((provider, id, sender): (&str, &str, &str)) -> Self {
        Self { id: id.to_owned(), provider: provider.to_owned().into(), sender: sender.to_owned() }
    }

    fn import(self, fresh: &mut World) -> Result<(), ControlError> {
        let provider = fresh.known_provider(&self.provider)?;
        fresh.keep_upload(provider, &self.id, &self.sender);
        Ok(())
    }
}

// Private: leaves out what the world holds.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("messages", &self.ledger.len()).finish_non_exhaustive()
    }
}
