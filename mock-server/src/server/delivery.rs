//! Posting webhooks, one after the other, in the order in which they fall due.

use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Shared, now};
use crate::{DeliveryOutcome, WebhookDelivery};

/// The time for one try, from connecting to the end of the answer.
const TRY: Duration = Duration::from_secs(10);
/// What falls due by one turn of the clock beyond this many tries is delivered after the turn was answered.
const MOST_PER_TURN: usize = 1_000;
/// What is read of an answer; only its status matters.
const MOST_READ: usize = 4 * 1024;
/// The head of an answer must fit; hyper needs at least 8 KiB.
const MOST_HEAD: usize = 16 * 1024;
/// Without anything to wait for, the loop looks again after this long.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What the connections tell the courier.
#[derive(Debug, Default)]
pub(super) struct Desk {
    bell: Notify,
    turns: std::sync::Mutex<Vec<Turn>>,
}

/// Somebody turned the clock and waits for what fell due by it.
#[derive(Debug)]
struct Turn {
    at: SystemTime,
    done: oneshot::Sender<()>,
}

impl Desk {
    /// Something may be due, or fall due sooner than before.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until everything that is due at this real time was tried, but for what is beyond 1,000 tries.
    pub(super) async fn turned(&self, at: SystemTime) {
        let (done, tried) = oneshot::channel();
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push(Turn { at, done });
        self.ring();
        // An error means that the courier is gone, and with it everything to wait for.
        let _ = tried.await;
    }

    fn take_turns(&self) -> Vec<Turn> {
        std::mem::take(&mut *self.turns.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The courier: delivers until it is dropped. One at a time, so that a target sees its calls in order.
pub(super) async fn run(shared: Shared) {
    loop {
        for turn in shared.desk.take_turns() {
            for _ in 0..MOST_PER_TURN {
                if !deliver_one(&shared, turn.at).await {
                    break;
                }
            }
            // Whoever waited may have hung up.
            let _ = turn.done.send(());
        }
        if deliver_one(&shared, now()).await {
            continue;
        }
        let pause = shared.lock().next_due_in(now()).unwrap_or(LONGEST_PAUSE);
        let _ = timeout(pause.min(LONGEST_PAUSE), shared.desk.bell.notified()).await;
    }
}

/// Tries the first that is due; false if none is.
async fn deliver_one(shared: &Shared, at: SystemTime) -> bool {
    let Some((name, delivery)) = shared.guarded(|spaces| spaces.due(at)).flatten() else { return false };
    let id = delivery.id;
    let outcome = post(delivery, TRY).await;
    shared.guarded(|spaces| {
        spaces.delivered(&name, id, outcome);
        spaces.tell(now(), &name);
    });
    shared.changed.ring();
    true
}

/// One try. Nothing is followed, and no proxy is asked.
async fn post(delivery: WebhookDelivery, limit: Duration) -> DeliveryOutcome {
    let deadline = Instant::now() + limit;
    let WebhookDelivery { request, addresses, .. } = delivery;
    // Dropping the set ends the connection.
    let mut connections = JoinSet::new();
    let (status, body) = match timeout_at(deadline, exchange(request, &addresses, &mut connections)).await {
        Err(_) => return DeliveryOutcome::TimedOut,
        Ok(Err(outcome)) => return outcome,
        Ok(Ok(answered)) => answered,
    };
    // With its status the target has answered, whatever becomes of the rest.
    let _ = timeout_at(deadline, drain(body)).await;
    DeliveryOutcome::Answered(status)
}

async fn exchange(
    request: Request<Bytes>,
    addresses: &[SocketAddr],
    connections: &mut JoinSet<()>,
) -> Result<(StatusCode, Incoming), DeliveryOutcome> {
    // The addresses are numbers, so nothing is looked up here.
    let stream = TcpStream::connect(addresses).await.map_err(|_| DeliveryOutcome::Refused)?;
    let _ = stream.set_nodelay(true);
    let client = http1::Builder::new().max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream));
    let (mut sender, connection) = client.await.map_err(|_| DeliveryOutcome::Unanswered)?;
    connections.spawn(async move {
        let _ = connection.await;
    });
    let response = sender.send_request(to_origin(request)).await.map_err(|_| DeliveryOutcome::Unanswered)?;
    Ok((response.status(), response.into_body()))
}

/// The request as it goes to the target itself: the path alone, and a connection that serves once.
fn to_origin(request: Request<Bytes>) -> Request<Full<Bytes>> {
    let mut request = request.map(Full::new);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    request.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    request
}

async fn drain(mut body: Incoming) {
    let mut read = 0_usize;
    while read < MOST_READ
        && let Some(Ok(frame)) = body.frame().await
    {
        read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// What a try comes to whose target answers with these bytes and then keeps the connection open.
    async fn outcome(answer: &'static str) -> DeliveryOutcome {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut target = JoinSet::new();
        target.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Ends when the caller hangs up.
            while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
        });
        let request = Request::post(format!("http://{address}/")).body(Bytes::from_static(b"{}")).unwrap();
        let delivery = WebhookDelivery { id: 1, provider: "exotel", attempt: 1, request, addresses: vec![address] };
        post(delivery, Duration::from_millis(100)).await
    }

    #[tokio::test]
    async fn a_target_that_says_nothing_within_the_limit_has_not_answered() {
        assert_eq!(outcome("").await, DeliveryOutcome::TimedOut);
        assert_eq!(outcome("HTTP/1.1 200 OK\r\ncontent-le").await, DeliveryOutcome::TimedOut);
    }

    #[tokio::test]
    async fn a_target_has_answered_with_its_status_even_if_the_body_never_ends() {
        let answered = DeliveryOutcome::Answered(StatusCode::OK);
        assert_eq!(outcome("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx").await, answered);
    }

    #[tokio::test]
    async fn what_is_not_http_is_no_answer() {
        assert_eq!(outcome("SSH-2.0-OpenSSH_9.6\r\n").await, DeliveryOutcome::Unanswered);
    }
}
