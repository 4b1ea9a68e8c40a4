//! The layers over a scripted messenger, on a clock that the test owns.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use transom::layers::{Retry, WindowGuard, WindowPolicy};
use transom::stub::Stub;
use transom::time::Clock;
use transom::{
    Capabilities, Capability, Client, Content, Error, ErrorKind, Layer, MemoryLedger, Message, Messenger, Next,
    PhoneNumber, Receipt, Result, Sent, Session, Template, WINDOW, Window, WindowLedger,
};

fn to() -> PhoneNumber {
    "+34600111222".parse().unwrap()
}

fn text() -> Message {
    Message::text(to(), "Hi")
}

fn with_fallback() -> Message {
    text().with_fallback(Template::new("follow_up", "en")).with_reference("order-17")
}

fn failed(kind: ErrorKind) -> Error {
    Error::new(kind, "scripted")
}

/// A clock that stands still, and writes down how long it was asked to wait.
#[derive(Debug, Default)]
struct StoppedClock {
    waits: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.lock().unwrap().push(duration);
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

mod window_guard {
    use super::*;

    #[tokio::test]
    async fn a_window_known_to_be_closed_sends_the_template_alone() {
        for window in [Window::Expired { since: None }, Window::Never] {
            let stub = Stub::accepting().with_window(window);
            let receipt = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap();
            assert!(receipt.template_fallback);
            assert_eq!(receipt.attempts, 1);
            assert_eq!(template_names(&stub), [Some("follow_up".into())]);
        }
    }

    #[tokio::test]
    async fn an_open_or_unknown_window_sends_the_text() {
        for window in [Window::Open { until: None }, Window::Unknown] {
            let stub = Stub::accepting().with_window(window);
            let receipt = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap();
            assert!(!receipt.template_fallback);
            assert_eq!(template_names(&stub), [None]);
        }
    }

    #[tokio::test]
    async fn a_refusal_for_the_window_falls_back_once_and_counts_both_requests() {
        for kind in [ErrorKind::SessionExpired, ErrorKind::NoActiveSession] {
            let stub = Stub::script([Err(failed(kind)), Ok("m2".into())]);
            let receipt = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap();
            assert!(receipt.template_fallback);
            assert_eq!(receipt.attempts, 2);
            assert_eq!(template_names(&stub), [None, Some("follow_up".into())]);
        }
    }

