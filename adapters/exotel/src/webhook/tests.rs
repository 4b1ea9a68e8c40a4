//! Every documented callback, in every dialect.

use http::Request;
use serde_json::{Value, json};
use transom::time::rfc3339;
use transom::webhook::{DeliveryFailure, DeliveryStatus, Inbound, StatusUpdate};

use transom::{ErrorKind, Secret};

use super::*;

/// One delivery and one failure for the window, as each dialect tells them.
const WRAPPED: &str = r#"{"whatsapp":{"messages":[{"callback_type":"dlr","sid":"7c1e","to":"919000012345","exo_status_code":30002,"exo_detailed_status":"EX_MESSAGE_DELIVERED","description":"Delivered","timestamp":"2026-03-04T11:20:31.000+05:30","custom_data":"job-7781"}]}}"#;
const FLAT: &str = r#"{"sid":"7c1e","from":"+914440001111","to":"+919000012345","status":"delivered","exo_status_code":30002,"timestamp":"2026-03-04T11:20:31+05:30","custom_data":"job-7781"}"#;
const EVENT: &str = r#"{"event":"message_status","timestamp":"2026-03-04T05:51:00Z","message":{"id":"7c1e","status":"delivered","recipient":"919000012345","timestamp":"2026-03-04T05:50:31Z","custom_data":"job-7781"}}"#;
const TYPED: &str = r#"{"type":"message_status","timestamp":"2026-03-04T05:51:00Z","account_sid":"acme","data":{"message_sid":"7c1e","from":"+914440001111","to":"+919000012345","status":"delivered","timestamp":"2026-03-04T05:50:31Z","conversation":{"id":"c"},"pricing":{"billable":true},"custom_data":"job-7781"}}"#;
const ALL: [&str; 4] = [WRAPPED, FLAT, EVENT, TYPED];

const IN_WRAPPED: &str = r#"{"whatsapp":{"messages":[{"callback_type":"icm","sid":"b0c2","from":"+919000012345","to":"+914440001111","profile_name":"Asha","timestamp":"2026-03-04T11:22:00+05:30","content":{"type":"text","text":{"body":"Thanks"},"context":{"id":"wamid.OUT"}}}]}}"#;
const IN_EVENT: &str = r#"{"event":"incoming_message","timestamp":"2026-03-04T05:53:00Z","account_sid":"acme","message":{"id":"b0c2","from":"919000012345","to":"914440001111","timestamp":"2026-03-04T05:52:00Z","type":"text","text":{"body":"Thanks"},"context":{"id":"wamid.OUT"}},"contact":{"wa_id":"919000012345","profile":{"name":"Asha"}}}"#;
const IN_TYPED: &str = r#"{"type":"inbound_message","timestamp":"2026-03-04T05:52:00Z","account_sid":"acme","data":{"message_sid":"b0c2","from":"+919000012345","to":"+914440001111","message":{"type":"text","text":{"body":"Thanks"},"context":{"id":"wamid.OUT"}},"contact":{"wa_id":"919000012345","profile":{"name":"Asha"}}}}"#;
const ALL_IN: [&str; 3] = [IN_WRAPPED, IN_EVENT, IN_TYPED];

fn request(body: &str) -> Request<Bytes> {
    Request::new(Bytes::copy_from_slice(body.as_bytes()))
}

/// An account whose sender is the one of the samples.
fn config() -> Config {
    Config::new(Secret::new("k"), Secret::new("t"), "acme", "+914440001111".parse().unwrap())
}

const RECEIVED: SystemTime = SystemTime::UNIX_EPOCH;

fn one(body: &str) -> Event {
    let events = read(&config(), &request(body), RECEIVED).unwrap();
    assert!(!events.verified);
    let [event] = events.events.as_slice() else { panic!("{body}: {events:?}") };
    event.clone()
}

fn status_of(body: &str) -> StatusUpdate {
    let Event::Status(status) = one(body) else { panic!("{body}") };
    status
}

fn inbound_of(body: &str) -> Inbound {
    let Event::Inbound(inbound) = one(body) else { panic!("{body}") };
    *inbound
}

