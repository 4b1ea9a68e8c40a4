//! What became of a message is told once, also when its caller has gone.

use std::future::pending;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::*;

type Told = Arc<Mutex<Vec<String>>>;

/// A client over `base` that writes down each verdict.
fn listening(base: impl Messenger) -> (Client, Told) {
    let told = Told::default();
    let sink = Arc::clone(&told);
    let client = Client::new(base).on_outcome(move |message, verdict| {
        let text = match verdict {
            SendOutcome::Accepted(receipt) => format!("taken {}", receipt.message_id),
            SendOutcome::Rejected(Some(error)) => format!("not sent {} {}", error.kind(), error.attempts()),
            SendOutcome::Rejected(None) => "given up".to_owned(),
            SendOutcome::Unknown(error) => format!("unknown {}", error.kind()),
        };
        sink.lock().unwrap().push(format!("{}: {text}", message.reference.as_deref().unwrap_or("-")));
    });
    (client, told)
}

fn told(told: &Told) -> Vec<String> {
    told.lock().unwrap().clone()
}

/// Holds every send at a gate until it is opened.
#[derive(Clone, Debug)]
pub(super) struct Gated {
    stub: Stub,
    pub(super) gate: Arc<Notify>,
}

impl Gated {
    pub(super) fn new(stub: &Stub) -> Self {
        Self { stub: stub.clone(), gate: Arc::default() }
    }
}

#[async_trait]
impl Messenger for Gated {
    fn provider(&self) -> &'static str {
        self.stub.provider()
    }
    fn capabilities(&self) -> Capabilities {
        self.stub.capabilities()
    }
    async fn send(&self, message: &Message) -> Result<Receipt> {
        self.gate.notified().await;
        self.stub.send(message).await
    }
    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        self.stub.session(contact).await
    }
    async fn senders(&self) -> Result<Vec<transom::account::Sender>> {
        self.stub.senders().await
    }
    async fn templates(&self) -> Result<Vec<transom::account::TemplateInfo>> {
        self.stub.templates().await
    }
    async fn conversations(
        &self,
        filter: &transom::account::ConversationFilter,
    ) -> Result<Vec<transom::account::Conversation>> {
        self.stub.conversations(filter).await
    }
    fn webhook(
        &self,
        request: &http::Request<bytes::Bytes>,
        at: std::time::SystemTime,
    ) -> Result<transom::webhook::WebhookEvents> {
        self.stub.webhook(request, at)
    }
}

/// A clock whose waits never end.
#[derive(Debug)]
pub(super) struct Endless;

#[async_trait]
impl Clock for Endless {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
    async fn sleep(&self, _: Duration) {
        pending::<()>().await;
    }
}

/// What was told once everything that can go on has gone on.
async fn told_in_the_end(verdicts: &Told) -> Vec<String> {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    told(verdicts)
}

/// Polls the send of `message` once and drops it.
pub(super) fn begin_and_give_up(client: &Client, message: &Message) {
    let mut send = Box::pin(client.send(message));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(send.as_mut().poll(&mut context), Poll::Pending));
}

#[tokio::test]
async fn each_send_has_one_verdict() {
    let (client, verdicts) = listening(Stub::script([Ok("m1".into()), Err(failed(ErrorKind::RecipientInvalid)), {
        Err(failed(ErrorKind::ProviderUnavailable).maybe_sent())
    }]));
    for reference in ["a", "b", "c"] {
        let _ = client.send(&text().with_reference(reference)).await;
    }
    let _ = client.send(&Message::text(to(), "").with_reference("d")).await;
    assert_eq!(
        told(&verdicts),
        [
            "a: taken m1",
            "b: not sent recipient_invalid 1",
            "c: unknown provider_unavailable",
            "d: not sent invalid_request 0"
        ]
    );
}

