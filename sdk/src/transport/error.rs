//! Why a request brought no usable response, and what each reason proves about a send.

use std::time::Duration;

use http::StatusCode;

use super::Operation;
use crate::error::{Error, ErrorKind, Phase};

/// Why a request brought no usable response.
///
/// The sources are types of the HTTP client, which each transport has its own of.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    #[error("the connection could not be made: {0}")]
    Connect(#[source] Cause),
    #[error("the connection timed out: {0}")]
    ConnectTimeout(#[source] Cause),
    #[error("the server's TLS was not accepted: {0}")]
    Tls(#[source] Cause),
    #[error("the request body failed")]
    RequestBody { own: Error, source: Cause },
    #[error("no response within {0:?}")]
    Timeout(Duration),
    #[error("the connection broke before a response")]
    Closed(#[source] Cause),
    #[error("the response is not HTTP: {0}")]
    NotHttp(#[source] Cause),
    #[error("the HTTP client followed a redirect, which it must not do")]
    Redirected(StatusCode),
    #[error("the response is compressed, although the request asked for no compression")]
    Compressed(StatusCode),
    #[error("the response is longer than {limit} bytes")]
    TooLarge { status: StatusCode, limit: usize },
    #[error("the response stopped half-way and did not go on in time")]
    BodyTimeout(StatusCode),
    #[error("the connection broke in the middle of the response")]
    BodyClosed { status: StatusCode, source: Cause },
    #[error("the response's body is not HTTP")]
    BodyNotHttp { status: StatusCode, source: Cause },
}

/// An error of the HTTP client. It displays as its root cause.
#[derive(Debug)]
pub(super) struct Cause(pub(super) Box<dyn std::error::Error + Send + Sync>);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match super::causes(&*self.0).last() {
            Some(root) => write!(f, "{root}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl TransportError {
    /// How far the request got.
    const fn phase(&self) -> Phase {
        match self {
            Self::Connect(_) | Self::ConnectTimeout(_) | Self::Tls(_) => Phase::NotConnected,
            Self::RequestBody { .. } | Self::Timeout(_) | Self::Closed(_) | Self::NotHttp(_) => Phase::NoResponse,
            Self::Redirected(_)
            | Self::Compressed(_)
            | Self::TooLarge { .. }
            | Self::BodyTimeout(_)
            | Self::BodyClosed { .. }
            | Self::BodyNotHttp { .. } => Phase::Response,
        }
    }

    const fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::Timeout(_)
            | Self::Closed(_)
            | Self::BodyTimeout(_)
            | Self::BodyClosed { .. } => ErrorKind::ProviderUnavailable,
            // The same server would say the same again, so this is no passing failure.
            Self::Tls(_)
            | Self::NotHttp(_)
            | Self::Redirected(_)
            | Self::Compressed(_)
            | Self::TooLarge { .. }
            | Self::BodyNotHttp { .. } => ErrorKind::MalformedResponse,
            Self::RequestBody { .. } => ErrorKind::InvalidRequest,
        }
    }

    const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Redirected(status)
            | Self::Compressed(status)
            | Self::BodyTimeout(status)
            | Self::TooLarge { status, .. }
            | Self::BodyClosed { status, .. }
            | Self::BodyNotHttp { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the provider may have the whole request. A connection that was never made, and a body that was never
    /// complete, are the only proofs that it has not.
    const fn leaves_outcome_unknown(&self) -> bool {
        !matches!(self.phase(), Phase::NotConnected) && !matches!(self, Self::RequestBody { .. })
    }

    /// The error that the caller of `operation` gets.
    pub(super) fn into_error(self, operation: Operation) -> Error {
        let (kind, phase, status) = (self.kind(), self.phase(), self.status());
        let is_unknown = self.leaves_outcome_unknown();
        let error = match self {
            Self::RequestBody { own, source } => {
                Error::invalid(own.kind(), vec![own.message().to_owned()]).with_source(source)
            }
            other => {
                let error = Error::new(kind, other.to_string());
                match other.cause() {
                    Some(cause) => error.with_source(cause),
                    None => error,
                }
            }
        };
        let error = match status {
            Some(status) => error.with_status(status),
            None => error.with_phase(phase),
        };
        if is_unknown { operation.mark_unknown(error) } else { error }
    }

    fn cause(self) -> Option<Box<dyn std::error::Error + Send + Sync>> {
        match self {
            Self::Connect(cause)
            | Self::ConnectTimeout(cause)
            | Self::Tls(cause)
            | Self::Closed(cause)
            | Self::NotHttp(cause)
            | Self::RequestBody { source: cause, .. }
            | Self::BodyClosed { source: cause, .. }
            | Self::BodyNotHttp { source: cause, .. } => Some(cause.0),
            Self::Timeout(_)
            | Self::Redirected(_)
            | Self::Compressed(_)
            | Self::TooLarge { .. }
            | Self::BodyTimeout(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause() -> Cause {
        Cause("the root".into())
    }

    /// Every case, with its kind, its phase, and whether a send with it may have been sent.
    fn table() -> Vec<(TransportError, ErrorKind, Phase, bool)> {
        use ErrorKind::{InvalidRequest, MalformedResponse, ProviderUnavailable};
        use Phase::{NoResponse, NotConnected, Response};
        let status = StatusCode::OK;
        let own = Error::new(InvalidRequest, "the file is gone");
        vec![
            (TransportError::Connect(cause()), ProviderUnavailable, NotConnected, false),
            (TransportError::ConnectTimeout(cause()), ProviderUnavailable, NotConnected, false),
            (TransportError::Tls(cause()), MalformedResponse, NotConnected, false),
            (TransportError::RequestBody { own, source: cause() }, InvalidRequest, NoResponse, false),
            (TransportError::Timeout(Duration::from_secs(60)), ProviderUnavailable, NoResponse, true),
            (TransportError::Closed(cause()), ProviderUnavailable, NoResponse, true),
            (TransportError::NotHttp(cause()), MalformedResponse, NoResponse, true),
            (TransportError::Redirected(status), MalformedResponse, Response, true),
            (TransportError::Compressed(status), MalformedResponse, Response, true),
            (TransportError::TooLarge { status, limit: 9 }, MalformedResponse, Response, true),
            (TransportError::BodyTimeout(status), ProviderUnavailable, Response, true),
            (TransportError::BodyClosed { status, source: cause() }, ProviderUnavailable, Response, true),
            (TransportError::BodyNotHttp { status, source: cause() }, MalformedResponse, Response, true),
        ]
    }

    #[test]
    fn each_reason_has_its_kind_phase_and_proof() {
        for (reason, kind, phase, may_be_sent) in table() {
            let name = format!("{reason:?}");
            let error = reason.into_error(Operation::Send);
            assert_eq!((error.kind(), error.phase(), error.may_have_been_sent()), (kind, phase, may_be_sent), "{name}");
            assert_eq!(error.status().is_some(), phase == Phase::Response, "{name}");
        }
    }

    #[test]
    fn a_read_is_never_of_unknown_outcome() {
        for (reason, kind, phase, _) in table() {
            let error = reason.into_error(Operation::Read);
            assert_eq!((error.kind(), error.phase(), error.may_have_been_sent()), (kind, phase, false));
        }
    }
}
