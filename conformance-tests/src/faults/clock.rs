//! A clock on which waits end at once and are recorded.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use transom::time::Clock;

/// The error of a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ClockMode {
    #[default]
    Right,
    /// Off by so many seconds.
    Skewed(i64),
    /// Jumps back by a day in every wait.
    JumpsBack,
    /// The machine sleeps for eight hours in every wait.
    Sleeps,
}

const DAY: Duration = Duration::from_secs(86_400);
const NIGHT: Duration = Duration::from_secs(8 * 3_600);

/// The machine's clock with the error of the case, advanced by every wait.
#[derive(Debug)]
pub(crate) struct RecordingClock {
    clock_mode: ClockMode,
    begun: Instant,
    past: Mutex<Vec<Duration>>,
}

impl RecordingClock {
    pub(crate) fn new(clock_mode: ClockMode) -> Self {
        Self { clock_mode, begun: Instant::now(), past: Mutex::default() }
    }

    /// Every wait so far.
    pub(crate) fn so_far(&self) -> Vec<Duration> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Clock for RecordingClock {
    fn now(&self) -> SystemTime {
        let waits = self.so_far();
        let now = SystemTime::now() + waits.iter().sum::<Duration>();
        let count = u32::try_from(waits.len()).unwrap_or(u32::MAX);
        match self.clock_mode {
            ClockMode::Right => now,
            ClockMode::Skewed(seconds) if seconds < 0 => now - Duration::from_secs(seconds.unsigned_abs()),
            ClockMode::Skewed(seconds) => now + Duration::from_secs(seconds.unsigned_abs()),
            ClockMode::JumpsBack => now - DAY * count,
            ClockMode::Sleeps => now + NIGHT * count,
        }
    }

    fn monotonic(&self) -> Duration {
        self.begun.elapsed() + self.so_far().iter().sum::<Duration>()
    }

    async fn sleep(&self, duration: Duration) {
        self.past.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
        tokio::task::yield_now().await;
    }
}
