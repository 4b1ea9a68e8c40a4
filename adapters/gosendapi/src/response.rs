//! Answers of GoSendAPI. Pure: no network, no clock.

pub(crate) mod lists;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod upload;

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use transom::adapter::RateLimitInfo;
use transom::adapter::{Operation, json};
use transom::message::MessageId;
use transom::transport::unreadable;
use transom::{Message, Receipt, Result};

use crate::config::NAME;
use crate::error;
use crate::types::{Forms, Record};

/// Reads the answer to a send. Any 2xx accepts the message; its exact status and body are not documented.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let operation = if message.idempotency_key.is_some() { Operation::IdempotentSend } else { Operation::Send };
    if !response.status().is_success() {
        return Err(error::of_send(response, now, operation, message));
    }
    let forms: Forms = json::decode(response, operation)?;
    let record: Record = json::decode(response, operation)?;
    if forms.is_about_another_than(&message.to) {
        return Err(unreadable(response.status(), operation, "the answer is about another recipient"));
    }
    let id = forms.message_id(&record).or_else(|| record.id.clone());
    let id = id.ok_or_else(|| unreadable(response.status(), operation, "there is no message id in the answer"))?;
    let own = record.id.filter(|own| *own != id).map(MessageId::from);
    let limits = RateLimitInfo::from_headers(response.headers(), now);
    Ok(Receipt::new(NAME, id).with_provider_message_id(own).with_limits(limits))
}

#[cfg(test)]
mod tests;
