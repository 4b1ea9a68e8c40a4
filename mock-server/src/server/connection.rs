//! One connection: HTTP until its end, which may be a sudden one.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Either;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use super::body::{self, Outgoing, Unread};
use super::connection_registry::{Connection, HoldReason};
use super::control::{self, World};
use super::namespaces::{Name, take_name};
use super::state::AppState;
use super::tls::{Tls, begins_with_tls};
use super::tracked_stream::{Stream, TrackedStream};
use crate::core::refusal::Refusal;
use crate::core::response::{json_response, set_header};
use crate::core::simulator::{WireFault, WireResponse};

const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers the requests of one connection until the client leaves, the mock breaks it, its place is needed, or it listens too
/// slowly.
pub(super) async fn run(stream: TcpStream, tls: Option<Tls>, shared: AppState, connection: Arc<Connection>) {
    let (mut shut, mut served) = (pin!(connection.shut()), pin!(serve(stream, tls, &shared, &connection)));
    poll_fn(|context| match shut.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => served.as_mut().poll(context),
    })
    .await;
}

/// How a connection ends is nobody's business here: clients leave as they like, and broken ends are made on purpose.
async fn serve(stream: TcpStream, tls: Option<Tls>, shared: &AppState, connection: &Arc<Connection>) {
    let stream = match tls {
        Some(tls) if begins_with_tls(&stream).await => {
            // As a head, a handshake that has begun has to come to its end.
            connection.on_bytes();
            match Box::pin(tls.accept(stream)).await {
                Ok(stream) => {
                    connection.idle();
                    Stream::Tls(Box::new(stream))
                }
                Err(_) => return,
            }
        }
        _ => Stream::Plain(stream),
    };
    let service = service_fn(move |request| answer(shared, connection, request));
    let _ = http1::Builder::new()
        // Dates are virtual; the server's own would be real.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(TrackedStream { stream, connection: Arc::clone(connection) }), service)
        .await;
}

/// How long the body of this request may be. A state is long, and is read of those alone who may put it up.
fn most_bytes(shared: &AppState, head: &Parts) -> usize {
    let is_state = head.method == Method::PUT && head.uri.path().trim_end_matches('/').ends_with("/_mock/state");
    if !is_state {
        return body::MOST_BYTES;
    }
    let mut request = Request::new(Bytes::new());
    (*request.method_mut(), *request.uri_mut()) = (head.method.clone(), head.uri.clone());
    *request.headers_mut() = head.headers.clone();
    if shared.access.admit(&request).is_ok() { body::MOST_STATE_BYTES } else { body::MOST_BYTES }
}

/// A provider's answer, or one of the control plane.
type Body = Either<Outgoing, axum::body::Body>;

async fn answer(
    shared: &AppState,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> io::Result<Response<Body>> {
    connection.on_head_complete();
    let (head, incoming) = request.into_parts();
    if shared.access.is_of_stranger(&head.headers) {
        // Not the control plane alone: a provider's path can have a webhook posted to where the page itself could not reach.
        return Ok(closing(shared, 403, "a web page calls under a name that is not this server's"));
    }
    let most = most_bytes(shared, &head);
    if incoming.size_hint().lower() > most as u64 {
        // Known before it comes. Whoever does not wait to be told to go on gets to read the answer only once it is all sent.
        if !head.headers.contains_key(EXPECT) {
            tokio::spawn(tokio::time::timeout(BODY_TIMEOUT, body::drain(incoming)));
        }
        return Ok(too_long(shared, most));
    }
    let mut reading = pin!(body::read(incoming, most));
    // Nearly every body is there already, and a timer costs more than to look.
    let read = match poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await {
        Poll::Ready(read) => Ok(read),
        Poll::Pending => Box::pin(tokio::time::timeout(BODY_TIMEOUT, reading)).await,
    };
    connection.busy();
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(Unread::TooLong)) => return Ok(too_long(shared, most)),
        Ok(Err(Unread::Broken)) => return Err(io::Error::other("the request's body broke off")),
        Err(_) => return Ok(closing(shared, 408, "the body did not arrive within 30 seconds")),
    };
    let answered = match take(shared, connection, Request::from_parts(head, bytes)) {
        Taken::Answered(response) => Ok(response),
        Taken::Later(answer) => answer.await,
    };
    // Who listens to events is no idler; and an answer before this one is the connection's last.
    if !matches!(&answered, Ok(response) if is_endless(response)) {
        connection.idle();
    }
    answered
}

