//! Settling a send of which nobody could know.

use super::*;

fn unresolved(message: &Message) -> PendingSend {
    let error = failed(ErrorKind::ProviderUnavailable).maybe_sent();
    PendingSend::new(message, &error, TestClock::default().now()).unwrap()
}

fn report(status: DeliveryStatus) -> StatusUpdate {
    let mut update = StatusUpdate::new("m1", status);
    update.reference = Some("order-17".into());
    update.to = Some(to());
    if update.status == DeliveryStatus::Failed {
        update.error = Some(DeliveryFailure::new(ErrorKind::SessionExpired, "30018"));
    }
    update
}

fn heard(updates: &[StatusUpdate]) -> Resolution {
    let mut unresolved = unresolved(&with_fallback());
    let events = updates.iter().cloned().map(Event::Status).collect();
    unresolved.record_events(&WebhookEvents::new(true, events), false);
    unresolved.resolution()
}

fn sent(status: DeliveryStatus) -> Resolution {
    Resolution::Sent { message_id: "m1".into(), status }
}

#[test]
fn a_proved_outcome_is_not_unresolved() {
    assert!(PendingSend::new(&text(), &failed(ErrorKind::ProviderUnavailable), SystemTime::UNIX_EPOCH).is_none());
}

#[test]
fn a_report_with_our_reference_settles_it() {
    assert_eq!(heard(&[]), Resolution::Unknown);
    assert_eq!(heard(&[report(DeliveryStatus::Sent)]), sent(DeliveryStatus::Sent));
    let mut of_nobody = report(DeliveryStatus::Sent);
    of_nobody.to = None;
    assert_eq!(heard(&[of_nobody]), sent(DeliveryStatus::Sent));
}

#[test]
fn failure_by_reference_alone_settles_nothing_and_pins_no_id() {
    use DeliveryStatus::{Delivered, Failed, Sent};
    let ours = || {
        let mut update = report(Delivered);
        update.message_id = "m2".into();
        update
    };
    let delivered = Resolution::Sent { message_id: "m2".into(), status: Delivered };
    assert_eq!(heard(&[report(Failed)]), Resolution::Unknown);
    assert_eq!(heard(&[report(Sent), report(Failed)]), Resolution::Unknown, "it may be an earlier message's");
    for updates in [[report(Failed), ours()], [ours(), report(Failed)]] {
        assert_eq!(heard(&updates), delivered);
    }
    let mut lost_id = unresolved(&with_fallback()).with_message_id("m1");
    lost_id.record_update(&report(Failed));
    let reason = Some((ErrorKind::SessionExpired, "30018".to_owned()));
    assert_eq!(lost_id.resolution(), Resolution::NotSent { reason }, "under its own id a failure is one");
    lost_id.record_update(&ours());
    assert_eq!(lost_id.resolution(), delivered, "the contact has it");
}

#[test]
fn own_failure_that_is_older_or_about_another_settles_nothing() {
    let mut older = report(DeliveryStatus::Failed);
    older.at = Some(TestClock::default().now() - S(301));
    let mut other_person = report(DeliveryStatus::Failed);
    other_person.to = Some("+34600111333".parse().unwrap());
    for update in [older, other_person] {
        let mut pending = unresolved(&with_fallback()).with_message_id("m1");
        pending.record_update(&update);
        assert_eq!(pending.resolution(), Resolution::Unknown, "{update:?}");
    }
}

/// A report that names the message by WhatsApp's id, and perhaps by the provider's own.
fn joined(status: DeliveryStatus, own: Option<&str>) -> StatusUpdate {
    let mut update = StatusUpdate::new("wamid.A", status);
    update.provider_message_id = own.map(Into::into);
    update.error =
        (update.status == DeliveryStatus::Failed).then(|| DeliveryFailure::new(ErrorKind::SessionExpired, "131047"));
    update
}

#[test]
fn send_known_by_one_id_is_settled_by_the_other() {
    use DeliveryStatus::{Delivered, Failed, Sent};
    let not_sent = Resolution::NotSent { reason: Some((ErrorKind::SessionExpired, "131047".to_owned())) };
    let by = |status| Resolution::Sent { message_id: "90017".into(), status };
    for (reports, expected) in [
        (vec![joined(Delivered, Some("90017"))], by(Delivered)),
        (vec![joined(Failed, Some("90017"))], not_sent.clone()),
        (vec![joined(Sent, Some("90017")), joined(Failed, None)], not_sent.clone()),
        (vec![joined(Sent, Some("90017")), joined(Delivered, None)], by(Delivered)),
        (vec![joined(Delivered, None)], Resolution::Unknown),
        (vec![joined(Failed, Some("90018")), joined(Failed, None)], Resolution::Unknown),
    ] {
        let mut pending = unresolved(&text()).with_message_id("90017");
        for report in &reports {
            pending.record_update(report);
        }
        assert_eq!(pending.resolution(), expected, "{reports:?}");
        // In a log, an earlier report counts once a later one has joined the ids.
        for order in [reports.clone(), reports.iter().rev().cloned().collect()] {
            let log = DeliveryReportLog::default();
            log.record(&WebhookEvents::new(true, order.into_iter().map(Event::Status).collect()), false);
            let resolution = unresolved(&text()).with_message_id("90017").check_log(&log);
            assert_eq!(resolution, expected, "{reports:?} in the log");
        }
    }
}

