//! The state that all providers share: session windows, messages, balances and quotas.

mod account;
mod contact_key;
mod conversation;
mod conversations;
mod idempotency;
mod ledger;
mod rate_buckets;
pub(crate) mod snapshot;
pub(crate) mod timers;
mod uploads;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) use account::Accounts;
pub use account::{Account, Sender, Template, TemplateStatus};

use contact_key::{ContactKey, Providers};
pub use conversation::{Conversation, ConversationState};
pub(crate) use conversation::{QUIET, WINDOW};
use conversations::Conversations;
use idempotency::Idempotency;
pub use idempotency::{CachedResponse, Replay};
pub(crate) use ledger::serialize_time;
pub use ledger::{Content, Delivery, Inbound, Message, StoredContent};
use rate_buckets::Buckets;
pub(crate) use rate_buckets::{Bucket, BucketOwner};
pub use snapshot::State;

use crate::core::bounded::{BoundedMap, GuestBounds, SharedRing, Table};
use crate::core::ids::Ids;
use crate::core::limiter::{KeyLimit, Limiter, Quota};
use crate::core::phone::Phone;
use crate::core::transcript::Transcript;
use crate::core::webhook::AcceptedMessage;
use crate::core::webhook::LAST_STATUS;

/// The maximum number of contacts, ledger lines or conversations. The oldest are dropped.
const MAX_ROWS: usize = 1_000_000;
/// The maximum number of uploads that are remembered.
const MAX_UPLOADS: usize = 10_000;
const MAX_LEDGER_BYTES: usize = 512 * 1024 * 1024;

/// The switch for the minutes after which a conversation without a message is inactive.
pub(crate) const INACTIVE_AFTER: &str = "inactive_after_minutes";

/// The default seed of ids.
pub(crate) const DEFAULT_SEED: u64 = 0;

/// The keys and tokens a strict mock accepts, and the one login.
const DEMO_CREDENTIALS: [&str; 3] = ["demo-key", "demo-token", "gsk_test_demo"];
const DEMO_LOGIN: (&str, &str) = ("demo@example.com", "demo-password");

/// The world of all providers. The cost of every method is independent of the number of contacts.
pub struct World {
    strict: bool,
    accounts: Accounts,
    empty_account: Account,
    providers: Providers,
    contacts: Table<ContactKey, Contact>,
    conversations: Conversations,
    ledger: SharedRing<Delivery>,
    idempotency: Idempotency,
    uploads: BoundedMap<String>,
    /// Both sides of the conversations with their statuses; not part of an exported state.
    pub(crate) transcript: Transcript,
    ids: Ids,
    buckets: Buckets,
}

/// The state of a contact with one business number.
#[derive(Default, Clone)]
struct Contact {
    name: Option<Arc<str>>,
    last_inbound: Option<SystemTime>,
    window_opened: Option<SystemTime>,
}

/// The 24-hour window between a business number and a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The contact has never written.
    Never,
    /// The business may write freely before `until`.
    Open {
        /// The last inbound message plus 24 hours.
        until: SystemTime,
    },
    /// Only templates may be sent.
    Expired {
        /// When it closed; from that very instant it is closed.
        since: SystemTime,
    },
}

impl Window {
    /// Whether the business may write freely.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl World {
    /// An empty world whose ids follow from `seed`.
    pub(crate) fn new(strict: bool, seed: u64) -> Self {
        Self {
            strict,
            accounts: Accounts::default(),
            empty_account: Account::default(),
            providers: Providers::default(),
            contacts: Table::new(MAX_ROWS),
            conversations: Conversations::new(MAX_ROWS),
            ledger: SharedRing::new(MAX_ROWS, MAX_LEDGER_BYTES),
            idempotency: Idempotency::new(),
            uploads: BoundedMap::new(MAX_UPLOADS),
            transcript: Transcript::new(),
            ids: Ids::new(seed),
            buckets: Buckets::new(),
        }
    }

    /// Whether requests that a documented fact rules out are refused, and credentials checked.
    pub fn strict(&self) -> bool {
        self.strict
    }

    /// Whether a credential is good: by default any but the empty one and `invalid`, in a strict world only the seeded
    /// ones.
    pub fn accepts_credential(&self, credential: &str) -> bool {
        if self.strict {
            DEMO_CREDENTIALS.contains(&credential)
        } else {
            !credential.is_empty() && credential != "invalid"
        }
    }

    /// Whether a user with a password is let in, by the same rule as [`accepts_credential`](Self::accepts_credential).
    pub fn accepts_login(&self, username: &str, password: &str) -> bool {
        if self.strict {
            (username, password) == DEMO_LOGIN
        } else {
            self.accepts_credential(username) && self.accepts_credential(password)
        }
    }

