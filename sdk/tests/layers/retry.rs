//! Trying again, only where that is safe.

use super::*;

/// The answer to a text through `Retry`, with the waits. `jitter` is what the random source gives.
async fn run(stub: &Stub, attempts: u32, jitter: f64) -> (Result<Receipt>, Vec<Duration>) {
    let clock = Arc::new(TestClock::default());
    let retry = Retry::attempts(attempts).with_time(Arc::clone(&clock) as Arc<dyn Clock>, move || jitter);
    let answer = Client::new(stub.clone()).layer(retry).send(&text()).await;
    let waits = clock.waits();
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
async fn failed_connect_is_retried_with_growing_waits() {
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

    let clock = Arc::new(TestClock::default());
    let retry = Retry::attempts(4).with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0);
    let stub = Stub::accepting().with_window(Window::Never);
    let client = Client::new(stub).layer(retry).layer(Flaky(Mutex::new(0)));
    assert_eq!(client.session(&to()).await.unwrap().window, Window::Never);
    assert_eq!(clock.waits(), [Duration::from_secs(2); 2]);
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

fn unreachable() -> Error {
    failed(ErrorKind::ProviderUnavailable)
}

/// A provider that dedupes by the message's key, or says that it does.
fn keyed(answers: impl IntoIterator<Item = Result<String>>) -> Stub {
    Stub::script(answers).with_capabilities(Capabilities::new(&[Capability::Text, Capability::Idempotency]))
}

fn lost() -> Result<String> {
    Err(unreachable().maybe_sent())
}

#[tokio::test]
async fn keyed_send_with_lost_answer_is_retried_under_same_key() {
    let stub = keyed([lost(), lost(), Ok("m1".into())]);
    let (answer, _) = run(&stub, 4, 0.5).await;
    assert_eq!(answer.unwrap().attempts, 3);
    let sent = stub.sent();
    assert!(sent.iter().all(|message| *message == sent[0]), "the same message under the same key, each time");
}

#[tokio::test]
async fn keyed_send_stays_unknown_after_later_failures() {
    for last in [unreachable(), failed(ErrorKind::Unauthenticated), failed(ErrorKind::SessionExpired)] {
        let kind = last.kind();
        let stub = keyed([lost(), Err(last)]);
        let (answer, _) = run(&stub, 2, 0.0).await;
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::Maybe, 2));
    }
}

#[tokio::test]
async fn a_key_that_is_nearly_used_up_is_no_longer_relied_upon() {
    let clock = Arc::new(TestClock::default());
    let stub = keyed([Err(throttled(20)), lost(), Ok("m1".into())]);
    let retry = Retry::default().with_key_life(S(24)).with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0);
    let error = Client::new(stub).layer(retry).send(&text()).await.unwrap_err();
    assert_eq!((error.sent(), error.attempts()), (Sent::Maybe, 2));
}

#[tokio::test]
async fn conflict_is_waited_out_only_if_under_way() {
    let under_way = || Err(failed(ErrorKind::Conflict).maybe_sent().under_way());
    // Somebody else's attempt, or that of a process that is gone: nothing of ours came before.
    let (answer, _) = run(&keyed([under_way(), under_way(), Ok("m1".into())]), 4, 0.0).await;
    assert_eq!(answer.unwrap().attempts, 3);

    // Another body under the key: the same again would say the same again, whichever attempt meets it.
    let other_body = || Err(failed(ErrorKind::Conflict));
    for (answers, attempts, sent) in [(vec![other_body()], 1, Sent::No), (vec![lost(), other_body()], 2, Sent::Maybe)] {
        let (answer, _) = run(&keyed(answers), 4, 0.0).await;
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.attempts(), error.sent()), (ErrorKind::Conflict, attempts, sent));
    }
}

#[tokio::test]
async fn no_attempt_starts_that_could_not_end_before_the_deadline() {
    let clock = Arc::new(TestClock::default());
    let stub = Stub::script([Err(throttled(10)), Err(throttled(10)), Ok("m1".into())]);
    let retry = Retry::default().with_deadline(S(23)).with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0);
    let error = Client::new(stub).layer(retry).send(&text()).await.unwrap_err();
    assert_eq!(clock.waits(), [S(10)], "13 s are left then, of which 10 would be waited and 4 are needed");
    assert_eq!(error.stopped_by().map(transom::error::RetryStop::as_str), Some("deadline"));
}

