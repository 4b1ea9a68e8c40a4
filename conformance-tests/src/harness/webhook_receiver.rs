//! Receives the provider's webhook calls.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::assertions::{Failure, unexpected};

/// Keeps the webhook calls, byte for byte, until it is dropped.
#[derive(Debug)]
pub(crate) struct WebhookReceiver {
    url: String,
    calls: Calls,
    /// Dropping it stops the listener and its connections.
    _serving: JoinSet<()>,
}

type Calls = Arc<Mutex<Answers>>;

#[derive(Debug, Default)]
struct Answers {
    came: Vec<Request<Bytes>>,
    /// So many of the next calls get a 500.
    failing: usize,
}

impl WebhookReceiver {
    pub(super) async fn open() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
        let url = format!("http://{}/hook", listener.local_addr().map_err(unexpected)?);
        let calls = Calls::default();
        let mut serving = JoinSet::new();
        serving.spawn(listen(listener, Arc::clone(&calls)));
        Ok(Self { url, calls, _serving: serving })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Answers the next `count` calls with a 500, so that the provider repeats them.
    pub(crate) fn fail(&self, count: usize) {
        self.lock().failing = count;
    }

    /// The calls so far, in order.
    pub(super) fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut self.lock().came)
    }

    /// Takes a call that did not come through the socket.
    #[cfg(feature = "harness")]
    pub(crate) fn receive(&self, call: Request<Bytes>) -> StatusCode {
        receive(&self.calls, call)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn receive(calls: &Calls, call: Request<Bytes>) -> StatusCode {
    let mut answers = calls.lock().unwrap_or_else(PoisonError::into_inner);
    answers.came.push(call);
    match answers.failing.checked_sub(1) {
        Some(left) => {
            answers.failing = left;
            StatusCode::INTERNAL_SERVER_ERROR
        }
        None => StatusCode::OK,
    }
}

async fn listen(listener: TcpListener, calls: Calls) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let calls = Arc::clone(&calls);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&calls)));
            // The provider repeats a call that breaks off.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, calls: Calls) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let status = match body.collect().await {
        Ok(body) => receive(&calls, Request::from_parts(head, body.to_bytes())),
        Err(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}
