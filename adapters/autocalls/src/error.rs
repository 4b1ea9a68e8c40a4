//! Autocalls's codes: `error_code` in answers, and the carrier's numbers in read receipts.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde_json::Value;
use transom::rate_limit::RateLimit;
use transom::{Certainty, CodeFact, Error, ErrorKind, PhoneNumber, Purpose, Sent, json, transport};

use crate::wire::Status;

/// Every table.
pub(crate) const CODES: &[&[CodeFact]] = &[ANSWERS, RECEIPTS];

/// The codes of answers: `error_code`. What the codes without words mean is read from their names and from the guides.
pub(crate) const ANSWERS: &[CodeFact] = {
    use Certainty::{Docs, Inferred, Seed};
    use ErrorKind as K;
    const SESSION: &str = "docs.autocalls.ai/api-reference/whatsapp/session-status";
    &[
        row("INSUFFICIENT_BALANCE", "the account is empty", 402, K::InsufficientBalance, FREEFORM, Seed),
        row(
            "SESSION_EXPIRED",
            "the 24-hour window is closed, or never was open",
            403,
            K::SessionExpired,
            FREEFORM,
            Seed,
        ),
        row("SENDER_NOT_FOUND", "no such sender on this account", 404, K::SenderNotFound, SESSION, Seed),
        row("INVALID_PHONE", "the recipient is not in E.164", 422, K::RecipientInvalid, FREEFORM, Seed),
        row("SENDER_OFFLINE", "free text: the sender is not online", 503, K::SenderUnavailable, FREEFORM, Seed),
        row("SENDER_OFFLINE", "template: the sender is not online", 422, K::SenderUnavailable, TEMPLATE, Docs),
        row("TEMPLATE_NOT_FOUND", "no such template of this sender", 404, K::TemplateRejected, TEMPLATE, Docs),
        row("TEMPLATE_NOT_APPROVED", "", 422, K::TemplateRejected, TEMPLATE, Docs),
        row("TEMPLATE_MISMATCH", "it does not fit sender or parameters", 422, K::TemplateRejected, TEMPLATE, Inferred),
        row("TEMPLATE_NOT_SYNCED", "the carrier does not know it yet", 422, K::TemplateRejected, TEMPLATE, Inferred),
        row("NO_ASSISTANT_CONFIGURED", "the sender has no assistant", 422, K::SenderUnavailable, TEMPLATE, Inferred),
        row("MESSAGING_LIMIT_UNAVAILABLE", "the sender's tier", 422, K::SenderUnavailable, TEMPLATE, Inferred),
        row("VOICE_CALL_LIMIT_NOT_MET", "the sender's tier is too low", 422, K::SenderUnavailable, TEMPLATE, Inferred),
        in_doubt("UNKNOWN_ERROR", "", K::ProviderUnavailable),
        carrier("TWILIO_ERROR_63016", "outside the 24-hour window", K::SessionExpired),
        carrier("TWILIO_ERROR_63040", "the template was refused", K::TemplateRejected),
        carrier("TWILIO_ERROR_21211", "the number is invalid", K::RecipientInvalid),
        carrier("TWILIO_ERROR_63003", "the recipient cannot be reached", K::RecipientInvalid),
        carrier("TWILIO_ERROR_63024", "the recipient is invalid", K::RecipientInvalid),
        carrier("TWILIO_ERROR_63018", "too fast", K::RateLimited),
        carrier("TWILIO_ERROR_20429", "too many requests", K::RateLimited),
        in_doubt("TWILIO_ERROR_*", "another error of the carrier's", K::ProviderUnavailable),
    ]
};

/// The numbers of read receipts, `error_code`: Twilio's, or Meta's own for a sender that is connected to it directly.
pub(crate) const RECEIPTS: &[CodeFact] = {
    use ErrorKind as K;
    &[
        receipt("63016", "outside the 24-hour window", K::SessionExpired),
        receipt("63040", "the template was refused", K::TemplateRejected),
        receipt("21211", "the number is invalid", K::RecipientInvalid),
        receipt("63003", "the recipient cannot be reached", K::RecipientInvalid),
        receipt("63024", "the recipient is invalid", K::RecipientInvalid),
        receipt("63018", "too fast", K::RateLimited),
        receipt("20429", "too many requests", K::RateLimited),
        receipt("131047", "outside the 24-hour window", K::SessionExpired),
        receipt("131026", "undeliverable", K::RecipientInvalid),
    ]
};

