//! The transport over reqwest: no redirects, no proxy of the environment, no retries, and a bound on every wait and size.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request, Response};
use hyper::body::{Frame, SizeHint};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, redirect};
use rustls_platform_verifier::Verifier;
use tokio::time::{Instant, timeout_at};

use super::error::{Cause, TransportError};
use super::options::{HttpOptions, LOOPBACK_HOSTS, Resolver, Roots};
use super::{BodyLimit, Operation, StreamedBody, Transport, causes};
use crate::adapter::request::is_loopback;
use crate::error::{Error, ErrorKind, Result};

/// The longest response that is read. A longer success is unreadable; a longer rejection is cut.
const MAX_BODY_BYTES: usize = 1024 * 1024;
const MAX_ERROR_BODY_BYTES: usize = 64 * 1024;
/// Connecting, TLS included. Always shorter than the whole, since only a failed connect proves that nothing was sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const IDEMPOTENT_SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Kept long: after a client timeout the provider may still send the message, so a short timeout creates unknown outcomes.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// Shorter than the idle time after which common servers close, so that a pooled connection is rarely a dead one.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Idle connections to one host.
const POOL_MAX_IDLE: usize = 8;

/// HTTP/1.1 over reqwest and rustls.
///
/// reqwest bounds the head of a response at 400 KiB; a longer head makes the outcome of a send unknown.
#[derive(Clone)]
pub struct HttpTransport {
    options: HttpOptions,
    clients: Clients,
}

#[derive(Clone)]
enum Clients {
    Own {
        /// For `http://`: this machine only, unless the options allow more.
        plain: Client,
        /// For `https://`. The first request that needs it builds it, because reading the machine's certificate store takes
        /// a while and a mock needs no store. An error is the reason why there is no store.
        secure: Arc<OnceLock<Result<Client>>>,
    },
    /// The application's own client.
    Given(Client),
}

impl HttpTransport {
    /// A transport with these options.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the proxy is no `http://` or `https://` URL, or if no HTTP client can be built. The first
    /// request over https reports a missing certificate store.
    pub fn new(options: HttpOptions) -> Result<Self> {
        // reqwest wants a TLS configuration also for a client that only speaks plain HTTP.
        let plain = own_client(&options, untrusting()?, !options.insecure)?;
        Ok(Self { options, clients: Clients::Own { plain, secure: Arc::default() } })
    }

