//! Containers that forget their oldest entries, so that a long run needs no more memory than a short one.

use std::collections::{HashMap, VecDeque, vec_deque};
use std::fmt;
use std::sync::Arc;

/// A list bounded in entries and in bytes; the oldest go first. Adding is O(1).
pub(crate) struct Ring<T> {
    entries: VecDeque<(usize, T)>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
    /// How many entries there ever were.
    total: u64,
}

impl<T> Ring<T> {
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, max_entries, max_bytes, total: 0 }
    }

    /// Adds an entry that holds about `size` bytes. The newest entry always stays, however large.
    pub(crate) fn push(&mut self, entry: T, size: usize) {
        self.total += 1;
        self.entries.push_back((size, entry));
        self.bytes = self.bytes.saturating_add(size);
        while self.entries.len() > 1 && (self.entries.len() > self.max_entries || self.bytes > self.max_bytes) {
            if let Some((size, _)) = self.entries.pop_front() {
                self.bytes = self.bytes.saturating_sub(size);
            }
        }
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

    /// Those that came after the one of this number, each with its own, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let newer = usize::try_from(self.total.saturating_sub(number)).unwrap_or(usize::MAX);
        let skipped = self.entries.len().saturating_sub(newer);
        let first = self.total - (self.entries.len() - skipped) as u64 + 1;
        (first..).zip(self.iter().skip(skipped))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The entries hold what customers and businesses wrote to each other.
        f.debug_struct("Ring").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// A map bounded in entries; the one that was inserted first goes first.
pub(crate) struct BoundedMap<V> {
    values: HashMap<Arc<str>, V>,
    order: VecDeque<Arc<str>>,
    max_entries: usize,
}

impl<V> BoundedMap<V> {
    pub(crate) fn new(max_entries: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), max_entries }
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
        if self.order.len() > self.max_entries
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    /// Changes the value of a key, starting from the default one.
    pub(crate) fn update(&mut self, key: &str, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        if let Some(present) = self.values.get_mut(key) {
            change(present);
        } else {
            let mut value = V::default();
            change(&mut value);
            self.insert(key, value);
        }
    }

    /// Every key with its value, in the order in which they would be forgotten.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.order.iter().filter_map(|key| self.values.get(key).map(|value| (&**key, value)))
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
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
        map.update("a", |value| *value += 10);
        assert_eq!(map.get("a"), Some(&11));
        map.insert("c", 3);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (None, Some(&2), Some(&3)));
        assert_eq!(map.len(), 2);
    }
}
