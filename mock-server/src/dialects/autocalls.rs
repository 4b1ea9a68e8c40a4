//! Autocalls.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::world::seed;
use crate::{Answer, Dialect, Switch, World, json_response};

/// Autocalls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Autocalls;

impl Dialect for Autocalls {
    fn name(&self) -> &'static str {
        "autocalls"
    }

    fn owns(&self, path: &str) -> bool {
        path.starts_with("/api/user/")
    }

    fn seed(&self, world: &mut World) {
        seed::autocalls(world);
    }

    fn switches(&self) -> &'static [Switch] {
        &[]
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && request.uri().path().starts_with("/api/user/whatsapp/send")
    }

    fn handle(&self, _: &mut World, _: SystemTime, _: &Request<Bytes>) -> Answer {
        json_response(404, &json!({"message": "Not found."})).into()
    }

    fn rate_limited(&self, _: &World, _: SystemTime) -> Response<Bytes> {
        json_response(429, &json!({"message": "Too Many Attempts."}))
    }
}
