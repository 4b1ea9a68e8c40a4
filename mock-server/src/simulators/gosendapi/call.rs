//! A request during its checks.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::Value;

use super::common::NAME;
use super::refusal::Refusal;
use crate::core::finding::FindingCollector;
use crate::core::phone::Phone;
use crate::core::request_context::RequestContext;

/// One request on its way through the checks.
pub(super) struct Call<'a> {
    pub(super) world: RequestContext<'a>,
    pub(super) now: SystemTime,
    pub(super) request: &'a Request<Bytes>,
    pub(super) review: FindingCollector,
}

/// The number behind Meta's id of a sender.
pub(super) fn sender(call: &Call<'_>, phone_number_id: &str) -> Result<Phone, Refusal> {
    let senders = &call.world.account(NAME).senders;
    let Some(sender) = senders.iter().find(|sender| sender.id == phone_number_id) else {
        let message = "phone_number_id does not exist";
        return Err(Refusal::value(
            "phone_number_id",
            &Value::from(phone_number_id),
            message,
            "INVALID_PHONE_NUMBER_ID",
        ));
    };
    if !sender.owned {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "Phone number belongs to another project")
            .with_code("PHONE_NUMBER_NOT_IN_TENANT"));
    }
    if !sender.online {
        return Err(Refusal::meta(StatusCode::UNPROCESSABLE_ENTITY, 133_010, "Phone number not registered"));
    }
    Ok(sender.phone.clone())
}
