//! The JSON of answers that more than one place reads.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Value;
use transom::adapter::{IdPlaces, is_refusing_word, json};
use transom::session::SessionSource;
use transom::time::rfc3339;
use transom::{PhoneNumber, Session, Window};

/// The body of an accepted send.
#[derive(Deserialize)]
pub(crate) struct AcceptedBody {
    #[serde(default)]
    pub(crate) success: Success,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    error_code: Value,
    /// The first state of its delivery, such as `queued`.
    #[serde(default)]
    status: Value,
    pub(crate) session_status: Option<Value>,
}

impl AcceptedBody {
    /// Whether it has what only a refusal has.
    pub(crate) fn holds_a_refusal(&self) -> bool {
        [&self.error, &self.errors, &self.error_code].into_iter().any(json::is_said)
            || self.status.as_str().is_some_and(is_refusing_word)
    }
}

/// Where the answer to an accepted send has ids. Webhook calls carry `whatsapp_message_id` [docs, Read Receipts Webhook].
/// The others belong to other tables.
pub(crate) const IDS: IdPlaces = IdPlaces { receipt: &["whatsapp_message_id"], others: &["message_id", "message_sid"] };

/// The answer to a session query.
#[derive(Deserialize)]
pub(crate) struct SessionBody {
    #[serde(default)]
    pub(crate) success: Success,
    pub(crate) has_conversation: Option<bool>,
    pub(crate) last_customer_message_at: Option<String>,
    pub(crate) session_status: Option<Status>,
}

/// The member `success`. Every documented answer has it. An answer without it counts as a success if the rest says so.
#[derive(Default, Deserialize)]
#[serde(from = "Value")]
pub(crate) enum Success {
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

/// The state of the window, in answers to queries, in receipts and in refusals.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// The member that decides. `is_open` and `requires_template` agree with it in every sample, but no page promises
    /// that [seed].
    pub(crate) can_send_freeform: Option<bool>,
    /// Present when the window is open, or when the contact has never written. It does not imply an open window [seed].
    expires_at: Option<String>,
    pub(crate) expired_at: Option<String>,
}

impl Status {
    /// Reads one that is a bonus: what cannot be read is not there.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }

    /// The session, as far as this object alone proves it: open, or expired at a known time.
    pub(crate) fn session(&self, contact: &PhoneNumber) -> Option<Session> {
        let window = match (self.can_send_freeform?, self.expired_at()) {
            (true, _) => Window::Open { until: self.expires_at() },
            (false, Some(since)) => Window::Expired { since: Some(since) },
            (false, None) => return None,
        };
        Some(Session::new(contact.clone(), window, SessionSource::Provider))
    }

    pub(crate) fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at.as_deref().and_then(rfc3339::parse)
    }

    pub(crate) fn expired_at(&self) -> Option<SystemTime> {
        self.expired_at.as_deref().and_then(rfc3339::parse)
    }
}
