//! Who may steer the mock.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{COOKIE, ORIGIN};
use http::{Request, Uri};
use sha2::{Digest as _, Sha256};

use crate::core::refusal::Refusal;
use crate::core::request::{bearer_token, header};

/// A shorter token could be guessed.
const LEAST_CHARACTERS: usize = 32;
/// What a browser shows once its user has given the token.
const COOKIE_NAME: &str = "transom_mock";

/// The rules for calls to the control plane. Without a token only this machine may call; with a token, every caller that has it.
///
/// Either way a web page that gets its visitor's browser to call is refused, whether it comes under a name that was made to point
/// here or straight from another origin.
#[derive(Clone, Default)]
pub(crate) struct Auth {
    token: Option<Token>,
    /// The names of this machine that somebody listed, in lower case.
    hosts: Arc<[Box<str>]>,
}

/// A token, and the cookie that stands for it, which does not tell it.
#[derive(Clone)]
struct Token {
    digest: [u8; 32],
    cookie: Arc<str>,
}

impl Auth {
    /// The same rules with a token. None if it is too short, or holds what a header cannot carry.
    pub(crate) fn with_token(self, token: &str) -> Option<Self> {
        let fits = token.len() >= LEAST_CHARACTERS && token.bytes().all(|byte| byte.is_ascii_graphic());
        let cookie = digest(&format!("transom mock console {token}"));
        let cookie = cookie.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let token = Token { digest: digest(token), cookie: cookie.into() };
        fits.then_some(Self { token: Some(token), ..self })
    }

    /// The same rules, under one name more. None if it is no name, or has a port.
    pub(crate) fn with_host(self, name: &str) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let fits = !name.is_empty() && name.bytes().all(legal);
        let hosts = self.hosts.iter().cloned().chain([name.to_ascii_lowercase().into()]).collect();
        fits.then_some(Self { hosts, ..self })
    }

    /// Whether this request may go on.
    pub(crate) fn admit(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        self.check_host(request)?;
        if let Some(token) = &self.token {
            token.check(request)?;
        }
        check_page(request)
    }

    /// Whether there is no token, or the request carries it. Providers' paths take it as `X-Mock-Token`.
    pub(crate) fn holds_token(&self, request: &Request<Bytes>) -> bool {
        self.token.as_ref().is_none_or(|token| token.check(request).is_ok())
    }

    /// Whether there is a token to give.
    pub(crate) fn needs_token(&self) -> bool {
        self.token.is_some()
    }

    /// The cookie of a caller that gives the right token. `None` if the token is wrong or the mock has none.
    pub(crate) fn sign_in(&self, request: &Request<Bytes>, given: &str) -> Result<Option<String>, Refusal> {
        self.check_host(request)?;
        check_page(request)?;
        let token = self.token.as_ref().filter(|token| token.is(given));
        Ok(token.map(|token| format!("{COOKIE_NAME}={}; HttpOnly; SameSite=Strict; Path=/", token.cookie)))
    }

    /// Whether a request comes from a web page under a name that was made to point here. Programs send no such headers, and may
    /// call the mock whatever they like.
    #[cfg(feature = "server")]
    pub(crate) fn is_of_stranger(&self, headers: &http::HeaderMap) -> bool {
        use http::header::{HOST, HeaderName};
        const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

        // There are few headers, and to look at each costs less than to look for two that are hardly ever there.
        headers.keys().any(|name| name == ORIGIN || name == FETCH_SITE)
            && headers.get(HOST).is_some_and(|host| !host.to_str().is_ok_and(|host| self.knows(host)))
    }

    fn check_host(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        match host_of(request).filter(|host| !self.knows(host)) {
            None => Ok(()),
            Some(host) => Err(stranger(format!(
                "the host is `{host}`, expected a loopback address, `localhost`, or a name that was allowed at the start"
            ))),
        }
    }

    /// Whether an authority is this machine for sure. A number cannot be made to point elsewhere; yet without a token only this
    /// machine's own ones count.
    fn knows(&self, authority: &str) -> bool {
        let Some((host, address)) = read_host(authority) else { return false };
        match address {
            Some(address) => address.is_loopback() || self.token.is_some(),
            None => {
                host.eq_ignore_ascii_case("localhost")
                    || self.hosts.iter().any(|listed| host.eq_ignore_ascii_case(listed))
            }
        }
    }
}

impl Token {
    fn check(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        let given = header(request, "x-mock-token").or_else(|| bearer_token(request));
        match given {
            Some(given) if self.is(given) => Ok(()),
            None if self.is_shown(request) => Ok(()),
            Some(_) => Err(Refusal::of(401, "the token is another, expected the one that the mock was started with")),
            None => Err(Refusal::of(
                401,
                "there is no token, expected the one that the mock was started with, as `Authorization: Bearer …` or \
                 `X-Mock-Token: …`",
            )),
        }
    }

    /// Digests are compared, so that the time it takes says nothing of the token.
    fn is(&self, given: &str) -> bool {
        digest(given) == self.digest
    }

    /// Whether the cookie is there. A browser sends it by itself, so that what changes something has to say where it comes from.
    fn is_shown(&self, request: &Request<Bytes>) -> bool {
        let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let is_there = pairs.any(|(name, value)| name == COOKIE_NAME && digest(value) == digest(&self.cookie));
        is_there && (request.method().is_safe() || request.headers().contains_key(ORIGIN))
    }
}