#[tokio::test]
async fn an_attempt_whose_caller_has_gone_is_finished_and_told() {
    let stub = Stub::accepting();
    let gated = Gated::new(&stub);
    let gate = Arc::clone(&gated.gate);
    let (client, verdicts) = listening(gated);
    begin_and_give_up(&client, &text().with_reference("a"));
    assert!(told(&verdicts).is_empty(), "it is on its way");
    gate.notify_one();
    while told(&verdicts).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(told(&verdicts), ["a: taken stub-1"]);
    assert_eq!(stub.sent().len(), 1);
}

#[tokio::test]
async fn a_send_that_nobody_began_has_sent_nothing() {
    let stub = Stub::accepting();
    let (client, verdicts) = listening(Gated::new(&stub));
    drop(client.send(&text()));
    tokio::task::yield_now().await;
    assert!(told(&verdicts).is_empty() && stub.sent().is_empty());
}

#[tokio::test]
async fn caller_leaving_during_a_wait_stops_the_next_attempt() {
    let stub = Stub::script([Err(failed(ErrorKind::ProviderUnavailable)), Ok("m2".into())]);
    let (client, verdicts) = listening(stub.clone());
    begin_and_give_up(&client.layer(Retry::default().with_clock(Arc::new(Endless))), &text().with_reference("a"));
    tokio::task::yield_now().await;
    assert_eq!(told(&verdicts), ["a: not sent provider_unavailable 1"]);
    assert_eq!(stub.sent().len(), 1);
}

#[tokio::test]
async fn a_caller_who_goes_while_waiting_for_a_turn_has_sent_nothing() {
    let stub = Stub::accepting();
    let (client, verdicts) = listening(stub.clone());
    let client = client.layer(RateLimit::per_second(1).with_clock(Arc::new(Endless)));
    client.send(&text().with_reference("a")).await.unwrap();
    begin_and_give_up(&client, &text().with_reference("b"));
    assert_eq!(told(&verdicts), ["a: taken stub-1", "b: given up"]);
    assert_eq!(stub.sent().len(), 1);
}

#[test]
fn without_a_runtime_to_finish_it_the_outcome_is_unknown() {
    let (client, verdicts) = listening(Gated::new(&Stub::accepting()));
    begin_and_give_up(&client, &text().with_reference("a"));
    assert_eq!(told(&verdicts), ["a: unknown provider_unavailable"]);
}

#[tokio::test]
async fn a_late_verdict_holds_no_full_number_either() {
    let echo = Error::new(ErrorKind::RecipientInvalid, "34600111222 is not on WhatsApp");
    let gated = Gated::new(&Stub::script([Err(echo)]));
    let gate = Arc::clone(&gated.gate);
    let seen = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&seen);
    let client = Client::new(gated).on_outcome(move |_, verdict| *sink.lock().unwrap() = format!("{verdict:?}"));
    begin_and_give_up(&client, &text());
    gate.notify_one();
    while seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let seen = seen.lock().unwrap().clone();
    assert!(seen.contains("•••1222") && !seen.contains("34600111222"), "{seen}");
}

/// A stub that dedupes by a key.
fn keyed(answers: impl IntoIterator<Item = Result<String>>) -> Stub {
    Stub::script(answers).with_capabilities(Capabilities::new(&[Capability::Text, Capability::Idempotency]))
}

#[tokio::test(start_paused = true)]
async fn caller_leaving_after_lost_and_rejected_attempts_is_unknown() {
    let stub = keyed([
        Err(failed(ErrorKind::ProviderUnavailable).maybe_sent()),
        Err(failed(ErrorKind::RateLimited).with_retry_after(S(10))),
    ]);
    let (client, verdicts) = listening(stub.clone());
    let client = client.layer(Retry::default());
    let given_up = tokio::time::timeout(S(5), client.send(&text().with_reference("a"))).await;
    assert!(given_up.is_err(), "it waits for the provider's leave");
    assert_eq!(stub.sent().len(), 2);
    assert_eq!(told(&verdicts), ["a: unknown provider_unavailable"]);
}

