use serde_json::json;
use transom::time::rfc3339;
use transom::webhook::Inbound;
use transom::{Secret, webhook::TimeSource};

use super::*;

fn config() -> Config {
    Config::new(Secret::new("gsk_test_k"), "109876543210987")
}

const RECEIVED: SystemTime = SystemTime::UNIX_EPOCH;

fn events_of(body: &str) -> Vec<Event> {
    let events = read(&config(), &Request::new(Bytes::copy_from_slice(body.as_bytes())), RECEIVED).unwrap();
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
        assert_eq!((inbound.message_id, inbound.from), (Some("wamid.IN".into()), "+34611222333".parse().ok()));
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
    let events = events_of(&body.replacen(MESSAGE, r#"{"to":"nobody"}"#, 1));
    assert_eq!(events[0], Event::Unknown(json!({ "to": "nobody" })));
    assert!(matches!(&events[1..], [Event::Inbound(_)]));
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
    assert_eq!(update.provider_message_id, Some("90017".into()));
    let failure = DeliveryFailure::new(ErrorKind::SessionExpired, "131047");
    assert_eq!(update.error, Some(failure.with_reason(Some("Re-engagement message".to_owned()))));
    assert_eq!(rfc3339::format(update.at.unwrap()), "2026-02-03T09:15:00Z");
    let Event::Status(unknown) = one(&body.replace("131047", "999999")) else { panic!() };
    let failure = unknown.error.unwrap();
    assert_eq!((failure.kind, &*failure.code), (ErrorKind::ProviderUnavailable, "999999"));
}

#[test]
fn a_conversation_keeps_every_digit_of_its_id() {
    for (event, data, state) in [
        ("whatsapp.conversation.ended", r#"{"conversation":{"id":18446744073709551616,"status":"ended"}}"#, "ended"),
        ("whatsapp.conversation.inactive", r#"{"id":"18446744073709551616"}"#, "inactive"),
    ] {
        let mut expected = ConversationUpdate::new("18446744073709551616", state);
        expected.event = Some(state.to_owned());
        assert_eq!(one(&format!(r#"{{"event":"{event}","data":{data}}}"#)), Event::Conversation(expected));
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
        let mut expected = TemplateUpdate::new("visit", status);
        expected.language = language.map(str::to_owned);
        expected.reason = data.contains("reason").then(|| "x".to_owned());
        assert_eq!(
            one(&format!(r#"{{"event":"whatsapp.template.{event}","data":{data}}}"#)),
            Event::Template(expected)
        );
    }
}

#[test]
fn same_message_gives_the_same_event_in_every_form() {
    let id = "18446744073709551616";
    let dialects = [
        format!(
            r#"{{"id":"evt_1","event":"whatsapp.message.received","created_at":"2026-02-03T10:00:00Z","phone_number_id":"109876543210987","data":{{"message":{{"from":"34611222333","id":"{id}","timestamp":"1770110100","type":"text","text":{{"body":"Thanks"}}}}}}}}"#
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
    let expected = Inbound::new(RECEIVED, text)
        .with_message_id(id)
        .with_sender("+34611222333".parse().unwrap())
        .with_provider_time(Some(at));
    for body in dialects {
        assert_eq!(one(&body), expected.clone().into(), "{body}");
    }
}

#[test]
fn same_status_gives_the_same_event_in_every_form() {
    let dialects = [
        (
            r#"{"event":"whatsapp.message.failed","data":{"id":"wamid.A","status":"failed","timestamp":"1770110100","recipient_id":"34611222333","errors":[{"code":131047,"title":"Re-engagement message","error_data":{"details":"x"}}]}}"#,
            None,
            Some("Re-engagement message: x"),
        ),
        (
            r#"{"event":"whatsapp.message.failed","createdAt":"2026-02-03T14:45:00+05:30","data":{"message":{"id":18446744073709551616,"wamid":"wamid.A","to":"+34611222333","timestamp":null,"errors":null,"error":{"errorCode":"131047"}}}}"#,
            Some("18446744073709551616"),
            None,
        ),
        (
            r#"{"type":"whatsapp.message.failed","data":{"statuses":[{"messageId":"wamid.A","id":90017,"recipientId":34611222333,"timestamp":1770110100,"conversation":{},"pricing":null,"errors":[{"code":"131047"}]}],"status":"failed"}}"#,
            Some("90017"),
            None,
        ),
    ];
    let mut expected = StatusUpdate::new("wamid.A", DeliveryStatus::Failed);
    expected.at = rfc3339::parse("2026-02-03T09:15:00Z");
    expected.to = "+34611222333".parse().ok();
    let failure = DeliveryFailure::new(ErrorKind::SessionExpired, "131047");
    for (body, own, reason) in dialects {
        expected.provider_message_id = own.map(Into::into);
        expected.error = Some(failure.clone().with_reason(reason.map(str::to_owned)));
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
        r#"{"event":"whatsapp.message.received","data":{"message":{"to":"nobody"}}}"#,
        r#"{"event":"whatsapp.message.echo","data":{"message":{"from":"34611000000","id":"wamid.A","type":"text"}}}"#,
        r#"{"event":"whatsapp.message.received"}"#,
        r#"{"event":"whatsapp.message.read","data":[]}"#,
        r#"{"event":7,"data":{}}"#,
    ] {
        assert_eq!(one(body), Event::Unknown(serde_json::from_str(body).unwrap()), "{body}");
    }
    assert!(read(&config(), &Request::new(Bytes::from_static(b"{")), RECEIVED).is_err());
}

#[test]
fn with_a_secret_only_what_it_signed_is_read() {
    // printf '%s' '{"event":"new"}' | openssl dgst -sha256 -hmac whsec_0d41c7
    let (body, signature) = (r#"{"event":"new"}"#, "a7a5ba1ecd3f55492978def7e9d40bd1e2beacfa1ea160772b5575bacda532a0");
    let secrets = Config { webhook_secrets: vec![Secret::new("whsec_0d41c7")], ..config() };
    let call = |body: &str, header: &str, signature: &str| {
        let body = Bytes::copy_from_slice(body.as_bytes());
        read(&secrets, &Request::builder().header(header, signature).body(body).unwrap(), RECEIVED)
    };
    let signature = format!("sha256={signature}");
    // The page has two names for the header; what stands in it is held against the secret, whichever it is.
    for header in ["X-GoSendAPI-Signature", "X-Signature"] {
        assert!(call(body, header, &signature).unwrap().verified, "{header}");
        let upper = signature.to_uppercase().replace("SHA256", "sha256");
        assert!(call(body, header, &upper).unwrap().verified, "{header}");
        let error = call(r#"{"event":"old"}"#, header, &signature).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{header}");
    }
    let error = call(body, "X-Other-Signature", &signature).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let both = Request::builder().header("X-Signature", &signature).header("X-GoSendAPI-Signature", "sha256=00");
    let both = both.body(Bytes::from_static(body.as_bytes())).unwrap();
    assert!(read(&secrets, &both, RECEIVED).is_err(), "the header of the webhooks' own page comes first");
}

fn inbound_of(data: &str) -> Inbound {
    let body = format!(r#"{{"event":"whatsapp.message.received","data":{data}}}"#);
    let Event::Inbound(inbound) = one(&body) else { panic!("{body}") };
    *inbound
}

#[test]
fn inbound_message_without_time_or_number_is_an_event() {
    let bare =
        inbound_of(r#"{"message":{"id":"wamid.IN","from_user_id":"ES.9f2c","type":"text","text":{"body":"hi"}}}"#);
    assert_eq!((bare.at, bare.at_source), (RECEIVED, TimeSource::Receipt));
    assert_eq!((bare.from, bare.user_id.as_deref()), (None, Some("ES.9f2c")));
    let bsuid =
        inbound_of(r#"{"contact_bsuid":"ES.9f2c","message":{"id":"wamid.IN","type":"text","text":{"body":"hi"}}}"#);
    assert_eq!(bsuid.user_id.as_deref(), Some("ES.9f2c"));
    assert_eq!(inbound_of(r#"{"message":{"from":"34611222333"}}"#).message_id, None);
}

#[test]
fn names_in_a_batch_belong_to_their_contacts() {
    let body = r#"{"event":"whatsapp.message.received","data":{"contacts":[{"profile":{"name":"Ana"},"wa_id":"34611222333"},{"profile":{"name":"Bert"},"user_id":"ES.b"}],"messages":[{"id":"1","from_user_id":"ES.b","type":"text","text":{"body":"a"}},{"id":"2","from":"34611222333","type":"text","text":{"body":"b"}},{"id":"3","from":"34611999999","type":"text","text":{"body":"c"}}]}}"#;
    let names: Vec<_> = events_of(body)
        .into_iter()
        .map(|event| if let Event::Inbound(inbound) = event { inbound.name } else { panic!("{event:?}") })
        .collect();
    assert_eq!(names, [Some("Bert".to_owned()), Some("Ana".to_owned()), None]);
}

#[test]
fn own_status_of_an_item_beats_the_name_of_the_event() {
    let data = r#"{"statuses":[{"id":"wamid.A","status":"delivered"},{"id":"wamid.B","status":"failed","errors":[{"code":131047}]}]}"#;
    for name in ["delivered", "updated"] {
        let events = events_of(&format!(r#"{{"event":"whatsapp.message.{name}","data":{data}}}"#));
        let [Event::Status(first), Event::Status(second)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((first.message_id.as_str(), &first.status), ("wamid.A", &DeliveryStatus::Delivered));
        assert_eq!(second.status, DeliveryStatus::Failed);
        assert_eq!(second.error, Some(DeliveryFailure::new(ErrorKind::SessionExpired, "131047")));
    }
}

#[test]
fn message_to_others_or_of_the_system_opens_no_window() {
    let message = |more: &str| format!(r#"{{"message":{{"id":"wamid.IN","from":"34611222333",{more}}}}}"#);
    let text = r#""type":"text","text":{"body":"hi"}"#;
    assert!(inbound_of(&message(text)).opens_window);
    assert!(!inbound_of(&message(&format!(r#""group_id":"g1",{text}"#))).opens_window);
    let other = message(text).replacen('{', r#"{"metadata":{"phone_number_id":"999000111222"},"#, 1);
    assert!(!inbound_of(&other).opens_window);
    let system =
        inbound_of(&message(r#""type":"system","system":{"type":"user_changed_number","wa_id":"34611999999"}"#));
    assert!(!system.opens_window);
    assert_eq!(system.content.to_json()["new_number"], "+34611999999");
    let echo = r#"{"event":"whatsapp.message.received","data":{"metadata":{"display_phone_number":"34611222333"},"message":{"id":"1","from":"34611222333","type":"text","text":{"body":"x"}}}}"#;
    assert!(matches!(one(echo), Event::Unknown(_)));
}

#[test]
fn edited_message_is_a_message_whose_content_is_kept() {
    let body = r#"{"event":"whatsapp.message.edited","data":{"message":{"id":"wamid.E","from":"34611222333","type":"edit","edit":{"original_message_id":"wamid.IN"}}}}"#;
    let Event::Inbound(inbound) = one(body) else { panic!() };
    assert_eq!(inbound.content.to_json()["raw"]["edit"]["original_message_id"], "wamid.IN");
}

#[test]
fn byte_order_mark_and_half_surrogate_cost_nothing_else() {
    let body = r#"{"event":"whatsapp.message.received","data":{"message":{"id":"1","from":"34611222333","type":"text","text":{"body":"hi \ud83d"}}}}"#;
    let Event::Inbound(inbound) = one(&format!("\u{feff}{body}")) else { panic!() };
    assert_eq!(inbound.content.to_json()["body"], "hi \u{fffd}");
}
