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
    let client = Client::new(base).on_verdict(move |message, verdict| {
        let text = match verdict {
            Verdict::Taken(receipt) => format!("taken {}", receipt.message_id),
            Verdict::NotSent(Some(error)) => format!("not sent {} {}", error.kind(), error.attempts()),
            Verdict::NotSent(None) => "given up".to_owned(),
            Verdict::Unknown(error) => format!("unknown {}", error.kind()),
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
struct Gated {
    stub: Stub,
    gate: Arc<Notify>,
}

impl Gated {
    fn new(stub: &Stub) -> Self {
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
    async fn senders(&self) -> Result<Vec<transom::Sender>> {
        self.stub.senders().await
    }
    async fn templates(&self) -> Result<Vec<transom::TemplateInfo>> {
        self.stub.templates().await
    }
    async fn conversations(&self, filter: &transom::ConversationFilter) -> Result<Vec<transom::Conversation>> {
        self.stub.conversations(filter).await
    }
    fn webhook(&self, request: &http::Request<bytes::Bytes>) -> Result<transom::Events> {
        self.stub.webhook(request)
    }
}

/// Polls the send of `message` once and drops it.
fn begin_and_give_up(client: &Client, message: &Message) {
    let mut send = client.send(message);
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
async fn a_caller_who_goes_while_another_attempt_is_waited_for_stops_it() {
    #[derive(Debug)]
    struct Endless;

    #[async_trait]
    impl Clock for Endless {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        async fn sleep(&self, _: Duration) {
            pending::<()>().await;
        }
    }

    let stub = Stub::script([Err(failed(ErrorKind::ProviderUnavailable)), Ok("m2".into())]);
    let (client, verdicts) = listening(stub.clone());
    begin_and_give_up(&client.layer(Retry::default().with_clock(Arc::new(Endless))), &text().with_reference("a"));
    tokio::task::yield_now().await;
    assert_eq!(told(&verdicts), ["a: not sent provider_unavailable 1"]);
    assert_eq!(stub.sent().len(), 1);
}

#[tokio::test]
async fn a_caller_who_goes_while_waiting_for_a_turn_has_sent_nothing() {
    #[derive(Debug)]
    struct Endless;

    #[async_trait]
    impl Clock for Endless {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        async fn sleep(&self, _: Duration) {
            pending::<()>().await;
        }
    }

    let stub = Stub::accepting();
    let (client, verdicts) = listening(stub.clone());
    let client = client.layer(Limit::per_second(1).with_clock(Arc::new(Endless)));
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
    let client = Client::new(gated).on_verdict(move |_, verdict| *sink.lock().unwrap() = format!("{verdict:?}"));
    begin_and_give_up(&client, &text());
    gate.notify_one();
    while seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let seen = seen.lock().unwrap().clone();
    assert!(seen.contains("•••1222") && !seen.contains("34600111222"), "{seen}");
}
