//! Answers of Autocalls. Pure: no network, no clock.

pub(crate) mod calls;
pub(crate) mod lists;

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use transom::adapter::{Operation, RateLimitInfo, SendAnswer, json};
use transom::session::{SessionSource, WINDOW_DURATION};
use transom::time::rfc3339;
use transom::transport::unreadable;
use transom::{PhoneNumber, Receipt, Result, Session, Window};

use crate::config::NAME;
use crate::error;
use crate::types::{AcceptedBody, IDS, SessionBody, Status, Success};

/// Reads the answer to a send.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, to: &PhoneNumber) -> Result<Receipt> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Operation::Send, to));
    }
    let answer = SendAnswer::of(response, Operation::Send, IDS);
    let accepted: AcceptedBody = json::decode(response, Operation::Send)?;
    check_success(&accepted.success, response, now, Operation::Send, to).map_err(|refusal| answer.refused(refusal))?;
    if accepted.holds_a_refusal() {
        return Err(answer.refused(error::refusal(response, now, Operation::Send, to).maybe_sent()));
    }
    let session = accepted.session_status.and_then(|status| Status::of(&status)?.session(to));
    let limits = RateLimitInfo::from_headers(response.headers(), now);
    let held = SendAnswer::held(response.body());
    Ok(Receipt::new(NAME, answer.accepted()?).with_status(held).with_session(session).with_limits(limits))
}

/// Reads the session window. The answer is a 200 in every state; only a send is rejected for a closed window [seed].
pub(crate) fn decode_session(response: &Response<Bytes>, now: SystemTime, contact: &PhoneNumber) -> Result<Session> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Operation::Read, contact));
    }
    let answer: SessionBody = json::decode(response, Operation::Read)?;
    check_success(&answer.success, response, now, Operation::Read, contact)?;
    let malformed = || {
        unreadable(response.status(), Operation::Read, "there is no `session_status.can_send_freeform` in the answer")
    };
    let status = answer.session_status.ok_or_else(malformed)?;
    let last_message = answer.last_customer_message_at.filter(|text| !text.is_empty());
    let last = last_message.as_deref().and_then(rfc3339::parse);
    let has_written = answer.has_conversation != Some(false) && (last_message.is_some() || status.expired_at.is_some());
    let window = match status.can_send_freeform.ok_or_else(malformed)? {
        true => Window::Open { until: status.expires_at().or_else(|| last?.checked_add(WINDOW_DURATION)) },
        // Our template begins a conversation too, before the contact has ever written.
        false if !has_written => Window::Never,
        false => Window::Expired { since: status.expired_at().or_else(|| last?.checked_add(WINDOW_DURATION)) },
    };
    Ok(Session::new(contact.clone(), window, SessionSource::Provider).with_last_inbound_at(last))
}

