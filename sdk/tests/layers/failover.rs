//! Several channels as one.

use std::collections::BTreeMap;

use super::*;

fn channel(stub: &Stub) -> Client {
    Client::new(stub.clone())
}

fn template() -> Message {
    Message::template(to(), Template::new("visit_reminder"))
}

fn failing(kind: ErrorKind) -> Stub {
    Stub::script([Err(failed(kind))])
}

fn two(first: &Stub, second: &Stub) -> Client {
    Client::new(Failover::new("first", channel(first)).with_channel("second", channel(second)))
}

/// The kinds that are about a channel and not about the message.
const OF_THE_CHANNEL: &[ErrorKind] = &[
    ErrorKind::ProviderUnavailable,
    ErrorKind::MalformedResponse,
    ErrorKind::RateLimited,
    ErrorKind::Unauthenticated,
    ErrorKind::InsufficientBalance,
    ErrorKind::SenderUnavailable,
    ErrorKind::SenderNotFound,
];

#[tokio::test]
async fn another_channel_is_asked_only_for_what_is_about_the_channel() {
    for &kind in ErrorKind::ALL {
        let (first, second) = (failing(kind), Stub::accepting());
        let answer = two(&first, &second).send(&template()).await;
        if OF_THE_CHANNEL.contains(&kind) {
            let receipt = answer.unwrap();
            assert_eq!((receipt.channel.as_deref(), receipt.attempts), (Some("second"), 2), "{kind}");
            let [earlier] = receipt.earlier.as_slice() else { panic!("{kind}: {:?}", receipt.earlier) };
            assert_eq!((earlier.channel.as_str(), earlier.kind, earlier.requests), ("first", kind, 1));
        } else {
            assert_eq!(answer.unwrap_err().kind(), kind);
            assert_eq!(second.sent().len(), 0, "{kind}");
        }
    }
}

#[tokio::test]
async fn an_unknown_outcome_ends_the_search_whatever_its_kind() {
    for &kind in ErrorKind::ALL {
        let (first, second) = (Stub::script([Err(failed(kind).maybe_sent())]), Stub::accepting());
        let error = two(&first, &second).send(&template()).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (kind, Sent::Maybe));
        assert_eq!(second.sent().len(), 0, "{kind}");
    }
}

#[tokio::test]
async fn the_error_of_every_attempt_is_kept() {
    let (first, second) = (failing(ErrorKind::InsufficientBalance), failing(ErrorKind::SenderUnavailable));
    let error = two(&first, &second).send(&template()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::SenderUnavailable, 2));
    let earlier: Vec<_> = error.earlier().iter().map(|attempt| (attempt.channel.as_str(), attempt.kind)).collect();
    assert_eq!(earlier, [("first", ErrorKind::InsufficientBalance), ("second", ErrorKind::SenderUnavailable)]);
}

#[tokio::test]
async fn repeated_failover_keeps_errors_of_every_attempt() {
    let busy = || Err(failed(ErrorKind::RateLimited).with_retry_after(S(2)));
    for last in [Ok("m1".to_owned()), Err(failed(ErrorKind::RecipientInvalid))] {
        let clock = Arc::new(TestClock::default()) as Arc<dyn Clock>;
        let failover = Failover::new("first", channel(&Stub::script([busy(), last.clone()])))
            .with_channel("second", channel(&Stub::script([busy()])))
            .with_clock(Arc::clone(&clock));
        let client = Client::new(failover).layer(Retry::default().with_time(clock, || 0.0));
        let (attempts, earlier) = match client.send(&template()).await {
            Ok(receipt) => (receipt.attempts, receipt.earlier),
            Err(error) => (error.attempts(), error.earlier().to_vec()),
        };
        let earlier: Vec<_> = earlier.iter().map(|attempt| (attempt.channel.as_str(), attempt.kind)).collect();
        let busy = [("first", ErrorKind::RateLimited), ("second", ErrorKind::RateLimited)];
        assert_eq!((attempts, earlier), (3, busy.to_vec()), "{last:?}");
    }
}

