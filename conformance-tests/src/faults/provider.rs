//! The provider behind the listener: a simulator and its ledger.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::assertions::{Check, Failure, unexpected};
use bytes::Bytes;
use http::{Request, Response};
use transom_mock_server::{DeliveryOutcome, InboundMessage, RequestFilter, Simulator};

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

    /// Steers the simulator.
    pub(crate) fn control<T, E: std::fmt::Display>(
        &self,
        work: impl FnOnce(&mut Simulator, SystemTime) -> Result<T, E>,
    ) -> Result<T, Failure> {
        work(&mut self.simulator(), SystemTime::now()).map_err(unexpected)
    }

    /// The contact with this number writes, which opens the session window.
    pub(crate) fn receive_from(&self, number: &str) -> Check {
        let inbound = InboundMessage::text(self.name, &format!("+{number}"), "hi");
        self.control(|simulator, now| simulator.receive(now, &inbound)).map(drop)
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
        let simulator = self.simulator();
        let requests = simulator.requests(&RequestFilter::default()).map_err(unexpected)?;
        let journal = serde_json::to_string(&requests).map_err(unexpected)?;
        let state = simulator.export();
        Ok(format!("{journal} {state}"))
    }
}