/// Refuses an answer with a success status whose `success` does not say yes.
fn check_success(
    success: &Success,
    response: &Response<Bytes>,
    now: SystemTime,
    operation: Operation,
    contact: &PhoneNumber,
) -> Result<()> {
    match success {
        Success::Untold | Success::Yes => Ok(()),
        Success::No => Err(error::refusal(response, now, operation, contact)),
        Success::Unclear => Err(unreadable(response.status(), operation, "`success` is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use transom::{ErrorKind, Sent};

    use super::*;
    use crate::error::tests::{answer, to};

    fn send(status: u16, body: &str) -> Result<Receipt> {
        decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &to())
    }

    #[test]
    fn the_id_on_a_receipt_is_the_one_that_callbacks_carry() {
        let receipt = send(
            200,
            r#"{"success":true,"conversation_id":50412,"message_id":880121,"whatsapp_message_id":9007199254740993,"message_sid":null,"session_status":{"is_open":true,"can_send_freeform":true,"requires_template":false,"message":"x","minutes_remaining":1379,"expires_at":"2026-05-12T08:20:00+00:00"}}"#,
        )
        .unwrap();
        assert_eq!(receipt.message_id.as_str(), "9007199254740993");
        let until = rfc3339::parse("2026-05-12T08:20:00Z");
        assert_eq!(receipt.session.unwrap().window, Window::Open { until });
    }

    #[test]
    fn a_template_is_taken_without_a_word_about_the_window() {
        let body = r#"{"success":true,"whatsapp_message_id":"640090","status":"queued"}"#;
        assert_eq!(send(200, body).unwrap().session, None);
        // A bonus that cannot be read makes no failure of a success.
        let body = r#"{"success":true,"whatsapp_message_id":640090,"session_status":{"can_send_freeform":"yes"}}"#;
        assert_eq!(send(201, body).unwrap().session, None);
    }

    #[test]
    fn a_success_that_cannot_be_read_may_have_been_sent() {
        for body in ["", "{", "<html>", "[]", "{}", r#"{"success":true}"#, r#"{"success":true,"message_id":880121}"#] {
            let error = send(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }

    #[test]
    fn acceptance_flag_is_word_or_number_and_else_proves_nothing() {
        let body = |success: &str| {
            format!(r#"{{"success":{success},"whatsapp_message_id":640077,"error_code":"INVALID_PHONE"}}"#)
        };
        for yes in ["true", "\"true\"", "1"] {
            let taken = format!(r#"{{"success":{yes},"whatsapp_message_id":640077,"error":null,"status":"queued"}}"#);
            assert!(send(200, &taken).is_ok(), "{yes}");
            let error = send(200, &body(yes)).unwrap_err();
            assert_eq!((error.code(), error.sent()), (Some("INVALID_PHONE"), Sent::Maybe), "a yes and a no");
        }
        for no in ["false", "\"false\"", "0"] {
            let error = send(200, &body(no)).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::RecipientInvalid, Sent::Maybe), "{no}: it has an id");
        }
        for unclear in ["null", "\"maybe\"", "2", "[]"] {
            let error = send(200, &body(unclear)).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{unclear}");
        }
    }

    #[test]
    fn a_no_inside_a_success_proves_nothing_unless_its_code_does() {
        let refused = send(200, r#"{"success":false,"error":"x","error_code":"INSUFFICIENT_BALANCE"}"#).unwrap_err();
        assert_eq!((refused.kind(), refused.sent()), (ErrorKind::InsufficientBalance, Sent::No));
        let failed = r#"{"success":true,"status":"failed","whatsapp_message_id":1}"#;
        let new = r#"{"success":false,"error_code":"NEW","whatsapp_message_id":1}"#;
        for body in [r#"{"success":false}"#, new, failed] {
            let error = send(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::InvalidRequest, Sent::Maybe), "{body}");
        }
    }

    fn session(body: &str) -> Result<Session> {
        decode_session(&answer(200, body), SystemTime::UNIX_EPOCH, &to())
    }

    #[test]
    fn each_state_of_the_window_is_read_from_what_decides_it() {
        const LAST: &str = r#""has_conversation":true,"last_customer_message_at":"2026-05-08T17:05:00+00:00""#;
        let edge = rfc3339::parse("2026-05-09T17:05:00Z");
        for (body, window) in [
            (format!(r#"{{{LAST},"session_status":{{"is_open":false,"can_send_freeform":true,"expires_at":"2026-05-09T17:05:00+00:00"}}}}"#), Window::Open { until: edge }),
            (format!(r#"{{{LAST},"session_status":{{"can_send_freeform":true}}}}"#), Window::Open { until: edge }),
            (r#"{"session_status":{"can_send_freeform":true}}"#.into(), Window::Open { until: None }),
            (format!(r#"{{{LAST},"session_status":{{"is_open":true,"can_send_freeform":false,"expired_at":"2026-05-09T17:05:00+00:00"}}}}"#), Window::Expired { since: edge }),
            (format!(r#"{{{LAST},"session_status":{{"can_send_freeform":false}}}}"#), Window::Expired { since: edge }),
            (r#"{"has_conversation":true,"last_customer_message_at":"long ago","session_status":{"can_send_freeform":false}}"#.into(), Window::Expired { since: None }),
            (r#"{"success":true,"has_conversation":false,"session_status":{"can_send_freeform":false}}"#.into(), Window::Never),
            (r#"{"has_conversation":true,"last_customer_message_at":null,"session_status":{"can_send_freeform":false,"expires_at":null}}"#.into(), Window::Never),
            (r#"{"has_conversation":true,"session_status":{"can_send_freeform":false,"expires_at":"2026-05-09T17:05:00Z"}}"#.into(), Window::Never),
        ] {
            let session = session(&body).unwrap();
            assert_eq!((session.window, session.source), (window, SessionSource::Provider), "{body}");
        }
        let open = format!(r#"{{{LAST},"session_status":{{"can_send_freeform":true}}}}"#);
        assert_eq!(session(&open).unwrap().last_inbound_at, rfc3339::parse("2026-05-08T17:05:00Z"));
    }

    #[test]
    fn a_session_that_cannot_be_read_is_no_session() {
        for body in ["", "{}", r#"{"session_status":{}}"#, r#"{"session_status":{"can_send_freeform":"no"}}"#] {
            let error = session(body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::No), "{body}");
        }
        let refused = session(r#"{"success":false,"error_code":"SENDER_NOT_FOUND"}"#).unwrap_err();
        assert_eq!((refused.kind(), refused.sent()), (ErrorKind::SenderNotFound, Sent::No));
    }
}
