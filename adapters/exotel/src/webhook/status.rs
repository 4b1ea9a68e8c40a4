//! Delivery statuses, in each form.

use serde::Deserialize;
use serde_json::value::RawValue;
use transom::ErrorKind;
use transom::adapter::{ErrorCode, json};
use transom::webhook::{DeliveryStatus, StatusUpdate};

use super::raw::{parse, phone, time};
use crate::error;

/// The members of a status. Each form has some of them. The contact is `to` or `recipient`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "json::text_or_number")]
    sid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_sid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    recipient: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    timestamp: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    custom_data: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    exo_detailed_status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    exo_status_code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    status: Option<String>,
    errors: Option<Vec<Failure>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    #[serde(deserialize_with = "json::text_or_number")]
    code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    title: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    detail: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message: Option<String>,
}

/// Reads the status in `raw`. The time around it counts if it has none of its own. Returns `None` if it names no
/// message or no status.
pub(super) fn read(raw: &RawValue, sent_at: Option<&str>) -> Option<StatusUpdate> {
    let told: Payload = parse(raw)?;
    let outcome = told.outcome()?;
    let id = told.sid.or(told.message_sid).or(told.id)?;
    let mut update = StatusUpdate::new(id, outcome.status);
    update.at = told.timestamp.as_deref().and_then(time).or_else(|| time(sent_at?));
    update.to = phone(told.to.as_deref()).or_else(|| phone(told.recipient.as_deref()));
    update.reference = told.custom_data;
    update.error = outcome.error;
    Some(update)
}

/// How far it got, and why no further.
struct Outcome {
    status: DeliveryStatus,
    error: Option<(ErrorKind, String)>,
}

impl Payload {
    /// Two pages give the same numbers different meanings, so a name decides before a word, a word that is no failure
    /// before a number, and a number alone is read by the table that has names (docs, WhatsApp Status Codes).
    fn outcome(&self) -> Option<Outcome> {
        let name = self.exo_detailed_status.as_deref();
        let number = self.exo_status_code.as_deref();
        let word = self.status.as_deref();
        let known = name
            .and_then(|name| self.by_name(name))
            .or_else(|| word.and_then(by_word))
            .or_else(|| self.by_errors())
            .or_else(|| number.and_then(by_number));
        if known.is_some() {
            return known;
        }
        // It failed, and nothing that is known says why.
        if word.is_some_and(is_failure) || self.errors.iter().flatten().next().is_some() {
            let code = self.errors.iter().flatten().find_map(|failure| failure.code.as_deref());
            let code = code.or(number).or(name).or(word).unwrap_or_default();
            return Some(Outcome::failed(ErrorKind::ProviderUnavailable, code));
        }
        Some(Outcome::got_to(DeliveryStatus::Other(name.or(word).or(number)?.to_owned())))
    }

    /// 30001 to 30003 are successes in the midst of a range of failures.
    fn by_name(&self, name: &str) -> Option<Outcome> {
        let status = match name {
            "EX_MESSAGE_SENT" => DeliveryStatus::Sent,
            "EX_MESSAGE_DELIVERED" => DeliveryStatus::Delivered,
            "EX_MESSAGE_SEEN" => DeliveryStatus::Read,
            _ => {
                let fact = error::by_name(name)?;
                // The number annotates, even where it is the other page's.
                return Some(Outcome::failed(fact.kind, self.exo_status_code.as_deref().unwrap_or(fact.code)));
            }
        };
        Some(Outcome::got_to(status))
    }

    /// By the first error whose code is known.
    fn by_errors(&self) -> Option<Outcome> {
        self.errors.iter().flatten().find_map(|failure| {
            let code = failure.code.as_deref()?;
            let words = [&failure.title, &failure.detail, &failure.message];
            let text = words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
            Some(Outcome::failed(error::of_event(code, &text)?, code))
        })
    }
}

/// The statuses that are no failure (docs, WhatsApp Webhooks; `seen` in the flat form).
fn by_word(word: &str) -> Option<Outcome> {
    let status = match word.to_ascii_lowercase().as_str() {
        "accepted" | "queued" => DeliveryStatus::Queued,
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" | "seen" => DeliveryStatus::Read,
        _ => return None,
    };
    Some(Outcome::got_to(status))
}

fn by_number(number: &str) -> Option<Outcome> {
    let status = match number {
        "30001" => DeliveryStatus::Sent,
        "30002" => DeliveryStatus::Delivered,
        "30003" => DeliveryStatus::Read,
        _ => {
            let fact: &ErrorCode = error::by_number(number)?;
            return Some(Outcome::failed(fact.kind, number));
        }
    };
    Some(Outcome::got_to(status))
}

fn is_failure(word: &str) -> bool {
    ["failed", "failure", "undelivered", "rejected", "error"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

impl Outcome {
    const fn got_to(status: DeliveryStatus) -> Self {
        Self { status, error: None }
    }

    fn failed(kind: ErrorKind, code: &str) -> Self {
        Self { status: DeliveryStatus::Failed, error: Some((kind, code.to_owned())) }
    }
}
