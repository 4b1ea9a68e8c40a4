//! The rate limit layer: a send waits here instead of being rejected by the provider.

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

use sliding_window::{Key, Pacer, Place, Rule};

/// Providers round the reset to whole seconds, so a difference under one second means the same instant.
const ROUNDING: Duration = Duration::from_secs(1);

/// Delays sends so that no limit of the provider is exceeded: per account, per sender, and per pair of sender and
/// contact.
///
/// It starts with the adapter's limits and learns from answers. A `RateLimit-Policy` replaces the account's limits.
/// "None left" pauses the account until the provider's rate window resets, unless our own count explains it to the
/// second. A throttle pauses its scope for as long as it asks, at most a week. Within any rate window at most the quota
/// is sent, in order of arrival.
///
/// A send that would wait for more than 30 s is refused at once with [`ErrorKind::RateLimited`] and
/// [`Error::retry_at`]. Nothing was sent then.
///
/// Clones share their counts. Give every client of an account a clone of one `RateLimit`, and each its
/// [sender](Self::with_sender).
///
/// Exact counting needs a timestamp for each send of the last rate window. A leaky bucket needs less, but lets twice
/// the quota into one window or delays the first messages of the day.
#[derive(Clone)]
pub struct RateLimit {
    pacer: Arc<Mutex<Pacer>>,
    rates: Arc<[Rate]>,
    sender: Arc<str>,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl RateLimit {
    /// A limiter for one account with the limits in `rates`; see [`Provider::rates`](crate::adapter::Provider::rates).
    pub fn new(rates: &[Rate]) -> Self {
        let rule = |rate: &Rate| Rule {
            scope: rate.scope,
            quota: usize::try_from(rate.quota.max(1)).unwrap_or(usize::MAX),
            window: rate.window,
        };
        Self {
            pacer: Arc::new(Mutex::new(Pacer::new(rates.iter().map(rule).collect()))),
            rates: rates.into(),
            sender: "".into(),
            clock: Arc::new(SystemClock),
            patience: MAX_RETRY_WAIT,
        }
    }

    /// A limiter for one account with at most `quota` sends within any second.
    pub fn per_second(quota: u32) -> Self {
        Self::new(&[Rate {
            scope: Scope::Account,
            quota,
            window: Duration::from_secs(1),
            codes: &[],
            source: "the application",
            certainty: crate::adapter::Certainty::Inferred,
        }])
    }

    /// The same limiter for a client with another sender: limits per sender and per pair are counted for each sender.
    #[must_use]
    pub fn with_sender(mut self, sender: impl Into<Arc<str>>) -> Self {
        self.sender = sender.into();
        self
    }

    /// Refuses a send that would wait for longer than this. The default is 30 s.
    #[must_use]
    pub const fn with_max_wait(mut self, patience: Duration) -> Self {
        self.patience = patience;
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
        let mut turn = Turn { limit: self, places: Vec::with_capacity(keys.len()) };
        let mut waited = Duration::ZERO;
        while let Some((wait, scope)) = turn.step(&keys) {
            waited = waited.saturating_add(wait);
            if waited > self.patience {
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

    /// Learns the limits in an answer.
    fn learn(&self, limits: &RateLimitInfo) {
        let now = self.clock.monotonic();
        let usable = |policy: &crate::error::rate_limit::RateLimitPolicy| {
            let window = policy.window.filter(|window| !window.is_zero())?;
            (policy.quota > 0).then(|| (usize::try_from(policy.quota).unwrap_or(usize::MAX), window))
        };
        let stated: Vec<_> = limits.policies.iter().filter_map(usable).collect();
        let mut pacer = self.lock();
        if let Some(&(quota, _)) = stated.iter().min_by_key(|(quota, _)| *quota) {
            let left = limits.remaining.and_then(|left| usize::try_from(left).ok());
            pacer.replace_account_rules(&stated, left.map(|left| quota.saturating_sub(left)), now);
        }
        if limits.remaining == Some(0) {
            let quota = limits.limit.and_then(|limit| usize::try_from(limit).ok());
            let reset = limits.retry_after.max(limits.reset);
            let wait = reset.or_else(|| pacer.account_window(quota)).unwrap_or_default();
            let until = now.saturating_add(wait.min(LONGEST_PAUSE));
            // Without a reset, the end is at most one rate window away, and our own count knows it.
            let is_explained = |free: Duration| reset.is_none() || until <= free.saturating_add(ROUNDING);
            if !pacer.account_free_again(now).is_some_and(is_explained) {
                pacer.pause(Key::Account, until);
            }
        }
    }

    /// Applies a throttle.
    fn slow_down(&self, refusal: &Error, to: &PhoneNumber) {
        let about = Rate::about(&self.rates, refusal);
        let key = match about.map_or(Scope::Account, |rate| rate.scope) {
            Scope::Account => Key::Account,
            Scope::Sender => Key::Sender(Arc::clone(&self.sender)),
            Scope::Pair => Key::Pair(Arc::clone(&self.sender), to.clone()),
        };
        // A throttle without a wait pauses for the rate window of the limit, or for a second.
        let asked = refusal.retry_after().filter(|wait| !wait.is_zero());
        let wait = asked.or(about.map(|rate| rate.window)).unwrap_or(Duration::from_secs(1)).min(LONGEST_PAUSE);
        self.lock().pause(key, self.clock.monotonic().saturating_add(wait));
    }

    fn lock(&self) -> MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("rates", &self.rates)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// The reservations of a waiting send. Dropping it releases them.
struct Turn<'a> {
    limit: &'a RateLimit,
    /// Reservations of the first keys. Each was made when those before it were free.
    places: Vec<Place>,
}

impl Turn<'_> {
    /// Sends if every scope allows it now. Otherwise returns the wait and its scope.
    ///
    /// A reservation is made only once the earlier scopes are free: a send that waits for its contact must not block
    /// the account's queue. All scopes are checked again under one lock, because another task may have used or paused
    /// them during the wait.
    fn step(&mut self, keys: &[Key]) -> Option<(Duration, Scope)> {
        let now = self.limit.clock.monotonic();
        let mut pacer = self.limit.lock();
        for (at, key) in keys.iter().enumerate() {
            match self.places.get_mut(at) {
                Some(place) => pacer.review(place, now),
                None => self.places.push(pacer.reserve(key.clone(), now)),
            }
            let wait = self.places.get(at).map_or(Duration::ZERO, |place| place.at.saturating_sub(now));
            if !wait.is_zero() {
                for later in self.places.drain(at.saturating_add(1)..) {
                    pacer.release(&later);
                }
                return Some((wait, key.scope()));
            }
        }
        for place in self.places.drain(..) {
            pacer.go(&place, now);
        }
        None
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.places.is_empty() {
            let mut pacer = self.limit.lock();
            for place in &self.places {
                pacer.release(place);
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
