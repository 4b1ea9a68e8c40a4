//! GoSendAPI's refusals: its own codes, Meta's where they come through, and what a bare 403 may mean.

mod meta;
mod said;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use transom::rate_limit::RateLimit;
use transom::{Certainty, CodeFact, Error, ErrorKind, Message, Purpose, Sent, json, transport};

pub(crate) use meta::META;
use said::Said;

/// Every table.
pub(crate) const CODES: &[&[CodeFact]] = &[ANSWERS, META];

/// The vendor's own codes. The page lists the names and the statuses; which goes with which is read from its headings
/// [docs, Error handling; the pairing inferred].
pub(crate) const ANSWERS: &[CodeFact] = {
    use ErrorKind as K;
    &[
        row("INVALID_PHONE_NUMBER", "the recipient", 400, K::RecipientInvalid),
        row(INVALID_E164, "the recipient has a `+`, or is no number", 400, K::RecipientInvalid),
        row("INVALID_PHONE_NUMBER_ID", "no such sender in this project", 400, K::SenderNotFound),
        row("INVALID_MESSAGE_TYPE", "not one of the ten types", 400, K::Unsupported),
        row("MISSING_REQUIRED_FIELD", "see `details.field`", 400, K::InvalidRequest),
        row("INVALID_API_KEY", "", 401, K::Unauthenticated),
        row("EXPIRED_API_KEY", "the key was revoked", 401, K::Unauthenticated),
        row("MALFORMED_API_KEY", "neither gsk_live_ nor gsk_test_", 401, K::Unauthenticated),
        row("PHONE_NUMBER_NOT_IN_TENANT", "another project's sender", 403, K::SenderNotFound),
        row("WABA_NOT_IN_TENANT", "another project's business account", 403, K::PermissionDenied),
        row("TEMPLATE_NOT_IN_WABA", "another business account's template", 403, K::TemplateRejected),
    ]
};

const INVALID_E164: &str = "INVALID_E164";

const fn row(code: &'static str, name: &'static str, status: u16, kind: ErrorKind) -> CodeFact {
    CodeFact {
        code,
        name,
        status: Some(status),
        kind,
        sent: Sent::No,
        source: "docs.gosendapi.com/guides/error-handling",
        certainty: Certainty::Docs,
        date: "2026-11-21",
    }
}

/// The row about `code`, the vendor's before Meta's.
pub(crate) fn fact(code: &str) -> Option<&'static CodeFact> {
    CodeFact::find(ANSWERS, code).or_else(|| meta::fact(code))
}

/// The error for a send that was answered with anything but a 2xx.
pub(crate) fn of_send(response: &Response<Bytes>, now: SystemTime, purpose: Purpose, message: &Message) -> Error {
    let said = Said::of(&json::decode_lenient::<Value>(response), response.status());
    let error = refusal(response, now, purpose, &said);
    match (response.status(), error.kind()) {
        // A key that was used with another body [docs, Error handling]: this body was not sent. The one that came
        // before it under the same key may have been, and is the earlier call's to report.
        (StatusCode::CONFLICT, ErrorKind::Conflict) if purpose == Purpose::KeyedSend => error.unsent(),
        (_, ErrorKind::InvalidRequest) if said.fact().is_none() && said.blames_recipient() => {
            error.with_kind(ErrorKind::RecipientInvalid)
        }
        (_, ErrorKind::RecipientInvalid) if said.code() == Some(INVALID_E164) && said.blames_another_field() => {
            error.with_kind(ErrorKind::InvalidRequest)
        }
        // Whoever holds a bad key gets a 401, and a template may always go: a 403 on a free-form message that says
        // nothing else is most likely the window [seed].
        (StatusCode::FORBIDDEN, ErrorKind::PermissionDenied)
            if message.content.is_free_form()
                && said.fact().is_none()
                && (said.code().is_none() || says_window(&error)) =>
        {
            error.with_kind(ErrorKind::SessionExpired)
        }
        _ => error,
    }
}

/// The error for a lookup that was answered with anything but a 2xx. A 403 is never the window here.
pub(crate) fn of_read(response: &Response<Bytes>, now: SystemTime) -> Error {
    let said = Said::of(&json::decode_lenient::<Value>(response), response.status());
    refusal(response, now, Purpose::Read, &said)
}

/// Whether a free-form message was refused with a 403 that says neither that it is the window nor that it is something
/// else.
pub(crate) fn is_unclear(error: &Error) -> bool {
    error.status() == Some(StatusCode::FORBIDDEN.as_u16())
        && error.code().and_then(fact).is_none()
        && !says_window(error)
}

/// Whether the words are about the window [inferred: the page gives the status only].
fn says_window(error: &Error) -> bool {
    let words = format!("{} {}", error.message(), error.code().unwrap_or_default()).to_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    says(&["24h", "24 h", "24-hour", "window", "re-engagement", "131047", "outside"])
        || (words.contains("template") && says(&["only", "must", "approved"]))
}