#[tokio::test]
async fn an_error_says_which_channel_it_is_of() {
    let down = || failing(ErrorKind::ProviderUnavailable);
    let channel_of = async |first: &Stub, second: &Stub, message: &Message| {
        two(first, second).send(message).await.unwrap_err().channel().map(str::to_owned)
    };
    assert_eq!(channel_of(&failing(ErrorKind::RecipientInvalid), &down(), &template()).await.as_deref(), Some("first"));
    let lost = Stub::script([Err(failed(ErrorKind::ProviderUnavailable).maybe_sent())]);
    assert_eq!(channel_of(&down(), &lost, &template()).await.as_deref(), Some("second"));
    assert_eq!(channel_of(&down(), &down(), &template()).await.as_deref(), Some("second"));
    let passed_over = Stub::accepting();
    assert_eq!(
        channel_of(&down(), &passed_over, &text()).await.as_deref(),
        Some("first"),
        "the last one that was asked"
    );
    assert_eq!(failed(ErrorKind::Config).channel(), None);
}

#[tokio::test]
async fn limit_about_one_contact_blocks_only_that_contact() {
    let wait = || failed(ErrorKind::RateLimited).with_retry_after(S(9));
    // By its code in the limits of the channel, or by what the adapter says.
    for limit in [wait().with_code("131056"), wait().with_limit_scope(Scope::Pair)] {
        let rates = [Rate::new(1, S(6)).with_scope(Scope::Pair).with_codes(&["131056"])];
        let clock = Arc::new(TestClock::default());
        let first = Stub::script([Err(limit), Ok("m2".into()), Ok("m3".into())]);
        let failover = Failover::new("first", channel(&first))
            .with_rates(&rates)
            .with_channel("second", channel(&Stub::accepting()))
            .with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        let client = Client::new(failover);
        let channel_for = async |digit: u8| {
            let to = format!("+3460011122{digit}").parse().unwrap();
            client.send(&Message::template(to, Template::new("t"))).await.unwrap().channel.unwrap()
        };
        assert_eq!(channel_for(2).await, "second");
        assert_eq!(channel_for(2).await, "second", "asked again for that person only when the pause is over");
        assert_eq!(channel_for(3).await, "first");
        clock.advance(S(9));
        assert_eq!(channel_for(2).await, "first");
    }
}

#[tokio::test]
async fn a_members_own_limiter_does_not_stop_the_channel() {
    let clock = Arc::new(TestClock::default()) as Arc<dyn Clock>;
    let limit = RateLimit::new(&[Rate::new(1, S(600)).with_scope(Scope::Pair)]);
    let limited = channel(&Stub::accepting()).layer(limit.with_clock(Arc::clone(&clock)));
    let failover =
        Failover::new("first", limited).with_channel("second", channel(&Stub::accepting())).with_clock(clock);
    for expected in ["first", "second"] {
        assert_eq!(failover.send(&template()).await.unwrap().channel.as_deref(), Some(expected));
    }
    assert_eq!(failover.states()[0].1, BreakerState::Closed);
}

#[tokio::test]
async fn on_another_number_a_free_message_becomes_its_template() {
    for window in [Window::Never, Window::Expired { since: None }, Window::Unknown] {
        let (first, second) = (failing(ErrorKind::ProviderUnavailable), Stub::accepting().with_window(window));
        let receipt = two(&first, &second).send(&with_fallback()).await.unwrap();
        assert!(receipt.template_fallback);
        assert_eq!(template_names(&second), [Some("follow_up".into())], "{window:?}");
    }
}

#[tokio::test]
async fn other_sender_sends_free_form_only_into_known_open_window() {
    let open = Stub::accepting().with_window(Window::Open { until: None });
    let receipt = two(&failing(ErrorKind::ProviderUnavailable), &open).send(&text()).await.unwrap();
    assert!(!receipt.template_fallback);
    assert_eq!(template_names(&open), [None]);
}

