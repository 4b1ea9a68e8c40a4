//! When the next send may go, counted exactly: never more than the quota within any window.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::pace::Scope;
use crate::phone::PhoneNumber;

/// What one count is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Account,
    Sender(Arc<str>),
    Pair(Arc<str>, PhoneNumber),
}

impl Key {
    pub(super) const fn scope(&self) -> Scope {
        match self {
            Self::Account => Scope::Account,
            Self::Sender(_) => Scope::Sender,
            Self::Pair(..) => Scope::Pair,
        }
    }
}

/// A limit in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) scope: Scope,
    pub(super) quota: usize,
    pub(super) window: Duration,
}

impl Rule {
    /// The window with a hundredth added: what leaves here evenly does not arrive evenly.
    fn span(&self) -> Duration {
        self.window.saturating_add(self.window / 100)
    }
}

/// A place in the queue of one count: the instant from which the send may go.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) key: Key,
    pub(super) at: Duration,
}

/// The counts of everything that shares one limiter. Times are of the clock that never goes back.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    rules: Vec<Rule>,
    tracks: HashMap<Key, Track>,
    /// How many tracks there were after the last sweep.
    swept: usize,
}

/// When the sends of one key went or will go, in order.
#[derive(Debug, Default)]
struct Track {
    stamps: VecDeque<Duration>,
    paused_until: Duration,
}

/// Tracks of people who were not written to for a while are dropped when there are twice as many as after the last time, and
/// at least this many.
const SWEEP: usize = 1_024;

impl Pacer {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The next free place for `key`, taken.
    pub(super) fn reserve(&mut self, key: Key, now: Duration) -> Slot {
        self.sweep(now);
        let longest = self.longest(key.scope());
        let track = self.tracks.entry(key.clone()).or_default();
        track.forget_before(now.saturating_sub(longest));
        // Never before one that stands in the queue already: who comes first goes first.
        let free = now.max(track.paused_until).max(track.stamps.back().copied().unwrap_or_default());
        let rules = self.rules.iter().filter(|rule| rule.scope == key.scope());
        let at = rules.filter_map(|rule| track.free_after(track.stamps.len(), rule)).fold(free, Duration::max);
        track.insert(at);
        Slot { key, at }
    }

    /// Whether `slot` still holds at `now`: since it was given, a pause may have come, or a send before it may have gone
    /// later than it was to.
    pub(super) fn holds(&self, slot: &Slot, now: Duration) -> bool {
        let Some(track) = self.tracks.get(&slot.key) else { return true };
        let before = track.stamps.partition_point(|&stamp| stamp < slot.at);
        let rules = self.rules.iter().filter(|rule| rule.scope == slot.key.scope());
        track.paused_until <= now && rules.filter_map(|rule| track.free_after(before, rule)).all(|free| free <= now)
    }

    /// Gives a place back.
    pub(super) fn release(&mut self, slot: &Slot) {
        if let Some(track) = self.tracks.get_mut(&slot.key) {
            track.remove(slot.at);
        }
    }

    /// The send of `slot` goes at `now` and not before, as it had to wait elsewhere, too.
    pub(super) fn postpone(&mut self, slot: &mut Slot, now: Duration) {
        if slot.at < now
            && let Some(track) = self.tracks.get_mut(&slot.key)
        {
            track.remove(slot.at);
            track.insert(now);
            slot.at = now;
        }
    }

    /// Nothing of `key` goes before `until`.
    pub(super) fn pause(&mut self, key: Key, until: Duration) {
        let track = self.tracks.entry(key).or_default();
        track.paused_until = track.paused_until.max(until);
    }

    /// Counts the account by these limits from now on, of which the provider says that `used` sends are used up.
    pub(super) fn replace_account_rules(&mut self, limits: &[(usize, Duration)], used: Option<usize>, now: Duration) {
        let wanted = || limits.iter().map(|&(quota, window)| Rule { scope: Scope::Account, quota, window });
        if self.rules.iter().filter(|rule| rule.scope == Scope::Account).copied().eq(wanted()) {
            return;
        }
        self.rules.retain(|rule| rule.scope != Scope::Account);
        self.rules.extend(wanted());
        // What went before there was a rule was perhaps not counted.
        let track = self.tracks.entry(Key::Account).or_default();
        let longest = limits.iter().map(|limit| limit.1).max().unwrap_or_default();
        let counted = track.stamps.iter().filter(|&&stamp| stamp.saturating_add(longest) > now && stamp <= now).count();
        for _ in counted..used.unwrap_or_default() {
            track.insert(now);
        }
    }

    /// Whether our own count, too, says that the account has nothing left at `now`. If not, somebody else draws on the same
    /// limit.
    pub(super) fn is_used_up(&self, now: Duration) -> bool {
        let Some(track) = self.tracks.get(&Key::Account) else { return false };
        let used = |rule: &Rule| {
            let within = |stamp: &&Duration| stamp.saturating_add(rule.span()) > now && **stamp <= now;
            track.stamps.iter().filter(within).count()
        };
        self.rules.iter().any(|rule| rule.scope == Scope::Account && used(rule) >= rule.quota)
    }

    fn longest(&self, scope: Scope) -> Duration {
        self.rules.iter().filter(|rule| rule.scope == scope).map(Rule::span).max().unwrap_or_default()
    }

    fn sweep(&mut self, now: Duration) {
        if self.tracks.len() >= self.swept.saturating_mul(2).max(SWEEP) {
            let longest = [Scope::Pair, Scope::Sender, Scope::Account].map(|scope| self.longest(scope));
            self.tracks.retain(|key, track| {
                let [pair, sender, account] = longest;
                let span = match key.scope() {
                    Scope::Pair => pair,
                    Scope::Sender => sender,
                    Scope::Account => account,
                };
                let is_recent = |stamp: &Duration| stamp.saturating_add(span) > now;
                track.paused_until > now || track.stamps.back().is_some_and(is_recent)
            });
            self.swept = self.tracks.len();
        }
    }
}

