//! What a refusal means, by its status, its state and its text.

use std::time::Duration;

use transom::Template;
use transom::adapter::Scope;

use super::*;

const WINDOW: Duration = Duration::from_secs(300);

pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

pub(crate) fn text() -> Message {
    Message::text("+5215599992222".parse().unwrap(), "Hi")
}

fn template() -> Message {
    Message::template("+5215599992222".parse().unwrap(), Template::new("t").language("es"))
}

fn refused(status: u16, body: &str, message: &Message) -> Error {
    refusal(&answer(status, body), SystemTime::UNIX_EPOCH, message, WINDOW)
}

fn errors(reason: &str) -> String {
    serde_json::json!({ "errors": { "reason": reason } }).to_string()
}

/// The documented and the assumed refusals: status and body in, kind, code and `sent` out.
const REFUSALS: &[(u16, &str, ErrorKind, Option<&str>, Sent)] = {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    &[
        (429, r#""errors": { "reason": Too Many Requests" }"#, K::RateLimited, None, No),
        (429, r#"{"errors":{"reason":"Too Many Requests"}}"#, K::RateLimited, None, No),
        (401, "", K::Unauthenticated, None, No),
        (403, r#"{"errors":{"reason":"not allowed"}}"#, K::PermissionDenied, None, No),
        (400, r#"{"errors":{"reason":"nope"}}"#, K::InvalidRequest, None, No),
        (422, r#"{"errors":{"reason":"nope"}}"#, K::InvalidRequest, None, No),
        (413, "", K::InvalidRequest, None, No),
        (415, "", K::InvalidRequest, None, No),
        (400, r#"{"errors":{"reason":"request.to is not a valid E.164 number"}}"#, K::RecipientInvalid, None, No),
        (400, r#"{"errors":{"reason":"unknown recipient"}}"#, K::RecipientInvalid, None, No),
        (400, r#"{"errors":{"reason":"request.from not found"}}"#, K::SenderNotFound, None, No),
        (403, r#"{"errors":{"reason":"sender not found in this space"}}"#, K::SenderNotFound, None, No),
        (400, r#"{"errors":{"reason":"request.type is unknown"}}"#, K::Unsupported, None, No),
        (410, "", K::SessionExpired, None, No),
        (400, r#"{"errors":{"reason":"24-hour session window is closed"}}"#, K::SessionExpired, None, No),
        (400, r#"{"errors":{"reason":"131047"}}"#, K::SessionExpired, Some("131047"), No),
        (402, r#"{"errors":{"reason":"pay"}}"#, K::InsufficientBalance, None, No),
        (400, r#"{"errors":{"reason":"no credit left"}}"#, K::InsufficientBalance, None, No),
        (404, "", K::NotFound, None, No),
        (409, "", K::Conflict, None, Maybe),
        (408, "", K::ProviderUnavailable, None, Maybe),
        (500, "", K::ProviderUnavailable, None, Maybe),
        (502, "<html>", K::ProviderUnavailable, None, Maybe),
        (503, "", K::ProviderUnavailable, None, Maybe),
        (504, "", K::ProviderUnavailable, None, Maybe),
        (301, "", K::MalformedResponse, None, Maybe),
        (307, "", K::MalformedResponse, None, Maybe),
    ]
};

/// The same for the states under a success.
const REFUSING_STATES: &[(&str, &str, ErrorKind)] = {
    use ErrorKind as K;
    &[
        ("CODE_NOT_ALLOWED", "", K::SenderUnavailable),
        ("CODE_NOT_ALLOWED", "none assigned", K::SenderNotFound),
        ("INCOMPLETE", "", K::TemplateRejected),
        ("BLACKLISTED", "", K::RecipientInvalid),
        ("QUOTA_EXCEEDED", "", K::RateLimited),
        ("REJECTED", "", K::InvalidRequest),
        ("REJECTED", "24 hours have passed", K::SessionExpired),
        ("FAILED", "", K::InvalidRequest),
    ]
};

#[test]
fn every_refusal_has_its_kind_its_code_and_its_proof() {
    for &(status, body, kind, code, sent) in REFUSALS {
        let error = refused(status, body, &text());
        assert_eq!((error.kind(), error.code(), error.sent()), (kind, code, sent), "{status} {body}");
        assert_eq!(error.status(), Some(status));
    }
    for (status, reason) in [(400, "placeholder day is missing"), (404, "template t not found")] {
        let error = refused(status, &errors(reason), &template());
        assert_eq!((error.kind(), error.sent()), (ErrorKind::TemplateRejected, Sent::No), "{reason}");
    }
    let tested = |fact: &ErrorCode| REFUSALS.iter().any(|row| Some(row.0) == fact.status && row.2 == fact.kind);
    assert!(STATUSES.iter().all(tested), "each row of the table is tested by a row of its own");
}

#[test]
fn rejecting_state_has_its_kind_in_answer_and_callback() {
    for &(word, reason, kind) in REFUSING_STATES {
        let error = of_state(word, &answer(200, &errors(reason)), &text()).unwrap();
        assert_eq!((error.kind(), error.code(), error.sent()), (kind, Some(word), Sent::No), "{word} {reason}");
        let wait = (kind == ErrorKind::RateLimited).then_some(Duration::from_secs(3_600));
        assert_eq!((error.status(), error.retry_after()), (Some(200), wait));
        // A callback that fails without a reason is nobody's fault that is known.
        let kind = if word == "FAILED" { ErrorKind::ProviderUnavailable } else { kind };
        let failure = of_callback(word, Some(reason.to_owned())).unwrap();
        assert_eq!((failure.kind, &*failure.code), (kind, word), "{word} {reason}");
    }
}

#[test]
fn every_status_of_the_table_has_its_kind_whatever_the_body() {
    for fact in STATUSES {
        for body in ["", "{", "<html>Gateway</html>", r#"{"errors": { "reason": Too Many Requests" }}"#, "[[", "{}"] {
            let error = refused(fact.status.unwrap(), body, &text());
            assert_eq!((error.kind(), error.sent()), (fact.kind, fact.sent), "{} {body}", fact.code);
            assert_eq!((error.status(), error.code()), (fact.status, None));
            assert!(!error.message().is_empty());
        }
    }
}

#[test]
fn a_redirect_proves_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let error = refused(status, "", &text());
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{status}");
    }
}

#[test]
fn a_429_tells_how_long_to_wait_even_if_its_body_is_broken() {
    for body in [r#""errors": { "reason": Too Many Requests" }"#, "", "<html>", r#"{"errors":{"reason":"x"}}"#] {
        let mut response = answer(429, body);
        for (name, value) in [
            ("ratelimit-limit", "2"),
            ("ratelimit-policy", "2;w= 300"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "3m20s"),
        ] {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        let error = refusal(&response, SystemTime::UNIX_EPOCH, &text(), WINDOW);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::RateLimited, Sent::No), "{body}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(200)));
    }
}

#[test]
fn wait_without_a_hint_is_the_rate_window_or_that_of_the_limit() {
    const HOUR: u64 = 3_600;
    for (status, body, seconds, scope) in [
        (429, String::new(), 300, None),
        (429, r#""errors": { "reason": Too Many Requests" }"#.to_owned(), 300, None),
        (429, errors("(#131048) Spam rate limit hit"), HOUR, Some(Scope::Sender)),
        (400, errors("131049: withheld"), 24 * HOUR, Some(Scope::Pair)),
        (422, errors("(#130429) Rate limit hit"), 60, Some(Scope::Sender)),
        (400, r#"{"errors":[{"code":131056,"title":"Pair rate limit"}]}"#.to_owned(), 6, Some(Scope::Pair)),
    ] {
        let error = refused(status, &body, &text());
        let wait = Some(Duration::from_secs(seconds));
        assert_eq!(
            (error.kind(), error.sent(), error.retry_after()),
            (ErrorKind::RateLimited, Sent::No, wait),
            "{body}"
        );
        assert_eq!(error.limit_scope(), scope, "{body}");
    }
    let mut response = answer(429, "");
    response.headers_mut().insert("retry-after", "7".parse().unwrap());
    let error = refusal(&response, SystemTime::UNIX_EPOCH, &text(), WINDOW);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "a hint is a hint");
}

#[test]
fn code_of_whatsapps_in_a_reason_or_a_list_has_its_meaning() {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    for (status, body, message, kind, sent, code) in [
        (400, errors("(#132001) Template name does not exist"), template(), K::TemplateRejected, No, Some("132001")),
        (400, errors("(#131026) Message undeliverable"), text(), K::RecipientInvalid, No, Some("131026")),
        (403, errors("131031 account locked"), text(), K::SenderUnavailable, No, Some("131031")),
        (400, errors("(#131000) Something went wrong"), text(), K::ProviderUnavailable, Maybe, Some("131000")),
        (422, errors("(#131047) Re-engagement message"), text(), K::SessionExpired, No, Some("131047")),
        // No window refuses a template, and none comes with a 403.
        (422, errors("(#131047) Re-engagement message"), template(), K::InvalidRequest, No, Some("131047")),
        (403, errors("131047"), text(), K::PermissionDenied, No, Some("131047")),
        (401, errors("131026"), text(), K::Unauthenticated, No, None),
        (503, errors("131026"), text(), K::ProviderUnavailable, Maybe, None),
        (
            400,
            r#"{"errors":[{"code":131026,"title":"Undeliverable"},{"code":131047,"title":"Re-engagement"}]}"#
                .to_owned(),
            text(),
            K::RecipientInvalid,
            No,
            Some("131026"),
        ),
        (
            400,
            r#"{"errors":{"reason":"refused","details":"(#131042) payment"}}"#.to_owned(),
            text(),
            K::InsufficientBalance,
            No,
            Some("131042"),
        ),
    ] {
        let error = refused(status, &body, &message);
        assert_eq!((error.kind(), error.sent(), error.code()), (kind, sent, code), "{status} {body}");
    }
    for (word, reason, kind, sent) in [
        ("FAILED", "(#131026) undeliverable", K::RecipientInvalid, No),
        ("REJECTED", "(#131000) Something went wrong", K::ProviderUnavailable, Maybe),
        ("BLACKLISTED", "(#131026) undeliverable", K::RecipientInvalid, No),
        ("QUOTA_EXCEEDED", "(#131026) undeliverable", K::RateLimited, No),
    ] {
        let error = of_state(word, &answer(200, &errors(reason)), &text()).unwrap();
        assert_eq!((error.kind(), error.sent(), error.code()), (kind, sent, Some(word)), "{word} {reason}");
    }
}

#[test]
fn every_reason_is_kept_and_the_first_decides() {
    for (body, message) in [
        (
            r#"{"errors":{"reason":"(#100) Invalid parameter","error_data":{"details":"name is missing"}}}"#,
            "(#100) Invalid parameter: name is missing",
        ),
        (r#"{"errors":[{"reason":"to is not valid"},{"reason":"template x"}]}"#, "to is not valid; template x"),
        (r#"{"message":"No","description":"request.to is bad","errors":[]}"#, "No: request.to is bad"),
    ] {
        assert_eq!(refused(400, body, &text()).message(), message);
    }
    let body = r#"{"errors":[{"reason":"request.to is not valid"},{"reason":"no credit left"}]}"#;
    assert_eq!(refused(400, body, &text()).kind(), ErrorKind::RecipientInvalid);
}

#[test]
fn a_503_stays_in_doubt_with_or_without_retry_after() {
    let mut response = answer(503, &errors("24-hour session window is closed"));
    response.headers_mut().insert("retry-after", "5".parse().unwrap());
    let error = refusal(&response, SystemTime::UNIX_EPOCH, &text(), WINDOW);
    assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe));
}

#[test]
fn the_text_of_a_refusal_tells_what_its_status_does_not() {
    for (status, reason, kind) in [
        (400, "24-hour session window is closed for +5215599992222", ErrorKind::SessionExpired),
        (400, "Re-engagement message", ErrorKind::SessionExpired),
        (401, "24 hours", ErrorKind::Unauthenticated),
        (402, "session expired", ErrorKind::InsufficientBalance),
        (403, "Re-engagement message", ErrorKind::PermissionDenied),
        (403, "session expired, 131047", ErrorKind::PermissionDenied),
        (400, "More than 24 hours have passed since the recipient last replied", ErrorKind::SessionExpired),
        (400, "Session expired", ErrorKind::SessionExpired),
        (422, "(#131047) not sent", ErrorKind::SessionExpired),
        (422, "outside the session window", ErrorKind::SessionExpired),
        (404, "outside the session window", ErrorKind::NotFound),
        (410, "Gone", ErrorKind::SessionExpired),
        (403, "Insufficient credits", ErrorKind::InsufficientBalance),
        (400, "balance too low for this recipient", ErrorKind::InsufficientBalance),
        (400, "request.to is not a valid E.164 number", ErrorKind::RecipientInvalid),
        (400, "to is required", ErrorKind::RecipientInvalid),
        (400, "invalid 'to'", ErrorKind::RecipientInvalid),
        (400, "Recipient unknown", ErrorKind::RecipientInvalid),
        (400, "not a valid number", ErrorKind::RecipientInvalid),
        (400, "request.from is unknown", ErrorKind::SenderNotFound),
        (403, "sender not in this workspace", ErrorKind::SenderNotFound),
        (400, "from number not found", ErrorKind::SenderNotFound),
        (400, "request.type sticker cannot be sent", ErrorKind::Unsupported),
        (400, "unsupported type", ErrorKind::Unsupported),
        (422, "request.message is too long", ErrorKind::InvalidRequest),
    ] {
        let error = refused(status, &errors(reason), &text());
        assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{reason}");
        assert_eq!(error.message(), reason);
    }
}

#[test]
fn a_text_says_nothing_where_the_status_is_clear() {
    for (status, kind) in [(401, ErrorKind::Unauthenticated), (429, ErrorKind::RateLimited)] {
        assert_eq!(refused(status, &errors("session expired"), &text()).kind(), kind);
    }
    assert_eq!(refused(403, &errors("to is bad"), &text()).kind(), ErrorKind::PermissionDenied);
}

#[test]
fn the_words_of_a_gateways_page_mean_nothing() {
    for page in ["<html>24 hours", "<input type=\"text\">", "\n<!doctype html><p>131047 credit"] {
        let error = refused(400, page, &template());
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, None), "{page}");
    }
    assert_eq!(refused(400, "24 hours are over", &text()).kind(), ErrorKind::SessionExpired);
}

#[test]
fn a_template_is_to_blame_only_where_one_was_sent() {
    for (status, reason) in [(404, "template t not found"), (400, "placeholder customer is missing")] {
        assert_eq!(refused(status, &errors(reason), &template()).kind(), ErrorKind::TemplateRejected, "{reason}");
        assert_ne!(refused(status, &errors(reason), &text()).kind(), ErrorKind::TemplateRejected, "{reason}");
    }
    // The words for a closed window, in a template's name: no window refuses a template.
    let named = errors("template re_engagement_v1 is not approved");
    assert_eq!(refused(400, &named, &template()).kind(), ErrorKind::TemplateRejected);
}

#[test]
fn a_code_of_whatsapps_in_the_text_is_kept() {
    assert_eq!(refused(400, &errors("131047: re-engagement"), &text()).code(), Some("131047"));
    assert_eq!(refused(400, &errors("1310470"), &text()).code(), None);
}

#[test]
fn without_reason_message_is_body_start_or_status() {
    assert_eq!(refused(400, "<h1>why</h1>", &text()).message(), "<h1>why</h1>");
    assert!(refused(400, "", &text()).message().contains("400 Bad Request"));
    assert!(refused(302, "", &text()).message().contains("redirects"));
}

#[test]
fn every_state_that_refuses_has_its_kind_under_a_success_too() {
    let response = answer(200, "{}");
    for fact in STATES.iter().chain(ANSWERS) {
        for word in [fact.code.to_owned(), fact.code.to_lowercase()] {
            let error = of_state(&word, &response, &text()).unwrap();
            assert_eq!((error.kind(), error.sent(), error.code()), (fact.kind, Sent::No, Some(fact.code)));
        }
    }
    assert!(of_state("QUEUE", &response, &text()).is_none());
}

#[test]
fn rejected_state_uses_its_reason_documented_state_does_not() {
    let of = |word, why: &str| of_state(word, &answer(200, &errors(why)), &text()).unwrap().kind();
    assert_eq!(of("REJECTED", "outside the 24 hours"), ErrorKind::SessionExpired);
    assert_eq!(of("REJECTED", "request.to is bad"), ErrorKind::RecipientInvalid);
    assert_eq!(of("BLACKLISTED", "sender has no balance"), ErrorKind::RecipientInvalid);
    assert_eq!(of("CODE_NOT_ALLOWED", "no sender for this workspace"), ErrorKind::SenderNotFound);
}
