//! A simulator and a real clock that stands still, for unit tests.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::control_response;
use crate::core::simulator::{Simulator, WireFault, WireResponse};
use crate::core::webhook::{DeliveryOutcome, WebhookDelivery};

pub(crate) struct Mock {
    pub(crate) simulator: Simulator,
    pub(crate) real_now: SystemTime,
}

/// An answer, its body read as JSON; null if it is none.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) json: Value,
    pub(crate) reply: WireResponse,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.reply.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Mock {
    /// At 09:20 UTC on 11 May 2026.
    pub(crate) fn new() -> Self {
        let real_now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_778_491_200);
        Self { simulator: Simulator::new(real_now), real_now }
    }

    pub(crate) fn strict() -> Self {
        let mock = Self::new();
        Self { simulator: mock.simulator.strict(), ..mock }
    }

    pub(crate) fn step(&mut self, request: &Request<Bytes>) -> Seen {
        let reply = match control_response(&mut self.simulator, self.real_now, request) {
            Some(response) => WireResponse { response, wire: WireFault::Whole, delay: Duration::ZERO },
            None => self.simulator.step(self.real_now, request),
        };
        let json = serde_json::from_slice(reply.response.body()).unwrap_or_default();
        Seen { status: reply.response.status().as_u16(), json, reply }
    }

    /// A control call that must succeed: `null` asks, anything else is posted.
    pub(crate) fn control(&mut self, call: &str, body: &Value) -> Value {
        let method = if body.is_null() { "GET" } else { "POST" };
        let request = Request::builder().method(method).uri(format!("/_mock/{call}"));
        let seen = self.step(&request.body(Bytes::from(body.to_string())).unwrap());
        assert_eq!(seen.status, 200, "{call} {body}: {}", seen.json);
        seen.json
    }

    pub(crate) fn inbound(&mut self, provider: &str, from: &str) {
        self.control("inbound", &json!({"provider": provider, "from": from, "text": "hi", "name": "Asha"}));
    }

    pub(crate) fn advance(&mut self, duration: &str) {
        self.control("clock", &json!({"advance": duration}));
    }

    /// Registers a webhook.
    pub(crate) fn listen(&mut self, provider: &str) {
        self.control(
            "webhooks",
            &json!({"provider": provider, "url": "http://127.0.0.1:9000/hook", "secret": "s3cret"}),
        );
    }

    /// The next webhook call that is due, answered with a status; none if nothing is due.
    pub(crate) fn answer_webhook(&mut self, status: u16) -> Option<WebhookDelivery> {
        let delivery = self.simulator.due(self.real_now)?;
        self.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::from_u16(status).unwrap()));
        Some(delivery)
    }

    /// The bodies of the webhook calls that are due by now.
    pub(crate) fn sent_calls(&mut self) -> Vec<Value> {
        let due = std::iter::from_fn(|| self.answer_webhook(200));
        due.map(|delivery| serde_json::from_slice(delivery.request.body()).unwrap()).collect()
    }

    /// How many messages people got.
    pub(crate) fn delivered(&self) -> usize {
        self.simulator.world().ledger().count()
    }

    /// The findings on the last request, as `level: text`.
    pub(crate) fn findings(&mut self) -> Vec<String> {
        let requests = self.control("requests", &Value::Null);
        let last = requests.as_array().unwrap().last().unwrap()["findings"].as_array().unwrap().clone();
        let findings =
            last.iter().map(|f| format!("{}: {}", f["level"].as_str().unwrap(), f["text"].as_str().unwrap()));
        findings.collect()
    }
}
