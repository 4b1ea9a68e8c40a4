//! `gates`: answers that a fault of kind `gate` holds.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::Refusal;
use crate::core::members::Members;
use crate::core::simulator::Simulator;

/// The answers that are held, oldest first.
pub(super) fn show(simulator: &Simulator) -> Value {
    simulator.gates.held().map(|held| serde_json::to_value(held).unwrap_or_default()).collect()
}

/// Lets answers of one gate go, all of them or the oldest so many.
pub(super) fn release(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let gate = members.needed_text("release", "a gate's name")?;
    let most = members.number("count", 1, u64::MAX)?.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    members.finish(&["release", "count"])?;
    Ok(json!({"released": simulator.gates.release(Some(&gate), most)}))
}

/// Lets every answer go.
pub(super) fn open_all(simulator: &mut Simulator) -> Value {
    json!({"released": simulator.gates.release(None, usize::MAX)})
}
