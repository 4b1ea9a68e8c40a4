//! When the next send may go, counted exactly: never more than the quota within any window.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::adapter::rate::Scope;
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

/// A place in the queue of one count.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) key: Key,
    /// Who has the smaller number came first.
    number: u64,
    /// The instant from which the send may go, as far as is known.
    pub(super) at: Duration,
}

/// The counts of everything that shares one limiter. Times are of the clock that never goes back.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    rules: Vec<Rule>,
    tracks: HashMap<Key, Track>,
    /// How many places were ever given.
    given: u64,
    /// How many tracks there were after the last sweep.
    swept: usize,
}

/// The sends of one key.
#[derive(Debug, Default)]
struct Track {
    /// When they went, in order.
    gone: VecDeque<Duration>,
    /// Those that wait, by number, with the instant from which each may go.
    waiting: VecDeque<(u64, Duration)>,
    paused_until: Duration,
}

/// Tracks of people who were not written to for a while are dropped when there are twice as many as after the last time, and
/// at least this many.
const SWEEP: usize = 1_024;

impl Pacer {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// A place for `key`, behind all that are there.
    pub(super) fn reserve(&mut self, key: Key, now: Duration) -> Place {
        self.sweep(now);
        let longest = self.longest(key.scope());
        let track = self.tracks.entry(key.clone()).or_default();
        track.forget_before(now.saturating_sub(longest));
        let at = track.free_after(track.waiting.len(), &self.rules, key.scope(), now);
        self.given = self.given.saturating_add(1);
        track.waiting.push_back((self.given, at));
        Place { key, number: self.given, at }
    }

    /// Looks at `now` when a send that waits may go: since it was last told, a pause may have come, or a send before it may
    /// have gone later than it was to.
    pub(super) fn review(&mut self, place: &mut Place, now: Duration) {
        let Some(track) = self.tracks.get_mut(&place.key) else { return };
        let Some(before) = track.position(place.number) else { return };
        place.at = track.free_after(before, &self.rules, place.key.scope(), now);
        if let Some(waiting) = track.waiting.get_mut(before) {
            waiting.1 = place.at;
        }
    }

    /// The send of `place` goes at `now`.
    pub(super) fn go(&mut self, place: &Place, now: Duration) {
        let Some(track) = self.tracks.get_mut(&place.key) else { return };
        track.leave(place.number);
        track.gone.push_back(now);
    }

    /// Gives a place back.
    pub(super) fn release(&mut self, place: &Place) {
        if let Some(track) = self.tracks.get_mut(&place.key) {
            track.leave(place.number);
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
        let counted = track.gone.iter().filter(|&&stamp| stamp.saturating_add(longest) > now).count();
        for _ in counted..used.unwrap_or_default() {
            track.gone.push_back(now);
        }
    }

    /// When there is room again for the account, if by our own count, too, there is none left at `now`. `None`: there is, and
    /// somebody else draws on the same limit if the provider says otherwise.
    pub(super) fn account_free_again(&self, now: Duration) -> Option<Duration> {
        let track = self.tracks.get(&Key::Account)?;
        let rules = self.rules.iter().filter(|rule| rule.scope == Scope::Account);
        rules.filter_map(|rule| track.room(0, rule, now)).max().filter(|&free| free > now)
    }

    /// The window of the account's limit of this quota; where none has it, the shortest of them.
    pub(super) fn account_window(&self, quota: Option<usize>) -> Option<Duration> {
        let rules = || self.rules.iter().filter(|rule| rule.scope == Scope::Account);
        let of_quota = rules().find(|rule| Some(rule.quota) == quota).map(|rule| rule.window);
        of_quota.or_else(|| rules().map(|rule| rule.window).min())
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
                track.paused_until > now || !track.waiting.is_empty() || track.gone.back().is_some_and(is_recent)
            });
            self.swept = self.tracks.len();
        }
    }
}

impl Track {
    /// From when on a send may go that has the first `before` of those that wait before it.
    fn free_after(&self, before: usize, rules: &[Rule], scope: Scope, now: Duration) -> Duration {
        // Never before one that came earlier.
        let last = before.checked_sub(1).and_then(|last| self.waiting.get(last)).map(|&(_, at)| at);
        let free = now.max(self.paused_until).max(last.unwrap_or_default());
        let rules = rules.iter().filter(|rule| rule.scope == scope);
        rules.filter_map(|rule| self.room(before, rule, now)).fold(free, Duration::max)
    }

    /// When there is room under `rule` for one more than have gone and the first `before` of those that wait, each of which goes
    /// at `now` at the earliest. `None`: there always is.
    fn room(&self, before: usize, rule: &Rule, now: Duration) -> Option<Duration> {
        let in_the_way = self.gone.len().saturating_add(before).checked_sub(rule.quota)?;
        let last_in_the_way = match in_the_way.checked_sub(self.gone.len()) {
            Some(waiting) => self.waiting.get(waiting)?.1.max(now),
            None => *self.gone.get(in_the_way)?,
        };
        Some(last_in_the_way.saturating_add(rule.span()))
    }

