//! An HTTP call that is refused.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::json;

use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::response::{json_response, set_header};

/// Why a call over HTTP is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    error: String,
    allow: Option<String>,
}

impl Refusal {
    pub(crate) fn of(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), allow: None }
    }

    pub(crate) fn wrong_method(path: &str, method: &Method, methods: &[&str]) -> Self {
        let error = format!("{path} does not take {method}, expected {}", list(methods));
        Self { status: 405, error, allow: Some(methods.join(", ")) }
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut response = json_response(self.status, &json!({"error": self.error}));
        if let Some(allow) = self.allow {
            set_header(&mut response, "allow", allow);
        }
        response
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        Self::of(400, error.to_string())
    }
}
