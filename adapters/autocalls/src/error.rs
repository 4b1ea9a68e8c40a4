//! Autocalls's codes: `error_code` in answers. The carrier's numbers, and WhatsApp's own for a sender that is connected to it
//! directly, stand in answers, in read receipts and in texts.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde_json::Value;
use transom::adapter::{
    Certainty, ErrorCode, Operation, RateLimitInfo, SendAnswer, first_code, json, platform_codes, reasons,
};
use transom::{Error, ErrorKind, PhoneNumber, Sent, transport};

use crate::types::{IDS, Status};

/// Every table. What the carrier's numbers mean is the same in answers and in read receipts.
pub(crate) const CODES: &[&[ErrorCode]] = &[ANSWERS, platform_codes::TWILIO, platform_codes::META];

/// The codes of answers: `error_code`. Codes without words are read by their names and by the guides.
const ANSWERS: &[ErrorCode] = {
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
        in_doubt(
            "TWILIO_ERROR_*",
            "an error of the carrier's with a number that is in no table",
            K::ProviderUnavailable,
        ),
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

/// A rejection that leaves the outcome unknown.
const fn in_doubt(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    ErrorCode { sent: Sent::Maybe, ..row(code, name, 422, kind, TEMPLATE, Certainty::Inferred) }
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
    let text = text(&body, response.body());
    let error = if status.is_success() {
        // A yes around a no proves nothing until its code does.
        operation.mark_unknown(Error::new(ErrorKind::InvalidRequest, text).with_status(status))
    } else {
        transport::refusal(status, operation, text)
    };
    let code = code(&body).or_else(|| first_code(response.body())).unwrap_or_default();
    let fact = fact(&code, quoted(&body, &error), status);
    let error = match fact {
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
    let error = fact.map_or(error.clone(), |fact| platform_codes::paced(error, fact.code));
    let code = match platform_codes::quoted_code(error.message()).filter(|_| code.is_empty() && fact.is_some()) {
        Some(quoted) => quoted.to_owned(),
        None => code,
    };
    SendAnswer::of(response, operation, IDS).refused(error.with_code(code))
}

/// The row about `code`, or about the number that the words quote if the code says nothing certain. A gateway's 5xx and a
/// redirect are no refusals, whatever words they carry, unless a page documents the code with that very status.
fn fact(code: &str, quoted: Option<&'static ErrorCode>, status: StatusCode) -> Option<&'static ErrorCode> {
    if status.is_server_error() || status.is_redirection() {
        return ANSWERS.iter().find(|fact| fact.code == code && fact.status == Some(status.as_u16()));
    }
    let own = ErrorCode::find(ANSWERS, code);
    let passed_on = || passed_on(code).filter(|_| code != status.as_str());
    own.filter(|fact| fact.sent == Sent::No).or_else(passed_on).or(quoted).or(own)
}

/// The row about a number of the carrier's or of WhatsApp's. In answers the carrier's follow `TWILIO_ERROR_`.
pub(crate) fn passed_on(code: &str) -> Option<&'static ErrorCode> {
    match code.strip_prefix("TWILIO_ERROR_") {
        Some(number) => ErrorCode::find(platform_codes::TWILIO, number),
        None => platform_codes::find(code),
    }
}

/// The row about the number that the words quote. A 401, a 402 or a 429 is clear by itself, and the words about a rejected
/// field may hold any number.
fn quoted(body: &Value, error: &Error) -> Option<&'static ErrorCode> {
    let is_about_fields = body.get("errors").is_some_and(Value::is_object);
    let fact = platform_codes::quoted_in(error.message()).filter(|_| !is_about_fields)?;
    let is_clear = matches!(error.status(), Some(401 | 402 | 429)) && fact.kind != error.kind();
    (!is_clear).then_some(fact)
}

/// The login's redirect is a 302. Any other redirect may be how a form says that it is done.
fn leads_to_login(response: &Response<Bytes>) -> bool {
    let is_302 = response.status() == StatusCode::FOUND;
    let target = json::header(response.headers(), LOCATION.as_str()).filter(|_| is_302);
    target.and_then(|target| target.split(['?', '#']).next()).is_some_and(|path| path.ends_with("/login"))
}

/// `error_code`, a text in answers. Other groups of the API have none.
fn code(body: &Value) -> Option<String> {
    match body.get("error_code")? {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    }
}

/// The words, or the start of a body without any. Each group of the API has other members for them. A rejected field is
/// named in `errors`, which may hold one called `message` [inferred].
fn text(body: &Value, raw: &[u8]) -> String {
    let text = reasons(raw).join("; ");
    match body.get("errors").and_then(Value::as_object) {
        _ if text.is_empty() => json::excerpt(raw),
        Some(errors) if !errors.is_empty() => {
            let fields: Vec<&str> = errors.keys().map(String::as_str).collect();
            format!("{text} ({})", fields.join(", "))
        }
        _ => text,
    }
}

#[cfg(test)]
pub(crate) mod tests;
