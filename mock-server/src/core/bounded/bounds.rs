//! How much a container may hold, and what holds for callers without the token.

/// What becomes of the bounds for callers without the token of a mock that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuestBounds {
    /// They do not hold for now: the holder of the token asks.
    Lifted,
    /// They hold again, as they were.
    Resumed,
    /// They hold, from what there is now.
    Moved,
}

/// How much a container may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    entries: usize,
    bytes: usize,
    /// What holds for guests in their place.
    guests: Option<(usize, usize)>,
    is_lifted: bool,
}

impl Bounds {
    pub(crate) fn new(entries: usize, bytes: usize) -> Self {
        Self { entries, bytes, guests: None, is_lifted: false }
    }

    /// Entries and bytes that are allowed at present.
    pub(crate) fn now(&self) -> (usize, usize) {
        let (entries, bytes) = self.guests.filter(|_| !self.is_lifted).unwrap_or((usize::MAX, usize::MAX));
        (self.entries.min(entries), self.bytes.min(bytes))
    }

    pub(crate) fn are_exceeded(&self, entries: usize, bytes: usize) -> bool {
        let (most_entries, most_bytes) = self.now();
        entries > most_entries || bytes > most_bytes
    }

    pub(crate) fn guard(&mut self, guests: GuestBounds, entries: usize, bytes: usize) {
        self.is_lifted = guests == GuestBounds::Lifted;
        if guests == GuestBounds::Moved {
            self.guests = Some((entries, bytes));
        }
    }
}
