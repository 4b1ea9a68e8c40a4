//! Repeats a call, only where that is proved to be safe.

pub(crate) mod budget;
pub mod policy;

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

pub use budget::RetryBudget;

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::capability::Capability;
use crate::error::{Error, ErrorKind, Phase, Result, RetryStop};
use crate::layers::layer::{Layer, Next};
use crate::layers::retry::policy::{
    AttemptOutcome, Decision, MIN_ATTEMPT_TIME, RetryInput, retry_decision, send_under_key,
};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::phone::PhoneNumber;
use crate::session::Session;
use crate::time::{Clock, SystemClock};
use crate::transport::Operation;

/// Repeats a call where that is safe:
///
/// - a send whose connection could not be made, or that the provider rejected for sending too fast;
/// - a lookup after any passing failure;
/// - a send of unknown outcome, with the same body under the same key, where the provider recognises a documented idempotency
///   key.
///
/// Without such a key an unknown outcome is never repeated, whatever the settings. A wait that the provider asked for is
/// never cut short; one longer than 30 s is returned to the caller, with [`Error::retry_at`]. Once an attempt may have been
/// accepted, the error says so, however later attempts ended.
///
/// The call as a whole has a deadline. It bounds when an attempt may start, and it cuts a lookup. It does not cut a send,
/// since cutting a send makes its outcome unknown. The last attempt of a send may end after it, by up to the channel's
/// `timeout`.
///
/// Clones share a [`RetryBudget`]: give the clients of one account clones of one layer.
#[derive(Clone)]
pub struct Retry {
    attempts: u32,
    deadline: Option<Duration>,
    key_life: Duration,
    budget: Arc<RetryBudget>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// The deadline of a call, attempts and waits together: a lookup ends by then, a send starts no attempt after it.
const READ: Duration = Duration::from_secs(20);
const IDEMPOTENT_SEND: Duration = Duration::from_secs(60);
const SEND: Duration = Duration::from_secs(75);

impl Retry {
    /// Up to `attempts` in all, at least one. The default is 4.
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..Self::default() }
    }

    /// No attempt starts when less than four seconds of `deadline` are left, and a lookup that is under way by then is given up
    /// at the deadline. An attempt to send is never given up: it may last for as long as the channel's `timeout` lets it. The
    /// default is 20 s for lookups, 60 s for keyed sends and 75 s for the others.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
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
    pub fn with_budget(mut self, budget: Arc<RetryBudget>) -> Self {
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

    /// Makes the call, and repeats it as long as that is safe. `failed` sees every error, the last one too.
    async fn again<T, F>(
        &self,
        operation: impl Fn(Duration) -> Operation + Send + Sync,
        call: impl Fn() -> F + Send + Sync,
        mut failed: impl FnMut(&Error) + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let begun = Beginning::now(&*self.clock);
        let mut attempt = 1;
        loop {
            let answer = match operation(Duration::ZERO) {
                Operation::Read => self.in_time(&begun, call()).await,
                Operation::IdempotentSend | Operation::Send => call().await,
            };
            let error = match answer {
                Ok(answer) => {
                    if attempt == 1 {
                        self.budget.deposit();
                    }
                    return Ok(answer);
                }
                Err(error) => error,
            };
            failed(&error);
            let elapsed = begun.elapsed(&*self.clock);
            let operation = operation(elapsed);
            let outcome = AttemptOutcome::of(&error, operation);
            let input = RetryInput {
                operation,
                outcome,
                asked: error.retry_after(),
                attempt,
                attempts: self.attempts,
                budget: self.budget.left(),
                left: self.deadline_of(operation).saturating_sub(elapsed),
                jitter: (self.random)(),
            };
            // Counted from the refusal, whatever is waited after it.
            let retry_at = self.clock.now().checked_add(error.retry_after().unwrap_or_default());
            let stop = match retry_decision(&input) {
                // Another task may have spent the remaining budget since the check.
                Decision::Again { wait, cost } if self.budget.try_withdraw(cost) => {
                    #[cfg(feature = "tracing")]
                    tracing::debug!(?outcome, ?wait, "trying again");
                    self.clock.sleep(wait).await;
                    // The wait may have been longer than planned: machines sleep, too.
                    if self.deadline_of(operation).saturating_sub(begun.elapsed(&*self.clock)) < MIN_ATTEMPT_TIME {
                        return Err(give_up(error, RetryStop::Deadline, retry_at));
                    }
                    attempt = attempt.saturating_add(1);
                    continue;
                }
                Decision::Again { .. } => RetryStop::Budget,
                Decision::Stop(stop) => stop,
                Decision::Done => RetryStop::Outcome,
            };
            return Err(give_up(error, stop, retry_at));
        }
    }

    /// Makes `call` and drops it at the deadline of a lookup.
    async fn in_time<T>(&self, begun: &Beginning, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let left = self.deadline_of(Operation::Read).saturating_sub(begun.elapsed(&*self.clock));
        let mut call = pin!(call);
        let mut end = pin!(self.clock.timeout(left));
        poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending => end.as_mut().poll(context).map(|()| {
                let error = Error::new(ErrorKind::ProviderUnavailable, "no response before the deadline");
                Err(error.with_phase(Phase::NoResponse))
            }),
        })
        .await
    }

    fn deadline_of(&self, operation: Operation) -> Duration {
        self.deadline.unwrap_or_else(|| usual_deadline(operation))
    }
}

