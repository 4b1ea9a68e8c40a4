//! Who may steer the mock.

use bytes::Bytes;
use http::{Request, Uri};
use sha2::{Digest as _, Sha256};

use crate::control::Refusal;
use crate::{bearer_token, header};

/// A shorter token could be guessed.
const LEAST_CHARACTERS: usize = 32;

/// The rules for calls to the control plane. Without a token it is for this machine alone; with one, for whoever has it.
///
/// Either way a web page that gets its visitor's browser to call is refused, whether it comes under a name that was made to point
/// here or straight from another origin.
#[derive(Clone, Default)]
pub(crate) struct Access {
    token: Option<[u8; 32]>,
}

impl Access {
    /// None if the token is too short, or holds what a header cannot carry.
    pub(crate) fn with_token(token: &str) -> Option<Self> {
        let fits = token.len() >= LEAST_CHARACTERS && token.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self { token: Some(digest(token)) })
    }

    /// Whether this request may go on.
    pub(crate) fn admit(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        let host = header(request, "host").or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
        match (&self.token, host) {
            (None, Some(host)) if !is_loopback(host) => {
                return Err(stranger(format!("the host is `{host}`, expected a loopback address or `localhost`")));
            }
            (Some(token), _) => check_token(request, token)?,
            _ => {}
        }
        if let Some(origin) = header(request, "origin")
            && !is_own(origin, host)
        {
            return Err(stranger(format!("the origin is `{origin}`, expected none or this server's own")));
        }
        if let Some(site) = header(request, "sec-fetch-site")
            && !matches!(site, "same-origin" | "none")
        {
            return Err(stranger(format!("`Sec-Fetch-Site` is `{site}`, expected none, or `same-origin`")));
        }
        Ok(())
    }
}

fn stranger(error: String) -> Refusal {
    Refusal::of(403, error)
}

fn check_token(request: &Request<Bytes>, token: &[u8; 32]) -> Result<(), Refusal> {
    let given = header(request, "x-mock-token").or_else(|| bearer_token(request));
    match given {
        // Digests are compared, so that the time it takes says nothing of the token.
        Some(given) if digest(given) == *token => Ok(()),
        Some(_) => Err(Refusal::of(401, "the token is another, expected the one that the mock was started with")),
        None => Err(Refusal::of(
            401,
            "there is no token, expected the one that the mock was started with, as `Authorization: Bearer …` or \
             `X-Mock-Token: …`",
        )),
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether a page comes from the address that it calls, under whichever of the names that this machine has for itself.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    let port = |authority: &str| authority.parse::<Uri>().ok().and_then(|uri| uri.port_u16());
    host.is_some_and(|host| {
        authority.eq_ignore_ascii_case(host)
            || (is_loopback(authority) && is_loopback(host) && port(authority) == port(host))
    })
}

/// Whether an authority names this machine by a loopback address or as `localhost`.
fn is_loopback(authority: &str) -> bool {
    let Ok(uri) = authority.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else { return false };
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("needs_token", &self.token.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn status(access: &Access, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::post("/_mock/reset");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        access.admit(&request.body(Bytes::new()).unwrap()).map_or_else(|refusal| refusal.status, |()| 200)
    }

    #[test]
    fn only_loopback_names_are_local() {
        for host in ["127.0.0.1", "127.0.0.1:4010", "localhost:4010", "LOCALHOST", "[::1]:4010", "127.1.2.3"] {
            assert_eq!(status(&Access::default(), &[("host", host)]), 200, "{host}");
        }
        for host in [
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "10.0.0.1:80",
            "[2001:db8::1]:80",
            "",
            "null",
            "127.0.0.1@example.org",
            "localhost:4010@example.org",
        ] {
            assert_eq!(status(&Access::default(), &[("host", host)]), 403, "{host}");
        }
    }

    #[test]
    fn a_page_of_another_origin_is_refused_even_if_it_is_on_this_machine() {
        let host = ("host", "127.0.0.1:4010");
        for (name, value, expected) in [
            ("origin", "http://127.0.0.1:4010", 200),
            ("origin", "http://localhost:4010", 200),
            ("origin", "http://localhost:4011", 403),
            ("origin", "http://localhost", 403),
            ("origin", "http://127.0.0.1:3000", 403),
            ("origin", "https://example.org", 403),
            ("origin", "null", 403),
            ("origin", "file://", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "none", 200),
            ("sec-fetch-site", "same-site", 403),
            ("sec-fetch-site", "cross-site", 403),
        ] {
            assert_eq!(status(&Access::default(), &[host, (name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn with_a_token_every_call_needs_it_under_whichever_name() {
        let access = Access::with_token(TOKEN).unwrap();
        let bearer = format!("Bearer {TOKEN}");
        for (headers, expected) in [
            (vec![("host", "mock.test:4010")], 401),
            (vec![("host", "127.0.0.1:4010")], 401),
            (vec![("host", "mock.test:4010"), ("authorization", bearer.as_str())], 200),
            (vec![("host", "mock.test:4010"), ("x-mock-token", TOKEN)], 200),
            (vec![("x-mock-token", "0123456789abcdef0123456789abcdeF")], 401),
            (vec![("x-mock-token", "")], 401),
            (vec![("host", "mock.test"), ("x-mock-token", TOKEN), ("origin", "http://mock.test")], 200),
            (vec![("host", "mock.test"), ("x-mock-token", TOKEN), ("origin", "http://example.org")], 403),
        ] {
            assert_eq!(status(&access, &headers), expected, "{headers:?}");
        }
        assert!(!format!("{access:?}").contains(TOKEN));
    }

    #[test]
    fn a_token_has_32_characters_that_a_header_can_carry() {
        assert!(Access::with_token(TOKEN).is_some());
        for token in [&TOKEN[1..], "", "0123456789abcdef 0123456789abcdef", "0123456789abcdef0123456789abcdé…"] {
            assert!(Access::with_token(token).is_none(), "{token}");
        }
    }
}