    #[tokio::test]
    async fn a_refused_fallback_does_not_fall_back_again() {
        let stub = Stub::script([Err(failed(ErrorKind::SessionExpired)), Err(failed(ErrorKind::SessionExpired))]);
        let error = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::SessionExpired, 2));
        assert_eq!(stub.sent().len(), 2);
    }

    #[tokio::test]
    async fn an_unknown_outcome_never_falls_back() {
        let stub = Stub::script([Err(failed(ErrorKind::SessionExpired).maybe_sent())]);
        let error = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap_err();
        assert_eq!(error.sent(), Sent::Maybe);
        assert_eq!(stub.sent().len(), 1);
    }

    #[tokio::test]
    async fn no_other_refusal_falls_back() {
        for kind in ErrorKind::ALL.iter().copied().filter(|kind| !kind.is_window_closed()) {
            let stub = Stub::script([Err(failed(kind))]);
            let error = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap_err();
            assert_eq!(error.kind(), kind);
        }
    }

    #[tokio::test]
    async fn the_fallback_goes_under_a_key_of_its_own() {
        let stub = Stub::script([Err(failed(ErrorKind::SessionExpired)), Ok("m2".into())]);
        guarded(&stub, WindowPolicy::TemplateIfClosed).send(&with_fallback()).await.unwrap();
        let keys: Vec<_> = stub.sent().into_iter().map(|message| message.idempotency_key.unwrap()).collect();
        assert_eq!(keys, ["order-17", "order-17-template"]);
    }

    #[tokio::test]
    async fn without_a_fallback_the_provider_is_not_asked_and_decides() {
        let stub = Stub::script([Err(failed(ErrorKind::SessionExpired))]).with_window(Window::Never);
        let error = guarded(&stub, WindowPolicy::TemplateIfClosed).send(&text()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SessionExpired);
        assert_eq!(stub.sessions_asked().len(), 0);
    }

    #[tokio::test]
    async fn a_template_meets_no_window() {
        let stub = Stub::accepting().with_window(Window::Never);
        let template = Message::template(to(), Template::new("visit_reminder", "en"));
        let receipt = guarded(&stub, WindowPolicy::Strict).send(&template).await.unwrap();
        assert!(!receipt.template_fallback);
        assert_eq!(stub.sessions_asked().len(), 0);
    }

    #[tokio::test]
    async fn strict_refuses_beforehand_and_never_sends_a_template() {
        let stub = Stub::accepting().with_window(Window::Never);
        let error = guarded(&stub, WindowPolicy::Strict).send(&with_fallback()).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::NoActiveSession, Sent::No));
        assert_eq!(error.session().map(|session| session.window), Some(Window::Never));
        assert_eq!(stub.sent().len(), 0);

        let refusing = Stub::script([Err(failed(ErrorKind::SessionExpired))]);
        assert!(guarded(&refusing, WindowPolicy::Strict).send(&with_fallback()).await.is_err());
        assert_eq!(template_names(&refusing), [None]);
    }

    #[tokio::test]
    async fn provider_decides_looks_nothing_up_and_still_falls_back() {
        let stub = Stub::script([Err(failed(ErrorKind::SessionExpired)), Ok("m2".into())]).with_window(Window::Never);
        let receipt = guarded(&stub, WindowPolicy::ProviderDecides).send(&with_fallback()).await.unwrap();
        assert!(receipt.template_fallback);
        assert_eq!(stub.sessions_asked().len(), 0);
    }

    #[tokio::test]
    async fn always_template_sends_the_fallback_into_an_open_window() {
        let stub = Stub::accepting().with_window(Window::Open { until: None });
        let receipt = guarded(&stub, WindowPolicy::AlwaysTemplate).send(&with_fallback()).await.unwrap();
        assert!(receipt.template_fallback);
        assert_eq!(template_names(&stub), [Some("follow_up".into())]);
    }

    /// A guard that has on record that the contact wrote `ago` before now.
    async fn with_record(stub: &Stub, ago: Duration) -> Result<Receipt> {
        let clock = Arc::new(StoppedClock::default());
        let ledger = Arc::new(MemoryLedger::default());
        ledger.record(&to(), clock.now() - ago);
        let guard = WindowGuard::default().with_ledger(ledger, clock);
        Client::new(stub.clone()).layer(guard).send(&with_fallback()).await
    }

    #[tokio::test]
    async fn a_record_of_an_open_window_saves_the_question() {
        let stub = Stub::accepting().with_window(Window::Never);
        assert!(!with_record(&stub, Duration::from_secs(24 * 3_600 - 1)).await.unwrap().template_fallback);
        assert_eq!(stub.sessions_asked().len(), 0);
    }

    #[tokio::test]
    async fn a_record_of_a_closed_window_is_checked_with_a_provider_that_can_say() {
        let stub = Stub::accepting().with_window(Window::Open { until: None });
        assert!(!with_record(&stub, WINDOW).await.unwrap().template_fallback);
        assert_eq!(stub.sessions_asked(), [to()]);
    }

    #[tokio::test]
    async fn a_record_of_a_closed_window_decides_where_nobody_else_can_say() {
        let stub = Stub::accepting();
        assert!(with_record(&stub, WINDOW).await.unwrap().template_fallback);
        assert_eq!(stub.sent().len(), 1);
    }
}

mod retry {
    use super::*;

    /// The answer to a text through `Retry`, with the waits. `jitter` is what the random source gives.
    async fn run(stub: &Stub, attempts: u32, jitter: f64) -> (Result<Receipt>, Vec<Duration>) {
        let clock = Arc::new(StoppedClock::default());
        let retry = Retry::attempts(attempts).with_time(Arc::clone(&clock) as Arc<dyn Clock>, move || jitter);
        let answer = Client::new(stub.clone()).layer(retry).send(&text()).await;
        let waits = clock.waits.lock().unwrap().clone();
        (answer, waits)
    }

    fn throttled(seconds: u64) -> Error {
        failed(ErrorKind::RateLimited).with_retry_after(Duration::from_secs(seconds))
    }

    #[tokio::test]
    async fn a_wait_is_waited_out_and_never_undercut() {
        for (jitter, waited) in [(0.0, 30_000), (1.0, 33_000)] {
            let stub = Stub::script([Err(throttled(30)), Ok("m1".into())]);
            let (answer, waits) = run(&stub, 4, jitter).await;
            assert_eq!(answer.unwrap().attempts, 2);
            assert_eq!(waits, [Duration::from_millis(waited)]);
        }
    }

    #[tokio::test]
    async fn a_longer_wait_is_returned_at_once() {
        let stub = Stub::script([Err(throttled(31))]);
        let (answer, waits) = run(&stub, 4, 0.0).await;
        assert_eq!(answer.unwrap_err().retry_after(), Some(Duration::from_secs(31)));
        assert_eq!(waits, []);
    }

    #[tokio::test]
    async fn a_connection_that_could_not_be_made_is_tried_again_with_growing_waits() {
        let unreachable = || Err(failed(ErrorKind::ProviderUnavailable));
        let stub = Stub::script([unreachable(), unreachable(), unreachable(), Ok("m1".into())]);
        let (answer, waits) = run(&stub, 4, 1.0).await;
        assert_eq!(answer.unwrap().attempts, 4);
        assert_eq!(waits, [200, 400, 800].map(Duration::from_millis));
    }

