use transom::time::rfc3339;

use super::*;

const RECEIPT: &str = r#"{"event":"message_status","whatsapp_message_id":640077,"message_sid":null,"meta_message_id":"wamid.x","conversation_id":"0b7b6a1e","to":"+447700900123","from":"+12025550143","direction":"outbound","status":"delivered","error_code":null,"timestamp":"2026-05-11T11:20:04+02:00","provider_timestamp":null,"test":false}"#;
const ENDED: &str = r#"{"conversation_id":"0b7b6a1e","assistant_id":"5f2c","type":"whatsapp","message_count":3,"status":"ended","transcript":[],"customer_phone":"+447700900123"}"#;

fn events(body: &str) -> Vec<Event> {
    let events = read(&[], &Request::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
    assert!(!events.verified);
    events.events
}

fn status(body: &str) -> StatusUpdate {
    let events = events(body);
    let [Event::Status(status)] = events.as_slice() else { panic!("{events:?}") };
    status.clone()
}

#[test]
fn a_read_receipt_names_the_message_of_the_send() {
    let status = status(RECEIPT);
    assert_eq!((status.message_id.as_str(), status.status), ("640077", DeliveryStatus::Delivered));
    assert_eq!(status.to.unwrap().as_str(), "+447700900123");
    assert_eq!(rfc3339::format(status.at.unwrap()), "2026-05-11T09:20:04Z");
    assert_eq!(status.error, None);
}

#[test]
fn the_carriers_time_is_preferred_to_the_platforms() {
    let body = RECEIPT.replace(r#""provider_timestamp":null"#, r#""provider_timestamp":"2026-05-11T09:20:03Z""#);
    assert_eq!(rfc3339::format(status(&body).at.unwrap()), "2026-05-11T09:20:03Z");
}

#[test]
fn same_receipt_gives_the_same_event_in_every_form() {
    let id = "18446744073709551616";
    let dialects = [
        format!(
            r#"{{"event":"message_status","whatsapp_message_id":{id},"to":"+447700900123","status":"failed","error_code":63016,"timestamp":"2026-05-11T09:20:04+00:00"}}"#
        ),
        // Ids and codes as texts, and members that no page shows.
        format!(
            r#"{{"event":"message_status","whatsapp_message_id":"{id}","to":"447700900123","status":"undelivered","error_code":"63016","timestamp":"2026-05-11T09:20:04Z","new":{{"a":[1]}},"sender":7}}"#
        ),
        // Half-hour zones, the carrier's time before the platform's, a number as a number.
        format!(
            r#"{{"event":"message_status","whatsapp_message_id":{id},"to":447700900123,"status":"failed","error_code":63016,"timestamp":"2026-05-11T10:00:00Z","provider_timestamp":"2026-05-11T14:50:04+05:30"}}"#
        ),
        // Everything optional null, or of another type.
        format!(
            r#"{{"event":"message_status","whatsapp_message_id":{id},"message_sid":null,"meta_message_id":null,"conversation_id":null,"assistant_id":null,"sender":null,"to":"+44 7700 900123","from":null,"direction":null,"status":"failed","error_code":63016,"error_message":null,"timestamp":"2026-05-11T09:20:04.000Z","provider_timestamp":{{}},"test":null,"type":[]}}"#
        ),
    ];
    let mut expected = StatusUpdate::new(id, DeliveryStatus::Failed);
    expected.at = rfc3339::parse("2026-05-11T09:20:04Z");
    expected.to = "+447700900123".parse().ok();
    expected.error = Some(DeliveryFailure::new(ErrorKind::SessionExpired, "63016"));
    for body in dialects {
        assert_eq!(status(&body), expected, "{body}");
    }
}

#[test]
fn a_receipt_with_nothing_but_its_message_and_its_state_is_one() {
    let bare = r#"{"event":"message_status","whatsapp_message_id":640077,"status":"read"}"#;
    assert_eq!(status(bare), StatusUpdate::new("640077", DeliveryStatus::Read));
}

#[test]
fn a_failure_has_its_kind_and_the_carriers_number() {
    use ErrorKind as K;
    for (code, kind) in [
        ("63016", K::SessionExpired),
        ("63040", K::TemplateRejected),
        ("21211", K::RecipientInvalid),
        ("63003", K::RecipientInvalid),
        ("63024", K::RecipientInvalid),
        ("63018", K::RateLimited),
        ("20429", K::RateLimited),
        ("131047", K::SessionExpired),
        ("131026", K::RecipientInvalid),
        ("131049", K::RateLimited),
        ("130429", K::RateLimited),
        ("63049", K::RateLimited),
        ("63032", K::RecipientInvalid),
        ("63027", K::TemplateRejected),
        ("63112", K::SenderUnavailable),
        ("99999", K::ProviderUnavailable),
    ] {
        for (word, written) in [("failed", code.to_owned()), ("undelivered", format!("\"{code}\""))] {
            let body = RECEIPT.replace("delivered", word);
            let status = status(&body.replace(r#""error_code":null"#, &format!(r#""error_code":{written}"#)));
            assert_eq!(status.status, DeliveryStatus::Failed, "{word}");
            assert_eq!(status.error, Some(DeliveryFailure::new(kind, code)));
        }
    }
    assert_eq!(status(&RECEIPT.replace("delivered", "failed")).error, None);
    assert_eq!(status(&RECEIPT.replace("delivered", "held")).status, DeliveryStatus::Other("held".into()));
    // A code beside a state that is no failure explains nothing.
    assert_eq!(status(&RECEIPT.replace(r#""error_code":null"#, r#""error_code":63016"#)).error, None);
}

#[test]
fn a_test_call_of_the_dashboard_is_no_event() {
    assert_eq!(events(&RECEIPT.replace(r#""test":false"#, r#""test":true"#)), []);
}

#[test]
fn end_of_whatsapp_conversation_is_an_event_other_chats_not() {
    let mut ended = ConversationUpdate::new("0b7b6a1e", "ended");
    ended.contact = "+447700900123".parse().ok();
    assert_eq!(events(ENDED), [Event::Conversation(ended)]);
    // A later edition of the page has more members, and a number besides the UUID [inferred].
    let later =
        ENDED.replacen('{', r#"{"id":18446744073709551616,"attachments":[],"sender":null,"customer_name":null,"#, 1);
    assert_eq!(events(&later), events(ENDED));
    assert!(matches!(events(&ENDED.replace("\"whatsapp\"", "\"widget\"")).as_slice(), [Event::Unknown(_)]));
}

#[test]
fn what_is_not_known_is_kept_as_it_came() {
    for body in [
        "[]",
        "7",
        r#"["message_status",null,640077,null,"read"]"#,
        r#"{"event":"new"}"#,
        r#"{"event":"message_status"}"#,
        r#"{"test":"yes"}"#,
        r#"{"event":"message_status","whatsapp_message_id":{},"status":"read"}"#,
    ] {
        let expected = Event::Unknown(serde_json::from_str(body).unwrap());
        assert_eq!(events(body), [expected], "{body}");
    }
    assert!(read(&[], &Request::new(Bytes::from_static(b"{"))).is_err());
}

#[test]
fn with_a_secret_only_what_it_signed_is_read() {
    // printf '%s' '{"event":"new"}' | openssl dgst -sha256 -hmac secret
    let (body, signature) = (r#"{"event":"new"}"#, "2784c75a57290debdcb59629a382c66ff36d445ab76d76503b8480f597f6dd28");
    let secrets = [Secret::new("secret")];
    let call = |body: &str, signature: &str| {
        let body = Bytes::copy_from_slice(body.as_bytes());
        read(&secrets, &Request::builder().header("X-Signature-256", signature).body(body).unwrap())
    };
    assert!(call(body, &format!("sha256={signature}")).unwrap().verified);
    assert!(call(body, &format!("sha256={}", signature.to_uppercase())).unwrap().verified);
    assert!(call(&body.replace("new", "old"), &format!("sha256={signature}")).is_err());
    // The ends of conversations carry no signature, and a stranger could write one.
    let unsigned = read(&secrets, &Request::new(Bytes::from_static(ENDED.as_bytes()))).unwrap_err();
    assert_eq!(unsigned.kind(), ErrorKind::Unauthenticated);
}

#[test]
fn words_of_a_failure_are_its_reason_and_may_quote_a_code() {
    let words = r#""error_code":null,"error_message":"(#131047) Re-engagement message","error_description":"More than 24 hours""#;
    let failed = RECEIPT.replace("delivered", "failed").replace(r#""error_code":null"#, words);
    let failure = status(&failed).error.unwrap();
    assert_eq!((failure.kind, &*failure.code), (ErrorKind::SessionExpired, "131047"));
    assert_eq!(failure.reason.as_deref(), Some("(#131047) Re-engagement message: More than 24 hours"));
}

#[test]
fn time_is_read_in_every_form_and_may_lack() {
    for (written, at) in [
        (r#""2026-05-11 09:20:04""#, Some("2026-05-11T09:20:04Z")),
        ("1778491204", Some("2026-05-11T09:20:04Z")),
        ("1778491204000", Some("2026-05-11T09:20:04Z")),
        (r#""soon""#, None),
        ("null", None),
    ] {
        let body = RECEIPT.replace(r#""2026-05-11T11:20:04+02:00""#, written);
        assert_eq!(status(&body).at.map(rfc3339::format).as_deref(), at, "{written}");
    }
}

#[test]
fn byte_order_mark_and_half_surrogate_are_read() {
    assert_eq!(events(&format!("\u{feff}{RECEIPT}")), events(RECEIPT));
    assert_eq!(events(r#"{"new":"hi \ud83d"}"#), [Event::Unknown(serde_json::json!({ "new": "hi \u{fffd}" }))]);
}
