//! What the metrics count, as an exporter gets it.

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use transom::layers::Metrics;

use super::*;

/// Metrics on a clock that the test owns, and where they are exported to.
struct Exported {
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
    clock: Arc<TestClock>,
    metrics: Metrics,
}

impl Exported {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let clock = Arc::new(TestClock::default());
        let metrics = Metrics::new(&provider.meter("test")).with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        Self { exporter, provider, clock, metrics }
    }
}

/// Each exported number as `name attribute=value… count sum`.
fn exported(provider: &SdkMeterProvider, exporter: &InMemoryMetricExporter) -> Vec<String> {
    provider.force_flush().unwrap();
    let mut lines = Vec::new();
    let mut line = |name: &str, attributes: Vec<(String, String)>, numbers: String| {
        let mut attributes: Vec<_> = attributes.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        attributes.sort();
        lines.push([name.to_owned()].into_iter().chain(attributes).chain([numbers]).collect::<Vec<_>>().join(" "));
    };
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(opentelemetry_sdk::metrics::data::ScopeMetrics::metrics) {
            let pairs = |key: &opentelemetry::KeyValue| (key.key.to_string(), key.value.to_string());
            match metric.data() {
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    for point in histogram.data_points() {
                        let numbers = format!("{} {}", point.count(), point.sum());
                        line(metric.name(), point.attributes().map(pairs).collect(), numbers);
                    }
                }
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    for point in sum.data_points() {
                        line(metric.name(), point.attributes().map(pairs).collect(), point.value().to_string());
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    lines.sort();
    lines
}

#[tokio::test]
async fn outcomes_waits_and_requests_are_counted_and_nobody_is_named() {
    let Exported { exporter, provider, clock, metrics } = Exported::new();
    let stub = Stub::script([
        Err(failed(ErrorKind::RateLimited).with_retry_after(S(2))),
        Ok("m1".into()),
        Err(failed(ErrorKind::SessionExpired)),
        Ok("m2".into()),
        Err(failed(ErrorKind::ProviderUnavailable).maybe_sent()),
        Err(failed(ErrorKind::NoActiveSession)),
        Err(failed(ErrorKind::RecipientInvalid)),
        Err(failed(ErrorKind::SessionExpired)),
        Err(failed(ErrorKind::TemplateRejected)),
    ]);
    let retry = Retry::default().with_time(metrics.clock(clock), || 0.0);
    let client =
        Client::new(stub).layer(metrics.clone()).layer(WindowGuard::default()).layer(retry).layer(metrics.requests());
    for message in [text(), with_fallback(), text(), text(), text(), with_fallback()] {
        let _ = client.send(&message).await;
    }

    assert_eq!(
        exported(&provider, &exporter),
        [
            "transom.request.duration kind=no_active_session operation=send provider=stub 1 0",
            "transom.request.duration kind=ok operation=send provider=stub 2 0",
            "transom.request.duration kind=provider_unavailable operation=send provider=stub 1 0",
            "transom.request.duration kind=rate_limited operation=send provider=stub 1 0",
            "transom.request.duration kind=recipient_invalid operation=send provider=stub 1 0",
            "transom.request.duration kind=session_expired operation=send provider=stub 2 0",
            "transom.request.duration kind=template_rejected operation=send provider=stub 1 0",
            "transom.send.duration content=text kind=no_active_session provider=stub 1 0",
            "transom.send.duration content=text kind=ok provider=stub 2 2",
            "transom.send.duration content=text kind=provider_unavailable provider=stub 1 0",
            "transom.send.duration content=text kind=recipient_invalid provider=stub 1 0",
            "transom.send.duration content=text kind=template_rejected provider=stub 1 0",
            "transom.send.unknown provider=stub 1",
            "transom.template.fallbacks provider=stub 1",
            "transom.wait.duration 1 2",
            "transom.window.refusals provider=stub 3",
        ]
    );
}

#[tokio::test]
async fn a_measured_clock_tells_the_same_time() {
    let provider = SdkMeterProvider::builder().build();
    let clock = Arc::new(TestClock::default());
    clock.advance(S(77));
    let measured = Metrics::new(&provider.meter("test")).clock(Arc::clone(&clock) as Arc<dyn Clock>);
    assert_eq!((measured.now(), measured.monotonic()), (clock.now(), clock.monotonic()));
}

/// Nothing ends by itself.
#[derive(Debug)]
struct Endless;

#[async_trait]
impl Layer for Endless {
    async fn send(&self, _: &Message, _: Next<'_>) -> Result<Receipt> {
        std::future::pending().await
    }

    async fn session(&self, _: &PhoneNumber, _: Next<'_>) -> Result<Session> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn abandoned_send_is_counted_as_cancelled() {
    let Exported { exporter, provider, clock, metrics } = Exported::new();
    let client = Client::new(Stub::accepting()).layer(metrics.clone()).layer(metrics.requests()).layer(Endless);
    let message = text();
    tokio::select! {
        biased;
        _ = client.send(&message) => unreachable!(),
        () = async { clock.advance(S(3)) } => (),
    }

    assert_eq!(
        exported(&provider, &exporter),
        [
            "transom.request.duration kind=cancelled operation=send provider=stub 1 3",
            "transom.send.duration content=text kind=cancelled provider=stub 1 3",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_measured_keeps_the_deadline_of_a_lookup() {
    let metrics = Metrics::new(&SdkMeterProvider::builder().build().meter("test"));
    let retry = Retry::default().with_clock(metrics.clock(Arc::new(transom::time::SystemClock)));
    let client = Client::new(Stub::accepting().with_window(Window::Never)).layer(retry).layer(Endless);
    let begun = tokio::time::Instant::now();
    assert!(client.session(&to()).await.is_err());
    assert_eq!(begun.elapsed(), S(20));
}
