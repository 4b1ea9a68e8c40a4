//! Error responses.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::common::NAME;
use crate::core::response::json_response;
use crate::core::world::World;

pub(super) fn unauthenticated(world: &World) -> Value {
    match world.switch(NAME, "unauthenticated_body") {
        "error" => json!({"error": "Unauthorized"}),
        _ => json!({"message": "Unauthenticated."}),
    }
}

/// An answer that ends the work on a request early. Boxed, for it is large.
pub(super) type Refusal = Box<Response<Bytes>>;

/// A refusal with the provider's own code; `extra` members join the body.
pub(super) fn refusal(world: &World, status: u16, code: &str, error: &str, extra: Value) -> Response<Bytes> {
    let mut body = json!({"success": false, "error": error, "error_code": code});
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    let status = if world.switch(NAME, "refusals") == "ok" { 200 } else { status };
    json_response(status, &body)
}

pub(super) fn invalid_phone(world: &World) -> Response<Bytes> {
    let error = "Invalid phone number format. Use E.164 format (e.g., +14155551234).";
    refusal(world, 422, "INVALID_PHONE", error, Value::Null)
}
