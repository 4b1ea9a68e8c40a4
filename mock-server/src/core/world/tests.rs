use std::time::{Duration, SystemTime};

use serde_json::json;

use super::*;
use crate::simulators;

fn world() -> World {
    World::seeded(&simulators::all(), false)
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000)
}

fn phone(text: &str) -> Phone {
    Phone::read(text).unwrap()
}

fn write(world: &mut World, at: SystemTime) {
    let (from, to) = (phone("+919876543210"), phone("+919876500001"));
    world.receive(at, &Inbound { provider: "exotel", from: &from, to: &to, name: Some("Asha") });
}

fn window(world: &World, at: SystemTime) -> Window {
    world.window("exotel", &phone("+919876500001"), &phone("+919876543210"), at)
}

#[test]
fn window_is_open_before_24_hours_and_closed_at_24_hours() {
    let mut world = world();
    assert_eq!(window(&world, now()), Window::Never);
    write(&mut world, now());
    let end = now() + Duration::from_secs(86_400);
    assert_eq!(window(&world, end - Duration::from_nanos(1)), Window::Open { until: end });
    assert_eq!(window(&world, end), Window::Expired { since: end });
}

#[test]
fn every_inbound_message_starts_the_24_hours_anew() {
    let mut world = world();
    write(&mut world, now());
    let later = now() + Duration::from_secs(3600 * 20);
    write(&mut world, later);
    assert_eq!(window(&world, now() + WINDOW), Window::Open { until: later + WINDOW });
}

