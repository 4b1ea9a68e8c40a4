//! Rate limiting: a send waits here instead of being rejected by the provider.

mod sliding_window;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::adapter::rate::{LONGEST_PAUSE, Rate, Scope};
use crate::error::rate_limit::RateLimitInfo;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::layer::{Layer, Next};
use crate::layers::retry::policy::MAX_RETRY_WAIT;
use crate::message::Message;
use crate::message::receipt::Receipt;
use crate::phone::PhoneNumber;
use crate::time::{Clock, SystemClock};

use sliding_window::{Key, Quota, Reservation, SlidingWindow};

/// Providers round the reset to whole seconds, so a difference under one second means the same instant.
const ROUNDING: Duration = Duration::from_secs(1);

/// Holds sends back so that no limit of the provider is exceeded: per account, per sender and per pair of sender and contact.
///
/// It starts with the limits that the adapter states, and learns from responses:
///
/// - a `RateLimit-Policy` replaces the account's limits;
/// - "none left" pauses the account until the provider's rate window starts anew, unless our own count explains it to the
///   second;
/// - a rejection for sending too fast pauses its scope for as long as it asks, for a week at most.
///
/// No window holds more sends than the quota, and sends go in the order of their calls.
///
/// A send that would have to wait for longer than 30 s is refused at once, as [`ErrorKind::RateLimited`] with
/// [`Error::retry_at`].
///
/// Clones share their counts. Give every client of an account a clone of one `RateLimit`, and each its
/// [sender](Self::with_sender).
///
/// Exact counting needs a timestamp for each send of the last rate window. A leaky bucket needs less, but lets twice
/// the quota into one window or delays the first messages of the day.
#[derive(Clone)]
pub struct RateLimit {
    limiter: Arc<Mutex<SlidingWindow>>,
    rates: Arc<[Rate]>,
    sender: Arc<str>,
    clock: Arc<dyn Clock>,
    max_wait: Duration,
}

impl RateLimit {
    /// A limiter for one account with the limits in `rates`; see [`Provider::rates`](crate::adapter::Provider::rates).
    pub fn new(rates: &[Rate]) -> Self {
        let quota_of = |rate: &Rate| Quota {
            scope: rate.scope,
            sends: usize::try_from(rate.quota.max(1)).unwrap_or(usize::MAX),
            window: rate.window,
        };
        Self {
            limiter: Arc::new(Mutex::new(SlidingWindow::new(rates.iter().map(quota_of).collect()))),
            rates: rates.into(),
            sender: "".into(),
            clock: Arc::new(SystemClock),
            max_wait: MAX_RETRY_WAIT,
        }
    }

    /// A limiter for one account with at most `quota` sends within any second.
    pub fn per_second(quota: u32) -> Self {
        Self::new(&[Rate::per_second(quota)])
    }

    /// The same limiter for a client with another sender: limits per sender and per pair are counted for each sender.
    #[must_use]
    pub fn with_sender(mut self, sender: impl Into<Arc<str>>) -> Self {
        self.sender = sender.into();
        self
    }

