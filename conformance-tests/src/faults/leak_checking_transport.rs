//! The transport of a case: the real one, with an eye on what goes into it.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::Result;
use transom::transport::Transport;
use transom::transport::{HttpTransport, StreamedBody};

use super::canary;

/// Passes requests on, and notes what is wrong with them.
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
        // Its body is content, and its debug form would spell it.
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
