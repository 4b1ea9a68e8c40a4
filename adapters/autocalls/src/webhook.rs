//! Autocalls's callbacks: read receipts, which are signed, and the ends of conversations, which are not.

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::Value;
use transom::time::rfc3339;
use transom::{
    CodeFact, DeliveryStatus, Error, ErrorKind, Event, Events, PhoneNumber, Result, Secret, StatusUpdate, json,
    signature,
};

use crate::error::RECEIPTS;

/// Verifies and reads one callback.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<Events> {
    // The header is documented, the prefix of its value is not [docs, Read Receipts Webhook; inferred].
    let given = json::header(request.headers(), "x-signature-256");
    let given = given.map(|text| text.strip_prefix("sha256=").unwrap_or(text));
    let verified = signature::verify_hmac_sha256(secrets, request.body(), given)?;
    let malformed = |error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error);
    let raw: Value = serde_json::from_slice(request.body()).map_err(malformed)?;
    // Read from the bytes again, so that ids keep every digit.
    let events = match serde_json::from_slice::<Callback>(request.body()) {
        // The dashboard's button for trying the address out.
        Ok(callback) if callback.test => Vec::new(),
        Ok(callback) => vec![callback.event().unwrap_or(Event::Unknown(raw))],
        Err(_) => vec![Event::Unknown(raw)],
    };
    Ok(Events::new(verified, events))
}

