use std::time::Duration;

use serde_json::json;
use transom::adapter::SendAnswer;
use transom::{PhoneNumber, Secret, Template};

use super::*;
use crate::Config;

pub(crate) fn config() -> Config {
    Config {
        api_key: Secret::new("gsk_test_key"),
        phone_number_id: "109876543210987".into(),
        waba_id: None,
        base_url: "https://cloud.gosendapi.com".parse().unwrap(),
        probe: true,
        webhook_secrets: Vec::new(),
        templates: transom::config::TemplateMappings::default(),
    }
}

pub(crate) fn to() -> PhoneNumber {
    "+34611222333".parse().unwrap()
}

pub(crate) fn text() -> Message {
    Message::text(to(), "Hi")
}

pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn template() -> Message {
    Message::template(to(), Template::new("visit"))
}

fn refused(status: u16, body: &str, message: &Message) -> Error {
    let response = answer(status, body);
    let error = of_send(&response, SystemTime::UNIX_EPOCH, Operation::Send, message);
    SendAnswer::of(&response, Operation::Send, crate::types::IDS).refused(error)
}

/// The vendor's codes as its page has them, written down apart from the table: status, code, and the kind on a text.
/// Each proves that nothing was sent.
const DOCUMENTED: &[(u16, &str, ErrorKind)] = {
    use ErrorKind as K;
    &[
        (400, "INVALID_PHONE_NUMBER", K::RecipientInvalid),
        (400, "INVALID_E164", K::RecipientInvalid),
        (400, "INVALID_PHONE_NUMBER_ID", K::SenderNotFound),
        (400, "INVALID_MESSAGE_TYPE", K::Unsupported),
        (400, "MISSING_REQUIRED_FIELD", K::InvalidRequest),
        (400, "ANOTHER_ONE", K::InvalidRequest),
        (401, "INVALID_API_KEY", K::Unauthenticated),
        (401, "EXPIRED_API_KEY", K::Unauthenticated),
        (401, "MALFORMED_API_KEY", K::Unauthenticated),
        (401, "ANOTHER_ONE", K::Unauthenticated),
        (402, "ANOTHER_ONE", K::InsufficientBalance),
        (403, "PHONE_NUMBER_NOT_IN_TENANT", K::SenderNotFound),
        (403, "WABA_NOT_IN_TENANT", K::PermissionDenied),
        (403, "TEMPLATE_NOT_IN_WABA", K::TemplateRejected),
        (403, "131047", K::SessionExpired),
        (403, "ANOTHER_ONE", K::PermissionDenied),
        (404, "ANOTHER_ONE", K::NotFound),
        (415, "ANOTHER_ONE", K::InvalidRequest),
        (422, "ANOTHER_ONE", K::InvalidRequest),
        (429, "ANOTHER_ONE", K::RateLimited),
    ]
};