    /// A transport over the application's own client, with its TLS, name lookup and proxy.
    ///
    /// The client decides what this transport else guarantees, so build it with
    ///
    /// - `redirect(Policy::none())`: a redirect may be how a form says "done", and following one may send twice;
    /// - `retry(reqwest::retry::never())`: only a [`Retry`](crate::layers::Retry) layer knows whether a repetition is safe;
    /// - `no_proxy()`, or a `proxy` of its own: else it uses the proxy that the environment names;
    /// - `pool_max_idle_per_host(0)`: a stray response on a kept connection would count as the response to the next message;
    /// - `connect_timeout(3 s)`, and no `timeout`: only a failed connect proves that nothing was sent, and this transport has
    ///   a timeout for the whole;
    /// - `no_gzip()`, `no_brotli()`, `no_zstd()` and `no_deflate()`, where the application enables these features of reqwest;
    /// - no `connection_verbose(true)`, which logs credentials.
    ///
    /// `http://` is still only allowed to this machine. The client's own resolver says where `*.localhost` is.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the client follows redirects, as far as its debug form shows that. Where it does not, a
    /// response that was redirected is an error whose outcome is unknown.
    ///
    /// ```
    /// use transom::transport::HttpTransport;
    /// # use std::sync::Arc;
    /// # let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
    /// #     .with_safe_default_protocol_versions()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    ///
    /// let client = reqwest::Client::builder()
    /// #   .tls_backend_preconfigured(tls)
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .retry(reqwest::retry::never())
    ///     .no_proxy()
    ///     .pool_max_idle_per_host(0)
    ///     .connect_timeout(std::time::Duration::from_secs(3))
    ///     .build()?;
    /// let transport = HttpTransport::with_client(client)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_client(client: Client) -> Result<Self> {
        if follows_redirects(&client)? {
            return Err(config_error("the HTTP client follows redirects: build it with `redirect(Policy::none())`"));
        }
        Ok(Self { options: HttpOptions::default(), clients: Clients::Given(client) })
    }

    /// Sets how long one request may take in all, as [`HttpOptions::timeout`] does.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// The client for a request. Refuses what must not leave, such as plain HTTP to another machine.
    fn client(&self, uri: &http::Uri) -> Result<&Client> {
        let is_secure = match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(host)) if self.options.insecure || is_loopback(host) => false,
            (Some("http"), Some(_)) => return Err(config_error("http:// off this machine needs `insecure = true`")),
            _ => return Err(config_error("expected an http:// or https:// address")),
        };
        match &self.clients {
            Clients::Given(client) => Ok(client),
            Clients::Own { plain, .. } if !is_secure => Ok(plain),
            Clients::Own { secure, .. } => {
                let build = || own_client(&self.options, verified(&self.options.extra_roots)?, false);
                secure.get_or_init(build).as_ref().map_err(Clone::clone)
            }
        }
    }

    fn timeout(&self, operation: Operation, is_file: bool) -> Duration {
        let operation = if is_file { Operation::Send } else { operation };
        let usual = match operation {
            Operation::Read => READ_TIMEOUT,
            Operation::IdempotentSend => IDEMPOTENT_SEND_TIMEOUT,
            Operation::Send => SEND_TIMEOUT,
        };
        match self.options.timeout {
            Some(wanted) if operation == Operation::Read => wanted.max(Duration::from_millis(1)).min(READ_TIMEOUT),
            Some(wanted) => wanted.max(Duration::from_millis(1)),
            None => usual,
        }
    }

    async fn carry(&self, mut request: Request<Body>) -> Result<Response<Bytes>> {
        let operation = Operation::of(&request);
        let wanted = request.extensions().get::<BodyLimit>().copied();
        let BodyLimit(limit) = wanted.unwrap_or(BodyLimit(MAX_BODY_BYTES));
        let timeout = self.timeout(operation, wanted.is_some());
        let client = self.client(request.uri())?;
        let name = const { HeaderValue::from_static(concat!("transom/", env!("CARGO_PKG_VERSION"))) };
        request.headers_mut().entry(USER_AGENT).or_insert(name);
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap)).map_err(|error| {
            config_error("expected an http:// or https:// address").with_source(error.without_url())
        })?;
        exchange(client, request, timeout, limit).await.map_err(|reason| reason.into_error(operation))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        self.carry(request.map(Body::Whole)).await
    }

    async fn send_streamed(&self, request: Request<StreamedBody>) -> Result<Response<Bytes>> {
        self.carry(request.map(Body::Streamed)).await
    }
}

/// Without the clients, whose debug forms show the proxy's credentials.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The client that the options ask for. Without `reuse_connections`, it opens a connection for every request.
fn own_client(options: &HttpOptions, tls: rustls::ClientConfig, is_loopback_only: bool) -> Result<Client> {
    if !options.proxy.as_ref().is_none_or(|proxy| super::is_proxy_url(proxy.expose())) {
        return Err(config_error(format!("proxy: expected {}", super::PROXY_EXPECTED)));
    }
    let mut builder = bare_builder(tls)
        .connect_timeout(connect_timeout(options.timeout))
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(if options.reuse_connections { POOL_MAX_IDLE } else { 0 });
    if is_loopback_only {
        builder = builder.dns_resolver(LoopbackNames(options.resolver.clone()));
    } else {
        if let Some(resolver) = &options.resolver {
            builder = builder.dns_resolver(GivenNames(Arc::clone(resolver)));
        }
        if let Some(proxy) = &options.proxy {
            // A request to this machine stays on it.
            let direct = reqwest::NoProxy::from_string(LOOPBACK_HOSTS);
            let proxy = reqwest::Proxy::all(proxy.expose()).map_err(reqwest::Error::without_url);
            let proxy = proxy.map_err(|error| config_error("proxy: it cannot be used").with_source(error))?;
            builder = builder.proxy(proxy.no_proxy(direct));
        }
    }
    builder.build().map_err(|error| config_error("the HTTP client cannot be built").with_source(error.without_url()))
}