    /// Puts an account into the world, in place of the provider's former one.
    pub fn open_account(&mut self, provider: &'static str, account: Account) {
        self.accounts.insert(provider, Arc::new(account));
    }

    /// A provider's account; an empty one if it has none.
    pub fn account(&self, provider: &str) -> &Account {
        self.accounts.get(provider).map_or(&self.empty_account, Arc::as_ref)
    }

    /// A provider's account, made if it has none.
    pub fn account_mut(&mut self, provider: &'static str) -> &mut Account {
        Arc::make_mut(self.accounts.entry(provider).or_default())
    }

    /// Every account with its provider's name.
    pub fn accounts(&self) -> impl Iterator<Item = (&'static str, &Account)> {
        self.accounts.iter().map(|(provider, account)| (*provider, account.as_ref()))
    }

    /// The accounts, to share with worlds that begin alike.
    pub(crate) fn shared_accounts(&self) -> Accounts {
        self.accounts.clone()
    }

    /// The same world with these accounts, which are equal to its own.
    pub(crate) fn with_accounts(self, accounts: &Accounts) -> Self {
        Self { accounts: accounts.clone(), ..self }
    }

    /// The value of a switch; empty if there is none of that name.
    pub fn switch(&self, provider: &str, name: &str) -> &'static str {
        self.account(provider).switches.get(name).unwrap_or_default()
    }

    /// After how long without a message a provider's conversation is inactive. Source: `GoSendAPI`, Conversations:
    /// configurable, typically 30 minutes (seed).
    pub(crate) fn quiet_after(&self, provider: &str) -> Duration {
        let minutes = self.switch(provider, INACTIVE_AFTER).parse().ok();
        minutes.map_or(QUIET, |minutes: u64| Duration::from_secs(60 * minutes))
    }

    /// The window between a business number and a customer. Closed from the instant at which it ends.
    pub fn window(&self, provider: &str, business: &Phone, contact: &Phone, now: SystemTime) -> Window {
        let opened = self.contact(provider, business, contact).and_then(|contact| contact.window_opened);
        match opened {
            None => Window::Never,
            Some(opened) => {
                let end = opened + WINDOW;
                if now < end { Window::Open { until: end } } else { Window::Expired { since: end } }
            }
        }
    }

    /// When a contact last wrote to a business number.
    pub fn last_inbound(&self, provider: &str, business: &Phone, contact: &Phone) -> Option<SystemTime> {
        self.contact(provider, business, contact)?.last_inbound
    }

    /// A contact's profile name.
    pub fn contact_name(&self, provider: &str, business: &Phone, contact: &Phone) -> Option<&str> {
        self.contact(provider, business, contact)?.name.as_deref()
    }

    fn contact(&self, provider: &str, business: &Phone, contact: &Phone) -> Option<&Contact> {
        self.contacts.get(&ContactKey::new(self.providers.find(provider)?, business, contact))
    }

    /// A contact writes: the window opens or starts anew, and the conversation goes on.
    pub fn receive(&mut self, now: SystemTime, message: &Inbound<'_>) {
        let key = ContactKey::new(self.providers.number(message.provider), message.to, message.from);
        let mut name = None;
        if let Some(contact) = self.contacts.entry(key) {
            contact.last_inbound = Some(now);
            contact.window_opened = Some(now);
            if let Some(given) = message.name {
                if contact.name.as_deref() != Some(given) {
                    contact.name = Some(given.into());
                }
                name.clone_from(&contact.name);
            }
        }
        // A provider that processes nothing inbound has no conversation either. The session window is WhatsApp's and
        // opens anyway.
        if self.switch(message.provider, "inbound_processing") != "off" {
            let conversation = self.conversation_to_continue(key, now);
            self.conversations.received(conversation, now, name.as_ref());
        }
    }

    /// Sets a contact's name from a business. A name from the contact takes precedence.
    pub fn set_contact_name(&mut self, provider: &'static str, business: &Phone, contact: &Phone, name: &str) {
        let key = ContactKey::new(self.providers.number(provider), business, contact);
        if let Some(contact) = self.contacts.entry(key).filter(|contact| contact.name.is_none()) {
            contact.name = Some(name.into());
        }
    }

    /// Opens the window without an inbound message, for the one page that says that a template opens it.
    pub fn open_window(&mut self, provider: &'static str, business: &Phone, contact: &Phone, now: SystemTime) {
        let key = ContactKey::new(self.providers.number(provider), business, contact);
        if let Some(contact) = self.contacts.entry(key) {
            contact.window_opened = Some(now);
        }
    }

    /// Delivers a message to a contact: writes a line into the ledger and continues the conversation. Checks nothing. Returns
    /// the conversation's id.
    pub fn deliver(&mut self, now: SystemTime, message: Message<'_>) -> u64 {
        let conversation = self.continue_conversation(now, &message);
        let delivery = Delivery {
            provider: message.provider,
            message_id: message.message_id,
            from: message.from.clone(),
            to: message.to.clone(),
            content: message.content.into(),
            reference: message.reference.map(str::to_owned),
            at: now,
        };
        self.record_delivery(delivery);
        conversation
    }

    /// Continues the conversation of a message that the business sent, or begins one. Returns its id.
    pub(crate) fn continue_conversation(&mut self, now: SystemTime, message: &Message<'_>) -> u64 {
        let key = ContactKey::new(self.providers.number(message.provider), message.from, message.to);
        let conversation = self.conversation_to_continue(key, now);
        self.conversations.sent(conversation, now);
        self.conversations.id_at(conversation)
    }

    /// Writes a message that was accepted into the transcript.
    pub(crate) fn record_transcript(&mut self, now: SystemTime, report: AcceptedMessage) {
        let last_status = self.switch(report.provider, LAST_STATUS);
        self.transcript.accepted(now, last_status, report);
    }

    fn record_delivery(&mut self, delivery: Delivery) {
        let size = 200 + delivery.message_id.len() + delivery.content.size();
        self.ledger.push(delivery, size);
    }

    /// Bounds what callers without the token may add. All of it together stays well below a mebibyte.
    pub(crate) fn guard(&mut self, guests: GuestBounds) {
        const KIB: usize = 1024;
        self.ledger.guard(guests, 500, 128 * KIB);
        self.transcript.guard(guests, 250, 96 * KIB);
        self.contacts.guard(guests, 500);
        self.conversations.guard(guests, 500);
        self.idempotency.guard(guests, 100);
        self.uploads.guard(guests, 100);
        self.buckets.rows.guard(guests, 500);
    }

    /// About how many bytes it holds, but for what an account begins with.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        const ROW: usize = 256;
        let rows = self.contacts.len() + self.conversations.len() + self.uploads.len() + self.idempotency.len();
        self.ledger.bytes() + self.transcript.bytes() + rows * ROW
    }

    /// The lines of the ledger after this number (from 1), each with its number.
    pub(crate) fn ledger_after(&self, number: u64) -> impl Iterator<Item = (u64, &Delivery)> {
        self.ledger.after(number)
    }

    /// The number of the last line of the ledger, 0 before the first.
    pub(crate) fn last_line(&self) -> u64 {
        self.ledger.total()
    }

    /// The ledger, newest last. It remembers the last 1,000,000 messages.
    pub fn ledger(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.ledger.iter()
    }

    /// The place of the conversation that a message goes on with.
    fn conversation_to_continue(&mut self, key: ContactKey, now: SystemTime) -> usize {
        let provider = self.providers.name(key.provider());
        let goes_on = |place: &usize| {
            let row = self.conversations.at(&self.providers, *place);
            row.is_some_and(|row| row.state(now) != ConversationState::Ended)
        };
        let ends = self.account(provider).conversations_end;
        if let Some(place) = self.conversations.latest_place(key).filter(|place| !ends || goes_on(place)) {
            return place;
        }
        let (id, uuid) = (self.ids.number(), self.ids.uuid_number());
        let mut row = Conversation::new(provider, id, uuid, key.business(), key.contact(), now);
        row.contact_name = self.contacts.get(&key).and_then(|contact| contact.name.clone());
        self.conversations.insert(&mut self.providers, row)
    }

    /// Puts a conversation from before the world began into it, with the window that its last inbound message left.
    pub fn import_conversation(&mut self, row: Conversation) {
        let key = ContactKey::new(self.providers.number(row.provider), &row.business, &row.contact);
        if let Some(contact) = self.contacts.entry(key) {
            contact.last_inbound = contact.last_inbound.max(row.last_inbound_at);
            contact.window_opened = contact.window_opened.max(row.last_inbound_at);
            contact.name.clone_from(&row.contact_name);
        }
        self.conversations.insert(&mut self.providers, row);
    }

    /// A provider's conversations, oldest first. This walks the rows of every provider: it is for lists.
    pub fn conversations(&self, provider: &str) -> impl DoubleEndedIterator<Item = Conversation> {
        self.conversations.iter(&self.providers).filter(move |row| row.provider == provider)
    }

    /// A provider's conversations with one contact, newest first.
    pub fn conversations_with<'a>(
        &'a self,
        provider: &str,
        contact: &Phone,
    ) -> impl Iterator<Item = Conversation> + use<'a> {
        self.conversations.with(&self.providers, provider, contact)
    }

    /// The newest conversation between a business number and a contact.
    pub fn latest_conversation(&self, provider: &str, business: &Phone, contact: &Phone) -> Option<Conversation> {
        self.conversations.latest(&self.providers, ContactKey::new(self.providers.find(provider)?, business, contact))
    }

    /// A provider's conversation by its number.
    pub fn conversation(&self, provider: &str, id: u64) -> Option<Conversation> {
        self.conversations.get(&self.providers, id).filter(|row| row.provider == provider)
    }

    /// Closes a conversation by hand, and leaves the window as it is. A conversation that has ended stays as it ended.
    /// Returns the conversation, and whether it closed.
    pub(crate) fn close_conversation(
        &mut self,
        provider: &str,
        id: u64,
        reason: &str,
        now: SystemTime,
    ) -> Option<(Conversation, bool)> {
        self.conversations.close(&self.providers, provider, id, reason, now)
    }

    /// A conversation of any provider by its number.
    pub(crate) fn conversation_of_any(&self, id: u64) -> Option<Conversation> {
        self.conversations.get(&self.providers, id)
    }

    /// The stored response of an idempotency key. `digest` is any fingerprint of the request's body.
    pub fn replay(&self, provider: &str, api_key: &str, key: &str, digest: u64, now: SystemTime) -> Replay {
        self.idempotency.look_up(provider, api_key, key, digest, now)
    }

    /// Remembers the answer under an idempotency key for 24 hours.
    pub fn remember(&mut self, provider: &str, api_key: &str, key: &str, answer: CachedResponse) {
        self.idempotency.remember(provider, api_key, key, answer);
    }

    /// Returns the number of an API key's bucket. The bucket keeps a fingerprint of the key.
    pub(crate) fn bucket_of_key(&mut self, provider: &'static str, key: &str) -> u64 {
        self.buckets.of_key(provider, key)
    }

    /// Returns the number of an account's bucket.
    pub(crate) fn bucket_of_account(&mut self, provider: &'static str, account: &str) -> u64 {
        self.buckets.of_account(provider, account)
    }

    /// Counts one request against a bucket's share of the provider's rate limit, or against the limit as a whole.
    pub(crate) fn take_quota(
        &mut self,
        provider: &'static str,
        bucket: Option<u64>,
        own: Option<&KeyLimit>,
        now: SystemTime,
    ) -> Quota {
        let account = Arc::make_mut(self.accounts.entry(provider).or_default());
        match own {
            Some(own) => self.buckets.take_own(provider, bucket, own, now),
            None => self.buckets.take(provider, bucket, &mut account.limiter, now),
        }
    }

    /// Returns what is left of the provider's rate limit: of a bucket's share, or of the limit as a whole.
    pub(crate) fn quota(&self, provider: &str, bucket: Option<u64>, own: Option<&KeyLimit>, now: SystemTime) -> Quota {
        let limiter = own.map_or_else(|| &self.account(provider).limiter, |own| &own.limiter);
        self.buckets.peek(provider, bucket, limiter, now)
    }

    /// Replaces a provider's rate limit. Every key and account starts with a full quota.
    pub(crate) fn set_limit(&mut self, provider: &'static str, limiter: Limiter) {
        self.account_mut(provider).limiter = limiter;
        self.buckets.start_afresh(provider);
    }

    /// The used quotas of all keys and accounts, oldest first.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        self.buckets.rows.iter().map(|(_, bucket)| bucket)
    }

    /// The next number, distinct from every other one of this world.
    pub fn next_number(&mut self) -> u64 {
        self.ids.number()
    }

    /// 32 hexadecimal digits, distinct from every other id of this world.
    pub fn next_hex(&mut self) -> String {
        self.ids.hex()
    }

    /// 32 hexadecimal digits that follow from `text` and the seed of this world, for credentials that a provider hands out
    /// and recognises without storing them.
    pub fn derived_token(&self, text: &str) -> String {
        self.ids.derived_token(text)
    }

    /// A UUID, distinct from every other one of this world.
    pub fn next_uuid(&mut self) -> String {
        self.ids.uuid()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("strict", &self.strict)
            .field("providers", &self.accounts.keys().collect::<Vec<_>>())
            .field("contacts", &self.contacts.len())
            .field("ledger", &self.ledger.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
