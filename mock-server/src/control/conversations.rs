//! `conversations`: what customers and businesses wrote to each other, as a person would read it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use super::inbound::WindowState;
use super::read::Time;
use crate::core::error::ControlError;
use crate::core::phone::Phone;
use crate::core::simulator::Simulator;
use crate::core::transcript::{Accepted, Entry};
use crate::core::world::{Conversation, Delivery};

/// More conversations than this are not listed, and of each not more messages; the newest are.
const MOST_CONVERSATIONS: usize = 500;
const MOST_MESSAGES: usize = 200;
/// So far back the ledger is looked through.
const MOST_LINES: u64 = 10_000;

/// A provider's name, a business number and a customer.
type Key = (&'static str, String, String);

/// A contact's conversation with a sender.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ConversationState {
    /// The provider.
    pub provider: &'static str,
    /// The sender's number.
    pub business: String,
    /// The contact's number.
    pub contact: String,
    /// The contact's profile name.
    pub name: Option<String>,
    /// The session window.
    pub window: WindowState,
    /// When the contact wrote last.
    pub last_inbound_at: Option<Time>,
    /// When either side wrote last.
    pub last_activity_at: Time,
    /// The last messages, oldest first, each with `direction` and `statuses`.
    #[cfg_attr(feature = "server", schema(value_type = Vec<Object>))]
    pub messages: Vec<Value>,
}

impl Simulator {
    /// The conversations of all senders, the liveliest first, with their last messages.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn conversations(
        &self,
        real_now: SystemTime,
        provider: Option<&str>,
    ) -> Result<Vec<ConversationState>, ControlError> {
        let only = provider.map(|name| self.provider(name)).transpose()?;
        let now = self.clock.now(real_now);
        let mut written = messages(self, now);
        let rows = latest(self, only).into_iter().take(MOST_CONVERSATIONS).map(|row| {
            let (business, contact) = (row.business.e164(), row.contact.e164());
            let mut messages = written.remove(&(row.provider, business.clone(), contact.clone())).unwrap_or_default();
            messages.drain(..messages.len().saturating_sub(MOST_MESSAGES));
            let world = &self.world;
            let name = world.contact_name(row.provider, &row.business, &row.contact);
            ConversationState {
                provider: row.provider,
                business,
                contact,
                name: name.map(ToString::to_string),
                window: world.window(row.provider, &row.business, &row.contact, now).into(),
                last_inbound_at: world.last_inbound(row.provider, &row.business, &row.contact).map(Time),
                last_activity_at: Time(row.last_activity),
                messages,
            }
        });
        Ok(rows.collect())
    }
}

/// Who wrote to each other.
struct Pair {
    provider: &'static str,
    business: Phone,
    contact: Phone,
    last_activity: SystemTime,
    /// The number of the newest conversation, 0 if there was none.
    id: u64,
}

/// Every business number and customer with a conversation, or with a message that was accepted and then reached nobody; the
/// liveliest first. This walks every row: it is for lists.
fn latest(simulator: &Simulator, only: Option<&str>) -> Vec<Pair> {
    let mut latest: BTreeMap<(&str, Phone, Phone), Pair> = BTreeMap::new();
    let accounts = simulator.world.accounts();
    for (provider, _) in accounts.filter(|(provider, _)| only.is_none_or(|only| only == *provider)) {
        for row in simulator.world.conversations(provider) {
            let last_activity = row.last_activity();
            let Conversation { provider, business, contact, id, .. } = row;
            let key = (provider, business.clone(), contact.clone());
            latest.insert(key, Pair { provider, business, contact, last_activity, id });
        }
        for message in simulator.world.transcript.accepted_of(provider).filter(|message| message.failure.is_some()) {
            let (business, contact) = (message.from.clone(), message.to.clone());
            let (provider, last_activity) = (message.provider, message.at);
            let pair =
                || Pair { provider, business: message.from.clone(), contact: message.to.clone(), last_activity, id: 0 };
            latest.entry((provider, business, contact)).or_insert_with(pair);
        }
    }
    let mut latest: Vec<Pair> = latest.into_values().collect();
    latest.sort_by_key(|row| Reverse((row.last_activity, row.id)));
    latest
}

/// What was written, by conversation and in order: by customers, and by the business with its statuses up to now.
fn messages(simulator: &Simulator, now: SystemTime) -> HashMap<Key, Vec<Value>> {
    let ledger = || simulator.world.ledger_after(simulator.world.last_line().saturating_sub(MOST_LINES));
    let lines: HashMap<(&str, &str), &Delivery> =
        ledger().map(|(_, line)| ((line.provider, line.message_id.as_str()), line)).collect();
    let accepted = simulator.world.transcript.after(0).filter_map(|entry| match entry {
        Entry::Accepted(message) => Some((message.provider, message.message_id.as_str())),
        Entry::Received(_) => None,
    });
    let accepted: HashSet<(&str, &str)> = accepted.collect();
    let mut written: HashMap<Key, Vec<Value>> = HashMap::new();
    let mut add = |provider, business: String, contact: String, message| {
        written.entry((provider, business, contact)).or_default().push(message);
    };
    // Of an imported ledger it is not known how far its messages got; they are older than what was written since.
    for (_, line) in ledger() {
        if !accepted.contains(&(line.provider, line.message_id.as_str())) {
            add(line.provider, line.from.e164(), line.to.e164(), message("out", json!(line), None));
        }
    }
    for entry in simulator.world.transcript.after(0) {
        match entry {
            Entry::Received(received) => {
                let (business, contact) = (received.to.e164(), received.from.e164());
                add(received.provider, business, contact, message("in", received.json(), None));
            }
            Entry::Accepted(accepted) => {
                let line = lines.get(&(accepted.provider, accepted.message_id.as_str()));
                let json = line.map_or_else(|| accepted.json(), |line| json!(line));
                let statuses = accepted.statuses().filter(|(_, at)| *at <= now);
                let statuses = statuses.map(|(progress, at)| Accepted::status_json(progress, at)).collect();
                add(accepted.provider, accepted.from.e164(), accepted.to.e164(), message("out", json, Some(statuses)));
            }
        }
    }
    written
}

fn message(direction: &str, mut message: Value, statuses: Option<Value>) -> Value {
    if let Value::Object(members) = &mut message {
        members.insert("direction".to_owned(), direction.into());
        members.insert("statuses".to_owned(), statuses.unwrap_or_else(|| json!([])));
    }
    message
}
