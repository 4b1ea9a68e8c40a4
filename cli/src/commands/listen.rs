//! `transom listen`: receives webhook calls and prints their events.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use transom::ErrorKind;
use transom::adapter::Operation;
use transom::transport::Transport as _;
use transom::transport::{HttpOptions, HttpTransport};
use transom::webhook::Event;

use crate::args::{Common, ListenArgs};
use crate::channel::{self, Channel};
use crate::output::{Failure, Output};
use crate::target;

/// The longest body that is read, in bytes.
const BODY_MAX: usize = 3 * 1024 * 1024;

pub(crate) async fn run(common: &Common, args: &ListenArgs, output: &Output) -> Result<ExitCode, Failure> {
    let mut channels = BTreeMap::new();
    for config in target::all(common, output)? {
        let channel = channel::connect(common, config)?;
        channels.insert(channel.name.clone(), channel);
    }
    let forward = args.forward.as_deref().map(forward_url).transpose()?;
    let names = channels.keys().map(|name| format!("/{name}")).collect::<Vec<_>>().join(", ");
    let receiver = Receiver {
        channels,
        forward,
        transport: HttpTransport::new(HttpOptions::default())?,
        output: Output::new(output.is_json()),
        // Keeps the lines and the ledger writes of two calls apart.
        serial: Mutex::new(()),
    };
    let problem = |error: std::io::Error| Failure::usage(format!("--port {}: {error}", args.port));
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?;
    output.note(format!("listening on http://{bound} at {names}"));
    let app = Router::new()
        .route("/{channel}", post(receive))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(receiver));
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await.map_err(problem)?;
    Ok(ExitCode::SUCCESS)
}

struct Receiver {
    channels: BTreeMap<String, Channel>,
    forward: Option<http::Uri>,
    transport: HttpTransport,
    output: Output,
    serial: Mutex<()>,
}

/// Parses the URL of `--forward`.
fn forward_url(url: &str) -> Result<http::Uri, Failure> {
    let problem = || Failure::usage("--forward: expected an http:// or https:// URL");
    let uri: http::Uri = url.parse().map_err(|_| problem())?;
    if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() { Ok(uri) } else { Err(problem()) }
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(channel) = receiver.channels.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.headers_mut() = headers;
    let _guard = receiver.serial.lock().await;
    let events = match channel.client.webhook(&request) {
        Ok(events) => events,
        Err(error) => {
            // The sender gets only a status; the error is printed for the operator.
            receiver.output.note(format!("{name}: webhook call refused: {error}"));
            let refused = error.kind() == ErrorKind::Unauthenticated;
            return if refused { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }.into_response();
        }
    };
    for event in &events.events {
        receiver.output.json(&event.to_json(channel.provider, events.verified));
    }
    if let Err(failure) = channel.record(&events) {
        // With an error status the provider repeats the call, so that the ledger does not miss it.
        receiver.output.failure(&failure);
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(target) = &receiver.forward {
        receiver.forward(target, request).await;
    }
    let challenge = events.events.iter().find_map(|event| match event {
        Event::Challenge(value) => Some(serde_json::json!({ "challenge": value })),
        _ => None,
    });
    match challenge {
        Some(challenge) => Response::builder()
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Body::from(challenge.to_string()))
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        None => StatusCode::OK.into_response(),
    }
}

impl Receiver {
    /// Forwards a call unchanged, without the headers of the connection.
    async fn forward(&self, target: &http::Uri, mut request: Request<Bytes>) {
        *request.uri_mut() = target.clone();
        for hop in [
            http::header::HOST,
            http::header::CONTENT_LENGTH,
            http::header::CONNECTION,
            http::header::TRANSFER_ENCODING,
        ] {
            request.headers_mut().remove(hop);
        }
        request.extensions_mut().insert(Operation::Read);
        match self.transport.send(request).await {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => self.output.note(format!("--forward: the target answered {}", response.status())),
            Err(error) => self.output.note(format!("--forward: {error}")),
        }
    }
}
