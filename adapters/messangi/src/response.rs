//! Answers of Messangi, to a send and to a login. Pure: no network, no clock.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Response, StatusCode};
use transom::adapter::RateLimitInfo;
use transom::adapter::{Operation, json};
use transom::transport::{self, unreadable};
use transom::{ErrorKind, Message, Receipt, Result, Secret};

use crate::config::NAME;
use crate::error;
use crate::types::AcceptedBody;

/// Reads the answer to a send.
///
/// No page shows it. The form is that of the provider's SMS service [field], read tolerantly: the id in any of its
/// places, and a 2xx whose state is a refusal is one. "Taken" means queued [docs, WhatsApp Status].
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, message));
    }
    let answer: AcceptedBody = json::decode(response, Operation::Send)?;
    let data = answer.data().map_err(|error| {
        unreadable(response.status(), Operation::Send, "`data` in the answer cannot be read").with_source(error)
    })?;
    let state = data.as_ref().and_then(|data| data.status.as_deref()).or(answer.status.as_deref());
    if let Some(refused) = state.and_then(|word| error::of_state(word, response, message)) {
        return Err(refused);
    }
    if data.as_ref().unwrap_or(&answer).is_about_another(&message.to) {
        return Err(unreadable(response.status(), Operation::Send, "the answer is about another recipient"));
    }
    let id = data.and_then(AcceptedBody::into_id).or_else(|| answer.into_id());
    let limits = || RateLimitInfo::from_headers(response.headers(), now);
    id.map(|id| Receipt::new(NAME, id).with_limits(limits())).ok_or_else(|| {
        let reason = error::reason(response.body()).map(|reason| format!(": {reason}")).unwrap_or_default();
        unreadable(response.status(), Operation::Send, format!("there is no message id in the answer{reason}"))
    })
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
    use std::time::Duration;

    use transom::Sent;

    use super::*;
    use crate::error::tests::{answer, text};
    use crate::request::encode_login;
    use crate::request::tests::config;

    fn decode(status: u16, body: &str) -> Result<Receipt> {
        decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &text())
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
    fn success_with_rejecting_state_is_a_rejection_despite_id() {
        for (body, kind, code) in [
            (r#"{"data":{"id":"6c1e","status":"BLACKLISTED"}}"#, ErrorKind::RecipientInvalid, "BLACKLISTED"),
            (r#"{"data":[{"status":"QUOTA_EXCEEDED"}]}"#, ErrorKind::RateLimited, "QUOTA_EXCEEDED"),
            (r#"{"status":"rejected","messageId":"","description":"why"}"#, ErrorKind::InvalidRequest, "REJECTED"),
        ] {
            let error = decode(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.code()), (kind, Sent::No, Some(code)), "{body}");
            assert_eq!(error.status(), Some(200));
        }
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