#[tokio::test]
async fn caller_leaving_during_attempt_after_lost_one_is_unknown() {
    let lost = Err(failed(ErrorKind::ProviderUnavailable).maybe_sent());
    let gated = Gated::new(&keyed([lost, Err(failed(ErrorKind::RateLimited))]));
    let gate = Arc::clone(&gated.gate);
    let (client, verdicts) = listening(gated);
    gate.notify_one();
    // The clock of the test passes every wait at once, so the send stops at the gate of its second attempt.
    let client = client.layer(Retry::default().with_clock(Arc::new(TestClock::default())));
    begin_and_give_up(&client, &text().with_reference("a"));
    gate.notify_one();
    assert_eq!(told_in_the_end(&verdicts).await, ["a: unknown provider_unavailable"]);
}

/// A layer of an application's own, which goes on working after the send.
#[derive(Debug)]
struct Bookkeeping {
    fails: bool,
}

#[async_trait]
impl Layer for Bookkeeping {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let receipt = next.send(message).await?;
        if self.fails {
            return Err(failed(ErrorKind::Config));
        }
        pending::<()>().await;
        Ok(receipt)
    }
}

#[tokio::test]
async fn caller_leaving_after_acceptance_is_accepted() {
    let (client, verdicts) = listening(Stub::accepting());
    begin_and_give_up(&client.layer(Bookkeeping { fails: false }), &text().with_reference("a"));
    assert_eq!(told(&verdicts), ["a: taken stub-1"]);
}

