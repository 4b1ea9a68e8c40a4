//! `transom plan`: shows what a send would do, with the exact request, without sending.

mod curl;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use transom::adapter::{Context, Operation};
use transom::layers::{Layer, Next};
use transom::transport::Transport;
use transom::{Content, Error, ErrorKind, Message, PhoneNumber, Receipt, Session, Window};

use crate::args::{Common, PlanArgs};
use crate::channel;
use crate::commands::{send, session};
use crate::output::{Failure, Line, Output, pretty_json};
use crate::target;

pub(crate) async fn run(common: &Common, args: &PlanArgs, output: &Output) -> Result<ExitCode, Failure> {
    let (target, message) = target::connect_for(common, output, |client| send::message(&args.message, client))?;
    let channel = target.first_for(&message.to)?;
    let on = |error| Failure::on(error, &channel.name, channel.provider);
    let captured = Arc::new(Captured::default());
    let context = channel::context(&channel.config).map_err(on)?;
    let transport = Arc::new(DryRun { inner: context.transport, captured: Arc::clone(&captured) });
    let client =
        channel.registry.connect_with(&channel.config, Context { transport, clock: context.clock }).map_err(on)?;
    let outcome = client.layer(CaptureLayer(Arc::clone(&captured))).send(&message).await;
    let (Some(request), Some(planned)) = (captured.request.take(), captured.message.take()) else {
        // No send request: the message was refused before, or a lookup failed.
        return Err(outcome.err().map_or_else(|| Failure::usage("the message causes no request"), on));
    };
    // The window guard may have looked it up already. After a failed lookup the window is unknown.
    let window = match captured.window.take() {
        Some(window) => window,
        None => session::look_up(&channel, &message.to).await.map_or(Window::Unknown, |session| session.window),
    };
    let template = match &planned.content {
        Content::Template(template) => Some(template.name.as_str()),
        _ => None,
    };
    let falls_back = message.content.is_free_form() && template.is_some();
    let mut plan = json!({
        "channel": channel.name,
        "provider": channel.provider,
        "why": why(&message, falls_back, window),
        "window": window,
        "template": template,
        "template_fallback": falls_back,
        "request": shown(&request, (!args.reveal).then_some(&message.to)),
    });
    if args.curl {
        let command = curl::command(&request, channel.provider);
        if let Some(members) = plan.as_object_mut() {
            members.insert("curl".to_owned(), command.as_str().into());
        }
        output.result(&plan, || command.lines().map(Line::from).collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    output.result(&plan, || lines(&plan));
    Ok(ExitCode::SUCCESS)
}

/// The first send request with its message and session window.
#[derive(Debug, Default)]
struct Captured {
    request: First<Request<Bytes>>,
    message: First<Message>,
    window: First<Window>,
}

/// Keeps the first of several values.
#[derive(Debug)]
struct First<T>(Mutex<Option<T>>);

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> First<T> {
    fn keep(&self, value: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(value);
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Sits below the window guard, where the message is the one that would be sent.
#[derive(Debug)]
struct CaptureLayer(Arc<Captured>);

#[async_trait]
impl Layer for CaptureLayer {
    async fn send(&self, message: &Message, next: Next<'_>) -> transom::Result<Receipt> {
        self.0.message.keep(message.clone());
        next.send(message).await
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> transom::Result<Session> {
        let answer = next.session(contact).await;
        if let Ok(session) = &answer {
            self.0.window.keep(session.window);
        }
        answer
    }
}

/// Passes lookups on and captures the send request.
#[derive(Debug)]
struct DryRun {
    inner: Arc<dyn Transport>,
    captured: Arc<Captured>,
}

#[async_trait]
impl Transport for DryRun {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        if Operation::of(&request) == Operation::Read {
            return self.inner.send(request).await;
        }
        self.captured.request.keep(request);
        Err(Error::new(ErrorKind::Config, "a plan sends nothing"))
    }
}

fn why(message: &Message, falls_back: bool, window: Window) -> &'static str {
    if !message.content.is_free_form() {
        return "a template needs no open window";
    }
    let has_fallback = message.fallback.is_some();
    match window {
        _ if falls_back && !window.is_known_closed() => "the policy of the channel always sends the fallback",
        _ if falls_back => "the window is closed, so that the fallback is sent",
        Window::Open { .. } => "the window is open",
        Window::Expired { .. } | Window::Never if has_fallback => {
            "the window is closed, but the policy of the channel asks the provider first; then the fallback is sent"
        }
        Window::Expired { .. } | Window::Never => {
            "the window is closed and there is no fallback; the provider will reject the message"
        }
        _ if has_fallback => "the window is unknown; if the provider rejects the message for it, the fallback is sent",
        _ => "the window is unknown; the provider decides",
    }
}

/// The request with its credentials masked. Phone numbers are masked if the contact is given.
fn shown(request: &Request<Bytes>, to: Option<&PhoneNumber>) -> Value {
    let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
    let shown_text = |text: &str| to.map_or_else(|| text.to_owned(), |to| to.redact_in(text));
    let header = |value: &http::HeaderValue| {
        if value.is_sensitive() { "***".to_owned() } else { shown_text(&String::from_utf8_lossy(value.as_bytes())) }
    };
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), Value::from(header(value))));
    json!({
        "method": request.method().as_str(),
        "url": shown_text(&request.uri().to_string()),
        "headers": headers.collect::<Map<_, _>>(),
        "body": match to {
            Some(to) => masked("", body, to),
            None => body,
        },
    })
}

/// Masks the contact's number everywhere in the body, and other numbers in members that hold phone numbers.
fn masked(name: &str, value: Value, to: &PhoneNumber) -> Value {
    match value {
        Value::String(text) => match PhoneNumber::from_e164(&text) {
            Ok(number) if matches!(name, "from" | "phone" | "wa_id") => number.masked().into(),
            _ => to.redact_in(&text).into(),
        },
        Value::Array(list) => list.into_iter().map(|value| masked(name, value, to)).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let shown = masked(&name, value, to);
                (to.redact_in(&name), shown)
            });
            members.collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn lines(plan: &Value) -> Vec<Line> {
    let word = |pointer: &str| plan.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let what = match plan["template"].as_str() {
        Some(name) => format!("the template `{name}` would be sent"),
        None => "the message would be sent".to_owned(),
    };
    let mut lines = vec![
        format!("{} ({}): {what}; {}", word("/channel"), word("/provider"), word("/why")),
        format!("{} {}", word("/request/method"), word("/request/url")),
    ];
    for (name, value) in plan.pointer("/request/headers").and_then(Value::as_object).into_iter().flatten() {
        lines.push(format!("{name}: {}", value.as_str().unwrap_or_default()));
    }
    let body = plan.pointer("/request/body").and_then(|body| pretty_json(body).ok()).unwrap_or_default();
    lines.push(String::new());
    lines.extend(body.lines().map(str::to_owned));
    lines.into_iter().map(Line::from).collect()
}
