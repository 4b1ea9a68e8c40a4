//! The client that calls webhook targets.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, Request, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, redirect, retry};
use rustls_platform_verifier::Verifier;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::rustls;

use crate::core::webhook::DeliveryOutcome;
use crate::server::tls::WebhookRoots;

/// What is read of an answer; only its status matters.
const MOST_READ: usize = 4 * 1024;
/// An idle connection is kept for so long.
const IDLE: Duration = Duration::from_secs(5);
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// It follows no redirect, repeats nothing, asks no proxy and looks no name up.
#[derive(Debug, Clone)]
pub(super) struct TargetClient {
    plain: Clients,
    /// Made for the first call over TLS, since the certificates of this machine take time and memory.
    tls: Arc<OnceLock<Option<Clients>>>,
    roots: WebhookRoots,
}

#[derive(Debug, Clone)]
struct Clients {
    /// For targets that say that they keep the connection. One that says nothing may hang up behind its answer, and the next call
    /// would be lost without the target's doing.
    keeping: Client,
    closing: Client,
}

/// What came of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    Answered(StatusCode),
    /// Nobody listens.
    NobodyThere,
    /// What listens hung up or speaks no HTTP.
    Broken,
    /// Nothing came within the limit.
    Silence,
    /// No TLS was agreed on.
    Untrusted,
}

impl From<Tried> for DeliveryOutcome {
    fn from(tried: Tried) -> Self {
        match tried {
            Tried::Answered(status) => Self::Answered(status),
            Tried::NobodyThere => Self::Refused,
            Tried::Broken => Self::Unanswered,
            Tried::Silence => Self::TimedOut,
            Tried::Untrusted => Self::TlsFailed,
        }
    }
}

impl Clients {
    /// `None` if the TLS library cannot be set up.
    fn new(tls: &rustls::ClientConfig) -> Option<Self> {
        let client = |most_idle| {
            let client = Client::builder().tls_backend_preconfigured(tls.clone()).http1_only().no_proxy();
            let client = client.redirect(redirect::Policy::none()).retry(retry::never()).referer(false);
            let client = client.dns_resolver(Arc::new(ThisMachine)).pool_idle_timeout(IDLE);
            client.pool_max_idle_per_host(most_idle).no_gzip().no_brotli().no_zstd().no_deflate().build().ok()
        };
        Some(Self { keeping: client(1)?, closing: client(0)? })
    }
}

/// Trusts the authorities that this machine trusts, and `roots`. A machine that trusts none leaves those.
fn verified(roots: &WebhookRoots) -> Option<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    if let Ok(verifier) = Verifier::new_with_extra_roots(roots.iter(), provider) {
        return Some(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth());
    }
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(roots.iter());
    Some(builder.with_root_certificates(store).with_no_client_auth())
}

impl TargetClient {
    /// `None` if the TLS library cannot be set up, which nothing else here depends on.
    pub(super) fn new(roots: WebhookRoots) -> Option<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
        let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
        Some(Self { plain: Clients::new(&tls)?, tls: Arc::default(), roots })
    }

    fn clients(&self, request: &Request<Bytes>) -> Option<&Clients> {
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Some(&self.plain);
        }
        self.tls.get_or_init(|| Clients::new(&verified(&self.roots)?)).as_ref()
    }

    /// One try. `is_kept` is whether the target kept the connection the last time, and is then whether it keeps this one.
    pub(super) async fn post(&self, request: Request<Bytes>, limit: Duration, is_kept: &mut bool) -> Tried {
        let deadline = Instant::now() + limit;
        let Some(clients) = self.clients(&request) else { return Tried::Untrusted };
        let client = if *is_kept { &clients.keeping } else { &clients.closing };
        *is_kept = false;
        let Ok(request) = reqwest::Request::try_from(request) else { return Tried::Broken };
        match timeout_at(deadline, client.execute(request)).await {
            Ok(Ok(response)) => {
                let (status, offers_more) = (response.status(), offers_more(response.headers()));
                // With its status the target has answered, whatever becomes of the rest.
                let is_read = timeout_at(deadline, read_all(response)).await.unwrap_or_default();
                *is_kept = offers_more && is_read;
                Tried::Answered(status)
            }
            Ok(Err(error)) if is_of_tls(&error) => Tried::Untrusted,
            Ok(Err(error)) if error.is_connect() => Tried::NobodyThere,
            Ok(Err(_)) => Tried::Broken,
            Err(_) => Tried::Silence,
        }
    }
}