/// What status, code and headers say.
fn refusal(response: &Response<Bytes>, now: SystemTime, purpose: Purpose, said: &Said) -> Error {
    let status = response.status();
    let text = json::excerpt(said.text().map_or(response.body().as_ref(), str::as_bytes));
    let error = transport::refusal(status, purpose, text);
    let error = match said.fact().filter(|fact| is_about(fact, status)) {
        Some(fact) if fact.sent == Sent::No => error.with_kind(fact.kind).unsent(),
        Some(fact) => purpose.in_doubt(error.with_kind(fact.kind)),
        None => error,
    };
    let code = said.code().unwrap_or_default();
    let wait = RateLimit::of(response.headers(), now).wait().max(said.wait()).max(meta::least_wait(code));
    match wait {
        Some(wait) if error.kind() == ErrorKind::RateLimited => error.with_retry_after(wait),
        _ => error,
    }
    .with_code(code)
}

/// A gateway's 5xx is no refusal, whatever words it carries, unless the code is documented with that very status.
fn is_about(fact: &CodeFact, status: StatusCode) -> bool {
    !status.is_server_error() || fact.status == Some(status.as_u16())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use serde_json::json;
    use transom::request::BaseUrl;
    use transom::{PhoneNumber, Secret, Template};

    use super::*;
    use crate::Config;

    pub(crate) fn config() -> Config {
        Config {
            api_key: Secret::new("gsk_test_key"),
            phone_number_id: "109876543210987".into(),
            waba_id: None,
            base_url: BaseUrl::parse("https://cloud.gosendapi.com").unwrap(),
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
        Message::template(to(), Template::new("visit", "en"))
    }

    fn refused(status: u16, body: &str, message: &Message) -> Error {
        of_send(&answer(status, body), SystemTime::UNIX_EPOCH, Purpose::Send, message)
    }

    #[test]
    fn every_documented_code_has_its_kind_and_its_proof_under_its_status() {
        for fact in CODES.concat() {
            let status = fact.status.unwrap_or(400);
            let code = if fact.code == "200-299" { "250" } else { fact.code };
            let body = json!({ "statusCode": status, "message": "words", "code": code }).to_string();
            for message in [text(), template()] {
                let error = refused(status, &body, &message);
                assert_eq!((error.kind(), error.sent()), (fact.kind, fact.sent), "{status} {code}");
                assert_eq!((error.code(), error.status()), (Some(code), Some(status)));
                assert_eq!(error.message(), "words");
            }
        }
    }

    #[test]
    fn a_code_is_found_wherever_it_may_stand_and_a_known_one_before_an_unknown_one() {
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
    fn a_bad_recipient_is_told_by_details_or_words_but_a_missing_one_is_our_own_fault() {
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
    fn a_403_on_a_free_form_message_is_the_window_unless_it_says_otherwise() {
        for (body, kind, unclear) in [
            (r#"{"statusCode":403,"message":"Forbidden"}"#, ErrorKind::SessionExpired, true),
            ("", ErrorKind::SessionExpired, true),
            ("<html>Forbidden</html>", ErrorKind::SessionExpired, true),
            (r#"{"message":"Outside the 24h window"}"#, ErrorKind::SessionExpired, false),
            (r#"{"message":"Only approved templates can be sent"}"#, ErrorKind::SessionExpired, false),
            (r#"{"code":"OUTSIDE_SESSION","message":"no"}"#, ErrorKind::SessionExpired, false),
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
                (302, ErrorKind::MalformedResponse, Sent::No),
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
        assert!(error.message().starts_with("no [31mxxx") && error.message().len() == 200, "{error}");
    }

    #[test]
    fn a_conflict_under_a_key_says_that_this_body_was_not_sent() {
        let conflict = |purpose| of_send(&answer(409, "{}"), SystemTime::UNIX_EPOCH, purpose, &text());
        assert_eq!(conflict(Purpose::KeyedSend).sent(), Sent::No);
        assert_eq!(conflict(Purpose::Send).sent(), Sent::Maybe);
        assert_eq!(conflict(Purpose::KeyedSend).kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_throttled_send_waits_for_the_longest_of_what_it_is_told() {
        let waits = |headers: &[(&'static str, &str)], body: &str| {
            let mut response = answer(429, body);
            for (name, value) in headers {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_110_100);
            of_send(&response, now, Purpose::Send, &text()).retry_after().map(|wait| wait.as_secs())
        };
        assert_eq!(waits(&[("retry-after", "2")], r#"{"retry_after_seconds":1}"#), Some(2));
        assert_eq!(waits(&[("retry-after", "2")], r#"{"retry_after_seconds":2.5}"#), Some(3));
        assert_eq!(waits(&[("x-ratelimit-reset", "1770110107")], r#"{"retry_after_seconds":1}"#), Some(7));
        assert_eq!(waits(&[], r#"{"retry_after_seconds":-1}"#), None);
        assert_eq!(waits(&[], "{}"), None);
    }

    #[test]
    fn metas_slow_limits_ask_for_longer_than_a_retry_would_wait() {
        for (code, seconds) in [("131056", 6), ("131048", 3_600), ("131049", 86_400)] {
            let error = refused(400, &format!(r#"{{"code":{code}}}"#), &text());
            assert_eq!(
                (error.kind(), error.retry_after()),
                (ErrorKind::RateLimited, Some(Duration::from_secs(seconds)))
            );
        }
    }
}
