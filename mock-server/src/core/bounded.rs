//! Containers that forget their oldest entries, so that a long run needs no more memory than a short one.

mod bounds;
mod shared_ring;

use std::collections::{HashMap, VecDeque, vec_deque};
use std::fmt;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

pub(crate) use bounds::{Bounds, GuestBounds};
pub(crate) use shared_ring::SharedRing;

/// A list bounded in entries and in bytes; the oldest go first. Adding is O(1).
pub(crate) struct Ring<T> {
    entries: VecDeque<(usize, T)>,
    bytes: usize,
    bounds: Bounds,
    /// How many entries there ever were.
    total: u64,
}

impl<T> Ring<T> {
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, bounds: Bounds::new(max_entries, max_bytes), total: 0 }
    }

    /// Adds an entry that holds about `size` bytes. The newest entry always stays, however large.
    pub(crate) fn push(&mut self, entry: T, size: usize) {
        self.total += 1;
        self.entries.push_back((size, entry));
        self.bytes = self.bytes.saturating_add(size);
        while self.entries.len() > 1 && self.bounds.are_exceeded(self.entries.len(), self.bytes) {
            if let Some((size, _)) = self.entries.pop_front() {
                self.bytes = self.bytes.saturating_sub(size);
            }
        }
    }

    /// Takes the oldest entry if there is no room for one more.
    pub(crate) fn pop_if_full(&mut self) -> Option<T> {
        if self.entries.len() < self.bounds.now().0 {
            return None;
        }
        let (size, entry) = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(size);
        Some(entry)
    }

    /// Removes all entries and returns their number. Numbering continues.
    pub(crate) fn forget(&mut self) -> usize {
        let forgotten = std::mem::take(&mut self.entries).len();
        self.bytes = 0;
        forgotten
    }

    /// Lets guests add at most so many entries and bytes to what there is.
    pub(crate) fn guard(&mut self, guests: GuestBounds, entries: usize, bytes: usize) {
        let (present, held) = (self.entries.len(), self.bytes);
        self.bounds.guard(guests, present.saturating_add(entries), held.saturating_add(bytes));
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        let entries: vec_deque::Iter<'_, (usize, T)> = self.entries.iter();
        entries.map(|(_, entry)| entry)
    }

    /// The entries are numbered from 1 as they come; this is the number of the last, 0 before the first.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The entries after this number, each with its number, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let newer = usize::try_from(self.total.saturating_sub(number)).unwrap_or(usize::MAX);
        let skipped = self.entries.len().saturating_sub(newer);
        let first = self.total - (self.entries.len() - skipped) as u64 + 1;
        (first..).zip(self.iter().skip(skipped))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The sum of the sizes that were given with the entries.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The entries hold what contacts and businesses wrote to each other.
        f.debug_struct("Ring").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// A map bounded in entries; the one that was inserted first goes first.
pub(crate) struct BoundedMap<V> {
    values: HashMap<Arc<str>, V>,
    order: VecDeque<Arc<str>>,
    bounds: Bounds,
}

