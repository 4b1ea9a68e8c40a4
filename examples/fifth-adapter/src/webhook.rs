//! Larkwire's events: delivery statuses and inbound messages. They are signed.

use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;
use transom::adapter::ErrorCode;
use transom::adapter::json::{Members, as_it_came, header};
use transom::webhook::{DeliveryStatus, Event, Inbound, InboundContent, StatusUpdate, WebhookEvents};
use transom::{Error, ErrorKind, Result, Secret, webhook};

use crate::error::ANSWERS;
use crate::types::undialled;

/// Verifies the bytes as received, then reads them [docs, larkwire.example/docs/events].
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<WebhookEvents> {
    let given = header(request.headers(), "x-larkwire-signature").and_then(|text| text.strip_prefix("sha256="));
    let verified = webhook::verify_hmac_sha256(secrets, request.body(), given)?;
    let raw: Box<RawValue> = serde_json::from_slice(request.body())
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the event is not JSON").with_source(error))?;
    // Unknown events are passed on as received.
    let event = Members::from_raw(&raw).and_then(|members| event(&members));
    Ok(WebhookEvents::new(verified, vec![event.unwrap_or_else(|| Event::Unknown(as_it_came(&raw)))]))
}

fn event(members: &Members) -> Option<Event> {
    match members.text(&["event"])?.as_str() {
        "status" => status(members).map(Event::Status),
        "message" => inbound(members).map(Event::Inbound),
        _ => None,
    }
}

fn status(members: &Members) -> Option<StatusUpdate> {
    let state = match members.text(&["state"])?.as_str() {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed,
        other => DeliveryStatus::Other(other.to_owned()),
    };
    let mut update = StatusUpdate::new(members.text(&["id"])?, state);
    update.at = members.time(&["ts"]);
    update.to = members.text(&["to"]).and_then(|text| undialled(&text));
    update.reference = members.text(&["ref"]);
    update.error = members.text(&["code"]).filter(|_| update.status == DeliveryStatus::Failed).map(|code| {
        let fact = ErrorCode::find(ANSWERS, &code);
        (fact.map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind), code)
    });
    Some(update)
}

fn inbound(members: &Members) -> Option<Inbound> {
    let from = undialled(&members.text(&["from"])?)?;
    let content = InboundContent::Text { body: members.text(&["text"])? };
    let mut inbound = Inbound::new(members.text(&["id"])?, from, members.time(&["ts"])?, content);
    inbound.to = members.text(&["to"]).and_then(|text| undialled(&text));
    inbound.name = members.text(&["name"]);
    Some(inbound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(body: &'static str) -> WebhookEvents {
        read(&[], &Request::new(Bytes::from_static(body.as_bytes()))).unwrap()
    }

    #[test]
    fn a_failure_has_its_kind_and_an_id_keeps_every_digit() {
        let events = events(
            r#"{"event":"status","id":18446744073709551615,"state":"failed","to":"00447700900123","code":4103}"#,
        );
        let [Event::Status(update)] = events.events.as_slice() else { panic!("{events:?}") };
        assert_eq!(update.message_id.as_str(), "18446744073709551615");
        assert_eq!(update.to.as_ref().unwrap().as_str(), "+447700900123");
        assert_eq!(update.error, Some((ErrorKind::SessionExpired, "4103".to_owned())));
    }

    #[test]
    fn what_is_not_known_is_passed_on_and_a_wrong_signature_is_not() {
        for body in [r#"{"event":"new","x":1}"#, "[1]", r#"{"event":"message","id":1}"#] {
            assert!(matches!(events(body).events.as_slice(), [Event::Unknown(_)]), "{body}");
        }
        let request = Request::new(Bytes::from_static(b"{}"));
        assert_eq!(read(&[Secret::new("s")], &request).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
}
