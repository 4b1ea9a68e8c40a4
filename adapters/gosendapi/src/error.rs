//! GoSendAPI's rejections: its own codes, Meta's codes, and the meaning of a bare 403.

mod codes;
mod message;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use transom::adapter::{ErrorCode, Operation, RateLimitInfo, json, platform_codes};
use transom::{Error, ErrorKind, Message, Sent, transport};

pub(crate) use codes::fact;
use codes::{ANSWERS, INVALID_E164, META, STATUSES};
use message::ErrorMessage;

/// Every table.
pub(crate) const CODES: &[&[ErrorCode]] = &[ANSWERS, META, STATUSES];

/// The error for a send that was answered with anything but a 2xx.
pub(crate) fn of_send(response: &Response<Bytes>, now: SystemTime, operation: Operation, message: &Message) -> Error {
    let body: Value = json::decode_lenient(response);
    let said = ErrorMessage::of(&body, response);
    let error = refusal(response, now, operation, &said);
    match (response.status(), error.kind()) {
        (StatusCode::CONFLICT, ErrorKind::Conflict) if operation == Operation::IdempotentSend => {
            if says_under_way(&error) {
                error.under_way()
            } else {
                // A key that was used with another body [docs, Error handling]: this body was not sent. The one that came
                // before it under the same key may have been, and is the earlier call's to report.
                error.mark_unsent()
            }
        }
        (_, ErrorKind::InvalidRequest) if said.fact().is_none() && said.blames_recipient() => {
            error.with_kind(ErrorKind::RecipientInvalid)
        }
        (_, ErrorKind::RecipientInvalid) if said.code() == Some(INVALID_E164) && said.blames_another_field() => {
            error.with_kind(ErrorKind::InvalidRequest)
        }
        // A bad key gets a 401, and a template may always go. A bare 403 of the vendor's on a free-form message is most
        // likely the window [seed]. A firewall's 403 is not: it lacks the vendor's own `statusCode`.
        (StatusCode::FORBIDDEN, ErrorKind::PermissionDenied)
            if message.content.is_free_form()
                && said.fact().is_none()
                && body.get("statusCode").and_then(Value::as_u64) == Some(403)
                && (said.code().is_none() || says_window(&error)) =>
        {
            error.with_kind(ErrorKind::SessionExpired)
        }
        _ => error,
    }
}

/// The refusal that a 2xx holds: `"success": false`, a status such as `failed`, an `error`, another `statusCode`, or a
/// documented code. None of it is on a page, so it proves nothing. Its code is kept.
pub(crate) fn in_success(response: &Response<Bytes>, now: SystemTime, operation: Operation) -> Option<Error> {
    let body: Value = json::decode_lenient(response);
    let said = ErrorMessage::of(&body, response);
    // Three digits may be a status.
    let fact = said.fact().filter(|fact| fact.code.len() > 3);
    if fact.is_none() && !message::refuses(&body) {
        return None;
    }
    let kind = fact.map_or(ErrorKind::MalformedResponse, |fact| fact.kind);
    let text = said.text().map_or_else(|| json::excerpt(response.body()), str::to_owned);
    let error = Error::new(kind, text).with_status(response.status()).with_code(said.code().unwrap_or_default());
    let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now));
    Some(operation.mark_unknown(platform_codes::paced(error, said.code().unwrap_or_default())))
}

/// The error for a lookup that was answered with anything but a 2xx. A 403 is never the window here.
pub(crate) fn of_read(response: &Response<Bytes>, now: SystemTime) -> Error {
    let said = ErrorMessage::of(&json::decode_lenient::<Value>(response), response);
    refusal(response, now, Operation::Read, &said)
}

/// Whether a free-form message was refused with a 403 that says neither that it is the window nor that it is something
/// else.
pub(crate) fn is_unclear(error: &Error) -> bool {
    let is_clear = error.is_window_closed() && says_window(error);
    error.status() == Some(StatusCode::FORBIDDEN.as_u16()) && error.code().and_then(fact).is_none() && !is_clear
}

/// Whether the words are about the same message, on its way at this moment. What a second call gets while the first is
/// under way is not documented [inferred].
fn says_under_way(error: &Error) -> bool {
    let words = format!("{} {}", error.message(), error.code().unwrap_or_default()).to_lowercase().replace('_', " ");
    ["in progress", "in flight", "processing", "under way"].iter().any(|sign| words.contains(sign))
}

/// Whether the words are about the window [inferred: the page gives the status only].
fn says_window(error: &Error) -> bool {
    let words = format!("{} {}", error.message(), error.code().unwrap_or_default()).to_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    says(&["24h", "24 h", "24-hour", "window", "re-engagement", "131047", "outside"])
        || (words.contains("template") && says(&["only", "must", "approved"]))
}

/// The error by status, code and headers.
fn refusal(response: &Response<Bytes>, now: SystemTime, operation: Operation, said: &ErrorMessage) -> Error {
    let status = response.status();
    let text = said.text().map_or_else(|| json::excerpt(response.body()), str::to_owned);
    let error = transport::refusal(status, operation, text);
    let error = match said.fact().filter(|fact| is_about(fact, status)) {
        Some(fact) if fact.sent == Sent::No => error.with_kind(fact.kind).mark_unsent(),
        Some(fact) => operation.mark_unknown(error.with_kind(fact.kind)),
        None => error,
    };
    let code = said.code().unwrap_or_default();
    let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now));
    let error = match error.retry_after().max(said.wait()) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    };
    platform_codes::paced(error, code).with_code(code)
}

/// A gateway's 5xx and a redirect are no refusals, whatever words they carry, unless the code is documented with that
/// very status.
fn is_about(fact: &ErrorCode, status: StatusCode) -> bool {
    !(status.is_server_error() || status.is_redirection()) || fact.status == Some(status.as_u16())
}

#[cfg(test)]
pub(crate) mod tests;