    #[tokio::test]
    async fn the_attempts_are_bounded_and_the_last_error_counts_them() {
        let stub = Stub::script((0..3).map(|_| Err(failed(ErrorKind::ProviderUnavailable))));
        let (answer, _) = run(&stub, 3, 0.5).await;
        assert_eq!(answer.unwrap_err().attempts(), 3);
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_never_repeated() {
        for kind in ErrorKind::ALL {
            let stub = Stub::script([Err(failed(*kind).maybe_sent())]);
            let (answer, _) = run(&stub, 4, 0.0).await;
            assert_eq!(answer.unwrap_err().sent(), Sent::Maybe, "{kind}");
            assert_eq!(stub.sent().len(), 1, "{kind}");
        }
    }

    #[tokio::test]
    async fn a_lookup_is_made_again_after_a_passing_failure() {
        #[derive(Debug)]
        struct Flaky(Mutex<u32>);

        #[async_trait]
        impl Layer for Flaky {
            async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
                let calls = {
                    let mut calls = self.0.lock().unwrap();
                    *calls += 1;
                    *calls
                };
                if calls < 3 { Err(throttled(2)) } else { next.session(contact).await }
            }
        }

        let clock = Arc::new(StoppedClock::default());
        let retry = Retry::attempts(4).with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0);
        let stub = Stub::accepting().with_window(Window::Never);
        let client = Client::new(stub).layer(retry).layer(Flaky(Mutex::new(0)));
        assert_eq!(client.session(&to()).await.unwrap().window, Window::Never);
        assert_eq!(*clock.waits.lock().unwrap(), [Duration::from_secs(2); 2]);
    }

    #[tokio::test]
    async fn a_refusal_that_stays_a_refusal_is_not_repeated() {
        for kind in ErrorKind::ALL {
            if matches!(kind, ErrorKind::RateLimited | ErrorKind::ProviderUnavailable) {
                continue;
            }
            let stub = Stub::script([Err(failed(*kind))]);
            let (answer, _) = run(&stub, 4, 0.0).await;
            assert_eq!(answer.unwrap_err().kind(), *kind);
        }
    }
}

mod client {
    use super::*;

    #[derive(Debug)]
    struct Note(&'static str, Arc<Mutex<Vec<&'static str>>>);

    #[async_trait]
    impl Layer for Note {
        async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
            self.1.lock().unwrap().push(self.0);
            next.send(message).await
        }
    }

    #[tokio::test]
    async fn the_first_layer_attached_is_met_first_and_a_clone_keeps_its_own_list() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = |name| Note(name, Arc::clone(&seen));
        let base = Client::new(Stub::accepting()).layer(note("outer"));
        let longer = base.clone().layer(note("inner"));
        longer.send(&text()).await.unwrap();
        base.send(&text()).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["outer", "inner", "outer"]);
    }

    #[tokio::test]
    async fn what_the_provider_cannot_do_never_reaches_it() {
        let stub = Stub::accepting().with_capabilities(Capabilities::of(&[Capability::Text]));
        let client = Client::new(stub.clone());
        for message in [
            Message::image(to(), "https://x.example/a.png"),
            with_fallback(),
            text().with_reply_to("wamid.1"),
            Message::template(to(), Template::new("t", "en")),
        ] {
            let error = client.send(&message).await.unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Unsupported, Sent::No, 0));
        }
        assert_eq!(client.session(&to()).await.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(client.senders().await.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(stub.sent().len(), 0);
    }

    #[tokio::test]
    async fn a_message_that_no_provider_takes_never_reaches_one() {
        let stub = Stub::accepting();
        let error = Client::new(stub.clone()).send(&Message::text(to(), "")).await.unwrap_err();
        assert_eq!((error.kind(), error.provider()), (ErrorKind::InvalidRequest, Some("stub")));
        assert_eq!(stub.sent().len(), 0);
    }

    #[tokio::test]
    async fn the_key_is_the_reference_where_it_can_be_and_a_fixed_hash_of_it_else() {
        let stub = Stub::accepting();
        let client = Client::new(stub.clone());
        for reference in ["order-17", "Größe 3", "Größe 3"] {
            client.send(&text().with_reference(reference)).await.unwrap();
        }
        client.send(&text()).await.unwrap();
        client.send(&text()).await.unwrap();
        let keys: Vec<_> = stub.sent().into_iter().map(|message| message.idempotency_key.unwrap()).collect();
        let [plain, hashed, again, random, other] = keys.as_slice() else { panic!("{keys:?}") };
        assert_eq!(plain, "order-17");
        assert_eq!(hashed, again);
        assert!(hashed.len() == 32 && hashed.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(random, other, "a message without a reference is a message of its own");
    }

    #[tokio::test]
    async fn the_recipients_number_is_in_no_error() {
        let echo = Error::new(ErrorKind::RecipientInvalid, "34600111222 is not on WhatsApp");
        let error = Client::new(Stub::script([Err(echo)])).send(&text()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("34600111222"), "{error}");
    }
}
