//! A sliding-window limiter: counts exactly, and never allows more sends than the quota within any window.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::adapter::rate::Scope;
use crate::phone::PhoneNumber;

/// The scope of one count.
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

/// A limit in force: so many sends within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) scope: Scope,
    pub(super) sends: usize,
    pub(super) window: Duration,
}

impl Quota {
    /// The window plus one hundredth: sends that leave evenly do not arrive evenly.
    fn span(&self) -> Duration {
        self.window.saturating_add(self.window / 100)
    }
}

/// A waiting send in the queue of one key.
#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) key: Key,
    /// Smaller numbers came first.
    number: u64,
    /// The earliest instant of the send, as known now.
    pub(super) at: Duration,
}

/// The counts of all clients that share one limiter. Times are of the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct SlidingWindow {
    quotas: Vec<Quota>,
    histories: HashMap<Key, History>,
    /// The number of the latest reservation.
    given: u64,
    /// How many histories were left after the last sweep.
    last_sweep_len: usize,
}

/// The sends of one key.
#[derive(Debug, Default)]
struct History {
    /// When sends went, in order.
    sent_at: VecDeque<Duration>,
    /// The waiting sends by number, each with the instant from which it may go.
    waiting: VecDeque<(u64, Duration)>,
    paused_until: Duration,
}

/// A sweep drops the histories that no longer count. It runs at twice the histories that the last one left, and at no fewer
/// than this.
const SWEEP: usize = 1_024;

impl SlidingWindow {
    pub(super) fn new(quotas: Vec<Quota>) -> Self {
        Self { quotas, ..Self::default() }
    }

    /// Queues a send of `key` behind those that wait.
    pub(super) fn reserve(&mut self, key: Key, now: Duration) -> Reservation {
        self.sweep(now);
        let longest = self.longest(key.scope());
        let history = self.histories.entry(key.clone()).or_default();
        history.forget_before(now.saturating_sub(longest));
        let at = history.free_after(history.waiting.len(), &self.quotas, key.scope(), now);
        self.given = self.given.saturating_add(1);
        history.waiting.push_back((self.given, at));
        Reservation { key, number: self.given, at }
    }

    /// Updates when a waiting send may go: since the last look, a pause may have begun, or an earlier send may have gone late.
    pub(super) fn review(&mut self, reservation: &mut Reservation, now: Duration) {
        let Some(history) = self.histories.get_mut(&reservation.key) else { return };
        let Some(before) = history.position(reservation.number) else { return };
        reservation.at = history.free_after(before, &self.quotas, reservation.key.scope(), now);
        if let Some(waiting) = history.waiting.get_mut(before) {
            waiting.1 = reservation.at;
        }
    }

    /// Records that the send goes at `now`.
    pub(super) fn go(&mut self, reservation: &Reservation, now: Duration) {
        let Some(history) = self.histories.get_mut(&reservation.key) else { return };
        history.leave(reservation.number);
        history.sent_at.push_back(now);
    }

    /// Removes a waiting send from its queue.
    pub(super) fn release(&mut self, reservation: &Reservation) {
        if let Some(history) = self.histories.get_mut(&reservation.key) {
            history.leave(reservation.number);
        }
    }

    /// Allows no send of `key` before `until`.
    pub(super) fn pause(&mut self, key: Key, until: Duration) {
        let history = self.histories.entry(key).or_default();
        history.paused_until = history.paused_until.max(until);
    }

    /// Replaces the account's quotas. The provider says that `used` sends of them are used up.
    pub(super) fn replace_account_quotas(&mut self, limits: &[(usize, Duration)], used: Option<usize>, now: Duration) {
        let wanted = || limits.iter().map(|&(sends, window)| Quota { scope: Scope::Account, sends, window });
        if self.quotas.iter().filter(|quota| quota.scope == Scope::Account).copied().eq(wanted()) {
            return;
        }
        self.quotas.retain(|quota| quota.scope != Scope::Account);
        self.quotas.extend(wanted());
        // Sends before the first quota were perhaps not counted.
        let history = self.histories.entry(Key::Account).or_default();
        let longest = limits.iter().map(|limit| limit.1).max().unwrap_or_default();
        let counted = history.sent_at.iter().filter(|&&stamp| stamp.saturating_add(longest) > now).count();
        for _ in counted..used.unwrap_or_default() {
            history.sent_at.push_back(now);
        }
    }

