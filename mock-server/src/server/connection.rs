//! One connection: HTTP until its end, which may be a sudden one.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Either;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::body::{self, Outgoing, Unread};
use super::connection_registry::{Connection, HoldReason};
use super::events::EventStream;
use super::namespaces::{Name, take_name};
use super::state::{AppState, LAST_EVENT, now};
use super::tracked_stream::TrackedStream;
use super::wait;
use crate::control::{ClockChange, from_json};
use crate::core::refusal::Refusal;
use crate::core::request::header;
use crate::core::response::{json_response, set_header};
use crate::core::simulator::{WireFault, WireResponse};

const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers the requests of one connection until the client leaves, the mock breaks it, its place is needed, or it listens too
/// slowly.
pub(super) async fn run(stream: TcpStream, shared: AppState, connection: Arc<Connection>) {
    let (shared, watching) = (&shared, &*connection);
    let service = service_fn(move |request| answer(shared, watching, request));
    let served = http1::Builder::new()
        // Dates are virtual; the server's own would be real.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(TrackedStream { stream, connection: Arc::clone(&connection) }), service);
    let (mut shut, mut served) = (pin!(connection.shut()), pin!(served));
    poll_fn(|context| match shut.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        // How a connection ended is nobody's business here: clients leave as they like, and broken ends are made on purpose.
        Poll::Pending => served.as_mut().poll(context).map(drop),
    })
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

/// A whole answer, or events without end.
type Body = Either<Outgoing, EventStream>;

async fn answer(shared: &AppState, connection: &Connection, request: Request<Incoming>) -> io::Result<Response<Body>> {
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
    if !matches!(&answered, Ok(response) if matches!(response.body(), Either::Right(_))) {
        connection.idle();
    }
    answered
}

/// What became of a request.
enum Taken<'a> {
    Answered(Response<Body>),
    /// In a box, for it is rare, and every connection has a place for its answer, which would have to be as large as this.
    Later(Pin<Box<dyn Future<Output = io::Result<Response<Body>>> + Send + 'a>>),
}

fn take<'a>(shared: &'a AppState, connection: &'a Connection, mut request: Request<Bytes>) -> Taken<'a> {
    let name = match take_name(&mut request) {
        Ok(name) => name,
        Err(error) => return Taken::Answered(closing(shared, 400, &error)),
    };
    let name = match shared.admitted_world(name, &request) {
        Ok(name) => name,
        Err(refusal) => {
            return Taken::Answered(shared.dated(refusal.into_response()).map(Outgoing::whole).map(Either::Left));
        }
    };
    if takes_time(&request) {
        return Taken::Later(Box::pin(steer(shared, connection, name, request)));
    }
    let reply = shared.step(&name, &request);
    if reply.delay.is_zero() && reply.wire == WireFault::Whole {
        return Taken::Answered(whole(reply));
    }
    Taken::Later(Box::pin(deliver(shared, connection, name, reply)))
}

/// Whether this is a call of the control plane that is not answered at once.
fn takes_time(request: &Request<Bytes>) -> bool {
    wait::is_wait(request) || turns_clock(request) || asks_for_events(request)
}

/// Answers a call that takes its time.
async fn steer(
    shared: &AppState,
    connection: &Connection,
    name: Name,
    request: Request<Bytes>,
) -> io::Result<Response<Body>> {
    if wait::is_wait(&request) {
        let reply = connection.while_held(HoldReason::Wait, wait::answer(shared, &name, &request)).await;
        return deliver(shared, connection, name, reply).await;
    }
    if turns_clock(&request) {
        return Ok(connection.while_held(HoldReason::Wait, change_clock(shared, &name, &request)).await);
    }
    let reply = shared.step(&name, &request);
    if reply.response.status().is_success() {
        return Ok(listen(shared, &name, &request, reply, connection.shutter()));
    }
    deliver(shared, connection, name, reply).await
}

/// Answers a turn of the clock once the webhook calls that fell due by it were tried.
async fn change_clock(shared: &AppState, name: &Name, request: &Request<Bytes>) -> Response<Body> {
    let turned = async {
        shared.access.admit(request)?;
        let change: ClockChange = from_json(request.body())?;
        Ok(shared.change_clock(name, &change).await?)
    };
    let mut response = match turned.await {
        Ok((turn, event)) => {
            let mut response = json_response(200, &turn);
            if let Some(event) = event {
                set_header(&mut response, LAST_EVENT, event);
            }
            response
        }
        Err(refusal) => Refusal::into_response(refusal),
    };
    shared.with(name, |simulator, now| simulator.date(now, &mut response));
    response.map(Outgoing::whole).map(Either::Left)
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

fn turns_clock(request: &Request<Bytes>) -> bool {
    request.method() == Method::POST && request.uri().path().trim_end_matches('/') == "/_mock/clock"
}

fn asks_for_events(request: &Request<Bytes>) -> bool {
    request.method() == Method::GET && request.uri().path().trim_end_matches('/') == "/_mock/events"
}

/// The simulator's answer is how the events begin, unless the listener goes on where it stopped.
fn listen(
    shared: &AppState,
    name: &Name,
    request: &Request<Bytes>,
    reply: WireResponse,
    cut: Arc<Notify>,
) -> Response<Body> {
    let (head, greeting) = reply.response.into_parts();
    let last_id = header(request, "last-event-id");
    let mut namespaces = shared.lock();
    let now = now();
    let (hub, simulator) = namespaces.hub(now, name);
    let feed = hub.listen(simulator, now, last_id, &greeting, cut);
    drop(namespaces);
    match feed {
        Some(feed) => Response::from_parts(head, Either::Right(feed)),
        None => closing(shared, 503, "too many listen already"),
    }
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
