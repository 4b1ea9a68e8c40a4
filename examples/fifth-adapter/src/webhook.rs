//! Larkwire's events: delivery statuses and inbound messages. They are signed.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use transom::adapter::ErrorCode;
use transom::adapter::json::{Members, as_it_came, header};
use transom::webhook::{
    DeliveryFailure, DeliveryStatus, Event, Inbound, InboundContent, StatusUpdate, WebhookEvents, json_body, platform,
};
use transom::{ErrorKind, Result, Secret, webhook};

use crate::error::ANSWERS;
use crate::types::undialled;

/// Verifies the bytes as received, then reads them [docs, larkwire.example/docs/events].
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
    let given = header(request.headers(), "x-larkwire-signature").and_then(|text| text.strip_prefix("sha256="));
    let verified = webhook::verify_hmac_sha256(secrets, request.body(), given)?;
    let raw = json_body(request)?;
    // Unknown events are passed on as received.
    let event = Members::from_raw(&raw).and_then(|members| event(&members, received_at));
    Ok(WebhookEvents::new(verified, vec![event.unwrap_or_else(|| Event::Unknown(as_it_came(&raw)))]))
}

fn event(members: &Members, received_at: SystemTime) -> Option<Event> {
    match members.text(&["event"])?.as_str() {
        "status" => status(members).map(Event::Status),
        "message" => inbound(members, received_at).map(Event::from),
        _ => None,
    }
}

fn status(members: &Members) -> Option<StatusUpdate> {
    let state = members.text(&["state"])?;
    let state = DeliveryStatus::from_word(&state).unwrap_or(DeliveryStatus::Other(state));
    let mut update = StatusUpdate::new(members.text(&["id"])?, state);
    update.at = members.time(&["ts"]);
    update.to = members.text(&["to"]).and_then(|text| undialled(&text));
    update.reference = members.text(&["ref"]);
    update.error = members.text(&["code"]).filter(|_| update.status == DeliveryStatus::Failed).map(|code| {
        let fact = ErrorCode::find(ANSWERS, &code);
        let kind = fact.map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind);
        DeliveryFailure::new(kind, code).with_reason(platform::reason(members))
    });
    Some(update)
}

/// A message needs an id or a sender, and nothing else.
fn inbound(members: &Members, received_at: SystemTime) -> Option<Inbound> {
    let content = match members.text(&["text"]) {
        Some(body) => InboundContent::Text { body },
        None => InboundContent::Unknown { raw: members.to_value() },
    };
    let mut inbound = Inbound::new(received_at, content).with_provider_time(members.time(&["ts"]));
    inbound.message_id = members.text(&["id"]).map(Into::into);
    inbound.from = members.text(&["from"]).and_then(|text| undialled(&text));
    inbound.to = members.text(&["to"]).and_then(|text| undialled(&text));
    inbound.name = members.text(&["name"]);
    (inbound.message_id.is_some() || inbound.from.is_some()).then_some(inbound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(body: &'static str) -> WebhookEvents {
        read(&[], &Request::new(Bytes::from_static(body.as_bytes())), SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_failure_has_its_kind_and_an_id_keeps_every_digit() {
        let events = events(
            r#"{"event":"status","id":18446744073709551615,"state":"failed","to":"00447700900123","code":4103}"#,
        );
        let [Event::Status(update)] = events.events.as_slice() else { panic!("{events:?}") };
        assert_eq!(update.message_id.as_str(), "18446744073709551615");
        assert_eq!(update.to.as_ref().unwrap().as_str(), "+447700900123");
        assert_eq!(update.error, Some(DeliveryFailure::new(ErrorKind::SessionExpired, "4103")));
    }

    #[test]
    fn message_without_time_and_text_is_kept_with_time_of_receipt() {
        let events = events(r#"{"event":"message","id":1,"kind":"poll"}"#);
        let [Event::Inbound(inbound)] = events.events.as_slice() else { panic!("{events:?}") };
        assert_eq!((inbound.at, inbound.at_source.as_str()), (SystemTime::UNIX_EPOCH, "receipt"));
        assert_eq!(inbound.content.to_json()["raw"]["kind"], "poll");
    }

    #[test]
    fn what_is_not_known_is_passed_on_and_a_wrong_signature_is_not() {
        for body in [r#"{"event":"new","x":1}"#, "[1]", r#"{"event":"message","text":"hi"}"#] {
            assert!(matches!(events(body).events.as_slice(), [Event::Unknown(_)]), "{body}");
        }
        let request = Request::new(Bytes::from_static(b"{}"));
        assert_eq!(
            read(&[Secret::new("s")], &request, SystemTime::UNIX_EPOCH).unwrap_err().kind(),
            ErrorKind::Unauthenticated
        );
    }
}
