//! The world after a reset, the same in every run.

use std::time::{Duration, SystemTime};

use crate::core::limiter::Limiter;
use crate::core::phone::Phone;
use crate::core::world::{Account, Conversation, Sender, Template, World};

const SECOND: Duration = Duration::from_secs(1);

/// Autocalls: two senders, one of them offline, a balance, and 5 requests per second (Send Freeform Message, seed).
pub(crate) fn autocalls(world: &mut World) {
    let offline = Sender { online: false, ..sender("13", "12025550101", "Demo Clinic Two") };
    let account = Account {
        senders: vec![sender("12", "12025550100", "Demo Clinic"), offline],
        templates: numbered_templates(),
        balance: Some(100.0),
        limiter: Limiter::new(5, SECOND),
        ..Account::default()
    };
    world.open_account("autocalls", account);
}

/// Exotel: one sender, and 200 requests per minute (Rate Limiting, docs).
pub(crate) fn exotel(world: &mut World) {
    let account = Account {
        senders: vec![sender("919876500001", "919876500001", "Demo Store")],
        templates: numbered_templates(),
        limiter: Limiter::new(200, Duration::from_secs(60)),
        ..Account::default()
    };
    world.open_account("exotel", account);
}

/// `GoSendAPI`: a sender of this project, one of another project, a conversation of long ago, and 100 requests per second
/// (Rate limits, docs).
pub(crate) fn gosendapi(world: &mut World) {
    let foreign = Sender { owned: false, ..sender("999000111222", "34611999999", "Somebody Else") };
    let own = sender("555123456789", "34611000000", "Demo Office");
    let business = own.phone.clone();
    let account = Account {
        senders: vec![own, foreign],
        templates: numbered_templates(),
        limiter: Limiter::new(100, SECOND),
        conversations_end: true,
        ..Account::default()
    };
    world.open_account("gosendapi", account);

    // 3 March 2025, 09:01 UTC.
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_740_992_460);
    let uuid = 0x0000_0000_0000_4000_8000_0000_0000_0042;
    let mut row = Conversation::new("gosendapi", 42, uuid, business, phone("5491140123456"), started);
    row.contact_name = Some("Ana".into());
    row.last_inbound_at = Some(started + Duration::from_secs(14 * 60));
    row.last_outbound_at = Some(started + Duration::from_secs(20 * 60));
    row.messages_count = 6;
    world.import_conversation(row);
}

/// Messangi: one sender, templates with named placeholders, and 100 requests per 300 seconds. The page's 2 per 300 seconds is
/// an example, so the number is ours (Sending WhatsApp Session Message, seed).
pub(crate) fn messangi(world: &mut World) {
    let account = Account {
        senders: vec![
            sender("5215500001111", "5215500001111", "Demo Tienda"),
            // The sender of the page's samples.
            sender("1000000001", "1000000001", "Demo of the page"),
        ],
        templates: named_templates(),
        limiter: Limiter::new(100, Duration::from_secs(300)),
        ..Account::default()
    };
    world.open_account("messangi", account);
}

fn numbered_templates() -> Vec<Template> {
    Template::seeded(["1", "2"])
}

fn named_templates() -> Vec<Template> {
    let mut templates = Template::seeded(["customer", "day"]);
    templates.push(Template::new(314, "recordatorio", "es", "Hola {{customer}}, nos vemos el {{day}}."));
    templates
}

fn sender(id: &str, number: &str, name: &str) -> Sender {
    Sender::new(id, phone(number), name)
}

/// The numbers of this file are digits only, so this never falls back; the test below reads every one.
fn phone(number: &str) -> Phone {
    Phone::read(number).unwrap_or_else(Phone::nobody)
}
