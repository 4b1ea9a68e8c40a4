//! Larkwire's answers. Pure: no network, no clock.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use transom::adapter::{Operation, RateLimitInfo, SendAnswer, json};
use transom::transport::unreadable;
use transom::{Receipt, Result};

use crate::config::NAME;
use crate::error;
use crate::types::{Answer, IDS};

/// Reads the answer to a send.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime) -> Result<Receipt> {
    let answer = SendAnswer::of(response, Operation::Send, IDS);
    if !response.status().is_success() {
        return Err(answer.refused(error::refusal(response, now)));
    }
    let body: Answer = json::decode(response, Operation::Send)?;
    match body.code.as_deref() {
        Some("0") => {
            let limits = RateLimitInfo::from_headers(response.headers(), now);
            Ok(Receipt::new(NAME, answer.accepted()?).with_limits(limits))
        }
        None => Err(answer.refused(unreadable(response.status(), Operation::Send, "there is no `code` in the answer"))),
        // A 200 says that the request was understood. `code` says whether the message was accepted.
        Some(_) => Err(answer.refused(error::refusal(response, now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_0_with_an_id_is_a_success() {
        let decode = |body: &'static str| {
            decode_send(&Response::new(Bytes::from_static(body.as_bytes())), SystemTime::UNIX_EPOCH)
        };
        let taken = decode(r#"{"code":0,"msg":"accepted","data":{"id":18446744073709551615}}"#).unwrap();
        assert_eq!(taken.message_id.as_str(), "18446744073709551615");
        for body in [
            r#"{"code":4103,"data":{"id":18446744073709551615}}"#,
            r#"{"code":null,"data":{"id":18446744073709551615}}"#,
            r#"{"data":{"id":18446744073709551615}}"#,
            r#"{"code":0,"data":null}"#,
            r#"{"code":0,"data":{"id":0}}"#,
        ] {
            assert!(decode(body).unwrap_err().may_have_been_sent(), "{body}");
        }
        let closed = decode(r#"{"code":4103,"data":{"id":" "}}"#).unwrap_err();
        assert!(closed.is_window_closed(), "a blank names no message");
    }
}
