//! What a refusal means, whatever was asked.

use transom::{Secret, Template};

use super::*;
use crate::Config;

pub(crate) fn config() -> Config {
    Config::new(Secret::new("key"), Secret::new("token"), "acme", "+919876500001".parse().unwrap())
}

pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn refused(status: u16, body: &str, message: &Message) -> Error {
    refusal(&answer(status, body), SystemTime::UNIX_EPOCH, RequestKind::to_send(std::slice::from_ref(message)))
}

fn text() -> Message {
    Message::text("+919876543210".parse().unwrap(), "Hi")
}

fn error_data(code: &str, text: &str) -> String {
    format!(
        r#"{{"response":{{"code":400,"error_data":{{"code":{code},"message":"{text}"}},"status":"failure","data":null}}}}"#
    )
}

/// The rows of the documented refusals: status and body in, kind and code out.
const REFUSALS: &[(u16, &str, ErrorKind, Option<&str>)] = {
    use ErrorKind as K;
    &[
        (
            400,
            r#"{"response":{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing"},"status":"failure","data":null}}"#,
            K::InvalidRequest,
            Some("1001"),
        ),
        (
            400,
            r#"{"response":{"code":400,"error_data":{"code":1002,"message":"Invalid parameter"},"status":"failure","data":null}}"#,
            K::InvalidRequest,
            Some("1002"),
        ),
        (
            400,
            r#"{"response":{"code":400,"error_data":{"code":1007,"message":"Invalid request body"},"status":"failure","data":null}}"#,
            K::InvalidRequest,
            Some("1007"),
        ),
        (
            400,
            r#"{"response":{"code":400,"error_data":{"code":1002,"message":"more than 100 messages"}}}"#,
            K::InvalidRequest,
            Some("1002"),
        ),
        (
            401,
            r#"{"response":{"code":401,"error_data":{"code":1010,"message":"Authentication failed"},"status":"failure"}}"#,
            K::Unauthenticated,
            Some("1010"),
        ),
        (401, r#"{"RestException":{"Status":401,"Message":"Authentication failed"}}"#, K::Unauthenticated, None),
        (402, r#"{"RestException":{"Status":402,"Message":"Plan limit"}}"#, K::InsufficientBalance, None),
        (
            403,
            r#"{"response":{"code":403,"error_data":{"code":1003,"message":"Forbidden"},"status":"failure"}}"#,
            K::PermissionDenied,
            Some("1003"),
        ),
        (
            404,
            r#"{"response":{"code":404,"error_data":{"code":1000,"message":"Not Found"},"status":"failure"}}"#,
            K::NotFound,
            Some("1000"),
        ),
        (
            409,
            r#"{"response":{"code":409,"error_data":{"code":1008,"message":"Duplicate"},"status":"failure"}}"#,
            K::Conflict,
            Some("1008"),
        ),
        (
            415,
            r#"{"response":{"code":415,"error_data":{"code":1011,"message":"Unsupported content type"},"status":"failure"}}"#,
            K::InvalidRequest,
            Some("1011"),
        ),
        (
            429,
            r#"{"RestException":{"Status":429,"Message":"Rate limit exceeded","Code":"RATE_LIMIT_EXCEEDED"}}"#,
            K::RateLimited,
            Some("RATE_LIMIT_EXCEEDED"),
        ),
        (400, r#"{"error":{"code":"SESSION_EXPIRED"}}"#, K::SessionExpired, Some("SESSION_EXPIRED")),
        (403, r#"{"code":"NO_ACTIVE_SESSION"}"#, K::NoActiveSession, Some("NO_ACTIVE_SESSION")),
        (
            400,
            r#"{"code":"MESSAGE_TYPE_NOT_SUPPORTED","message":"no"}"#,
            K::Unsupported,
            Some("MESSAGE_TYPE_NOT_SUPPORTED"),
        ),
        (400, r#"{"code":"MEDIA_DOWNLOAD_FAILED"}"#, K::InvalidRequest, Some("MEDIA_DOWNLOAD_FAILED")),
        (400, r#"{"code":"MEDIA_TYPE_NOT_SUPPORTED"}"#, K::InvalidRequest, Some("MEDIA_TYPE_NOT_SUPPORTED")),
        (400, r#"{"code":"MEDIA_SIZE_EXCEEDED"}"#, K::InvalidRequest, Some("MEDIA_SIZE_EXCEEDED")),
        (400, r#"{"code":"INVALID_MEDIA_URL"}"#, K::InvalidRequest, Some("INVALID_MEDIA_URL")),
        (400, r#"{"code":"MEDIA_PROCESSING_ERROR"}"#, K::InvalidRequest, Some("MEDIA_PROCESSING_ERROR")),
        (403, r#"{"code":"MESSAGING_LIMIT_REACHED"}"#, K::RateLimited, Some("MESSAGING_LIMIT_REACHED")),
        (400, r#"{"code":"BUSINESS_NOT_VERIFIED"}"#, K::PermissionDenied, Some("BUSINESS_NOT_VERIFIED")),
        (400, r#"{"code":"QUALITY_TOO_LOW"}"#, K::SenderUnavailable, Some("QUALITY_TOO_LOW")),
    ]
};

#[test]
fn documented_rejection_has_kind_and_code_and_proves_unsent() {
    for &(status, body, kind, code) in REFUSALS {
        for asked in [RequestKind::to_send(&[text()]), RequestKind::to_send(&[text(), text()]), RequestKind::LIST] {
            let error = refusal(&answer(status, body), SystemTime::UNIX_EPOCH, asked);
            assert_eq!((error.kind(), error.code(), error.sent()), (kind, code, Sent::No), "{asked:?} {body}");
            assert_eq!(error.status(), Some(status));
        }
    }
    let tested = |fact: &&ErrorCode| REFUSALS.iter().any(|row| row.3 == Some(fact.code));
    assert!(ANSWERS.iter().all(|fact| tested(&fact)), "each row of the table is tested by a row of its own");
}

#[test]
fn every_documented_refusal_says_the_same_inside_a_success() {
    for &(status, body, kind, code) in REFUSALS {
        let Some(code) = code else { continue };
        let item =
            serde_json::json!({ "code": status, "status": "failure", "error_data": { "code": code }, "data": null });
        let item: Item = serde_json::from_str(&item.to_string()).unwrap();
        for asked in [RequestKind::to_send(&[text()]), RequestKind::LIST] {
            let error = of_item(&item, &answer(207, ""), SystemTime::UNIX_EPOCH, asked);
            assert_eq!((error.kind(), error.code(), error.sent()), (kind, Some(code), Sent::No), "{body}");
            assert_eq!(error.status(), Some(207));
        }
    }
}

#[test]
fn a_lookup_that_fails_leaves_nothing_in_doubt() {
    for (status, kind) in [
        (303, ErrorKind::MalformedResponse),
        (408, ErrorKind::ProviderUnavailable),
        (409, ErrorKind::Conflict),
        (500, ErrorKind::ProviderUnavailable),
        (502, ErrorKind::ProviderUnavailable),
        (503, ErrorKind::ProviderUnavailable),
    ] {
        let error = refusal(&answer(status, "<html>"), SystemTime::UNIX_EPOCH, RequestKind::LIST);
        assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{status}");
    }
    // It has no recipient, no sender and no template that could be at fault.
    for words in ["to is not valid", "from is not valid", "template is not approved"] {
        let error = refusal(&answer(400, &error_data("1002", words)), SystemTime::UNIX_EPOCH, RequestKind::LIST);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{words}");
    }
}

#[test]
fn a_refusal_that_names_a_message_as_taken_is_in_doubt() {
    for body in [
        r#"{"response":{"whatsapp":{"messages":[{"code":202,"status":"success","data":{"sid":"7c1e"}}]}}}"#,
        r#"{"response":{"whatsapp":{"messages":[{"error_data":"not an object","status":7,"data":{"sid":7}}]}}}"#,
        r#"{"response":{"status":"success","data":{"message_id":"7c1e"}}}"#,
        r#"{"response":[{"error_data":{"code":"SESSION_EXPIRED"},"data":{"sid":"7c1e"}}]}"#,
        r#"{"RestException":{"Code":"RATE_LIMIT_EXCEEDED"},"response":{"data":{"sid":"7c1e","#,
    ] {
        for status in [301, 400, 401, 402, 403, 404, 412, 421, 425, 429, 503] {
            let error = refused(status, body, &text());
            assert_eq!(error.sent(), Sent::Maybe, "{status} {body}");
            assert!(error.message_id().is_some(), "{status} {body}");
        }
        let error = refusal(&answer(429, body), SystemTime::UNIX_EPOCH, RequestKind::LIST);
        assert_eq!(error.sent(), Sent::No);
    }
    for none in ["null", "0", "\"  \"", "\"null\"", "[]"] {
        let body = format!(r#"{{"response":{{"status":"failure","data":{{"sid":{none}}}}}}}"#);
        assert_eq!(refused(429, &body, &text()).sent(), Sent::No, "{none}");
    }
}

#[test]
fn windows_symbol_counts_only_where_the_page_looks_for_it() {
    let body = error_data("\"SESSION_EXPIRED\"", "SESSION_EXPIRED");
    for (status, kind) in
        [(401, ErrorKind::Unauthenticated), (402, ErrorKind::InsufficientBalance), (429, ErrorKind::RateLimited)]
    {
        let error = refused(status, &body, &text());
        assert_eq!((error.kind(), error.sent(), error.code()), (kind, Sent::No, Some("SESSION_EXPIRED")));
    }
    for words in [
        r#"{"message":"SESSION_EXPIRED"}"#,
        r#"{"error":"SESSION_EXPIRED"}"#,
        r#"{"RestException":{"Message":"SESSION_EXPIRED"}}"#,
        "<html>SESSION_EXPIRED</html>",
    ] {
        assert_eq!(refused(403, words, &text()).kind(), ErrorKind::PermissionDenied, "{words}");
    }
}

#[test]
fn rejected_batch_names_no_contact() {
    let both = [text(), Message::template("+919876543210".parse().unwrap(), Template::new("t"))];
    let of = |words: &str| {
        refusal(&answer(400, &error_data("1002", words)), SystemTime::UNIX_EPOCH, RequestKind::to_send(&both)).kind()
    };
    assert_eq!(of("to is not valid"), ErrorKind::InvalidRequest);
    assert_eq!(of("from is not valid"), ErrorKind::SenderNotFound);
    assert_eq!(of("template is not approved"), ErrorKind::TemplateRejected);
}

#[test]
fn a_code_is_kept_beside_members_of_another_form() {
    for body in [
        r#"{"success":false,"error":"new","code":"BRAND_NEW"}"#,
        r#"{"response":null,"error":["x"],"message":{"x":1},"code":"BRAND_NEW"}"#,
        r#"{"response":"no","RestException":"no","code":"BRAND_NEW"}"#,
    ] {
        let error = refused(403, body, &text());
        assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("BRAND_NEW")), "{body}");
    }
    assert_eq!(refused(400, r#"{"error":"why"}"#, &text()).message(), "why");
}

#[test]
fn a_code_may_be_a_number_or_a_text() {
    for code in ["1002", "\"1002\""] {
        assert_eq!(refused(400, &error_data(code, "x"), &text()).code(), Some("1002"));
    }
}

#[test]
fn the_windows_symbols_count_wherever_they_stand() {
    for body in [
        error_data("\"NO_ACTIVE_SESSION\"", "x"),
        error_data("400", "NO_ACTIVE_SESSION"),
        r#"{"response":{"error_data":{"description":"refused: NO_ACTIVE_SESSION (no chat)"},"status":"failure"}}"#
            .into(),
        r#"{"RestException":{"Status":403,"Message":"x","Code":"NO_ACTIVE_SESSION"}}"#.into(),
        r#"{"code":"NO_ACTIVE_SESSION"}"#.into(),
        r#"{"error":{"code":"NO_ACTIVE_SESSION"}}"#.into(),
    ] {
        assert_eq!(refused(403, &body, &text()).kind(), ErrorKind::NoActiveSession, "{body}");
    }
    assert_eq!(refused(403, &error_data("1", "no_active_session"), &text()).kind(), ErrorKind::PermissionDenied);
}

#[test]
fn the_words_tell_whose_number_a_bad_parameter_is() {
    for (words, kind) in [
        ("to is not valid", ErrorKind::RecipientInvalid),
        ("from is not valid", ErrorKind::SenderNotFound),
        ("unable to read from the body", ErrorKind::InvalidRequest),
    ] {
        assert_eq!(refused(400, &error_data("1002", words), &text()).kind(), kind, "{words}");
    }
}

#[test]
fn template_400_is_template_rejected_on_template_sends_only() {
    let template = Message::template("+919876543210".parse().unwrap(), Template::new("t"));
    let body = error_data("1002", "template is not approved");
    assert_eq!(refused(400, &body, &template).kind(), ErrorKind::TemplateRejected);
    assert_eq!(refused(400, &body, &text()).kind(), ErrorKind::InvalidRequest);
}

#[test]
fn passed_on_code_has_its_meaning_by_number_and_in_words() {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    for (status, code, words, kind, sent, kept) in [
        (400, "131026", "x", K::RecipientInvalid, No, "131026"),
        (400, "131049", "x", K::RateLimited, No, "131049"),
        (400, "132001", "x", K::TemplateRejected, No, "132001"),
        (400, "131000", "x", K::ProviderUnavailable, Maybe, "131000"),
        (400, "132068", "x", K::InvalidRequest, No, "132068"),
        (400, "30018", "x", K::SessionExpired, No, "30018"),
        (400, "30011", "x", K::ProviderUnavailable, Maybe, "30011"),
        (400, "130472", "x", K::RateLimited, No, "130472"),
        (400, "368", "x", K::SenderUnavailable, No, "368"),
        // An answer has no documented meaning for an event's short number, and 2xx may be a status.
        (400, "470", "x", K::InvalidRequest, No, "470"),
        (400, "202", "x", K::InvalidRequest, No, "202"),
        (400, "null", "(#132015) Template is paused", K::TemplateRejected, No, "132015"),
        (400, "77", "(#131042) payment", K::InsufficientBalance, No, "77"),
        (400, "1002", "(#131030) not in the list", K::RecipientInvalid, No, "1002"),
        (400, "1001", "(#131030) not in the list", K::InvalidRequest, No, "1001"),
        (403, "1003", "(#131031) locked", K::PermissionDenied, No, "1003"),
        (401, "null", "(#131026) x", K::Unauthenticated, No, ""),
        (429, "null", "(#131048) spam", K::RateLimited, No, "131048"),
        (503, "131026", "x", K::ProviderUnavailable, Maybe, "131026"),
        (400, "null", "call 9131026 or +131026", K::InvalidRequest, No, ""),
    ] {
        let error = refused(status, &error_data(code, words), &text());
        let got = (error.kind(), error.sent(), error.code().unwrap_or_default());
        assert_eq!(got, (kind, sent, kept), "{status} {code} {words}");
    }
}

#[test]
fn every_word_of_a_refusal_is_kept() {
    let body = r#"{"response":{"code":400,"error_data":{"code":100,"message":"(#100) Invalid parameter",
        "error_data":{"details":"Parameter name is missing"},"reason":"refused"},"status":"failure"}}"#;
    assert_eq!(refused(400, body, &text()).message(), "(#100) Invalid parameter: refused: Parameter name is missing");
}

#[test]
fn limit_of_hours_asks_for_hours_and_says_whom_it_is_about() {
    const HOUR: u64 = 3_600;
    for (code, seconds, scope) in [
        ("\"MESSAGING_LIMIT_REACHED\"", 24 * HOUR, Scope::Pair),
        ("131049", 24 * HOUR, Scope::Pair),
        ("131048", HOUR, Scope::Sender),
        ("130429", 60, Scope::Sender),
    ] {
        for status in [400, 429] {
            let mut response = answer(status, &error_data(code, "x"));
            if code != "130429" {
                response.headers_mut().insert("retry-after", "2".parse().unwrap());
            }
            let error = refusal(&response, SystemTime::UNIX_EPOCH, RequestKind::to_send(&[text()]));
            let wait = Some(std::time::Duration::from_secs(seconds));
            assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, wait), "{code}");
            assert_eq!(error.limit_scope(), Some(scope), "{code}");
        }
    }
}

#[test]
fn pages_words_about_parameters_are_about_the_template() {
    let template = Message::template("+919876543210".parse().unwrap(), Template::new("t"));
    for words in [
        "Template not found",
        "Template paused",
        "Parameter count mismatch",
        "Invalid parameter type",
        "Template not approved",
    ] {
        for body in [error_data("1002", words), format!(r#"{{"message":"{words}"}}"#)] {
            assert_eq!(refused(400, &body, &template).kind(), ErrorKind::TemplateRejected, "{body}");
            assert_eq!(refused(400, &body, &text()).kind(), ErrorKind::InvalidRequest, "{body}");
        }
    }
    assert_eq!(refused(400, &error_data("1002", "Invalid parameter"), &template).kind(), ErrorKind::InvalidRequest);
}

#[test]
fn without_a_known_code_the_status_decides_and_no_body_hides_it() {
    for body in ["", "<html>Bad gateway</html>", "{", "[[[["] {
        for (status, kind, sent) in [
            (400, ErrorKind::InvalidRequest, Sent::No),
            (401, ErrorKind::Unauthenticated, Sent::No),
            (402, ErrorKind::InsufficientBalance, Sent::No),
            (403, ErrorKind::PermissionDenied, Sent::No),
            (404, ErrorKind::NotFound, Sent::No),
            (408, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (409, ErrorKind::Conflict, Sent::Maybe),
            (429, ErrorKind::RateLimited, Sent::No),
            (500, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (502, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (503, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (302, ErrorKind::MalformedResponse, Sent::Maybe),
            (303, ErrorKind::MalformedResponse, Sent::Maybe),
        ] {
            let error = refused(status, body, &text());
            assert_eq!((error.kind(), error.sent()), (kind, sent), "{status} {body}");
        }
    }
}

#[test]
fn a_5xx_stays_in_doubt_whatever_words_it_carries() {
    let error = refused(503, &error_data("\"SESSION_EXPIRED\"", "x"), &text());
    assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe));
    assert_eq!(error.code(), Some("SESSION_EXPIRED"));
}

#[test]
fn unknown_code_in_success_is_unknown_unless_status_rejects() {
    let of = |status: &str| {
        let item = format!(r#"{{"code":{status},"status":"failure","error_data":{{"code":77,"message":"new"}}}}"#);
        let item = serde_json::from_str(&item).unwrap();
        of_item(&item, &answer(202, ""), SystemTime::UNIX_EPOCH, RequestKind::to_send(&[text()]))
    };
    assert_eq!((of("400").sent(), of("400").code()), (Sent::No, Some("77")));
    for status in ["null", "200", "500", "409"] {
        assert_eq!(of(status).sent(), Sent::Maybe, "{status}");
    }
}

#[test]
fn a_throttled_answer_tells_how_long_to_wait() {
    let mut response = answer(429, r#"{"RestException":{"Status":429,"Message":"slow","Code":"RATE_LIMIT_EXCEEDED"}}"#);
    response.headers_mut().insert("retry-after", "30".parse().unwrap());
    let error = refusal(&response, SystemTime::UNIX_EPOCH, RequestKind::to_send(&[text()]));
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(30)));
}