const FREEFORM: &str = "docs.autocalls.ai/api-reference/whatsapp/send-freeform";
const TEMPLATE: &str = "docs.autocalls.ai/api-reference/whatsapp/send-template";

const fn row(
    code: &'static str,
    name: &'static str,
    status: u16,
    kind: ErrorKind,
    source: &'static str,
    certainty: Certainty,
) -> CodeFact {
    CodeFact { code, name, status: Some(status), kind, sent: Sent::No, source, certainty, date: "2026-11-21" }
}

/// The family is documented, what its numbers mean is the carrier's.
const fn carrier(code: &'static str, name: &'static str, kind: ErrorKind) -> CodeFact {
    row(code, name, 422, kind, TEMPLATE, Certainty::Inferred)
}

/// A refusal that says that nobody knows.
const fn in_doubt(code: &'static str, name: &'static str, kind: ErrorKind) -> CodeFact {
    CodeFact { sent: Sent::Maybe, ..carrier(code, name, kind) }
}

const fn receipt(code: &'static str, name: &'static str, kind: ErrorKind) -> CodeFact {
    const SOURCE: &str = "docs.autocalls.ai/api-reference/webhooks/read-receipts-webhook; the carrier's numbers";
    CodeFact {
        code,
        name,
        status: None,
        kind,
        sent: Sent::No,
        source: SOURCE,
        certainty: Certainty::Inferred,
        date: "2026-11-21",
    }
}

/// The error for an answer that is no success: one by its status, or one that says `"success": false`.
pub(crate) fn refusal<'p>(
    response: &Response<Bytes>,
    now: SystemTime,
    purpose: Purpose,
    contact: impl Into<Option<&'p PhoneNumber>>,
) -> Error {
    // Member by member: one that is not what the pages say must not hide the others.
    let body: Value = json::decode_lenient(response);
    let status = response.status();
    let text = text(&body);
    let text = json::excerpt(text.as_deref().map_or(response.body().as_ref(), str::as_bytes));
    let error = if status.is_success() {
        // A yes around a no proves nothing until its code does.
        purpose.in_doubt(Error::new(ErrorKind::InvalidRequest, text).with_status(status))
    } else {
        transport::refusal(status, purpose, text)
    };
    let code = code(&body);
    let error = match fact(&code, status) {
        Some(fact) if fact.sent == Sent::No => error.with_kind(fact.kind).unsent(),
        Some(fact) => purpose.in_doubt(error.with_kind(fact.kind)),
        // A request that does not ask for JSON is sent to the login page instead of being refused [inferred].
        None if leads_to_login(response) => error.with_kind(ErrorKind::Unauthenticated),
        None => error,
    };
    let error = match contact.into().and_then(|contact| Status::of(body.get("session_status")?)?.session(contact)) {
        Some(session) if error.is_window_closed() => error.with_session(session),
        _ => error,
    };
    // The body's seconds are what the AI reply endpoint gives [inferred].
    let in_body = || body.get("retry_after")?.as_u64().map(Duration::from_secs);
    let wait = RateLimit::of(response.headers(), now).wait().or_else(in_body);
    match wait {
        Some(wait) if error.kind() == ErrorKind::RateLimited => error.with_retry_after(wait),
        _ => error,
    }
    .with_code(code)
}

/// The row about `code`. A gateway's 5xx is no refusal, whatever words it carries, unless a page documents the code
/// with that very status.
fn fact(code: &str, status: StatusCode) -> Option<&'static CodeFact> {
    if status.is_server_error() {
        ANSWERS.iter().find(|fact| fact.code == code && fact.status == Some(status.as_u16()))
    } else {
        CodeFact::find(ANSWERS, code)
    }
}

