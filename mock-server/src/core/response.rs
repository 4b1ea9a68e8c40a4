//! A simulator's response, and functions that build responses without failing.

use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::core::finding::Finding;
use crate::core::webhook::AcceptedMessage;
use crate::core::world::Conversation;

/// Room for most answers.
const USUAL_BYTES: usize = 512;
/// And for their headers: a map that has to grow costs as much as three of them.
const USUAL_HEADERS: usize = 8;

/// A provider's answer to a request, and all that the request led to; [`RequestContext::finish`](crate::RequestContext::finish)
/// makes one. `Debug` leaves the body out.
pub struct SimulatedResponse {
    /// The answer for the client.
    pub response: Response<Bytes>,
    /// Remarks on the request's form, for the journal.
    pub findings: Vec<Finding>,
    pub(crate) accepted: Vec<AcceptedMessage>,
    /// Whether the provider took a message.
    pub(crate) is_accepted: bool,
    /// The conversations that the request closed.
    pub(crate) closed: Vec<Conversation>,
    /// Why the answer differs from the one that the request alone would have got.
    pub(crate) cause: Option<String>,
    /// The API key or account that the request counted against.
    pub(crate) bucket: Option<u64>,
}

impl fmt::Debug for SimulatedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut answer = f.debug_struct("SimulatedResponse");
        answer.field("status", &self.response.status()).field("findings", &self.findings).finish_non_exhaustive()
    }
}

/// A JSON response. A status outside 100 to 999 becomes 500, and so does that of a body that cannot be JSON, such as a map whose
/// keys are not texts.
pub fn json_response<T: Serialize + ?Sized>(status: u16, body: &T) -> Response<Bytes> {
    let mut text = Vec::with_capacity(USUAL_BYTES);
    match serde_json::to_writer(&mut text, body) {
        Ok(()) => response(status, Some("application/json"), Bytes::from(text)),
        Err(_) => response(500, None, Bytes::new()),
    }
}

/// As [`json_response`], of a text that is JSON already.
pub(crate) fn json_text_response(status: u16, json: String) -> Response<Bytes> {
    response(status, Some("application/json"), Bytes::from(json))
}

/// A plain text response; see [`json_response`] for the status. An empty text carries no content type.
pub fn text_response(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let body = body.into();
    let content_type = (!body.is_empty()).then_some("text/plain; charset=utf-8");
    response(status, content_type, body)
}

/// A page of HTML; see [`json_response`] for the status.
pub fn html_response(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    response(status, Some("text/html; charset=utf-8"), body.into())
}

fn response(status: u16, content_type: Option<&'static str>, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.headers_mut() = HeaderMap::with_capacity(USUAL_HEADERS);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// Sets a header and replaces its old value. Names must be lower case. Values that HTTP cannot carry are left out.
pub fn set_header<B>(response: &mut Response<B>, name: &str, value: impl fmt::Display) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value.to_string())) {
        response.headers_mut().insert(name, value);
    }
}

/// Turns the response to a GET into that to a HEAD: without the body, with its length.
pub(crate) fn remove_body(response: &mut Response<Bytes>) {
    let length = response.body().len();
    set_header(response, "content-length", length);
    *response.body_mut() = Bytes::new();
}

/// As [`set_header`], with a number, which nearly every answer has some of and which costs less than a text.
pub fn set_number(response: &mut Response<Bytes>, name: HeaderName, number: impl Into<HeaderValue>) {
    response.headers_mut().insert(name, number.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_http_cannot_carry_is_left_out() {
        let mut response = text_response(200, "");
        set_header(&mut response, "x-note", "two\nlines");
        set_header(&mut response, "x-other", 5);
        assert!(!response.headers().contains_key("x-note"));
        assert_eq!(response.headers()["x-other"], "5");
    }

    #[test]
    fn an_impossible_status_becomes_500() {
        assert_eq!(text_response(7, "").status(), 500);
    }
}
