//! The simulator behind wiremock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use transom_mock_server::{DeliveryOutcome, Simulator, WireFault, WireResponse, control_response};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::harness::webhook_receiver::WebhookReceiver;

/// A simulator with a server in front of it.
pub(crate) struct Served {
    server: MockServer,
    simulator: Arc<Mutex<Simulator>>,
}

impl Served {
    pub(super) fn url(&self) -> String {
        self.server.uri()
    }

    /// Delivers every webhook call that is due.
    pub(super) fn deliver(&self, receiver: &WebhookReceiver) {
        let mut simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(delivery) = simulator.due(SystemTime::now()) {
            let status = receiver.receive(delivery.request);
            simulator.delivered(delivery.id, DeliveryOutcome::Answered(status));
        }
    }
}

/// A server in front of `simulator`.
pub(super) async fn start(simulator: Simulator) -> Served {
    let simulator = Arc::new(Mutex::new(simulator));
    let server = MockServer::builder().disable_request_recording().start().await;
    let drops = Simulated(Arc::clone(&simulator));
    let swallowed = Simulated(Arc::clone(&simulator));
    // A wiremock mock either answers or drops, and only the request decides which. The first mock takes the requests whose
    // responses are lost.
    Mock::given(move |request: &Request| drops.would_drop(request))
        .respond_with_err(move |request: &Request| {
            swallowed.step(request);
            std::io::Error::from(std::io::ErrorKind::ConnectionReset)
        })
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(Simulated(Arc::clone(&simulator))).with_priority(2).mount(&server).await;
    Served { server, simulator }
}

/// The simulator as a responder.
struct Simulated(Arc<Mutex<Simulator>>);

impl Simulated {
    fn would_drop(&self, request: &Request) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).would_drop_reply(&plain(request))
    }

    fn step(&self, request: &Request) -> WireResponse {
        let (now, request) = (SystemTime::now(), plain(request));
        let mut simulator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match control_response(&mut simulator, now, &request) {
            Some(response) => WireResponse { response, wire: WireFault::Whole, delay: Duration::ZERO },
            None => simulator.step(now, &request),
        }
    }
}

impl Respond for Simulated {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let WireResponse { response, wire, delay } = self.step(request);
        let (head, body) = response.into_parts();
        let mut template = ResponseTemplate::new(head.status);
        for (name, value) in &head.headers {
            template = template.append_header(name, value);
        }
        match wire {
            WireFault::Whole => template.set_body_bytes(body).set_delay(delay),
            // wiremock cannot cut a body, so half of it is declared as the whole. The true cut is played against the
            // binary.
            WireFault::Truncated(length) => template.set_body_bytes(body.get(..length).unwrap_or(&body)),
            // Longer than any scenario waits. The other mock takes the lost ones.
            WireFault::Hang | WireFault::Held(_) | WireFault::Lost | WireFault::Reset => {
                template.set_delay(Duration::from_secs(3_600))
            }
        }
    }
}

fn plain(request: &Request) -> http::Request<Bytes> {
    let mut plain = http::Request::new(Bytes::copy_from_slice(&request.body));
    *plain.method_mut() = request.method.clone();
    *plain.headers_mut() = request.headers.clone();
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{}{query}", request.url.path()).parse() {
        *plain.uri_mut() = uri;
    }
    plain
}