/// Whether a request comes from no page, or from one of this server.
fn check_page(request: &Request<Bytes>) -> Result<(), Refusal> {
    let host = host_of(request);
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

fn host_of(request: &Request<Bytes>) -> Option<&str> {
    header(request, "host").or_else(|| request.uri().authority().map(http::uri::Authority::as_str))
}

fn stranger(error: String) -> Refusal {
    Refusal::of(403, error)
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
    read_host(authority).is_some_and(|(host, address)| {
        host.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback())
    })
}

/// The host of an authority, and as an address if it is one; none if it carries a user.
fn read_host(authority: &str) -> Option<(String, Option<std::net::IpAddr>)> {
    let uri = authority.parse::<Uri>().ok()?;
    let host = uri.authority().filter(|authority| !authority.as_str().contains('@'))?.host();
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok();
    Some((host.to_owned(), address))
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth")
            .field("needs_token", &self.token.is_some())
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn status(access: &Auth, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::post("/_mock/reset");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        access.admit(&request.body(Bytes::new()).unwrap()).map_or_else(|refusal| refusal.status, |()| 200)
    }

    #[test]
    fn only_loopback_names_are_local() {
        for host in ["127.0.0.1", "127.0.0.1:4010", "localhost:4010", "LOCALHOST", "[::1]:4010", "127.1.2.3"] {
            assert_eq!(status(&Auth::default(), &[("host", host)]), 200, "{host}");
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
            assert_eq!(status(&Auth::default(), &[("host", host)]), 403, "{host}");
        }
    }

    #[test]
    fn page_of_another_local_origin_is_refused() {
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
            assert_eq!(status(&Auth::default(), &[host, (name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn with_a_token_every_call_needs_it_under_whichever_name() {
        let access = Auth::default().with_token(TOKEN).unwrap().with_host("mock.test").unwrap();
        let bearer = format!("Bearer {TOKEN}");
        for (headers, expected) in [
            (vec![("host", "mock.test:4010")], 401),
            (vec![("host", "127.0.0.1:4010")], 401),
            (vec![("host", "mock.test:4010"), ("authorization", bearer.as_str())], 200),
            (vec![("host", "mock.test:4010"), ("x-mock-token", TOKEN)], 200),
            (vec![("host", "192.168.7.9:4010"), ("x-mock-token", TOKEN)], 200),
            (vec![("host", "192.168.7.9:4010")], 401),
            (vec![("host", "MOCK.test"), ("x-mock-token", TOKEN)], 200),
            (vec![("host", "other.test:4010"), ("x-mock-token", TOKEN)], 403),
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
    fn a_listed_name_is_local_and_nothing_else_is_a_name() {
        let access = Auth::default().with_host("Mock.internal").unwrap();
        for (host, expected) in [
            ("mock.internal:4010", 200),
            ("MOCK.INTERNAL", 200),
            ("localhost", 200),
            ("x.mock.internal", 403),
            ("mock.internal.example.org", 403),
            ("192.168.7.9", 403),
        ] {
            assert_eq!(status(&access, &[("host", host)]), expected, "{host}");
        }
        for name in ["", "mock:4010", "http://mock", "*", "a b", "user@mock"] {
            assert!(Auth::default().with_host(name).is_none(), "{name}");
        }
    }

    #[test]
    fn cookie_replaces_token_and_changes_need_own_origin() {
        let access = Auth::default().with_token(TOKEN).unwrap();
        let (host, origin) = (("host", "127.0.0.1:4010"), ("origin", "http://127.0.0.1:4010"));
        let ask = |access: &Auth, method: &str, headers: &[(&str, &str)]| {
            let request = headers.iter().fold(Request::builder().method(method).uri("/"), |request, (name, value)| {
                request.header(*name, *value)
            });
            let request = request.body(Bytes::new()).unwrap();
            (access.admit(&request).map_or_else(|refusal| refusal.status, |()| 200), access.sign_in(&request, TOKEN))
        };
        let cookie = ask(&access, "POST", &[host, origin]).1.unwrap().unwrap();
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/") && !cookie.contains(TOKEN), "{cookie}");
        let cookie = ("cookie", &*format!("other=1; {}", cookie.split(';').next().unwrap()));
        for (method, headers, expected) in [
            ("GET", vec![host, cookie], 200),
            ("GET", vec![host, ("cookie", "transom_mock=x")], 401),
            ("POST", vec![host, cookie, origin], 200),
            ("POST", vec![host, cookie], 401),
            ("POST", vec![host, cookie, ("origin", "http://127.0.0.1:3000")], 403),
            ("GET", vec![host, cookie, ("sec-fetch-site", "same-site")], 403),
            ("GET", vec![("host", "evil.example"), cookie], 403),
        ] {
            assert_eq!(ask(&access, method, &headers).0, expected, "{method} {headers:?}");
        }
        assert!(access.sign_in(&Request::new(Bytes::new()), "another").unwrap().is_none());
        assert!(ask(&access, "POST", &[host, ("origin", "http://evil.example")]).1.is_err());
        assert!(Auth::default().sign_in(&Request::new(Bytes::new()), TOKEN).unwrap().is_none());
    }

    #[test]
    fn a_token_has_32_characters_that_a_header_can_carry() {
        assert!(Auth::default().with_token(TOKEN).is_some());
        for token in [&TOKEN[1..], "", "0123456789abcdef 0123456789abcdef", "0123456789abcdef0123456789abcdé…"] {
            assert!(Auth::default().with_token(token).is_none(), "{token}");
        }
    }
}