/// The fields of both kinds of callback. Every one of them may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Callback {
    /// `message_status` for a read receipt; the other kind has none.
    event: Option<String>,
    test: bool,
    #[serde(deserialize_with = "json::text_or_number")]
    whatsapp_message_id: Option<String>,
    to: Option<String>,
    status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    error_code: Option<String>,
    /// The platform's time.
    timestamp: Option<String>,
    /// The carrier's, which is null over Twilio.
    provider_timestamp: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    conversation_id: Option<String>,
    /// `whatsapp`, or `widget` for a chat on a web page.
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Callback {
    fn event(self) -> Option<Event> {
        match (self.event.as_deref(), self.kind.as_deref()) {
            (Some("message_status"), _) => self.status().map(Event::Status),
            (None, Some("whatsapp")) => Some(Event::Conversation { id: self.conversation_id?, state: self.status? }),
            _ => None,
        }
    }

    fn status(self) -> Option<StatusUpdate> {
        let status = match self.status?.as_str() {
            "queued" => DeliveryStatus::Queued,
            "sent" => DeliveryStatus::Sent,
            "delivered" => DeliveryStatus::Delivered,
            "read" => DeliveryStatus::Read,
            "failed" | "undelivered" => DeliveryStatus::Failed,
            other => DeliveryStatus::Other(other.to_owned()),
        };
        let mut update = StatusUpdate::new(self.whatsapp_message_id?, status);
        let times = [self.provider_timestamp, self.timestamp];
        update.at = times.iter().flatten().find_map(|text| rfc3339::parse(text));
        update.to = self.to.and_then(|text| text.parse::<PhoneNumber>().ok());
        update.error = self.error_code.filter(|_| update.status == DeliveryStatus::Failed).map(|code| {
            let fact = CodeFact::find(RECEIPTS, &code);
            (fact.map_or(ErrorKind::ProviderUnavailable, |fact| fact.kind), code)
        });
        Some(update)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &str = r#"{"event":"message_status","whatsapp_message_id":640077,"message_sid":null,"meta_message_id":"wamid.x","conversation_id":"0b7b6a1e","to":"+447700900123","from":"+12025550143","direction":"outbound","status":"delivered","error_code":null,"timestamp":"2026-05-11T11:20:04+02:00","provider_timestamp":null,"test":false}"#;
    const ENDED: &str = r#"{"conversation_id":"0b7b6a1e","assistant_id":"5f2c","type":"whatsapp","message_count":3,"status":"ended","transcript":[],"customer_phone":"+447700900123"}"#;

    fn events(body: &str) -> Vec<Event> {
        let events = read(&[], &Request::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        assert!(!events.verified);
        events.events
    }

    fn status(body: &str) -> StatusUpdate {
        let events = events(body);
        let [Event::Status(status)] = events.as_slice() else { panic!("{events:?}") };
        status.clone()
    }

    #[test]
    fn a_read_receipt_names_the_message_of_the_send() {
        let status = status(RECEIPT);
        assert_eq!((status.message_id.as_str(), status.status), ("640077", DeliveryStatus::Delivered));
        assert_eq!(status.to.unwrap().as_str(), "+447700900123");
        assert_eq!(rfc3339::format(status.at.unwrap()), "2026-05-11T09:20:04Z");
        assert_eq!(status.error, None);
    }

    #[test]
    fn the_carriers_time_is_preferred_to_the_platforms() {
        let body = RECEIPT.replace(r#""provider_timestamp":null"#, r#""provider_timestamp":"2026-05-11T09:20:03Z""#);
        assert_eq!(rfc3339::format(status(&body).at.unwrap()), "2026-05-11T09:20:03Z");
    }

    #[test]
    fn a_failure_has_its_kind_and_the_carriers_number() {
        for (word, code, kind) in [
            ("failed", "63016", ErrorKind::SessionExpired),
            ("undelivered", "\"63024\"", ErrorKind::RecipientInvalid),
            ("failed", "131047", ErrorKind::SessionExpired),
            ("failed", "99999", ErrorKind::ProviderUnavailable),
        ] {
            let body =
                RECEIPT.replace("delivered", word).replace(r#""error_code":null"#, &format!(r#""error_code":{code}"#));
            let status = status(&body);
            assert_eq!(status.status, DeliveryStatus::Failed, "{word}");
            assert_eq!(status.error, Some((kind, code.trim_matches('"').to_owned())));
        }
        assert_eq!(status(&RECEIPT.replace("delivered", "failed")).error, None);
        assert_eq!(status(&RECEIPT.replace("delivered", "held")).status, DeliveryStatus::Other("held".into()));
    }

    #[test]
    fn a_test_call_of_the_dashboard_is_no_event() {
        assert_eq!(events(&RECEIPT.replace(r#""test":false"#, r#""test":true"#)), []);
    }

    #[test]
    fn the_end_of_a_whatsapp_conversation_is_told_and_that_of_another_chat_is_not() {
        assert_eq!(events(ENDED), [Event::Conversation { id: "0b7b6a1e".into(), state: "ended".into() }]);
        assert!(matches!(events(&ENDED.replace("\"whatsapp\"", "\"widget\"")).as_slice(), [Event::Unknown(_)]));
    }

    #[test]
    fn what_is_not_known_is_kept_as_it_came() {
        for body in ["[]", "7", r#"{"event":"new"}"#, r#"{"event":"message_status"}"#, r#"{"test":"yes"}"#] {
            let expected = Event::Unknown(serde_json::from_str(body).unwrap());
            assert_eq!(events(body), [expected], "{body}");
        }
        assert!(read(&[], &Request::new(Bytes::from_static(b"{"))).is_err());
    }

    #[test]
    fn with_a_secret_only_what_it_signed_is_read() {
        // printf '%s' '{"event":"new"}' | openssl dgst -sha256 -hmac secret
        let (body, signature) =
            (r#"{"event":"new"}"#, "2784c75a57290debdcb59629a382c66ff36d445ab76d76503b8480f597f6dd28");
        let secrets = [Secret::new("secret")];
        let call = |body: &str, signature: &str| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            read(&secrets, &Request::builder().header("X-Signature-256", signature).body(body).unwrap())
        };
        assert!(call(body, &format!("sha256={signature}")).unwrap().verified);
        assert!(call(&body.replace("new", "old"), &format!("sha256={signature}")).is_err());
        // The ends of conversations carry no signature, and a stranger could write one.
        let unsigned = read(&secrets, &Request::new(Bytes::from_static(ENDED.as_bytes()))).unwrap_err();
        assert_eq!(unsigned.kind(), ErrorKind::Unauthenticated);
    }
}
