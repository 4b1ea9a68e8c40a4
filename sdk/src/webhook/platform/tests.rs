use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;
use crate::webhook::inbound::TimeSource;

const RECEIVED: SystemTime = UNIX_EPOCH;

fn members(value: &Value) -> Members {
    Members::from_raw(&raw(value)).unwrap()
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

/// The message, as a call of the sender +34611000000 with these members around it.
fn read(message: &Value, around: &Value) -> Option<Inbound> {
    let own = "+34611000000".parse().unwrap();
    let (layer, around) = (members(message), members(around));
    let id = layer.text(&["id"]);
    let context =
        MessageContext { around: &[&around], sent_at: None, received_at: RECEIVED, sender: OwnSender::Number(&own) };
    inbound(id, &[&layer], content(&raw(message)), &context)
}

fn text(more: &Value) -> Value {
    let mut message = json!({ "id": "m1", "from": "34600111222", "type": "text", "text": { "body": "hi" } });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

#[test]
fn message_needs_a_sender_and_nothing_else() {
    for (message, expected) in [
        (json!({ "id": "m1" }), false),
        (json!({ "id": "m1", "from": "" }), false),
        (json!({ "from": "34600111222" }), true),
        (json!({ "from_user_id": "ES.9f2c" }), true),
        (json!({ "text": { "body": "hi" }, "timestamp": "1772603431" }), false),
    ] {
        assert_eq!(read(&message, &json!({})).is_some(), expected, "{message}");
    }
    let bare = read(&json!({ "from": "34600111222" }), &json!({})).unwrap();
    assert_eq!((bare.at, bare.at_source), (RECEIVED, TimeSource::Receipt));
    assert_eq!(bare.content.to_json(), json!({ "type": "unknown", "raw": { "from": "34600111222" } }));
}

#[test]
fn unreadable_member_costs_that_member_only() {
    for odd in [json!(null), json!(""), json!({}), json!([1]), json!("soon"), json!(true), json!(-1)] {
        for name in ["timestamp", "to", "context", "referral", "group_id"] {
            let inbound = read(&text(&json!({ name: odd })), &json!({ "contacts": odd, "metadata": odd })).unwrap();
            assert_eq!(inbound.from.unwrap().as_str(), "+34600111222", "{name} {odd}");
            assert_eq!(inbound.content.to_json()["body"], "hi", "{name} {odd}");
        }
        let inbound = read(&text(&json!({ "id": odd, "text": odd })), &json!({})).unwrap();
        assert_eq!(inbound.from.unwrap().as_str(), "+34600111222", "{odd}");
    }
}

#[test]
fn contact_without_number_is_named_by_user_id() {
    for (change, around) in [
        (json!({ "from": null, "from_user_id": "ES.9f2c" }), json!({})),
        (json!({ "from": null, "user_id": "ES.9f2c" }), json!({})),
        (json!({ "from": "ES.9f2c" }), json!({})),
        (json!({ "from": null }), json!({ "contacts": [{ "user_id": "ES.9f2c" }] })),
        (json!({ "from": null }), json!({ "contact_bsuid": "ES.9f2c" })),
    ] {
        let inbound = read(&text(&change), &around).unwrap();
        assert_eq!((inbound.from, inbound.user_id.as_deref()), (None, Some("ES.9f2c")), "{change} {around}");
    }
    let both = read(&text(&json!({ "from_user_id": "ES.9f2c" })), &json!({})).unwrap();
    assert!(both.from.is_some() && both.user_id.is_some());
}

#[test]
fn name_belongs_to_the_contact_with_this_number_or_id() {
    let contacts = json!({ "contacts": [
        { "wa_id": "34600999888", "profile": { "name": "Bert" } },
        { "wa_id": "34600111222", "user_id": "ES.9f2c", "profile": { "name": "Ana" } },
    ] });
    let nobody = json!({ "contacts": [{ "wa_id": "34600999888", "profile": { "name": "Bert" } }] });
    let single = json!({ "contacts": [{ "profile": { "name": "Ana" } }] });
    for (change, around, expected) in [
        (json!({}), &contacts, Some("Ana")),
        (json!({ "from": "34600999888" }), &contacts, Some("Bert")),
        (json!({ "from": null, "from_user_id": "ES.9f2c" }), &contacts, Some("Ana")),
        (json!({ "from": "34600777666" }), &contacts, None),
        (json!({}), &nobody, None),
        (json!({}), &single, Some("Ana")),
    ] {
        let inbound = read(&text(&change), around).unwrap();
        assert_eq!(inbound.name.as_deref(), expected, "{change} {around}");
    }
}

#[test]
fn only_a_message_to_this_sender_opens_the_window() {
    for (change, opens) in [
        (json!({ "to": "34611000000" }), true),
        (json!({}), true),
        (json!({ "type": "unsupported" }), true),
        (json!({ "to": "34611000001" }), false),
        (json!({ "group_id": "g1" }), false),
        (json!({ "recipient_type": "group" }), false),
        (json!({ "type": "system", "system": { "body": "changed" } }), false),
        (json!({ "type": "system" }), false),
        (json!({ "type": "request_welcome" }), false),
    ] {
        assert_eq!(read(&text(&change), &json!({})).unwrap().opens_window, opens, "{change}");
    }
    // By WhatsApp's id of the number, where the configuration has that.
    for (id, opens) in [("7", true), ("8", false)] {
        let (layer, around) = (members(&text(&json!({}))), members(&json!({ "metadata": { "phone_number_id": id } })));
        let sender = OwnSender::Id("7");
        let context = MessageContext { around: &[&around], sent_at: None, received_at: RECEIVED, sender };
        let read = inbound(None, &[&layer], json!({ "type": "text", "body": "hi" }).into(), &context).unwrap();
        assert_eq!(read.opens_window, opens, "{id}");
    }
}

#[test]
fn echo_of_our_own_message_is_no_inbound_message() {
    for (change, around) in [
        (json!({ "from": "34611000000", "to": "34600111222" }), json!({})),
        (json!({ "direction": "outbound" }), json!({})),
        (json!({ "from_me": true }), json!({})),
    ] {
        assert_eq!(read(&text(&change), &around), None, "{change}");
    }
}

#[test]
fn time_of_the_call_counts_if_the_message_has_none() {
    let sent_at = Some(RECEIVED + Duration::from_secs(60));
    for (change, expected) in [(json!({}), sent_at), (json!({ "timestamp": "x" }), sent_at)] {
        let layer = members(&text(&change));
        let context = MessageContext { around: &[], sent_at, received_at: RECEIVED, sender: OwnSender::Unknown };
        let read = inbound(None, &[&layer], json!({ "type": "text", "body": "hi" }).into(), &context).unwrap();
        assert_eq!((Some(read.at), read.at_source), (expected, TimeSource::Provider), "{change}");
    }
}

#[test]
fn referral_group_and_quoted_message_are_kept() {
    let message = text(&json!({
        "group_id": "g1",
        "context": { "from": "34611000000", "id": "wamid.OUT" },
        "referral": { "source_type": "ad", "source_id": "23", "source_url": "https://fb.example/ad", "ctwa_clid": "c1",
                      "headline": "Summer", "body": "Half price", "media_type": "image" },
    }));
    let inbound = read(&message, &json!({})).unwrap();
    assert_eq!(inbound.reply_to.unwrap().as_str(), "wamid.OUT");
    assert_eq!(inbound.group_id.as_deref(), Some("g1"));
    assert_eq!(
        serde_json::to_value(inbound.referral).unwrap(),
        json!({ "source_type": "ad", "source_id": "23", "source_url": "https://fb.example/ad", "ctwa_clid": "c1",
                "headline": "Summer", "body": "Half price" })
    );
}

/// Each kind of content, as WhatsApp writes it, and as events have it.
#[test]
fn content_of_each_kind_is_read() {
    for (written, read) in [
        (json!({ "type": "text", "text": { "body": "hi" } }), json!({ "type": "text", "body": "hi" })),
        (json!({ "type": "text", "text": "hi" }), json!({ "type": "text", "body": "hi" })),
        (json!({ "text": { "body": "hi" } }), json!({ "type": "text", "body": "hi" })),
        (
            json!({ "type": "image", "image": { "id": "7", "url": "https://f.example/a", "mime_type": "image/png", "sha256": "x=", "caption": "c" } }),
            json!({ "type": "image", "id": "7", "link": "https://f.example/a", "mime_type": "image/png", "sha256": "x=", "caption": "c" }),
        ),
        (
            json!({ "type": "audio", "audio": { "id": 18_446_744_073_709_551_615_u64, "voice": true } }),
            json!({ "type": "audio", "id": "18446744073709551615", "voice": true }),
        ),
        (json!({ "type": "voice", "voice": { "id": "7" } }), json!({ "type": "audio", "id": "7" })),
        (
            json!({ "type": "sticker", "sticker": { "id": "7", "animated": true } }),
            json!({ "type": "sticker", "id": "7", "animated": true }),
        ),
        (
            json!({ "type": "document", "document": { "link": "https://f.example/a.pdf", "filename": "a.pdf" } }),
            json!({ "type": "document", "link": "https://f.example/a.pdf", "filename": "a.pdf" }),
        ),
        (json!({ "type": "video", "video": { "id": "7" } }), json!({ "type": "video", "id": "7" })),
        (
            json!({ "type": "location", "location": { "latitude": "13.08", "longitude": 80.27, "name": "Pier 4" } }),
            json!({ "type": "location", "latitude": 13.08, "longitude": 80.27, "name": "Pier 4" }),
        ),
        (
            json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Ana" } }] }),
            json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Ana" } }] }),
        ),
        (
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.1" } }),
            json!({ "type": "reaction", "message_id": "wamid.1", "emoji": "" }),
        ),
        (
            json!({ "type": "button", "button": { "text": "Yes", "payload": "confirm" } }),
            json!({ "type": "button_reply", "id": "confirm", "title": "Yes" }),
        ),
        (
            json!({ "type": "interactive", "interactive": { "type": "button_reply", "button_reply": { "id": "y", "title": "Yes" } } }),
            json!({ "type": "button_reply", "id": "y", "title": "Yes" }),
        ),
        (
            json!({ "type": "interactive", "interactive": { "list_reply": { "id": "f9", "title": "09:00", "description": "Room A" } } }),
            json!({ "type": "list_reply", "id": "f9", "title": "09:00", "description": "Room A" }),
        ),
        (
            json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": { "name": "flow", "body": "Sent", "response_json": "{\"day\":\"Mon \\ud83d\",\"id\":18446744073709551616}" } } }),
            json!({ "type": "flow_reply", "name": "flow", "body": "Sent", "response": { "day": "Mon \u{fffd}", "id": "18446744073709551616" } }),
        ),
        (
            json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": { "response_json": "not json" } } }),
            json!({ "type": "flow_reply", "response": "not json" }),
        ),
        (
            json!({ "type": "order", "order": { "catalog_id": "c1", "text": "please", "product_items": [{ "product_retailer_id": "p1", "quantity": "2", "item_price": 4.5, "currency": "INR" }] } }),
            json!({ "type": "order", "catalog_id": "c1", "text": "please", "product_items": [{ "product_retailer_id": "p1", "quantity": 2, "item_price": 4.5, "currency": "INR" }] }),
        ),
        (
            json!({ "type": "system", "system": { "type": "user_changed_number", "body": "Ana changed", "wa_id": "34600999888" } }),
            json!({ "type": "system", "event": "user_changed_number", "body": "Ana changed", "new_number": "+34600999888" }),
        ),
        (
            json!({ "type": "system", "system": { "type": "user_changed_number", "new_wa_id": "34600999888" } }),
            json!({ "type": "system", "event": "user_changed_number", "new_number": "+34600999888" }),
        ),
        (
            json!({ "type": "system", "system": { "type": "customer_identity_changed", "wa_id": "34600111222" } }),
            json!({ "type": "system", "event": "customer_identity_changed" }),
        ),
    ] {
        assert_eq!(content(&raw(&written)).to_json(), read, "{written}");
    }
}

