//! Messangi.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::world::seed;
use crate::{Answer, Dialect, Switch, World, json_response};

/// Messangi.
#[derive(Debug, Clone, Copy, Default)]
pub struct Messangi;

impl Dialect for Messangi {
    fn name(&self) -> &'static str {
        "messangi"
    }

    fn owns(&self, path: &str) -> bool {
        matches!(path, "/notification" | "/oberyn/v2/notification" | "/kingslanding/login")
    }

    fn seed(&self, world: &mut World) {
        seed::messangi(world);
    }

    fn switches(&self) -> &'static [Switch] {
        &[]
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && request.uri().path().ends_with("/notification")
    }

    fn handle(&self, _: &mut World, _: SystemTime, _: &Request<Bytes>) -> Answer {
        json_response(404, &json!({"errors": {"reason": "Not found"}})).into()
    }

    fn rate_limited(&self, _: &World, _: SystemTime) -> Response<Bytes> {
        json_response(429, &json!({"errors": {"reason": "Too Many Requests"}}))
    }
}
