//! The transport over hyper, which follows no redirect, knows no proxy and repeats nothing: every wait and size is bounded.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::io::{
    self,
    ErrorKind::{InvalidData, InvalidInput, TimedOut},
};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_platform_verifier::Verifier;
use tokio::time::{Instant, timeout_at};

use super::connection::{Connector, Head, Names};
use super::options::{HttpOptions, Roots};
use super::{Operation, StreamedBody, Transport};
use crate::adapter::request::is_loopback;
use crate::error::{Error, ErrorKind, Result};

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

/// HTTP/1.1 over hyper and rustls.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    options: HttpOptions,
    /// For `http://`, which is this machine unless the options say otherwise.
    plain: Clients,
    /// For `https://`. Made by the first request that needs it, since reading the machine's certificate store takes a
    /// while and a mock needs none; an error is why there is no store.
    secure: Arc<OnceLock<Result<Clients>>>,
}

#[derive(Clone, Debug)]
struct Clients {
    pooled: Client,
    /// Opens a connection for every request.
    fresh: Client,
}

type Client = legacy::Client<Connector, Body>;

impl HttpTransport {
    /// A transport with these options.
    ///
    /// # Errors
    /// None for now. A missing certificate store is reported by the first request over https.
    pub fn new(options: HttpOptions) -> Result<Self> {
        let plain = Clients::new(&options, None);
        Ok(Self { options, plain, secure: Arc::new(OnceLock::new()) })
    }

    /// The clients for an address; none for what must not leave, such as plain HTTP to another machine.
    fn clients(&self, uri: &http::Uri) -> Result<&Clients> {
        let refuse = |message: &str| Err(Error::new(ErrorKind::Config, message));
        match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(_)) => {
                match self
                    .secure
                    .get_or_init(|| Ok(Clients::new(&self.options, Some(verified(&self.options.extra_roots)?))))
                {
                    Ok(clients) => Ok(clients),
                    Err(reason) => refuse(reason.message()),
                }
            }
            (Some("http"), Some(host)) if self.options.insecure || is_loopback(host) => Ok(&self.plain),
            (Some("http"), Some(_)) => refuse("http:// off this machine needs `insecure = true`"),
            _ => refuse("expected an http:// or https:// address"),
        }
    }

    fn timeout(&self, operation: Operation) -> Duration {
        let usual = match purpose {
            Operation::Read => READ,
            Operation::IdempotentSend => KEYED_SEND,
            Operation::Send => SEND,
        };
        match self.options.timeout {
            Some(wanted) if operation == Operation::Read => wanted.max(Duration::from_millis(1)).min(READ),
            Some(wanted) => wanted.max(Duration::from_millis(1)),
            None => usual,
        }
    }
}

impl Clients {
    fn new(options: &HttpOptions, tls: Option<rustls::ClientConfig>) -> Self {
        let names = match (&options.resolver, tls.is_none() && !options.insecure) {
            (own, true) => Names::Loopback(own.clone()),
            (Some(own), false) => Names::Given(Arc::clone(own)),
            (None, false) => Names::System(GaiResolver::new()),
        };
        let connector = Connector::new(names, tls, connect_timeout(options.timeout));
        let client = |idle: usize| {
            legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(POOL_IDLE)
                .pool_max_idle_per_host(idle)
                .build(connector.clone())
        };
        Self { pooled: client(8), fresh: client(0) }
    }
}

/// Trusts whom this machine trusts, and these.
fn verified(extra_roots: &Roots) -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error))?;
    let verifier = if extra_roots.is_empty() {
        Verifier::new(provider)
    } else {
        Verifier::new_with_extra_roots(extra_roots.iter(), provider)
    };
    let verifier = verifier.map_err(|error| {
        Error::new(ErrorKind::Config, format!("no certificate authority to trust on this machine: {error}"))
    })?;
    Ok(versions.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn connect_timeout(total: Option<Duration>) -> Duration {
    total.map_or(CONNECT, |total| CONNECT.min(total.max(Duration::from_millis(1)) / 4 * 3))
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

impl HttpTransport {
    async fn carry(&self, mut request: Request<Body>) -> Result<Response<Bytes>> {
        let clients = self.clients(request.uri())?;
        let operation = Operation::of(&request);
        // A key makes a repetition harmless. It does not make a stray answer, to another message, this one's.
        let may_pool = self.options.reuse_connections || operation == Operation::Read;
        let client = if may_pool { &clients.pooled } else { &clients.fresh };
        let name = const { HeaderValue::from_static(concat!("transom/", env!("CARGO_PKG_VERSION"))) };
        request.headers_mut().entry(USER_AGENT).or_insert(name);

        let now = Instant::now();
        // A century is as good as for ever.
        let deadline = now.checked_add(self.timeout(operation)).unwrap_or(now + Duration::from_secs(3_155_760_000));
        let response = match timeout_at(deadline, client.request(request)).await {
            Ok(answered) => answered.map_err(|error| before_answer(error, operation))?,
            Err(_) => return Err(purpose.mark_unknown(Error::new(ErrorKind::ProviderUnavailable, "no answer in time"))),
        };
        let head = response.extensions().get::<Head>().cloned().unwrap_or_default();
        head.has_come();
        let answer = read(response, operation, deadline).await;
        head.comes_next();
        answer
    }
}

/// A request's body as the HTTP library takes it.
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

    /// Exact, so that the length goes ahead in the head.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Streamed(body) => body.length(),
        })
    }
}