#[test]
fn content_that_is_not_modelled_is_kept_as_received() {
    for written in [
        json!({ "type": "edit", "edit": { "original_message_id": "wamid.1" } }),
        json!({ "type": "unsupported", "errors": [{ "code": 131_051 }] }),
        json!({ "type": "text", "text": {} }),
        json!({ "type": "image", "image": { "caption": "no file" } }),
        json!({ "type": "contacts", "contacts": {} }),
        json!({ "type": "order", "order": { "product_items": [7] } }),
        json!({ "type": "interactive", "interactive": {} }),
        json!({}),
    ] {
        assert_eq!(content(&raw(&written)).to_json(), json!({ "type": "unknown", "raw": written }));
    }
}

#[test]
fn first_error_decides_the_kind_and_all_give_the_reason() {
    let own = |code: &str, words: &str| (code == "7" || words.contains("custom")).then_some(ErrorKind::Conflict);
    for (errors, kind, code, reason) in [
        (
            json!([{ "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
                     "error_data": { "details": "More than 24 hours have passed" } }, { "code": 130_429, "title": "Slow down" }]),
            ErrorKind::SessionExpired,
            "131047",
            Some("Re-engagement message: More than 24 hours have passed; Slow down"),
        ),
        (
            json!({ "code": 100, "message": "(#100) Invalid parameter", "details": { "error_data": { "details": "Parameter name is missing or empty" } } }),
            ErrorKind::InvalidRequest,
            "100",
            Some("(#100) Invalid parameter: Parameter name is missing or empty"),
        ),
        (json!([{ "code": "999" }, { "code": 131_047 }]), ErrorKind::ProviderUnavailable, "999", None),
        (json!(["(#131049) withheld"]), ErrorKind::RateLimited, "131049", Some("(#131049) withheld")),
        (json!("63016 outside"), ErrorKind::SessionExpired, "63016", Some("63016 outside")),
        (json!(131_026), ErrorKind::RecipientInvalid, "131026", None),
        (json!([{ "code": 7 }]), ErrorKind::Conflict, "7", None),
        (json!({ "title": "custom\nwords" }), ErrorKind::Conflict, "", Some("custom words")),
    ] {
        let found = failure(&members(&json!({ "errors": errors })), &["errors"], own).unwrap();
        assert_eq!((found.kind, &*found.code, found.reason.as_deref()), (kind, code, reason), "{errors}");
    }
    for none in [json!(null), json!([]), json!(""), json!({}), json!([null, {}])] {
        assert_eq!(failure(&members(&json!({ "errors": none })), &["errors"], own), None, "{none}");
    }
}
