//! What became of one message: `GET /v1/messages/{id}`. That it exists is documented, its fields are not, and neither is which
//! of a message's ids it takes [docs, API Reference; inferred].

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde_json::value::RawValue;
use transom::Result;
use transom::adapter::{Operation, json};
use transom::message::MessageId;
use transom::transport::unreadable;
use transom::webhook::StatusUpdate;

use crate::{error, webhook};

/// The record, bare or in `data`, is read as the one in a webhook call is. It may name the message by another id than the
/// one that was asked for. Then the update has both, so that it settles a send known by either.
pub(crate) fn decode_status(response: &Response<Bytes>, now: SystemTime, asked: &MessageId) -> Result<StatusUpdate> {
    if !response.status().is_success() {
        return Err(error::of_read(response, now));
    }
    let record: Box<RawValue> = json::decode(response, Operation::Read)?;
    let malformed = |what: &str| unreadable(response.status(), Operation::Read, what);
    let mut update =
        webhook::report(&record).ok_or_else(|| malformed("there is no message with a status in the answer"))?;
    if update.is_about(asked) {
        return Ok(update);
    }
    let is_whatsapps = |id: &MessageId| id.as_str().starts_with("wamid.");
    if update.provider_message_id.is_some() || is_whatsapps(&update.message_id) == is_whatsapps(asked) {
        return Err(malformed("the answer is about another message"));
    }
    let own =
        if is_whatsapps(asked) { std::mem::replace(&mut update.message_id, asked.clone()) } else { asked.clone() };
    update.provider_message_id = Some(own);
    Ok(update)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use transom::ErrorKind;
    use transom::webhook::{DeliveryFailure, DeliveryStatus};

    use super::*;

    fn decoded(status: u16, body: &'static str) -> Result<StatusUpdate> {
        looked_up("7", status, body)
    }

    fn looked_up(id: &str, status: u16, body: &'static str) -> Result<StatusUpdate> {
        let response = Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap();
        decode_status(&response, UNIX_EPOCH, &id.into())
    }

    #[test]
    fn update_has_the_id_that_was_asked_for_beside_the_other() {
        for (asked, body) in [
            ("90017", r#"{"id":90017,"wamid":"wamid.A","status":"delivered"}"#),
            ("wamid.A", r#"{"id":90017,"wamid":"wamid.A","status":"delivered"}"#),
            ("90017", r#"{"wamid":"wamid.A","status":"delivered"}"#),
            ("wamid.A", r#"{"id":90017,"status":"delivered"}"#),
        ] {
            let update = looked_up(asked, 200, body).unwrap();
            let ids = (update.message_id.as_str(), update.provider_message_id.as_ref().map(MessageId::as_str));
            assert_eq!(ids, ("wamid.A", Some("90017")), "{asked} {body}");
        }
        for (asked, body) in [
            ("90018", r#"{"id":90017,"wamid":"wamid.A","status":"failed"}"#),
            ("90018", r#"{"id":90017,"status":"failed"}"#),
            ("wamid.B", r#"{"wamid":"wamid.A","status":"failed"}"#),
        ] {
            assert_eq!(looked_up(asked, 200, body).unwrap_err().kind(), ErrorKind::MalformedResponse, "{asked} {body}");
        }
    }

    #[test]
    fn a_record_tells_how_far_the_message_got_bare_or_in_data() {
        for body in [
            r#"{"id":90017,"wamid":"wamid.A","status":"delivered","to":"34611222333"}"#,
            r#"{"data":{"id":"90017","wamid":"wamid.A","status":"delivered","to":"34611222333"}}"#,
        ] {
            let update = looked_up("90017", 200, body).unwrap();
            assert_eq!((update.message_id.as_str(), update.status), ("wamid.A", DeliveryStatus::Delivered));
        }
    }

    #[test]
    fn undocumented_status_is_kept_and_failure_has_reason() {
        let update = decoded(200, r#"{"id":"7","status":"in_limbo"}"#).unwrap();
        assert_eq!(update.status, DeliveryStatus::Other("in_limbo".into()));
        let update = decoded(200, r#"{"id":"7","status":"failed","errors":[{"code":131047}]}"#).unwrap();
        assert_eq!(update.error, Some(DeliveryFailure::new(ErrorKind::SessionExpired, "131047")));
    }

    #[test]
    fn missing_message_is_not_found_and_missing_status_malformed() {
        let error = decoded(404, r#"{"statusCode":404,"message":"no such message"}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(decoded(200, r#"{"id":"7"}"#).unwrap_err().kind(), ErrorKind::MalformedResponse);
    }
}
