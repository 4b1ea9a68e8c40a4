//! A queue for each target, so that targets do not wait for each other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::SystemTime;

use super::call::{Destination, QueuedCall};

/// The queued calls of each target in their due order. Empty queues are removed.
#[derive(Default)]
pub(super) struct TargetQueues {
    by_target: BTreeMap<QueueKey, BTreeMap<Place, QueuedCall>>,
    len: usize,
    bytes: usize,
}

/// The key of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum QueueKey {
    /// The registered target of a provider.
    Registered(&'static str),
    /// A target that messages named.
    Own(SocketAddr),
}

/// The due time and a counter, which keeps the insertion order of calls with the same time.
type Place = (SystemTime, u64);

impl QueueKey {
    fn of(pending: &QueuedCall) -> Self {
        match &pending.route {
            Destination::Registered | Destination::Subscribed(_, None) => Self::Registered(pending.provider),
            // A target has an address; without one it would wait with the registered.
            Destination::Own(target) | Destination::Subscribed(_, Some(target)) => {
                target.addresses().first().map_or(Self::Registered(pending.provider), |address| Self::Own(*address))
            }
        }
    }
}

impl TargetQueues {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The sum of all bodies.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts one behind all that falls due at the same time; `number` rises from one to the next.
    pub(super) fn put(&mut self, number: u64, pending: QueuedCall) {
        self.len += 1;
        self.bytes = self.bytes.saturating_add(pending.body.len());
        self.by_target.entry(QueueKey::of(&pending)).or_default().insert((pending.due, number), pending);
    }

    /// The first call of the queues that pass the filter.
    pub(super) fn first(&self, counts: impl Fn(QueueKey) -> bool) -> Option<&QueuedCall> {
        self.first_place(counts)
            .and_then(|(_, lane)| self.by_target.get(&lane)?.first_key_value())
            .map(|(_, first)| first)
    }

    /// Everything, in the order in which it falls due.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &QueuedCall> {
        let mut all: Vec<(&Place, &QueuedCall)> = self.by_target.values().flatten().collect();
        all.sort_unstable_by_key(|(place, _)| **place);
        all.into_iter().map(|(_, pending)| pending)
    }

    /// Takes the first call of the queues that pass the filter, if it is due at `now`.
    pub(super) fn take_due(&mut self, now: SystemTime, counts: impl Fn(QueueKey) -> bool) -> Option<QueuedCall> {
        let ((due, _), lane) = self.first_place(counts)?;
        if due > now {
            return None;
        }
        let waiting = self.by_target.get_mut(&lane)?;
        let (_, pending) = waiting.pop_first()?;
        if waiting.is_empty() {
            self.by_target.remove(&lane);
        }
        self.len = self.len.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(pending.body.len());
        Some(pending)
    }

    fn first_place(&self, counts: impl Fn(QueueKey) -> bool) -> Option<(Place, QueueKey)> {
        let lanes = self.by_target.iter().filter(|(lane, _)| counts(**lane));
        lanes.filter_map(|(lane, waiting)| Some((*waiting.first_key_value()?.0, *lane))).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::super::{IpNetworks, Target, Topic};
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn pending(url: &str, second: u64) -> QueuedCall {
        let route = Destination::Own(Target::parse(url, &IpNetworks::default()).unwrap());
        let body = Bytes::from_static(b"{}");
        let topic = Topic::Status;
        QueuedCall { provider: "exotel", topic, route, body, due: at(second), attempt: 1, copy: 1, lost: false }
    }

    #[test]
    fn queues_are_split_by_address_and_keep_the_due_order() {
        let mut lanes = TargetQueues::default();
        let (a, b) = ("http://127.0.0.1:9000/a", "http://127.0.0.1:9001/b");
        for (number, (url, second)) in [(a, 3), (b, 2), (a, 1), ("http://127.0.0.1:9000/c", 2)].into_iter().enumerate()
        {
            lanes.put(number as u64, pending(url, second));
        }
        assert_eq!((lanes.len(), lanes.bytes(), lanes.by_target.len()), (4, 8, 2));
        let only_b = |lane| lane == QueueKey::Own("127.0.0.1:9001".parse().unwrap());
        assert_eq!(lanes.first(only_b).unwrap().due, at(2));
        assert!(lanes.take_due(at(1), only_b).is_none());
        let order: Vec<String> = std::iter::from_fn(|| lanes.take_due(at(9), |_| true))
            .map(|pending| match pending.route {
                Destination::Own(target) => target.uri().path().to_owned(),
                Destination::Registered | Destination::Subscribed(..) => String::new(),
            })
            .collect();
        assert_eq!(order, ["/a", "/b", "/c", "/a"]);
        assert_eq!((lanes.len(), lanes.bytes(), lanes.by_target.len()), (0, 0, 0));
    }
}
