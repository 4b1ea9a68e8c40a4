//! Every conversation, by number and by contact, in rows as small as they can be.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::contact_key::{ContactKey, Providers};
use super::conversation::{Conversation, ConversationState, WINDOW};
use crate::core::bounded::{Bounds, GuestBounds};
use crate::core::phone::Phone;

/// A [`Conversation`], packed.
#[derive(Clone)]
struct Row {
    key: ContactKey,
    id: u64,
    /// Two halves, for a whole one would make the row larger.
    uuid: [u64; 2],
    name: Option<Arc<str>>,
    started_at: SystemTime,
    last_inbound_at: Option<SystemTime>,
    last_outbound_at: Option<SystemTime>,
    messages_count: u64,
    closed: Option<Box<(SystemTime, String)>>,
    /// How many rows before this one the contact's one before it stands; 0 if it is the first.
    back: u32,
}

/// Rows in the order of their numbers; the lowest is forgotten first.
pub(super) struct Conversations {
    rows: VecDeque<Row>,
    /// How many rows were forgotten, modulo the size of the number.
    first: u32,
    /// The place of each contact's newest row, counted over all rows there ever were.
    newest: HashTable<u32>,
    hasher: DefaultHashBuilder,
    bounds: Bounds,
}

impl Conversations {
    pub(super) fn new(max_rows: usize) -> Self {
        let (newest, hasher) = (HashTable::new(), DefaultHashBuilder::default());
        Self { rows: VecDeque::new(), first: 0, newest, hasher, bounds: Bounds::new(max_rows, usize::MAX) }
    }

    #[cfg(feature = "server")]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Puts a row in and says where. Numbers rise by themselves; one that does not costs a pass over all rows.
    pub(super) fn insert(&mut self, providers: &mut Providers, row: Conversation) -> usize {
        let id = row.id;
        let row = Row {
            key: ContactKey::new(providers.number(row.provider), &row.business, &row.contact),
            id: row.id,
            uuid: halves(row.uuid),
            name: row.contact_name,
            started_at: row.started_at,
            last_inbound_at: row.last_inbound_at,
            last_outbound_at: row.last_outbound_at,
            messages_count: row.messages_count,
            closed: row.closed,
            back: 0,
        };
        if self.rows.back().is_some_and(|last| last.id > row.id) {
            let mut rows: Vec<Row> = std::mem::take(&mut self.rows).into();
            let place = rows.partition_point(|other| other.id < row.id);
            rows.insert(place, row);
            self.newest.clear();
            for row in rows {
                self.push(row);
            }
            self.place(id).unwrap_or_default()
        } else {
            self.push(row);
            self.rows.len().saturating_sub(1)
        }
    }

