//! Pacing: a send waits its turn here rather than being refused there.

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

/// Providers give the reset in whole seconds: what is later than our own count by less is the same instant.
const ROUNDING: Duration = Duration::from_secs(1);

/// Holds sends back so that no limit of the provider is exceeded: per account, per sender and per pair of sender and person.
///
/// It starts with the limits that the adapter states, and learns: a `RateLimitInfo-Policy` in an answer replaces the account's
/// limits, an answer that says "none left" pauses the account until the provider's window starts anew, unless our own count
/// explains it to the second, and a refusal for going too fast pauses what it was about for as long as it asks, for a week at
/// the most. Within any window at most the quota goes; sends go in the order in which they came.
///
/// A send that would have to wait for longer than 30 s is refused at once, as [`ErrorKind::RateLimited`] with
/// [`Error::retry_at`], and nothing was sent.
///
/// Clones share their counts. Give every client of an account a clone of one `RateLimit`, and each its
/// [sender](Self::with_sender).
///
/// Counting exactly takes a timestamp for each send of the last window. A leaky bucket needs less, but either lets twice the
/// quota into one window or makes the first few messages of the day wait.
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

    /// A limiter for one account that lets `quota` sends go within any second.
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

    /// The same limiter, for a client that sends from another number than the others: limits per sender and per pair are
    /// counted for each.
    #[must_use]
    pub fn with_sender(mut self, sender: impl Into<Arc<str>>) -> Self {
        self.sender = sender.into();
        self
    }

    /// Refuses a send that would have to wait for longer than `patience`. The default is 30 s.
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

    /// What an answer says of the limits.
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
            // Without a reset a window from now is the most that it can be, and our own count knows when it is.
            let is_explained = |free: Duration| reset.is_none() || until <= free.saturating_add(ROUNDING);
            if !pacer.account_free_again(now).is_some_and(is_explained) {
                pacer.pause(Key::Account, until);
            }
        }
    }

    /// What a refusal for going too fast says.
    fn slow_down(&self, refusal: &Error, to: &PhoneNumber) {
        let about = Rate::about(&self.rates, refusal);
        let key = match about.map_or(Scope::Account, |rate| rate.scope) {
            Scope::Account => Key::Account,
            Scope::Sender => Key::Sender(Arc::clone(&self.sender)),
            Scope::Pair => Key::Pair(Arc::clone(&self.sender), to.clone()),
        };
        // One that asks for nothing, or for no time, is given the window of the limit, or a second.
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

/// The places of one send that waits. Given back if its caller stops waiting.
struct Turn<'a> {
    limit: &'a RateLimit,
    /// One for each of the first keys, those before the last of them being free when it was taken.
    places: Vec<Place>,
}

impl Turn<'_> {
    /// Goes, if the send may go now in every scope; else says how long to wait, and for which.
    ///
    /// A place is taken only once those before it are free, since one in the account's queue that waits for a person is one
    /// that nobody else has. All are looked at again each time, under one lock: while the last was waited for, the first may
    /// have been taken or paused.
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
