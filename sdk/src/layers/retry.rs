//! Trying again, only where it is proved to be safe.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::client::{Layer, Next};
use crate::error::{Error, ErrorKind, Result};
use crate::lookup::{Conversation, ConversationFilter, Sender, TemplateInfo};
use crate::message::{Message, Receipt};
use crate::phone::PhoneNumber;
use crate::session::Session;
use crate::time::{Clock, SystemClock};

/// Hands a message over again when the failure was a passing one and it is proved that nothing was sent: the connection
/// could not be made, or the provider said "too fast" and may be asked again. A lookup, which sends nothing, is made again
/// after any passing failure.
///
/// An unknown outcome is never repeated, whatever the settings. A wait that the provider asked for is never cut short; a
/// longer one than [`LONGEST_WAIT`] is returned to the caller instead of being slept through.
#[derive(Clone)]
pub struct Retry {
    attempts: u32,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// The longest wait that is waited out rather than returned.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Where the waits between attempts start; each may be up to twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// After a refusal for going too fast, the start is later.
const FIRST_WAIT_AFTER_THROTTLE: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

impl Retry {
    /// Up to `attempts` in all, at least one.
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..Self::default() }
    }

    /// Waits on `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Waits on `clock`, and takes the jitter from `random`, which gives numbers from 0 to 1.
    #[must_use]
    pub fn with_time(mut self, clock: Arc<dyn Clock>, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.clock = clock;
        self.random = Arc::new(random);
        self
    }

    /// How long to wait after `error`, the `attempt`th; `None` if it is not to be tried again.
    fn wait(&self, error: &Error, attempt: u32) -> Option<Duration> {
        if !error.is_safe_to_retry() || attempt >= self.attempts {
            return None;
        }
        let jitter = (self.random)().clamp(0.0, 1.0);
        let Some(asked) = error.retry_after() else {
            let first = if error.kind() == ErrorKind::RateLimited { FIRST_WAIT_AFTER_THROTTLE } else { FIRST_WAIT };
            // Full jitter: anything up to the ceiling, so that a fleet does not come back as one.
            let ceiling = first.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(LONGEST_BACKOFF);
            return Some(ceiling.mul_f64(jitter));
        };
        // Added, never subtracted: earlier than asked is another refusal.
        (asked <= LONGEST_WAIT).then(|| asked + (asked / 10).mul_f64(jitter))
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, clock: Arc::new(SystemClock), random: Arc::new(machine_random) }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

#[async_trait]
impl Layer for Retry {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let mut requests: u32 = 0;
        let answer =
            self.again(|| next.send(message), |error| requests = requests.saturating_add(error.attempts())).await;
        match answer {
            Ok(receipt) => {
                let all = receipt.attempts.saturating_add(requests);
                Ok(receipt.with_attempts(all))
            }
            Err(error) => Err(error.with_attempts(requests)),
        }
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        self.again(|| next.session(contact), |_| {}).await
    }

    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        self.again(|| next.senders(), |_| {}).await
    }

    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        self.again(|| next.templates(), |_| {}).await
    }

    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        self.again(|| next.conversations(filter), |_| {}).await
    }
}

impl Retry {
    /// Makes the call, and makes it again as long as that is safe. `failed` sees every error, the last one too.
    async fn again<T, F>(&self, call: impl Fn() -> F + Send + Sync, mut failed: impl FnMut(&Error) + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let mut attempt = 1;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failed(&error);
            let Some(wait) = self.wait(&error, attempt) else { return Err(error) };
            self.clock.sleep(wait).await;
            attempt += 1;
        }
    }
}

/// A number from 0 to 1; 1, the longest wait, where the machine gives none.
fn machine_random() -> f64 {
    getrandom::u32().map_or(1.0, |bits| f64::from(bits) / f64::from(u32::MAX))
}