    /// Returns when the account may send again, if our own count says that its quota is used up at `now`. Returns `None` if it
    /// is not: if the provider says otherwise, another process draws on the same limit.
    pub(super) fn account_free_again(&self, now: Duration) -> Option<Duration> {
        let history = self.histories.get(&Key::Account)?;
        let quotas = self.quotas.iter().filter(|quota| quota.scope == Scope::Account);
        quotas.filter_map(|quota| history.room(0, quota, now)).max().filter(|&free| free > now)
    }

    /// The window of the account's quota of so many sends; without such a quota, the shortest window.
    pub(super) fn account_window(&self, sends: Option<usize>) -> Option<Duration> {
        let quotas = || self.quotas.iter().filter(|quota| quota.scope == Scope::Account);
        let of_that = quotas().find(|quota| Some(quota.sends) == sends).map(|quota| quota.window);
        of_that.or_else(|| quotas().map(|quota| quota.window).min())
    }

    fn longest(&self, scope: Scope) -> Duration {
        self.quotas.iter().filter(|quota| quota.scope == scope).map(Quota::span).max().unwrap_or_default()
    }

    fn sweep(&mut self, now: Duration) {
        if self.histories.len() >= self.last_sweep_len.saturating_mul(2).max(SWEEP) {
            let longest = [Scope::Pair, Scope::Sender, Scope::Account].map(|scope| self.longest(scope));
            self.histories.retain(|key, history| {
                let [pair, sender, account] = longest;
                let span = match key.scope() {
                    Scope::Pair => pair,
                    Scope::Sender => sender,
                    Scope::Account => account,
                };
                let is_recent = |stamp: &Duration| stamp.saturating_add(span) > now;
                history.paused_until > now
                    || !history.waiting.is_empty()
                    || history.sent_at.back().is_some_and(is_recent)
            });
            self.last_sweep_len = self.histories.len();
        }
    }
}

impl History {
    /// Returns from when on a send may go that has `before` waiting sends before it.
    fn free_after(&self, before: usize, quotas: &[Quota], scope: Scope, now: Duration) -> Duration {
        // Never before an earlier one.
        let last = before.checked_sub(1).and_then(|last| self.waiting.get(last)).map(|&(_, at)| at);
        let free = now.max(self.paused_until).max(last.unwrap_or_default());
        let quotas = quotas.iter().filter(|quota| quota.scope == scope);
        quotas.filter_map(|quota| self.room(before, quota, now)).fold(free, Duration::max)
    }

    /// Returns the earliest time at which `quota` allows another send, counting the sends already made and the first `before`
    /// waiting ones. Returns `None` if the quota is not reached.
    fn room(&self, before: usize, quota: &Quota, now: Duration) -> Option<Duration> {
        let in_the_way = self.sent_at.len().saturating_add(before).checked_sub(quota.sends)?;
        let last_in_the_way = match in_the_way.checked_sub(self.sent_at.len()) {
            Some(waiting) => self.waiting.get(waiting)?.1.max(now),
            None => *self.sent_at.get(in_the_way)?,
        };
        Some(last_in_the_way.saturating_add(quota.span()))
    }

