//! Handing an unknown message over once more under its key: the same form, or nothing.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn keyed(answers: impl IntoIterator<Item = Result<String>>) -> Stub {
    let can = [Capability::Text, Capability::Template, Capability::Idempotency];
    Stub::script(answers).with_capabilities(Capabilities::new(&can))
}

fn lost() -> Result<String> {
    Err(failed(ErrorKind::ProviderUnavailable).maybe_sent())
}

fn begun() -> SystemTime {
    TestClock::default().now()
}

/// Each message handed over: its template's name, or "text", and its key.
fn handed_over(stub: &Stub) -> Vec<String> {
    let keys = stub.sent().into_iter().map(|message| message.idempotency_key.unwrap());
    let names = template_names(stub).into_iter().map(|name| name.unwrap_or_else(|| "text".into()));
    names.zip(keys).map(|(name, key)| format!("{name} under {key}")).collect()
}

/// A send through `client` of which nobody can know.
async fn unknown(client: &Client, message: &Message) -> PendingSend {
    let error = client.send(message).await.unwrap_err();
    PendingSend::new(message, &error, begun()).unwrap()
}

#[tokio::test]
async fn resend_under_live_key_settles_the_message() {
    let stub = keyed([lost(), Ok("m1".into())]);
    let client = Client::new(stub.clone());
    let mut unresolved = unknown(&client, &with_fallback()).await;
    let at = |age: Duration| begun() + age;
    let error = unresolved.resend(&client, DAY, at(DAY / 5 * 4)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(stub.sent().len(), 1, "its key may be forgotten");

    let settled = unresolved.resend(&client, DAY, at(S(60))).await.unwrap();
    assert_eq!(settled, Resolution::Sent { message_id: "m1".into(), status: DeliveryStatus::Queued });
    assert_eq!(handed_over(&stub), ["text under order-17"; 2]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_make_a_key_young() {
    let stub = keyed([lost(), Ok("m1".into())]);
    let client = Client::new(stub.clone());
    let mut unresolved = unknown(&client, &text()).await;
    let error = unresolved.resend(&client, DAY, begun() - S(1)).await.unwrap_err();
    assert_eq!((error.kind(), stub.sent().len()), (ErrorKind::Conflict, 1));
}

#[tokio::test]
async fn without_a_key_a_message_is_never_handed_over_again() {
    let stub = Stub::script([lost()]);
    let client = Client::new(stub.clone());
    let mut unresolved = unknown(&client, &with_fallback()).await;
    let error = unresolved.resend(&client, DAY, begun()).await.unwrap_err();
    assert_eq!((error.kind(), stub.sent().len()), (ErrorKind::Unsupported, 1));

    let stub = keyed([]);
    let own = failed(ErrorKind::ProviderUnavailable).maybe_sent();
    let mut keyless = PendingSend::new(&text(), &own, begun()).unwrap();
    assert!(keyless.resend(&Client::new(stub.clone()), DAY, begun()).await.is_err());
    assert_eq!(stub.sent().len(), 0);
}

#[tokio::test]
async fn lost_text_is_not_resent_as_template_after_window_closed() {
    for policy in WindowPolicy::NAMES.iter().map(|(_, policy)| *policy) {
        if policy == WindowPolicy::AlwaysTemplate {
            continue;
        }
        let open = Window::Open { until: None };
        let stub = keyed([lost(), Ok("m1".into())]).with_window(open);
        let client = Client::new(stub.clone()).layer(WindowGuard::new(policy));
        let mut unresolved = unknown(&client, &with_fallback()).await;
        let stub = stub.with_window(Window::Expired { since: None });
        unresolved.resend(&client, DAY, begun()).await.unwrap();
        assert_eq!(handed_over(&stub), ["text under order-17"; 2], "{policy:?}");
    }
}

#[tokio::test]
async fn lost_template_is_not_resent_as_text_after_window_opened() {
    let stub = keyed([lost(), Ok("m1".into())]).with_window(Window::Never);
    let client = Client::new(stub.clone()).layer(WindowGuard::default());
    let mut unresolved = unknown(&client, &with_fallback()).await;
    let stub = stub.with_window(Window::Open { until: None });
    unresolved.resend(&client, DAY, begun()).await.unwrap();
    assert_eq!(handed_over(&stub), ["follow_up under order-17-template"; 2]);
}

#[tokio::test]
async fn lost_fallback_is_resent_as_template() {
    let stub = keyed([Err(failed(ErrorKind::SessionExpired)), lost(), Ok("m1".into())]);
    let client = Client::new(stub.clone()).layer(WindowGuard::new(WindowPolicy::ProviderDecides));
    unknown(&client, &with_fallback()).await.resend(&client, DAY, begun()).await.unwrap();
    let template = "follow_up under order-17-template";
    assert_eq!(handed_over(&stub), ["text under order-17", template, template]);
}

#[tokio::test]
async fn resend_rejected_for_window_stays_unknown_without_fallback() {
    let stub = keyed([lost(), Err(failed(ErrorKind::SessionExpired))]);
    let client = Client::new(stub.clone()).layer(WindowGuard::new(WindowPolicy::ProviderDecides));
    let mut unresolved = unknown(&client, &with_fallback()).await;
    let error = unresolved.resend(&client, DAY, begun()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::SessionExpired, Sent::Maybe));
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    assert_eq!(handed_over(&stub), ["text under order-17"; 2]);
}

#[tokio::test]
async fn which_of_two_forms_was_handed_over_is_not_guessed() {
    let stub = keyed([]);
    let client = Client::new(stub.clone());
    let prepared = client.prepare(&with_fallback()).unwrap();
    let ended = Error::new(ErrorKind::ProviderUnavailable, "the process ended").maybe_sent();
    let mut unresolved = PendingSend::new(&prepared, &ended, begun()).unwrap();
    let error = unresolved.resend(&client, DAY, begun()).await.unwrap_err();
    assert_eq!((error.kind(), stub.sent().len()), (ErrorKind::Conflict, 0));
}

#[tokio::test]
async fn a_layer_that_would_send_something_else_in_its_place_cannot() {
    /// Sends the fallback, or another text, whatever it is given.
    #[derive(Debug)]
    struct Meddler;

    #[async_trait]
    impl Layer for Meddler {
        async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
            let other = message.as_fallback();
            let mut changed = message.clone();
            changed.content = Message::text(to(), "Another text").content;
            next.send(&other.unwrap_or(changed)).await
        }
    }

    let stub = keyed([lost(), Ok("m1".into())]);
    let client = Client::new(stub.clone());
    let mut unresolved = unknown(&client, &with_fallback()).await;
    let error = unresolved.resend(&client.layer(Meddler), DAY, begun()).await.unwrap_err();
    assert_eq!((error.sent(), stub.sent().len()), (Sent::Maybe, 1));
}

#[tokio::test]
async fn retry_above_guard_keeps_a_lost_text_a_text() {
    /// Stands in for a window that closes while the answer is waited for.
    #[derive(Debug)]
    struct Closing(Stub);

    #[async_trait]
    impl Clock for Closing {
        fn now(&self) -> SystemTime {
            begun()
        }
        async fn sleep(&self, _: Duration) {
            let _ = self.0.clone().with_window(Window::Never);
        }
    }

    let stub = keyed([lost(), Ok("m1".into())]).with_window(Window::Open { until: None });
    let clock = Arc::new(Closing(stub.clone()));
    let client = Client::new(stub.clone()).layer(Retry::attempts(2).with_clock(clock)).layer(WindowGuard::default());
    let error = client.send(&with_fallback()).await.unwrap_err();
    assert_eq!(error.sent(), Sent::Maybe);
    assert_eq!(handed_over(&stub), ["text under order-17"]);
    assert_eq!(error.attempted().unwrap().idempotency_key.as_deref(), Some("order-17"));
}
