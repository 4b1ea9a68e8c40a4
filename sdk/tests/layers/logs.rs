//! Log lines name channel, reference and message id, and show neither a number nor a credential.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event as LogEvent, Level, Metadata, Subscriber};
use transom::layers::Tracing;

use super::verdict::{Endless, Gated, begin_and_give_up};
use super::*;

/// The fields of a span or an event. The text of an event is the field `message`.
#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// These fields, as `name=value` with blanks between them.
    fn only(&self, names: &[&str]) -> String {
        let pairs: Vec<String> = names.iter().map(|name| format!("{name}={}", self.get(name))).collect();
        pairs.join(" ")
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

struct Line {
    level: Level,
    fields: Fields,
    /// The index of the span that it stands in.
    span: Option<usize>,
}

/// Keeps the spans and events of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    spans: Vec<Fields>,
    lines: Vec<Line>,
    entered: Vec<usize>,
}

fn index(id: &Id) -> usize {
    usize::try_from(id.into_u64() - 1).unwrap()
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut kept = self.0.lock().unwrap();
        kept.spans.push(fields);
        Id::from_u64(kept.spans.len() as u64)
    }
    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut self.0.lock().unwrap().spans[index(id)]);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &LogEvent<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut kept = self.0.lock().unwrap();
        let here = kept.entered.last().copied().filter(|_| event.is_contextual());
        kept.lines.push(Line { level: *event.metadata().level(), fields, span: event.parent().map(index).or(here) });
    }
    fn enter(&self, id: &Id) {
        self.0.lock().unwrap().entered.push(index(id));
    }
    fn exit(&self, _: &Id) {
        self.0.lock().unwrap().entered.pop();
    }
}

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    /// The lines with these fields each, those at level debug left out.
    fn lines(&self, names: &[&str]) -> Vec<String> {
        let kept = self.0.lock().unwrap();
        let shown = kept.lines.iter().filter(|line| line.level <= Level::INFO);
        shown
            .map(|line| format!("{} {}: {}", line.level, line.fields.get("message"), line.fields.only(names)))
            .collect()
    }

    /// The span of the line with this text.
    fn span_of(&self, text: &str) -> Fields {
        let kept = self.0.lock().unwrap();
        let line = kept.lines.iter().find(|line| line.fields.get("message") == text).unwrap();
        kept.spans[line.span.unwrap()].clone()
    }

    /// Everything that was logged.
    fn all(&self) -> String {
        let kept = self.0.lock().unwrap();
        let fields = kept.spans.iter().chain(kept.lines.iter().map(|line| &line.fields));
        fields.fold(String::new(), |mut all, fields| {
            writeln!(all, "{fields:?}").unwrap();
            all
        })
    }
}

fn client(channel: &str, base: impl Messenger) -> Client {
    Client::builder(base).channel(channel).layer(Tracing::default()).build()
}

const NAMES: &[&str] = &["channel", "reference", "message_id"];

#[tokio::test]
async fn outcome_names_channel_reference_and_message_id() {
    for (answer, line, details) in [
        (Ok("m1".to_owned()), "INFO message accepted: channel=india reference=order-17 message_id=m1", " attempts=1"),
        (
            Err(failed(ErrorKind::RecipientInvalid).with_code("131026").with_status(http::StatusCode::BAD_REQUEST)),
            "WARN message not sent: channel=india reference=order-17 message_id=",
            "recipient_invalid no 131026 400 attempts=1",
        ),
        (
            Err(failed(ErrorKind::ProviderUnavailable).maybe_sent()),
            "WARN outcome of the message unknown: channel=india reference=order-17 message_id=",
            "provider_unavailable maybe attempts=1",
        ),
    ] {
        let (log, _guard) = Log::start();
        let outcome = client("india", Stub::script([answer])).send(&text().with_reference("order-17")).await;
        assert_eq!(log.lines(NAMES), [line], "{outcome:?}");
        let span = log.span_of(line.split_once(": ").unwrap().0.split_once(' ').unwrap().1);
        assert_eq!(span.only(NAMES), line.split_once(": ").unwrap().1, "{outcome:?}");
        let all = log.lines(&["kind", "sent", "code", "status", "attempts"]);
        for detail in details.split_whitespace() {
            assert!(all[0].contains(detail), "{detail} in {all:?}");
        }
    }
}

#[tokio::test]
async fn retried_send_has_one_outcome_and_its_lines_one_span() {
    let (log, _guard) = Log::start();
    let stub = Stub::script([Err(failed(ErrorKind::RateLimited).with_retry_after(S(2))), Ok("m1".to_owned())]);
    let retry = Retry::default().with_clock(Arc::new(TestClock::default()));
    client("india", stub).layer(retry).send(&text().with_reference("r")).await.unwrap();
    assert_eq!(log.lines(&["message_id", "attempts"]), ["INFO message accepted: message_id=m1 attempts=2"]);
    assert_eq!(log.span_of("trying again").only(&["channel", "reference"]), "channel=india reference=r");
}