    fn push(&mut self, mut row: Row) {
        let number = self.first.wrapping_add(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        let customer = row.key.customer();
        let hash = self.hasher.hash_one(customer);
        let (rows, first, hasher) = (&self.rows, self.first, &self.hasher);
        let of = |number: u32| usize::try_from(number.wrapping_sub(first)).ok().and_then(|index| rows.get(index));
        let is_customer = |number: &u32| of(*number).is_some_and(|row| row.key.customer() == customer);
        if let Some(newest) = self.newest.find_mut(hash, is_customer) {
            row.back = number.wrapping_sub(*newest);
            *newest = number;
        } else {
            let hash_of = |number: &u32| of(*number).map_or(0, |row| hasher.hash_one(row.key.customer()));
            self.newest.insert_unique(hash, number, hash_of);
        }
        self.rows.push_back(row);
        while self.bounds.are_exceeded(self.rows.len(), 0) {
            self.forget_first();
        }
    }

    /// Lets guests add at most so many rows to what there is.
    pub(super) fn guard(&mut self, guests: GuestBounds, rows: usize) {
        self.bounds.guard(guests, self.rows.len().saturating_add(rows), usize::MAX);
    }

    fn forget_first(&mut self) {
        let Some(row) = self.rows.pop_front() else { return };
        let first = self.first;
        self.first = first.wrapping_add(1);
        if let Ok(entry) = self.newest.find_entry(self.hasher.hash_one(row.key.customer()), |number| *number == first) {
            entry.remove();
        }
    }

    /// A copy of all rows, to be read later.
    pub(super) fn copied(&self) -> CopiedRows {
        CopiedRows(self.rows.clone())
    }

    pub(super) fn get(&self, providers: &Providers, id: u64) -> Option<Conversation> {
        self.at(providers, self.place(id)?)
    }

    pub(super) fn iter(&self, providers: &Providers) -> impl DoubleEndedIterator<Item = Conversation> {
        self.rows.iter().map(|row| row.unpacked(providers))
    }

    /// A contact's conversations at a provider, newest first.
    pub(super) fn with<'a>(
        &'a self,
        providers: &'a Providers,
        provider: &str,
        contact: &Phone,
    ) -> impl Iterator<Item = Conversation> + use<'a> {
        let nobody = Phone::nobody();
        let of = providers.find(provider).map(|provider| ContactKey::new(provider, &nobody, contact));
        let newest = of.and_then(|key| self.newest_of(key));
        self.chain(newest).map(|(_, row)| row.unpacked(providers))
    }

    /// The newest conversation of a contact with one business number.
    pub(super) fn latest(&self, providers: &Providers, key: ContactKey) -> Option<Conversation> {
        self.at(providers, self.latest_place(key)?)
    }

    /// The conversation in a place.
    pub(super) fn at(&self, providers: &Providers, place: usize) -> Option<Conversation> {
        self.rows.get(place).map(|row| row.unpacked(providers))
    }

    /// The times at which each conversation becomes idle and ends without a further message. `quiet_after` takes a
    /// provider's number; it returns `None` if the provider's conversations do not end.
    pub(super) fn turns(
        &self,
        quiet_after: impl Fn(u64) -> Option<Duration>,
    ) -> impl Iterator<Item = (SystemTime, usize, ConversationState)> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| row.closed.is_none());
        let rows = rows.filter_map(move |(place, row)| Some((place, row, quiet_after(row.key.provider())?)));
        rows.flat_map(|(place, row, quiet)| {
            let last = row.last_inbound_at.max(row.last_outbound_at).unwrap_or(row.started_at);
            [(last + quiet, place, ConversationState::Inactive), (last + WINDOW, place, ConversationState::Ended)]
        })
    }

    /// The number of the conversation in a place.
    pub(super) fn id_at(&self, place: usize) -> u64 {
        self.rows.get(place).map(|row| row.id).unwrap_or_default()
    }

    /// Where the newest conversation of a contact with one business number is.
    pub(super) fn latest_place(&self, key: ContactKey) -> Option<usize> {
        self.chain(self.newest_of(key)).find(|(_, row)| row.key == key).map(|(place, _)| place)
    }

    /// Records an inbound message.
    pub(super) fn received(&mut self, place: usize, now: SystemTime, name: Option<&Arc<str>>) {
        if let Some(row) = self.rows.get_mut(place) {
            row.last_inbound_at = Some(now);
            row.messages_count += 1;
            if let Some(name) = name {
                row.name = Some(Arc::clone(name));
            }
        }
    }

    /// Records an outbound message.
    pub(super) fn sent(&mut self, place: usize, now: SystemTime) {
        if let Some(row) = self.rows.get_mut(place) {
            row.last_outbound_at = Some(now);
            row.messages_count += 1;
        }
    }

    /// Closes a provider's conversation by hand, unless it has ended. Returns it, and whether it closed.
    pub(super) fn close(
        &mut self,
        providers: &Providers,
        provider: &str,
        id: u64,
        reason: &str,
        now: SystemTime,
    ) -> Option<(Conversation, bool)> {
        let place = self.place(id)?;
        let mut row = self.at(providers, place).filter(|row| row.provider == provider)?;
        let has_closed = row.close(reason, now);
        self.rows.get_mut(place)?.closed.clone_from(&row.closed);
        Some((row, has_closed))
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.rows.binary_search_by_key(&id, |row| row.id).ok()
    }

    /// The place of the newest row of a contact with any business number.
    fn newest_of(&self, key: ContactKey) -> Option<usize> {
        let customer = key.customer();
        let is_customer = |number: &u32| {
            let place = usize::try_from(number.wrapping_sub(self.first)).ok();
            place.and_then(|place| self.rows.get(place)).is_some_and(|row| row.key.customer() == customer)
        };
        let number = self.newest.find(self.hasher.hash_one(customer), is_customer)?;
        usize::try_from(number.wrapping_sub(self.first)).ok()
    }

    /// A contact's rows from this one back.
    fn chain(&self, newest: Option<usize>) -> impl Iterator<Item = (usize, &Row)> + use<'_> {
        let mut next = newest;
        std::iter::from_fn(move || {
            let place = next?;
            let row = self.rows.get(place)?;
            let back = usize::try_from(row.back).ok().filter(|back| *back > 0);
            next = back.and_then(|back| place.checked_sub(back));
            Some((place, row))
        })
    }
}

