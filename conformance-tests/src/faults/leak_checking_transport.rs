//! The real transport, with a check of every request for leaks.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::Result;
use transom::transport::Transport;
use transom::transport::{HttpTransport, StreamedBody};

use super::canary;

/// Forwards requests, and records leaks.
#[derive(Debug)]
pub(crate) struct LeakCheckingTransport {
    inner: HttpTransport,
    problems: Mutex<Vec<String>>,
}

impl LeakCheckingTransport {
    pub(crate) fn new(inner: HttpTransport) -> Self {
        Self { inner, problems: Mutex::default() }
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look_at(&self, request: &Request<Bytes>) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        // The body is content, so only the head is searched.
        let (head, _) = request.clone().into_parts();
        if let Some(found) = canary::credential_in(&format!("{head:?} {head:#?}")) {
            problems.push(format!("a request's debug form shows {found}"));
        }
        if canary::credential_in(&request.uri().to_string()).is_some() {
            problems.push("a credential is in a URL".to_owned());
        }
    }
}

#[async_trait]
impl Transport for LeakCheckingTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        self.look_at(&request);
        self.inner.send(request).await
    }

    async fn send_streamed(&self, request: Request<StreamedBody>) -> Result<Response<Bytes>> {
        self.inner.send_streamed(request).await
    }
}