#[tokio::test]
async fn other_sender_refuses_free_form_without_fallback() {
    for (window, kind) in [(Window::Never, ErrorKind::NoActiveSession), (Window::Unknown, ErrorKind::SessionExpired)] {
        let (first, second) = (failing(ErrorKind::ProviderUnavailable), Stub::accepting().with_window(window));
        let error = two(&first, &second).send(&text()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProviderUnavailable, "what was asked tells more than what was passed over");
        assert_eq!(error.earlier().last().map(|attempt| (attempt.kind, attempt.requests)), Some((kind, 0)));
        assert_eq!(second.sent().len(), 0);
    }
}

#[tokio::test]
async fn a_channels_own_ledger_opens_its_window() {
    let clock = Arc::new(TestClock::default());
    let ledger = Arc::new(MemoryLedger::default());
    ledger.record(&to(), clock.now() - S(60));
    let guard = WindowGuard::default().with_ledger(ledger, Arc::clone(&clock) as Arc<dyn Clock>);
    let (first, second) = (failing(ErrorKind::ProviderUnavailable), Stub::accepting());
    let failover =
        Failover::new("first", channel(&first)).with_channel("second", channel(&second)).with_window_guard(guard);
    let receipt = Client::new(failover).send(&with_fallback()).await.unwrap();
    assert!(!receipt.template_fallback);
}

#[tokio::test]
async fn channel_bound_message_goes_to_its_channel_only() {
    let open = Stub::accepting().with_window(Window::Open { until: None });
    let uploaded: Message = serde_json::from_value(
        serde_json::json!({"to": "+34600111222", "content": {"type": "image", "id": "upload-1"}}),
    )
    .unwrap();
    for message in [text().with_reply_to("wamid.1"), uploaded] {
        let error = two(&failing(ErrorKind::ProviderUnavailable), &open).send(&message).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProviderUnavailable);
    }
    assert_eq!(open.sent().len(), 0);
}

#[tokio::test]
async fn a_channel_that_lacks_a_capability_is_passed_over() {
    let plain = Stub::accepting().with_capabilities(Capabilities::new(&[Capability::Text]));
    let able = Stub::accepting();
    let receipt = two(&plain, &able).send(&template()).await.unwrap();
    assert_eq!(receipt.channel.as_deref(), Some("second"));
    assert_eq!((receipt.earlier[0].kind, receipt.earlier[0].requests), (ErrorKind::Unsupported, 0));
    assert_eq!(plain.sent().len(), 0);
}

#[tokio::test]
async fn what_belongs_to_one_provider_is_no_capability_of_several() {
    let all = Stub::accepting().with_capabilities(Capability::ALL.iter().copied().collect());
    let capabilities = two(&all, &all).capabilities();
    for of_one in [
        Capability::Idempotency,
        Capability::DeliveryStatus,
        Capability::Inbound,
        Capability::WebhookSignature,
        Capability::Batch,
    ] {
        assert!(!capabilities.contains(of_one), "{of_one}");
    }
    assert!(capabilities.contains(Capability::Text) && capabilities.contains(Capability::Session));
}

#[tokio::test]
async fn a_channel_that_keeps_failing_is_left_alone_and_probed_later() {
    let clock = Arc::new(TestClock::default());
    let first = Stub::script([Err(failed(ErrorKind::Unauthenticated)), Ok("back".into()), Ok("again".into())]);
    let failover = Arc::new(
        Failover::new("first", channel(&first))
            .with_channel("second", channel(&Stub::accepting()))
            .with_clock(Arc::clone(&clock) as Arc<dyn Clock>),
    );
    let send = async || failover.send(&template()).await.unwrap().channel.unwrap();
    assert_eq!(failover.states(), [("first", BreakerState::Closed), ("second", BreakerState::Closed)]);
    assert_eq!(send().await, "second");
    assert_eq!(failover.states()[0].1, BreakerState::Open(S(60)));
    assert_eq!(send().await, "second");
    assert_eq!(first.sent().len(), 1, "it is not asked while it is left alone");
    clock.advance(S(60));
    assert_eq!(failover.states()[0].1, BreakerState::HalfOpen);
    assert_eq!(send().await, "first");
    assert_eq!(failover.states()[0].1, BreakerState::Closed);
    assert_eq!(send().await, "first");
}

