//! The login: `POST /kingslanding/login`, a username and a password for a key. Pure.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use serde_json::json;
use transom::adapter::RateLimitInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::{Operation, json};
use transom::transport::{self, unreadable};
use transom::{ErrorKind, Result, Secret};

use super::segments;
use crate::config::Config;

/// The request that turns a username and a password into a key. It sends no message.
pub(crate) fn encode_login(config: &Config, username: &Secret, password: &Secret) -> Result<Request<Bytes>> {
    let body = json!({ "username": username.expose(), "password": password.expose() });
    RequestBuilder::post(&config.base_url, &segments(&config.login_path)).json(Operation::Read, &body)
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
    use crate::error::tests::answer;
    use crate::wire::tests::config;

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
