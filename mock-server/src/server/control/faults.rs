//! Faults, and the responses that they hold.

use std::num::NonZeroUsize;

use super::extract::{Answer, Json, JsonOrList, Query, answer};
use super::openapi::{FaultId, ForeignPage, HeldLine, OneOrManyFaults, Refusals, Release, Released};
use super::world::World;
use crate::control::{FaultRule, NewFaults};

/// The faults that are switched on.
#[utoipa::path(
    get,
    path = "/_mock/faults",
    responses((status = 200, description = "Done.", body = Vec<FaultRule>), ForeignPage)
)]
pub(super) async fn show_faults(world: World) -> Answer {
    world.with(|simulator, _| answer(&simulator.faults()))
}

/// Switch faults on.
///
/// Appended; the first that matches a request decides.
#[utoipa::path(
    post,
    path = "/_mock/faults",
    request_body(content = OneOrManyFaults, examples(("lost" = (summary = "Two messages taken, their answers lost", value = json!([{"provider": "exotel", "fault": "lose_reply", "next": 2}]))), ("late" = (summary = "Every third answer late", value = json!({"provider": "gosendapi", "fault": "delay", "ms": 1500, "every": 3}))), ("refused" = (summary = "A status, on every request", value = json!({"provider": "messangi", "fault": "status", "status": 503, "always": true, "on": "any"}))), ("failing" = (summary = "Taken, and then failed by callback", value = json!({"provider": "autocalls", "fault": "fail_later", "code": 63016, "next": 1}))))),
    responses((status = 200, description = "Done.", body = Vec<FaultRule>), Refusals)
)]
pub(super) async fn change_faults(world: World, JsonOrList(faults): JsonOrList<NewFaults>) -> Answer {
    world.with(|simulator, _| answer(&simulator.add_faults(&faults.0)?))
}

/// Switch one fault off, or all.
#[utoipa::path(
    delete,
    path = "/_mock/faults",
    params(("id" = Option<u64>, Query, description = "The one to switch off, by its `id`; without it all.", example = json!(1))),
    responses((status = 200, description = "Done.", body = Vec<FaultRule>), Refusals)
)]
pub(super) async fn remove_faults(world: World, Query(fault): Query<FaultId>) -> Answer {
    world.with(|simulator, _| {
        match fault.id {
            Some(id) => simulator.remove_fault(id)?,
            None => simulator.clear_faults(),
        }
        answer(&simulator.faults())
    })
}

/// The answers that faults of kind `gate` hold.
#[utoipa::path(
    get,
    path = "/_mock/gates",
    responses((status = 200, description = "Done.", body = Vec<HeldLine>), ForeignPage)
)]
pub(super) async fn show_gates(world: World) -> Answer {
    world.with(|simulator, _| answer(&simulator.held().collect::<Vec<_>>()))
}

/// Let answers of a gate go.
#[utoipa::path(
    post,
    path = "/_mock/gates",
    request_body(content = Release, examples(("all" = (summary = "All of a gate", value = json!({"release": "gate"}))), ("one" = (summary = "The oldest", value = json!({"release": "gate", "count": 1}))))),
    responses((status = 200, description = "Done.", body = Released), Refusals)
)]
pub(super) async fn change_gates(world: World, Json(Release { release, count }): Json<Release>) -> Answer {
    let count = count.map_or(usize::MAX, NonZeroUsize::get);
    world.with(|simulator, _| answer(&Released { released: simulator.release(Some(&release), count) }))
}

/// Let every held answer go.
#[utoipa::path(
    delete,
    path = "/_mock/gates",
    responses((status = 200, description = "Done.", body = Released), ForeignPage)
)]
pub(super) async fn remove_gates(world: World) -> Answer {
    world.with(|simulator, _| answer(&Released { released: simulator.release(None, usize::MAX) }))
}
