//! `GoSendAPI`.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::world::seed;
use crate::{Answer, Dialect, Switch, World, json_response};

/// `GoSendAPI`.
#[derive(Debug, Clone, Copy, Default)]
pub struct GoSendApi;

impl Dialect for GoSendApi {
    fn name(&self) -> &'static str {
        "gosendapi"
    }

    fn owns(&self, path: &str) -> bool {
        path.starts_with("/v1/")
    }

    fn seed(&self, world: &mut World) {
        seed::gosendapi(world);
    }

    fn switches(&self) -> &'static [Switch] {
        &[]
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && request.uri().path() == "/v1/messages"
    }

    fn handle(&self, _: &mut World, _: SystemTime, _: &Request<Bytes>) -> Answer {
        json_response(404, &json!({"statusCode": 404, "message": "Not found", "error": "Not Found"})).into()
    }

    fn rate_limited(&self, _: &World, _: SystemTime) -> Response<Bytes> {
        json_response(429, &json!({"statusCode": 429, "message": "Rate limit exceeded for API key", "retry_after_seconds": 1}))
    }
}
