//! What goes when a free-form message may not.

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
async fn window_rejection_falls_back_once_and_counts_both_requests() {
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
    // Nor is a template tried, which only the errand below the layers would then stop.
    assert!(!error.window_refused() && !error.to_string().contains("not handed over in this form"), "{error}");
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
    assert_eq!(stub.session_queries().len(), 0);
}

#[tokio::test]
async fn a_template_meets_no_window() {
    let stub = Stub::accepting().with_window(Window::Never);
    let template = Message::template(to(), Template::new("visit_reminder"));
    let receipt = guarded(&stub, WindowPolicy::Strict).send(&template).await.unwrap();
    assert!(!receipt.template_fallback);
    assert_eq!(stub.session_queries().len(), 0);
}

#[tokio::test]
async fn a_window_that_is_closed_is_not_said_to_be_about_to_close() {
    let stub = Stub::accepting().with_window(Window::Expired { since: None });
    let error = guarded(&stub, WindowPolicy::Strict).send(&text()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::SessionExpired, "the 24-hour window is closed"));
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
    assert_eq!(stub.session_queries().len(), 0);
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
    let clock = Arc::new(TestClock::default());
    let ledger = Arc::new(MemoryLedger::default());
    ledger.record(&to(), clock.now() - ago);
    let guard = WindowGuard::default().with_ledger(ledger, clock);
    Client::new(stub.clone()).layer(guard).send(&with_fallback()).await
}

#[tokio::test]
async fn a_record_of_an_open_window_saves_the_question() {
    let stub = Stub::accepting().with_window(Window::Never);
    assert!(!with_record(&stub, WINDOW_DURATION - S(61)).await.unwrap().template_fallback);
    assert_eq!(stub.session_queries().len(), 0);
}

#[tokio::test]
async fn closed_window_on_record_is_checked_with_able_provider() {
    let stub = Stub::accepting().with_window(Window::Open { until: None });
    assert!(!with_record(&stub, WINDOW_DURATION).await.unwrap().template_fallback);
    assert_eq!(stub.session_queries(), [to()]);
}

#[tokio::test]
async fn closed_window_on_record_decides_without_provider_query() {
    let stub = Stub::accepting();
    assert!(with_record(&stub, WINDOW_DURATION).await.unwrap().template_fallback);
    assert_eq!(stub.sent().len(), 1);
}

#[tokio::test]
async fn window_in_last_minute_is_checked_with_able_provider() {
    for (window, falls_back) in [(Window::Open { until: None }, false), (Window::Expired { since: None }, true)] {
        let stub = Stub::accepting().with_window(window);
        assert_eq!(with_record(&stub, WINDOW_DURATION - S(60)).await.unwrap().template_fallback, falls_back);
        assert_eq!(stub.session_queries(), [to()]);
    }
}

#[tokio::test]
async fn window_in_last_minute_sends_template_without_query() {
    let second = S(1);
    let nano = Duration::from_nanos(1);
    // Every second of the last minute and around both of its ends, to the nanosecond.
    let ages = (0..=62)
        .map(|n| WINDOW_DURATION - S(61) + second * n)
        .chain([WINDOW_DURATION - S(60) - nano, WINDOW_DURATION - nano]);
    for age in ages {
        let stub = Stub::accepting();
        let template = with_record(&stub, age).await.unwrap().template_fallback;
        assert_eq!(template, age >= WINDOW_DURATION - S(60), "{age:?}");
        assert_eq!(stub.sent().len(), 1);
    }
}

#[tokio::test]
async fn strict_refuses_in_the_last_minute_of_recorded_window() {
    let clock = Arc::new(TestClock::default());
    let ledger = Arc::new(MemoryLedger::default());
    ledger.record(&to(), clock.now() - (WINDOW_DURATION - S(30)));
    let stub = Stub::accepting();
    let guard = WindowGuard::new(WindowPolicy::Strict).with_ledger(ledger, clock);
    let strict = |guard: WindowGuard| Client::new(stub.clone()).layer(guard);
    let error = strict(guard.clone()).send(&text()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::SessionExpired, Sent::No));
    assert!(error.message().contains("about to close"), "{error}");
    assert!(strict(guard.with_margin(S(29))).send(&text()).await.is_ok());
}