/// What a failure before the head of an answer proves.
fn before_answer(error: legacy::Error, operation: Operation) -> Error {
    let own = causes(&error).find_map(|cause| cause.downcast_ref::<Error>());
    if let Some(own) = own {
        // A streamed body that failed, which leaves the request incomplete.
        Error::invalid(own.kind(), vec![own.message().to_owned()]).with_source(error)
    } else if error.is_connect() && is_bad_tls(&error) {
        // The same server would say the same again, so this is no passing failure.
        let what = format!("the server's TLS cannot be accepted: {}", root_cause(&error));
        Error::new(ErrorKind::MalformedResponse, what).with_source(error)
    } else if error.is_connect() {
        let what = if is_timeout(&error) { "the connection timed out" } else { "the connection could not be made" };
        Error::new(ErrorKind::ProviderUnavailable, format!("{what}: {}", root_cause(&error))).with_source(error)
    } else if is_not_http(&error) {
        let what = format!("the answer is not HTTP: {}", root_cause(&error));
        purpose.mark_unknown(Error::new(ErrorKind::MalformedResponse, what).with_source(error))
    } else {
        let broken = Error::new(ErrorKind::ProviderUnavailable, "the connection broke before an answer came");
        purpose.mark_unknown(broken.with_source(error))
    }
}

/// Reads the body of an answer. A refusal stands on its status alone, so a broken body does not hide it; a success
/// whose body breaks is a message most likely taken.
async fn read(response: Response<Incoming>, operation: Operation, deadline: Instant) -> Result<Response<Bytes>> {
    let (head, mut incoming) = response.into_parts();
    let status = head.status;
    if status.is_success() && is_packed(&head.headers) {
        return Err(super::unreadable(status, operation, "the answer is packed, which it was asked not to be"));
    }
    let limit = match status.is_success() {
        true => BODY_MAX,
        // A refusal's text that cannot be read tells nobody anything.
        false if is_packed(&head.headers) => 0,
        false => ERROR_BODY_MAX,
    };
    let mut body = BytesMut::new();
    loop {
        match timeout_at(deadline, chunk(&mut incoming)).await {
            Ok(Some(Ok(chunk))) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(Ok(_))) if status.is_success() => {
                return Err(super::unreadable(status, operation, format!("the answer is longer than {limit} bytes")));
            }
            Ok(Some(Err(error))) if status.is_success() => return Err(in_body(error, status, operation)),
            Err(_) if status.is_success() => return Err(stopped(status, operation)),
            // The end, or all that there is to get of a refusal.
            _ => break,
        }
    }
    let mut answer = Response::new(body.freeze());
    *answer.status_mut() = status;
    *answer.headers_mut() = head.headers;
    Ok(answer)
}

/// The next piece of an answer's body. None is its end.
async fn chunk(body: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
    loop {
        let frame = poll_fn(|context| hyper::body::Body::poll_frame(Pin::new(body), context)).await?;
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => return Some(Ok(data)),
            // Trailers.
            Ok(Err(_)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

fn stopped(status: StatusCode, operation: Operation) -> Error {
    let what = "the answer stopped half-way and did not go on in time";
    purpose.mark_unknown(Error::new(ErrorKind::ProviderUnavailable, what).with_status(status))
}

fn in_body(error: hyper::Error, status: StatusCode, operation: Operation) -> Error {
    let (kind, what) = if is_not_http(&error) {
        (ErrorKind::MalformedResponse, "the answer's body is not HTTP")
    } else {
        (ErrorKind::ProviderUnavailable, "the connection broke in the middle of the answer")
    };
    purpose.mark_unknown(Error::new(kind, what).with_status(status).with_source(error))
}

/// Whether an answer says that its body is in a coding. Every request asks for none, and none is undone: what unpacks may
/// unpack to gigabytes.
fn is_packed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    codings.any(|coding| !matches!(coding.trim_ascii(), b"" | b"identity"))
}

/// Whether it was what came that was wrong, and not that nothing more came.
fn is_not_http(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        // The size of a chunk that is no number is this kind of error and not the other.
        let is_nonsense = |error: &io::Error| matches!(error.kind(), InvalidData | InvalidInput);
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
            || cause.downcast_ref::<io::Error>().is_some_and(is_nonsense)
    })
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == TimedOut))
}

/// Whether a handshake failed for what was said in it: no TLS at all, a certificate that cannot be trusted, no common
/// version.
fn is_bad_tls(error: &(dyn StdError + 'static)) -> bool {
    // An I/O error's content is not among its causes, and rustls's errors come as content, of content at times.
    fn is_rustls(error: &(dyn StdError + 'static)) -> bool {
        let content = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        error.is::<rustls::Error>() || content.is_some_and(|content| is_rustls(content))
    }
    causes(error).any(is_rustls)
}

fn root_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The error and what it comes from.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
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
        let transport = HttpTransport::new(HttpOptions::default()).unwrap();
        let request = Request::get("http://192.0.2.1/v1/me").body(Bytes::new()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.may_have_been_sent());
    }
}