/// Meta's codes: number, Meta's own status, kind.
const METAS: &[(&str, u16, ErrorKind)] = {
    use ErrorKind as K;
    &[
        ("131047", 400, K::SessionExpired),
        ("470", 400, K::SessionExpired),
        ("131026", 400, K::RecipientInvalid),
        ("131021", 400, K::RecipientInvalid),
        ("131030", 400, K::RecipientInvalid),
        ("131050", 400, K::RecipientInvalid),
        ("130472", 400, K::RecipientInvalid),
        ("131049", 400, K::RateLimited),
        ("4", 400, K::RateLimited),
        ("80007", 400, K::RateLimited),
        ("130429", 400, K::RateLimited),
        ("131048", 400, K::RateLimited),
        ("131056", 400, K::RateLimited),
        ("132000", 400, K::TemplateRejected),
        ("132001", 404, K::TemplateRejected),
        ("132005", 400, K::TemplateRejected),
        ("132007", 400, K::TemplateRejected),
        ("132012", 400, K::TemplateRejected),
        ("132018", 400, K::TemplateRejected),
        ("132015", 400, K::TemplateRejected),
        ("132016", 400, K::TemplateRejected),
        ("131051", 400, K::InvalidRequest),
        ("131042", 400, K::InsufficientBalance),
        ("0", 401, K::SenderUnavailable),
        ("190", 401, K::SenderUnavailable),
        ("3", 500, K::PermissionDenied),
        ("10", 403, K::PermissionDenied),
        ("200", 403, K::PermissionDenied),
        ("250", 403, K::PermissionDenied),
        ("299", 403, K::PermissionDenied),
        ("131005", 403, K::PermissionDenied),
        ("368", 403, K::SenderUnavailable),
        ("131031", 403, K::SenderUnavailable),
        ("130497", 403, K::PermissionDenied),
        ("33", 400, K::SenderUnavailable),
        ("131037", 400, K::SenderUnavailable),
        ("131045", 500, K::SenderUnavailable),
        ("133010", 400, K::SenderUnavailable),
        ("131057", 500, K::ProviderUnavailable),
        ("1", 400, K::InvalidRequest),
        ("100", 400, K::InvalidRequest),
        ("131008", 400, K::InvalidRequest),
        ("131009", 400, K::InvalidRequest),
        ("135000", 400, K::InvalidRequest),
        ("131052", 400, K::InvalidRequest),
        ("131053", 400, K::InvalidRequest),
        ("2", 503, K::ProviderUnavailable),
        ("131000", 500, K::ProviderUnavailable),
        ("131016", 500, K::ProviderUnavailable),
        ("133004", 503, K::ProviderUnavailable),
    ]
};

fn body_with(status: u16, code: &str) -> String {
    json!({ "statusCode": status, "message": "words", "code": code }).to_string()
}

#[test]
fn documented_rejection_has_its_kind_and_proves_unsent() {
    for &(status, code, kind) in DOCUMENTED {
        for message in [text(), template()] {
            let error = refused(status, &body_with(status, code), &message);
            assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{status} {code}");
            assert_eq!((error.code(), error.status(), error.message()), (Some(code), Some(status), "words"));
        }
    }
}

#[test]
fn meta_codes_have_kinds_and_only_meta_faults_are_unknown() {
    for &(code, status, kind) in METAS {
        // The vendor may pass Meta's status on, or wrap the refusal in one of its own.
        for status in [status, 422] {
            for message in [text(), template()] {
                let error = refused(status, &body_with(status, code), &message);
                // An account in maintenance has refused the message.
                let in_doubt = kind == ErrorKind::ProviderUnavailable && code != "131057";
                let sent = if in_doubt { Sent::Maybe } else { Sent::No };
                assert_eq!((error.kind(), error.sent(), error.code()), (kind, sent, Some(code)), "{status} {code}");
            }
        }
    }
}

#[test]
fn rejected_lookup_has_the_same_kind_and_is_never_unknown() {
    let metas = METAS.iter().map(|&(code, status, kind)| (status, code, kind));
    for (status, code, kind) in DOCUMENTED.iter().copied().chain(metas) {
        let error = of_read(&answer(status, &body_with(status, code)), SystemTime::UNIX_EPOCH);
        assert_eq!((error.kind(), error.sent(), error.code()), (kind, Sent::No, Some(code)), "{status} {code}");
    }
}

#[test]
fn a_failed_status_has_the_kind_of_its_code() {
    for &(code, _, kind) in METAS {
        let call =
            json!({ "event": "whatsapp.message.failed", "data": { "id": "wamid.A", "errors": [{ "code": code }] } });
        let events = {
            let call = http::Request::new(Bytes::from(call.to_string()));
            crate::webhook::read(&config(), &call, std::time::UNIX_EPOCH).unwrap()
        };
        let [transom::webhook::Event::Status(update)] = events.events.as_slice() else { panic!("{events:?}") };
        let failure = update.error.as_ref().unwrap();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, code));
    }
}

