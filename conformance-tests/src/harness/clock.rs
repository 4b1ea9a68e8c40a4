//! A clock on which waiting advances the provider's clock, too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use transom::time::Clock;
use transom_mock_server::Control;

/// Begins at 1970. Each wait ends at once and advances the frozen mock by as much.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    control: Control,
    passed: Arc<Mutex<Duration>>,
}

impl Shared {
    pub(super) fn of(control: Control) -> Self {
        Self { control, passed: Arc::default() }
    }

    /// The time that was waited.
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
        // The control plane counts milliseconds; a wait is rounded up.
        let whole = Duration::from_millis(u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX));
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += whole;
        // If the mock cannot be advanced, it rejects the next send, which the scenario notices.
        let _ = self.control.advance(&format!("{}ms", whole.as_millis())).await;
    }
}
