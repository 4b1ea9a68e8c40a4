//! A clock on which waiting turns the provider's clock, too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use transom::time::Clock;

use super::control::Control;

/// Begins at 1970; each wait is over at once, and the frozen mock has moved on by as much.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    control: Control,
    passed: Arc<Mutex<Duration>>,
}

impl Shared {
    pub(super) fn of(control: Control) -> Self {
        Self { control, passed: Arc::default() }
    }

    /// How much was waited.
    pub(crate) fn passed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for Shared {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.passed()
    }

    async fn sleep(&self, duration: Duration) {
        // The control plane counts milliseconds; a wait is never cut short.
        let whole = Duration::from_millis(u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX));
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += whole;
        // A mock that cannot be turned refuses the send that was waited for, which the scenario sees.
        let _ = self.control.advance(&format!("{}ms", whole.as_millis())).await;
    }
}
