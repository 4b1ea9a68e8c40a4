//! Larkwire's events: delivery statuses and inbound messages. They are signed.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use transom::adapter::ErrorCode;
use transom::adapter::json::{Members, as_it_came, header};
use transom::webhook::platform::{self, MessageContext, OwnSender};
use transom::webhook::{
    DeliveryFailure, DeliveryStatus, Event, Inbound, InboundContent, StatusUpdate, WebhookEvents, json_body,
};
use transom::{ErrorKind, PhoneNumber, Result, webhook};

use crate::config::Config;
use crate::error::ANSWERS;
use crate::types::undialled;

/// Verifies the bytes as received, then reads them [docs, larkwire.example/docs/events].
pub(crate) fn read(config: &Config, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
    let given = header(request.headers(), "x-larkwire-signature").and_then(|text| text.strip_prefix("sha256="));
    let verified = webhook::verify_hmac_sha256(&config.webhook_secrets, request.body(), given)?;
    let raw = json_body(request)?;
    // Unknown events are passed on as received.
    let event = Members::from_raw(&raw).and_then(|members| event(&members, config.line, received_at));
    Ok(WebhookEvents::new(verified, vec![event.unwrap_or_else(|| Event::Unknown(as_it_came(&raw)))]))
}

fn event(members: &Members, line: u64, received_at: SystemTime) -> Option<Event> {
    match members.text(&["event"])?.as_str() {
        "status" => status(members).map(Event::Status),
        "message" => inbound(members, line, received_at).map(Event::from),
        _ => None,
    }
}

fn status(members: &Members) -> Option<StatusUpdate> {
    let state = members.text(&["state"])?;
    let state = DeliveryStatus::from_word(&state).unwrap_or(DeliveryStatus::Other(state));
    let mut update = StatusUpdate::new(members.text(&["id"])?, state);
    update.at = members.time(&["ts"]);
    update.to = number(members, "to");
    update.reference = members.text(&["ref"]);
    if update.status == DeliveryStatus::Failed {
        update.error = failure(members);
    }
    Some(update)
}

/// WhatsApp's own errors, or else the provider's code.
fn failure(members: &Members) -> Option<DeliveryFailure> {
    let kind = |code: &str| ErrorCode::find(ANSWERS, code).map(|fact| fact.kind);
    platform::failure(members, &["errors"], |code, _| kind(code)).or_else(|| {
        let code = members.text(&["code"])?;
        let kind = kind(&code).unwrap_or(ErrorKind::ProviderUnavailable);
        Some(DeliveryFailure::new(kind, code).with_reason(platform::reason(members)))
    })
}

fn number(members: &Members, name: &str) -> Option<PhoneNumber> {
    undialled(&members.text(&[name])?)
}

/// A message needs a sender, and nothing else.
fn inbound(members: &Members, line: u64, received_at: SystemTime) -> Option<Inbound> {
    let (id, sent_at, to) = (members.text(&["id"]), members.time(&["ts"]), number(members, "to"));
    let mut inbound = if let Some(message) = members.object(&["wa"]) {
        let sender = to.as_ref().map_or(OwnSender::Unknown, OwnSender::Number);
        let context = MessageContext { around: &[], sent_at, received_at, sender };
        platform::inbound(id, &[&message], platform::content(members.raw(&["wa"])?), &context)?
    } else {
        let content = match members.text(&["text"]) {
            Some(body) => InboundContent::Text { body },
            None => InboundContent::Unknown { raw: members.to_value() },
        };
        let from = number(members, "from")?;
        let mut inbound = Inbound::new(received_at, content).with_provider_time(sent_at).with_sender(from);
        inbound.message_id = id.map(Into::into);
        inbound
    };
    inbound.to = to;
    inbound.name = members.text(&["name"]);
    // The session window belongs to one line.
    inbound.opens_window &= members.text(&["line"]).is_none_or(|other| other == line.to_string());
    Some(inbound)
}

#[cfg(test)]
mod tests {
    use transom::Secret;

    use super::*;

    fn config() -> Config {
        Config::new(Secret::new("k"), 7001)
    }

    fn events(body: &'static str) -> WebhookEvents {
        read(&config(), &Request::new(Bytes::from_static(body.as_bytes())), SystemTime::UNIX_EPOCH).unwrap()
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
        let events = events(r#"{"event":"message","from":"00447700900123","kind":"poll"}"#);
        let [Event::Inbound(inbound)] = events.events.as_slice() else { panic!("{events:?}") };
        assert_eq!((inbound.at, inbound.at_source.as_str()), (SystemTime::UNIX_EPOCH, "receipt"));
        assert_eq!(inbound.content.to_json()["raw"]["kind"], "poll");
    }

    #[test]
    fn what_is_not_known_is_passed_on_and_a_wrong_signature_is_not() {
        for body in [r#"{"event":"new","x":1}"#, "[1]", r#"{"event":"message","id":1,"text":"hi"}"#] {
            assert!(matches!(events(body).events.as_slice(), [Event::Unknown(_)]), "{body}");
        }
        let (request, mut config) = (Request::new(Bytes::from_static(b"{}")), config());
        config.webhook_secrets = vec![Secret::new("s")];
        assert_eq!(read(&config, &request, SystemTime::UNIX_EPOCH).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
}