#[test]
fn a_message_of_the_business_does_not_open_the_window() {
    let mut world = world();
    let (from, to) = (phone("+919876500001"), phone("+919876543210"));
    let message = Message {
        provider: "exotel",
        message_id: "m1".to_owned(),
        from: &from,
        to: &to,
        content: json!({"type": "template"}).into(),
        reference: Some("order-1"),
    };
    world.deliver(now(), message);
    assert_eq!(window(&world, now()), Window::Never);
    let line = world.ledger().next().unwrap();
    assert_eq!((line.from.e164().as_str(), line.to.e164().as_str()), ("+919876500001", "+919876543210"));
    assert_eq!(
        (line.reference.as_deref(), serde_json::to_string(&line.content).unwrap().as_str()),
        (Some("order-1"), r#"{"type":"template"}"#)
    );
}

#[test]
fn a_window_is_one_providers_and_one_numbers_only() {
    let mut world = world();
    write(&mut world, now());
    let (business, contact) = (phone("+919876500001"), phone("+919876543210"));
    assert_eq!(world.window("messangi", &business, &contact, now()), Window::Never);
    assert_eq!(world.window("exotel", &contact, &business, now()), Window::Never);
}

#[test]
fn ended_conversation_is_followed_by_a_new_one() {
    let mut world = world();
    let (line, contact) = (phone("34611000000"), phone("34600111222"));
    let inbound = Inbound { provider: "gosendapi", from: &contact, to: &line, name: None };
    world.receive(now(), &inbound);
    world.receive(now() + WINDOW - Duration::from_secs(1), &inbound);
    assert_eq!(world.conversations_with("gosendapi", &contact).count(), 1);
    world.receive(now() + 2 * WINDOW, &inbound);
    let counts: Vec<u64> = world.conversations_with("gosendapi", &contact).map(|row| row.messages_count).collect();
    assert_eq!(counts, [1, 2]);
}

#[test]
fn a_conversation_goes_on_for_ever_where_it_does_not_end() {
    let mut world = world();
    write(&mut world, now());
    write(&mut world, now() + 3 * WINDOW);
    assert_eq!(world.conversations_with("exotel", &phone("+919876543210")).count(), 1);
}

#[test]
fn the_seeded_world_is_the_documented_one() {
    let world = world();
    let numbers = |provider: &str| -> Vec<(String, String, bool, bool)> {
        let senders = &world.account(provider).senders;
        senders.iter().map(|s| (s.id.clone(), s.phone.e164(), s.online, s.owned)).collect()
    };
    let row = |id: &str, phone: &str, online, owned| (id.to_owned(), phone.to_owned(), online, owned);
    assert_eq!(numbers("autocalls"), [row("12", "+12025550100", true, true), row("13", "+12025550101", false, true)]);
    assert_eq!(numbers("exotel"), [row("919876500001", "+919876500001", true, true)]);
    assert_eq!(numbers("gosendapi")[0], row("555123456789", "+34611000000", true, true));
    assert_eq!(numbers("gosendapi")[1].0, "999000111222");
    assert!(!numbers("gosendapi")[1].3);
    let sample = row("1000000001", "+1000000001", true, true);
    assert_eq!(numbers("messangi"), [row("5215500001111", "+5215500001111", true, true), sample]);
    assert_eq!(world.account("autocalls").balance, Some(100.0));
    for (provider, limit, seconds) in
        [("autocalls", 5, 1), ("exotel", 200, 60), ("gosendapi", 100, 1), ("messangi", 100, 300)]
    {
        let quota = world.quota(provider, None, None, now());
        assert_eq!((quota.limit, quota.window.as_secs()), (limit, seconds), "{provider}");
    }
}

#[test]
fn every_provider_has_the_seeded_templates() {
    let world = world();
    for (provider, account) in world.accounts() {
        let named = provider == "messangi";
        let visit = account.template("visit_reminder", "en").unwrap();
        assert_eq!(visit.parameters, if named { ["customer", "day"] } else { ["1", "2"] }, "{provider}");
        assert_eq!((visit.id, visit.status), (310, TemplateStatus::Approved));
        assert_eq!(account.template("follow_up", "en").unwrap().parameters.len(), 1);
        assert_eq!(account.template("re_engagement_v1", "en").unwrap().parameters.len(), 0);
        assert_eq!(account.template("pending_one", "en").unwrap().status, TemplateStatus::Pending);
        assert_eq!(account.template("recordatorio", "es").is_some(), named);
    }
}

#[test]
fn conversation_42_ended_long_ago_and_nobody_else_ever_wrote() {
    let world = world();
    let row = world.conversation("gosendapi", 42).unwrap();
    assert_eq!(row.state(now()), ConversationState::Ended);
    assert_eq!(row.contact, phone("5491140123456"));
    assert!(matches!(world.window("gosendapi", &row.business, &row.contact, now()), Window::Expired { .. }));
    assert_eq!(world.conversations("gosendapi").count(), 1);
    assert_eq!(world.conversations("autocalls").count(), 0);
}

#[test]
fn every_credential_except_invalid_works_unless_strict() {
    let strict = World::seeded(&simulators::all(), true);
    for (credential, by_default, strictly) in [
        ("demo-key", true, true),
        ("gsk_test_demo", true, true),
        ("7|other", true, false),
        ("invalid", false, false),
        ("", false, false),
    ] {
        assert_eq!(world().accepts_credential(credential), by_default, "{credential}");
        assert_eq!(strict.accepts_credential(credential), strictly, "{credential}");
    }
}

#[test]
fn a_strict_world_lets_one_user_in_with_their_own_password() {
    let strict = World::seeded(&simulators::all(), true);
    for (username, password, by_default, strictly) in [
        ("demo@example.com", "demo-password", true, true),
        ("demo@example.com", "demo-key", true, false),
        ("demo-key", "demo-password", true, false),
        ("demo@example.com", "invalid", false, false),
    ] {
        assert_eq!(world().accepts_login(username, password), by_default, "{username} {password}");
        assert_eq!(strict.accepts_login(username, password), strictly, "{username} {password}");
    }
    assert!(!strict.accepts_credential("demo-password"));
}

#[test]
fn debug_shows_no_number_and_no_text() {
    let mut world = world();
    write(&mut world, now());
    let shown = format!("{world:?} {:?}", world.account("exotel"));
    assert!(!shown.contains("9876543210") && !shown.contains("9876500001"), "{shown}");
}
