//! Trying again, only where it is proved to be safe.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::budget::Budget;
use crate::capability::Capability;
use crate::client::{Layer, Next};
use crate::decision::{Decision, Evidence, LEAST_TIME, Safety, Situation, Stop, decide};
use crate::error::{Error, Result};
use crate::lookup::{Conversation, ConversationFilter, Sender, TemplateInfo};
use crate::message::{Message, Receipt};
use crate::phone::PhoneNumber;
use crate::session::Session;
use crate::time::{Clock, SystemClock};

/// Makes a call again where [`decide`] allows it: a send whose connection could not be made, or that the provider refused
/// for going too fast; a lookup after any passing failure; and, where the provider dedupes by a documented key, a send whose
/// outcome is unknown, with the same body under the same key.
///
/// Without such a key an unknown outcome is never repeated, whatever the settings. A wait that the provider asked for is
/// never cut short; a longer one than [`LONGEST_WAIT`](crate::decision::LONGEST_WAIT) is returned to the caller, with
/// [`Error::retry_at`], instead of being slept through. Once an attempt may have been taken, the error says so, whatever
/// became of the attempts after it.
///
/// Clones share a [`Budget`]: give the clients of one account clones of one layer.
#[derive(Clone)]
pub struct Retry {
    attempts: u32,
    deadline: Option<Duration>,
    key_life: Duration,
    budget: Arc<Budget>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// How long a call may take in all, attempts and waits together.
const READ: Duration = Duration::from_secs(20);
const KEYED_SEND: Duration = Duration::from_secs(60);
const SEND: Duration = Duration::from_secs(75);

impl Retry {
    /// Up to `attempts` in all, at least one. The default is 4.
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..Self::default() }
    }

    /// No attempt starts when less than four seconds of `deadline` are left. The default is 20 s for lookups, 60 s for keyed
    /// sends and 75 s for the others.
    #[must_use]
    pub const fn within(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long the provider keeps an idempotency key; a key is relied upon for four fifths of it. The default is one hour,
    /// which is longer than any call lasts.
    #[must_use]
    pub const fn with_key_life(mut self, key_life: Duration) -> Self {
        self.key_life = key_life;
        self
    }

    /// Takes from `budget`, which others may take from, too.
    #[must_use]
    pub fn with_budget(mut self, budget: Arc<Budget>) -> Self {
        self.budget = budget;
        self
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

    /// Makes the call, and makes it again as long as that is safe. `failed` sees every error, the last one too.
    async fn again<T, F>(
        &self,
        safety: impl Fn(Duration) -> Safety + Send + Sync,
        call: impl Fn() -> F + Send + Sync,
        mut failed: impl FnMut(&Error) + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let begun = Beginning::now(&*self.clock);
        let mut attempt = 1;
        let mut in_doubt = false;
        loop {
            let error = match call().await {
                Ok(answer) => {
                    if attempt == 1 {
                        self.budget.earn();
                    }
                    return Ok(answer);
                }
                Err(error) => error,
            };
            failed(&error);
            let evidence = Evidence::of(&error, attempt > 1);
            in_doubt |= error.may_have_been_sent();
            let elapsed = begun.elapsed(&*self.clock);
            let safety = safety(elapsed);
            let situation = Situation {
                safety,
                evidence,
                asked: error.retry_after(),
                attempt,
                attempts: self.attempts,
                budget: self.budget.left(),
                left: self.deadline.unwrap_or_else(|| usual_deadline(safety)).saturating_sub(elapsed),
                jitter: (self.random)(),
            };
            let stop = match decide(&situation) {
                // Somebody else may have taken the last of it in between.
                Decision::Again { wait, cost } if self.budget.take(cost) => {
                    #[cfg(feature = "trace")]
                    tracing::debug!(?evidence, ?wait, "trying again");
                    self.clock.sleep(wait).await;
                    // It may have been a longer wait than was meant: machines sleep, too.
                    let deadline = self.deadline.unwrap_or_else(|| usual_deadline(safety));
                    if deadline.saturating_sub(begun.elapsed(&*self.clock)) < LEAST_TIME {
                        return Err(self.give_up(error, Stop::Deadline, in_doubt));
                    }
                    attempt = attempt.saturating_add(1);
                    continue;
                }
                Decision::Again { .. } => Stop::Budget,
                Decision::Stop(stop) => stop,
                Decision::Done => Stop::Evidence,
            };
            return Err(self.give_up(error, stop, in_doubt));
        }
    }

    fn give_up(&self, error: Error, stop: Stop, in_doubt: bool) -> Error {
        #[cfg(feature = "trace")]
        if stop != Stop::Evidence {
            tracing::warn!(reason = stop.as_str(), "not trying again");
        }
        let retry_at = error.retry_after().filter(|_| stop == Stop::LongWait);
        let retry_at = retry_at.and_then(|wait| self.clock.now().checked_add(wait)).or(error.retry_at());
        let error = error.with_stop(stop).with_retry_at(retry_at);
        if in_doubt { error.maybe_sent() } else { error }
    }
}

const fn usual_deadline(safety: Safety) -> Duration {
    match safety {
        Safety::Read => READ,
        Safety::Keyed => KEYED_SEND,
        Safety::Unkeyed => SEND,
    }
}

/// When a call began, on both clocks: the one that never goes back stands still while the machine sleeps, and the wall's may
/// be set. What is further along counts.
struct Beginning {
    uptime: Duration,
    wall: SystemTime,
}

impl Beginning {
    fn now(clock: &dyn Clock) -> Self {
        Self { uptime: clock.uptime(), wall: clock.now() }
    }

    fn elapsed(&self, clock: &dyn Clock) -> Duration {
        let wall = clock.now().duration_since(self.wall).unwrap_or_default();
        clock.uptime().saturating_sub(self.uptime).max(wall)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            deadline: None,
            key_life: Duration::from_secs(3_600),
            budget: Arc::default(),
            clock: Arc::new(SystemClock),
            random: Arc::new(machine_random),
        }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("deadline", &self.deadline)
            .field("key_life", &self.key_life)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

const fn read(_: Duration) -> Safety {
    Safety::Read
}

#[async_trait]
impl Layer for Retry {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let is_keyed = message.idempotency_key.is_some() && next.capabilities().contains(Capability::Idempotency);
        let safety = |age| if is_keyed { Safety::keyed(age, self.key_life) } else { Safety::Unkeyed };
        let mut requests: u32 = 0;
        let count = |error: &Error| requests = requests.saturating_add(error.attempts());
        match self.again(safety, || next.send(message), count).await {
            Ok(receipt) => {
                let all = receipt.attempts.saturating_add(requests);
                Ok(receipt.with_attempts(all))
            }
            Err(error) => Err(error.with_attempts(requests)),
        }
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        self.again(read, || next.session(contact), |_| {}).await
    }

    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        self.again(read, || next.senders(), |_| {}).await
    }

    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        self.again(read, || next.templates(), |_| {}).await
    }

    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        self.again(read, || next.conversations(filter), |_| {}).await
    }
}

/// A number from 0 to 1; 1, the longest wait, where the machine gives none.
fn machine_random() -> f64 {
    getrandom::u32().map_or(1.0, |bits| f64::from(bits) / f64::from(u32::MAX))
}
