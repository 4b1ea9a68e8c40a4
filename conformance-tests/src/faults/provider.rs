//! The provider behind the listener: a simulator and its ledger.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::assertions::{Check, Failure, unexpected};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use transom_mock_server::{DeliveryOutcome, Simulator};

/// One provider's simulator.
#[derive(Debug)]
pub(crate) struct Provider {
    name: &'static str,
    simulator: Mutex<Simulator>,
}

/// A delivered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) message_id: String,
    /// The content, which identifies the send.
    pub(crate) text: String,
}

impl Provider {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, simulator: Mutex::new(Simulator::new(SystemTime::now())) }
    }

    fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acts on a request, and returns the genuine response.
    pub(crate) fn act(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.simulator().step(SystemTime::now(), request).response
    }

    /// Calls the control plane.
    pub(crate) fn control(&self, method: &str, call: &str, body: &Value) -> Result<Value, Failure> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder().method(method).uri(format!("/_mock/{call}")).body(body);
        let response = self.act(&request.map_err(unexpected)?);
        let answer: Value = serde_json::from_slice(response.body()).map_err(unexpected)?;
        if response.status().is_success() { Ok(answer) } else { Err(format!("{call}: {answer}").into()) }
    }

    /// The contact with this number writes, which opens the session window.
    pub(crate) fn receive_from(&self, number: &str) -> Check {
        let body = serde_json::json!({ "provider": self.name, "from": format!("+{number}"), "text": "hi" });
        self.control("POST", "inbound", &body).map(drop)
    }

    /// The next webhook call that is due; it counts as answered.
    pub(crate) fn webhook(&self) -> Option<Request<Bytes>> {
        let mut simulator = self.simulator();
        let delivery = simulator.due(SystemTime::now())?;
        simulator.delivered(delivery.id, DeliveryOutcome::Answered(http::StatusCode::OK));
        Some(delivery.request)
    }

    /// The delivered messages.
    pub(crate) fn ledger(&self) -> Vec<Line> {
        let simulator = self.simulator();
        let line = |delivery: &transom_mock_server::Delivery| Line {
            message_id: delivery.message_id.clone(),
            text: delivery.content.json().to_string(),
        };
        simulator.world().ledger().map(line).collect()
    }

    /// The journal and the whole state as text.
    pub(crate) fn exports(&self) -> Result<String, Failure> {
        let journal = self.control("GET", "requests", &Value::Null)?;
        let state = self.control("GET", "state", &Value::Null)?;
        Ok(format!("{journal} {state}"))
    }
}
