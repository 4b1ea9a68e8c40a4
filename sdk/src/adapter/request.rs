//! Building provider requests: paths and queries are always encoded, credentials always marked sensitive.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Operation, StreamedBody};

/// All but RFC 3986's unreserved characters; also `+`, which many servers read as a space.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Scheme, host and port of a provider. The adapter adds path and query.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Why a text is not a [`BaseUrl`]. It never repeats the text, which may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// It is no URL.
    #[error("scheme, host and port such as https://api.example.com, got no URL: {0}")]
    NoUrl(#[from] url::ParseError),
    /// Its scheme is neither `http` nor `https`.
    #[error("scheme, host and port such as https://api.example.com, and no scheme but http or https")]
    Scheme,
    /// It holds credentials.
    #[error(
        "scheme, host and port such as https://api.example.com, without the credentials, which have keys of their own"
    )]
    Credentials,
    /// It has a path, a query or a fragment.
    #[error("scheme, host and port such as https://api.example.com, and nothing after them")]
    Path,
    /// It has no host.
    #[error("scheme, host and port such as https://api.example.com, got no host")]
    Host,
}

impl std::str::FromStr for BaseUrl {
    type Err = BaseUrlError;

    /// Reads `https://host`, `http://127.0.0.1:4010` and the like. The error says what was expected.
    fn from_str(text: &str) -> std::result::Result<Self, BaseUrlError> {
        let url = url::Url::parse(text.trim())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Path);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BaseUrlError::Host)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self(format!("{}://{host}{port}", url.scheme())))
    }
}

impl BaseUrl {
    /// A provider's own host over https, a constant of the adapter.
    pub fn from_host(host: &str) -> Self {
        Self(format!("https://{host}"))
    }

    /// Whether it is `http://` to another machine, which needs `insecure = true`.
    pub fn is_insecure(&self) -> bool {
        self.0.strip_prefix("http://").is_some_and(|authority| {
            let host = match authority.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
                _ => authority,
            };
            !is_loopback(host)
        })
    }
}

/// Whether `host`, as written in a URL, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = bare.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.0)
    }
}

/// Builds a provider request.
///
/// ```
/// use transom::adapter::request::{BaseUrl, RequestBuilder};
/// use transom::adapter::Operation;
///
/// let base: BaseUrl = "https://api.example.com".parse().unwrap();
/// let request = RequestBuilder::get(&base, &["v2", "accounts", "a/b"]).query("to", "+34600111222").empty(Operation::Read)?;
/// assert_eq!(request.uri(), "https://api.example.com/v2/accounts/a%2Fb?to=%2B34600111222");
/// # Ok::<(), transom::Error>(())
/// ```
#[derive(Debug)]
pub struct RequestBuilder {
    method: Method,
    uri: String,
    headers: HeaderMap,
    problem: Option<Error>,
}

impl RequestBuilder {
    /// A GET of the path made of `segments`, each encoded.
    pub fn get(base: &BaseUrl, segments: &[&str]) -> Self {
        Self::new(Method::GET, base, segments)
    }

    /// A POST to the path made of `segments`, each encoded.
    pub fn post(base: &BaseUrl, segments: &[&str]) -> Self {
        Self::new(Method::POST, base, segments)
    }

    /// A PUT to the path made of `segments`, each encoded.
    pub fn put(base: &BaseUrl, segments: &[&str]) -> Self {
        Self::new(Method::PUT, base, segments)
    }

    /// A PATCH of the path made of `segments`, each encoded.
    pub fn patch(base: &BaseUrl, segments: &[&str]) -> Self {
        Self::new(Method::PATCH, base, segments)
    }

    /// A DELETE of the path made of `segments`, each encoded.
    pub fn delete(base: &BaseUrl, segments: &[&str]) -> Self {
        Self::new(Method::DELETE, base, segments)
    }