fn is_endless(response: &Response<Body>) -> bool {
    matches!(response.body(), Either::Right(_))
        && response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// What became of a request.
enum Taken<'a> {
    Answered(Response<Body>),
    /// In a box, for it is rare, and every connection has a place for its answer, which would have to be as large as this.
    Later(Pin<Box<dyn Future<Output = io::Result<Response<Body>>> + Send + 'a>>),
}

fn take<'a>(shared: &'a AppState, connection: &'a Arc<Connection>, mut request: Request<Bytes>) -> Taken<'a> {
    let name = match take_name(&mut request) {
        Ok(name) => name,
        Err(error) => return Taken::Answered(closing(shared, 400, &error)),
    };
    let path = request.uri().path();
    // Only a caller with the token makes a namespace: each takes memory. Without it, a call goes to the world that is always
    // there, which refuses it or asks for the token.
    let is_open = name.is_none() || shared.access.holds_token(&request) || shared.lock().find(&name).is_some();
    if control::is_call(path) {
        let name = name.filter(|_| is_open && !control::is_for_all_worlds(path));
        let world = World::served(shared.clone(), name, Arc::clone(connection));
        return Taken::Later(Box::pin(async { Ok(control::respond(world, request).await.map(Either::Right)) }));
    }
    if !is_open {
        let error = "there is no such namespace, expected one that exists, or the token that the mock was started with, \
                     as `X-Mock-Token: …`, to make it";
        let refused = shared.dated(Refusal::of(401, error).into_response());
        return Taken::Answered(refused.map(Outgoing::whole).map(Either::Left));
    }
    let reply = shared.step(&name, &request);
    if reply.delay.is_zero() && reply.wire == WireFault::Whole {
        return Taken::Answered(whole(reply));
    }
    Taken::Later(Box::pin(deliver(shared, connection, name, reply)))
}

fn whole(reply: WireResponse) -> Response<Body> {
    reply.response.map(Outgoing::whole).map(Either::Left)
}

/// Lets an answer go out in the way in which it is to go.
async fn deliver(
    shared: &AppState,
    connection: &Connection,
    name: Name,
    reply: WireResponse,
) -> io::Result<Response<Body>> {
    if !reply.delay.is_zero() {
        connection.while_held(HoldReason::Wait, tokio::time::sleep(reply.delay)).await;
    }
    match reply.wire {
        WireFault::Whole => Ok(whole(reply)),
        WireFault::Held(number) => {
            connection.while_held(HoldReason::Gate, released(shared, name, number)).await;
            Ok(whole(reply))
        }
        WireFault::Truncated(at) => Ok(reply.response.map(|data: Bytes| Outgoing::cut(&data, at)).map(Either::Left)),
        WireFault::Lost => Err(io::Error::other("the answer is lost")),
        WireFault::Reset => {
            connection.end_in_a_reset();
            Err(io::Error::other("the connection is reset"))
        }
        WireFault::Hang => connection.while_held(HoldReason::Hang, pending()).await,
    }
}

/// Waits until somebody lets a held answer go. A client that leaves before takes its answer along.
async fn released(shared: &AppState, name: Name, number: u64) {
    struct Place<'a>(&'a AppState, Name, u64);
    impl Drop for Place<'_> {
        fn drop(&mut self) {
            if let Some(simulator) = self.0.lock().find(&self.1) {
                simulator.forget_held(self.2);
            }
        }
    }
    let place = Place(shared, name, number);
    let is_released = || shared.lock().find(&place.1).is_none_or(|simulator| !simulator.is_held(number));
    shared.changed.until(is_released, || None).await;
}

fn too_long(shared: &AppState, most: usize) -> Response<Body> {
    closing(shared, 413, &format!("the body is over {} MiB", most / (1024 * 1024)))
}

/// An answer of the server itself, after which the connection is of no more use.
fn closing(shared: &AppState, status: u16, error: &str) -> Response<Body> {
    let mut response = shared.dated(json_response(status, &json!({"error": error})));
    set_header(&mut response, "connection", "close");
    response.map(Outgoing::whole).map(Either::Left)
}
