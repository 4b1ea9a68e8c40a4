//! `events`: what happens, as it happens. Only the server can go on telling; here is how it begins.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;

use super::clock;
use crate::core::response::{set_header, text_response};
use crate::core::simulator::Simulator;

/// The first of the server-sent events, with the clock.
pub(super) fn greeting(simulator: &Simulator, real_now: SystemTime) -> Response<Bytes> {
    let clock = clock::show(simulator, real_now);
    let mut response = text_response(200, format!("event: hello\ndata: {clock}\n\n"));
    set_header(&mut response, "content-type", "text/event-stream");
    set_header(&mut response, "cache-control", "no-store");
    response
}
