//! How a provider passes on what WhatsApp tells, written from the provider's documentation and not from the adapter.

use serde_json::{Value, json};

/// The forms of the provider's webhook calls.
#[derive(Clone, Copy, Debug)]
pub struct WebhookForms {
    /// The bodies of the calls about messages of contacts; one body if a call may hold several messages. Unused if the
    /// adapter does not declare [`Capability::Inbound`](transom::Capability::Inbound).
    pub inbound: fn(&InboundSample) -> Vec<Value>,
    /// The body of the call about a message that failed.
    pub failure: fn(&FailureSample) -> Value,
    /// Whether such a call has a list of errors. Otherwise it has the first error only.
    pub has_error_list: bool,
    /// WhatsApp's codes that mean something else by the provider's own page, each with the kind.
    pub own_codes: &'static [(&'static str, transom::ErrorKind)],
}

/// Messages of contacts, as WhatsApp writes them.
#[derive(Clone, Debug)]
pub struct InboundSample {
    /// The messages: `from` in digits, `from_user_id`, `id`, `timestamp`, `type`, the member of that type, and what else
    /// WhatsApp tells. Any member may be missing or odd.
    pub messages: Vec<Value>,
    /// The contacts: `wa_id`, `user_id` and `profile`.
    pub contacts: Vec<Value>,
    /// Whether they went to another sender of the account.
    pub is_to_other_sender: bool,
}

/// A message of ours that failed.
#[derive(Clone, Debug)]
pub struct FailureSample {
    /// The errors, the first first.
    pub errors: Vec<ErrorSample>,
}

/// An error as WhatsApp tells it.
#[derive(Clone, Copy, Debug)]
pub struct ErrorSample {
    /// The code.
    pub code: &'static str,
    /// The title.
    pub title: &'static str,
    /// The details.
    pub details: &'static str,
}

impl WebhookForms {
    /// No forms; the scenarios about them fail.
    pub const NONE: Self =
        Self { inbound: |_| Vec::new(), failure: |_| Value::Null, has_error_list: false, own_codes: &[] };
}

impl InboundSample {
    /// The members of `message` with one of these names, and all others.
    pub fn split(message: &Value, names: &[&str]) -> (Value, Value) {
        let (mut chosen, mut others) = (json!({}), json!({}));
        for (name, value) in message.as_object().into_iter().flatten() {
            let part = if names.contains(&name.as_str()) { &mut chosen } else { &mut others };
            part[name] = value.clone();
        }
        (chosen, others)
    }
}

impl ErrorSample {
    /// The error as an object in WhatsApp's form.
    pub fn to_json(&self) -> Value {
        let code = self.code.parse::<u64>().map_or_else(|_| self.code.into(), Value::from);
        json!({ "code": code, "title": self.title, "message": self.title, "error_data": { "details": self.details } })
    }
}