    fn new(method: Method, base: &BaseUrl, segments: &[&str]) -> Self {
        let mut uri = base.0.clone();
        let mut problem = None;
        for segment in segments {
            // Reject `.` and `..`: percent-encoding does not help, because URL parsers normalise them.
            if matches!(*segment, "." | ".." | "") {
                problem = Some(Error::new(ErrorKind::InvalidRequest, format!("`{segment}` cannot be part of a path")));
            }
            uri.push('/');
            uri.extend(utf8_percent_encode(segment, ENCODED));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Compressed answers are not supported, which also excludes decompression bombs.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Self { method, uri, headers, problem }
    }

    /// Adds a query pair, both sides encoded: a `+` is `%2B`.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.uri.push(if self.uri.contains('?') { '&' } else { '?' });
        self.uri.extend(utf8_percent_encode(name, ENCODED));
        self.uri.push('=');
        self.uri.extend(utf8_percent_encode(value, ENCODED));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(self, name: HeaderName, value: &str) -> Self {
        self.insert(name, value, false)
    }

    /// Adds a header that holds a credential: marked sensitive, so that no HTTP library prints it.
    #[must_use]
    pub fn secret_header(self, name: HeaderName, value: &str) -> Self {
        self.insert(name, value, true)
    }

    fn insert(mut self, name: HeaderName, value: &str, sensitive: bool) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(sensitive);
            self.headers.insert(name, value);
        } else {
            let message = format!("the value for `{name}` holds a character that no header may hold");
            self.problem = Some(Error::new(ErrorKind::InvalidRequest, message));
        }
        self
    }

    /// The request with `body` as JSON.
    pub fn json(mut self, operation: Operation, body: &impl Serialize) -> Result<Request<Bytes>> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "the message cannot be written as JSON").with_source(error)
        })?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.finish(operation, body.into())
    }

    /// The request with `body` unchanged, declared as `content_type`.
    pub fn bytes(self, operation: Operation, content_type: &str, body: Bytes) -> Result<Request<Bytes>> {
        self.header(CONTENT_TYPE, content_type).finish(operation, body)
    }

    /// The request with a streamed body, declared as `content_type`.
    pub fn streamed(
        self,
        operation: Operation,
        content_type: &str,
        body: StreamedBody,
    ) -> Result<Request<StreamedBody>> {
        self.header(CONTENT_TYPE, content_type).finish(operation, body)
    }

    /// The request without a body.
    pub fn empty(self, operation: Operation) -> Result<Request<Bytes>> {
        self.finish(operation, Bytes::new())
    }

    fn finish<B>(self, operation: Operation, body: B) -> Result<Request<B>> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri.parse().map_err(|error: http::uri::InvalidUri| {
            Error::new(ErrorKind::InvalidRequest, "the request's address cannot be built").with_source(error)
        })?;
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(operation);
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> BaseUrl {
        "http://127.0.0.1:4010".parse().unwrap()
    }

    #[test]
    fn a_path_trick_in_an_id_is_encoded_or_refused() {
        let request = RequestBuilder::get(&base(), &["v2", "a/../b?x#y"]).empty(Operation::Read).unwrap();
        assert_eq!(request.uri().path(), "/v2/a%2F..%2Fb%3Fx%23y");
        for trick in ["..", ".", ""] {
            assert!(RequestBuilder::get(&base(), &["v2", trick]).empty(Operation::Read).is_err(), "{trick:?}");
        }
    }

    #[test]
    fn a_line_break_in_a_credential_is_refused_without_showing_it() {
        let error = RequestBuilder::get(&base(), &["v1"])
            .secret_header(http::header::AUTHORIZATION, "Bearer canary\r\nx: y")
            .empty(Operation::Read)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_credential_is_not_in_the_debug_form_of_its_request() {
        let request = RequestBuilder::get(&base(), &["v1"])
            .secret_header(http::header::AUTHORIZATION, "Bearer canary")
            .empty(Operation::Read)
            .unwrap();
        assert!(!format!("{request:?}").contains("canary"));
    }

    #[test]
    fn a_base_url_is_scheme_host_and_port_only() {
        for (text, is) in [
            ("https://api.example.com", "https://api.example.com"),
            ("https://api.example.com/", "https://api.example.com"),
            ("http://[::1]:4010", "http://[::1]:4010"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), is);
        }
        for text in [
            "ftp://x.example",
            "https://k:t@x.example",
            "https://x.example/v2",
            "https://x.example?a=b",
            "x.example",
            "",
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(error.starts_with("scheme, host and port such as https://"), "{text}: {error}");
        }
    }

    #[test]
    fn http_is_insecure_everywhere_but_on_this_machine() {
        for (text, insecure) in [
            ("http://127.0.0.1:4010", false),
            ("http://localhost", false),
            ("http://[::1]:80", false),
            ("http://example.com", true),
            ("http://10.0.0.1:80", true),
            ("https://example.com", false),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().is_insecure(), insecure, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in
            ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "[::1]", "::1", "[::ffff:127.0.0.1]", "a.localhost"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["127.0.0.1.example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
