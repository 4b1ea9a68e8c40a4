//! Carries one request to a provider and brings its response, or says how far the request got.
//!
//! Only this module decides, for network trouble, whether a message may have been sent. A connection that was never made
//! proves that nothing was sent; nothing else does.

mod body;
mod classify;
#[cfg(feature = "reqwest")]
mod error;
#[cfg(feature = "reqwest")]
mod options;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

pub use body::StreamedBody;
pub use classify::{kind_of, refusal, sent_of, unreadable};
#[cfg(feature = "reqwest")]
pub use options::{HttpOptions, Resolver, Roots};
#[cfg(feature = "reqwest")]
pub(crate) use options::{PROXY_EXPECTED, is_proxy_url};
#[cfg(feature = "reqwest")]
pub use reqwest::HttpTransport;

use crate::error::{Error, Phase, Result};

/// Carries one request to a provider.
///
/// An implementation must not retry, follow redirects or use a proxy of the environment. It must read the request's
/// [`Operation`] extension, and mark each failure after the connection was made with [`Operation::mark_unknown`].
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and returns its response. Any status is `Ok`.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>>;

    /// As [`send`](Self::send), with a body that is read while it is sent, such as a file's. A body that fails half-way is
    /// the caller's fault ([`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest)); the provider got less than its
    /// `content-length` promised, so the provider accepted nothing.
    ///
    /// The default implementation collects the body in memory first.
    async fn send_streamed(&self, request: Request<StreamedBody>) -> Result<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        self.send(Request::from_parts(parts, body.collect().await?)).await
    }
}

/// What a request does at the provider. It decides the timeout, whether a pooled connection may be used, whether a
/// failure leaves the outcome unknown, and whether the call may be repeated.
///
/// A request without one counts as [`Operation::Send`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// It cannot send a message.
    Read,
    /// It sends a message under an idempotency key, by which the provider recognises a repetition.
    IdempotentSend,
    /// It sends a message, and a repetition would send a second one.
    #[default]
    Send,
}

/// The most bytes of a success that a request takes, as an extension of it, for a file. Without it, 1 MiB. A request with
/// it may take as long as a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = &[Self::Read, Self::IdempotentSend, Self::Send];

    /// The operation of `request`.
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }

    /// Marks the outcome of `error` as unknown, unless this operation cannot have sent a message.
    pub fn mark_unknown(self, error: Error) -> Error {
        if self == Self::Read {
            let phase = error.phase().max(Phase::NoResponse);
            error.mark_unsent().with_phase(phase)
        } else {
            error.maybe_sent()
        }
    }
}

/// An error and what it comes from.
#[cfg(feature = "reqwest")]
fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}
