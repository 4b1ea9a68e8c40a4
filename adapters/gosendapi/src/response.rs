//! Answers of GoSendAPI. Pure: no network, no clock.

pub(crate) mod calls;
pub(crate) mod lists;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod upload;

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde_json::value::RawValue;
use transom::adapter::json::Members;
use transom::adapter::{Operation, RateLimitInfo, SendAnswer, json};
use transom::message::MessageId;
use transom::transport::unreadable;
use transom::{Message, Receipt, Result};

use crate::config::NAME;
use crate::error;
use crate::types::{Forms, IDS};

/// Reads the answer to a send. Any 2xx with an id and without a refusal accepts the message; its exact status and body
/// are not documented.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let operation = if message.idempotency_key.is_some() { Operation::IdempotentSend } else { Operation::Send };
    let answer = SendAnswer::of(response, operation, IDS);
    if !response.status().is_success() {
        return Err(answer.refused(error::of_send(response, now, operation, message)));
    }
    let forms: Forms = json::decode(response, operation)?;
    if let Some(refusal) = error::in_success(response, now, operation) {
        return Err(answer.refused(refusal));
    }
    if forms.is_about_another_than(&message.to) {
        return Err(unreadable(response.status(), operation, "the answer is about another recipient"));
    }
    let id = answer.accepted()?;
    let record: Box<RawValue> = json::decode(response, operation)?;
    let record = Members::from_raw(&record);
    let own = |record: &Members| record.text(&["id"]).map(MessageId::from).filter(|own| *own != id);
    let own = record.as_ref().and_then(|record| own(record).or_else(|| own(&record.object(&["data"])?)));
    let limits = RateLimitInfo::from_headers(response.headers(), now);
    let held = SendAnswer::held(response.body());
    Ok(Receipt::new(NAME, id).with_provider_message_id(own).with_status(held).with_limits(limits))
}

#[cfg(test)]
mod tests;
