//! How much callers without the token of a mock leave behind.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::json;

use crate::core::simulator::Simulator;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// A send to a contact of its own under keys of its own, as large as the provider takes it.
fn send(number: usize) -> Request<Bytes> {
    let values = json!([{"type": "body", "parameters": [{"type": "text", "text": "x".repeat(900)}]}]);
    let body = json!({"phone_number_id": "555123456789", "to": format!("34600{number:06}"), "type": "template",
        "template": {"name": "follow_up", "language": {"code": "en"}, "components": values}});
    let request = Request::post("/v1/messages").header("x-api-key", format!("gsk_test_{number}"));
    let request = request.header("idempotency-key", format!("{number}{}", "k".repeat(5_000)));
    request.header("content-type", "application/json").body(Bytes::from(body.to_string())).unwrap()
}

#[test]
fn callers_without_the_token_keep_less_than_a_mebibyte() {
    let mut open = Simulator::new(NOW);
    let mut guarded = Simulator::new(NOW).with_token(TOKEN).unwrap();
    let before = guarded.bytes();
    for number in 0..1_500 {
        for simulator in [&mut open, &mut guarded] {
            assert_eq!(simulator.step(NOW, &send(number)).response.status(), 201);
        }
    }
    let held = guarded.bytes() - before;
    assert!(held < 1024 * 1024, "{held} bytes");
    assert!(open.bytes() > 8 * 1024 * 1024, "without a token the usual bounds hold");
    // Whatever begins a world anew, the bounds hold in it.
    let mut imported = guarded.sibling(NOW);
    imported.import(&open.export()).unwrap();
    let seeded = Simulator::new(NOW).with_token(TOKEN).unwrap().with_seed(7);
    let namespace = guarded.sibling(NOW);
    guarded.start_afresh(NOW);
    for mut other in [imported, seeded, namespace, guarded] {
        let before = other.bytes();
        for number in 0..1_500 {
            other.step(NOW, &send(number));
        }
        assert!(other.bytes() - before < 1024 * 1024);
    }
}