#[test]
fn report_under_the_reference_counts_for_the_id_that_joins_it() {
    let mut first = joined(DeliveryStatus::Failed, None);
    first.reference = Some("order-17".into());
    let mut pending = unresolved(&with_fallback()).with_message_id("90017");
    pending.record_update(&first);
    assert_eq!(pending.resolution(), Resolution::Unknown);
    pending.record_update(&joined(DeliveryStatus::Sent, Some("90017")));
    assert!(matches!(pending.resolution(), Resolution::NotSent { .. }), "{pending:?}");
}

#[test]
fn report_with_another_spelling_of_the_number_settles_it() {
    let message = Message::text("+525599992222".parse().unwrap(), "Hi").with_reference("order-17");
    let mut pending = unresolved(&message);
    let mut update = report(DeliveryStatus::Delivered);
    update.to = Some("+5215599992222".parse().unwrap());
    pending.record_update(&update);
    assert_eq!(pending.resolution(), sent(DeliveryStatus::Delivered));
}

#[test]
fn reports_come_to_the_same_end_in_any_order_and_number() {
    use DeliveryStatus::{Delivered, Failed, Queued, Read, Sent};
    let all = [Queued, Sent, Failed, Delivered, Read].map(report);
    let end = heard(&all);
    assert_eq!(end, sent(Read));
    for turn in 0..all.len() {
        let mut turned = all.to_vec();
        turned.rotate_left(turn);
        turned.extend(all.iter().rev().cloned());
        assert_eq!(heard(&turned), end);
    }
    assert_eq!(heard(&[report(Failed), report(Delivered)]), sent(Delivered), "what was delivered has not failed");
}

#[test]
fn a_report_about_another_message_settles_nothing() {
    let mut other_reference = report(DeliveryStatus::Delivered);
    other_reference.reference = Some("order-18".into());
    let mut no_reference = report(DeliveryStatus::Delivered);
    no_reference.reference = None;
    let mut other_person = report(DeliveryStatus::Delivered);
    other_person.to = Some("+34600111333".parse().unwrap());
    let mut long_before = report(DeliveryStatus::Delivered);
    long_before.at = Some(TestClock::default().now() - S(301));
    for update in [other_reference, no_reference, other_person, long_before] {
        assert_eq!(heard(std::slice::from_ref(&update)), Resolution::Unknown, "{update:?}");
    }
    let mut just_before = report(DeliveryStatus::Delivered);
    just_before.at = Some(TestClock::default().now() - S(300));
    assert_ne!(heard(&[just_before]), Resolution::Unknown, "clocks differ by so much");
    let mut anonymous = unresolved(&text());
    anonymous.record_update(&StatusUpdate::new("m1", DeliveryStatus::Delivered));
    assert_eq!(anonymous.resolution(), Resolution::Unknown, "a message without a reference is like any other");
}

#[test]
fn a_report_with_the_other_spelling_of_the_number_settles_it() {
    let mut message = with_fallback();
    message.to = "+5491145678901".parse().unwrap();
    let error = failed(ErrorKind::ProviderUnavailable).maybe_sent();
    let mut pending = PendingSend::new(&message, &error, TestClock::default().now()).unwrap();
    let mut update = report(DeliveryStatus::Delivered);
    update.to = Some("+541145678901".parse().unwrap());
    pending.record_update(&update);
    assert_eq!(pending.resolution(), sent(DeliveryStatus::Delivered));
}

#[test]
fn a_report_under_its_id_settles_a_message_without_a_reference() {
    let mut unresolved = unresolved(&text()).with_message_id("m1");
    unresolved.record_update(&StatusUpdate::new("m2", DeliveryStatus::Delivered));
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    unresolved.record_update(&StatusUpdate::new("m1", DeliveryStatus::Delivered));
    assert_eq!(unresolved.resolution(), sent(DeliveryStatus::Delivered));
}

#[test]
fn a_stranger_settles_nothing() {
    let events = WebhookEvents::new(false, vec![Event::Status(report(DeliveryStatus::Delivered))]);
    let mut unresolved = unresolved(&with_fallback());
    unresolved.record_events(&events, false);
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    unresolved.record_events(&events, true);
    assert_eq!(unresolved.resolution(), sent(DeliveryStatus::Delivered));
}