/// A client that does nothing on its own. It undoes no compression and speaks HTTP/1.1, whatever features of reqwest the
/// application enables.
fn bare_builder(tls: rustls::ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
}

type TlsBuilder = rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>;

/// With a provider of its own, not the process's: the application may have installed another one, or none.
fn tls_builder() -> Result<TlsBuilder> {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| config_error("TLS cannot be set up").with_source(error))
}

/// Trusts no authority.
fn untrusting() -> Result<rustls::ClientConfig> {
    Ok(tls_builder()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// Trusts the authorities that this machine trusts, and `extra_roots`.
fn verified(extra_roots: &Roots) -> Result<rustls::ClientConfig> {
    let builder = tls_builder()?;
    let provider = Arc::clone(builder.crypto_provider());
    let verifier = if extra_roots.is_empty() {
        Verifier::new(provider)
    } else {
        Verifier::new_with_extra_roots(extra_roots.iter(), provider)
    };
    let verifier = verifier
        .map_err(|error| config_error(format!("no certificate authority to trust on this machine: {error}")))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn connect_timeout(total: Option<Duration>) -> Duration {
    total.map_or(CONNECT_TIMEOUT, |total| CONNECT_TIMEOUT.min(total.max(Duration::from_millis(1)) / 4 * 3))
}

/// Whether `client` follows redirects. reqwest shows a policy only in a client's debug form, so a client that surely
/// follows none serves as the measure; where not even that one shows its policy, the answer is no.
fn follows_redirects(client: &Client) -> Result<bool> {
    let measure =
        bare_builder(untrusting()?).build().map_err(|error| config_error("TLS cannot be set up").with_source(error))?;
    let policy = |client: &Client| {
        let text = format!("{client:?}");
        text.split_once("redirect_policy: ").and_then(|(_, rest)| Some(rest.split_once(',')?.0.to_owned()))
    };
    let none = policy(&measure);
    Ok(none.is_some() && policy(client) != none)
}

fn config_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Sends `request` and reads its response of at most `most` bytes, within `limit`.
async fn exchange(
    client: &Client,
    request: reqwest::Request,
    limit: Duration,
    most: usize,
) -> Result<Response<Bytes>, TransportError> {
    let now = Instant::now();
    // A century is as good as for ever.
    let deadline = now.checked_add(limit).unwrap_or(now + Duration::from_secs(3_155_760_000));
    let url = request.url().clone();
    let response = match timeout_at(deadline, client.execute(request)).await {
        Ok(answered) => answered.map_err(before_response)?,
        Err(_) => return Err(TransportError::Timeout(limit)),
    };
    if *response.url() != url {
        return Err(TransportError::Redirected(response.status()));
    }
    read(response, deadline, most).await
}

/// Reads the body of a response of at most `most` bytes. A rejection stands on its status alone, so a broken body does not hide it; a success
/// whose body breaks is a message that the provider most likely accepted.
async fn read(
    mut response: reqwest::Response,
    deadline: Instant,
    most: usize,
) -> Result<Response<Bytes>, TransportError> {
    let status = response.status();
    let is_compressed = is_compressed(response.headers());
    let limit = match status.is_success() {
        true if is_compressed => return Err(TransportError::Compressed(status)),
        true => most,
        false if is_compressed => 0,
        false => MAX_ERROR_BODY_BYTES,
    };
    let mut body = BytesMut::new();
    loop {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Ok(Some(_))) if status.is_success() => return Err(TransportError::TooLarge { status, limit }),
            // The start of a long rejection may name a message.
            Ok(Ok(Some(chunk))) => {
                body.extend_from_slice(chunk.get(..limit - body.len()).unwrap_or_default());
                break;
            }
            Ok(Err(error)) if status.is_success() => {
                let source = cause(error);
                let is_not_http = is_not_http(&source);
                return Err(if is_not_http {
                    TransportError::BodyNotHttp { status, source }
                } else {
                    TransportError::BodyClosed { status, source }
                });
            }
            Err(_) if status.is_success() => return Err(TransportError::BodyTimeout(status)),
            // The end, or all that there is to get of a rejection.
            _ => break,
        }
    }
    let mut whole = Response::new(body.freeze());
    *whole.status_mut() = status;
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    Ok(whole)
}

/// Why there is no head of a response. Whether the connection was made comes first: a connect that times out is a connect.
fn before_response(error: reqwest::Error) -> TransportError {
    let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
    let cause = cause(error);
    let own = causes(&cause).find_map(|cause| cause.downcast_ref::<Error>()).cloned();
    if let Some(own) = own {
        // A streamed body that failed, which leaves the request incomplete.
        TransportError::RequestBody { own, source: cause }
    } else if is_connect && is_bad_tls(&cause) {
        TransportError::Tls(cause)
    } else if is_connect && is_timeout {
        TransportError::ConnectTimeout(cause)
    } else if is_connect {
        TransportError::Connect(cause)
    } else if is_not_http(&cause) {
        TransportError::NotHttp(cause)
    } else {
        TransportError::Closed(cause)
    }
}

/// The error without the URL, which may hold a phone number.
fn cause(error: reqwest::Error) -> Cause {
    Cause(Box::new(error.without_url()))
}

/// Whether a response says that its body is compressed. Every request asks for no compression, and this transport undoes
/// none: a small body may unpack to gigabytes.
fn is_compressed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    codings.any(|coding| !matches!(coding.trim_ascii(), b"" | b"identity"))
}

