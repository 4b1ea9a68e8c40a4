//! Answers of Exotel to sends. Pure: no network, no clock.

pub(crate) mod lists;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use transom::adapter::RateLimitInfo;
use transom::adapter::{Operation, json};
use transom::transport::unreadable;
use transom::{Error, ErrorKind, Message, Receipt, Result};

use crate::config::NAME;
use crate::error::{self, RequestKind};
use crate::types::{Answer, Item, Verdict};

/// Reads the answer to a send.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let verdicts = decode_batch(response, now, std::slice::from_ref(message))?;
    let none = || unreadable(response.status(), Operation::Send, "there is no verdict in the answer");
    verdicts.into_iter().next().unwrap_or_else(|| Err(none()))
}

/// Reads the result of each message. A 2xx alone proves nothing: each message has its own result inside, and a 207 may
/// contain only failures (docs, Bulk WhatsApp Messages; the 207 from a sister API).
pub(crate) fn decode_batch(
    response: &Response<Bytes>,
    now: SystemTime,
    messages: &[Message],
) -> Result<Vec<Result<Receipt>>> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, RequestKind::to_send(messages)));
    }
    let answer: Answer = json::decode(response, Operation::Send)?;
    let malformed = |what: &str| unreadable(response.status(), Operation::Send, what);
    let Some(items) = answer.items() else {
        let refused = error::refused_outright(&answer, response, now, RequestKind::to_send(messages));
        return Err(refused.unwrap_or_else(|| malformed("there is no `response` in the answer")));
    };
    // An item does not name its message, so a different count leaves every outcome unknown.
    if items.len() != messages.len() {
        return Err(malformed(&format!("{} verdicts for {} messages", items.len(), messages.len())));
    }
    let verdict = |(item, message): (&Item, &Message)| match item.verdict() {
        Verdict::Accepted(sid) => {
            Ok(Receipt::new(NAME, sid).with_limits(RateLimitInfo::from_headers(response.headers(), now)))
        }
        Verdict::Refused => {
            let asked = RequestKind::to_send(std::slice::from_ref(message));
            Err(error::of_item(item, response, now, asked))
        }
        Verdict::Unclear(why) => Err(malformed(why)),
    };
    Ok(items.iter().zip(messages).map(verdict).collect())
}

/// Whether this is exactly the refusal with which the live endpoint asks for the wrapped shape (field). It sends
/// nothing.
pub(crate) fn requires_wrapped_shape(error: &Error) -> bool {
    error.kind() == ErrorKind::InvalidRequest
        && !error.may_have_been_sent()
        && error.status() == Some(StatusCode::BAD_REQUEST.as_u16())
        && error.code() == Some("1001")
        && error.message().contains("at least one channel is mandatory")
}

#[cfg(test)]
mod tests {
    use transom::Sent;

    use super::*;
    use crate::error::tests::answer;

    fn hello() -> Message {
        Message::text("+919876543210".parse().unwrap(), "Hi")
    }

