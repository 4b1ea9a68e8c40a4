//! One request out, one answer back, and what the way it failed proves.
//!
//! This is the only place that decides, for network trouble, whether a message may have been sent. The rule is short:
//! a connection that was never made proves that nothing was sent; nothing else does.

mod body;
#[cfg(feature = "reqwest")]
mod connection;
#[cfg(feature = "reqwest")]
mod http_client;
#[cfg(feature = "reqwest")]
mod options;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

pub use body::StreamedBody;
#[cfg(feature = "reqwest")]
pub use http_client::HttpTransport;
#[cfg(feature = "reqwest")]
pub use options::{HttpOptions, Resolver, Roots};

use crate::error::{Error, ErrorKind, Result, Sent};

/// Carries one request to a provider.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// One request, one response. Any status is `Ok`. Must not retry, follow redirects or use a proxy of the
    /// environment, and must read the request's [`Operation`] extension.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>>;

    /// As [`send`](Self::send), with a body that is read while it is sent, such as a file's. A body that fails half-way is
    /// the caller's fault ([`ErrorKind::InvalidRequest`]); the provider got less than its `content-length` promised, so
    /// nothing was taken.
    ///
    /// A transport that does not implement this collects the body in memory first.
    async fn send_streamed(&self, request: Request<StreamedBody>) -> Result<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        self.send(Request::from_parts(parts, body.collect().await?)).await
    }
}

/// What a request is for: it decides the timeout, whether a pooled connection may be used, and whether a failure leaves
/// the message in doubt. A request without one is taken for [`Operation::Send`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// It cannot send anything.
    Read,
    /// It sends a message under a key by which the provider dedupes.
    KeyedSend,
    /// It sends a message, and a repetition would send it twice.
    #[default]
    Send,
}

impl Operation {
    /// The purpose of `request`.
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }

    /// Marks `error` as leaving the message in doubt, unless this cannot have sent one.
    pub fn mark_unknown(self, error: Error) -> Error {
        if self == Self::Read { error.mark_unsent() } else { error.maybe_sent() }
    }
}

/// The kind that an HTTP status means where the provider gives no code, or one that nobody documented.
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
/// A refusal (4xx) proves that nothing was sent, but for 408 (the server gave up on a request it may have acted on), 409
/// (something is already there) and 499 (a gateway's note that its client went away while the backend was at work). A
/// gateway answers 5xx for a backend that may have acted. Of the redirects, 303 says that the request was handled.
/// Anything odd proves nothing.
pub const fn sent_of(status: StatusCode) -> Sent {
    match status.as_u16() {
        303 | 408 | 409 | 499 => Sent::Maybe,
        300..=499 => Sent::No,
        _ => Sent::Maybe,
    }
}

/// The error for an answer that is no success and whose body says nothing that the provider's table knows: the kind and
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
        Sent::Maybe => purpose.mark_unknown(error),
    }
}

/// The error for a successful answer that cannot be read. The provider most likely took the message.
pub fn unreadable(status: StatusCode, operation: Operation, message: impl Into<String>) -> Error {
    purpose.mark_unknown(Error::new(ErrorKind::MalformedResponse, message).with_status(status))
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
    fn only_a_plain_refusal_or_redirect_proves_that_nothing_was_sent() {
        for code in [301, 302, 307, 308, 400, 401, 402, 403, 404, 413, 415, 422, 429, 431] {
            assert_eq!(sent_of(status(code)), Sent::No, "{code}");
        }
        for code in [101, 200, 202, 303, 408, 409, 499, 500, 502, 503, 504, 520, 999] {
            assert_eq!(sent_of(status(code)), Sent::Maybe, "{code}");
        }
    }

    #[test]
    fn a_read_leaves_nothing_in_doubt() {
        assert!(!refusal(status(502), Operation::Read, "x").may_have_been_sent());
        assert!(refusal(status(502), Operation::IdempotentSend, "x").may_have_been_sent());
        assert!(refusal(status(502), Operation::Send, "x").may_have_been_sent());
    }
}
