use std::time::Duration;

use super::*;
use crate::error::ErrorKind;
use crate::session::ledger::MemoryLedger;
use crate::webhook::seen::MemorySeen;
use crate::webhook::status::{DeliveryFailure, DeliveryStatus};

const CONTACT: &str = "+34600111222";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_778_574_000)
}

fn message(at: SystemTime) -> Inbound {
    Inbound::new(now(), json!({ "type": "text", "body": "hi" }))
        .with_message_id("m1")
        .with_sender(CONTACT.parse().unwrap())
        .with_provider_time(Some(at))
}

async fn recorded(events: &WebhookEvents, trust_unsigned: bool) -> Option<SystemTime> {
    let ledger = MemoryLedger::default();
    events.record(&ledger, trust_unsigned, now()).await.unwrap();
    ledger.last_inbound_at(&CONTACT.parse().unwrap())
}

#[tokio::test]
async fn an_unverified_message_opens_no_window_unless_it_is_trusted() {
    let events = WebhookEvents::new(false, vec![message(now()).into()]);
    assert_eq!(recorded(&events, false).await, None);
    assert_eq!(recorded(&events, true).await, Some(now()));
}

#[tokio::test]
async fn a_message_from_the_future_keeps_no_window_open_longer() {
    for ahead in [1, 299, 301, 999_999] {
        let events = WebhookEvents::new(true, vec![message(now() + Duration::from_secs(ahead)).into()]);
        assert_eq!(recorded(&events, false).await, Some(now()), "{ahead}");
    }
}

#[tokio::test]
async fn a_message_without_time_opens_the_window_at_receipt() {
    let mut inbound = message(now());
    (inbound.at, inbound.at_source) = (now(), TimeSource::Receipt);
    assert_eq!(recorded(&WebhookEvents::new(true, vec![inbound.into()]), false).await, Some(now()));
}

#[tokio::test]
async fn a_message_that_is_not_for_this_window_makes_no_row() {
    let mut other = message(now());
    other.opens_window = false;
    let mut nameless = message(now());
    (nameless.from, nameless.user_id) = (None, Some("ES.9f2c".to_owned()));
    let status = Event::Status(StatusUpdate::new("m1", DeliveryStatus::Read));
    for event in [other.into(), nameless.into(), status] {
        let events = WebhookEvents::new(true, vec![event]);
        assert_eq!(events.opened_windows(true, now()).count(), 0, "{events:?}");
        assert_eq!(recorded(&events, false).await, None);
    }
}

#[test]
fn an_event_is_written_with_its_provider_and_its_trust() {
    let mut update = StatusUpdate::new("m1", DeliveryStatus::Failed);
    update.provider_message_id = Some("7".into());
    update.error = Some(DeliveryFailure::new(ErrorKind::SessionExpired, "30018").with_reason(Some("24 hours".into())));
    let json = Event::Status(update).to_json("exotel", true);
    assert_eq!(
        json,
        json!({
            "type": "status", "provider": "exotel", "verified": true, "message_id": "m1", "status": "failed",
            "at": null, "to": null, "reference": null, "provider_message_id": "7",
            "error": { "kind": "session_expired", "code": "30018", "reason": "24 hours" },
            "dedupe_key": "bdab9d328aa734ab2a2479106dfdc758",
        })
    );
}

/// Applications store these keys. They must never change.
#[test]
fn dedupe_keys_are_the_published_ones() {
    let status = |word, code: &str| {
        let mut update = StatusUpdate::new("7c1e", word);
        update.error = (!code.is_empty()).then(|| DeliveryFailure::new(ErrorKind::SessionExpired, code));
        update.at = Some(now());
        Event::Status(update)
    };
    let mut nameless = message(now());
    nameless.message_id = None;
    let mut timeless = nameless.clone();
    (timeless.at, timeless.at_source) = (now(), TimeSource::Receipt);
    let mut conversation = ConversationUpdate::new("42", "ended");
    conversation.at = Some(now());
    let vectors = [
        (message(now()).into(), "b2bf6a682d634806c7cddae974f3168f"),
        (nameless.into(), "1ef7d40add004bddadfc02c6f9afa53d"),
        (timeless.into(), "232f2c2fd0c2d2f1c710040ec781506e"),
        (status(DeliveryStatus::Delivered, ""), "4cee98ec58a35382d38c44401c5b5b91"),
        (status(DeliveryStatus::Failed, "30018"), "31109a4c0edcbbff45ddbe74e53c6819"),
        (Event::Conversation(conversation), "d9092b71c846af52871f195c4dff7788"),
        (Event::Template(TemplateUpdate::new("visit_reminder", "APPROVED")), "b95c919082c6a8ff673c50a5f99dea85"),
        (Event::Challenge("c".into()), "5f6adaa7d49bd96686f8a857a4cfa0a5"),
        (Event::Unknown(json!({ "b": [1, "x"], "a": null })), "3c63985d77522629d2583fdccd545158"),
    ];
    for (event, key) in vectors {
        assert_eq!(event.dedupe_key(), key, "{event:?}");
    }
}

#[test]
fn dedupe_key_is_the_same_for_a_copy_only() {
    // A copy that comes later has another time of receipt.
    let receipt = |seconds| {
        let mut inbound = Inbound::new(now() + Duration::from_secs(seconds), json!({ "type": "text", "body": "hi" }));
        inbound.from = CONTACT.parse().ok();
        Event::from(inbound)
    };
    assert_eq!(receipt(0).dedupe_key(), receipt(60).dedupe_key());
    let mut later = message(now() + Duration::from_secs(1));
    later.message_id = None;
    let mut earlier = message(now());
    earlier.message_id = None;
    assert_ne!(Event::from(earlier).dedupe_key(), Event::from(later).dedupe_key());
    let unknown = |raw: &str| Event::Unknown(serde_json::from_str(raw).unwrap()).dedupe_key();
    assert_eq!(unknown(r#"{"a":1,"b":2}"#), unknown(r#"{"b":2,"a":1}"#));
    assert_ne!(unknown(r#"{"a":"1"}"#), unknown(r#"{"a":1}"#));
    assert_ne!(unknown(r#"["a","b"]"#), unknown(r#"["ab"]"#));
}

#[tokio::test]
async fn repeated_event_is_new_once_and_again_after_forget() {
    let seen = MemorySeen::default();
    let call = |verified| WebhookEvents::new(verified, vec![message(now()).into(), Event::Challenge("c".into())]);
    // A forged copy that comes first suppresses nothing.
    assert_eq!(call(false).only_new(&seen).await.unwrap().events.len(), 2);
    assert_eq!(call(true).only_new(&seen).await.unwrap().events.len(), 2);
    assert_eq!(call(true).only_new(&seen).await.unwrap().events, []);
    assert_eq!(call(false).only_new(&seen).await.unwrap().events, []);
    call(true).forget(&seen).await.unwrap();
    assert_eq!(call(true).only_new(&seen).await.unwrap().events.len(), 2);
}
