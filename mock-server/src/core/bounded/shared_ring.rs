//! A list whose copies share its entries.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::bounds::{Bounds, GuestBounds};

/// So many entries stand together. A copy shares full chunks and copies the entries behind them.
const CHUNK: usize = 256;

/// As [`Ring`](super::Ring), for entries that never change. To copy it costs little, however many entries there are.
pub(crate) struct SharedRing<T> {
    full: VecDeque<Arc<Vec<(usize, T)>>>,
    /// So many entries of the first full chunk are forgotten.
    forgotten: usize,
    newest: Vec<(usize, T)>,
    bytes: usize,
    bounds: Bounds,
    /// How many entries there ever were.
    total: u64,
}

impl<T> SharedRing<T> {
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        let bounds = Bounds::new(max_entries, max_bytes);
        Self { full: VecDeque::new(), forgotten: 0, newest: Vec::new(), bytes: 0, bounds, total: 0 }
    }

    /// Adds an entry that holds about `size` bytes. The newest entry always stays, however large.
    pub(crate) fn push(&mut self, entry: T, size: usize) {
        self.total += 1;
        self.bytes = self.bytes.saturating_add(size);
        self.newest.push((size, entry));
        if self.newest.len() == CHUNK {
            self.full.push_back(Arc::new(std::mem::take(&mut self.newest)));
        }
        while self.len() > 1 && self.bounds.are_exceeded(self.len(), self.bytes) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let size = match self.full.front() {
            Some(first) => first.get(self.forgotten).map_or(0, |(size, _)| *size),
            None if self.newest.is_empty() => return,
            None => self.newest.remove(0).0,
        };
        self.bytes = self.bytes.saturating_sub(size);
        if let Some(first) = self.full.front() {
            self.forgotten += 1;
            if self.forgotten >= first.len() {
                self.full.pop_front();
                self.forgotten = 0;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.full.len() * CHUNK + self.newest.len() - self.forgotten
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.starting_at(0)
    }

    /// The entries from this one on, counted from the oldest.
    fn starting_at(&self, index: usize) -> impl DoubleEndedIterator<Item = &T> {
        let index = index + self.forgotten;
        let (chunk, first) = ((index / CHUNK).min(self.full.len()), index % CHUNK);
        let newest = index.saturating_sub(self.full.len() * CHUNK);
        let full =
            self.full.range(chunk..).enumerate().flat_map(move |(place, entries)| {
                entries.get(if place == 0 { first } else { 0 }..).unwrap_or_default()
            });
        full.chain(self.newest.get(newest..).unwrap_or_default()).map(|(_, entry)| entry)
    }

    /// The entries are numbered from 1 as they come; this is the number of the last, 0 before the first.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The entries after this number, each with its number, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let newer = usize::try_from(self.total.saturating_sub(number)).unwrap_or(usize::MAX);
        let skipped = self.len().saturating_sub(newer);
        let first = self.total - (self.len() - skipped) as u64 + 1;
        (first..).zip(self.starting_at(skipped))
    }

    /// The sum of the sizes that were given with the entries.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn guard(&mut self, guests: GuestBounds, entries: usize, bytes: usize) {
        let (present, held) = (self.len(), self.bytes);
        self.bounds.guard(guests, present.saturating_add(entries), held.saturating_add(bytes));
    }
}

impl<T: Clone> Clone for SharedRing<T> {
    fn clone(&self) -> Self {
        let Self { forgotten, bytes, bounds, total, .. } = *self;
        Self { full: self.full.clone(), forgotten, newest: self.newest.clone(), bytes, bounds, total }
    }
}

impl<T> fmt::Debug for SharedRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRing").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ring;
    use super::*;

    #[test]
    fn shared_ring_holds_what_a_ring_holds() {
        for (most, bytes) in [(1_000, usize::MAX), (300, usize::MAX), (5, usize::MAX), (1_000, 2_000)] {
            let (mut ring, mut shared) = (Ring::new(most, bytes), SharedRing::new(most, bytes));
            for number in 0..1_500_u64 {
                let size = usize::try_from(number % 7).unwrap();
                ring.push(number, size);
                shared.push(number, size);
                if number % 97 == 0 || number > 1_490 {
                    assert_eq!(shared.len(), ring.len(), "{most} {number}");
                    assert!(shared.iter().eq(ring.iter()) && shared.iter().rev().eq(ring.iter().rev()), "{number}");
                    for after in [0, number.saturating_sub(260), number, number + 9] {
                        assert!(shared.after(after).eq(ring.after(after)), "{most} {number} {after}");
                    }
                }
            }
        }
    }

    #[test]
    fn copy_shares_full_chunks_and_stays_as_it_was() {
        let mut ring = SharedRing::new(2_000, usize::MAX);
        for number in 0..700 {
            ring.push(number, 1);
        }
        let copy = ring.clone();
        assert!(copy.full.iter().zip(&ring.full).all(|(copied, own)| Arc::ptr_eq(copied, own)) && copy.full.len() == 2);
        for number in 700..5_000 {
            ring.push(number, 1);
        }
        assert!(copy.iter().copied().eq(0..700) && ring.iter().copied().eq(3_000..5_000));
    }
}