#[test]
fn every_row_of_the_tables_is_one_of_the_documented() {
    for fact in [ANSWERS, META].concat() {
        let is_answer = DOCUMENTED.iter().any(|row| fact.matches(row.1) && fact.status == Some(row.0));
        let is_metas = METAS.iter().any(|row| fact.matches(row.0) && fact.status.is_none_or(|status| status == row.1));
        assert!(is_answer || is_metas, "{}", fact.code);
    }
}

#[test]
fn a_number_outside_the_permissions_is_none_of_them() {
    for code in ["199", "300", "2000"] {
        assert_eq!(fact(code), None, "{code}");
    }
}

#[test]
fn code_is_found_in_every_place_known_before_unknown() {
    for body in [
        r#"{"code":131047}"#,
        r#"{"errorCode":"131047"}"#,
        r#"{"error_code":131047}"#,
        r#"{"code":"META_ERROR","details":{"meta_code":131047}}"#,
        r#"{"code":400,"details":{"metaErrorCode":"131047"}}"#,
        r#"{"details":{"meta":131047}}"#,
        r#"{"details":{"error":{"code":131047,"error_subcode":2494010}}}"#,
        r#"{"error":{"message":"(#131047) Re-engagement","type":"OAuthException","code":131047}}"#,
        r#"{"statusCode":400,"message":"(#131047) Re-engagement message","error":"Bad Request"}"#,
        r#"{"message":["refused","Meta said #131047."]}"#,
    ] {
        let error = refused(400, body, &text());
        assert_eq!((error.kind(), error.code()), (ErrorKind::SessionExpired, Some("131047")), "{body}");
    }
    for body in [r#"{"error":"INVALID_API_KEY"}"#, r#"{"message":"refused: INVALID_API_KEY"}"#] {
        assert_eq!(refused(401, body, &text()).code(), Some("INVALID_API_KEY"), "{body}");
    }
}

#[test]
fn a_number_that_is_no_code_is_not_taken_for_one() {
    for body in [
        r#"{"statusCode":400,"code":400}"#,
        r#"{"details":{"max":100,"country_code":"33","position":1}}"#,
        r#"{"message":"at most 100 of 131048000","error":"Bad Request"}"#,
        r#"{"error":"BADREQUEST"}"#,
    ] {
        let error = refused(400, body, &text());
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, None), "{body}");
    }
}