#[tokio::test]
async fn layer_failure_after_acceptance_stays_accepted() {
    let (client, verdicts) = listening(Stub::accepting());
    let client = client.layer(Bookkeeping { fails: true });
    let error = client.send(&text().with_reference("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::Maybe));
    assert_eq!(told(&verdicts), ["a: taken stub-1"]);
}

#[tokio::test]
async fn a_layer_that_abandons_an_attempt_does_not_make_it_unsent() {
    #[derive(Debug)]
    struct Impatient;

    #[async_trait]
    impl Layer for Impatient {
        async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
            let mut send = Box::pin(next.send(message));
            std::future::poll_fn(|context| {
                assert!(send.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            Err(failed(ErrorKind::ProviderUnavailable))
        }
    }

    let gated = Gated::new(&Stub::accepting());
    let gate = Arc::clone(&gated.gate);
    let (client, verdicts) = listening(gated);
    let error = client.layer(Impatient).send(&text().with_reference("a")).await.unwrap_err();
    assert_eq!((error.sent(), told(&verdicts).len()), (Sent::Maybe, 0), "it is on its way");
    gate.notify_one();
    assert_eq!(told_in_the_end(&verdicts).await, ["a: taken stub-1"]);
}

/// Panics in the send, before or after the gate.
#[derive(Debug)]
struct Panicking {
    gated: Gated,
    waits: bool,
}

#[async_trait]
impl Messenger for Panicking {
    fn provider(&self) -> &'static str {
        self.gated.provider()
    }
    fn capabilities(&self) -> Capabilities {
        self.gated.capabilities()
    }
    async fn send(&self, _: &Message) -> Result<Receipt> {
        if self.waits {
            self.gated.gate.notified().await;
        }
        panic!("an adapter's mistake")
    }
    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        self.gated.session(contact).await
    }
    async fn senders(&self) -> Result<Vec<transom::account::Sender>> {
        self.gated.senders().await
    }
    async fn templates(&self) -> Result<Vec<transom::account::TemplateInfo>> {
        self.gated.templates().await
    }
    async fn conversations(
        &self,
        filter: &transom::account::ConversationFilter,
    ) -> Result<Vec<transom::account::Conversation>> {
        self.gated.conversations(filter).await
    }
    fn webhook(
        &self,
        request: &http::Request<bytes::Bytes>,
        at: std::time::SystemTime,
    ) -> Result<transom::webhook::WebhookEvents> {
        self.gated.webhook(request, at)
    }
}

#[tokio::test]
async fn an_adapter_that_panics_leaves_the_outcome_unknown() {
    let (client, verdicts) = listening(Panicking { gated: Gated::new(&Stub::accepting()), waits: false });
    let task = tokio::spawn(async move { client.send(&text().with_reference("a")).await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(told(&verdicts), ["a: unknown provider_unavailable"]);
}

#[tokio::test]
async fn adapter_panic_without_caller_is_unknown() {
    let gated = Gated::new(&Stub::accepting());
    let gate = Arc::clone(&gated.gate);
    let (client, verdicts) = listening(Panicking { gated, waits: true });
    begin_and_give_up(&client, &text().with_reference("a"));
    gate.notify_one();
    assert_eq!(told_in_the_end(&verdicts).await, ["a: unknown provider_unavailable"]);
}

#[test]
fn a_runtime_that_ends_in_the_middle_leaves_the_outcome_unknown() {
    for caller_stays in [true, false] {
        let (client, verdicts) = listening(Gated::new(&Stub::accepting()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            if caller_stays {
                tokio::spawn(async move { client.send(&text().with_reference("a")).await });
            } else {
                begin_and_give_up(&client, &text().with_reference("a"));
            }
            tokio::task::yield_now().await;
            assert!(told(&verdicts).is_empty());
        });
        drop(runtime);
        assert_eq!(told(&verdicts), ["a: unknown provider_unavailable"], "{caller_stays}");
    }
}

/// Two channels: the first is at its gate, the second would take anything.
fn failing_over(first: Client, second: &Stub) -> (Client, Told) {
    listening(Arc::new(Failover::new("first", first).with_channel("second", Client::new(second.clone()))))
}

#[tokio::test]
async fn failover_without_caller_finishes_attempt_only() {
    let gated = Gated::new(&Stub::script([Err(failed(ErrorKind::ProviderUnavailable))]));
    let (gate, second) = (Arc::clone(&gated.gate), Stub::accepting());
    let (client, verdicts) = failing_over(Client::new(gated), &second);
    // A template may go by any channel.
    begin_and_give_up(&client, &Message::template(to(), Template::new("visit")).with_reference("a"));
    tokio::task::yield_now().await;
    assert!(told(&verdicts).is_empty(), "it is on its way");
    gate.notify_one();
    assert_eq!(told_in_the_end(&verdicts).await, ["a: not sent provider_unavailable 1"]);
    assert_eq!(second.sent().len(), 0);
}

#[tokio::test]
async fn failover_acceptance_without_caller_is_reported() {
    let gated = Gated::new(&Stub::accepting());
    let gate = Arc::clone(&gated.gate);
    let (client, verdicts) = failing_over(Client::new(gated), &Stub::accepting());
    begin_and_give_up(&client, &text().with_reference("a"));
    gate.notify_one();
    assert_eq!(told_in_the_end(&verdicts).await, ["a: taken stub-1"]);
}

#[tokio::test]
async fn failover_caller_leaving_stops_a_waiting_channel() {
    let stub = Stub::script([Err(failed(ErrorKind::ProviderUnavailable)), Ok("m2".into())]);
    let patient = Client::new(stub.clone()).layer(Retry::default().with_clock(Arc::new(Endless)));
    let (client, verdicts) = failing_over(patient, &Stub::accepting());
    begin_and_give_up(&client, &text().with_reference("a"));
    tokio::task::yield_now().await;
    assert_eq!(told(&verdicts), ["a: not sent provider_unavailable 1"]);
    assert_eq!(stub.sent().len(), 1);
}

#[test]
fn a_failover_without_a_runtime_leaves_what_had_begun_unknown() {
    let (client, verdicts) = failing_over(Client::new(Gated::new(&Stub::accepting())), &Stub::accepting());
    begin_and_give_up(&client, &text().with_reference("a"));
    assert_eq!(told(&verdicts), ["a: unknown provider_unavailable"]);
}
