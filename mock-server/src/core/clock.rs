//! Virtual time.

use std::time::{Duration, SystemTime};

/// A clock that runs with real time from wherever it was put, or stands still.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    shown: SystemTime,
    /// The real time at which `shown` was right; none when the clock is frozen.
    running_since: Option<SystemTime>,
}

/// A [`Clock`] as it can be kept and put up again at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It stands at this time.
    Frozen(SystemTime),
    /// It runs, so much ahead of real time.
    Ahead(Duration),
    /// It runs, so much behind real time.
    Behind(Duration),
}

impl Clock {
    /// A running clock that shows real time.
    pub(crate) fn new(real_now: SystemTime) -> Self {
        Self { shown: real_now.clamp(earliest(), latest()), running_since: Some(real_now) }
    }

    pub(crate) fn now(&self, real_now: SystemTime) -> SystemTime {
        let elapsed = self.running_since.and_then(|since| real_now.duration_since(since).ok()).unwrap_or_default();
        self.shown.checked_add(elapsed).unwrap_or_else(latest).min(latest())
    }

    /// The setting of the clock: a fixed time, or its distance from real time.
    pub(crate) fn reading(&self) -> Reading {
        match self.running_since {
            None => Reading::Frozen(self.shown),
            Some(since) => match self.shown.duration_since(since) {
                Ok(ahead) => Reading::Ahead(ahead),
                Err(behind) => Reading::Behind(behind.duration()),
            },
        }
    }

    /// The clock of a reading; `None` if it would show a time before 1970 or after 9000.
    pub(crate) fn of(reading: Reading) -> Option<Self> {
        let shifted = |by: Duration| earliest().checked_add(by).filter(|time| *time <= latest());
        match reading {
            Reading::Frozen(shown) => {
                (earliest()..=latest()).contains(&shown).then_some(Self { shown, running_since: None })
            }
            Reading::Ahead(by) => Some(Self { shown: shifted(by)?, running_since: Some(earliest()) }),
            Reading::Behind(by) => Some(Self { shown: earliest(), running_since: Some(shifted(by)?) }),
        }
    }

    pub(crate) fn frozen(&self) -> bool {
        self.running_since.is_none()
    }

    /// Moves the clock to a time between 1970 and 9000; false, and nothing happens, beyond that.
    #[must_use]
    pub(crate) fn set(&mut self, real_now: SystemTime, time: SystemTime) -> bool {
        if !(earliest()..=latest()).contains(&time) {
            return false;
        }
        self.shown = time;
        self.running_since = self.running_since.map(|_| real_now);
        true
    }

    /// Moves the clock ahead; false, and nothing happens, beyond the year 9000.
    #[must_use]
    pub(crate) fn advance(&mut self, real_now: SystemTime, by: Duration) -> bool {
        self.now(real_now).checked_add(by).is_some_and(|time| self.set(real_now, time))
    }

    pub(crate) fn freeze(&mut self, real_now: SystemTime, frozen: bool) {
        self.shown = self.now(real_now);
        self.running_since = (!frozen).then_some(real_now);
    }
}

fn earliest() -> SystemTime {
    SystemTime::UNIX_EPOCH
}

/// The year 9000: later than any test, and earlier than where HTTP dates and RFC 3339 end.
fn latest() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(221_845_392_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn a_running_clock_follows_real_time_after_an_advance() {
        let mut clock = Clock::new(real(0));
        assert_eq!(clock.now(real(5)), real(5));
        assert!(clock.advance(real(5), Duration::from_secs(90_000)));
        assert_eq!(clock.now(real(6)), real(90_006));
    }

    #[test]
    fn a_frozen_clock_stands_until_it_is_moved_or_thawed() {
        let mut clock = Clock::new(real(0));
        clock.freeze(real(1), true);
        assert_eq!(clock.now(real(100)), real(1));
        assert!(clock.advance(real(100), Duration::from_secs(10)));
        assert_eq!(clock.now(real(200)), real(11));
        assert!(clock.frozen());
        clock.freeze(real(200), false);
        assert_eq!(clock.now(real(201)), real(12));
    }

    #[test]
    fn a_set_clock_runs_on_from_there_even_if_real_time_steps_back() {
        let mut clock = Clock::new(real(0));
        assert!(clock.set(real(50), real(7)));
        assert_eq!(clock.now(real(51)), real(8));
        assert_eq!(clock.now(real(0)), real(7));
    }

    #[test]
    fn restored_clock_shows_the_same_time_later() {
        let mut clock = Clock::new(real(0));
        for moved in [real(90_000), real(7), real(0) - Duration::from_secs(1_000_000)] {
            assert!(clock.set(real(50), moved));
            let again = Clock::of(clock.reading()).unwrap();
            assert_eq!(again.now(real(60)), clock.now(real(60)));
            assert_eq!(again.reading(), clock.reading());
        }
        clock.freeze(real(70), true);
        let again = Clock::of(clock.reading()).unwrap();
        assert_eq!((again.now(real(500)), again.frozen()), (clock.now(real(70)), true));
    }

    #[test]
    fn a_reading_beyond_what_dates_can_print_is_no_clock() {
        assert!(Clock::of(Reading::Ahead(Duration::MAX)).is_none());
        assert!(Clock::of(Reading::Frozen(SystemTime::UNIX_EPOCH - Duration::from_secs(1))).is_none());
    }

    #[test]
    fn no_clock_leaves_the_years_that_dates_can_print() {
        let mut clock = Clock::new(real(0));
        assert!(!clock.advance(real(0), Duration::MAX));
        assert!(!clock.set(real(0), SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
        assert_eq!(clock.now(real(1)), real(1));
    }
}
