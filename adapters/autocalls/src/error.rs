//! Autocalls's codes: `error_code` in answers, and the carrier's numbers in read receipts.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde_json::Value;
use transom::adapter::{Certainty, ErrorCode, Operation, RateLimitInfo, SendAnswer, json};
use transom::{Error, ErrorKind, PhoneNumber, Sent, transport};

use crate::types::{IDS, Status};

/// Every table.
pub(crate) const CODES: &[&[ErrorCode]] = &[ANSWERS, RECEIPTS];

/// The codes of answers: `error_code`. Codes without words are read by their names and by the guides.
pub(crate) const ANSWERS: &[ErrorCode] = {
    use Certainty::{Authoritative, Docs, Inferred};
    use ErrorKind as K;
    const SESSION: &str = "docs.autocalls.ai/api-reference/whatsapp/session-status";
    &[
        row("INSUFFICIENT_BALANCE", "the account is empty", 402, K::InsufficientBalance, FREEFORM, Authoritative),
        row(
            "SESSION_EXPIRED",
            "the 24-hour window is closed, or never was open",
            403,
            K::SessionExpired,
            FREEFORM,
            Authoritative,
        ),
        row("SENDER_NOT_FOUND", "no such sender on this account", 404, K::SenderNotFound, SESSION, Authoritative),
        row("INVALID_PHONE", "the recipient is not in E.164", 422, K::RecipientInvalid, FREEFORM, Authoritative),
        row(
            "SENDER_OFFLINE",
            "free text: the sender is not online",
            503,
            K::SenderUnavailable,
            FREEFORM,
            Authoritative,
        ),
        row("SENDER_OFFLINE", "template: the sender is not online", 422, K::SenderUnavailable, TEMPLATE, Docs),
        row("TEMPLATE_NOT_FOUND", "no such template of this sender", 404, K::TemplateRejected, TEMPLATE, Docs),
        row("ASSISTANT_NOT_FOUND", "no such assistant; of the AI reply alone", 404, K::NotFound, AI_REPLY, Docs),
        row("TEMPLATE_NOT_APPROVED", "", 422, K::TemplateRejected, TEMPLATE, Docs),
        row("TEMPLATE_MISMATCH", "it does not fit sender or parameters", 422, K::TemplateRejected, TEMPLATE, Inferred),
        row("TEMPLATE_NOT_SYNCED", "the carrier does not know it yet", 422, K::TemplateRejected, TEMPLATE, Inferred),
        row("NO_ASSISTANT_CONFIGURED", "the sender has no assistant", 422, K::SenderUnavailable, TEMPLATE, Inferred),
        row("MESSAGING_LIMIT_UNAVAILABLE", "the sender's tier", 422, K::SenderUnavailable, TEMPLATE, Inferred),
        row("VOICE_CALL_LIMIT_NOT_MET", "the sender's tier is too low", 422, K::SenderUnavailable, TEMPLATE, Inferred),
        in_doubt("UNKNOWN_ERROR", "", K::ProviderUnavailable),
        carrier("TWILIO_ERROR_63016", "outside the 24-hour window", K::SessionExpired),
        carrier("TWILIO_ERROR_63040", "the template was refused", K::TemplateRejected),
        carrier("TWILIO_ERROR_21211", "the number is invalid", K::RecipientInvalid),
        carrier("TWILIO_ERROR_63003", "the recipient cannot be reached", K::RecipientInvalid),
        carrier("TWILIO_ERROR_63024", "the recipient is invalid", K::RecipientInvalid),
        carrier("TWILIO_ERROR_63018", "too fast", K::RateLimited),
        carrier("TWILIO_ERROR_20429", "too many requests", K::RateLimited),
        in_doubt("TWILIO_ERROR_*", "another error of the carrier's", K::ProviderUnavailable),
    ]
};

/// The numbers of read receipts, `error_code`: Twilio's, or Meta's own for a sender that is connected to it directly.
pub(crate) const RECEIPTS: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        receipt("63016", "outside the 24-hour window", K::SessionExpired),
        receipt("63040", "the template was refused", K::TemplateRejected),
        receipt("21211", "the number is invalid", K::RecipientInvalid),
        receipt("63003", "the recipient cannot be reached", K::RecipientInvalid),
        receipt("63024", "the recipient is invalid", K::RecipientInvalid),
        receipt("63018", "too fast", K::RateLimited),
        receipt("20429", "too many requests", K::RateLimited),
        receipt("131047", "outside the 24-hour window", K::SessionExpired),
        receipt("131026", "undeliverable", K::RecipientInvalid),
    ]
};

