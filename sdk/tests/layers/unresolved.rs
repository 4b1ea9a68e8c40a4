//! Settling a send of which nobody could know.

use super::*;

fn unresolved(message: &Message) -> Unresolved {
    let error = failed(ErrorKind::ProviderUnavailable).maybe_sent();
    Unresolved::new(message, &error, TestClock::default().now()).unwrap()
}

fn report(status: DeliveryStatus) -> StatusUpdate {
    let mut update = StatusUpdate::new("m1", status);
    update.reference = Some("order-17".into());
    update.to = Some(to());
    if update.status == DeliveryStatus::Failed {
        update.error = Some((ErrorKind::SessionExpired, "30018".into()));
    }
    update
}

fn heard(updates: &[StatusUpdate]) -> Resolution {
    let mut unresolved = unresolved(&with_fallback());
    let events = updates.iter().cloned().map(Event::Status).collect();
    unresolved.hear(&Events::new(true, events), false);
    unresolved.resolution()
}

fn sent(status: DeliveryStatus) -> Resolution {
    Resolution::Sent { message_id: "m1".into(), status }
}

#[test]
fn a_proved_outcome_is_not_unresolved() {
    assert!(Unresolved::new(&text(), &failed(ErrorKind::ProviderUnavailable), SystemTime::UNIX_EPOCH).is_none());
}

#[test]
fn a_report_with_our_reference_settles_it() {
    assert_eq!(heard(&[]), Resolution::Unknown);
    assert_eq!(heard(&[report(DeliveryStatus::Sent)]), sent(DeliveryStatus::Sent));
    let reason = Some((ErrorKind::SessionExpired, "30018".to_owned()));
    assert_eq!(heard(&[report(DeliveryStatus::Failed)]), Resolution::NotSent { reason });
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
    anonymous.consider(&StatusUpdate::new("m1", DeliveryStatus::Delivered));
    assert_eq!(anonymous.resolution(), Resolution::Unknown, "a message without a reference is like any other");
}

#[test]
fn a_report_under_its_id_settles_a_message_without_a_reference() {
    let mut unresolved = unresolved(&text()).known_as("m1");
    unresolved.consider(&StatusUpdate::new("m2", DeliveryStatus::Delivered));
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    unresolved.consider(&StatusUpdate::new("m1", DeliveryStatus::Delivered));
    assert_eq!(unresolved.resolution(), sent(DeliveryStatus::Delivered));
}

#[test]
fn a_stranger_settles_nothing() {
    let events = Events::new(false, vec![Event::Status(report(DeliveryStatus::Delivered))]);
    let mut unresolved = unresolved(&with_fallback());
    unresolved.hear(&events, false);
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    unresolved.hear(&events, true);
    assert_eq!(unresolved.resolution(), sent(DeliveryStatus::Delivered));
}

#[tokio::test]
async fn a_keyed_message_is_settled_by_handing_it_over_once_more_while_its_key_lives() {
    let day = S(24 * 3_600);
    let stub = Stub::script([Ok("m1".into())]).with_capabilities(Capabilities::of(&[
        Capability::Text,
        Capability::Template,
        Capability::Idempotency,
    ]));
    let client = Client::new(stub.clone());
    let prepared = client.prepare(&with_fallback()).unwrap();
    let begun = TestClock::default().now();

    let mut late = unresolved(&prepared);
    let error = late.repeat(&client, day, begun + day / 5 * 4).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let mut without_key = unresolved(&with_fallback());
    assert!(without_key.repeat(&client, day, begun).await.is_err());
    assert_eq!(stub.sent().len(), 0);

    let mut in_time = unresolved(&prepared);
    assert_eq!(in_time.repeat(&client, day, begun + S(60)).await.unwrap(), sent(DeliveryStatus::Queued));
    assert_eq!(stub.sent()[0].idempotency_key.as_deref(), Some("order-17"));
}

#[tokio::test]
async fn without_a_key_a_message_is_never_handed_over_again() {
    let stub = Stub::accepting();
    let client = Client::new(stub.clone());
    let mut unresolved = unresolved(&client.prepare(&with_fallback()).unwrap());
    let error = unresolved.repeat(&client, S(86_400), TestClock::default().now()).await.unwrap_err();
    assert_eq!((error.kind(), stub.sent().len()), (ErrorKind::Unsupported, 0));
}
