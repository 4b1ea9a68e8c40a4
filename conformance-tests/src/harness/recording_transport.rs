//! Records the requests of an adapter.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::Value;
use transom::adapter::Operation;
use transom::transport::Transport;

use crate::assertions::{Failure, unexpected};

/// A transport that keeps a copy of each request. Unlike the mock's journal, the copy has the credentials.
#[derive(Clone, Debug)]
pub(crate) struct RecordingTransport {
    transport: Arc<dyn Transport>,
    asked: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl RecordingTransport {
    pub(super) fn over(transport: Arc<dyn Transport>) -> Self {
        Self { transport, asked: Arc::default() }
    }

    /// The requests so far.
    pub(crate) fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for RecordingTransport {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        self.transport.send(request).await
    }
}

/// The request of a sample, addressed to the mock at `base`.
pub(super) fn request(base: &str, call: &Value) -> Result<Request<Bytes>, Failure> {
    let body = match (call.get("body"), call["raw_body"].as_str()) {
        (Some(body), _) => body.to_string(),
        (None, Some(raw)) => raw.to_owned(),
        (None, None) => String::new(),
    };
    let path = call["path"].as_str().unwrap_or_default();
    let method = call["method"].as_str().unwrap_or_default();
    let mut request =
        Request::builder().method(method).uri(format!("{base}{path}")).body(body.into()).map_err(unexpected)?;
    request.extensions_mut().insert(Operation::Read);
    // HTTP clients send the credentials of a URL in this header.
    if let Some(userinfo) = call["userinfo"].as_str() {
        let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(userinfo))).map_err(unexpected)?;
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        let value = HeaderValue::try_from(value.as_str().unwrap_or_default()).map_err(unexpected)?;
        request.headers_mut().insert(HeaderName::try_from(name).map_err(unexpected)?, value);
    }
    Ok(request)
}
