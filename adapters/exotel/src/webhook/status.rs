//! Delivery statuses, in each form.

use std::time::SystemTime;

use serde_json::value::RawValue;
use transom::ErrorKind;
use transom::adapter::json::Members;
use transom::adapter::platform_codes;
use transom::webhook::{DeliveryFailure, DeliveryStatus, StatusUpdate, platform};

use crate::error;

/// Reads the status in `raw`. The time around it counts if it has none of its own. Returns `None` if it names no
/// message or no status.
pub(super) fn read(raw: &RawValue, sent_at: Option<SystemTime>) -> Option<StatusUpdate> {
    let item = Members::from_raw(raw)?;
    let (status, failure) = outcome(&item)?;
    let mut update = StatusUpdate::new(item.text(&["sid", "message_sid", "id"])?, status);
    update.at = item.time(&["timestamp"]).or(sent_at);
    update.to = item.phone(&["to", "recipient", "recipient_id"]);
    update.reference = item.text(&["custom_data"]);
    update.error = failure;
    Some(update)
}

/// How far it got, and why no further.
type Outcome = (DeliveryStatus, Option<DeliveryFailure>);

/// Two pages give the same numbers different meanings, so a name decides before a word, a word that is no failure before a
/// number, and a number alone is read by the table that has names (docs, WhatsApp Status Codes).
fn outcome(item: &Members) -> Option<Outcome> {
    let name = item.text(&["exo_detailed_status"]);
    let number = item.text(&["exo_status_code"]);
    let word = item.text(&["status"]);
    let fact = name.as_deref().and_then(|name| error::by_name(&name.trim().to_ascii_uppercase()));
    let reached = |word: &Option<String>| by_word(word.as_deref()?).filter(|status| *status != DeliveryStatus::Failed);
    if fact.is_none()
        && let Some(status) = reached(&name).or_else(|| reached(&word))
    {
        return Some((status, None));
    }
    let words = platform::reason(item);
    let failed = |kind, code: Option<&str>| {
        let failure = DeliveryFailure::new(kind, code.unwrap_or_default()).with_reason(words.clone());
        Some((DeliveryStatus::Failed, Some(failure)))
    };
    // The number annotates a name, even where it is the other page's.
    if let Some(fact) = fact {
        return failed(fact.kind, number.as_deref().or(Some(fact.code)));
    }
    if let Some(failure) = platform::failure(item, &["errors", "error"], error::of_event) {
        return Some((DeliveryStatus::Failed, Some(failure)));
    }
    if let Some(status) = number.as_deref().and_then(successful) {
        return Some((status, None));
    }
    if let Some(fact) = number.as_deref().and_then(error::by_number) {
        return failed(fact.kind, number.as_deref());
    }
    if [&name, &word].into_iter().flatten().any(|word| is_failure(word)) {
        // Nothing that is known says why, unless the words quote WhatsApp.
        let quoted = words.as_deref().and_then(platform_codes::quoted_in);
        let kind = quoted.map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind);
        return failed(kind, number.as_deref().or(name.as_deref()).or(word.as_deref()));
    }
    Some((DeliveryStatus::Other(name.or(word).or(number)?), None))
}

/// The statuses by their words: `delivered`, `EX_MESSAGE_DELIVERED`, `seen` in the flat form (docs, WhatsApp Webhooks; in
/// any case, field).
fn by_word(word: &str) -> Option<DeliveryStatus> {
    let word = word.trim().to_ascii_uppercase();
    let word = word.strip_prefix("EX_").map_or(word.as_str(), |word| word.strip_prefix("MESSAGE_").unwrap_or(word));
    DeliveryStatus::from_word(word)
}

/// 30001 to 30003 are successes in the midst of a range of failures.
fn successful(number: &str) -> Option<DeliveryStatus> {
    match number {
        "30001" => Some(DeliveryStatus::Sent),
        "30002" => Some(DeliveryStatus::Delivered),
        "30003" => Some(DeliveryStatus::Read),
        _ => None,
    }
}

/// Whether a word or a name says that the message failed. A name that no page lists says so by a part of it (field).
fn is_failure(word: &str) -> bool {
    let word = word.trim().to_ascii_uppercase();
    ["FAILED", "FAILURE", "UNDELIVERED", "REJECTED", "ERROR"].contains(&word.as_str())
        || (word.starts_with("EX_") && ["ERROR", "UNDELIVER", "FAIL"].iter().any(|part| word.contains(part)))
}