#[tokio::test]
async fn an_attempt_for_which_just_enough_time_is_left_is_made() {
    let clock = Arc::new(TestClock::default());
    let stub = Stub::script([Err(throttled(10)), Ok("m1".into())]);
    let retry = Retry::default().with_deadline(S(14)).with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0);
    let receipt = Client::new(stub).layer(retry).send(&text()).await.unwrap();
    assert_eq!((receipt.attempts, clock.waits()), (2, vec![S(10)]), "10 s are waited, and 4 are left");
}

#[tokio::test]
async fn no_attempt_starts_after_a_sleep_past_the_deadline() {
    #[derive(Debug, Default)]
    struct Suspended(TestClock);

    #[async_trait]
    impl Clock for Suspended {
        fn now(&self) -> SystemTime {
            self.0.now()
        }
        fn monotonic(&self) -> Duration {
            // Stands still while the machine is suspended.
            S(5)
        }
        async fn sleep(&self, _: Duration) {
            self.0.advance(S(8 * 3_600));
        }
    }

    let stub = Stub::script([Err(unreachable()), Err(unreachable()), Ok("m1".into())]);
    let retry = Retry::default().with_time(Arc::new(Suspended::default()), || 0.0);
    let error = Client::new(stub.clone()).layer(retry).send(&text()).await.unwrap_err();
    assert_eq!((error.attempts(), stub.sent().len()), (1, 1));
}

#[tokio::test]
async fn wall_clock_set_back_does_not_shorten_the_wait() {
    #[derive(Debug, Default)]
    struct SetBack(TestClock);

    #[async_trait]
    impl Clock for SetBack {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + S(1_000_000).saturating_sub(*self.0.passed.lock().unwrap() * 100)
        }
        fn monotonic(&self) -> Duration {
            *self.0.passed.lock().unwrap()
        }
        async fn sleep(&self, duration: Duration) {
            self.0.sleep(duration).await;
        }
    }

    let clock = Arc::new(SetBack::default());
    let stub = Stub::script([Err(throttled(20)), Err(throttled(20)), Ok("m1".into())]);
    let retry = Retry::default().with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0);
    assert_eq!(Client::new(stub).layer(retry).send(&text()).await.unwrap().attempts, 3);
    assert_eq!(clock.0.waits(), [S(20), S(20)]);
}

#[tokio::test]
async fn the_budget_of_an_account_bounds_what_all_its_clients_repeat() {
    let budget = Arc::new(RetryBudget::default());
    let client = |stub: &Stub| {
        let retry = Retry::attempts(10).with_budget(Arc::clone(&budget));
        Client::new(stub.clone()).layer(retry.with_time(Arc::new(TestClock::default()), || 0.0))
    };
    let down = || Stub::script((0..10).map(|_| Err(unreachable())));
    // Nine repetitions at 5 each, twice, are 90 of 100; then two more can be paid for.
    let attempts = [down(), down(), down()].map(|stub| async move { (client(&stub).send(&text()).await, stub) });
    let mut made = Vec::new();
    let mut stops = Vec::new();
    for attempt in attempts {
        let (answer, stub) = attempt.await;
        made.push(stub.sent().len());
        stops.push(answer.unwrap_err().stopped_by().map(transom::error::RetryStop::as_str));
    }
    assert_eq!(made, [10, 10, 3]);
    assert_eq!(stops, [Some("attempts"), Some("attempts"), Some("budget")]);

    for _ in 0..5 {
        client(&Stub::accepting()).send(&text()).await.unwrap();
    }
    assert_eq!(budget.left(), 5, "first successes earn it back");
}

#[tokio::test]
async fn a_wait_that_is_too_long_says_when_to_come_back() {
    let stub = Stub::script([Err(throttled(3_600))]);
    let clock = Arc::new(TestClock::default());
    let retry = Retry::default().with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let error = Client::new(stub).layer(retry).send(&text()).await.unwrap_err();
    assert_eq!(error.retry_at(), Some(clock.now() + S(3_600)));
    assert_eq!((error.kind(), error.sent()), (ErrorKind::RateLimited, Sent::No));
}

