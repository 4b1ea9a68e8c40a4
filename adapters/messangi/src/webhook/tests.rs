use serde_json::json;

use transom::Secret;
use transom::time::rfc3339;
use transom::webhook::{DeliveryFailure, TimeSource};

use crate::config::Credential;

use super::*;

const STATUS: &str = r#"{"id":"6c1e","status":"DELIVERED","from":"5215500001111","to":"+5215599992222","externalId":"ord7781","clientId":"cust42","campaignId":null,"callback":"https://hooks.example.net/dlr","date":"2026-01-01T00:00:04.210Z","timestamp":1767225604210,"username":"ops@example.com","message":"Ready"}"#;
const INBOUND: &str = r#"{"id":"in-5501","owner":"ops@example.com","date":"2026-01-01T00:10:00Z","processId":88,"origin":"5215500001111","user":"+5215599992222","connection":"WHATSAPP","externalId":"","callback":"https://hooks.example.net/mo","text":"On my way","extraInfo":{"type":"text","contacts":[{"profile":{"name":"Ana"},"wa_id":"5215599992222"}]}}"#;

fn config() -> Config {
    Config::new(Credential::ApiKey(Secret::new("k")), "+5215500001111".parse().unwrap())
}

const RECEIVED: SystemTime = SystemTime::UNIX_EPOCH;

fn all(body: &str) -> Vec<Event> {
    let events = read(&config(), &Request::new(Bytes::copy_from_slice(body.as_bytes())), RECEIVED).unwrap();
    assert!(!events.verified);
    events.events
}

fn status_of(body: &str) -> StatusUpdate {
    let [Event::Status(status)] = &all(body)[..] else { panic!("{body}") };
    status.clone()
}

fn inbound_of(body: &str) -> Inbound {
    let [Event::Inbound(inbound)] = &all(body)[..] else { panic!("{body}") };
    (**inbound).clone()
}

