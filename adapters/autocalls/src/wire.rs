//! Autocalls's requests and answers: free text, templates and the state of the window. Pure.

pub(crate) mod lists;

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use transom::adapter::RateLimitInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::{Limits, Operation, json};
use transom::message::Text;
use transom::session::{SessionSource, WINDOW_DURATION};
use transom::time::rfc3339;
use transom::transport::unreadable;
use transom::{Error, ErrorKind, Message, PhoneNumber, Receipt, Result, Session, Template, Window};

use crate::NAME;
use crate::config::Config;
use crate::error;

/// Texts are held to 4096 characters by the page of free-form messages [seed].
const LIMITS: Limits = Limits::WHATSAPP;

/// The request that sends free text: `POST /user/whatsapp/send-freeform` [seed].
pub(crate) fn encode_text(config: &Config, message: &Message, text: &Text) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        sender_id: u64,
        recipient_phone: &'a str,
        message: &'a str,
    }
    LIMITS.check(message)?;
    let body = Body { sender_id: config.sender_id, recipient_phone: message.to.as_str(), message: &text.body };
    post(config, &["send-freeform"]).json(Operation::Send, &body)
}

/// A template checked for what Autocalls can carry, in its terms, but for the id where the channel gives none.
#[derive(Debug)]
pub(crate) struct Wanted<'t> {
    /// The id in the channel's templates table.
    pub(crate) id: Option<u64>,
    pub(crate) name: &'t str,
    pub(crate) language: &'t str,
    variables: BTreeMap<String, &'t str>,
}

impl<'t> Wanted<'t> {
    /// What the channel calls `template`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for values of the header or of buttons, for which the body of a send has no field
    /// [docs, Send Template Message]; [`ErrorKind::InvalidRequest`] for values that do not fit or are empty, since no
    /// page says what becomes of those.
    pub(crate) fn of(config: &'t Config, template: &'t Template) -> Result<Self> {
        if template.header.is_some() || !template.buttons.is_empty() {
            let why = "this provider takes values for a template's body only, none for its header or buttons";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let resolved = config.templates.resolve(template);
        let variables = resolved.named()?;
        if let Some((name, _)) = variables.iter().find(|(_, value)| value.trim().is_empty()) {
            let problem = format!("template `{}`: parameter `{name}` is empty", resolved.name);
            return Err(Error::invalid(ErrorKind::InvalidRequest, vec![problem]));
        }
        let (id, name, language) = (resolved.id, resolved.name, resolved.language);
        Ok(Self { id, name, language, variables: variables.into_iter().collect() })
    }

    /// What its values are called: names, or `1`, `2`, ….
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }
}

/// The request that sends a template: `POST /user/whatsapp/send`. The page is called send-template, its path is not
/// [docs, Send Template Message].
pub(crate) fn encode_template(
    config: &Config,
    to: &PhoneNumber,
    wanted: &Wanted<'_>,
    id: u64,
) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        sender_id: u64,
        template_id: u64,
        recipient_phone: &'a str,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        variables: &'a BTreeMap<String, &'a str>,
    }
    let body = Body {
        sender_id: config.sender_id,
        template_id: id,
        recipient_phone: to.as_str(),
        variables: &wanted.variables,
    };
    post(config, &["send"]).json(Operation::Send, &body)
}

/// What the answer to a send says.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, to: &PhoneNumber) -> Result<Receipt> {
    #[derive(Deserialize)]
    struct Taken {
        #[serde(default)]
        success: Success,
        /// The key that the callbacks carry [docs, Read Receipts Webhook]. `message_id` is another table's.
        #[serde(default, deserialize_with = "json::text_or_number")]
        whatsapp_message_id: Option<String>,
        session_status: Option<Value>,
    }
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Operation::Send, to));
    }
    let taken: Taken = json::decode(response, Operation::Send)?;
    taken.success.check(response, now, Operation::Send, to)?;
    let id = taken.whatsapp_message_id.ok_or_else(|| {
        unreadable(response.status(), Operation::Send, "there is no `whatsapp_message_id` in the answer")
    })?;
    let session = taken.session_status.and_then(|status| Status::of(&status)?.session(to));
    Ok(Receipt::new(NAME, id).with_session(session).with_limits(RateLimitInfo::from_headers(response.headers(), now)))
}

/// The request that asks for the window: `GET /user/whatsapp/session-status`. It costs nothing [seed].
pub(crate) fn encode_session(config: &Config, contact: &PhoneNumber) -> Result<Request<Bytes>> {
    get(config, &["whatsapp", "session-status"])
        .query("sender_id", &config.sender_id.to_string())
        .query("recipient_phone", contact.as_str())
        .empty(Operation::Read)
}

