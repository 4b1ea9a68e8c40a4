//! What an HTTP status means where the provider gives no code of its own.

use http::StatusCode;

use super::Operation;
use crate::error::{Error, ErrorKind, Sent};

/// The kind that an HTTP status means where the provider gives no code, or an undocumented one.
pub const fn kind_of(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        400 | 405 | 406 | 411 | 413..=417 | 422 | 431 => ErrorKind::InvalidRequest,
        401 | 407 => ErrorKind::Unauthenticated,
        402 => ErrorKind::InsufficientBalance,
        403 => ErrorKind::PermissionDenied,
        404 | 410 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        // 421 and 425 ask for the same request on another connection: the provider's trouble, not the message's.
        408 | 421 | 425 | 499 | 500..=599 => ErrorKind::ProviderUnavailable,
        _ => ErrorKind::MalformedResponse,
    }
}

/// What an HTTP status alone proves about a send. An error table may know better about a documented code.
///
/// A rejection (4xx) proves that nothing was sent, with three exceptions: 408 (the server gave up on a request that it
/// may have acted on), 409 (something is already there) and 499 (a gateway's client went away while the backend was at
/// work). A gateway answers 5xx for a backend that may have acted. A redirect may be how a form says that it is done.
/// Any other status proves nothing either.
pub const fn sent_of(status: StatusCode) -> Sent {
    match status.as_u16() {
        408 | 409 | 499 => Sent::Maybe,
        400..=499 => Sent::No,
        _ => Sent::Maybe,
    }
}

/// The error for a response that is no success and whose body says nothing that the provider's table knows: the kind and
/// the proof of its status.
pub fn refusal(status: StatusCode, operation: Operation, message: impl Into<String>) -> Error {
    let mut message = message.into();
    if message.trim().is_empty() {
        message = match status.as_u16() {
            300..=399 => "it redirects, which is not followed".to_owned(),
            _ => format!("it answered {status} and said no more"),
        };
    }
    let error = Error::new(kind_of(status), message).with_status(status);
    match sent_of(status) {
        Sent::No => error,
        Sent::Maybe => operation.mark_unknown(error),
    }
}

/// The error for a successful response that cannot be read. The provider most likely accepted the message.
pub fn unreadable(status: StatusCode, operation: Operation, message: impl Into<String>) -> Error {
    operation.mark_unknown(Error::new(ErrorKind::MalformedResponse, message).with_status(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> StatusCode {
        StatusCode::from_u16(code).unwrap()
    }

    #[test]
    fn every_status_has_the_kind_of_the_table() {
        let table: &[(&[u16], ErrorKind)] = &[
            (&[400, 405, 406, 411, 413, 414, 415, 416, 417, 422, 431], ErrorKind::InvalidRequest),
            (&[401, 407], ErrorKind::Unauthenticated),
            (&[402], ErrorKind::InsufficientBalance),
            (&[403], ErrorKind::PermissionDenied),
            (&[404, 410], ErrorKind::NotFound),
            (&[409], ErrorKind::Conflict),
            (&[429], ErrorKind::RateLimited),
            (&[408, 421, 425, 499, 500, 501, 502, 503, 504, 520, 599], ErrorKind::ProviderUnavailable),
            (&[100, 101, 301, 302, 303, 307, 308, 999], ErrorKind::MalformedResponse),
        ];
        for (codes, kind) in table {
            for &code in *codes {
                assert_eq!(kind_of(status(code)), *kind, "{code}");
            }
        }
    }

    #[test]
    fn only_a_plain_refusal_proves_unsent() {
        for code in [400, 401, 402, 403, 404, 412, 413, 415, 418, 422, 429, 431, 451] {
            assert_eq!(sent_of(status(code)), Sent::No, "{code}");
        }
        for code in [101, 200, 202, 300, 301, 302, 303, 304, 307, 308, 408, 409, 499, 500, 502, 503, 504, 520, 999] {
            assert_eq!(sent_of(status(code)), Sent::Maybe, "{code}");
        }
    }

    #[test]
    fn a_failed_read_is_never_of_unknown_outcome() {
        assert!(!refusal(status(502), Operation::Read, "x").may_have_been_sent());
        assert!(refusal(status(502), Operation::IdempotentSend, "x").may_have_been_sent());
        assert!(refusal(status(502), Operation::Send, "x").may_have_been_sent());
    }
}
