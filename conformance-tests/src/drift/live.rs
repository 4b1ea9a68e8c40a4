//! Makes a few read calls, and the permitted sends, at a provider's live endpoint, and compares the responses with its documentation.
//!
//! It only reads, unless numbers are allowed and messages requested. The plan can be shown before anything happens.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::Value;
use transom::account::ConversationFilter;
use transom::adapter::{ErrorCode, Provider};
use transom::transport::Transport;
use transom::{Capabilities, Capability, Client, Error, Message, PhoneNumber, Template};

use crate::drift::{self, Drift, DriftKind, Observed, Pages};
use crate::harness::redact;

/// The limits of the check.
#[derive(Clone, Debug, Default)]
pub struct Permission {
    /// The only numbers that it may ask about and write to.
    pub contacts: Vec<PhoneNumber>,
    /// The maximum number of messages in all; 0 means read only.
    pub messages: usize,
    /// A template to send besides free texts.
    pub template: Option<Template>,
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// List the senders.
    Senders,
    /// List the templates.
    Templates,
    /// List the conversations.
    Conversations,
    /// Query the session with this number.
    Session(PhoneNumber),
    /// Send this message. It costs money and reaches a contact.
    Send(Box<Message>),
}

impl Step {
    /// Whether the step sends a message.
    pub const fn sends(&self) -> bool {
        matches!(self, Self::Send(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Senders => f.write_str("list the senders"),
            Self::Templates => f.write_str("list the templates"),
            Self::Conversations => f.write_str("list the conversations"),
            Self::Session(contact) => write!(f, "ask for the window to {}", contact.masked()),
            Self::Send(message) => {
                write!(f, "SEND a {} to {}", message.content.capability().as_str(), message.to.masked())
            }
        }
    }
}

/// The steps for an account with these capabilities; reads come first.
pub fn plan(capabilities: Capabilities, permission: &Permission) -> Vec<Step> {
    let mut steps = Vec::new();
    for (capability, step) in [
        (Capability::Senders, Step::Senders),
        (Capability::Templates, Step::Templates),
        (Capability::Conversations, Step::Conversations),
    ] {
        if capabilities.contains(capability) {
            steps.push(step);
        }
    }
    if capabilities.contains(Capability::Session) {
        steps.extend(permission.contacts.iter().cloned().map(Step::Session));
    }
    let template = permission.template.iter();
    let sends = permission.contacts.iter().flat_map(|contact| {
        let text = Message::text(contact.clone(), "A test of this line. Please ignore it.");
        let templates = template.clone().map(|template| Message::template(contact.clone(), template.clone()));
        [text].into_iter().chain(templates)
    });
    steps.extend(sends.take(permission.messages).map(|message| Step::Send(Box::new(message))));
    steps
}

/// The result of a step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// The step in words; numbers are redacted.
    pub step: String,
    /// `ok`, or the error's kind.
    pub outcome: &'static str,
    /// The error in words.
    pub error: Option<String>,
    /// How many responses were compared.
    pub answers: usize,
    /// The verdict about the provider.
    pub verdict: StepVerdict,
    /// The differences between the responses and the documentation.
    pub drift: Vec<Drift>,
    /// The calls whose response no page shows, so that it could not be compared.
    pub not_shown: Vec<String>,
    /// The responses that differ, in the form of a fixture's `response`: types without values.
    pub observed: Vec<Value>,
}

impl StepReport {
    /// Whether the provider did the step and answered as documented.
    pub fn is_as_documented(&self) -> bool {
        self.verdict == StepVerdict::AsDocumented
    }
}

/// The verdict of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    /// Done, and answered as documented.
    AsDocumented,
    /// Rejected in documented words, so the call itself is not proved.
    Refused,
    /// Answered, and not as documented.
    Drift,
    /// Not answered.
    NoAnswer,
    /// The outcome of a send is unknown.
    InDoubt,
}

