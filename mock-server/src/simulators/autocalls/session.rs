//! Whether free text is allowed, as its own call and as part of a send's answer.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use itoa::Buffer;
use serde::Serialize;
use serde_json::{Value, json};

use super::common::{NAME, SESSION_PAGE};
use super::fields::Fields;
use super::refusal::{Refusal, invalid_phone, refusal};
use crate::core::finding::FindingCollector;
use crate::core::phone::{Phone, is_e164};
use crate::core::response::json_response;
use crate::core::time::offset_time;
use crate::core::world::{Window, World};

/// Texts of the page.
const EXPIRED: &str = "Session expired. Send a template or wait for customer to reply.";
const NO_CONVERSATION: &str = "No conversation exists with this recipient. Send a template message first.";

/// GET /user/whatsapp/session-status. Source: Get Session Status (seed); the answer to a bad phone number is inferred from
/// Send Freeform Message.
pub(super) fn status(
    world: &World,
    now: SystemTime,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Refusal> {
    let mut fields = Fields::of_query(world, request, SESSION_PAGE, review);
    let sender_id = fields.integer("sender_id", review);
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
    /// Null if the contact never wrote. Null is not the same as absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_at: Option<String>,
}

impl SessionStatus {
    /// What it serialises as, in one piece. Its texts are sentences and times without a character that JSON escapes.
    pub(super) fn json(&self) -> String {
        let word = |is: bool| if is { "true" } else { "false" };
        let mut json = [
            r#"{"is_open":"#,
            word(self.is_open),
            r#","can_send_freeform":"#,
            word(self.can_send_freeform),
            r#","requires_template":"#,
            word(self.requires_template),
            r#","message":""#,
            &self.message,
            r#"""#,
        ]
        .concat();
        if let Some(minutes) = self.minutes_remaining {
            json.extend([r#","minutes_remaining":"#, Buffer::new().format(minutes)]);
        }
        match &self.expires_at {
            None => {}
            Some(Value::String(at)) => json.extend([r#","expires_at":""#, at, r#"""#]),
            Some(_) => json.push_str(r#","expires_at":null"#),
        }
        if let Some(at) = &self.expired_at {
            json.extend([r#","expired_at":""#, at, r#"""#]);
        }
        json.push('}');
        json
    }
}

/// What a session with a contact is at the moment.
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
            // In pieces, as everything that nearly every answer has.
            let (mut hours_text, mut rest_text) = (Buffer::new(), Buffer::new());
            let (hours, rest) = (hours_text.format(hours), rest_text.format(rest));
            ["Session open (", hours, " hr ", rest, " min remaining). Unlimited free-form messages allowed."].concat()
        }
        Window::Expired { since } => {
            ended = Some(offset_time(since));
            EXPIRED.to_owned()
        }
        Window::Never if world.latest_conversation(NAME, sender, contact).is_some() => {
            if world.switch(NAME, "unanswered_expires_at") == "null" {
                ends = Some(Value::Null);
            }
            match world.switch(NAME, "unanswered_message") {
                "expired" => EXPIRED,
                "no_conversation" => NO_CONVERSATION,
                _ => "No customer message yet. Send a template or wait for customer to reply.",
            }
            .to_owned()
        }
        Window::Never => {
            if world.switch(NAME, "never_messaged_expires_at") == "null" {
                ends = Some(Value::Null);
            }
            NO_CONVERSATION.to_owned()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::world::Inbound;
    use crate::simulators;

    #[test]
    fn in_one_piece_it_is_what_it_serialises_as() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_015_400);
        let mut world = World::seeded(&simulators::all(), false);
        let sender = world.account(NAME).senders[0].phone.clone();
        let contact = Phone::read("+919876543210").unwrap();
        let same = |world: &World, now| {
            let status = session_status(world, now, &sender, &contact);
            assert_eq!(status.json(), serde_json::to_string(&status).unwrap());
            status.json()
        };
        let never = same(&world, now);
        world.receive(now, &Inbound { provider: NAME, from: &contact, to: &sender, name: None });
        let open = same(&world, now + Duration::from_secs(60));
        let expired = same(&world, now + Duration::from_secs(24 * 3600));
        assert!(never.contains("No conversation exists") && open.contains(r#""minutes_remaining":1439"#), "{open}");
        assert!(expired.contains("expired_at"), "{expired}");
    }
}
