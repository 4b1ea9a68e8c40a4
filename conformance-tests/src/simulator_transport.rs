use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use transom::transport::Transport;
use transom_mock_server::{ControlError, InboundMessage, MessageFilter, Received, RequestFilter, Simulator};

/// A [`Transport`] that hands each request to a [`Simulator`] in the same process, without a socket.
///
/// The real time is the time of construction; the simulator's own clock is steered with [`Simulator::advance`].
#[derive(Debug)]
pub struct SimulatorTransport {
    real_now: SystemTime,
    simulator: Mutex<Simulator>,
}

impl SimulatorTransport {
    /// The built-in providers in their seeded world, at this real time.
    pub fn new(real_now: SystemTime) -> Arc<Self> {
        Arc::new(Self { real_now, simulator: Mutex::new(Simulator::new(real_now)) })
    }

    /// Steers or reads the simulator. `work` gets it together with the real time, which its methods take.
    pub fn with<T>(&self, work: impl FnOnce(&mut Simulator, SystemTime) -> T) -> T {
        work(&mut self.lock(), self.real_now)
    }

    /// A contact writes, which opens the session window.
    ///
    /// # Errors
    ///
    /// The provider is unknown, or the number is no E.164 number.
    pub fn receive(&self, provider: &str, from: &str) -> Result<Received, ControlError> {
        let inbound = InboundMessage::text(provider, from, "hi");
        self.with(|simulator, now| simulator.receive(now, &inbound))
    }

    /// The messages of this provider that reached contacts, oldest first, as `GET /_mock/messages` shows them. Empty for an
    /// unknown provider.
    pub fn messages(&self, provider: &str) -> Vec<Value> {
        let filter = MessageFilter::of(provider);
        self.with(|simulator, _| {
            simulator.messages(&filter).into_iter().flatten().map(|message| json!(message)).collect()
        })
    }

    /// The requests to this provider, oldest first, as `GET /_mock/requests` shows them. Empty for an unknown provider.
    pub fn requests(&self, provider: &str) -> Vec<Value> {
        let filter = RequestFilter::of(provider);
        self.with(|simulator, _| {
            simulator.requests(&filter).into_iter().flatten().map(|request| json!(request)).collect()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for SimulatorTransport {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        Ok(self.lock().step(self.real_now, &request).response)
    }
}
