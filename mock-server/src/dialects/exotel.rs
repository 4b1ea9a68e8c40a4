//! Exotel.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::world::seed;
use crate::{Answer, Dialect, Switch, World, json_response};

/// Exotel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exotel;

impl Dialect for Exotel {
    fn name(&self) -> &'static str {
        "exotel"
    }

    fn owns(&self, path: &str) -> bool {
        path.starts_with("/v2/accounts/")
    }

    fn seed(&self, world: &mut World) {
        seed::exotel(world);
    }

    fn switches(&self) -> &'static [Switch] {
        &[]
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && request.uri().path().ends_with("/messages")
    }

    fn handle(&self, _: &mut World, _: SystemTime, _: &Request<Bytes>) -> Answer {
        json_response(404, &json!({"RestException": {"Status": 404, "Message": "Not found"}})).into()
    }

    fn rate_limited(&self, _: &World, _: SystemTime) -> Response<Bytes> {
        json_response(429, &json!({"RestException": {"Status": 429, "Message": "Rate limit exceeded", "Code": "RATE_LIMIT_EXCEEDED"}}))
    }
}
