//! One connection: HTTP until its end, which may be a sudden one.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::Shared;
use super::body::{self, Outgoing, Unread};
use super::events::Feed;
use crate::{Reply, Wire, header, json_response, set_header};

const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers the requests of one connection until the client leaves or the mock breaks it.
pub(super) async fn run(stream: TcpStream, shared: Shared) {
    let reset = Arc::new(AtomicBool::new(false));
    let cut = Arc::new(Notify::new());
    let service = service_fn({
        let (reset, cut) = (Arc::clone(&reset), Arc::clone(&cut));
        move |request| Box::pin(answer(shared.clone(), request, Arc::clone(&reset), Arc::clone(&cut)))
    });
    let mut connection = http1::Builder::new()
        // Dates are virtual; the server's own would be real.
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // How a connection ended is nobody's business here: clients leave as they like, and broken ends are made on purpose.
    let mut cut_off = pin!(cut.notified());
    poll_fn(|context| {
        // A listener who reads too slowly is not waited for.
        let over = connection.poll_without_shutdown(context).is_ready() || cut_off.as_mut().poll(context).is_ready();
        if over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let stream = connection.into_parts().io.into_inner();
    if reset.load(Ordering::Relaxed) {
        // Closing a socket that lingers for no time sends a reset in place of an orderly end.
        let _ = stream.set_zero_linger();
    }
}

/// A whole answer, or events without end.
type Body = Either<Outgoing, Feed>;

async fn answer(
    shared: Shared,
    request: Request<Incoming>,
    reset: Arc<AtomicBool>,
    cut: Arc<Notify>,
) -> io::Result<Response<Body>> {
    let (head, incoming) = request.into_parts();
    let is_state = head.method == Method::PUT && head.uri.path().trim_end_matches('/') == "/_mock/state";
    let most = if is_state { body::MOST_STATE_BYTES } else { body::MOST_BYTES };
    let read = tokio::time::timeout(BODY_TIMEOUT, body::read(incoming, most)).await;
    let request = match read {
        Ok(Ok(bytes)) => Request::from_parts(head, bytes),
        Ok(Err(Unread::TooLong)) => {
            return Ok(closing(&shared, 413, &format!("the body is over {} MiB", most / (1024 * 1024))));
        }
        Ok(Err(Unread::Broken)) => return Err(io::Error::other("the request's body broke off")),
        Err(_) => return Ok(closing(&shared, 408, "the body did not arrive within 30 seconds")),
    };
    let reply = shared.step(&request);
    if asks_for_events(&request) && reply.response.status().is_success() {
        return Ok(listen(&shared, &request, reply, cut));
    }
    if turns_clock(&request) && reply.response.status().is_success() {
        // Whoever turned the clock may look at once for what fell due by it.
        shared.desk.turned(super::now()).await;
    }
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    match reply.wire {
        Wire::Whole => Ok(reply.response.map(Outgoing::whole).map(Either::Left)),
        Wire::Truncated(at) => Ok(reply.response.map(|data: Bytes| Outgoing::cut(&data, at)).map(Either::Left)),
        Wire::Lost => Err(io::Error::other("the answer is lost")),
        Wire::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(io::Error::other("the connection is reset"))
        }
        Wire::Hang => pending().await,
    }
}

fn turns_clock(request: &Request<Bytes>) -> bool {
    request.method() == Method::POST && request.uri().path().trim_end_matches('/') == "/_mock/clock"
}

fn asks_for_events(request: &Request<Bytes>) -> bool {
    request.method() == Method::GET && request.uri().path().trim_end_matches('/') == "/_mock/events"
}

/// The simulator's answer is how the events begin, unless the listener goes on where it stopped.
fn listen(shared: &Shared, request: &Request<Bytes>, reply: Reply, cut: Arc<Notify>) -> Response<Body> {
    let (head, greeting) = reply.response.into_parts();
    let last_id = header(request, "last-event-id");
    let simulator = shared.lock();
    let feed = shared.events.listen(&simulator, super::now(), last_id, &greeting, cut);
    drop(simulator);
    match feed {
        Some(feed) => Response::from_parts(head, Either::Right(feed)),
        None => closing(shared, 503, "too many listen already"),
    }
}

/// An answer of the server itself, after which the connection is of no more use.
fn closing(shared: &Shared, status: u16, error: &str) -> Response<Body> {
    let mut response = shared.dated(json_response(status, &json!({"error": error})));
    set_header(&mut response, "connection", "close");
    response.map(Outgoing::whole).map(Either::Left)
}