#[test]
fn bad_contact_is_recognised_and_missing_one_is_invalid_request() {
    for (body, kind) in [
        (r#"{"message":"Validation failed: 'to' must be E164 format"}"#, ErrorKind::RecipientInvalid),
        (r#"{"message":["to must be a phone number"]}"#, ErrorKind::RecipientInvalid),
        (r#"{"message":"x","details":{"field":"to","value":"1"}}"#, ErrorKind::RecipientInvalid),
        (r#"{"code":"INVALID_E164","details":{"field":"phone"}}"#, ErrorKind::InvalidRequest),
        (r#"{"code":"MISSING_REQUIRED_FIELD","details":{"field":"to"}}"#, ErrorKind::InvalidRequest),
        (r#"{"message":"unable to read the body"}"#, ErrorKind::InvalidRequest),
    ] {
        assert_eq!(refused(400, body, &text()).kind(), kind, "{body}");
    }
}

#[test]
fn free_form_403_means_window_unless_it_says_otherwise() {
    for (body, kind, unclear) in [
        (r#"{"statusCode":403,"message":"Forbidden"}"#, ErrorKind::SessionExpired, true),
        (r#"{"statusCode":403,"message":"Outside the 24h window"}"#, ErrorKind::SessionExpired, false),
        (r#"{"statusCode":403,"message":"Only approved templates can be sent"}"#, ErrorKind::SessionExpired, false),
        (r#"{"statusCode":403,"code":"OUTSIDE_SESSION","message":"no"}"#, ErrorKind::SessionExpired, false),
        // A firewall's, whatever words it carries.
        ("", ErrorKind::PermissionDenied, true),
        ("<html>Forbidden</html>", ErrorKind::PermissionDenied, true),
        ("<html>blocked for 24 hours, outside of our window</html>", ErrorKind::PermissionDenied, true),
        (r#"{"message":"blocked for 24 hours"}"#, ErrorKind::PermissionDenied, true),
        (r#"{"code":"BRAND_NEW","message":"no"}"#, ErrorKind::PermissionDenied, true),
        (r#"{"code":"PHONE_NUMBER_NOT_IN_TENANT","message":"no"}"#, ErrorKind::SenderNotFound, false),
        (r#"{"code":"WABA_NOT_IN_TENANT","message":"outside"}"#, ErrorKind::PermissionDenied, false),
    ] {
        let error = refused(403, body, &text());
        assert_eq!((error.kind(), error.sent(), is_unclear(&error)), (kind, Sent::No, unclear), "{body}");
    }
}

#[test]
fn a_403_on_a_template_or_a_lookup_is_never_the_window() {
    for body in ["", r#"{"message":"Outside the 24h window"}"#] {
        assert_eq!(refused(403, body, &template()).kind(), ErrorKind::PermissionDenied);
        let lookup = of_read(&answer(403, body), SystemTime::UNIX_EPOCH);
        assert_eq!((lookup.kind(), lookup.sent()), (ErrorKind::PermissionDenied, Sent::No));
    }
}

#[test]
fn without_a_known_code_the_status_decides_and_no_body_hides_it() {
    for body in ["", "<html>Bad gateway</html>", "{", "[[[[", r#"{"code":{"a":1},"message":7}"#] {
        for (status, kind, sent) in [
            (400, ErrorKind::InvalidRequest, Sent::No),
            (401, ErrorKind::Unauthenticated, Sent::No),
            (402, ErrorKind::InsufficientBalance, Sent::No),
            (404, ErrorKind::NotFound, Sent::No),
            (409, ErrorKind::Conflict, Sent::Maybe),
            (415, ErrorKind::InvalidRequest, Sent::No),
            (422, ErrorKind::InvalidRequest, Sent::No),
            (429, ErrorKind::RateLimited, Sent::No),
            (500, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (502, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (503, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (504, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (302, ErrorKind::MalformedResponse, Sent::Maybe),
            (412, ErrorKind::MalformedResponse, Sent::No),
            (418, ErrorKind::MalformedResponse, Sent::No),
            (451, ErrorKind::MalformedResponse, Sent::No),
        ] {
            let error = refused(status, body, &text());
            assert_eq!((error.kind(), error.sent()), (kind, sent), "{status} {body}");
        }
    }
}

#[test]
fn a_5xx_stays_in_doubt_whatever_words_it_carries() {
    let error = refused(502, r#"{"code":131047}"#, &text());
    assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe));
    assert_eq!(error.code(), Some("131047"));
}

#[test]
fn what_the_service_says_is_one_short_line_of_an_error() {
    let body = json!({ "message": format!("no\n\u{1b}[31m{}", "x".repeat(5_000)) }).to_string();
    let error = refused(400, &body, &text());
    assert!(error.message().starts_with("no [31mxxx") && error.message().chars().count() <= 401, "{error}");
}

#[test]
fn conflict_proves_this_body_unsent_unless_under_way() {
    let conflict = |operation, body| of_send(&answer(409, body), SystemTime::UNIX_EPOCH, operation, &text());
    let other = r#"{"statusCode":409,"message":"Idempotency-Key was already used with a different body"}"#;
    for body in [other, "{}", ""] {
        let error = conflict(Operation::IdempotentSend, body);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Conflict, Sent::No), "{body}");
        assert!(!error.is_under_way(), "{body}");
        assert_eq!(conflict(Operation::Send, body).sent(), Sent::Maybe, "{body}");
    }
    for body in [r#"{"message":"A request with this key is in progress"}"#, r#"{"code":"REQUEST_IN_PROGRESS"}"#] {
        let error = conflict(Operation::IdempotentSend, body);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Conflict, Sent::Maybe), "{body}");
        assert!(error.is_under_way(), "{body}");
        assert!(!conflict(Operation::Send, body).is_under_way(), "without a key it is no message of ours: {body}");
    }
}

#[test]
fn a_refusal_that_names_a_message_may_have_sent_it() {
    for (body, sent) in [
        (r#"{"messages":[{"id":"wamid.A"}]}"#, Sent::Maybe),
        (r#"{"wamid":"wamid.A"}"#, Sent::Maybe),
        (r#"{"id":"x"}"#, Sent::Maybe),
        (r#"{"data":{"id":7}}"#, Sent::Maybe),
        (r#"{"id":"  ","wamid":"null","data":{"id":0},"messages":[{"id":null}]}"#, Sent::No),
    ] {
        for status in [401, 402, 403, 404, 412, 422, 429] {
            for message in [text(), template()] {
                let error = refused(status, body, &message);
                assert_eq!((error.sent(), error.is_window_closed()), (sent, false), "{status} {body}");
            }
        }
    }
}

#[test]
fn a_throttled_send_waits_for_the_longest_of_what_it_is_told() {
    let waits = |headers: &[(&'static str, &str)], body: &str| {
        let mut response = answer(429, body);
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_110_100);
        of_send(&response, now, Operation::Send, &text()).retry_after().map(|wait| wait.as_secs())
    };
    assert_eq!(waits(&[("retry-after", "2")], r#"{"retry_after_seconds":1}"#), Some(2));
    assert_eq!(waits(&[("retry-after", "2")], r#"{"retry_after_seconds":2.5}"#), Some(3));
    assert_eq!(waits(&[("x-ratelimit-reset", "1770110107")], r#"{"retry_after_seconds":1}"#), Some(7));
    assert_eq!(waits(&[], r#"{"retry_after_seconds":-1}"#), None);
    assert_eq!(waits(&[], "{}"), None);
}

#[test]
fn reasons_are_joined_and_the_first_code_of_a_list_decides() {
    let details = r#""error_data":{"details":"Parameter name is missing or empty"}"#;
    let said = "(#100) Invalid parameter: Parameter name is missing or empty";
    for (body, kind, code, message) in [
        (format!(r#"{{"error":{{"message":"(#100) Invalid parameter","code":100,{details}}}}}"#), ErrorKind::InvalidRequest, "100", said),
        (
            format!(r#"{{"statusCode":400,"message":"(#100) Invalid parameter","error":"Bad Request","details":{{{details}}}}}"#),
            ErrorKind::InvalidRequest, "100", said,
        ),
        (
            r#"{"errors":[{"code":132012,"title":"Format mismatch"},{"code":131047,"title":"Re-engagement"}]}"#.to_owned(),
            ErrorKind::TemplateRejected, "132012", "Format mismatch; Re-engagement",
        ),
        (
            r#"{"statusCode":422,"message":"Meta refused it","details":{"reason":"(#132015) Template is paused"}}"#.to_owned(),
            ErrorKind::TemplateRejected, "132015", "Meta refused it: (#132015) Template is paused",
        ),
        (r#"{"statusCode":422,"message":"131049: withheld"}"#.to_owned(), ErrorKind::RateLimited, "131049", "131049: withheld"),
        (
            r#"{"statusCode":400,"message":"Invalid","error_user_title":"No","error_user_msg":"Pay first","code":"MISSING_REQUIRED_FIELD"}"#.to_owned(),
            ErrorKind::InvalidRequest, "MISSING_REQUIRED_FIELD", "Invalid: No: Pay first",
        ),
    ] {
        let error = refused(422, &body, &template());
        assert_eq!((error.kind(), error.code(), error.message()), (kind, Some(code), message), "{body}");
    }
}

#[test]
fn metas_slow_limits_ask_for_longer_than_a_retry_would_wait() {
    for (code, seconds) in [("131056", 6), ("131048", 3_600), ("131049", 86_400), ("130429", 60)] {
        let error = refused(400, &format!(r#"{{"code":{code}}}"#), &text());
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(seconds))));
    }
}
