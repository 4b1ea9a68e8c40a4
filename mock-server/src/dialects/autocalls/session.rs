//! Whether free text is allowed, as its own call and as part of a send's answer.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::fields::Fields;
use super::{NAME, Refusal, SESSION_PAGE, invalid_phone, refusal};
use crate::{Phone, Review, Window, World, is_e164, json_response, offset_time};

/// GET /user/whatsapp/session-status. Source: Get Session Status (seed); the answer to a bad phone number is inferred from
/// Send Freeform Message.
pub(super) fn status(
    world: &World,
    now: SystemTime,
    request: &Request<Bytes>,
    review: &mut Review,
) -> Result<Response<Bytes>, Refusal> {
    let mut fields = Fields::of_query(world, request, SESSION_PAGE, review);
    let sender_id = fields.integer("sender_id", true, review);
    let phone = fields.text("recipient_phone", usize::MAX, review);
    fields.finish(review)?;
    let (sender_id, phone) = (sender_id.unwrap_or_default(), phone.unwrap_or_default());
    let Some(sender) = world.account(NAME).sender(&sender_id.to_string()) else {
        return Err(refusal(world, 404, "SENDER_NOT_FOUND", "Sender not found", Value::Null).into());
    };
    let Some(contact) = Phone::read(&phone).filter(|_| is_e164(&phone)) else {
        review.refused("`recipient_phone` is not in E.164 with its `+`", SESSION_PAGE);
        return Err(invalid_phone(world).into());
    };

    let conversation = world.latest_conversation(NAME, &sender.phone, &contact);
    let mut body = json!({
        "success": true,
        "has_conversation": conversation.is_some(),
        "session_status": session_status(world, now, &sender.phone, &contact),
    });
    if let (Value::Object(body), Some(conversation)) = (&mut body, conversation) {
        let last_inbound = world.last_inbound(NAME, &sender.phone, &contact);
        body.insert("conversation_id".to_owned(), conversation.id.into());
        body.insert("last_customer_message_at".to_owned(), last_inbound.map(offset_time).into());
        if let Some(name) = world.contact_name(NAME, &sender.phone, &contact) {
            body.insert("customer_name".to_owned(), name.into());
        }
    }
    Ok(json_response(200, &body))
}

/// The object `session_status`: four members always, the others only in their state.
#[derive(Serialize)]
pub(super) struct SessionStatus {
    is_open: bool,
    can_send_freeform: bool,
    requires_template: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes_remaining: Option<u64>,
    /// Null where nobody wrote, which is another thing than absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_at: Option<String>,
}

/// What a session with a customer is at the moment.
pub(super) fn session_status(world: &World, now: SystemTime, sender: &Phone, contact: &Phone) -> SessionStatus {
    let window = world.window(NAME, sender, contact, now);
    let (mut minutes_remaining, mut ends, mut ended) = (None, None, None);
    let message = match window {
        Window::Open { until } => {
            let left = until.duration_since(now).unwrap_or_default();
            let minutes = if world.switch(NAME, "minutes_remaining") == "ceil" {
                u64::try_from(left.as_millis().div_ceil(60_000)).unwrap_or(u64::MAX)
            } else {
                left.as_secs() / 60
            };
            minutes_remaining = Some(minutes);
            ends = Some(Value::String(offset_time(until)));
            let (hours, rest) = (minutes / 60, minutes % 60);
            format!("Session open ({hours} hr {rest} min remaining). Unlimited free-form messages allowed.")
        }
        Window::Expired { since } => {
            ended = Some(offset_time(since));
            "Session expired. Send a template or wait for customer to reply.".to_owned()
        }
        Window::Never if world.latest_conversation(NAME, sender, contact).is_some() => {
            if world.switch(NAME, "unanswered_expires_at") == "null" {
                ends = Some(Value::Null);
            }
            "No customer message yet. Send a template or wait for customer to reply.".to_owned()
        }
        Window::Never => {
            if world.switch(NAME, "never_messaged_expires_at") == "null" {
                ends = Some(Value::Null);
            }
            "No conversation exists with this recipient. Send a template message first.".to_owned()
        }
    };
    let open = window.is_open();
    SessionStatus {
        is_open: open,
        can_send_freeform: open,
        requires_template: !open,
        message,
        minutes_remaining,
        expires_at: ends,
        expired_at: ended,
    }
}