    fn forget_before(&mut self, then: Duration) {
        while self.gone.front().is_some_and(|&stamp| stamp < then) {
            self.gone.pop_front();
        }
    }

    fn position(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |&(number, _)| number).ok()
    }

    fn leave(&mut self, number: u64) {
        if let Some(position) = self.position(number) {
            self.waiting.remove(position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn limited(scope: Scope, quota: usize, window: u64) -> Pacer {
        Pacer::new(vec![Rule { scope, quota, window: ms(window) }])
    }

    fn five_a_second() -> Pacer {
        limited(Scope::Account, 5, 1_000)
    }

    fn pair(digit: u8) -> Key {
        Key::Pair("12".into(), format!("+3460011122{digit}").parse().unwrap())
    }

    fn place(pacer: &mut Pacer, now: u64) -> Place {
        pacer.reserve(Key::Account, ms(now))
    }

    /// When a send may go that waits, looked at at `now`.
    fn reviewed(pacer: &mut Pacer, place: &mut Place, now: u64) -> Duration {
        pacer.review(place, ms(now));
        place.at
    }

    #[test]
    fn a_burst_up_to_the_quota_goes_at_once_and_the_rest_as_room_comes_free() {
        let mut pacer = five_a_second();
        let times: Vec<_> = (0..11).map(|_| place(&mut pacer, 0).at.as_millis()).collect();
        assert_eq!(times, [0, 0, 0, 0, 0, 1_010, 1_010, 1_010, 1_010, 1_010, 2_020]);
    }

    #[test]
    fn no_window_anywhere_holds_more_than_the_quota() {
        let mut pacer = five_a_second();
        let mut now = 0;
        let mut waiting = VecDeque::new();
        let mut gone = Vec::new();
        for step in 0..20_000_u64 {
            // Uneven arrivals: bursts, trickles and gaps.
            let pause = [0, 0, 3, 170, 0, 991, 40][usize::try_from(step % 7).unwrap()];
            now += pause;
            if step % 3 == 0 {
                waiting.push_back(place(&mut pacer, now));
            }
            // Those that wait are woken in any order, and late.
            let turned = usize::try_from(step).unwrap() % waiting.len().max(1);
            waiting.rotate_left(turned);
            waiting.retain_mut(|place| {
                let goes = reviewed(&mut pacer, place, now) <= ms(now);
                if goes {
                    pacer.go(place, ms(now));
                    gone.push(now);
                }
                !goes
            });
        }
        assert!(gone.len() > 6_000, "{}", gone.len());
        for pair in gone.windows(6) {
            assert!(pair[5] - pair[0] >= 1_000, "{pair:?}");
        }
    }

    #[test]
    fn a_place_that_is_given_back_is_there_for_the_next() {
        let mut pacer = five_a_second();
        for _ in 0..5 {
            place(&mut pacer, 0);
        }
        let waiting = place(&mut pacer, 0);
        assert_eq!(waiting.at, ms(1_010));
        pacer.release(&waiting);
        assert_eq!(place(&mut pacer, 1).at, ms(1_011));
    }

    #[test]
    fn a_pause_holds_up_those_that_wait_already() {
        let mut pacer = five_a_second();
        let mut first = place(&mut pacer, 0);
        assert_eq!(reviewed(&mut pacer, &mut first, 0), ms(0));
        pacer.pause(Key::Account, ms(7_000));
        assert_eq!(reviewed(&mut pacer, &mut first, 6_999), ms(7_000));
        pacer.pause(Key::Account, ms(500));
        assert_eq!(place(&mut pacer, 100).at, ms(7_000), "a shorter pause does not shorten a longer one");
    }

    #[test]
    fn one_person_waits_without_holding_up_another() {
        let mut pacer = limited(Scope::Pair, 1, 6_000);
        assert_eq!(pacer.reserve(pair(1), ms(0)).at, ms(0));
        assert_eq!(pacer.reserve(pair(1), ms(0)).at, ms(6_060));
        assert_eq!(pacer.reserve(pair(2), ms(0)).at, ms(0));
    }

    #[test]
    fn a_send_that_goes_late_makes_the_next_one_wait_from_then() {
        let mut pacer = limited(Scope::Account, 1, 1_000);
        let first = place(&mut pacer, 0);
        let mut second = place(&mut pacer, 0);
        assert_eq!(second.at, ms(1_010));
        pacer.go(&first, ms(600));
        assert_eq!(reviewed(&mut pacer, &mut second, 1_010), ms(1_610));
    }

    #[test]
    fn one_that_was_to_go_and_waits_elsewhere_is_not_overtaken() {
        let mut pacer = limited(Scope::Pair, 1, 6_000);
        let first = pacer.reserve(pair(1), ms(0));
        let mut second = pacer.reserve(pair(1), ms(0));
        assert_eq!(
            reviewed(&mut pacer, &mut second, 10_000),
            ms(16_060),
            "the first goes at ten seconds at the earliest"
        );
        pacer.go(&first, ms(11_000));
        assert_eq!(reviewed(&mut pacer, &mut second, 16_060), ms(17_060));
    }

    #[test]
    fn limits_that_the_provider_states_replace_ours_and_count_what_it_has_counted() {
        let mut pacer = five_a_second();
        pacer.replace_account_rules(&[(2, ms(300_000))], Some(1), ms(0));
        assert_eq!(place(&mut pacer, 0).at, ms(0));
        assert_eq!(place(&mut pacer, 0).at, ms(303_000));
        pacer.replace_account_rules(&[(2, ms(300_000))], Some(1), ms(1));
        assert_eq!(place(&mut pacer, 1).at, ms(303_001), "the same limits again change nothing");
    }

    #[test]
    fn the_account_is_used_up_when_its_quota_has_gone_and_not_when_it_waits() {
        let mut pacer = five_a_second();
        let places: Vec<_> = (0..9).map(|_| place(&mut pacer, 0)).collect();
        for (n, place) in places.iter().take(5).enumerate() {
            assert_eq!(pacer.account_free_again(ms(0)), None, "{n} of five have gone");
            pacer.go(place, ms(0));
        }
        assert_eq!(pacer.account_free_again(ms(1_009)), Some(ms(1_010)));
        assert_eq!(pacer.account_free_again(ms(1_010)), None);
    }

    #[test]
    fn people_of_long_ago_are_forgotten() {
        let mut pacer = limited(Scope::Pair, 1, 6_000);
        let sender: Arc<str> = "12".into();
        for person in 0..100_000_u64 {
            let to = format!("+3460{person:07}").parse().unwrap();
            let place = pacer.reserve(Key::Pair(Arc::clone(&sender), to), ms(person * 100));
            pacer.go(&place, ms(person * 100));
        }
        assert!(pacer.tracks.len() <= SWEEP * 2, "{}", pacer.tracks.len());
    }

    #[test]
    fn a_sweep_forgets_what_counts_for_nothing_any_more_and_keeps_the_rest() {
        let mut pacer = limited(Scope::Pair, 1, 6_000);
        let sender: Arc<str> = "12".into();
        let key = |person: usize| Key::Pair(Arc::clone(&sender), format!("+3460{person:07}").parse().unwrap());
        let now = 100_000;
        let went = |pacer: &mut Pacer, person: usize, at: u64| {
            let place = pacer.reserve(key(person), ms(at));
            pacer.go(&place, ms(at));
        };
        // Long ago, at the very edge, and within the window with its hundredth.
        went(&mut pacer, 0, 1_000);
        went(&mut pacer, 1, now - 6_060);
        went(&mut pacer, 2, now - 6_059);
        // Paused until now, and beyond; and one that waits.
        pacer.pause(key(3), ms(now));
        pacer.pause(key(4), ms(now + 1));
        pacer.reserve(key(5), ms(1_000));
        for person in 6..SWEEP {
            went(&mut pacer, person, 1_000);
        }
        assert_eq!(pacer.tracks.len(), SWEEP, "none is looked at before there are many");
        went(&mut pacer, SWEEP, now);
        let mut kept: Vec<usize> = (0..=SWEEP).filter(|person| pacer.tracks.contains_key(&key(*person))).collect();
        kept.sort_unstable();
        assert_eq!(kept, [2, 4, 5, SWEEP]);
    }

    #[test]
    fn the_same_limits_again_do_not_count_twice_what_is_used_up() {
        let mut pacer = five_a_second();
        pacer.replace_account_rules(&[(5, ms(1_000))], Some(5), ms(0));
        assert_eq!(place(&mut pacer, 0).at, ms(0), "they are the ones in force, whose count is our own");
    }

    #[test]
    fn new_limits_of_the_account_leave_those_of_persons_alone() {
        let mut pacer = Pacer::new(vec![
            Rule { scope: Scope::Pair, quota: 1, window: ms(6_000) },
            Rule { scope: Scope::Account, quota: 5, window: ms(1_000) },
        ]);
        pacer.replace_account_rules(&[(2, ms(1_000))], None, ms(0));
        let first = pacer.reserve(pair(1), ms(0));
        pacer.go(&first, ms(0));
        assert_eq!(pacer.reserve(pair(1), ms(0)).at, ms(6_060));
    }

    #[test]
    fn a_send_that_left_the_window_is_not_among_those_that_the_provider_counts() {
        for (at, counted) in [(1_000, 1), (1_001, 0)] {
            let mut pacer = five_a_second();
            let went = place(&mut pacer, at);
            pacer.go(&went, ms(at));
            pacer.replace_account_rules(&[(3, ms(1_000))], Some(2), ms(2_000));
            let fresh = pacer.tracks[&Key::Account].gone.iter().filter(|stamp| **stamp == ms(2_000)).count();
            assert_eq!(fresh, 1 + counted, "{at}");
        }
    }

    #[test]
    fn what_went_is_kept_for_as_long_as_it_counts() {
        let mut pacer = five_a_second();
        for second in 0..1_000 {
            let went = place(&mut pacer, second * 1_000);
            pacer.go(&went, ms(second * 1_000));
        }
        assert!(pacer.tracks[&Key::Account].gone.len() <= 3, "{}", pacer.tracks[&Key::Account].gone.len());
    }
}
