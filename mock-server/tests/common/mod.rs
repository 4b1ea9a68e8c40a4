//! A simulator and a real clock that stands still, asked without a socket.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use transom_mock_server::{Simulator, control_response};

pub(crate) const CONTACT: &str = "+919876543210";

pub(crate) struct Mock {
    pub(crate) simulator: Simulator,
    pub(crate) real_now: SystemTime,
}

impl Mock {
    /// At 09:20 UTC on 11 May 2026.
    pub(crate) fn new() -> Self {
        let real_now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_778_491_200);
        Self { simulator: Simulator::new(real_now), real_now }
    }

    /// The answer of the control plane, the console or a provider.
    pub(crate) fn answer(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        match control_response(&mut self.simulator, self.real_now, request) {
            Some(response) => response,
            None => self.simulator.step(self.real_now, request).response,
        }
    }

    pub(crate) fn raw(&mut self, request: &Request<Bytes>) -> (u16, Value) {
        let response = self.answer(request);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    pub(crate) fn call(&mut self, method: Method, call: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(format!("/_mock/{call}"));
        self.raw(&request.body(Bytes::from(body.to_owned())).unwrap())
    }

    pub(crate) fn ask(&mut self, call: &str) -> Value {
        let (status, json) = self.call(Method::GET, call, "");
        assert_eq!(status, 200, "{call}: {json}");
        json
    }

    pub(crate) fn post(&mut self, call: &str, body: &Value) -> Value {
        let (status, json) = self.call(Method::POST, call, &body.to_string());
        assert_eq!(status, 200, "{call} {body}: {json}");
        json
    }

    /// The error of a call that must be refused with 400.
    pub(crate) fn refused(&mut self, call: &str, body: &Value) -> String {
        let (status, json) = self.call(Method::POST, call, &body.to_string());
        assert_eq!(status, 400, "{call} {body}: {json}");
        json["error"].as_str().unwrap().to_owned()
    }

    pub(crate) fn exotel_text() -> Request<Bytes> {
        let body = json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": "Hi"}}});
        Request::post("/v2/accounts/acme/messages")
            .header("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==")
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))
            .unwrap()
    }

    pub(crate) fn send(&mut self) -> u16 {
        self.raw(&Self::exotel_text()).0
    }

    pub(crate) fn open_window(&mut self) {
        self.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "hi"}));
    }
}