/// Whether the bytes received are wrong, in contrast to a connection that broke.
fn is_not_http(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        // The size of a chunk that is no number is this kind of error and not the other.
        let is_nonsense =
            |error: &io::Error| matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
            || cause.downcast_ref::<io::Error>().is_some_and(is_nonsense)
    })
}

/// Whether a handshake failed for what the server said in it: no TLS at all, a certificate that is not trusted, no common
/// version.
fn is_bad_tls(error: &(dyn StdError + 'static)) -> bool {
    // An I/O error's content is not among its causes, and rustls's errors come as content, of content at times.
    fn is_rustls(error: &(dyn StdError + 'static)) -> bool {
        let content = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        error.is::<rustls::Error>() || content.is_some_and(|content| is_rustls(content))
    }
    causes(error).any(is_rustls)
}

/// Asks the application's resolver.
struct GivenNames(Arc<dyn Resolver>);

/// Resolves names of this machine without asking another one (RFC 6761, 6.3). The addresses of the application's resolver,
/// if it has one, must be this machine's too.
struct LoopbackNames(Option<Arc<dyn Resolver>>);

impl Resolve for GivenNames {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.0);
        Box::pin(async move { Ok(at_any_port(resolver.resolve(name.as_str()).await?)) })
    }
}

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        let Some(resolver) = self.0.clone() else {
            let both = at_any_port(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
            return Box::pin(std::future::ready(Ok(both)));
        };
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await?;
            if found.iter().all(|ip| ip.to_canonical().is_loopback()) {
                Ok(at_any_port(found))
            } else {
                Err("a name of this machine leads to another one".into())
            }
        })
    }
}

/// Port 0 stands for the one in the URL.
fn at_any_port(found: Vec<IpAddr>) -> Addrs {
    Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)))
}

/// A request's body as reqwest takes it.
enum Body {
    Whole(Bytes),
    Streamed(StreamedBody),
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Streamed(body) => {
                body.poll_chunk(context).map(|chunk| chunk.transpose().map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    /// Exact, so that the head of the request carries the length.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Streamed(body) => body.length(),
        })
    }
}

#[cfg(test)]
mod tests;
