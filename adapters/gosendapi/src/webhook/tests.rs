use serde_json::{Value, json};
use transom::time::rfc3339;

use super::*;

fn events_of(body: &str) -> Vec<Event> {
    let events = read(&[], &Request::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
    assert!(!events.verified);
    events.events
}

fn one(body: &str) -> Event {
    let events = events_of(body);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    event.clone()
}

const MESSAGE: &str = r#"{"from":"34611222333","id":"wamid.IN","timestamp":"1770110100","type":"text","text":{"body":"Thanks"},"context":{"id":"wamid.OUT"}}"#;

#[test]
fn inbound_message_is_read_from_every_place() {
    for (name, data) in [
        ("event", format!(r#"{{"message":{MESSAGE},"contact_name":"Ana"}}"#)),
        ("type", format!(r#"{{"messages":[{MESSAGE}],"contacts":[{{"profile":{{"name":"Ana"}}}}]}}"#)),
        ("event_type", MESSAGE.replacen('{', r#"{"contact":{"name":"Ana"},"#, 1)),
    ] {
        let body = format!(r#"{{"id":"evt_1","{name}":"whatsapp.message.received","data":{data}}}"#);
        let Event::Inbound(inbound) = one(&body) else { panic!("{body}") };
        assert_eq!((inbound.message_id.as_str(), inbound.from.as_str()), ("wamid.IN", "+34611222333"));
        assert_eq!(rfc3339::format(inbound.at), "2026-02-03T09:15:00Z");
        assert_eq!(inbound.name.as_deref(), Some("Ana"), "{body}");
        assert_eq!(inbound.reply_to.unwrap().as_str(), "wamid.OUT");
        assert_eq!(inbound.content.to_json(), json!({ "type": "text", "body": "Thanks" }));
    }
}

#[test]
fn several_messages_in_one_call_are_several_events() {
    let body = format!(r#"{{"event":"whatsapp.message.received","data":{{"messages":[{MESSAGE},{MESSAGE}]}}}}"#);
    assert_eq!(events_of(&body).len(), 2);
    // One that cannot be read is kept beside those that can.
    let events = events_of(&body.replacen(MESSAGE, r#"{"from":"nobody"}"#, 1));
    assert_eq!(events[0], Event::Unknown(json!({ "from": "nobody" })));
    assert!(matches!(&events[1..], [Event::Inbound(_)]));
}

fn content_of(message: &Value) -> Value {
    content::of(&serde_json::value::to_raw_value(message).unwrap()).to_json()
}

#[test]
fn what_a_person_can_send_is_read_into_our_own_form() {
    for (object, expected) in [
        (
            json!({ "type": "image", "image": { "id": "7", "mime_type": "image/png", "sha256": "x", "caption": "c" } }),
            json!({ "type": "image", "id": "7", "mime_type": "image/png", "caption": "c" }),
        ),
        (
            json!({ "type": "location", "location": { "latitude": 1.5, "longitude": 2 } }),
            json!({ "type": "location", "latitude": 1.5, "longitude": 2.0 }),
        ),
        (
            json!({ "type": "location", "location": { "latitude": "41.3874", "longitude": "-2.5", "name": "Shop", "address": null, "url": "x" } }),
            json!({ "type": "location", "latitude": 41.3874, "longitude": -2.5, "name": "Shop" }),
        ),
        (
            json!({ "type": "audio", "audio": { "id": 770_011_223_344_556_u64, "mimeType": "audio/ogg", "voice": true } }),
            json!({ "type": "audio", "id": "770011223344556", "mime_type": "audio/ogg" }),
        ),
        (
            json!({ "type": "contacts", "contacts": [{ "name": {} }] }),
            json!({ "type": "contacts", "contacts": [{ "name": {} }] }),
        ),
        (
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.x", "emoji": "👍" } }),
            json!({ "type": "reaction", "message_id": "wamid.x", "emoji": "👍" }),
        ),
        (
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.x" } }),
            json!({ "type": "reaction", "message_id": "wamid.x", "emoji": "" }),
        ),
        (
            json!({ "type": "button", "button": { "payload": "OK", "text": "Fine" } }),
            json!({ "type": "button_reply", "id": "OK", "title": "Fine" }),
        ),
        (
            json!({ "type": "interactive", "interactive": { "type": "button_reply", "button_reply": { "id": "yes", "title": "Yes" } } }),
            json!({ "type": "button_reply", "id": "yes", "title": "Yes" }),
        ),
        (
            json!({ "type": "interactive", "interactive": { "type": "list_reply", "list_reply": { "id": "m9", "title": "09:00", "description": "x" } } }),
            json!({ "type": "list_reply", "id": "m9", "title": "09:00" }),
        ),
    ] {
        assert_eq!(content_of(&object), expected);
    }
    for unknown in [
        json!({ "type": "unsupported", "errors": [] }),
        json!({ "type": "location", "location": { "latitude": "NaN", "longitude": 2 } }),
        json!({ "type": "image", "image": { "caption": "c" } }),
        json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": {} } }),
        json!({ "type": "text" }),
        json!({}),
        json!(7),
    ] {
        assert_eq!(content_of(&unknown), json!({ "type": "unknown", "raw": unknown }));
    }
}

#[test]
fn a_status_is_what_the_events_name_says() {
    for (word, expected) in [
        ("sent", DeliveryStatus::Sent),
        ("delivered", DeliveryStatus::Delivered),
        ("read", DeliveryStatus::Read),
        ("failed", DeliveryStatus::Failed),
    ] {
        let status =
            format!(r#"{{"id":"wamid.A","status":"{word}","timestamp":1770110100,"recipient_id":"34611222333"}}"#);
        for data in [format!(r#"{{"message":{status}}}"#), format!(r#"{{"statuses":[{status}]}}"#), status.clone()] {
            let Event::Status(update) = one(&format!(r#"{{"event":"whatsapp.message.{word}","data":{data}}}"#)) else {
                panic!("{data}")
            };
            assert_eq!((update.message_id.as_str(), &update.status), ("wamid.A", &expected));
            assert_eq!(update.to.unwrap().as_str(), "+34611222333");
            assert_eq!(rfc3339::format(update.at.unwrap()), "2026-02-03T09:15:00Z");
            assert_eq!(update.error, None);
        }
    }
}

#[test]
fn closed_window_may_be_failed_status_with_wamid() {
    let body = r#"{"event":"whatsapp.message.failed","created_at":"2026-02-03T09:15:00Z","data":{"id":90017,"wamid":"wamid.A","errors":[{"code":131047,"title":"Re-engagement message"}]}}"#;
    let Event::Status(update) = one(body) else { panic!() };
    assert_eq!(update.message_id.as_str(), "wamid.A");
    assert_eq!(update.error, Some((ErrorKind::SessionExpired, "131047".into())));
    assert_eq!(rfc3339::format(update.at.unwrap()), "2026-02-03T09:15:00Z");
    let Event::Status(unknown) = one(&body.replace("131047", "999999")) else { panic!() };
    assert_eq!(unknown.error, Some((ErrorKind::ProviderUnavailable, "999999".into())));
}

#[test]
fn a_conversation_keeps_every_digit_of_its_id() {
    for (event, data, state) in [
        ("whatsapp.conversation.ended", r#"{"conversation":{"id":18446744073709551616,"status":"ended"}}"#, "ended"),
        ("whatsapp.conversation.inactive", r#"{"id":"18446744073709551616"}"#, "inactive"),
    ] {
        let expected = Event::Conversation { id: "18446744073709551616".into(), state: state.into() };
        assert_eq!(one(&format!(r#"{{"event":"{event}","data":{data}}}"#)), expected);
    }
}

#[test]
fn a_template_that_was_approved_or_rejected_is_told() {
    for (event, data, language, status) in [
        (
            "approved",
            r#"{"template":{"id":"512","name":"visit","language":"es_ES","status":"APPROVED"}}"#,
            Some("es_ES"),
            "approved",
        ),
        ("rejected", r#"{"name":"visit","reason":"x"}"#, None, "rejected"),
        (
            "paused",
            r#"{"message_template_name":"visit","message_template_language":"en","message_template_id":7}"#,
            Some("en"),
            "paused",
        ),
        ("approved", r#"{"templateId":1,"templateName":"visit","language":null}"#, None, "approved"),
    ] {
        let expected =
            Event::Template { name: "visit".into(), language: language.map(str::to_owned), status: status.into() };
        assert_eq!(one(&format!(r#"{{"event":"whatsapp.template.{event}","data":{data}}}"#)), expected);
    }
}

#[test]
fn same_message_gives_the_same_event_in_every_form() {
    let id = "18446744073709551616";
    let dialects = [
        format!(
            r#"{{"id":"evt_1","event":"whatsapp.message.received","created_at":"2026-02-03T10:00:00Z","phone_number_id":"1","data":{{"message":{{"from":"34611222333","id":"{id}","timestamp":"1770110100","type":"text","text":{{"body":"Thanks"}}}}}}}}"#
        ),
        // Camel case, the number with its plus, the id as a number, and members that nobody knows.
        format!(
            r#"{{"eventType":"whatsapp.message.received","type":"gosendapi_events","createdAt":"2026-02-03T09:15:00.000Z","new":[1],"data":{{"new":{{}},"message":{{"from":"+34611222333","messageId":{id},"type":"text","text":{{"body":"Thanks","new":7}},"new":null}}}}}}"#
        ),
        // Half-hour zones, a number as a number, everything optional null.
        format!(
            r#"{{"type":"whatsapp.message.received","created_at":"2026-02-03T14:45:00+05:30","data":{{"contacts":null,"metadata":null,"messages":[{{"from":34611222333,"wamid":null,"id":{id},"timestamp":null,"context":null,"type":"text","text":{{"body":"Thanks"}}}}]}}}}"#
        ),
        format!(
            r#"{{"event_type":"whatsapp.message.received","event":null,"data":{{"from":"34 611 222 333","id":{id},"timestamp":1770110100,"type":"text","text":{{"body":"Thanks"}},"errors":null}}}}"#
        ),
    ];
    let at = rfc3339::parse("2026-02-03T09:15:00Z").unwrap();
    let text = json!({ "type": "text", "body": "Thanks" });
    let expected = Inbound::new(id, "+34611222333".parse().unwrap(), at, text);
    for body in dialects {
        assert_eq!(one(&body), Event::Inbound(expected.clone()), "{body}");
    }
}

#[test]
fn same_status_gives_the_same_event_in_every_form() {
    let dialects = [
        r#"{"event":"whatsapp.message.failed","data":{"id":"wamid.A","status":"failed","timestamp":"1770110100","recipient_id":"34611222333","errors":[{"code":131047,"title":"Re-engagement message","error_data":{"details":"x"}}]}}"#,
        r#"{"event":"whatsapp.message.failed","createdAt":"2026-02-03T14:45:00+05:30","data":{"message":{"id":18446744073709551616,"wamid":"wamid.A","to":"+34611222333","timestamp":null,"errors":null,"error":{"errorCode":"131047"}}}}"#,
        r#"{"type":"whatsapp.message.failed","data":{"statuses":[{"messageId":"wamid.A","id":90017,"recipientId":34611222333,"timestamp":1770110100,"conversation":{},"pricing":null,"errors":[{"code":"131047"}]}],"status":"failed"}}"#,
    ];
    let mut expected = StatusUpdate::new("wamid.A", DeliveryStatus::Failed);
    expected.at = rfc3339::parse("2026-02-03T09:15:00Z");
    expected.to = "+34611222333".parse().ok();
    expected.error = Some((ErrorKind::SessionExpired, "131047".into()));
    for body in dialects {
        assert_eq!(one(body), Event::Status(expected.clone()), "{body}");
    }
    let bare = r#"{"event":"whatsapp.message.read","data":{"id":"wamid.A","errors":null}}"#;
    assert_eq!(one(bare), Event::Status(StatusUpdate::new("wamid.A", DeliveryStatus::Read)));
}

#[test]
fn both_ends_of_a_message_are_named_where_the_call_names_them() {
    let body = format!(
        r#"{{"event":"whatsapp.message.received","data":{{"metadata":{{"display_phone_number":"34611000000"}},"contacts":[{{"profile":{{"name":"Ana"}},"wa_id":"34611222333"}}],"messages":[{MESSAGE}]}}}}"#
    );
    let Event::Inbound(inbound) = one(&body) else { panic!() };
    assert_eq!(inbound.to.unwrap().as_str(), "+34611000000");
    assert_eq!(inbound.name.as_deref(), Some("Ana"));
}

#[test]
fn what_is_not_known_is_kept_as_it_came() {
    for body in [
        "[]",
        "7",
        r#"{"event":"whatsapp.phone_number.created","data":{"id":"31"}}"#,
        r#"{"event":"whatsapp.message.edited","data":{}}"#,
        r#"{"event":"whatsapp.message.received","data":{"message":{"from":"nobody"}}}"#,
        r#"{"event":"whatsapp.message.received"}"#,
        r#"{"event":"whatsapp.message.read","data":[]}"#,
        r#"{"event":7,"data":{}}"#,
    ] {
        assert_eq!(one(body), Event::Unknown(serde_json::from_str(body).unwrap()), "{body}");
    }
    assert!(read(&[], &Request::new(Bytes::from_static(b"{"))).is_err());
}

#[test]
fn with_a_secret_only_what_it_signed_is_read() {
    // printf '%s' '{"event":"new"}' | openssl dgst -sha256 -hmac whsec_0d41c7
    let (body, signature) = (r#"{"event":"new"}"#, "a7a5ba1ecd3f55492978def7e9d40bd1e2beacfa1ea160772b5575bacda532a0");
    let secrets = [Secret::new("whsec_0d41c7")];
    let call = |body: &str, header: &str, signature: &str| {
        let body = Bytes::copy_from_slice(body.as_bytes());
        read(&secrets, &Request::builder().header(header, signature).body(body).unwrap())
    };
    let signature = format!("sha256={signature}");
    // The page has two names for the header; what stands in it is held against the secret, whichever it is.
    for header in ["X-GoSendAPI-Signature", "X-Signature"] {
        assert!(call(body, header, &signature).unwrap().verified, "{header}");
        let error = call(r#"{"event":"old"}"#, header, &signature).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{header}");
    }
    let error = call(body, "X-Other-Signature", &signature).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let both = Request::builder().header("X-Signature", &signature).header("X-GoSendAPI-Signature", "sha256=00");
    let both = both.body(Bytes::from_static(body.as_bytes())).unwrap();
    assert!(read(&secrets, &both).is_err(), "the header of the webhooks' own page comes first");
}
