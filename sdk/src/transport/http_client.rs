//! The transport over reqwest: redirects, proxies of the environment and retries off, every wait and size bounded.

use std::error::Error as StdError;
use std::io::{
    self,
    ErrorKind::{InvalidData, InvalidInput},
};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::{Frame, SizeHint};
use rustls_platform_verifier::Verifier;

use super::options::{HttpTransportOptions, Resolver, Roots};
use super::{Purpose, StreamedBody, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::request::is_loopback;

/// The largest answer that is read. A larger success cannot be understood; a larger refusal is cut.
const BODY_MAX: usize = 1024 * 1024;
const ERROR_BODY_MAX: usize = 64 * 1024;
/// Connecting, TLS included. Always shorter than the whole, since only a failed connect proves that nothing was sent.
const CONNECT: Duration = Duration::from_secs(3);
const READ: Duration = Duration::from_secs(10);
const KEYED_SEND: Duration = Duration::from_secs(30);
/// Long, because a short timeout manufactures unknown outcomes: the provider goes on where we stop listening.
const SEND: Duration = Duration::from_secs(60);
/// Shorter than the idle time after which common servers close, so that a pooled connection is rarely a dead one.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// HTTP/1.1 over reqwest and rustls.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    options: HttpTransportOptions,
    /// For `http://`, which is this machine unless the options say otherwise.
    plain: Clients,
    /// For `https://`. Made by the first request that needs it, since reading the machine's certificate store takes a
    /// while and a mock needs none; an error is why there is no store.
    secure: Arc<OnceLock<Result<Clients>>>,
}

#[derive(Clone, Debug)]
struct Clients {
    pooled: reqwest::Client,
    /// Opens a connection for every request.
    fresh: reqwest::Client,
}

impl HttpTransport {
    /// A transport with these options.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if no HTTP client can be built. A missing certificate store is reported by the first
    /// request over https.
    pub fn new(options: HttpTransportOptions) -> Result<Self> {
        let plain = Clients::new(&options, rustls::RootCertStore::empty())?;
        Ok(Self { options, plain, secure: Arc::new(OnceLock::new()) })
    }

    /// The clients for an address; none for what must not leave, such as plain HTTP to another machine.
    fn clients(&self, uri: &http::Uri) -> Result<&Clients> {
        let refuse = |message: &str| Err(Error::new(ErrorKind::Config, message));
        match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(_)) => {
                match self.secure.get_or_init(|| Clients::new(&self.options, Verified(&self.options.extra_roots))) {
                    Ok(clients) => Ok(clients),
                    Err(reason) => refuse(reason.message()),
                }
            }
            (Some("http"), Some(host)) if self.options.insecure || is_loopback(host) => Ok(&self.plain),
            (Some("http"), Some(_)) => refuse("http:// off this machine needs `insecure = true`"),
            _ => refuse("expected an http:// or https:// address"),
        }
    }

    fn timeout(&self, purpose: Purpose) -> Duration {
        let usual = match purpose {
            Purpose::Read => READ,
            Purpose::KeyedSend => KEYED_SEND,
            Purpose::Send => SEND,
        };
        match self.options.timeout {
            Some(wanted) if purpose == Purpose::Read => wanted.max(Duration::from_millis(1)).min(READ),
            Some(wanted) => wanted.max(Duration::from_millis(1)),
            None => usual,
        }
    }
}

impl Clients {
    fn new(options: &HttpTransportOptions, trust: impl Trust) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error))?;
        let tls = trust.finish(versions, provider)?;
        let client = |idle: usize| {
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .connect_timeout(connect_timeout(options.timeout))
                .pool_max_idle_per_host(idle)
                .pool_idle_timeout(POOL_IDLE)
                .user_agent(concat!("transom/", env!("CARGO_PKG_VERSION")));
            let builder = match &options.resolver {
                Some(resolver) => builder.dns_resolver(Named(Arc::clone(resolver))),
                None => builder,
            };
            builder
                .build()
                .map_err(|error| Error::new(ErrorKind::Config, "no HTTP client can be built").with_source(error))
        };
        Ok(Self { pooled: client(8)?, fresh: client(0)? })
    }
}

