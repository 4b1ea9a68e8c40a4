//! Answers of Messangi, to a send and to a login. Pure: no network, no clock.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Response, StatusCode};
use transom::adapter::{Operation, RateLimitInfo, SendAnswer, is_refusing_word, json};
use transom::transport::{self, unreadable};
use transom::{ErrorKind, Message, Receipt, Result, Secret};

use crate::config::NAME;
use crate::error;
use crate::types::{AcceptedBody, IDS};

/// Reads the answer to a send.
///
/// No page shows it. The form is that of the provider's SMS service [field], read tolerantly: the id in any of its
/// places, and a 2xx whose state is a refusal is one. "Taken" means queued [docs, WhatsApp Status].
pub(crate) fn decode_send(
    response: &Response<Bytes>,
    now: SystemTime,
    message: &Message,
    rate_window: Duration,
) -> Result<Receipt> {
    let answer = SendAnswer::of(response, Operation::Send, IDS);
    if !response.status().is_success() {
        return Err(answer.refused(error::refusal(response, now, message, rate_window)));
    }
    let unreadable = |text: &str| unreadable(response.status(), Operation::Send, text);
    let body: AcceptedBody = json::decode(response, Operation::Send)?;
    let data = body.data().map_err(|error| unreadable("`data` in the answer cannot be read").with_source(error))?;
    let state = data.as_ref().and_then(|data| data.status.as_deref()).or(body.status.as_deref());
    if let Some(refusal) = state.and_then(|word| error::of_state(word, response, message)) {
        let is_stated = state.is_some_and(error::is_stated_unsent);
        return Err(if is_stated { answer.refused_despite_its_id(refusal) } else { answer.refused(refusal) });
    }
    let reason = || error::reason(response.body()).map(|reason| format!(": {reason}")).unwrap_or_default();
    let outer = body.status.as_deref().unwrap_or_default();
    let refuses = |word| is_refusing_word(word) || error::of_state(word, response, message).is_some();
    if answer.names_a_message() && (body.holds_an_error() || state.is_some_and(refuses) || refuses(outer)) {
        let refusal = unreadable(&format!("the answer names a message and an error{}", reason()));
        let word = [state.unwrap_or_default(), outer].into_iter().find(|word| refuses(word)).unwrap_or_default();
        let reason = reason();
        let code = if word.is_empty() { error::code_in(&reason) } else { word };
        return Err(answer.refused(refusal.with_code(code)));
    }
    if data.as_ref().unwrap_or(&body).is_about_another(&message.to) {
        return Err(unreadable("the answer is about another recipient"));
    }
    if !answer.names_a_message() {
        return Err(unreadable(&format!("there is no message id in the answer{}", reason())));
    }
    let limits = RateLimitInfo::from_headers(response.headers(), now);
    Ok(Receipt::new(NAME, answer.accepted()?).with_status(SendAnswer::held(response.body())).with_limits(limits))
}