impl Track {
    /// When there is room under `rule` for one that follows the first `before` stamps.
    fn free_after(&self, before: usize, rule: &Rule) -> Option<Duration> {
        let last_in_the_way = self.stamps.get(before.checked_sub(rule.quota)?)?;
        Some(last_in_the_way.saturating_add(rule.span()))
    }

    fn forget_before(&mut self, then: Duration) {
        while self.stamps.front().is_some_and(|&stamp| stamp < then) {
            self.stamps.pop_front();
        }
    }

    fn insert(&mut self, at: Duration) {
        let place = self.stamps.partition_point(|&stamp| stamp <= at);
        self.stamps.insert(place, at);
    }

    fn remove(&mut self, at: Duration) {
        let place = self.stamps.partition_point(|&stamp| stamp < at);
        if self.stamps.get(place) == Some(&at) {
            self.stamps.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn five_a_second() -> Pacer {
        Pacer::new(vec![Rule { scope: Scope::Account, quota: 5, window: ms(1_000) }])
    }

    fn at(pacer: &mut Pacer, now: u64) -> u128 {
        pacer.reserve(Key::Account, ms(now)).at.as_millis()
    }

    #[test]
    fn a_burst_up_to_the_quota_goes_at_once_and_the_rest_as_room_comes_free() {
        let mut pacer = five_a_second();
        let times: Vec<_> = (0..11).map(|_| at(&mut pacer, 0)).collect();
        assert_eq!(times, [0, 0, 0, 0, 0, 1_010, 1_010, 1_010, 1_010, 1_010, 2_020]);
    }

    #[test]
    fn no_window_anywhere_holds_more_than_the_quota() {
        let mut pacer = five_a_second();
        let mut now = 0;
        let mut times = Vec::new();
        for step in 0..2_000_u64 {
            // Uneven arrivals: bursts, trickles and gaps.
            now += [0, 0, 3, 170, 0, 991, 40][usize::try_from(step % 7).unwrap()];
            times.push(at(&mut pacer, now));
        }
        for pair in times.windows(6) {
            assert!(pair[5] - pair[0] >= 1_000, "{pair:?}");
        }
    }

    #[test]
    fn a_place_that_is_given_back_is_there_for_the_next() {
        let mut pacer = five_a_second();
        for _ in 0..5 {
            at(&mut pacer, 0);
        }
        let waiting = pacer.reserve(Key::Account, ms(0));
        assert_eq!(waiting.at, ms(1_010));
        pacer.release(&waiting);
        assert_eq!(at(&mut pacer, 1), 1_010);
    }

    #[test]
    fn a_pause_holds_up_those_that_wait_already() {
        let mut pacer = five_a_second();
        let slot = pacer.reserve(Key::Account, ms(0));
        assert!(pacer.holds(&slot, ms(0)));
        pacer.pause(Key::Account, ms(7_000));
        assert!(!pacer.holds(&slot, ms(6_999)) && pacer.holds(&slot, ms(7_000)));
        pacer.pause(Key::Account, ms(500));
        assert_eq!(at(&mut pacer, 100), 7_000, "a shorter pause does not shorten a longer one");
    }

    #[test]
    fn one_person_waits_without_holding_up_another() {
        let mut pacer = Pacer::new(vec![Rule { scope: Scope::Pair, quota: 1, window: ms(6_000) }]);
        let sender: Arc<str> = "12".into();
        let pair = |digit: u8| Key::Pair(Arc::clone(&sender), format!("+3460011122{digit}").parse().unwrap());
        assert_eq!(pacer.reserve(pair(1), ms(0)).at, ms(0));
        assert_eq!(pacer.reserve(pair(1), ms(0)).at, ms(6_060));
        assert_eq!(pacer.reserve(pair(2), ms(0)).at, ms(0));
    }

    #[test]
    fn a_send_that_goes_late_makes_the_next_one_wait_from_then() {
        let mut pacer = Pacer::new(vec![Rule { scope: Scope::Account, quota: 1, window: ms(1_000) }]);
        let mut first = pacer.reserve(Key::Account, ms(0));
        let second = pacer.reserve(Key::Account, ms(0));
        assert_eq!(second.at, ms(1_010));
        pacer.postpone(&mut first, ms(600));
        assert!(!pacer.holds(&second, ms(1_010)) && pacer.holds(&second, ms(1_610)));
    }

    #[test]
    fn limits_that_the_provider_states_replace_ours_and_count_what_it_has_counted() {
        let mut pacer = five_a_second();
        pacer.replace_account_rules(&[(2, ms(300_000))], Some(1), ms(0));
        assert_eq!(at(&mut pacer, 0), 0);
        assert_eq!(at(&mut pacer, 0), 303_000);
        pacer.replace_account_rules(&[(2, ms(300_000))], Some(1), ms(1));
        assert_eq!(at(&mut pacer, 1), 303_000, "the same limits again change nothing");
    }

    #[test]
    fn people_of_long_ago_are_forgotten() {
        let mut pacer = Pacer::new(vec![Rule { scope: Scope::Pair, quota: 1, window: ms(6_000) }]);
        let sender: Arc<str> = "12".into();
        for person in 0..100_000_u64 {
            let to = format!("+3460{person:07}").parse().unwrap();
            pacer.reserve(Key::Pair(Arc::clone(&sender), to), ms(person * 100));
        }
        assert!(pacer.tracks.len() <= SWEEP * 2, "{}", pacer.tracks.len());
    }
}