/// The inbound message with another text and another `extraInfo`.
fn with(text: &str, extra: &str) -> String {
    let at = INBOUND.find(r#""text":"#).unwrap();
    format!(r#"{}"text":{text},"extraInfo":{extra}}}"#, &INBOUND[..at])
}

#[test]
fn status_event_has_message_contact_time_and_reference() {
    let status = status_of(STATUS);
    assert_eq!(status.message_id.as_str(), "6c1e");
    assert_eq!(status.status, DeliveryStatus::Delivered);
    assert_eq!(status.to.unwrap().as_str(), "+5215599992222");
    assert_eq!(status.reference.as_deref(), Some("ord7781"));
    assert_eq!(rfc3339::format(status.at.unwrap()), "2026-01-01T00:00:04.21Z");
    assert_eq!(status.error, None);
}

#[test]
fn a_callback_is_the_same_event_however_its_values_are_written() {
    let (status, inbound) = (status_of(STATUS), inbound_of(INBOUND));
    let same = |change: &dyn Fn(&str) -> String| {
        assert_eq!(status_of(&change(STATUS)), status, "{}", change(STATUS));
        assert_eq!(inbound_of(&change(INBOUND)), inbound, "{}", change(INBOUND));
    };
    // Members that nobody knows, and nulls for those that nothing here needs.
    same(&|body| body.replacen('{', r#"{"new":{"x":[1]},"newer":null,"#, 1));
    same(&|body| {
        body.replace(r#""username":"ops@example.com","#, "").replace(r#""owner":"ops@example.com""#, r#""owner":null"#)
    });
    // Numbers with and without a plus, grouped, and as JSON numbers.
    for number in [r#""5215599992222""#, r#""+52 1 55 9999 2222""#, "5215599992222"] {
        same(&|body| body.replace(r#""+5215599992222""#, number));
    }
    same(&|body| body.replace(r#""5215500001111""#, "5215500001111"));
    // The same instant with another offset, as the page's own pattern, and as Unix time.
    same(&|body| body.replace("00:00:04.210Z", "05:30:04.210+05:30").replace("00:10:00Z", "05:40:00+05:30"));
    same(&|body| body.replace("2026-01-01T", "2026-01-01-T"));
    same(&|body| {
        body.replace(r#""2026-01-01T00:00:04.210Z""#, "null").replace(r#""2026-01-01T00:10:00Z""#, "1767226200000")
    });
    // The name may lack, and with it all that stands beside the text.
    let bare = inbound_of(&with("\"On my way\"", "null"));
    assert_eq!((bare.name, bare.content, bare.at), (None, inbound.content.clone(), inbound.at));
    // Ids beyond what a float can hold.
    for id in ["9007199254740993", "18446744073709551617"] {
        assert_eq!(status_of(&STATUS.replace(r#""6c1e""#, id)).message_id.as_str(), id);
        assert_eq!(inbound_of(&INBOUND.replace(r#""in-5501""#, id)).message_id, Some(id.into()));
    }
    let spare = status_of(r#"{"id":"6c1e","status":"DELIVERED"}"#);
    assert_eq!((spare.message_id, spare.status), (status.message_id, status.status));
    assert_eq!((spare.at, spare.to, spare.reference), (None, None, None));
}

#[test]
fn state_words_are_case_insensitive_and_new_ones_kept() {
    for (word, status) in [
        ("QUEUE", DeliveryStatus::Queued),
        ("DEQUEUED", DeliveryStatus::Queued),
        ("sent", DeliveryStatus::Sent),
        ("DELIVRD", DeliveryStatus::Delivered),
        ("Read", DeliveryStatus::Read),
        ("SEEN", DeliveryStatus::Read),
        ("Parked", DeliveryStatus::Other("Parked".into())),
    ] {
        let read = status_of(&STATUS.replace("DELIVERED", word));
        assert_eq!((read.status, read.error), (status, None), "{word}");
    }
}

#[test]
fn a_state_that_will_not_arrive_is_a_failure_with_its_kind() {
    for (word, kind) in [
        ("CODE_NOT_ALLOWED", ErrorKind::SenderUnavailable),
        ("INCOMPLETE", ErrorKind::TemplateRejected),
        ("blacklisted", ErrorKind::RecipientInvalid),
        ("QUOTA_EXCEEDED", ErrorKind::RateLimited),
        ("FAILED", ErrorKind::ProviderUnavailable),
        ("UNDELIV", ErrorKind::ProviderUnavailable),
        ("UNDELIVERED", ErrorKind::ProviderUnavailable),
        ("EXPIRED", ErrorKind::ProviderUnavailable),
        ("REJECTED", ErrorKind::InvalidRequest),
        ("REJECTD", ErrorKind::InvalidRequest),
    ] {
        let status = status_of(&STATUS.replace("DELIVERED", word));
        assert_eq!(status.status, DeliveryStatus::Failed, "{word}");
        assert_eq!(status.error, Some(DeliveryFailure::new(kind, word.to_uppercase())));
    }
}

#[test]
fn closed_window_may_be_failed_state_with_whatsapp_code() {
    let body = r#"{"id":7,"status":"FAILED","reason":"131047 Re-engagement message"}"#;
    let status = status_of(body);
    let failure = DeliveryFailure::new(ErrorKind::SessionExpired, "131047");
    assert_eq!(status.error, Some(failure.with_reason(Some("131047 Re-engagement message".to_owned()))));
    let limited = status_of(&body.replace("131047 Re-engagement message", "(#131049) withheld"));
    assert_eq!(limited.error.unwrap().kind, ErrorKind::RateLimited);
    assert_eq!((status.message_id.as_str(), status.at, status.to), ("7", None, None));
}

#[test]
fn date_is_utc_in_every_form_else_timestamp_counts() {
    for date in [
        r#""2026-01-01T00:00:04.210Z""#,
        r#""2026-01-01-T00:00:04.210Z""#,
        r#""2026-01-01T00:00:04.210""#,
        "null",
        r#""soon""#,
    ] {
        let status = status_of(&STATUS.replace(r#""2026-01-01T00:00:04.210Z""#, date));
        assert_eq!(rfc3339::format(status.at.unwrap()), "2026-01-01T00:00:04.21Z", "{date}");
    }
    let absurd = STATUS.replace(r#""2026-01-01T00:00:04.210Z""#, "null").replace("1767225604210", "-1");
    assert_eq!(status_of(&absurd).at, None);
}

#[test]
fn an_inbound_message_is_from_the_user_to_the_origin() {
    let inbound = inbound_of(INBOUND);
    assert_eq!(inbound.message_id, Some("in-5501".into()));
    assert_eq!(inbound.from, "+5215599992222".parse().ok());
    assert_eq!(inbound.to.unwrap().as_str(), "+5215500001111");
    assert_eq!(inbound.name.as_deref(), Some("Ana"));
    assert_eq!(rfc3339::format(inbound.at), "2026-01-01T00:10:00Z");
    assert_eq!(inbound.content.to_json(), json!({ "type": "text", "body": "On my way" }));
    assert_eq!(inbound_of(&with("\"Hi\"", "null")).content.to_json(), json!({ "type": "text", "body": "Hi" }));
}

#[test]
fn what_a_person_chose_or_attached_is_read_and_the_rest_is_kept() {
    for (text, extra, content) in [
        (
            r#""Keep""#,
            r#"{"type":"interactive","interactive":{"button_reply":{"id":"yes","title":"Keep"}}}"#,
            json!({ "type": "button_reply", "id": "yes", "title": "Keep" }),
        ),
        (
            r#""Mon""#,
            r#"{"type":"interactive","interactive":{"list_reply":{"id":"m9","title":"Mon"}}}"#,
            json!({ "type": "list_reply", "id": "m9", "title": "Mon" }),
        ),
        (
            r#""""#,
            r#"{"type":"image","attachments":[{"fileName":"a.png","url":"https://f.example/a.png","caption":"c"}]}"#,
            json!({ "type": "image", "link": "https://f.example/a.png", "caption": "c", "filename": "a.png" }),
        ),
        (
            r#""see""#,
            r#"{"type":"document","attachments":[{"url":"https://f.example/a.pdf"}]}"#,
            json!({ "type": "document", "link": "https://f.example/a.pdf", "caption": "see" }),
        ),
    ] {
        assert_eq!(inbound_of(&with(text, extra)).content.to_json(), content, "{extra}");
    }
    for extra in [
        r#"{"type":"location"}"#,
        r#"{"type":"interactive"}"#,
        r#"{"type":"image","attachments":[]}"#,
        r#"{"type":"image","attachments":[{"url":"https://a"},{"url":"https://b"}]}"#,
    ] {
        let content = inbound_of(&with("null", extra)).content.to_json();
        assert_eq!((&content["type"], &content["raw"]["id"]), (&json!("unknown"), &json!("in-5501")), "{extra}");
    }
}

#[test]
fn a_message_of_another_channel_opens_no_window() {
    let [Event::Unknown(raw)] = &all(&INBOUND.replace("WHATSAPP", "sms"))[..] else { panic!() };
    assert_eq!(raw["id"], "in-5501");
    assert_eq!(inbound_of(&INBOUND.replace("WHATSAPP", "Support line")).name.as_deref(), Some("Ana"));
}

#[test]
fn list_gives_one_event_each_and_keeps_unknown_items() {
    assert_eq!(all(&format!("[{STATUS},{INBOUND},7]")).len(), 3);
    for body in [
        r#"{"a":1}"#,
        r#"{"status":"SENT"}"#,
        r#"{"text":"no sender and no id"}"#,
        r#"{"id":"a","date":"2026-01-01T00:10:00Z"}"#,
        "7",
        "null",
    ] {
        assert!(matches!(&all(body)[..], [Event::Unknown(_)]), "{body}");
    }
    let error = read(&config(), &Request::new(Bytes::from_static(b"id=1")), RECEIVED).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MalformedResponse);
}

#[test]
fn with_a_secret_nothing_is_believed_since_nothing_is_signed() {
    let request = Request::builder().header("x-signature", "00").body(Bytes::from_static(STATUS.as_bytes())).unwrap();
    let error =
        read(&Config { webhook_secrets: vec![Secret::new("secret")], ..config() }, &request, RECEIVED).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[test]
fn inbound_message_needs_a_sender_only() {
    for body in [
        r#"{"user":"+5215599992222","text":"no date"}"#,
        r#"{"user":"+5215599992222","date":20260101,"text":"x"}"#,
        r#"{"id":"a","user":"MX.9f2c","text":"x"}"#,
    ] {
        let inbound = inbound_of(body);
        assert_eq!((inbound.at, inbound.at_source), (RECEIVED, TimeSource::Receipt), "{body}");
        assert_eq!(inbound.message_id.is_some(), body.contains(r#""id""#));
        assert_eq!(inbound.user_id.as_deref(), body.contains("MX").then_some("MX.9f2c"));
    }
    // Nobody can be answered.
    assert_eq!(all(r#"{"id":"a","text":"x"}"#), [Event::Unknown(json!({ "id": "a", "text": "x" }))]);
}

#[test]
fn other_kinds_of_content_are_read_in_the_shape_of_whatsapp() {
    for (extra, content) in [
        (
            r#"{"type":"location","location":{"latitude":19.4,"longitude":-99.1}}"#,
            json!({ "type": "location", "latitude": 19.4, "longitude": -99.1 }),
        ),
        (
            r#"{"type":"order","order":{"catalog_id":"7","product_items":[{"product_retailer_id":"p","quantity":1}]}}"#,
            json!({ "type": "order", "catalog_id": "7", "product_items": [{ "product_retailer_id": "p", "quantity": 1 }] }),
        ),
        (
            r#"{"type":"interactive","interactive":{"nfm_reply":{"response_json":"{\"day\":\"Mon\"}"}}}"#,
            json!({ "type": "flow_reply", "response": { "day": "Mon" } }),
        ),
        (
            r#"{"type":"interactive","interactive":{"list_reply":{"id":"m9","description":"Room A"}}}"#,
            json!({ "type": "list_reply", "id": "m9", "title": "Mon", "description": "Room A" }),
        ),
        (
            r#"{"type":"button","button":{"payload":"OK","text":"Confirm"}}"#,
            json!({ "type": "button_reply", "id": "OK", "title": "Confirm" }),
        ),
    ] {
        assert_eq!(inbound_of(&with("\"Mon\"", extra)).content.to_json(), content, "{extra}");
    }
    let ad = inbound_of(&with("\"Hi\"", r#"{"type":"text","referral":{"source_id":"23","ctwa_clid":"c1"}}"#));
    assert_eq!(ad.referral.unwrap().ctwa_clid.as_deref(), Some("c1"));
}

#[test]
fn message_to_others_or_of_the_system_opens_no_window() {
    assert!(inbound_of(INBOUND).opens_window);
    assert!(!inbound_of(&INBOUND.replace("5215500001111", "5215500001112")).opens_window);
    assert!(!inbound_of(&with("\"Hi\"", r#"{"type":"text","group_id":"g1"}"#)).opens_window);
    let system = r#"{"type":"system","system":{"type":"user_changed_number","wa_id":"5215599993333"}}"#;
    let system = inbound_of(&with("null", system));
    assert!(!system.opens_window);
    assert_eq!(system.content.to_json()["new_number"], "+5215599993333");
    // An echo of our own message.
    let echo = INBOUND.replace("+5215599992222", "+5215500001111");
    assert!(matches!(&all(&echo)[..], [Event::Unknown(_)]));
}

#[test]
fn name_belongs_to_the_contact_who_wrote() {
    let extra = r#"{"type":"text","contacts":[{"profile":{"name":"Bert"},"wa_id":"5215588887777"},{"profile":{"name":"Ana"},"wa_id":"5215599992222"}]}"#;
    assert_eq!(inbound_of(&with("\"Hi\"", extra)).name.as_deref(), Some("Ana"));
}

#[test]
fn byte_order_mark_and_half_surrogate_cost_nothing_else() {
    let body = format!("\u{feff}{}", with(r#""hi \ud83d""#, "null"));
    assert_eq!(inbound_of(&body).content.to_json()["body"], "hi \u{fffd}");
}