/// The key that a login gives: in a header of the answer, whose body is empty [docs, Build your API call]. Nothing of the
/// answer's text is kept, since a login's answer may repeat what was sent.
pub(crate) fn decode_login(response: &Response<Bytes>, now: SystemTime) -> Result<Secret> {
    let status = response.status();
    if !status.is_success() {
        let error = transport::refusal(status, Operation::Read, "the login was refused");
        let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now));
        // A public client takes a 403 for a wrong password [field].
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        return Err(if is_refused { error.with_kind(ErrorKind::Unauthenticated) } else { error });
    }
    let value = json::header(response.headers(), AUTHORIZATION.as_str()).unwrap_or_default();
    let key = match value.split_at_checked(7) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer ") => key.trim(),
        _ if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    };
    if key.is_empty() {
        return Err(unreadable(status, Operation::Read, "the login's answer has no key in its `authorization` header"));
    }
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use transom::Sent;

    use super::*;
    use crate::error::tests::{answer, text};
    use crate::request::encode_login;
    use crate::request::tests::config;

    fn decode(status: u16, body: &str) -> Result<Receipt> {
        decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &text(), Duration::from_secs(300))
    }

    #[test]
    fn the_id_is_found_in_every_place_and_keeps_every_digit() {
        for (body, id) in [
            (r#"{"meta":{"timestamp":1,"transactionId":"t"},"data":{"id":"6c1e","status":"QUEUE"}}"#, "6c1e"),
            (r#"{"data":{"id":"","messageId":"6c1e"},"id":"outer"}"#, "6c1e"),
            (r#"{"data":[{"id":"6c1e"}]}"#, "6c1e"),
            (r#"{"status":"ACCEPTED","id":"6c1e"}"#, "6c1e"),
            (r#"{"status":"accepted","messageId":"6c1e","data":null}"#, "6c1e"),
            (r#"{"data":{"id":18446744073709551616}}"#, "18446744073709551616"),
            (r#"{"data":{"id":"6c1e","status":"A_NEW_WORD"}}"#, "6c1e"),
        ] {
            for status in [200, 201, 202] {
                assert_eq!(decode(status, body).unwrap().message_id.as_str(), id, "{body}");
            }
        }
    }

    #[test]
    fn rejecting_state_proves_unsent_without_id_or_by_the_page() {
        let with = |id: &str, word: &str| decode(200, &format!(r#"{{"data":{{{id}"status":"{word}"}}}}"#)).unwrap_err();
        for (word, kind, despite_id) in [
            ("BLACKLISTED", ErrorKind::RecipientInvalid, Sent::No),
            ("CODE_NOT_ALLOWED", ErrorKind::SenderUnavailable, Sent::No),
            ("INCOMPLETE", ErrorKind::TemplateRejected, Sent::No),
            ("QUOTA_EXCEEDED", ErrorKind::RateLimited, Sent::Maybe),
            ("REJECTED", ErrorKind::InvalidRequest, Sent::Maybe),
            ("FAILED", ErrorKind::InvalidRequest, Sent::Maybe),
        ] {
            for (id, sent) in [("", Sent::No), (r#""id":" ","#, Sent::No), (r#""id":"6c1e","#, despite_id)] {
                let error = with(id, word);
                assert_eq!((error.kind(), error.sent(), error.code()), (kind, sent, Some(word)), "{id} {word}");
                assert_eq!(error.status(), Some(200));
            }
        }
        let two = r#"{"data":[{"id":"a","status":"BLACKLISTED"},{"id":"b","status":"QUEUE"}]}"#;
        assert_eq!(decode(200, two).unwrap_err().sent(), Sent::Maybe, "the page speaks of one of them");
    }

    #[test]
    fn id_beside_a_refusal_is_unknown_with_the_code_kept() {
        for (body, code) in [
            (r#"{"data":{"id":"6c1e","status":"UNDELIVERED"}}"#, Some("UNDELIVERED")),
            (r#"{"status":"rejected","data":{"id":"6c1e","status":"QUEUE"}}"#, Some("rejected")),
            (r#"{"status":"QUOTA_EXCEEDED","data":{"id":"6c1e","status":"QUEUE"}}"#, Some("QUOTA_EXCEEDED")),
            (r#"{"errors":{"reason":"24 hours"},"data":{"id":"6c1e","status":"QUEUE"}}"#, None),
            (r#"{"error":"no","data":{"id":"6c1e"}}"#, None),
        ] {
            let error = decode(200, body).unwrap_err();
            assert_eq!((error.sent(), error.code()), (Sent::Maybe, code), "{body}");
            assert_eq!(error.message_id().map(transom::message::MessageId::as_str), Some("6c1e"), "{body}");
        }
        for status in [301, 400, 401, 402, 403, 404, 410, 421, 429, 503] {
            for word in ["QUEUE", "BLACKLISTED", "REJECTED"] {
                let error = decode(status, &format!(r#"{{"data":{{"id":"6c1e","status":"{word}"}}}}"#)).unwrap_err();
                assert_eq!((error.sent(), error.is_window_closed()), (Sent::Maybe, false), "{status} {word}");
            }
        }
        assert!(decode(200, r#"{"errors":{},"error":null,"data":{"id":"6c1e"}}"#).is_ok());
    }

    #[test]
    fn an_answer_about_somebody_else_may_have_been_sent() {
        for to in ["+5215599992223", "5215599990000", "7999", "", "nobody"] {
            for body in
                [format!(r#"{{"data":{{"id":"6c1e","to":"{to}"}}}}"#), format!(r#"{{"id":"6c1e","to":"{to}"}}"#)]
            {
                let answer = decode(200, &body);
                if to.len() < 7 {
                    assert!(answer.is_ok(), "{body}");
                } else {
                    let error = answer.unwrap_err();
                    assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
                }
            }
        }
        // The same person: WhatsApp's own form of a number may lack digits that the caller's has.
        for to in ["5215599992222", "+525599992222", "52 1 55 9999 2222"] {
            assert!(decode(200, &format!(r#"{{"data":{{"id":"6c1e","to":"{to}"}}}}"#)).is_ok(), "{to}");
        }
    }

    #[test]
    fn unreadable_success_or_missing_id_is_unknown() {
        for body in [
            "",
            "{",
            "<html>",
            "null",
            "[]",
            "{}",
            r#"{"data":{"status":"QUEUE"}}"#,
            r#"{"data":[]}"#,
            r#"{"data":7}"#,
            r#"{"data":{"id":null}}"#,
            r#"{"meta":{"transactionId":"t"}}"#,
            r#"{"id":"a","id":"b"}"#,
            r#"{"data":{"status":"QUEUE","status":"REJECTED","id":"a"},"id":"a"}"#,
            r#"{"errors":{"reason":"Too Many Requests"}}"#,
        ] {
            let error = decode(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }

    fn login(status: u16, authorization: Option<&str>) -> Result<Secret> {
        let mut response = answer(status, "");
        if let Some(value) = authorization {
            response.headers_mut().insert(AUTHORIZATION, value.parse().unwrap());
        }
        decode_login(&response, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_login_posts_the_credential_and_is_no_send() {
        let request = encode_login(&config(), &Secret::new("ops@example.com"), &Secret::new("p\"w")).unwrap();
        assert_eq!(request.uri(), "https://elastic.messangi.me/kingslanding/login");
        assert_eq!(request.body(), r#"{"password":"p\"w","username":"ops@example.com"}"#);
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert_eq!(Operation::of(&request), Operation::Read);
    }

    #[test]
    fn the_key_stands_in_the_header_of_the_logins_answer() {
        for value in ["Bearer e.y.j", "bearer e.y.j", "BEARER   e.y.j ", "e.y.j"] {
            assert_eq!(login(200, Some(value)).unwrap().expose(), "e.y.j", "{value}");
        }
        for value in [None, Some(""), Some("Bearer"), Some("Bearer  ")] {
            let error = login(200, value).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::No), "{value:?}");
        }
    }

    #[test]
    fn a_login_that_is_refused_leaves_nothing_in_doubt() {
        for (status, kind) in [
            (401, ErrorKind::Unauthenticated),
            (403, ErrorKind::Unauthenticated),
            (404, ErrorKind::NotFound),
            (429, ErrorKind::RateLimited),
            (500, ErrorKind::ProviderUnavailable),
            (303, ErrorKind::MalformedResponse),
        ] {
            let error = login(status, Some("Bearer canary")).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{status}");
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
        let mut response = answer(429, "");
        response.headers_mut().insert("ratelimit-reset", "5m0s".parse().unwrap());
        let error = decode_login(&response, SystemTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(300)));
        let mut response = answer(503, "");
        response.headers_mut().insert("retry-after", "7".parse().unwrap());
        let error = decode_login(&response, SystemTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}
