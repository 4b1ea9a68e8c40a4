//! The project of the key, its business accounts, their senders and templates.

use serde_json::{Value, json};

use super::common::NAME;
use crate::core::phone::Phone;
use crate::core::world::World;

/// The vendor's own id of the only business account. Whether paths take this id or Meta's is not documented: this one
/// (inferred).
const WABA: &str = "8";
/// The vendor's own id of the only project.
pub(super) const PROJECT: &str = "4";
/// The vendor's own id of the first sender.
const FIRST_PHONE: usize = 31;

/// `GET /v1/me` (Authentication, docs): members in camel case, unlike everywhere else.
pub(super) fn me(world: &World) -> Value {
    json!({ "id": own_id(world, PROJECT.to_owned()), "name": "Demo", "webhookUrl": null, "createdAt": "2026-01-02T08:00:00Z" })
}

/// `GET /v1/wabas` (WABAs, docs).
pub(super) fn wabas(world: &World) -> Vec<Value> {
    waba(world, WABA).into_iter().collect()
}

/// `GET /v1/wabas/{id}`.
pub(super) fn waba(world: &World, id: &str) -> Option<Value> {
    (id == WABA).then(|| {
        json!({
            "id": own_id(world, WABA.to_owned()),
            "customer_id": null,
            "waba_id": "100200300400500",
            "business_id": "600700800900",
            "display_name": "Demo",
            "status": "active",
            "external_reference": null,
        })
    })
}

/// `GET /v1/wabas/{id}/phone-numbers` (Phone numbers, docs).
pub(super) fn phone_numbers(world: &World) -> Vec<Value> {
    let senders = world.account(NAME).senders.iter().enumerate().filter(|(_, sender)| sender.owned);
    senders
        .map(|(index, sender)| {
            json!({
                "id": own_id(world, (FIRST_PHONE + index).to_string()),
                "waba_id": own_id(world, WABA.to_owned()),
                "phone_number_id": sender.id,
                "display_phone_number": sender.phone.e164(),
                "display_phone_number_normalized": sender.phone.digits(),
                "display_name": sender.name,
                "verified_name": null,
                "quality_rating": "green",
                "throughput_tier": "Standard",
                "connection_type": "dedicated",
                "is_coexistence": false,
                "is_official_business_account": false,
                "inbound_processing_enabled": super::common::processes_inbound(world),
                "calls_enabled": false,
                "status": if sender.online { "active" } else { "disconnected" },
            })
        })
        .collect()
}

/// Whether `id`, Meta's or the vendor's own, is that of the sender with the number `business`.
pub(super) fn is_id_of(world: &World, id: &str, business: &Phone) -> bool {
    let mut senders = world.account(NAME).senders.iter().enumerate();
    senders.any(|(index, sender)| {
        sender.phone == *business && (sender.id == id || (FIRST_PHONE + index).to_string() == id)
    })
}

/// The vendor's own id of the sender with the number `business`.
pub(super) fn line_id(world: &World, business: &Phone) -> Option<String> {
    let mut senders = world.account(NAME).senders.iter();
    senders.position(|sender| sender.phone == *business).map(|index| (FIRST_PHONE + index).to_string())
}

/// One of the vendor's own ids: its tables type them as numbers, its samples print them as text.
pub(super) fn own_id(world: &World, id: String) -> Value {
    match id.parse::<u64>() {
        Ok(number) if world.switch(NAME, "ids") == "integer" => number.into(),
        _ => id.into(),
    }
}
