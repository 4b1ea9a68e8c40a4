//! `transom listen`: receives webhook calls and prints their events.

mod connections;
mod forward;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use transom::ErrorKind;
use transom::webhook::{Event, WebhookEvents};

use crate::args::{Common, ListenArgs};
use crate::channel::{self, Channel};
use crate::output::{Failure, Output, json_line};
use crate::printer::Printer;
use crate::signals::Signals;
use crate::target;
use connections::{Connections, Place};
use forward::Forwarder;

/// After the first signal, calls that are being answered have this long.
const GRACE: Duration = Duration::from_secs(1);
/// A call waits this long for a ledger that other processes write.
const LEDGER_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) async fn run(common: &Common, args: &ListenArgs, output: &Output) -> Result<ExitCode, Failure> {
    let mut channels = BTreeMap::new();
    for config in target::all(common, output)? {
        let channel = channel::connect(common, config)?;
        channels.insert(channel.name.clone(), Arc::new(channel));
    }
    if let Some(channel) = channels.values().next() {
        channel.check_ledger()?;
    }
    let notes = Printer::new(anstream::AutoStream::auto(std::io::stderr()));
    let forward = args.forward.as_deref().map(|url| Forwarder::new(url, notes.clone())).transpose()?;
    let problem = |error: std::io::Error| Failure::usage(format!("--port {}: {error}", args.port));
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?;
    // A reader of the first line may send a signal at once, so that the handlers must exist before.
    let mut signals = Signals::new();
    let names = channels.keys().map(|name| format!("/{name}")).collect::<Vec<_>>().join(", ");
    output.note(format!("listening on http://{bound} at {names}"));
    for channel in channels.values().filter(|channel| !channel.has_webhook_secret && !channel.trusts_unsigned) {
        output.note(format!(
            "{}: without `webhook_secret`, its events are unverified and open no session window",
            channel.name
        ));
    }
    let stdout = Printer::new(std::io::stdout());
    let receiver = Arc::new(Receiver { channels, forward, stdout, notes, allowed: args.allow_host.clone() });
    let app = Router::new().route("/{channel}", post(receive)).with_state(Arc::clone(&receiver));
    let connections = Connections::default();
    tokio::select! {
        () = connections.accept_all(listener, app) => {}
        _ = signals.next() => {}
    }
    tokio::select! {
        _ = tokio::time::timeout(GRACE, async {
            connections.finish().await;
            if let Some(forward) = &receiver.forward {
                forward.finish().await;
            }
        }) => {}
        // A second signal ends the wait.
        _ = signals.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug)]
struct Receiver {
    channels: BTreeMap<String, Arc<Channel>>,
    forward: Option<Forwarder>,
    stdout: Printer,
    notes: Printer,
    /// Host names of `--allow-host`.
    allowed: Vec<String>,
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    Path(name): Path<String>,
    Extension(place): Extension<Place>,
    request: Request,
) -> Response {
    let response = answer(&receiver, &name, &place, request).await;
    place.answered();
    response
}

async fn answer(receiver: &Receiver, name: &str, place: &Place, request: Request) -> Response {
    let Some(channel) = receiver.channels.get(name) else { return StatusCode::NOT_FOUND.into_response() };
    let (head, body) = request.into_parts();
    let refuse = |status: StatusCode, why: &str| {
        // The sender gets only a status; the reason is printed for the operator.
        receiver.notes.note(format!("{name}: webhook call refused: {why}"));
        status.into_response()
    };
    if let Err(why) = receiver.check_sender(&head.headers, channel) {
        return refuse(StatusCode::FORBIDDEN, &why);
    }
    let body = match place.read(body).await {
        Ok(body) => body,
        Err(unread) => return refuse(unread.status(), &unread.to_string()),
    };
    let request = http::Request::from_parts(head, body);
    let events = match channel.client.webhook(&request) {
        Ok(events) => events,
        Err(error) if error.kind() == ErrorKind::Unauthenticated => {
            return refuse(StatusCode::UNAUTHORIZED, &error.to_string());
        }
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let challenge = challenge(&events);
    if let Err(why) = receiver.hand_on(channel, events).await {
        // With this status, the provider repeats the call, so that no event is lost.
        return refuse(StatusCode::SERVICE_UNAVAILABLE, &why);
    }
    if let Some(forward) = &receiver.forward {
        forward.send(request);
    }
    challenge.unwrap_or_else(|| StatusCode::OK.into_response())
}

impl Receiver {
    /// Refuses the calls of a web page. A page can reach this port through its visitor's browser, which names the page's
    /// host or sends an `Origin`. A provider signs its call, or calls a host that the user named.
    fn check_sender(&self, headers: &HeaderMap, channel: &Channel) -> Result<(), String> {
        if headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site") {
            return Err("a browser sent it, expected a provider".to_owned());
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let authority = host.parse::<http::uri::Authority>().ok().filter(|_| !host.contains('@'));
        let name = authority.as_ref().map_or("", http::uri::Authority::host);
        let is_known = is_loopback(name) || self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
        if is_known || channel.has_webhook_secret {
            return Ok(());
        }
        Err(format!(
            "the host is `{name}`; this channel has no `webhook_secret`, so that only local calls and hosts of --allow-host are read"
        ))
    }

    /// Prints the events, and records them in the ledger.
    async fn hand_on(&self, channel: &Arc<Channel>, events: WebhookEvents) -> Result<(), String> {
        let mut lines = String::new();
        for event in &events.events {
            let line =
                json_line(&event.to_json(channel.provider, events.verified)).map_err(|error| error.to_string())?;
            lines.push_str(&line);
            lines.push('\n');
        }
        self.stdout.print(lines).await.map_err(|problem| format!("the standard output: {problem}"))?;
        let channel = Arc::clone(channel);
        let recording = tokio::task::spawn_blocking(move || channel.record(&events));
        match tokio::time::timeout(LEDGER_TIMEOUT, recording).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(failure))) => Err(failure.error.to_string()),
            Ok(Err(error)) => Err(format!("--ledger: {error}")),
            Err(_) => Err("--ledger: another process has locked it".to_owned()),
        }
    }
}

/// Whether a host of a URL is this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn challenge(events: &WebhookEvents) -> Option<Response> {
    let value = events.events.iter().find_map(|event| match event {
        Event::Challenge(value) => Some(value),
        _ => None,
    })?;
    let body = Body::from(Bytes::from(serde_json::json!({ "challenge": value }).to_string()));
    Some(([(CONTENT_TYPE, "application/json")], body).into_response())
}