fn at(text: &str) -> std::time::SystemTime {
    rfc3339::parse(text).unwrap()
}

#[test]
fn status_gives_the_same_event_in_every_form() {
    let mut expected = StatusUpdate::new("7c1e", DeliveryStatus::Delivered);
    expected.at = Some(at("2026-03-04T05:50:31Z"));
    expected.to = Some("+919000012345".parse().unwrap());
    expected.reference = Some("job-7781".to_owned());
    for body in ALL {
        let of = |body: &str| status_of(body);
        assert_eq!(of(body), expected);
        // Members that nobody knows.
        assert_eq!(
            of(&body.replacen('{', r#"{"new":{"x":[1]},"#, 1).replace(r#""to":"#, r#""newer":null,"to":"#)),
            expected
        );
        // Numbers with and without a plus, and as JSON numbers.
        for number in [r#""919000012345""#, r#""+919000012345""#, "919000012345", r#""+91 90000 12345""#] {
            let body =
                body.replace(r#""+919000012345""#, "TO").replace(r#""919000012345""#, "TO").replace("TO", number);
            assert_eq!(of(&body), expected, "{body}");
        }
        // The same instant with another offset, and as Unix time.
        for time in [
            r#""2026-03-04T11:20:31+05:30""#,
            r#""2026-03-04T05:50:31.000Z""#,
            "1772603431",
            r#""1772603431""#,
            "1772603431000",
        ] {
            let body = body
                .replace(r#""2026-03-04T11:20:31.000+05:30""#, time)
                .replace(r#""2026-03-04T11:20:31+05:30""#, time)
                .replace(r#""2026-03-04T05:50:31Z""#, time);
            assert_eq!(of(&body), expected, "{body}");
        }
        // Ids beyond what a float can hold.
        for id in ["9007199254740993", "18446744073709551617"] {
            assert_eq!(of(&body.replace(r#""7c1e""#, id)).message_id.as_str(), id, "{body}");
        }
        let bare = of(&body.replace(r#","custom_data":"job-7781""#, ""));
        assert_eq!(bare.reference, None);
        assert_eq!(
            (bare.message_id, bare.status, bare.at),
            (expected.message_id.clone(), expected.status.clone(), expected.at)
        );
    }
}

#[test]
fn inbound_message_gives_the_same_event_in_every_form() {
    let content = json!({ "type": "text", "body": "Thanks" });
    let mut expected = Inbound::new(RECEIVED, content)
        .with_message_id("b0c2")
        .with_sender("+919000012345".parse().unwrap())
        .with_provider_time(Some(at("2026-03-04T05:52:00Z")));
    expected.to = Some("+914440001111".parse().unwrap());
    expected.name = Some("Asha".to_owned());
    expected.reply_to = Some("wamid.OUT".into());
    for body in ALL_IN {
        assert_eq!(inbound_of(body), expected);
        assert_eq!(inbound_of(&body.replace(r#""icm""#, r#""incoming_message""#)), expected);
        assert_eq!(inbound_of(&body.replacen('{', r#"{"new":[1],"#, 1)), expected);
        for (with, without) in [(r#""+919000012345""#, "919000012345"), (r#""919000012345""#, r#""+919000012345""#)] {
            assert_eq!(inbound_of(&body.replace(with, without)), expected, "{body}");
        }
        for id in ["9007199254740993", "18446744073709551617"] {
            assert_eq!(inbound_of(&body.replace(r#""b0c2""#, id)).message_id, Some(id.into()), "{body}");
        }
        let spare = body
            .replace(r#""to":"+914440001111","#, "")
            .replace(r#""to":"914440001111","#, "")
            .replace(r#""profile_name":"Asha","#, "")
            .replace(r#","profile":{"name":"Asha"}"#, "")
            .replace(r#","context":{"id":"wamid.OUT"}"#, "");
        let spare = inbound_of(&spare);
        assert_eq!((&spare.to, &spare.name, &spare.reply_to), (&None, &None, &None));
        assert_eq!(
            (spare.from, spare.at, spare.content),
            (expected.from.clone(), expected.at, expected.content.clone())
        );
    }
}

#[test]
fn a_closed_window_may_come_as_a_failed_status_in_each_dialect() {
    let failure = |code: &str, title: &str| format!(r#""failed","errors":[{{"code":{code},"title":"{title}"}}]"#);
    for (body, code) in [
        (WRAPPED.replace("30002", "30018").replace("EX_MESSAGE_DELIVERED", "EX_REENGAGEMENT_ERROR"), "30018"),
        (FLAT.replace("30002", "30018").replace(r#""delivered""#, r#""failed""#), "30018"),
        (EVENT.replace(r#""delivered""#, &failure("131047", "Re-engagement message")), "131047"),
        (TYPED.replace(r#""delivered""#, &failure("\"131047\"", "Re-engagement message")), "131047"),
        (EVENT.replace(r#""delivered""#, &failure("131026", "More than 24 hours have passed")), "131026"),
        (
            TYPED.replace(
                r#""delivered""#,
                r#""failed","errors":[{"code":131026,"title":"Failed","detail":"outside the 24-hour window"}]"#,
            ),
            "131026",
        ),
    ] {
        let status = status_of(&body);
        assert_eq!(status.status, DeliveryStatus::Failed, "{body}");
        let failure = status.error.unwrap();
        assert_eq!((failure.kind, failure.code.as_str()), (ErrorKind::SessionExpired, code), "{body}");
    }
    let undeliverable = status_of(&EVENT.replace(r#""delivered""#, &failure("131026", "Message undeliverable")));
    let failure = DeliveryFailure::new(ErrorKind::RecipientInvalid, "131026");
    assert_eq!(undeliverable.error, Some(failure.with_reason(Some("Message undeliverable".to_owned()))));
}

#[test]
fn a_name_decides_before_a_number_of_either_page() {
    for (code, name, status, error) in [
        // The older page says that 30004 is a rate limit, and 30013 somebody without WhatsApp.
        ("30004", "EX_RATE_LIMIT_HIT", DeliveryStatus::Failed, Some(ErrorKind::RateLimited)),
        ("30004", "EX_SYSTEM_ERROR", DeliveryStatus::Failed, Some(ErrorKind::ProviderUnavailable)),
        ("30013", "EX_MESSAGE_TOO_LONG", DeliveryStatus::Failed, Some(ErrorKind::InvalidRequest)),
        ("\"30018\"", "EX_MESSAGE_SEEN", DeliveryStatus::Read, None),
        // Neither known: the provider's own word is kept. A payment is no failure.
        ("39999", "EX_NEW", DeliveryStatus::Other("EX_NEW".into()), None),
        ("30049", "EX_PAYMENT_PENDING", DeliveryStatus::Other("EX_PAYMENT_PENDING".into()), None),
        // A new name for a known number.
        ("30018", "EX_WINDOW", DeliveryStatus::Failed, Some(ErrorKind::SessionExpired)),
        // A name that no page lists, with a part that says it.
        ("39999", "EX_NEW_ERROR", DeliveryStatus::Failed, Some(ErrorKind::ProviderUnavailable)),
        ("39999", "EX_MESSAGE_UNDELIVERABLE", DeliveryStatus::Failed, Some(ErrorKind::ProviderUnavailable)),
        ("30018", "EX_NEW_ERROR", DeliveryStatus::Failed, Some(ErrorKind::SessionExpired)),
        // Plain words in the place of a name.
        ("0", "DELIVERED", DeliveryStatus::Delivered, None),
        ("1", "Failed", DeliveryStatus::Failed, Some(ErrorKind::ProviderUnavailable)),
        ("30018", "FAILED", DeliveryStatus::Failed, Some(ErrorKind::SessionExpired)),
        ("30000", "EX_MESSAGE_QUEUED", DeliveryStatus::Queued, None),
        ("30000", "ex_message_accepted", DeliveryStatus::Queued, None),
        ("30003", "EX_READ", DeliveryStatus::Read, None),
        ("30018", "ex_reengagement_error", DeliveryStatus::Failed, Some(ErrorKind::SessionExpired)),
        ("30003", "EX_MESSAGE_READ", DeliveryStatus::Read, None),
    ] {
        let told = status_of(&WRAPPED.replace("30002", code).replace("EX_MESSAGE_DELIVERED", name));
        assert_eq!(told.status, status, "{code} {name}");
        let expected = error
            .map(|kind| DeliveryFailure::new(kind, code.trim_matches('"')).with_reason(Some("Delivered".to_owned())));
        assert_eq!(told.error, expected, "{code} {name}");
    }
    let nameless = WRAPPED.replace(r#","exo_detailed_status":"EX_MESSAGE_DELIVERED""#, "");
    for (code, status) in
        [("30001", DeliveryStatus::Sent), ("30002", DeliveryStatus::Delivered), ("30003", DeliveryStatus::Read)]
    {
        assert_eq!(status_of(&nameless.replace("30002", code)).status, status);
    }
    let codeless =
        WRAPPED.replace(r#""exo_status_code":30002,"#, "").replace("EX_MESSAGE_DELIVERED", "EX_RESTRICTED_BY_META");
    let failure = status_of(&codeless).error.unwrap();
    assert_eq!((failure.kind, failure.code.as_str()), (ErrorKind::RateLimited, "EX_RESTRICTED_BY_META"));
}

#[test]
fn every_word_for_a_status_is_read_and_a_new_one_is_kept() {
    for body in [FLAT, EVENT, TYPED] {
        for (word, status) in [
            ("accepted", DeliveryStatus::Queued),
            ("queued", DeliveryStatus::Queued),
            ("sent", DeliveryStatus::Sent),
            ("read", DeliveryStatus::Read),
            ("seen", DeliveryStatus::Read),
            ("DELIVERED", DeliveryStatus::Delivered),
        ] {
            let told = status_of(&body.replace(r#""delivered""#, &format!("\"{word}\"")));
            assert_eq!((told.status, told.error), (status, None), "{word} {body}");
        }
    }
    let without_number = FLAT.replace(r#""exo_status_code":30002,"#, "");
    let told = status_of(&without_number.replace("delivered", "parked"));
    assert_eq!((told.status, told.error), (DeliveryStatus::Other("parked".into()), None));
    // A failure that nothing explains is one all the same.
    let told = status_of(&without_number.replace("delivered", "failed"));
    assert_eq!(told.error, Some(DeliveryFailure::new(ErrorKind::ProviderUnavailable, "failed")));
    let told = status_of(&TYPED.replace(r#""delivered""#, r#""failed","errors":[{"code":999,"title":"new"}]"#));
    let failure = DeliveryFailure::new(ErrorKind::ProviderUnavailable, "999");
    assert_eq!(told.error, Some(failure.with_reason(Some("new".to_owned()))));
    // An error word that no page lists, with a number that one does.
    let told = status_of(&FLAT.replace("delivered", "window_closed").replace("30002", "30018"));
    assert_eq!(told.error, Some(DeliveryFailure::new(ErrorKind::SessionExpired, "30018")));
}

#[test]
fn what_a_person_wrote_is_read_in_each_documented_form() {
    for (content, expected) in [
        (
            r#"{"type":"image","image":{"url":"https://f.example/a.png","caption":"c","mime_type":"image/png","sha256":"x"}}"#,
            json!({ "type": "image", "link": "https://f.example/a.png", "caption": "c", "mime_type": "image/png", "sha256": "x" }),
        ),
        (
            r#"{"type":"document","document":{"link":"https://f.example/a.pdf","filename":"a.pdf"}}"#,
            json!({ "type": "document", "link": "https://f.example/a.pdf", "filename": "a.pdf" }),
        ),
        (
            r#"{"type":"audio","audio":{"id":18446744073709551617,"mime_type":"audio/ogg"}}"#,
            json!({ "type": "audio", "id": "18446744073709551617", "mime_type": "audio/ogg" }),
        ),
        (r#"{"type":"video","video":{"id":"m1"}}"#, json!({ "type": "video", "id": "m1" })),
        (
            r#"{"type":"sticker","sticker":{"url":"https://f.example/s.webp"}}"#,
            json!({ "type": "sticker", "link": "https://f.example/s.webp" }),
        ),
        (
            r#"{"type":"location","location":{"latitude":13.08,"longitude":80.27,"name":"Pier 4"}}"#,
            json!({ "type": "location", "latitude": 13.08, "longitude": 80.27, "name": "Pier 4" }),
        ),
        (
            r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Desk"}}]}"#,
            json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Desk" } }] }),
        ),
        (
            r#"{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}"#,
            json!({ "type": "reaction", "message_id": "wamid.1", "emoji": "👍" }),
        ),
        (
            r#"{"type":"button","button":{"payload":"OK","text":"Confirm"}}"#,
            json!({ "type": "button_reply", "id": "OK", "title": "Confirm" }),
        ),
        (
            r#"{"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Yes"}}}"#,
            json!({ "type": "button_reply", "id": "yes", "title": "Yes" }),
        ),
        (
            r#"{"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"f9","title":"09:00","description":"d"}}}"#,
            json!({ "type": "list_reply", "id": "f9", "title": "09:00", "description": "d" }),
        ),
    ] {
        let text = r#""type":"text","text":{"body":"Thanks"}"#;
        for body in ALL_IN {
            let inner = content.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
            assert_eq!(inbound_of(&body.replace(text, inner)).content.to_json(), expected, "{content}");
        }
    }
}

#[test]
fn unknown_message_kind_opens_window_and_keeps_raw_content() {
    for content in [
        r#""type":"edit","edit":{"original_message_id":"wamid.1"}"#,
        r#""type":"order","order":{"catalog_id":"7"}"#,
        r#""type":"text","text":{}"#,
        r#""type":"image","image":{"caption":"no link"}"#,
        r#""type":"contacts","contacts":{}"#,
    ] {
        for body in ALL_IN {
            let inbound = inbound_of(&body.replace(r#""type":"text","text":{"body":"Thanks"}"#, content));
            assert_eq!(inbound.content.to_json()["type"], "unknown", "{content}");
            let kept: Value = serde_json::from_str(&format!("{{{content}}}")).unwrap();
            for (name, value) in kept.as_object().unwrap() {
                assert_eq!(inbound.content.to_json()["raw"][name], *value);
            }
        }
    }
}

#[test]
fn several_messages_in_one_call_are_as_many_events() {
    let one = r#"{"callback_type":"dlr","sid":"a","exo_status_code":30001}"#;
    let events = read(&config(), &request(&format!(r#"{{"whatsapp":{{"messages":[{one},7,{one}]}}}}"#)), RECEIVED);
    let events = events.unwrap().events;
    assert!(matches!(events[..], [Event::Status(_), Event::Unknown(_), Event::Status(_)]), "{events:?}");
}

#[test]
fn what_is_not_known_is_kept_as_it_came() {
    for body in [
        r#"{"a":1}"#,
        r#"{"whatsapp":{"messages":[{"callback_type":"new"}]}}"#,
        r#"{"whatsapp":{"messages":[{"callback_type":"dlr"}]}}"#,
        r#"{"whatsapp":{"messages":[{"callback_type":"dlr","sid":"a"}]}}"#,
        r#"{"whatsapp":{"messages":[{"callback_type":"icm","content":{"type":"text","text":{"body":"x"}}}]}}"#,
        r#"{"whatsapp":{"messages":{}}}"#,
        r#"{"whatsapp":{}}"#,
        r#"{"event":"payment_status","message":{"id":"a","status":"paid"}}"#,
        r#"{"event":"message_status"}"#,
        r#"{"type":"verification"}"#,
        r#"{"event":{"name":"message_status"}}"#,
        "[]",
        "7",
        "null",
    ] {
        assert!(matches!(one(body), Event::Unknown(_)), "{body}");
    }
    for body in ["sid", "<html></html>", ""] {
        let error = read(&config(), &request(body), RECEIVED).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedResponse, "{body}");
    }
}

#[test]
fn a_handshake_is_a_challenge_to_echo() {
    for challenge in [r#""c-1""#, "9007199254740993"] {
        let body = format!(r#"{{"type":"verification","challenge":{challenge}}}"#);
        assert_eq!(one(&body), Event::Challenge(challenge.trim_matches('"').to_owned()));
    }
}

#[test]
fn a_flipped_bit_in_body_or_signature_is_refused() {
    // openssl dgst -sha256 -hmac secret, over the challenge below.
    let body = r#"{"type":"verification","challenge":"c-1"}"#;
    let signature = "3e8f9bb9b7f2343ec49984890537ad1e98dca38408e9edcea94bb82998c4c5d3";
    let secrets = Config { webhook_secrets: vec![Secret::new("secret")], ..config() };
    let signed = |body: &str, signature: &str| {
        let mut request = request(body);
        request.headers_mut().insert("X-Exotel-Signature", signature.parse().unwrap());
        request
    };
    for given in [signature.to_owned(), format!("sha256={signature}"), signature.to_uppercase()] {
        let events = read(&secrets, &signed(body, &given), RECEIVED).unwrap();
        assert!(events.verified);
        assert_eq!(events.events, [Event::Challenge("c-1".into())]);
        let flipped = given.to_lowercase().replace("3e8f", "3e8e");
        for refused in [signed(&body.replace("c-1", "c-2"), &given), signed(body, &flipped), request(body)] {
            assert_eq!(read(&secrets, &refused, RECEIVED).unwrap_err().kind(), ErrorKind::Unauthenticated);
        }
    }
}

/// The samples of the pages that have no time.
#[test]
fn inbound_message_without_time_gets_time_of_receipt() {
    let wrapped = |item: &str| format!(r#"{{"whatsapp":{{"messages":[{item}]}}}}"#);
    for (body, kind) in [
        (
            wrapped(r#"{"callback_type":"incoming_message","sid":"c5d4","from":"+919000012345","to":"+914440001111","content":{"type":"text","text":{"body":"Hello"}}}"#),
            "text",
        ),
        (
            r#"{"event":"incoming_message","message":{"id":"m4","from":"+919000012345","type":"button","button":{"text":"Yes","payload":"confirm"}}}"#.to_owned(),
            "button_reply",
        ),
        (
            r#"{"type":"inbound_message","data":{"message_sid":"m5","from":"+919000012345","message":{"type":"location","location":{"latitude":13.08,"longitude":80.27}}}}"#.to_owned(),
            "location",
        ),
        (
            r#"{"event":"incoming_message","message":{"id":"m6","from":"+919000012345","timestamp":"","type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"r1","title":"Mon","description":"am"}}}}"#.to_owned(),
            "list_reply",
        ),
    ] {
        let inbound = inbound_of(&body);
        assert_eq!((inbound.at, inbound.at_source.as_str(), inbound.opens_window), (RECEIVED, "receipt", true), "{body}");
        assert_eq!(inbound.content.to_json()["type"], kind);
    }
}

#[test]
fn inbound_message_needs_a_sender_only() {
    let wrapped =
        |item: &str| inbound_of(&format!(r#"{{"whatsapp":{{"messages":[{{"callback_type":"icm",{item}}}]}}}}"#));
    let nameless = wrapped(r#""from":"+919000012345","content":{"type":"text","text":{"body":"hi"}}"#);
    assert_eq!((nameless.message_id, nameless.from.unwrap().as_str()), (None, "+919000012345"));
    let hidden = wrapped(r#""sid":"a","from_user_id":"IN.9f2c","content":{"type":"text","text":{"body":"hi"}}"#);
    assert_eq!((hidden.from, hidden.user_id.as_deref()), (None, Some("IN.9f2c")));
    assert_eq!(wrapped(r#""from":"+919000012345""#).content.to_json()["type"], "unknown");
    // Nobody can be answered.
    let call = r#"{"whatsapp":{"messages":[{"callback_type":"icm","sid":"a"}]}}"#;
    assert_eq!(one(call), Event::Unknown(json!({ "callback_type": "icm", "sid": "a" })));
}

#[test]
fn message_to_others_or_of_the_system_opens_no_window() {
    for (change, opens) in [("", true), (r#""to":"+914440001112","#, false), (r#""group_id":"g1","#, false)] {
        let own = r#""to":"+914440001111","#;
        let body = IN_WRAPPED.replace(own, if change.contains("to") { "" } else { own });
        let inbound = inbound_of(&body.replace(r#""sid":"#, &format!(r#"{change}"sid":"#)));
        assert_eq!(inbound.opens_window, opens, "{change}");
    }
    let system =
        r#""type":"system","system":{"type":"user_changed_number","body":"Asha changed","wa_id":"919000099999"}"#;
    for body in ALL_IN {
        let inbound = inbound_of(&body.replace(r#""type":"text","text":{"body":"Thanks"}"#, system));
        assert!(!inbound.opens_window);
        assert_eq!(inbound.content.to_json()["new_number"], "+919000099999");
        // An echo of our own message.
        let echo = body.replace("919000012345", "914440001111");
        assert!(matches!(one(&echo), Event::Unknown(_)), "{echo}");
    }
}

#[test]
fn statuses_list_and_other_callback_types_are_read() {
    let status =
        r#""sid":"7c1e","to":"919000012345","exo_status_code":30002,"exo_detailed_status":"EX_MESSAGE_DELIVERED""#;
    for body in [
        format!(r#"{{"whatsapp":{{"statuses":[{{{status}}}]}}}}"#),
        format!(r#"{{"whatsapp":{{"messages":[{{"callback_type":"message_status",{status}}}]}}}}"#),
        format!(r#"{{"whatsapp":{{"messages":[{{"callback_type":"DLR",{status}}}]}}}}"#),
        r#"{"whatsapp":{"statuses":[{"id":"7c1e","status":"delivered","recipient_id":"919000012345"}]}}"#.to_owned(),
    ] {
        let told = status_of(&body);
        assert_eq!((told.message_id.as_str(), told.status), ("7c1e", DeliveryStatus::Delivered), "{body}");
        assert_eq!(told.to.unwrap().as_str(), "+919000012345");
    }
}

#[test]
fn callback_as_a_form_is_the_same_event() {
    let expected = status_of(FLAT);
    let form = "sid=7c1e&from=%2B914440001111&to=919000012345&status=delivered&exo_status_code=30002&timestamp=2026-03-04T11%3A20%3A31%2B05%3A30&custom_data=job-7781";
    let fields = form_urlencoded::parse(form.as_bytes());
    let parts: Vec<String> = fields
        .map(|(name, value)| format!("--b1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .collect();
    for (kind, body) in [
        ("application/x-www-form-urlencoded", form.to_owned()),
        ("multipart/form-data; boundary=b1", format!("{}--b1--\r\n", parts.concat())),
        ("application/json", format!("\u{feff}{FLAT}")),
    ] {
        let mut request = request(&body);
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        let events = read(&config(), &request, RECEIVED).unwrap().events;
        assert_eq!(events, [Event::Status(expected.clone())], "{kind}");
    }
}

#[test]
fn half_surrogate_costs_one_character() {
    let inbound = inbound_of(&IN_WRAPPED.replace("Thanks", "hi \\ud83d"));
    assert_eq!(inbound.content.to_json()["body"], "hi \u{fffd}");
    assert_eq!(one(r#"{"new":"\udc4d"}"#), Event::Unknown(json!({ "new": "\u{fffd}" })));
}

#[test]
fn all_errors_of_a_failure_are_its_reason() {
    let errors =
        r#""failed","errors":[{"code":131049,"title":"Not delivered"},{"code":131047,"title":"Re-engagement"}]"#;
    let failure = status_of(&EVENT.replace(r#""delivered""#, errors)).error.unwrap();
    assert_eq!((failure.kind, &*failure.code), (ErrorKind::RateLimited, "131049"));
    assert_eq!(failure.reason.as_deref(), Some("Not delivered; Re-engagement"));
}
