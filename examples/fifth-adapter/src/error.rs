//! Larkwire's codes. They come with HTTP 200.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use transom::adapter::RateLimitInfo;
use transom::adapter::{Certainty, ErrorCode, Operation, json};
use transom::{Error, ErrorKind, Sent, transport};

use crate::types::Answer;

/// Every table: one for each place in which codes stand. Events carry the same codes as answers.
pub(crate) const CODES: &[&[ErrorCode]] = &[ANSWERS];

/// `code`, in answers and in events.
pub(crate) const ANSWERS: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        row("1001", "the key is not valid", K::Unauthenticated),
        row("1003", "the key may not send from this line", K::PermissionDenied),
        row("2001", "no such line", K::SenderNotFound),
        row("2002", "the line is not connected", K::SenderUnavailable),
        row("3001", "the recipient is no number", K::RecipientInvalid),
        row("3002", "a member is missing or wrong", K::InvalidRequest),
        row("4103", "the recipient last wrote more than 24 hours ago", K::SessionExpired),
        row("4104", "the recipient has never written", K::NoActiveSession),
        row("4201", "no such template in this language", K::TemplateRejected),
        row("4202", "the template is not approved", K::TemplateRejected),
        row("4203", "the number of values is not the template's", K::TemplateRejected),
        row("4290", "too fast", K::RateLimited),
        row("5001", "the account is out of credit", K::InsufficientBalance),
        // The page says of this family alone that the message may have been accepted.
        ErrorCode { sent: Sent::Maybe, ..row("9*", "something failed inside", K::ProviderUnavailable) },
    ]
};

const fn row(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    ErrorCode {
        code,
        name,
        status: Some(200),
        kind,
        sent: Sent::No,
        source: "larkwire.example/docs/codes",
        certainty: Certainty::Docs,
        date: "2026-11-21",
    }
}

/// The error for the answer to a send that did not take the message.
pub(crate) fn refusal(response: &Response<Bytes>, now: SystemTime) -> Error {
    let answer: Answer = json::decode_lenient(response);
    let code = answer.code.as_deref().unwrap_or_default();
    let text = answer.msg.clone().unwrap_or_else(|| json::excerpt(response.body()));
    // The kind and the proof of the HTTP status, until the table knows better: an unknown code with 200 proves nothing.
    let error = transport::refusal(response.status(), Operation::Send, text);
    let error = match ErrorCode::find(ANSWERS, code) {
        // A gateway's answer is no rejection by Larkwire, whatever code it carries. Nor is a redirect.
        Some(_) if response.status().is_server_error() || response.status().is_redirection() => error,
        Some(fact) if fact.sent == Sent::Maybe => error.with_kind(fact.kind).maybe_sent(),
        Some(fact) => error.with_kind(fact.kind).mark_unsent(),
        None => error,
    };
    let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now)).with_code(code);
    // Seconds, beside the code for going too fast [docs, larkwire.example/docs/limits].
    match answer.datum("retry_in").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &'static str) -> Error {
        let response = Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap();
        refusal(&response, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn only_a_code_of_the_page_proves_that_nothing_was_sent() {
        for (status, body, kind, maybe) in [
            (200, r#"{"code":4103,"msg":"closed","data":null}"#, ErrorKind::SessionExpired, false),
            (200, r#"{"code":"4103"}"#, ErrorKind::SessionExpired, false),
            (200, r#"{"code":9014,"msg":"oops"}"#, ErrorKind::ProviderUnavailable, true),
            (200, r#"{"code":7777,"msg":"new"}"#, ErrorKind::MalformedResponse, true),
            (503, r#"{"code":4103}"#, ErrorKind::ProviderUnavailable, true),
        ] {
            let error = refused(status, body);
            assert_eq!((error.kind(), error.may_have_been_sent()), (kind, maybe), "{status} {body}");
        }
    }

    #[test]
    fn the_wait_stands_in_the_body() {
        let error = refused(200, r#"{"code":4290,"msg":"too fast","data":{"retry_in":7}}"#);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(error.code(), Some("4290"));
    }
}
