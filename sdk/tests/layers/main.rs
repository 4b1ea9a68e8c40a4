//! The layers over a scripted messenger, on a clock that the test owns.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]
#![allow(clippy::unchecked_time_subtraction, reason = "the times of a test are its own")]

mod client;
mod failover;
mod limit;
#[cfg(feature = "tracing")]
mod logs;
#[cfg(feature = "opentelemetry")]
mod metrics;
mod passing_on;
mod repetition;
mod retry;
mod unresolved;
mod verdict;
mod window_guard;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use transom::adapter::{Rate, Scope};
use transom::failover::BreakerState;
use transom::layers::{Layer, Next, RetryBudget};
use transom::layers::{RateLimit, Retry, WindowGuard, WindowPolicy};
use transom::reconcile::{DeliveryReportLog, LOOKUP_SCHEDULE, PendingSend, Resolution};
use transom::session::{MemoryLedger, WINDOW_DURATION};
use transom::testing::Stub;
use transom::time::Clock;
use transom::webhook::{DeliveryFailure, DeliveryStatus, Event, StatusUpdate, WebhookEvents};
use transom::{
    Capabilities, Capability, Client, Content, Error, ErrorKind, Failover, Message, Messenger, PhoneNumber, Receipt,
    Result, Secret, SendOutcome, Sent, Session, Template, Window,
};

fn to() -> PhoneNumber {
    "+34600111222".parse().unwrap()
}

fn text() -> Message {
    Message::text(to(), "Hi")
}

fn with_fallback() -> Message {
    text().with_fallback(Template::new("follow_up")).with_reference("order-17")
}

fn failed(kind: ErrorKind) -> Error {
    Error::new(kind, "scripted")
}

const S: fn(u64) -> Duration = Duration::from_secs;

/// A clock that only waits move, and that writes down how long it was asked to wait.
#[derive(Debug, Default)]
struct TestClock {
    passed: Mutex<Duration>,
    waits: Mutex<Vec<Duration>>,
}

impl TestClock {
    fn advance(&self, by: Duration) {
        *self.passed.lock().unwrap() += by;
    }

    fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + S(1_000_000) + *self.passed.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.lock().unwrap().push(duration);
        self.advance(duration);
    }
}

fn guarded(stub: &Stub, policy: WindowPolicy) -> Client {
    Client::new(stub.clone()).layer(WindowGuard::new(policy))
}

fn template_names(stub: &Stub) -> Vec<Option<String>> {
    let name = |message: Message| match message.content {
        Content::Template(template) => Some(template.name),
        _ => None,
    };
    stub.sent().into_iter().map(name).collect()
}
