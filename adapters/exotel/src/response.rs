//! Answers of Exotel to sends. Pure: no network, no clock.

pub(crate) mod calls;
pub(crate) mod lists;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::value::RawValue;
use transom::adapter::{Operation, RateLimitInfo, SendAnswer, json};
use transom::message::MessageId;
use transom::transport::unreadable;
use transom::{Error, ErrorKind, Message, Receipt, Result};

use crate::config::NAME;
use crate::error::{self, RequestKind};
use crate::types::{Answer, Claim, IDS, ITEM_IDS, Item};

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
    let asked = RequestKind::to_send(messages);
    let Some(items) = answer.raw_items() else {
        let refused = error::refused_outright(&answer, response, now, asked);
        return Err(refused.unwrap_or_else(|| malformed("there is no `response` in the answer")));
    };
    // An item does not name its message, so a different count leaves every outcome unknown.
    if items.len() != messages.len() {
        return Err(malformed(&format!("{} verdicts for {} messages", items.len(), messages.len())));
    }
    let read = |(item, message): (&RawValue, &Message)| {
        let id = decode_item(item, &answer, response, now, message, messages.len() == 1)?;
        let limits = RateLimitInfo::from_headers(response.headers(), now);
        Ok(Receipt::new(NAME, id).with_status(SendAnswer::held(item.get().as_bytes())).with_limits(limits))
    };
    Ok(items.iter().map(AsRef::as_ref).zip(messages).map(read).collect())
}

/// Reads one result. A refusal around the results contradicts a result that is none.
fn decode_item(
    raw: &RawValue,
    answer: &Answer,
    response: &Response<Bytes>,
    now: SystemTime,
    message: &Message,
    is_one: bool,
) -> Result<MessageId> {
    let asked = RequestKind::to_send(std::slice::from_ref(message));
    let malformed = |what: &str| unreadable(response.status(), Operation::Send, what);
    let item: Item = serde_json::from_str(raw.get())
        .map_err(|error| malformed("a verdict in the answer cannot be read").with_source(error))?;
    let status = item.http_status().unwrap_or(response.status());
    // Of a batch, only an item says which message it is about.
    let (body, ids) = if is_one { (&response.body()[..], IDS) } else { (raw.get().as_bytes(), ITEM_IDS) };
    let verdict = SendAnswer::within(body, status, Operation::Send, ids);
    match item.claim() {
        Claim::Refused => Err(verdict.refused(error::of_item(&item, response, now, asked))),
        Claim::Contradiction => Err(verdict.refused(malformed("the verdict in the answer contradicts its own status"))),
        Claim::Accepted => match error::beside_the_results(answer, response, now, asked) {
            Some(refusal) => Err(verdict.refused(refusal)),
            None => verdict.accepted(),
        },
    }
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
    fn id_beside_any_refusal_in_a_success_is_unknown() {
        let items = |item: &str| format!(r#"{{"response":{{"whatsapp":{{"messages":[{item}]}}}}}}"#);
        let sid = r#""data":{"sid":"7c1e"}"#;
        for (body, kind, code) in [
            (
                items(&format!(r#"{{"code":200,"status":"success","error_data":{{"code":"SESSION_EXPIRED"}},{sid}}}"#)),
                ErrorKind::SessionExpired,
                Some("SESSION_EXPIRED"),
            ),
            (items(&format!(r#"{{"code":429,{sid}}}"#)), ErrorKind::RateLimited, None),
            (items(&format!(r#"{{"code":421,"status":"failure",{sid}}}"#)), ErrorKind::ProviderUnavailable, None),
            (items(&format!(r#"{{"status":"rejected",{sid}}}"#)), ErrorKind::InvalidRequest, None),
            (
                format!(
                    r#"{{"RestException":{{"Code":"RATE_LIMIT_EXCEEDED"}},"response":{{"status":"success",{sid}}}}}"#
                ),
                ErrorKind::RateLimited,
                Some("RATE_LIMIT_EXCEEDED"),
            ),
            (
                format!(r#"{{"http_code":402,"response":{{"status":"success",{sid}}}}}"#),
                ErrorKind::InsufficientBalance,
                None,
            ),
            (format!(r#"{{"error":"no","response":{{"status":"success",{sid}}}}}"#), ErrorKind::InvalidRequest, None),
            (
                format!(r#"{{"error":{{"code":"SESSION_EXPIRED"}},"response":{{"whatsapp":7,{sid}}}}}"#),
                ErrorKind::SessionExpired,
                Some("SESSION_EXPIRED"),
            ),
        ] {
            let error = decode(200, &body).unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.code()), (kind, Sent::Maybe, code), "{body}");
            assert_eq!(error.message_id().map(MessageId::as_str), Some("7c1e"), "{body}");
            assert!(!error.is_window_closed() && !error.is_safe_to_retry());
        }
    }

    #[test]
    fn window_of_an_item_counts_by_the_items_own_status() {
        let item = |code: u16| {
            let item = format!(r#"{{"code":{code},"status":"failure","error_data":{{"code":"SESSION_EXPIRED"}}}}"#);
            decode(207, &format!(r#"{{"response":{{"whatsapp":{{"messages":[{item}]}}}}}}"#)).unwrap_err()
        };
        assert!(item(400).is_window_closed());
        assert_eq!((item(401).kind(), item(401).sent()), (ErrorKind::Unauthenticated, Sent::No));
        assert_eq!(item(503).sent(), Sent::Maybe, "a 5xx proves nothing, whatever words it carries");
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