impl StepVerdict {
    /// The name in reports: `as_documented`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AsDocumented => "as_documented",
            Self::Refused => "refused",
            Self::Drift => "drift",
            Self::NoAnswer => "no_answer",
            Self::InDoubt => "in_doubt",
        }
    }

    fn of(error: Option<&Error>, answers: usize, drift: &[Drift]) -> Self {
        match error {
            Some(error) if error.may_have_been_sent() => Self::InDoubt,
            _ if answers == 0 => Self::NoAnswer,
            _ if !drift.is_empty() => Self::Drift,
            Some(_) => Self::Refused,
            None => Self::AsDocumented,
        }
    }
}

/// Sends an account's requests and keeps the responses. Give it to
/// [`Registry::connect_with`](transom::Registry::connect_with).
#[derive(Debug)]
pub struct Recorder {
    inner: Arc<dyn Transport>,
    answers: Mutex<Vec<Observed>>,
}

impl Recorder {
    /// A recorder that sends through `inner`.
    pub fn new(inner: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Self { inner, answers: Mutex::default() })
    }

    fn take(&self) -> Vec<Observed> {
        std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let response = self.inner.send(request).await?;
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: BTreeMap<String, String> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = if response.body().is_empty() {
            Some(serde_json::Value::Null)
        } else {
            serde_json::from_slice(response.body()).ok()
        };
        let answer = Observed { method, path, status: response.status().as_u16(), headers, body };
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        Ok(response)
    }
}

/// Does one step. `client` must send through `recorder`.
pub async fn take(provider: &Provider, client: &Client, recorder: &Recorder, step: &Step) -> StepReport {
    let documented = drift::of_provider(provider.name);
    recorder.take();
    let error = match step {
        Step::Senders => client.senders().await.err(),
        Step::Templates => client.templates().await.err(),
        Step::Conversations => client.conversations(&ConversationFilter::default()).await.err(),
        Step::Session(contact) => client.session(contact).await.err(),
        Step::Send(message) => client.send(message).await.err(),
    };
    // A provider may echo a credential anywhere, as a status or as the name of a member.
    let redacted = |text: &str| client.redactor().redact(text);
    let answers: Vec<Observed> = recorder.take().into_iter().map(|answer| answer.rewritten(&redacted)).collect();
    let differs = |answer: &&Observed| !drift::compare(&documented, answer).is_empty();
    let mut observed: Vec<Value> = answers.iter().filter(differs).map(Observed::as_fixture).collect();
    observed.dedup();
    let mut drift = found(provider, &documented, &answers, error.as_ref());
    for drift in &mut drift {
        drift.observed = redact::numbers(&drift.observed);
    }
    let not_shown = answers.iter().filter(|answer| !drift::is_shown(&documented, answer));
    let mut not_shown: Vec<String> = not_shown.map(Observed::call).collect();
    not_shown.dedup();
    StepReport {
        step: step.to_string(),
        outcome: error.as_ref().map_or("ok", |error| error.kind().as_str()),
        verdict: StepVerdict::of(error.as_ref(), answers.len(), &drift),
        drift,
        observed,
        not_shown,
        error: error.map(|error| error.to_string()),
        answers: answers.len(),
    }
}

fn found(provider: &Provider, documented: &Pages, answers: &[Observed], error: Option<&Error>) -> Vec<Drift> {
    let mut drifts: Vec<Drift> = answers.iter().flat_map(|answer| drift::compare(documented, answer)).collect();
    if let (Some(code), Some(last)) = (error.and_then(Error::code), answers.last())
        && !provider.codes.iter().any(|table| ErrorCode::find(table, code).is_some())
    {
        drifts.push(Drift {
            call: format!("{} {}", last.method, last.path),
            kind: DriftKind::UnknownCode,
            place: String::new(),
            documented: "no such code".to_owned(),
            observed: code.to_owned(),
            source: None,
        });
    }
    // The pages of a list have the same shape, so a difference is reported once.
    let mut seen = Vec::new();
    drifts.retain(|drift| {
        let is_first = !seen.contains(drift);
        seen.push(drift.clone());
        is_first
    });
    drifts
}
