//! OpenTelemetry metrics of a client's calls.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::error::{Error, Result};
use crate::layers::layer::{Layer, Next};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::phone::PhoneNumber;
use crate::session::Session;
use crate::time::{Clock, SystemClock};

/// Counts sends and their outcomes. Attach it first, so that it sees the same results as the caller.
///
/// | instrument | unit | attributes | counts |
/// |---|---|---|---|
/// | `transom.send.duration` | s | `provider`, `content`, `kind` | each send as a whole, waits and repetitions included |
/// | `transom.request.duration` | s | `provider`, `operation`, `kind` | each call of the adapter; see [`requests`](Self::requests) |
/// | `transom.send.unknown` | | `provider` | sends of unknown outcome |
/// | `transom.window.refusals` | | `provider` | sends that met a closed session window, with or without a fallback template afterwards |
/// | `transom.template.fallbacks` | | `provider` | templates that went in place of a free-form message |
/// | `transom.wait.duration` | s | | each wait; see [`clock`](Self::clock) |
///
/// `kind` is `ok`, the error's kind, or `cancelled` where the caller stopped waiting;
/// [`Client::on_outcome`](crate::Client::on_outcome) then gets the message's outcome. No attribute names a contact.
///
/// ```
/// use std::sync::Arc;
/// use transom::{Client, layers::{Metrics, Retry, WindowGuard}, testing::Stub, time::SystemClock};
///
/// let metrics = Metrics::new(&opentelemetry::global::meter("shop"));
/// let client = Client::new(Stub::accepting())
///     .layer(metrics.clone())
///     .layer(WindowGuard::default())
///     .layer(Retry::default().with_clock(metrics.clock(Arc::new(SystemClock))))
///     .layer(metrics.requests());
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    instruments: Arc<Instruments>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Instruments {
    sends: Histogram<f64>,
    requests: Histogram<f64>,
    waits: Histogram<f64>,
    unknown: Counter<u64>,
    window_refusals: Counter<u64>,
    fallbacks: Counter<u64>,
}

impl Metrics {
    /// Metrics under this meter. The application chooses the exporter.
    pub fn new(meter: &Meter) -> Self {
        let seconds = |name, what| meter.f64_histogram(name).with_unit("s").with_description(what).build();
        let count = |name, what| meter.u64_counter(name).with_description(what).build();
        let instruments = Instruments {
            sends: seconds("transom.send.duration", "Sends as a whole"),
            requests: seconds("transom.request.duration", "Calls of the provider's adapter"),
            waits: seconds("transom.wait.duration", "Waits for a turn or before another attempt"),
            unknown: count("transom.send.unknown", "Sends of unknown outcome"),
            window_refusals: count("transom.window.refusals", "Sends that met a closed window"),
            fallbacks: count("transom.template.fallbacks", "Templates that went in place of a free-form message"),
        };
        Self { instruments: Arc::new(instruments), clock: Arc::new(SystemClock) }
    }

    /// Measures with `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The layer to attach last, which measures each call of the adapter.
    pub fn requests(&self) -> RequestMetrics {
        RequestMetrics(self.clone())
    }

    /// `clock`, with its waits measured: for the layers that wait.
    pub fn clock(&self, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        Arc::new(MeasuredClock { clock, instruments: Arc::clone(&self.instruments) })
    }

    async fn request<T>(
        &self,
        operation: &'static str,
        provider: &'static str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let mut watch = self.watch(&self.instruments.requests, provider, KeyValue::new("operation", operation));
        let answer = call.await;
        watch.kind = kind(answer.as_ref().err());
        answer
    }

    fn watch<'a>(&'a self, histogram: &'a Histogram<f64>, provider: &'static str, what: KeyValue) -> Stopwatch<'a> {
        Stopwatch { clock: &*self.clock, begun: self.clock.monotonic(), histogram, provider, what, kind: "cancelled" }
    }
}

/// Records how long a call took when it ends, also when its caller stopped waiting.
struct Stopwatch<'a> {
    clock: &'a dyn Clock,
    begun: Duration,
    histogram: &'a Histogram<f64>,
    provider: &'static str,
    what: KeyValue,
    kind: &'static str,
}

impl Drop for Stopwatch<'_> {
    fn drop(&mut self) {
        let elapsed = self.clock.monotonic().saturating_sub(self.begun).as_secs_f64();
        let [provider, kind] = [KeyValue::new("provider", self.provider), KeyValue::new("kind", self.kind)];
        self.histogram.record(elapsed, &[provider, self.what.clone(), kind]);
    }
}

fn kind(error: Option<&Error>) -> &'static str {
    error.map_or("ok", |error| error.kind().as_str())
}

#[async_trait]
impl Layer for Metrics {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let Instruments { sends, unknown, window_refusals, fallbacks, .. } = &*self.instruments;
        let content = KeyValue::new("content", message.content.capability().as_str());
        let mut watch = self.watch(sends, next.provider(), content);
        let answer = next.send(message).await;
        // Behind a failover, the provider is known only now.
        watch.provider = match &answer {
            Ok(receipt) => receipt.provider,
            Err(error) => error.provider().unwrap_or(next.provider()),
        };
        watch.kind = kind(answer.as_ref().err());
        let about = [KeyValue::new("provider", watch.provider)];
        let (is_unknown, is_fallback, met_closed_window) = match &answer {
            Ok(receipt) => (false, receipt.template_fallback, receipt.window_refused),
            Err(error) => {
                let is_unknown = error.may_have_been_sent();
                (is_unknown, false, error.window_refused() || error.is_window_closed() && !is_unknown)
            }
        };
        for (counter, counts) in [(unknown, is_unknown), (fallbacks, is_fallback), (window_refusals, met_closed_window)]
        {
            if counts {
                counter.add(1, &about);
            }
        }
        answer
    }
}

/// Measures each call of the adapter. See [`Metrics::requests`].
#[derive(Clone, Debug)]
pub struct RequestMetrics(Metrics);

#[async_trait]
impl Layer for RequestMetrics {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.0.request("send", next.provider(), next.send(message)).await
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        self.0.request("session", next.provider(), next.session(contact)).await
    }

    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        self.0.request("senders", next.provider(), next.senders()).await
    }

    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        self.0.request("templates", next.provider(), next.templates()).await
    }

    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        self.0.request("conversations", next.provider(), next.conversations(filter)).await
    }

    async fn acknowledge(
        &self,
        message_id: &MessageId,
        acknowledgement: Acknowledgement,
        next: Next<'_>,
    ) -> Result<()> {
        let operation = acknowledgement.capability().as_str();
        self.0.request(operation, next.provider(), next.acknowledge(message_id, acknowledgement)).await
    }

    async fn identify(&self, next: Next<'_>) -> Result<Option<Identity>> {
        self.0.request("identify", next.provider(), next.identify()).await
    }
}

#[derive(Debug)]
struct MeasuredClock {
    clock: Arc<dyn Clock>,
    instruments: Arc<Instruments>,
}

#[async_trait]
impl Clock for MeasuredClock {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.instruments.waits.record(duration.as_secs_f64(), &[]);
        self.clock.sleep(duration).await;
    }

    async fn timeout(&self, duration: Duration) {
        self.clock.timeout(duration).await;
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}
