use transom::Secret;

use super::*;
use crate::Config;

pub(crate) fn config() -> Config {
    Config {
        api_key: Secret::new("7|key"),
        sender_id: 77,
        base_url: "https://app.autocalls.ai".parse().unwrap(),
        probe: true,
        webhook_secrets: Vec::new(),
        templates: transom::config::TemplateMappings::default(),
    }
}

pub(crate) fn to() -> PhoneNumber {
    "+447700900123".parse().unwrap()
}

pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn refused(status: u16, body: &str) -> Error {
    refusal(&answer(status, body), SystemTime::UNIX_EPOCH, Operation::Send, &to())
}

fn with_code(code: &str) -> String {
    format!(r#"{{"success":false,"error":"words","error_code":"{code}"}}"#)
}

/// The vendor's codes as its pages have them, written down apart from the table: status, code, kind, and whether a send
/// that is answered so may be out.
const DOCUMENTED: &[(u16, &str, ErrorKind, Sent)] = {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    &[
        (402, "INSUFFICIENT_BALANCE", K::InsufficientBalance, No),
        (403, "SESSION_EXPIRED", K::SessionExpired, No),
        (403, "", K::PermissionDenied, No),
        (403, "ANOTHER", K::PermissionDenied, No),
        (404, "SENDER_NOT_FOUND", K::SenderNotFound, No),
        (404, "TEMPLATE_NOT_FOUND", K::TemplateRejected, No),
        (404, "ASSISTANT_NOT_FOUND", K::NotFound, No),
        (404, "", K::NotFound, No),
        (405, "", K::InvalidRequest, No),
        (422, "INVALID_PHONE", K::RecipientInvalid, No),
        (503, "SENDER_OFFLINE", K::SenderUnavailable, No),
        (422, "SENDER_OFFLINE", K::SenderUnavailable, No),
        (422, "TEMPLATE_NOT_APPROVED", K::TemplateRejected, No),
        (422, "TEMPLATE_MISMATCH", K::TemplateRejected, No),
        (422, "TEMPLATE_NOT_SYNCED", K::TemplateRejected, No),
        (422, "NO_ASSISTANT_CONFIGURED", K::SenderUnavailable, No),
        (422, "MESSAGING_LIMIT_UNAVAILABLE", K::SenderUnavailable, No),
        (422, "VOICE_CALL_LIMIT_NOT_MET", K::SenderUnavailable, No),
        (422, "TWILIO_ERROR_63016", K::SessionExpired, No),
        (422, "TWILIO_ERROR_63040", K::TemplateRejected, No),
        (422, "TWILIO_ERROR_63027", K::TemplateRejected, No),
        (422, "TWILIO_ERROR_63041", K::TemplateRejected, No),
        (422, "TWILIO_ERROR_21211", K::RecipientInvalid, No),
        (422, "TWILIO_ERROR_21610", K::RecipientInvalid, No),
        (422, "TWILIO_ERROR_63003", K::RecipientInvalid, No),
        (422, "TWILIO_ERROR_63024", K::RecipientInvalid, No),
        (422, "TWILIO_ERROR_63032", K::RecipientInvalid, No),
        (422, "TWILIO_ERROR_63013", K::InvalidRequest, No),
        (422, "TWILIO_ERROR_63018", K::RateLimited, No),
        (422, "TWILIO_ERROR_63049", K::RateLimited, No),
        (422, "TWILIO_ERROR_20429", K::RateLimited, No),
        (422, "TWILIO_ERROR_63007", K::SenderUnavailable, No),
        (422, "63024", K::RecipientInvalid, No),
        (422, "131026", K::RecipientInvalid, No),
        (422, "131000", K::ProviderUnavailable, Maybe),
        (200, "TWILIO_ERROR_63024", K::RecipientInvalid, No),
        (422, "TWILIO_ERROR_99999", K::ProviderUnavailable, Maybe),
        (422, "TWILIO_ERROR_131026", K::ProviderUnavailable, Maybe),
        (422, "TWILIO_ERROR_1", K::ProviderUnavailable, Maybe),
        (422, "UNKNOWN_ERROR", K::ProviderUnavailable, Maybe),
        (422, "", K::InvalidRequest, No),
        (422, "ANOTHER", K::InvalidRequest, No),
        (400, "ANOTHER", K::InvalidRequest, No),
        (401, "", K::Unauthenticated, No),
        (401, "ANOTHER", K::Unauthenticated, No),
        // Nothing documents it, so nothing proves what it is about.
        (409, "", K::Conflict, Maybe),
        (429, "", K::RateLimited, No),
        (500, "", K::ProviderUnavailable, Maybe),
        (502, "", K::ProviderUnavailable, Maybe),
        (503, "", K::ProviderUnavailable, Maybe),
        (504, "", K::ProviderUnavailable, Maybe),
        (301, "", K::MalformedResponse, Maybe),
        (302, "", K::MalformedResponse, Maybe),
        // Under a success, only a code that proves a refusal does.
        (200, "INSUFFICIENT_BALANCE", K::InsufficientBalance, No),
        (200, "SESSION_EXPIRED", K::SessionExpired, No),
        (200, "ANOTHER", K::InvalidRequest, Maybe),
        (200, "", K::InvalidRequest, Maybe),
    ]
};

#[test]
fn every_documented_refusal_has_its_kind_and_its_proof() {
    for &(status, code, kind, sent) in DOCUMENTED {
        let error = refused(status, &with_code(code));
        assert_eq!((error.kind(), error.sent()), (kind, sent), "{status} {code}");
        assert_eq!((error.code().unwrap_or_default(), error.status()), (code, Some(status)));
        assert_eq!(error.message(), "words");
    }
}

#[test]
fn rejected_lookup_has_the_same_kind_and_is_never_unknown() {
    for &(status, code, kind, _) in DOCUMENTED {
        let error = refusal(&answer(status, &with_code(code)), SystemTime::UNIX_EPOCH, Operation::Read, None);
        assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{status} {code}");
    }
}

#[test]
fn every_row_of_the_table_is_one_of_the_documented() {
    for fact in ANSWERS {
        let is_row = |row: &&(u16, &str, ErrorKind, Sent)| fact.status == Some(row.0) && fact.matches(row.1);
        assert!(DOCUMENTED.iter().any(|row| is_row(&row)), "{}", fact.code);
    }
}

#[test]
fn offline_sender_proves_unsent_with_its_statuses_only() {
    for status in [503, 422] {
        let error = refused(status, &with_code("SENDER_OFFLINE"));
        assert_eq!((error.kind(), error.sent()), (ErrorKind::SenderUnavailable, Sent::No), "{status}");
    }
    for (status, code) in [(500, "SENDER_OFFLINE"), (503, "SESSION_EXPIRED"), (503, "NEW"), (503, "")] {
        let error = refused(status, &with_code(code));
        assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe), "{status} {code}");
    }
}

