//! Reading the parts of a request that every provider uses.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, AsHeaderName, CONTENT_TYPE, HeaderName};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// Names that nearly every request is asked for: to look for one that is a text costs as much again for reading it.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A header's text; `None` if it is absent or not text.
pub fn header(request: &Request<Bytes>, name: impl AsHeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// The body as JSON. Text is looked at once, and not each string of it by itself.
///
/// # Errors
///
/// Where it is not JSON, and why.
pub(crate) fn json_of<'a, T: Deserialize<'a>>(body: &'a [u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        // Whose error says where the text ends.
        Err(_) => serde_json::from_slice(body),
    }
}

/// The token of `Authorization: Bearer`, which may be empty; none without such a header.
pub fn bearer_token(request: &Request<Bytes>) -> Option<&str> {
    let (scheme, token) = header(request, AUTHORIZATION)?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The user and the password of `Authorization: Basic`; `None` if there is none that decodes.
pub fn basic_credentials(request: &Request<Bytes>) -> Option<(String, String)> {
    let (scheme, encoded) = header(request, AUTHORIZATION)?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut user = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let password = user.split_off(user.find(':')? + 1);
    user.pop();
    Some((user, password))
}

/// Whether the request says that its body is JSON.
pub fn is_json(request: &Request<Bytes>) -> bool {
    // As nearly everybody writes it; the rest is read with more care.
    if request.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json") {
        return true;
    }
    header(request, CONTENT_TYPE).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    })
}

/// The pairs of a query, decoded as a form: `+` and `%20` are spaces, `%2B` is a plus.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone)]
struct Pair {
    name: String,
    value: String,
    bare_plus: bool,
}

impl Query {
    /// Reads the query of a request.
    pub fn of(request: &Request<Bytes>) -> Self {
        Self::read(request.uri().query().unwrap_or_default())
    }

    /// Reads a form in a body; a body that is not text gives an empty form.
    pub(crate) fn of_form(body: &[u8]) -> Self {
        Self::read(std::str::from_utf8(body).unwrap_or_default())
    }

    fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Pair { name: decode(name), value: decode(value), bare_plus: value.contains('+') }
        });
        Self { pairs: pairs.collect() }
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|pair| pair.value.as_str())
    }

    /// Whether the value of a name was written with a `+` that stands for a space.
    pub fn has_bare_plus(&self, name: &str) -> bool {
        self.find(name).is_some_and(|pair| pair.bare_plus)
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.name.as_str())
    }

    fn find(&self, name: &str) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.name == name)
    }
}

fn decode(text: &str) -> String {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, authorization: &str) -> Request<Bytes> {
        Request::builder().uri(uri).header("authorization", authorization).body(Bytes::new()).unwrap()
    }

    #[test]
    fn a_bare_plus_is_a_space_and_is_remembered() {
        let query = Query::of(&request("/x?a=+12&b=%2B12&c&a=second", "-"));
        assert_eq!((query.get("a"), query.has_bare_plus("a")), (Some(" 12"), true));
        assert_eq!((query.get("b"), query.has_bare_plus("b")), (Some("+12"), false));
        assert_eq!((query.get("c"), query.get("d")), (Some(""), None));
        assert_eq!(query.names().collect::<Vec<_>>(), ["a", "b", "c", "a"]);
    }

    #[test]
    fn credentials_are_read_whatever_the_case_of_the_scheme() {
        assert_eq!(bearer_token(&request("/", "bearer 7|abc")), Some("7|abc"));
        assert_eq!(bearer_token(&request("/", "Basic a2V5OnRvOmtlbg==")), None);
        assert_eq!(
            basic_credentials(&request("/", "basic a2V5OnRvOmtlbg==")),
            Some(("key".to_owned(), "to:ken".to_owned()))
        );
        assert_eq!(basic_credentials(&request("/", "Basic !!!")), None);
    }

    #[test]
    fn json_may_name_its_character_set() {
        let with = |value: &str| Request::builder().header("content-type", value).body(Bytes::new()).unwrap();
        assert!(is_json(&with("Application/JSON; charset=utf-8")));
        assert!(!is_json(&with("text/plain")));
    }
}