#[tokio::test]
async fn throttle_not_waited_out_has_retry_at_for_every_stop() {
    let stops = [
        (Retry::attempts(1), "attempts"),
        (Retry::default().with_deadline(S(10)), "deadline"),
        (Retry::default().with_budget(Arc::new(spent())), "budget"),
    ];
    for (retry, stop) in stops {
        let clock = Arc::new(TestClock::default());
        let stub = Stub::script([Err(throttled(20)), Ok("m1".into())]);
        let client = Client::new(stub).layer(retry.with_time(Arc::clone(&clock) as Arc<dyn Clock>, || 0.0));
        let error = client.send(&text()).await.unwrap_err();
        assert_eq!(error.stopped_by().map(transom::error::RetryStop::as_str), Some(stop));
        assert_eq!(error.retry_at(), Some(clock.now() + S(20)), "{stop}");
    }
    // What asks for no wait names no time, and what no wait helps against does not either.
    for error in [throttled(0), failed(ErrorKind::RecipientInvalid).with_retry_after(S(20))] {
        let (answer, _) = run(&Stub::script([Err(error)]), 1, 0.0).await;
        assert_eq!(answer.unwrap_err().retry_at(), None);
    }
}

fn spent() -> RetryBudget {
    let budget = RetryBudget::default();
    assert!(budget.try_withdraw(RetryBudget::CAPACITY));
    budget
}

#[tokio::test]
async fn to_be_asked_for_no_time_is_answered_with_a_wait_of_our_own() {
    let stub = Stub::script([Err(throttled(0)), Err(throttled(0)), Ok("m1".into())]);
    let (answer, waits) = run(&stub, 4, 1.0).await;
    assert_eq!(answer.unwrap().attempts, 3);
    assert_eq!(waits, [S(1), S(2)]);
}

/// Answers a lookup after `takes`, and a send too.
#[derive(Debug)]
struct Slow {
    takes: Duration,
}

#[async_trait]
impl Layer for Slow {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        tokio::time::sleep(self.takes).await;
        next.send(message).await
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        tokio::time::sleep(self.takes).await;
        next.session(contact).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_is_given_up_at_the_deadline_and_a_send_is_not() {
    let begun = tokio::time::Instant::now();
    let stub = Stub::accepting().with_window(Window::Never);
    let client = Client::new(stub).layer(Retry::default()).layer(Slow { takes: S(300) });
    let error = client.session(&to()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::No));
    assert_eq!(error.stopped_by().map(transom::error::RetryStop::as_str), Some("deadline"));
    assert_eq!(begun.elapsed(), S(20));

    client.send(&text()).await.unwrap();
    assert_eq!(begun.elapsed(), S(320), "one that is cut is one of which nobody can know");
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_is_made_again_has_what_is_left_of_the_time() {
    #[derive(Debug, Default)]
    struct FailsThenHangs(Mutex<u32>);

    #[async_trait]
    impl Layer for FailsThenHangs {
        async fn session(&self, _: &PhoneNumber, _: Next<'_>) -> Result<Session> {
            *self.0.lock().unwrap() += 1;
            if *self.0.lock().unwrap() == 1 {
                tokio::time::sleep(S(8)).await;
                return Err(throttled(2));
            }
            tokio::time::sleep(S(300)).await;
            Err(throttled(2))
        }
    }

    let begun = tokio::time::Instant::now();
    let stub = Stub::accepting().with_window(Window::Never);
    let client = Client::new(stub).layer(Retry::default()).layer(FailsThenHangs::default());
    assert!(client.session(&to()).await.is_err());
    assert!(begun.elapsed() >= S(20) && begun.elapsed() < S(21), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_machines_own_jitter_is_anything_up_to_the_ceiling() {
    let mut waits = Vec::new();
    for _ in 0..40 {
        let clock = Arc::new(TestClock::default());
        let stub = Stub::script([Err(unreachable()), Ok("m1".into())]);
        let retry = Retry::default().with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        Client::new(stub).layer(retry).send(&text()).await.unwrap();
        waits.extend(clock.waits());
    }
    let millis = |n| Duration::from_millis(n);
    assert!(waits.iter().all(|wait| *wait <= millis(200)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait < millis(100)) && waits.iter().any(|wait| *wait > millis(100)), "{waits:?}");
}