#[tokio::test]
async fn with_equal_weights_the_first_channel_is_always_asked_first() {
    let (first, second) = (Stub::accepting(), Stub::accepting());
    let client = two(&first, &second);
    for number in 0..50 {
        let to = format!("+346001112{number:02}").parse().unwrap();
        client.send(&Message::template(to, Template::new("t"))).await.unwrap();
    }
    assert_eq!((first.sent().len(), second.sent().len()), (50, 0));
}

#[tokio::test]
async fn weights_share_contacts_and_each_keeps_its_channel() {
    let stub = Stub::accepting();
    let client = Client::new(
        Failover::new("a", channel(&stub))
            .with_channel("b", channel(&stub))
            .with_weight(2)
            .with_channel("c", channel(&stub))
            .with_weight(5),
    );
    let chosen = async |number: u32| {
        let to = format!("+3460011{number:04}").parse().unwrap();
        client.send(&Message::template(to, Template::new("t"))).await.unwrap().channel.unwrap()
    };
    let mut shares = BTreeMap::new();
    for number in 0..4_000 {
        let first = chosen(number).await;
        if number % 100 == 0 {
            assert_eq!(chosen(number).await, first, "a contact stays on one number because the window does");
        }
        *shares.entry(first).or_insert(0_i32) += 1;
    }
    for (name, expected) in [("a", 500), ("b", 1_000), ("c", 2_500)] {
        assert!((shares[name] - expected).abs() < 150, "{shares:?}");
    }
}

#[tokio::test]
async fn quoting_message_is_unsupported_on_other_channels() {
    for second in [Stub::accepting(), Stub::accepting().with_window(Window::Never)] {
        for message in [text().with_reply_to("wamid.1"), template().with_reply_to("wamid.1")] {
            let error = two(&failing(ErrorKind::ProviderUnavailable), &second).send(&message).await.unwrap_err();
            let passed_over = error.earlier().last().unwrap();
            assert_eq!((passed_over.kind, passed_over.requests), (ErrorKind::Unsupported, 0));
            assert!(passed_over.message.contains("only another channel knows"), "{passed_over:?}");
        }
        assert_eq!(second.sent().len(), 0);
    }
}

#[tokio::test]
async fn a_channel_without_templates_takes_no_fallback() {
    let second = Stub::accepting().with_capabilities(Capabilities::new(&[Capability::Text]));
    let (first, third) = (failing(ErrorKind::ProviderUnavailable), Stub::accepting());
    let failover = Failover::new("first", channel(&first))
        .with_channel("second", channel(&second))
        .with_channel("third", channel(&third));
    let receipt = Client::new(failover).send(&with_fallback()).await.unwrap();
    assert_eq!(receipt.channel.as_deref(), Some("third"));
    assert_eq!((receipt.earlier[1].kind, second.sent().len()), (ErrorKind::SessionExpired, 0));
}

#[tokio::test]
async fn lookup_uses_first_able_channel_and_session_contacts_own() {
    let plain = Stub::accepting().with_capabilities(Capabilities::new(&[Capability::Text]));
    let failover = Failover::new("plain", channel(&plain))
        .with_channel("able", channel(&Stub::accepting().with_window(Window::Never)))
        .with_weight(1_000_000);
    assert_eq!((failover.provider(), failover.first_for(&to())), ("failover", "able"));
    assert_eq!(failover.session(&to()).await.unwrap().window, Window::Never);
    assert_eq!(failover.senders().await.unwrap().len(), 1);
    assert!(failover.templates().await.is_ok());
    assert!(failover.conversations(&transom::account::ConversationFilter::default()).await.is_ok());
    let alone = Failover::new("plain", channel(&plain));
    for refused in [
        alone.senders().await.err(),
        alone.templates().await.err(),
        alone.conversations(&transom::account::ConversationFilter::default()).await.err(),
    ] {
        assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Unsupported));
    }
    assert!(format!("{alone:?}").contains("plain"), "a channel is named when it is shown");
}