/// Rows that were copied.
pub(super) struct CopiedRows(VecDeque<Row>);

impl CopiedRows {
    pub(super) fn iter(&self, providers: &Providers) -> impl Iterator<Item = Conversation> {
        self.0.iter().map(|row| row.unpacked(providers))
    }
}

impl Row {
    fn unpacked(&self, providers: &Providers) -> Conversation {
        let [high, low] = self.uuid;
        let mut row = Conversation::new(
            providers.name(self.key.provider()),
            self.id,
            u128::from(high) << 64 | u128::from(low),
            self.key.business(),
            self.key.contact(),
            self.started_at,
        );
        row.contact_name.clone_from(&self.name);
        row.last_inbound_at = self.last_inbound_at;
        row.last_outbound_at = self.last_outbound_at;
        row.messages_count = self.messages_count;
        row.closed.clone_from(&self.closed);
        row
    }
}

#[allow(clippy::cast_possible_truncation, reason = "each half is what is left of the other")]
fn halves(whole: u128) -> [u64; 2] {
    [(whole >> 64) as u64, whole as u64]
}

impl std::fmt::Debug for Conversations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversations").field("len", &self.rows.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Phone {
        Phone::read(text).unwrap()
    }

    fn row(id: u64, business: &str, contact: &str) -> Conversation {
        Conversation::new("gosendapi", id, 0, phone(business), phone(contact), SystemTime::UNIX_EPOCH)
    }

    fn ids(all: &Conversations, providers: &Providers, contact: &str) -> Vec<u64> {
        all.with(providers, "gosendapi", &phone(contact)).map(|row| row.id).collect()
    }

    #[test]
    fn the_oldest_conversation_is_forgotten_beyond_the_bound() {
        let (mut all, mut providers) = (Conversations::new(2), Providers::default());
        for (id, contact) in [(1, "34600000001"), (2, "34600000002"), (3, "34600000001")] {
            all.insert(&mut providers, row(id, "34611000000", contact));
        }
        assert!(all.get(&providers, 1).is_none());
        assert_eq!(ids(&all, &providers, "34600000001"), [3]);
        all.insert(&mut providers, row(4, "34611000000", "34600000003"));
        all.insert(&mut providers, row(5, "34611000000", "34600000003"));
        assert!(ids(&all, &providers, "34600000001").is_empty() && ids(&all, &providers, "34600000002").is_empty());
        assert_eq!(ids(&all, &providers, "34600000003"), [5, 4]);
    }

    #[test]
    fn newest_conversation_is_found_by_business_number() {
        let (mut all, mut providers) = (Conversations::new(9), Providers::default());
        for (id, business) in [(1, "34611000000"), (2, "34611000001"), (3, "34611000001")] {
            all.insert(&mut providers, row(id, business, "34600000001"));
        }
        let key = |business| ContactKey::new(0, &phone(business), &phone("34600000001"));
        let latest = |business| all.latest_place(key(business)).map(|place| all.id_at(place));
        assert_eq!(latest("34611000000"), Some(1));
        assert_eq!(latest("34611000001"), Some(3));
        assert_eq!(latest("34611000002"), None);
    }

    #[test]
    fn a_row_with_a_lower_number_takes_its_place_among_the_others() {
        let (mut all, mut providers) = (Conversations::new(9), Providers::default());
        for id in [5, 9, 7, 1] {
            all.insert(&mut providers, row(id, "34611000000", "34600000001"));
        }
        assert_eq!(ids(&all, &providers, "34600000001"), [9, 7, 5, 1]);
        assert_eq!(all.iter(&providers).map(|row| row.id).collect::<Vec<_>>(), [1, 5, 7, 9]);
        assert_eq!(all.get(&providers, 7).map(|row| row.id), Some(7));
    }
}