/// Whether TLS is the reason of an error. One error of IO may hold another.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let content = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || content.is_some_and(|content| is_of_tls(content))
        || error.source().is_some_and(is_of_tls)
}

/// Targets are addresses, which nobody looks up, or `localhost`. No resolver can lead them elsewhere.
struct ThisMachine;

impl Resolve for ThisMachine {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses: [SocketAddr; 2] = [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
        let is_known = name.as_str().eq_ignore_ascii_case("localhost");
        Box::pin(async move {
            if is_known { Ok(Box::new(addresses.into_iter()) as Addrs) } else { Err("no name is looked up".into()) }
        })
    }
}

/// Whether a target says that it keeps the connection.
fn offers_more(headers: &HeaderMap) -> bool {
    let connection = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let options: Vec<&str> = connection.flat_map(|value| value.split(',')).map(str::trim).collect();
    let has = |wanted: &str| options.iter().any(|option| option.eq_ignore_ascii_case(wanted));
    (has("keep-alive") || headers.contains_key(KEEP_ALIVE)) && !has("close")
}

/// Whether the whole body came, and was not too long to be read.
async fn read_all(mut response: Response) -> bool {
    let mut read = 0_usize;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => read = read.saturating_add(chunk.len()),
            end => return end.is_ok(),
        }
        if read > MOST_READ {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::*;

    async fn post(client: &TargetClient, address: SocketAddr, limit: Duration, is_kept: &mut bool) -> Tried {
        client.post(call(address), limit, is_kept).await
    }

    const LIMIT: Duration = Duration::from_millis(100);

    fn call(address: SocketAddr) -> Request<Bytes> {
        Request::post(format!("http://{address}/")).body(Bytes::from_static(b"{}")).unwrap()
    }

    /// A target that answers each call with these bytes and keeps every connection open; each call is counted with that of its
    /// connection.
    async fn target(answer: &'static str) -> (SocketAddr, JoinSet<()>, std::sync::Arc<std::sync::Mutex<Vec<usize>>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = std::sync::Arc::<std::sync::Mutex<Vec<usize>>>::default();
        let mut target = JoinSet::new();
        let seen = std::sync::Arc::clone(&calls);
        target.spawn(async move {
            let mut connections = JoinSet::new();
            for number in 1.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let seen = std::sync::Arc::clone(&seen);
                connections.spawn(async move {
                    // A call comes in one piece here; the end when the caller hangs up.
                    while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {
                        seen.lock().unwrap().push(number);
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        (address, target, calls)
    }

    async fn outcome(answer: &'static str) -> Tried {
        let (address, _target, _) = target(answer).await;
        post(&TargetClient::new(WebhookRoots::default()).unwrap(), address, LIMIT, &mut false).await
    }

    #[tokio::test]
    async fn a_target_that_says_nothing_within_the_limit_is_silent() {
        assert_eq!(outcome("").await, Tried::Silence);
        assert_eq!(outcome("HTTP/1.1 200 OK\r\ncontent-le").await, Tried::Silence);
    }

    #[tokio::test]
    async fn status_counts_as_response_even_if_body_never_ends() {
        let answered = Tried::Answered(StatusCode::OK);
        assert_eq!(outcome("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx").await, answered);
    }

    #[tokio::test]
    async fn only_localhost_is_looked_up() {
        for (name, expected) in
            [("localhost", 2), ("LOCALHOST", 2), ("localhost.example.org", 0), ("metadata.internal", 0)]
        {
            let found = ThisMachine.resolve(name.parse().unwrap()).await;
            let found: Vec<SocketAddr> = found.map_or_else(|_| Vec::new(), Iterator::collect);
            assert!(found.len() == expected && found.iter().all(|address| address.ip().is_loopback()), "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_not_http_is_no_answer() {
        assert_eq!(outcome("SSH-2.0-OpenSSH_9.6\r\n").await, Tried::Broken);
    }

    #[tokio::test]
    async fn connection_is_reused_only_if_target_keeps_it_alive() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", [1, 2, 2]),
            ("HTTP/1.1 204 OK\r\nKeep-Alive: timeout=5\r\n\r\n", [1, 2, 2]),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", [1, 2, 3]),
            ("HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", [1, 2, 3]),
        ] {
            let (address, _target, calls) = target(answer).await;
            let (client, mut is_kept) = (TargetClient::new(WebhookRoots::default()).unwrap(), false);
            for _ in 0..3 {
                assert!(matches!(post(&client, address, 100 * LIMIT, &mut is_kept).await, Tried::Answered(_)));
            }
            assert_eq!(*calls.lock().unwrap(), expected, "{answer}");
        }
    }
}