#[test]
fn a_known_number_of_the_carrier_is_not_its_family() {
    assert_eq!(refused(422, &with_code("TWILIO_ERROR_63016")).kind(), ErrorKind::SessionExpired);
    let unknown = refused(422, &with_code("TWILIO_ERROR_63017"));
    assert_eq!((unknown.kind(), unknown.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe));
}

#[test]
fn number_in_words_or_list_decides_where_the_code_is_silent() {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    for (status, body, kind, sent, code) in [
        (
            422,
            r#"{"error":"Twilio error 63024: invalid recipient","error_code":"UNKNOWN_ERROR"}"#,
            K::RecipientInvalid,
            No,
            "UNKNOWN_ERROR",
        ),
        (422, r#"{"error":"[HTTP 400] (#132001) Template name does not exist"}"#, K::TemplateRejected, No, "132001"),
        (
            400,
            r#"{"error":"refused","errors":[{"code":131026,"title":"Undeliverable"},{"code":131047}]}"#,
            K::RecipientInvalid,
            No,
            "131026",
        ),
        (422, r#"{"error":"x","error_message":"63016"}"#, K::SessionExpired, No, "63016"),
        (422, r#"{"error":"(#131000) Something went wrong"}"#, K::ProviderUnavailable, Maybe, "131000"),
        // Its own code, a clear status, a rejected field and a gateway's failure say more than a number in the words.
        (422, r#"{"error":"63016","error_code":"INVALID_PHONE"}"#, K::RecipientInvalid, No, "INVALID_PHONE"),
        (401, r#"{"error":"63024"}"#, K::Unauthenticated, No, ""),
        (429, r#"{"error":"63024"}"#, K::RateLimited, No, ""),
        (
            422,
            r#"{"message":"The message 63016 is too long.","errors":{"message":["63016"]}}"#,
            K::InvalidRequest,
            No,
            "",
        ),
        (503, r#"{"error":"63024"}"#, K::ProviderUnavailable, Maybe, ""),
        (422, r#"{"error":"call +1202 555 0163 or write to 16302"}"#, K::InvalidRequest, No, ""),
    ] {
        let error = refused(status, body);
        assert_eq!(
            (error.kind(), error.sent(), error.code().unwrap_or_default()),
            (kind, sent, code),
            "{status} {body}"
        );
    }
}

#[test]
fn limit_of_hours_asks_for_hours() {
    for (code, seconds) in [("TWILIO_ERROR_63049", 86_400), ("131049", 86_400), ("131048", 3_600), ("130429", 60)] {
        let error = refused(422, &with_code(code));
        let expected = (ErrorKind::RateLimited, Some(Duration::from_secs(seconds)));
        assert_eq!((error.kind(), error.retry_after()), expected, "{code}");
    }
}

#[test]
fn words_keep_every_reason() {
    let body = r#"{"error":"Could not send","error_message":"(#100) Invalid parameter","details":{"error_data":{"details":"Parameter name is missing"}}}"#;
    let error = refused(422, body);
    assert_eq!(error.message(), "(#100) Invalid parameter: Parameter name is missing; Could not send");
}

#[test]
fn without_a_known_code_the_status_decides_and_no_body_hides_it() {
    for body in ["", "<html>Bad gateway</html>", "{", "[[[[", r#"{"error_code":{"a":1},"error":[1]}"#] {
        for (status, kind, sent) in [
            (400, ErrorKind::InvalidRequest, Sent::No),
            (401, ErrorKind::Unauthenticated, Sent::No),
            (403, ErrorKind::PermissionDenied, Sent::No),
            (404, ErrorKind::NotFound, Sent::No),
            (409, ErrorKind::Conflict, Sent::Maybe),
            (422, ErrorKind::InvalidRequest, Sent::No),
            (429, ErrorKind::RateLimited, Sent::No),
            (500, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (503, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (303, ErrorKind::MalformedResponse, Sent::Maybe),
        ] {
            let error = refused(status, body);
            assert_eq!((error.kind(), error.sent()), (kind, sent), "{status} {body}");
        }
    }
}

#[test]
fn an_unknown_code_is_kept_with_the_kind_of_its_status() {
    let error = refused(403, &with_code("BRAND_NEW"));
    assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("BRAND_NEW")));
}

#[test]
fn what_the_service_says_is_one_short_line_of_an_error() {
    let body = format!(r#"{{"error":"no\n\u001b[31m{}","error_code":"NEW"}}"#, "x".repeat(5_000));
    let error = refused(400, &body);
    assert!(error.message().starts_with("no [31mxxx") && error.message().chars().count() <= 401, "{error}");
}

#[test]
fn a_validation_error_names_the_fields_even_one_called_message() {
    let body =
        r#"{"message":"The message is too long.","errors":{"message":["The message is too long."],"sender_id":["x"]}}"#;
    let error = refused(422, body);
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, None));
    assert_eq!(error.message(), "The message is too long. (message, sender_id)");
}

#[test]
fn a_refusal_that_tells_when_the_window_closed_carries_it() {
    let body = |status: &str| {
        format!(r#"{{"success":false,"error":"x","error_code":"SESSION_EXPIRED","session_status":{status}}}"#)
    };
    let told = refused(403, &body(r#"{"can_send_freeform":false,"expired_at":"2026-05-09T17:05:00+00:00"}"#));
    let since = transom::time::rfc3339::parse("2026-05-09T17:05:00Z");
    assert_eq!(told.session().unwrap().window, transom::Window::Expired { since });
    for untold in [r#"{"can_send_freeform":false,"message":"x"}"#, "null", "7", r#"{"expired_at":7}"#] {
        let error = refused(403, &body(untold));
        assert_eq!((error.kind(), error.session()), (ErrorKind::SessionExpired, None), "{untold}");
    }
}

#[test]
fn throttle_wait_is_read_from_header_or_body() {
    let body = r#"{"message":"Too Many Attempts.","retry_after":60}"#;
    assert_eq!(refused(429, body).retry_after(), Some(Duration::from_secs(60)));
    // The longer of the two: waiting too long costs less than being refused again.
    for (header, body, seconds) in [("1", "{}", 1), ("1", body, 60), ("90", body, 90)] {
        let mut response = answer(429, body);
        response.headers_mut().insert("retry-after", header.parse().unwrap());
        let error = refusal(&response, SystemTime::UNIX_EPOCH, Operation::Send, &to());
        let expected = (ErrorKind::RateLimited, Some(Duration::from_secs(seconds)));
        assert_eq!((error.kind(), error.retry_after()), expected, "{header} {body}");
    }
    assert_eq!(refused(429, "").retry_after(), None);
}

#[test]
fn a_refusal_that_names_a_message_may_have_sent_it() {
    for &(status, code, kind, _) in DOCUMENTED {
        for id in [r#""whatsapp_message_id":640077"#, r#""message_id":"880121""#, r#""message_sid":"SM1""#] {
            let error = refused(status, &format!(r#"{{"success":false,"error_code":"{code}",{id}}}"#));
            assert_eq!((error.kind(), error.sent()), (kind, Sent::Maybe), "{status} {code} {id}");
            assert_eq!(error.code().unwrap_or_default(), code);
        }
    }
    for none in ["null", "0", "\"  \"", "\"null\"", "{}"] {
        assert_eq!(refused(402, &format!(r#"{{"whatsapp_message_id":{none}}}"#)).sent(), Sent::No, "{none}");
    }
}

#[test]
fn window_code_under_a_refused_key_is_no_window() {
    for (status, kind) in [(401, ErrorKind::Unauthenticated), (402, ErrorKind::InsufficientBalance)] {
        let error = refused(status, &with_code("SESSION_EXPIRED"));
        assert_eq!((error.kind(), error.sent(), error.code()), (kind, Sent::No, Some("SESSION_EXPIRED")));
    }
}

#[test]
fn being_led_to_the_login_page_is_a_refused_key() {
    let redirect = |status: u16, target: &str| {
        let mut response = answer(status, "");
        response.headers_mut().insert(LOCATION, target.parse().unwrap());
        refusal(&response, SystemTime::UNIX_EPOCH, Operation::Send, &to())
    };
    for target in ["https://app.autocalls.ai/login", "/login?next=%2Fapi"] {
        let error = redirect(302, target);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Unauthenticated, Sent::No), "{target}");
    }
    for (status, target) in [(302, "https://elsewhere.example/x"), (303, "/login"), (307, "/login"), (302, "/loginx")] {
        let error = redirect(status, target);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{status} {target}");
    }
    assert_eq!(redirect(200, "/login").kind(), ErrorKind::InvalidRequest);
}