#[tokio::test]
async fn outcome_without_a_caller_comes_when_the_attempt_ends() {
    let (log, _guard) = Log::start();
    let gated = Gated::new(&Stub::accepting());
    begin_and_give_up(&client("india", gated.clone()), &text().with_reference("order-17"));
    assert_eq!(log.lines(NAMES), [""; 0]);
    gated.gate.notify_one();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.lines(NAMES), ["INFO message accepted: channel=india reference=order-17 message_id=stub-1"]);
    let span = log.span_of("message accepted");
    assert_eq!(span.only(&["message_id", "outcome"]), "message_id=stub-1 outcome=cancelled");
}

#[tokio::test]
async fn caller_that_left_before_an_attempt_is_logged() {
    let (log, _guard) = Log::start();
    let limit = RateLimit::per_second(1).with_clock(Arc::new(Endless));
    let client = client("india", Stub::accepting()).layer(limit);
    client.send(&text()).await.unwrap();
    begin_and_give_up(&client, &text());
    assert_eq!(log.lines(&["channel"])[1..], ["WARN message not sent: its caller stopped waiting: channel=india"]);
}

#[tokio::test]
async fn numbers_and_credentials_are_redacted_in_names() {
    let secret = Secret::new("kQ7zPwXLm9Qt");
    for answer in [
        Ok("wa-34600111222-kQ7zPwXLm9Qt".to_owned()),
        Err(failed(ErrorKind::InvalidRequest).with_code("E-34600111222")),
        Err(failed(ErrorKind::InvalidRequest).with_code("kQ7zPwXLm9Qt").maybe_sent()),
    ] {
        for secrets in [vec![secret.clone()], Vec::new()] {
            let (log, _guard) = Log::start();
            let is_redacting = !secrets.is_empty();
            let builder = Client::builder(Stub::script([answer.clone()])).channel("india").redact(secrets);
            let client = builder.layer(Tracing::default()).build();
            let reference = "for +34 600 111 222 by kQ7zPwXLm9Qt";
            let _ = client.send(&text().with_reference(reference)).await;
            let all = log.all();
            let digits: String = all.chars().filter(char::is_ascii_digit).collect();
            assert!(all.contains("•••1222") && !digits.contains("600111222"), "{all}");
            assert!(!is_redacting || !all.contains("kQ7zPwXLm9Qt"), "{all}");
        }
    }
}

#[tokio::test]
async fn failover_logs_each_pause_and_each_return_of_a_channel() {
    let (log, _guard) = Log::start();
    let clock = Arc::new(TestClock::default());
    let of_failover: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let down = || Err(failed(ErrorKind::Unauthenticated).with_code("401"));
    let first = Stub::script([down(), down(), Ok("m3".to_owned())]);
    let failover = Failover::new("first", client("first", first))
        .with_channel("second", client("second", Stub::accepting()))
        .with_clock(of_failover);
    let any = client("any", failover);
    let message = Message::template(to(), Template::new("visit_reminder")).with_reference("order-17");
    for after in [0, 60, 120] {
        clock.advance(S(after));
        any.send(&message).await.unwrap();
    }
    let lines = log.lines(&["channel", "until", "pause_s", "why", "kind", "code"]);
    let changes: Vec<&String> = lines.iter().filter(|line| line.starts_with("INFO channel")).collect();
    assert_eq!(
        changes,
        [
            "INFO channel paused: channel=first until=1970-01-12T13:47:40Z pause_s=60 why=an account problem kind=unauthenticated code=401",
            "INFO channel paused: channel=first until=1970-01-12T13:49:40Z pause_s=120 why=an account problem kind=unauthenticated code=401",
            "INFO channel used again: channel=first until= pause_s= why= kind= code=",
        ]
    );
    assert_eq!(log.span_of("channel paused").only(&["channel", "reference"]), "channel=any reference=order-17");
    let outcomes = log.lines(&["channel", "member", "message_id"]);
    let accepted: Vec<&String> = outcomes.iter().filter(|line| line.ends_with("message_id=m3")).collect();
    assert_eq!(
        accepted,
        [
            "INFO message accepted: channel=first member= message_id=m3",
            "INFO message accepted: channel=any member=first message_id=m3",
        ]
    );
}

#[tokio::test]
async fn failover_logs_the_wait_of_a_rate_limit() {
    let (log, _guard) = Log::start();
    let limited = failed(ErrorKind::RateLimited).with_code("429").with_retry_after(S(300));
    let failover = Failover::new("first", Client::new(Stub::script([Err(limited)])))
        .with_channel("second", Client::new(Stub::accepting()))
        .with_clock(Arc::new(TestClock::default()));
    failover.send(&Message::template(to(), Template::new("visit_reminder"))).await.unwrap();
    let expected = "INFO channel paused: channel=first until=1970-01-12T13:51:40Z why=a rate limit code=429";
    assert_eq!(log.lines(&["channel", "until", "why", "code"])[0], expected);
}