    fn decode(status: u16, body: &str) -> Result<Receipt> {
        decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &hello())
    }

    #[test]
    fn the_sid_is_found_in_every_documented_form_of_a_success() {
        for (status, body) in [
            (
                202,
                r#"{"response":{"whatsapp":{"messages":[{"code":202,"error_data":null,"status":"success","data":{"sid":"7c1e"}}]}}}"#,
            ),
            (
                200,
                r#"{"http_code":202,"response":{"whatsapp":{"messages":[{"code":202,"status":"success","data":{"sid":"7c1e"}}]}}}"#,
            ),
            (200, r#"{"response":{"code":200,"status":"success","data":{"message_id":"7c1e","status":"sent"}}}"#),
            (200, r#"{"response":[{"code":200,"status":"success","data":{"sid":"7c1e"}}]}"#),
        ] {
            assert_eq!(decode(status, body).unwrap().message_id.as_str(), "7c1e", "{body}");
        }
    }

    #[test]
    fn a_failure_inside_a_success_is_a_refusal() {
        for status in [200, 207] {
            let error = decode(
                status,
                r#"{"response":{"whatsapp":{"messages":[{"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}]}}}"#,
            )
            .unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::SessionExpired, Sent::No));
        }
    }

    #[test]
    fn failure_without_reason_uses_its_status_or_is_unknown() {
        let of =
            |item: &str| decode(207, &format!(r#"{{"response":{{"whatsapp":{{"messages":[{item}]}}}}}}"#)).unwrap_err();
        for (item, kind, sent) in [
            (r#"{"code":403,"status":"failure"}"#, ErrorKind::PermissionDenied, Sent::No),
            (r#"{"code":403}"#, ErrorKind::PermissionDenied, Sent::No),
            (r#"{"code":409,"status":"failure"}"#, ErrorKind::Conflict, Sent::Maybe),
            (r#"{"code":500,"status":"failure"}"#, ErrorKind::ProviderUnavailable, Sent::Maybe),
            (r#"{"status":"failure","data":{"sid":"7c1e"}}"#, ErrorKind::InvalidRequest, Sent::Maybe),
            (r#"{"code":400,"status":"success","data":{"sid":"7c1e"}}"#, ErrorKind::MalformedResponse, Sent::Maybe),
        ] {
            assert_eq!((of(item).kind(), of(item).sent()), (kind, sent), "{item}");
        }
    }

    #[test]
    fn documented_rejection_in_success_body_is_a_rejection() {
        for (body, kind) in [
            (r#"{"RestException":{"Status":429,"Code":"RATE_LIMIT_EXCEEDED","Message":"x"}}"#, ErrorKind::RateLimited),
            (r#"{"response":null,"error":{"code":"SESSION_EXPIRED"}}"#, ErrorKind::SessionExpired),
        ] {
            let error = decode(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.status()), (kind, Sent::No, Some(200)), "{body}");
        }
        for body in [r#"{"RestException":{"Status":401,"Message":"x"}}"#, r#"{"code":"BRAND_NEW"}"#] {
            let error = decode(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }

    #[test]
    fn id_with_undocumented_state_is_a_receipt_with_every_digit() {
        let body = r#"{"response":{"whatsapp":{"messages":[{"code":202,"status":"parked","data":{"sid":18446744073709551617,"new":1}}]}}}"#;
        assert_eq!(decode(202, body).unwrap().message_id.as_str(), "18446744073709551617");
    }

    #[test]
    fn a_success_that_cannot_be_read_may_have_been_sent() {
        for body in [
            "",
            "{",
            "<html>",
            "{}",
            "[]",
            r#"{"response":null}"#,
            r#"{"response":7}"#,
            r#"{"response":{"code":200}}"#,
            r#"{"response":{"whatsapp":{"messages":[]}}}"#,
            r#"{"response":{"whatsapp":{"messages":[{"status":"success","data":{"sid":""}}]}}}"#,
            r#"{"response":{"whatsapp":{"messages":[{"status":"success","data":{"sid":"a"}},{"status":"success","data":{"sid":"b"}}]}}}"#,
            r#"{"response":{"whatsapp":{"messages":[{"status":"success","status":"failure","data":{"sid":"a"}}]}}}"#,
        ] {
            let error = decode(202, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }

    #[test]
    fn only_the_documented_refusal_asks_for_the_wrapped_shape() {
        let refusal = |code: &str, text: &str| {
            decode(400, &format!(r#"{{"response":{{"code":400,"error_data":{{"code":{code},"message":"Mandatory Parameter missing","description":"{text}"}},"status":"failure","data":null}}}}"#)).unwrap_err()
        };
        assert!(requires_wrapped_shape(&refusal("1001", "at least one channel is mandatory")));
        assert!(!requires_wrapped_shape(&refusal("1001", "to is mandatory")));
        assert!(!requires_wrapped_shape(&refusal("1002", "at least one channel is mandatory")));
    }
}