type Versions = rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>;

/// Whom a client trusts.
trait Trust {
    fn finish(self, versions: Versions, provider: Arc<rustls::crypto::CryptoProvider>) -> Result<rustls::ClientConfig>;
}

/// Nobody but these.
impl Trust for rustls::RootCertStore {
    fn finish(self, versions: Versions, _: Arc<rustls::crypto::CryptoProvider>) -> Result<rustls::ClientConfig> {
        Ok(versions.with_root_certificates(self).with_no_client_auth())
    }
}

/// Whom this machine trusts, and these.
struct Verified<'r>(&'r Roots);

impl Trust for Verified<'_> {
    fn finish(self, versions: Versions, provider: Arc<rustls::crypto::CryptoProvider>) -> Result<rustls::ClientConfig> {
        let verifier = if self.0.is_empty() {
            Verifier::new(provider)
        } else {
            Verifier::new_with_extra_roots(self.0.iter(), provider)
        };
        let verifier = verifier.map_err(|error| {
            Error::new(ErrorKind::Config, format!("no certificate authority to trust on this machine: {error}"))
        })?;
        Ok(versions.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }
}

/// A resolver of the caller's as one of reqwest's.
struct Named(Arc<dyn Resolver>);

impl reqwest::dns::Resolve for Named {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let resolver = Arc::clone(&self.0);
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await?;
            // Port 0 stands for the one in the URL.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as reqwest::dns::Addrs)
        })
    }
}

fn connect_timeout(total: Option<Duration>) -> Duration {
    total.map_or(CONNECT, |total| CONNECT.min(total.max(Duration::from_millis(1)) / 4 * 3))
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        self.carry(request).await
    }

    async fn send_streamed(&self, request: Request<StreamedBody>) -> Result<Response<Bytes>> {
        self.carry(request.map(|body| reqwest::Body::wrap(Chunks(body)))).await
    }
}

impl HttpTransport {
    async fn carry(&self, request: Request<impl Into<reqwest::Body>>) -> Result<Response<Bytes>> {
        let clients = self.clients(request.uri())?;
        let purpose = Purpose::of(&request);
        // A key makes a repetition harmless. It does not make a stray answer, to another message, this one's.
        let may_pool = self.options.reuse_connections || purpose == Purpose::Read;
        let client = if may_pool { &clients.pooled } else { &clients.fresh };

        let mut request = reqwest::Request::try_from(request).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "the request cannot be built").with_source(error.without_url())
        })?;
        *request.timeout_mut() = Some(self.timeout(purpose));
        let response = client.execute(request).await.map_err(|error| before_answer(error, purpose))?;
        read(response, purpose).await
    }
}

/// A streamed body as the HTTP library takes it.
struct Chunks(StreamedBody);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.0.poll_chunk(context).map(|chunk| chunk.transpose().map(|chunk| chunk.map(Frame::data)))
    }

    /// Exact, so that the length goes ahead in the head.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.length())
    }
}

/// What a failure before the head of an answer proves.
fn before_answer(error: reqwest::Error, purpose: Purpose) -> Error {
    let error = error.without_url();
    let own = causes(&error).find_map(|cause| cause.downcast_ref::<Error>());
    // `is_connect` first: a connect that timed out is both, and only a connect that failed is a proof.
    if let Some(own) = own {
        // A streamed body that failed, which leaves the request incomplete.
        Error::problems(own.kind(), vec![own.message().to_owned()]).with_source(error)
    } else if error.is_builder() {
        Error::new(ErrorKind::InvalidRequest, "the request cannot be built").with_source(error)
    } else if error.is_connect() && is_bad_tls(&error) {
        // The same server would say the same again, so this is no passing failure.
        let what = format!("the server's TLS cannot be accepted: {}", root_cause(&error));
        Error::new(ErrorKind::MalformedResponse, what).with_source(error)
    } else if error.is_connect() {
        let what = if error.is_timeout() { "the connection timed out" } else { "the connection could not be made" };
        Error::new(ErrorKind::ProviderUnavailable, format!("{what}: {}", root_cause(&error))).with_source(error)
    } else if error.is_timeout() {
        purpose.in_doubt(Error::new(ErrorKind::ProviderUnavailable, "no answer in time").with_source(error))
    } else if is_not_http(&error) {
        purpose.in_doubt(Error::new(ErrorKind::MalformedResponse, "the answer is not HTTP").with_source(error))
    } else {
        let broken = Error::new(ErrorKind::ProviderUnavailable, "the connection broke before an answer came");
        purpose.in_doubt(broken.with_source(error))
    }
}