fn leads_to_login(response: &Response<Bytes>) -> bool {
    let target = json::header(response.headers(), LOCATION.as_str()).filter(|_| response.status().is_redirection());
    target.and_then(|target| target.split(['?', '#']).next()).is_some_and(|path| path.ends_with("/login"))
}

/// `error_code`, a text in answers. Other groups of the API have none.
fn code(body: &Value) -> String {
    match body.get("error_code") {
        Some(Value::String(code)) => code.clone(),
        Some(Value::Number(code)) => code.to_string(),
        _ => String::new(),
    }
}

/// The words, which are for people only: they change with the state. Each group of the API has a member of its own for
/// them, and a refused field is named in `errors`, which may hold one called `message` [inferred].
fn text(body: &Value) -> Option<String> {
    let words = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty());
    let text = words("error").or_else(|| words("message"))?;
    match body.get("errors").and_then(Value::as_object) {
        Some(errors) if !errors.is_empty() => {
            let fields: Vec<&str> = errors.keys().map(String::as_str).collect();
            Some(format!("{text} ({})", fields.join(", ")))
        }
        _ => Some(text.to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use transom::Secret;
    use transom::request::BaseUrl;

    use super::*;
    use crate::Config;

    pub(crate) fn config() -> Config {
        Config {
            api_key: Secret::new("7|key"),
            sender_id: 77,
            base_url: BaseUrl::parse("https://app.autocalls.ai").unwrap(),
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
        refusal(&answer(status, body), SystemTime::UNIX_EPOCH, Purpose::Send, &to())
    }

    fn with_code(code: &str) -> String {
        format!(r#"{{"success":false,"error":"words","error_code":"{code}"}}"#)
    }

    #[test]
    fn every_documented_code_has_its_kind_and_its_proof_under_its_status() {
        for fact in ANSWERS {
            let status = fact.status.unwrap();
            let code = fact.code.replace('*', "99999");
            let error = refused(status, &with_code(&code));
            assert_eq!((error.kind(), error.sent()), (fact.kind, fact.sent), "{status} {code}");
            assert_eq!((error.code(), error.status()), (Some(code.as_str()), Some(status)));
            assert_eq!(error.message(), "words");
        }
    }

    #[test]
    fn an_offline_sender_is_proved_under_either_of_its_statuses_and_no_other_5xx() {
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
        assert!(error.message().starts_with("no [31mxxx") && error.message().len() == 200, "{error}");
    }

    #[test]
    fn a_validation_error_names_the_fields_even_one_called_message() {
        let body = r#"{"message":"The message is too long.","errors":{"message":["The message is too long."],"sender_id":["x"]}}"#;
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
    fn a_throttled_answer_tells_how_long_to_wait_in_its_header_or_its_body() {
        let body = r#"{"message":"Too Many Attempts.","retry_after":60}"#;
        assert_eq!(refused(429, body).retry_after(), Some(Duration::from_secs(60)));
        let mut response = answer(429, body);
        response.headers_mut().insert("retry-after", "1".parse().unwrap());
        let error = refusal(&response, SystemTime::UNIX_EPOCH, Purpose::Send, &to());
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(1))));
        assert_eq!(refused(429, "").retry_after(), None);
    }

    #[test]
    fn being_led_to_the_login_page_is_a_refused_key() {
        let redirect = |status: u16, target: &str| {
            let mut response = answer(status, "");
            response.headers_mut().insert(LOCATION, target.parse().unwrap());
            refusal(&response, SystemTime::UNIX_EPOCH, Purpose::Send, &to())
        };
        for target in ["https://app.autocalls.ai/login", "/login?next=%2Fapi"] {
            let error = redirect(302, target);
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Unauthenticated, Sent::No), "{target}");
        }
        assert_eq!(redirect(302, "https://elsewhere.example/x").kind(), ErrorKind::MalformedResponse);
        assert_eq!(redirect(200, "/login").kind(), ErrorKind::InvalidRequest);
    }
}