#[test]
fn a_report_that_came_before_the_timeout_settles_it() {
    let reports = DeliveryReportLog::default();
    reports.record(&WebhookEvents::new(true, vec![Event::Status(report(DeliveryStatus::Delivered))]), false);
    assert_eq!(unresolved(&with_fallback()).check_log(&reports), sent(DeliveryStatus::Delivered));
    assert_eq!(unresolved(&with_fallback().with_reference("order-18")).check_log(&reports), Resolution::Unknown);
    assert_eq!(unresolved(&text()).with_message_id("m1").check_log(&reports), sent(DeliveryStatus::Delivered));
}

#[test]
fn a_strangers_early_report_is_not_kept() {
    let reports = DeliveryReportLog::default();
    let events = WebhookEvents::new(false, vec![Event::Status(report(DeliveryStatus::Delivered))]);
    reports.record(&events, false);
    assert_eq!(unresolved(&with_fallback()).check_log(&reports), Resolution::Unknown);
    reports.record(&events, true);
    assert_eq!(unresolved(&with_fallback()).check_log(&reports), sent(DeliveryStatus::Delivered));
}

#[test]
fn early_reports_are_kept_for_a_quarter_of_an_hour() {
    let clock = Arc::new(TestClock::default());
    let reports = DeliveryReportLog::default().with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let heard = WebhookEvents::new(true, vec![Event::Status(report(DeliveryStatus::Delivered))]);
    reports.record(&heard, false);
    clock.advance(S(15 * 60) - Duration::from_millis(1));
    assert_eq!(unresolved(&with_fallback()).check_log(&reports), sent(DeliveryStatus::Delivered));
    clock.advance(Duration::from_millis(1));
    assert_eq!(unresolved(&with_fallback()).check_log(&reports), Resolution::Unknown);
    reports.record(&WebhookEvents::new(true, vec![]), false);
    assert!(format!("{reports:?}").contains("kept: 0"), "{reports:?}");
}

#[test]
fn where_there_are_more_reports_than_room_the_oldest_go() {
    let reports = DeliveryReportLog::with_capacity(2);
    for id in ["m1", "m2", "m3"] {
        let update = StatusUpdate::new(id, DeliveryStatus::Read);
        reports.record(&WebhookEvents::new(true, vec![Event::Status(update)]), false);
    }
    let known = |id: &str| unresolved(&text()).with_message_id(id).check_log(&reports) != Resolution::Unknown;
    assert_eq!(["m1", "m2", "m3"].map(known), [false, true, true]);
}

/// When, in seconds after the send began, a look was taken, and what was known in the end. `found` is what each look finds.
async fn looked(
    late: Duration,
    found: impl IntoIterator<Item = Result<StatusUpdate>> + Send,
) -> (Vec<u64>, Resolution) {
    let clock = TestClock::default();
    let begun = clock.now();
    let mut unresolved = unresolved(&text()).with_message_id("m1");
    clock.advance(late);
    let found: Vec<_> = found.into_iter().collect();
    let mut found = found.into_iter();
    let mut looks = Vec::new();
    let resolution = unresolved
        .poll_status(&clock, || {
            looks.push(clock.now().duration_since(begun).unwrap().as_secs());
            std::future::ready(found.next().unwrap_or_else(|| Err(failed(ErrorKind::NotFound))))
        })
        .await;
    (looks, resolution)
}

#[tokio::test]
async fn lookups_run_after_5_s_30_s_2_min_10_min_silence_is_unknown() {
    assert_eq!(looked(S(0), []).await, (vec![5, 30, 120, 600], Resolution::Unknown));
    assert_eq!(looked(S(0), []).await.0, LOOKUP_SCHEDULE.map(|due| due.as_secs()));
}

#[tokio::test]
async fn the_first_look_that_settles_it_is_the_last() {
    let answers = [Err(failed(ErrorKind::NotFound)), Ok(report(DeliveryStatus::Sent))];
    assert_eq!(looked(S(0), answers).await, (vec![5, 30], sent(DeliveryStatus::Sent)));
    let reason = Some((ErrorKind::SessionExpired, "30018".to_owned()));
    let told = looked(S(0), [Ok(report(DeliveryStatus::Failed))]).await;
    assert_eq!(told, (vec![5], Resolution::NotSent { reason }), "the provider says so itself");
}

#[tokio::test]
async fn looks_whose_time_is_over_are_made_up_for_by_one() {
    assert_eq!(looked(S(60), []).await.0, [60, 120, 600], "a send takes up to a minute");
    assert_eq!(looked(S(24 * 3_600), []).await.0, [24 * 3_600]);
}
