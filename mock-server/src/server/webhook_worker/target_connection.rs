//! The way to one target: a connection, kept where the target offers that.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::core::webhook::DeliveryOutcome;

/// What is read of an answer; only its status matters.
const MOST_READ: usize = 4 * 1024;
/// The head of an answer must fit; hyper needs at least 8 KiB.
const MOST_HEAD: usize = 16 * 1024;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// A connection that may serve again, or none. Dropping it ends the connection.
#[derive(Debug, Default)]
pub(super) struct TargetConnection {
    sender: Option<http1::SendRequest<Full<Bytes>>>,
    connections: JoinSet<()>,
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
}

impl From<Tried> for DeliveryOutcome {
    fn from(tried: Tried) -> Self {
        match tried {
            Tried::Answered(status) => Self::Answered(status),
            Tried::NobodyThere => Self::Refused,
            Tried::Broken => Self::Unanswered,
            Tried::Silence => Self::TimedOut,
        }
    }
}

impl TargetConnection {
    /// One try. Nothing is followed, and no proxy is asked.
    pub(super) async fn post(&mut self, request: Request<Bytes>, addresses: &[SocketAddr], limit: Duration) -> Tried {
        let deadline = Instant::now() + limit;
        let kept = self.sender.take();
        let tried = match timeout_at(deadline, self.exchange(kept, request, addresses)).await {
            Ok(Ok((sender, status, body, is_offered))) => {
                // With its status the target has answered, whatever becomes of the rest.
                let is_read = timeout_at(deadline, read_all(body)).await.unwrap_or_default();
                self.sender = Some(sender).filter(|_| is_offered && is_read);
                Tried::Answered(status)
            }
            Ok(Err(tried)) => tried,
            Err(_) => Tried::Silence,
        };
        if self.sender.is_none() {
            self.connections.abort_all();
            while self.connections.try_join_next().is_some() {}
        }
        tried
    }

    /// On the kept connection if the target has not closed it meanwhile, else on a new one.
    async fn exchange(
        &mut self,
        kept: Option<http1::SendRequest<Full<Bytes>>>,
        request: Request<Bytes>,
        addresses: &[SocketAddr],
    ) -> Result<(http1::SendRequest<Full<Bytes>>, StatusCode, Incoming, bool), Tried> {
        let mut sender = match ready(kept).await {
            Some(kept) => kept,
            None => self.connect(addresses).await?,
        };
        let response = sender.send_request(to_origin(request)).await.map_err(|_| Tried::Broken)?;
        let is_offered = offers_more(response.headers());
        Ok((sender, response.status(), response.into_body(), is_offered))
    }

    async fn connect(&mut self, addresses: &[SocketAddr]) -> Result<http1::SendRequest<Full<Bytes>>, Tried> {
        // The addresses are numbers, so nothing is looked up here.
        let stream = TcpStream::connect(addresses).await.map_err(|_| Tried::NobodyThere)?;
        let _ = stream.set_nodelay(true);
        let client = http1::Builder::new().max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream));
        let (sender, connection) = client.await.map_err(|_| Tried::Broken)?;
        self.connections.spawn(async move {
            let _ = connection.await;
        });
        Ok(sender)
    }
}

/// A kept connection that was not closed meanwhile.
async fn ready(kept: Option<http1::SendRequest<Full<Bytes>>>) -> Option<http1::SendRequest<Full<Bytes>>> {
    let mut kept = kept?;
    kept.ready().await.ok().map(|()| kept)
}

/// Whether a target says that it keeps the connection. One that says nothing may hang up behind its answer, and the next call
/// would be lost without the target's doing.
fn offers_more(headers: &HeaderMap) -> bool {
    let connection = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let mut options = connection.flat_map(|value| value.split(',')).map(str::trim);
    let (mut keeps, mut closes) = (headers.contains_key(KEEP_ALIVE), false);
    for option in options.by_ref() {
        keeps |= option.eq_ignore_ascii_case("keep-alive");
        closes |= option.eq_ignore_ascii_case("close");
    }
    keeps && !closes
}

/// The request as it goes to the target itself: the path alone.
fn to_origin(request: Request<Bytes>) -> Request<Full<Bytes>> {
    let mut request = request.map(Full::new);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("keep-alive"));
    request
}

/// Whether the whole body came, and was not too long to be read.
async fn read_all(mut body: Incoming) -> bool {
    let mut read = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if read > MOST_READ {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

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
        TargetConnection::default().post(call(address), &[address], LIMIT).await
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
    async fn what_is_not_http_is_no_answer() {
        assert_eq!(outcome("SSH-2.0-OpenSSH_9.6\r\n").await, Tried::Broken);
    }

    #[tokio::test]
    async fn connection_is_reused_only_if_target_keeps_it_alive() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", [1, 1, 1]),
            ("HTTP/1.1 204 OK\r\nKeep-Alive: timeout=5\r\n\r\n", [1, 1, 1]),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", [1, 2, 3]),
            ("HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", [1, 2, 3]),
        ] {
            let (address, _target, calls) = target(answer).await;
            let mut line = TargetConnection::default();
            for _ in 0..3 {
                assert!(matches!(line.post(call(address), &[address], 100 * LIMIT).await, Tried::Answered(_)));
            }
            assert_eq!(*calls.lock().unwrap(), expected, "{answer}");
        }
    }
}