/// The error as it is returned. `retry_at` is when the wait that it asks for is over. The client adds whether an earlier
/// attempt left the outcome unknown.
fn give_up(error: Error, stop: RetryStop, retry_at: Option<SystemTime>) -> Error {
    #[cfg(feature = "tracing")]
    if stop != RetryStop::Outcome {
        tracing::warn!(reason = stop.as_str(), "not trying again");
    }
    let asks_to_wait = error.retry_after().is_some_and(|wait| !wait.is_zero()) && stop != RetryStop::Outcome;
    let retry_at = error.retry_at().or(retry_at.filter(|_| asks_to_wait));
    error.with_stop(stop).with_retry_at(retry_at)
}

const fn usual_deadline(operation: Operation) -> Duration {
    match operation {
        Operation::Read => READ,
        Operation::IdempotentSend => IDEMPOTENT_SEND,
        Operation::Send => SEND,
    }
}

/// When a call began, on both clocks: the monotonic one stands still while the machine sleeps, and the wall clock may be set.
/// The longer time counts.
struct Beginning {
    uptime: Duration,
    wall: SystemTime,
}

impl Beginning {
    fn now(clock: &dyn Clock) -> Self {
        Self { uptime: clock.monotonic(), wall: clock.now() }
    }

    fn elapsed(&self, clock: &dyn Clock) -> Duration {
        let wall = clock.now().duration_since(self.wall).unwrap_or_default();
        clock.monotonic().saturating_sub(self.uptime).max(wall)
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

const fn read(_: Duration) -> Operation {
    Operation::Read
}

#[async_trait]
impl Layer for Retry {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let is_keyed = message.idempotency_key.is_some() && next.capabilities().contains(Capability::Idempotency);
        let operation = |age| if is_keyed { send_under_key(age, self.key_life) } else { Operation::Send };
        let mut requests: u32 = 0;
        // The failures on the channels of a failover below, in each attempt.
        let mut earlier = Vec::new();
        let remember = |error: &Error| {
            requests = requests.saturating_add(error.attempts());
            earlier.extend_from_slice(error.earlier());
        };
        match self.again(operation, || next.send(message), remember).await {
            Ok(mut receipt) => {
                earlier.append(&mut receipt.earlier);
                receipt.earlier = earlier;
                let all = receipt.attempts.saturating_add(requests);
                Ok(receipt.with_attempts(all))
            }
            Err(error) => Err(error.with_attempts(requests).with_earlier(earlier)),
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

    async fn acknowledge(
        &self,
        message_id: &MessageId,
        acknowledgement: Acknowledgement,
        next: Next<'_>,
    ) -> Result<()> {
        self.again(read, || next.acknowledge(message_id, acknowledgement), |_| {}).await
    }

    async fn identify(&self, next: Next<'_>) -> Result<Option<Identity>> {
        self.again(read, || next.identify(), |_| {}).await
    }
}

/// A number from 0 to 1; 1, the longest wait, where the machine gives none.
fn machine_random() -> f64 {
    getrandom::u32().map_or(1.0, |bits| f64::from(bits) / f64::from(u32::MAX))
}