    fn forget_before(&mut self, then: Duration) {
        while self.sent_at.front().is_some_and(|&stamp| stamp < then) {
            self.sent_at.pop_front();
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

    fn limited(scope: Scope, sends: usize, window: u64) -> SlidingWindow {
        SlidingWindow::new(vec![Quota { scope, sends, window: ms(window) }])
    }

    fn five_a_second() -> SlidingWindow {
        limited(Scope::Account, 5, 1_000)
    }

    fn pair(digit: u8) -> Key {
        Key::Pair("12".into(), format!("+3460011122{digit}").parse().unwrap())
    }

    fn reservation(limiter: &mut SlidingWindow, now: u64) -> Reservation {
        limiter.reserve(Key::Account, ms(now))
    }

    /// When a waiting send may go, as of `now`.
    fn reviewed(limiter: &mut SlidingWindow, reservation: &mut Reservation, now: u64) -> Duration {
        limiter.review(reservation, ms(now));
        reservation.at
    }

    #[test]
    fn a_burst_goes_at_once_up_to_the_quota() {
        let mut limiter = five_a_second();
        let times: Vec<_> = (0..11).map(|_| reservation(&mut limiter, 0).at.as_millis()).collect();
        assert_eq!(times, [0, 0, 0, 0, 0, 1_010, 1_010, 1_010, 1_010, 1_010, 2_020]);
    }

    #[test]
    fn no_window_anywhere_holds_more_than_the_quota() {
        let mut limiter = five_a_second();
        let mut now = 0;
        let mut waiting = VecDeque::new();
        let mut sent_at = Vec::new();
        for step in 0..20_000_u64 {
            // Uneven arrivals: bursts, trickles and gaps.
            let pause = [0, 0, 3, 170, 0, 991, 40][usize::try_from(step % 7).unwrap()];
            now += pause;
            if step % 3 == 0 {
                waiting.push_back(reservation(&mut limiter, now));
            }
            // Waiting sends are woken late and in any order.
            let turned = usize::try_from(step).unwrap() % waiting.len().max(1);
            waiting.rotate_left(turned);
            waiting.retain_mut(|reservation| {
                let goes = reviewed(&mut limiter, reservation, now) <= ms(now);
                if goes {
                    limiter.go(reservation, ms(now));
                    sent_at.push(now);
                }
                !goes
            });
        }
        assert!(sent_at.len() > 6_000, "{}", sent_at.len());
        for pair in sent_at.windows(6) {
            assert!(pair[5] - pair[0] >= 1_000, "{pair:?}");
        }
    }

    #[test]
    fn a_released_reservation_is_free_for_the_next() {
        let mut limiter = five_a_second();
        for _ in 0..5 {
            reservation(&mut limiter, 0);
        }
        let waiting = reservation(&mut limiter, 0);
        assert_eq!(waiting.at, ms(1_010));
        limiter.release(&waiting);
        assert_eq!(reservation(&mut limiter, 1).at, ms(1_011));
    }

    #[test]
    fn a_pause_also_holds_waiting_sends() {
        let mut limiter = five_a_second();
        let mut first = reservation(&mut limiter, 0);
        assert_eq!(reviewed(&mut limiter, &mut first, 0), ms(0));
        limiter.pause(Key::Account, ms(7_000));
        assert_eq!(reviewed(&mut limiter, &mut first, 6_999), ms(7_000));
        limiter.pause(Key::Account, ms(500));
        assert_eq!(reservation(&mut limiter, 100).at, ms(7_000), "a shorter pause does not shorten a longer one");
    }

    #[test]
    fn one_contact_waits_without_holding_up_another() {
        let mut limiter = limited(Scope::Pair, 1, 6_000);
        assert_eq!(limiter.reserve(pair(1), ms(0)).at, ms(0));
        assert_eq!(limiter.reserve(pair(1), ms(0)).at, ms(6_060));
        assert_eq!(limiter.reserve(pair(2), ms(0)).at, ms(0));
    }

    #[test]
    fn a_send_that_goes_late_makes_the_next_one_wait_from_then() {
        let mut limiter = limited(Scope::Account, 1, 1_000);
        let first = reservation(&mut limiter, 0);
        let mut second = reservation(&mut limiter, 0);
        assert_eq!(second.at, ms(1_010));
        limiter.go(&first, ms(600));
        assert_eq!(reviewed(&mut limiter, &mut second, 1_010), ms(1_610));
    }

    #[test]
    fn a_send_that_waits_elsewhere_is_not_overtaken() {
        let mut limiter = limited(Scope::Pair, 1, 6_000);
        let first = limiter.reserve(pair(1), ms(0));
        let mut second = limiter.reserve(pair(1), ms(0));
        assert_eq!(
            reviewed(&mut limiter, &mut second, 10_000),
            ms(16_060),
            "the first goes at ten seconds at the earliest"
        );
        limiter.go(&first, ms(11_000));
        assert_eq!(reviewed(&mut limiter, &mut second, 16_060), ms(17_060));
    }

    #[test]
    fn stated_limits_replace_ours_with_the_providers_count() {
        let mut limiter = five_a_second();
        limiter.replace_account_quotas(&[(2, ms(300_000))], Some(1), ms(0));
        assert_eq!(reservation(&mut limiter, 0).at, ms(0));
        assert_eq!(reservation(&mut limiter, 0).at, ms(303_000));
        limiter.replace_account_quotas(&[(2, ms(300_000))], Some(1), ms(1));
        assert_eq!(reservation(&mut limiter, 1).at, ms(303_001), "the same limits again change nothing");
    }

    #[test]
    fn waiting_sends_do_not_use_up_the_account() {
        let mut limiter = five_a_second();
        let reservations: Vec<_> = (0..9).map(|_| reservation(&mut limiter, 0)).collect();
        for (n, reservation) in reservations.iter().take(5).enumerate() {
            assert_eq!(limiter.account_free_again(ms(0)), None, "{n} of five have sent_at");
            limiter.go(reservation, ms(0));
        }
        assert_eq!(limiter.account_free_again(ms(1_009)), Some(ms(1_010)));
        assert_eq!(limiter.account_free_again(ms(1_010)), None);
    }

    #[test]
    fn histories_of_long_ago_are_dropped() {
        let mut limiter = limited(Scope::Pair, 1, 6_000);
        let sender: Arc<str> = "12".into();
        for contact in 0..100_000_u64 {
            let to = format!("+3460{contact:07}").parse().unwrap();
            let reservation = limiter.reserve(Key::Pair(Arc::clone(&sender), to), ms(contact * 100));
            limiter.go(&reservation, ms(contact * 100));
        }
        assert!(limiter.histories.len() <= SWEEP * 2, "{}", limiter.histories.len());
    }

    #[test]
    fn a_sweep_drops_only_histories_that_no_longer_count() {
        let mut limiter = limited(Scope::Pair, 1, 6_000);
        let sender: Arc<str> = "12".into();
        let key = |contact: usize| Key::Pair(Arc::clone(&sender), format!("+3460{contact:07}").parse().unwrap());
        let now = 100_000;
        let went = |limiter: &mut SlidingWindow, contact: usize, at: u64| {
            let reservation = limiter.reserve(key(contact), ms(at));
            limiter.go(&reservation, ms(at));
        };
        // Long ago, at the very edge, and within the window with its hundredth.
        went(&mut limiter, 0, 1_000);
        went(&mut limiter, 1, now - 6_060);
        went(&mut limiter, 2, now - 6_059);
        // Paused until now, and beyond; and one that waits.
        limiter.pause(key(3), ms(now));
        limiter.pause(key(4), ms(now + 1));
        limiter.reserve(key(5), ms(1_000));
        for contact in 6..SWEEP {
            went(&mut limiter, contact, 1_000);
        }
        assert_eq!(limiter.histories.len(), SWEEP, "no sweep before there are many");
        went(&mut limiter, SWEEP, now);
        let mut kept: Vec<usize> =
            (0..=SWEEP).filter(|contact| limiter.histories.contains_key(&key(*contact))).collect();
        kept.sort_unstable();
        assert_eq!(kept, [2, 4, 5, SWEEP]);
    }

    #[test]
    fn the_same_limits_again_do_not_count_twice() {
        let mut limiter = five_a_second();
        limiter.replace_account_quotas(&[(5, ms(1_000))], Some(5), ms(0));
        assert_eq!(reservation(&mut limiter, 0).at, ms(0), "they are the ones in force, whose count is our own");
    }

    #[test]
    fn new_account_limits_leave_those_of_pairs() {
        let mut limiter = SlidingWindow::new(vec![
            Quota { scope: Scope::Pair, sends: 1, window: ms(6_000) },
            Quota { scope: Scope::Account, sends: 5, window: ms(1_000) },
        ]);
        limiter.replace_account_quotas(&[(2, ms(1_000))], None, ms(0));
        let first = limiter.reserve(pair(1), ms(0));
        limiter.go(&first, ms(0));
        assert_eq!(limiter.reserve(pair(1), ms(0)).at, ms(6_060));
    }

    #[test]
    fn a_send_outside_the_window_is_not_counted() {
        for (at, counted) in [(1_000, 1), (1_001, 0)] {
            let mut limiter = five_a_second();
            let went = reservation(&mut limiter, at);
            limiter.go(&went, ms(at));
            limiter.replace_account_quotas(&[(3, ms(1_000))], Some(2), ms(2_000));
            let fresh = limiter.histories[&Key::Account].sent_at.iter().filter(|stamp| **stamp == ms(2_000)).count();
            assert_eq!(fresh, 1 + counted, "{at}");
        }
    }

    #[test]
    fn sends_are_kept_only_while_they_count() {
        let mut limiter = five_a_second();
        for second in 0..1_000 {
            let went = reservation(&mut limiter, second * 1_000);
            limiter.go(&went, ms(second * 1_000));
        }
        assert!(
            limiter.histories[&Key::Account].sent_at.len() <= 3,
            "{}",
            limiter.histories[&Key::Account].sent_at.len()
        );
    }
}