const FREEFORM: &str = "docs.autocalls.ai/api-reference/whatsapp/send-freeform";
const AI_REPLY: &str = "docs.autocalls.ai/api-reference/ai/generate-reply";
const TEMPLATE: &str = "docs.autocalls.ai/api-reference/whatsapp/send-template";

const fn row(
    code: &'static str,
    name: &'static str,
    status: u16,
    kind: ErrorKind,
    source: &'static str,
    certainty: Certainty,
) -> ErrorCode {
    ErrorCode { code, name, status: Some(status), kind, sent: Sent::No, source, certainty, date: "2026-11-21" }
}

/// The family is documented, what its numbers mean is the carrier's.
const fn carrier(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    row(code, name, 422, kind, TEMPLATE, Certainty::Inferred)
}

/// A rejection that leaves the outcome unknown.
const fn in_doubt(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    ErrorCode { sent: Sent::Maybe, ..carrier(code, name, kind) }
}

const fn receipt(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    const SOURCE: &str = "docs.autocalls.ai/api-reference/webhooks/read-receipts-webhook; the carrier's numbers";
    ErrorCode {
        code,
        name,
        status: None,
        kind,
        sent: Sent::No,
        source: SOURCE,
        certainty: Certainty::Inferred,
        date: "2026-11-21",
    }
}

/// The error for an answer that is no success: one by its status, or one that says `"success": false`.
pub(crate) fn refusal<'p>(
    response: &Response<Bytes>,
    now: SystemTime,
    operation: Operation,
    contact: impl Into<Option<&'p PhoneNumber>>,
) -> Error {
    // Member by member: one that is not what the pages say must not hide the others.
    let body: Value = json::decode_lenient(response);
    let status = response.status();
    let text = text(&body);
    let text = json::excerpt(text.as_deref().map_or(response.body().as_ref(), str::as_bytes));
    let error = if status.is_success() {
        // A yes around a no proves nothing until its code does.
        operation.mark_unknown(Error::new(ErrorKind::InvalidRequest, text).with_status(status))
    } else {
        transport::refusal(status, operation, text)
    };
    let code = code(&body);
    let error = match fact(&code, status) {
        Some(fact) if fact.sent == Sent::No => error.with_kind(fact.kind).mark_unsent(),
        Some(fact) => operation.mark_unknown(error.with_kind(fact.kind)),
        // A request that does not ask for JSON is sent to the login page instead of being refused [inferred].
        None if leads_to_login(response) => error.with_kind(ErrorKind::Unauthenticated).mark_unsent(),
        None => error,
    };
    let error = match contact.into().and_then(|contact| Status::of(body.get("session_status")?)?.session(contact)) {
        Some(session) if error.is_window_closed() => error.with_session(session),
        _ => error,
    };
    // The body's seconds are what the AI reply endpoint gives [inferred].
    let in_body = body.get("retry_after").and_then(Value::as_u64).map(Duration::from_secs);
    let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now));
    let error = match error.retry_after().max(in_body) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    };
    SendAnswer::of(response, operation, IDS).refused(error.with_code(code))
}

/// The row about `code`. A gateway's 5xx and a redirect are no refusals, whatever words they carry, unless a page
/// documents the code with that very status.
fn fact(code: &str, status: StatusCode) -> Option<&'static ErrorCode> {
    if status.is_server_error() || status.is_redirection() {
        ANSWERS.iter().find(|fact| fact.code == code && fact.status == Some(status.as_u16()))
    } else {
        ErrorCode::find(ANSWERS, code)
    }
}

/// The login's redirect is a 302. Any other redirect may be how a form says that it is done.
fn leads_to_login(response: &Response<Bytes>) -> bool {
    let is_302 = response.status() == StatusCode::FOUND;
    let target = json::header(response.headers(), LOCATION.as_str()).filter(|_| is_302);
    target.and_then(|target| target.split(['?', '#']).next()).is_some_and(|path| path.ends_with("/login"))
}

/// `error_code`, a text in answers. Other groups of the API have none.
fn code(body: &Value) -> String {
    match body.get("error_code") {
        Some(Value::String(code)) => code.clone(),
        Some(Value::Number(code)) => code.to_string(),
        _ => String::new(),
    }
}

/// The words. They are for humans, because they change with the state. Each group of the API has another member for
/// them. A rejected field is named in `errors`, which may hold one called `message` [inferred].
fn text(body: &Value) -> Option<String> {
    let words = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty());
    let text = words("error").or_else(|| words("message"))?;
    match body.get("errors").and_then(Value::as_object) {
        Some(errors) if !errors.is_empty() => {
            let fields: Vec<&str> = errors.keys().map(String::as_str).collect();
            Some(format!("{text} ({})", fields.join(", ")))
        }
        _ => Some(text.to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
