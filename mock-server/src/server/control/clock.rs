//! The clock, a fresh start, and waiting.

use bytes::Bytes;

use super::extract::{Answer, Json, Query, answer};
use super::openapi::{ForeignPage, Nothing, ProviderFilter, Refusals, ResetDone};
use super::world::World;
use crate::control::read::from_json;
use crate::control::{ClockChange, ClockState, ClockTurn, Matches, NotYet, Wait, WaitFor};
use crate::core::simulator::Simulator;

/// The seeded world again.
///
/// Clock at real time and running; no faults, webhooks, journal; default switches and limits.
#[utoipa::path(
    post,
    path = "/_mock/reset",
    request_body(content = Object, examples(("all" = (summary = "Everything", value = json!({}))))),
    responses((status = 200, description = "Done.", body = ResetDone), Refusals)
)]
pub(super) async fn change_reset(world: World, body: Bytes) -> Answer {
    if !body.is_empty() {
        from_json::<Nothing>(&body)?;
    }
    world.with(Simulator::reset);
    answer(&ResetDone { reset: true })
}

/// The virtual time.
#[utoipa::path(
    get,
    path = "/_mock/clock",
    responses((status = 200, description = "Done.", body = ClockState), ForeignPage)
)]
pub(super) async fn show_clock(world: World) -> Answer {
    world.with(|simulator, now| answer(&simulator.clock_state(now)))
}

/// Turn the clock.
///
/// Sets, then advances, then freezes or lets go; at least one of the three.
#[utoipa::path(
    post,
    path = "/_mock/clock",
    request_body(content = ClockChange, examples(("advance" = (summary = "A day and an hour later", value = json!({"advance": "25h"}))), ("set" = (summary = "A time", value = json!({"set": "2026-05-11T09:00:00Z"}))), ("freeze" = (summary = "Standing still", value = json!({"freeze": true}))), ("next" = (summary = "Whatever falls due next", value = json!({"advance": "next"}))))),
    responses((status = 200, description = "Done.", body = ClockTurn), Refusals)
)]
pub(super) async fn change_clock(world: World, Json(change): Json<ClockChange>) -> Answer {
    answer(&world.change_clock(&change).await?)
}

/// Wait until something has happened.
///
/// Answers at once if enough has happened after `since`, else as soon as it has. Beside these parameters `request`
/// can be narrowed by `method`, `path`, `status`, `body`, `response` and `fault`, `message` by `message_id`, `from`,
/// `to`, `reference` and `content`, `delivery` by `url`, `attempt`, `status` and `body`, `gate`, an answer that is
/// held, by `gate`, `inbound` by `message_id`, `from`, `to`, `content` and `name`, and `status` by `message_id`,
/// `from`, `to`, `reference` and `status`.
#[utoipa::path(
    get,
    path = "/_mock/wait",
    params(("for" = Option<WaitFor>, Query, description = "What to wait for.", example = json!("message")), ProviderFilter, ("since" = Option<u64>, Query, description = "Only what came after the one of this number, such as the `last` of an earlier answer; of a `status` the number is its message's.", example = json!(0)), ("count" = Option<u64>, Query, description = "How many must match.", example = json!(1)), ("timeout" = Option<String>, Query, description = "How long to wait, in real time; at most 10 min.", example = json!("5s")), ("path" = Option<String>, Query, description = "Of a request: holds this.", example = json!("/messages")), ("status" = Option<u64>, Query, description = "Of a request: the answer's.", example = json!(202))),
    responses((status = 200, description = "Done.", body = Matches), (status = 504, description = "Too little happened in time.", body = NotYet), Refusals)
)]
pub(super) async fn show_wait(world: World, Query(wait): Query<Wait>) -> Answer {
    world.wait(&wait).await
}