impl<V> BoundedMap<V> {
    pub(crate) fn new(max_entries: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), bounds: Bounds::new(max_entries, usize::MAX) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.values.get(key)
    }

    /// Inserts or replaces. A replaced value keeps its place in the order.
    pub(crate) fn insert(&mut self, key: &str, value: V) {
        if let Some(present) = self.values.get_mut(key) {
            *present = value;
            return;
        }
        let key: Arc<str> = Arc::from(key);
        self.order.push_back(Arc::clone(&key));
        self.values.insert(key, value);
        while self.bounds.are_exceeded(self.order.len(), 0)
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    /// Lets guests add at most so many entries to what there is.
    pub(crate) fn guard(&mut self, guests: GuestBounds, entries: usize) {
        self.bounds.guard(guests, self.order.len().saturating_add(entries), usize::MAX);
    }

    /// Every key with its value, in the order in which they would be forgotten.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.order.iter().filter_map(|key| self.values.get(key).map(|value| (&**key, value)))
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

/// Rows with keys, in order of insertion and bounded in number. For large tables: a row costs its own size and five
/// bytes. The oldest row is dropped first.
pub(crate) struct Table<K, V> {
    rows: VecDeque<(K, V)>,
    /// The number of the first row there is; rows are numbered as they come, from 0.
    first: u32,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    bounds: Bounds,
}

impl<K: Hash + Eq, V> Table<K, V> {
    pub(crate) fn new(max_rows: usize) -> Self {
        let (numbers, hasher) = (HashTable::new(), DefaultHashBuilder::default());
        Self { rows: VecDeque::new(), first: 0, numbers, hasher, bounds: Bounds::new(max_rows, usize::MAX) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let number = self.number(key)?;
        self.row(number).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let number = self.number(key)?;
        let index = usize::try_from(number.wrapping_sub(self.first)).ok()?;
        self.rows.get_mut(index).map(|(_, value)| value)
    }

    /// Every value, in the order in which they would be forgotten.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.iter_mut().map(|(_, value)| value)
    }

    /// The value of a key; a row is made for it if there is none.
    pub(crate) fn entry(&mut self, key: K) -> Option<&mut V>
    where
        V: Default,
    {
        let number = match self.number(&key) {
            Some(number) => number,
            None => self.push(key, V::default()),
        };
        let index = usize::try_from(number.wrapping_sub(self.first)).ok()?;
        self.rows.get_mut(index).map(|(_, value)| value)
    }

    /// Puts a row behind the others, and in the place of one with the same key for those who look for it by key.
    fn push(&mut self, key: K, value: V) -> u32 {
        let number = self.first.wrapping_add(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        let hash = self.hasher.hash_one(&key);
        self.rows.push_back((key, value));
        let (rows, first, hasher) = (&self.rows, self.first, &self.hasher);
        self.numbers.insert_unique(hash, number, |number| hash_of(rows, first, hasher, *number));
        while self.bounds.are_exceeded(self.rows.len(), 0) {
            self.forget_first();
        }
        number
    }

    /// Lets guests add at most so many rows to what there is.
    pub(crate) fn guard(&mut self, guests: GuestBounds, rows: usize) {
        self.bounds.guard(guests, self.rows.len().saturating_add(rows), usize::MAX);
    }

    fn forget_first(&mut self) {
        let Some((key, _)) = self.rows.pop_front() else { return };
        let first = self.first;
        self.first = first.wrapping_add(1);
        if let Ok(entry) = self.numbers.find_entry(self.hasher.hash_one(&key), |number| *number == first) {
            entry.remove();
        }
    }

    fn number(&self, key: &K) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        let is_key = |number: &u32| self.row(*number).is_some_and(|(other, _)| other == key);
        self.numbers.find(hash, is_key).copied()
    }

    fn row(&self, number: u32) -> Option<&(K, V)> {
        self.rows.get(usize::try_from(number.wrapping_sub(self.first)).ok()?)
    }

    /// Every row, in the order in which they would be forgotten.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.rows.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

fn hash_of<K: Hash, V>(rows: &VecDeque<(K, V)>, first: u32, hasher: &DefaultHashBuilder, number: u32) -> u64 {
    let row = usize::try_from(number.wrapping_sub(first)).ok().and_then(|index| rows.get(index));
    row.map_or(0, |(key, _)| hasher.hash_one(key))
}

impl<K, V> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("len", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<V> fmt::Debug for BoundedMap<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedMap").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_forgets_the_oldest_by_count_and_by_bytes() {
        let mut ring = Ring::new(3, 100);
        for number in 1..=4 {
            ring.push(number, 10);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        ring.push(5, 85);
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [4, 5]);
        assert_eq!(ring.after(0).collect::<Vec<_>>(), [(4, &4), (5, &5)]);
        assert_eq!(ring.after(4).collect::<Vec<_>>(), [(5, &5)]);
        assert_eq!((ring.after(5).count(), ring.after(99).count(), ring.total()), (0, 0, 5));
        ring.push(6, 500);
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [6]);
    }

    #[test]
    fn a_bounded_map_forgets_the_first_inserted_and_keeps_updates() {
        let mut map = BoundedMap::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        map.insert("a", 11);
        assert_eq!(map.get("a"), Some(&11));
        map.insert("c", 3);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (None, Some(&2), Some(&3)));
        assert_eq!(map.len(), 2);
    }

    #[test]
    fn a_table_forgets_the_first_row_and_finds_every_other() {
        let mut table = Table::new(1_000);
        for key in 0..5_000_u64 {
            *table.entry(key).unwrap() = key * 2;
            if key >= 1 {
                *table.entry(key - 1).unwrap() += 1;
            }
        }
        assert_eq!(table.len(), 1_000);
        for key in 0..5_000_u64 {
            let expected = (key >= 4_000).then_some(key * 2 + u64::from(key < 4_999));
            assert_eq!(table.get(&key).copied(), expected, "{key}");
        }
        assert_eq!(table.iter().map(|(key, _)| *key).collect::<Vec<_>>(), (4_000..5_000).collect::<Vec<_>>());
    }
}