/// What the answer says of the window. It is a 200 whatever the window; only a send is refused for it [seed].
pub(crate) fn decode_session(response: &Response<Bytes>, now: SystemTime, contact: &PhoneNumber) -> Result<Session> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        success: Success,
        has_conversation: Option<bool>,
        last_customer_message_at: Option<String>,
        session_status: Option<Status>,
    }
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Operation::Read, contact));
    }
    let answer: Answer = json::decode(response, Operation::Read)?;
    answer.success.check(response, now, Operation::Read, contact)?;
    let malformed = || {
        unreadable(response.status(), Operation::Read, "there is no `session_status.can_send_freeform` in the answer")
    };
    let status = answer.session_status.ok_or_else(malformed)?;
    let last_message = answer.last_customer_message_at.filter(|text| !text.is_empty());
    let last = last_message.as_deref().and_then(rfc3339::parse);
    let has_written = answer.has_conversation != Some(false) && (last_message.is_some() || status.expired_at.is_some());
    let window = match status.can_send_freeform.ok_or_else(malformed)? {
        true => Window::Open { until: status.expires_at().or_else(|| last?.checked_add(WINDOW_DURATION)) },
        // A template of ours begins a conversation too, in which nobody has written to us.
        false if !has_written => Window::Never,
        false => Window::Expired { since: status.expired_at().or_else(|| last?.checked_add(WINDOW_DURATION)) },
    };
    Ok(Session::new(contact.clone(), window, SessionSource::Provider).with_last_inbound_at(last))
}

/// What `success` says. It is there in every documented answer, and what else says that all is well is enough without
/// it.
#[derive(Default, Deserialize)]
#[serde(from = "Value")]
enum Success {
    #[default]
    Untold,
    Yes,
    No,
    /// Neither, such as null.
    Unclear,
}

impl From<Value> for Success {
    /// Other services of this make write the word or the number for it [inferred].
    fn from(value: Value) -> Self {
        match value {
            Value::Bool(true) => Self::Yes,
            Value::Bool(false) => Self::No,
            Value::String(word) if word == "true" => Self::Yes,
            Value::String(word) if word == "false" => Self::No,
            Value::Number(number) if number.as_u64() == Some(1) => Self::Yes,
            Value::Number(number) if number.as_u64() == Some(0) => Self::No,
            _ => Self::Unclear,
        }
    }
}

impl Success {
    /// The refusal in an answer whose status is a success.
    fn check(
        &self,
        response: &Response<Bytes>,
        now: SystemTime,
        operation: Operation,
        contact: &PhoneNumber,
    ) -> Result<()> {
        match self {
            Self::Untold | Self::Yes => Ok(()),
            Self::No => Err(error::refusal(response, now, operation, contact)),
            Self::Unclear => Err(unreadable(response.status(), operation, "`success` is neither true nor false")),
        }
    }
}

/// The state of the window, in answers to queries, in receipts and in refusals.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// What decides. `is_open` and `requires_template` say the same in every sample, and nowhere is that promised
    /// [seed].
    can_send_freeform: Option<bool>,
    /// There when the window is open, or when the customer has never written: it does not imply open [seed].
    expires_at: Option<String>,
    expired_at: Option<String>,
}

impl Status {
    /// Reads one that is a bonus: what cannot be read is not there.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }

    /// What it says for sure without the rest of a session query: open, or expired since a known time.
    pub(crate) fn session(&self, contact: &PhoneNumber) -> Option<Session> {
        let window = match (self.can_send_freeform?, self.expired_at()) {
            (true, _) => Window::Open { until: self.expires_at() },
            (false, Some(since)) => Window::Expired { since: Some(since) },
            (false, None) => return None,
        };
        Some(Session::new(contact.clone(), window, SessionSource::Provider))
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at.as_deref().and_then(rfc3339::parse)
    }

    fn expired_at(&self) -> Option<SystemTime> {
        self.expired_at.as_deref().and_then(rfc3339::parse)
    }
}

fn get(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::get(&config.base_url, &[&["api", "user"], path].concat()))
}

fn post(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::post(&config.base_url, &[&["api", "user", "whatsapp"], path].concat()))
}

fn with_key(config: &Config, request: RequestBuilder) -> RequestBuilder {
    request.secret_header(AUTHORIZATION, &format!("Bearer {}", config.api_key.expose()))
}

#[cfg(test)]
mod tests;