    /// Refuses a send that would have to wait for longer than `max_wait`. The default is 30 s.
    #[must_use]
    pub const fn with_max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Counts and waits on `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Waits until a send may go in every scope, and counts it.
    async fn turn(&self, to: &PhoneNumber) -> Result<()> {
        let keys =
            [Key::Pair(Arc::clone(&self.sender), to.clone()), Key::Sender(Arc::clone(&self.sender)), Key::Account];
        let mut turn = PendingSend { limit: self, reservations: Vec::with_capacity(keys.len()) };
        let mut waited = Duration::ZERO;
        while let Some((wait, scope)) = turn.step(&keys) {
            waited = waited.saturating_add(wait);
            if waited > self.max_wait {
                return Err(self.refused(wait));
            }
            #[cfg(feature = "tracing")]
            tracing::debug!(
                ?scope,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "waiting for a turn"
            );
            #[cfg(not(feature = "tracing"))]
            let _ = scope;
            self.clock.sleep(wait).await;
        }
        Ok(())
    }

    fn refused(&self, wait: Duration) -> Error {
        let message = format!("the limit leaves no room for another {} s", wait.as_secs().saturating_add(1));
        Error::new(ErrorKind::RateLimited, message)
            .with_retry_after(wait)
            .with_retry_at(self.clock.now().checked_add(wait))
    }

    /// Takes over the limits that a response states.
    fn learn(&self, limits: &RateLimitInfo) {
        let now = self.clock.monotonic();
        let usable = |policy: &crate::error::rate_limit::RateLimitPolicy| {
            let window = policy.window.filter(|window| !window.is_zero())?;
            (policy.quota > 0).then(|| (usize::try_from(policy.quota).unwrap_or(usize::MAX), window))
        };
        let stated: Vec<_> = limits.policies.iter().filter_map(usable).collect();
        let mut limiter = self.lock();
        if let Some(&(quota, _)) = stated.iter().min_by_key(|(quota, _)| *quota) {
            let left = limits.remaining.and_then(|left| usize::try_from(left).ok());
            limiter.replace_account_quotas(&stated, left.map(|left| quota.saturating_sub(left)), now);
        }
        if limits.remaining == Some(0) {
            let quota = limits.limit.and_then(|limit| usize::try_from(limit).ok());
            let reset = limits.retry_after.max(limits.reset);
            let wait = reset.or_else(|| limiter.account_window(quota)).unwrap_or_default();
            let until = now.saturating_add(wait.min(LONGEST_PAUSE));
            // Without a reset, a whole window from now is the longest possible wait, and our own count knows the real one.
            let is_explained = |free: Duration| reset.is_none() || until <= free.saturating_add(ROUNDING);
            if !limiter.account_free_again(now).is_some_and(is_explained) {
                limiter.pause(Key::Account, until);
            }
        }
    }

    /// Pauses the scope that a rejection for sending too fast is about.
    fn slow_down(&self, refusal: &Error, to: &PhoneNumber) {
        let about = Rate::about(&self.rates, refusal);
        let key = match Rate::scope_of(&self.rates, refusal) {
            Scope::Account => Key::Account,
            Scope::Sender => Key::Sender(Arc::clone(&self.sender)),
            Scope::Pair => Key::Pair(Arc::clone(&self.sender), to.clone()),
        };
        // Without a wait, or with a wait of zero, the pause is the window of the limit, or a second.
        let asked = refusal.retry_after().filter(|wait| !wait.is_zero());
        let wait = asked.or(about.map(|rate| rate.window)).unwrap_or(Duration::from_secs(1)).min(LONGEST_PAUSE);
        self.lock().pause(key, self.clock.monotonic().saturating_add(wait));
    }

    fn lock(&self) -> MutexGuard<'_, SlidingWindow> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("rates", &self.rates)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}

/// The reservations of one waiting send. Dropping it releases them.
struct PendingSend<'a> {
    limit: &'a RateLimit,
    /// One for each of the first keys. All but the last one were free when the last was made.
    reservations: Vec<Reservation>,
}

impl PendingSend<'_> {
    /// Records the send if every scope allows it now; else returns how long to wait, and for which scope.
    ///
    /// A scope is reserved only once those before it are free: otherwise a send that waits for its contact would hold up the
    /// account's queue. Each call checks all scopes again under one lock, since the first may have filled up or been paused
    /// while the send waited for the last.
    fn step(&mut self, keys: &[Key]) -> Option<(Duration, Scope)> {
        let now = self.limit.clock.monotonic();
        let mut limiter = self.limit.lock();
        for (at, key) in keys.iter().enumerate() {
            match self.reservations.get_mut(at) {
                Some(reservation) => limiter.review(reservation, now),
                None => self.reservations.push(limiter.reserve(key.clone(), now)),
            }
            let wait =
                self.reservations.get(at).map_or(Duration::ZERO, |reservation| reservation.at.saturating_sub(now));
            if !wait.is_zero() {
                for later in self.reservations.drain(at.saturating_add(1)..) {
                    limiter.release(&later);
                }
                return Some((wait, key.scope()));
            }
        }
        for reservation in self.reservations.drain(..) {
            limiter.go(&reservation, now);
        }
        None
    }
}

impl Drop for PendingSend<'_> {
    fn drop(&mut self) {
        if !self.reservations.is_empty() {
            let mut limiter = self.limit.lock();
            for reservation in &self.reservations {
                limiter.release(reservation);
            }
        }
    }
}

#[async_trait]
impl Layer for RateLimit {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.turn(&message.to).await?;
        let outcome = next.send(message).await;
        match &outcome {
            Ok(receipt) => self.learn(&receipt.limits),
            Err(error) => {
                self.learn(error.limits());
                if error.kind() == ErrorKind::RateLimited {
                    self.slow_down(error, &message.to);
                }
            }
        }
        outcome
    }
}