/// Reads the body of an answer. A refusal stands on its status alone, so a broken body does not hide it; a success
/// whose body breaks is a message most likely taken.
async fn read(mut response: reqwest::Response, purpose: Purpose) -> Result<Response<Bytes>> {
    let status = response.status();
    if status.is_success() && is_packed(response.headers()) {
        return Err(super::unreadable(status, purpose, "the answer is packed, which it was asked not to be"));
    }
    // A refusal's text that cannot be read tells nobody anything.
    let limit = match status.is_success() {
        true => BODY_MAX,
        false if is_packed(response.headers()) => 0,
        false => ERROR_BODY_MAX,
    };
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) if status.is_success() => {
                return Err(super::unreadable(status, purpose, format!("the answer is longer than {limit} bytes")));
            }
            Err(error) if status.is_success() => return Err(in_body(error, status, purpose)),
            // The end, or all that there is to get of a refusal.
            Ok(_) | Err(_) => break,
        }
    }
    let mut answer = Response::new(body.freeze());
    *answer.status_mut() = status;
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    Ok(answer)
}

fn in_body(error: reqwest::Error, status: StatusCode, purpose: Purpose) -> Error {
    let error = error.without_url();
    let (kind, what) = if error.is_timeout() {
        (ErrorKind::ProviderUnavailable, "the answer stopped half-way and did not go on in time")
    } else if is_not_http(&error) {
        (ErrorKind::MalformedResponse, "the answer's body is not HTTP")
    } else {
        (ErrorKind::ProviderUnavailable, "the connection broke in the middle of the answer")
    };
    purpose.in_doubt(Error::new(kind, what).with_status(status).with_source(error))
}

/// Whether an answer says that its body is in a coding. Every request asks for none, and none is undone: what unpacks may
/// unpack to gigabytes.
fn is_packed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    codings.any(|coding| !matches!(coding.trim_ascii(), b"" | b"identity"))
}

/// Whether it was what came that was wrong, and not that nothing more came.
fn is_not_http(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        // The size of a chunk that is no number is this kind of error and not the other.
        let is_nonsense = |error: &io::Error| matches!(error.kind(), InvalidData | InvalidInput);
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
            || cause.downcast_ref::<io::Error>().is_some_and(is_nonsense)
    })
}

/// Whether a handshake failed for what was said in it: no TLS at all, a certificate that cannot be trusted, no common
/// version.
fn is_bad_tls(error: &reqwest::Error) -> bool {
    // An I/O error's content is not among its causes, and rustls's errors come as content, of content at times.
    fn is_rustls(error: &(dyn StdError + 'static)) -> bool {
        let content = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        error.is::<rustls::Error>() || content.is_some_and(|content| is_rustls(content))
    }
    causes(error).any(is_rustls)
}

fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connect_timeout_is_always_shorter_than_the_whole() {
        for total in [None, Some(Duration::ZERO), Some(Duration::from_millis(200)), Some(Duration::MAX)] {
            let connect = connect_timeout(total);
            assert!(
                connect > Duration::ZERO && total.is_none_or(|t| connect < t.max(Duration::from_millis(1))),
                "{total:?}"
            );
        }
    }

    #[tokio::test]
    async fn plain_http_to_another_machine_is_refused_before_a_byte_leaves() {
        let transport = HttpTransport::new(HttpTransportOptions::default()).unwrap();
        let request = Request::get("http://192.0.2.1/v1/me").body(Bytes::new()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.may_have_been_sent());
    }
}
