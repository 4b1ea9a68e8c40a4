//! Larkwire's answers. Pure: no network, no clock.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use transom::adapter::{Operation, RateLimitInfo, json};
use transom::transport::unreadable;
use transom::{Receipt, Result};

use crate::config::NAME;
use crate::error;
use crate::types::Answer;

/// Reads the answer to a send.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime) -> Result<Receipt> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now));
    }
    let answer: Answer = json::decode(response, Operation::Send)?;
    match (answer.code.as_deref(), answer.datum("id")) {
        (Some("0"), Some(id)) => {
            Ok(Receipt::new(NAME, id).with_limits(RateLimitInfo::from_headers(response.headers(), now)))
        }
        (Some("0") | None, _) => {
            Err(unreadable(response.status(), Operation::Send, "there is no `data.id` under code 0 in the answer"))
        }
        // A 200 says that the request was understood. `code` says whether the message was accepted.
        (Some(_), _) => Err(error::refusal(response, now)),
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
        ] {
            assert!(decode(body).unwrap_err().may_have_been_sent(), "{body}");
        }
    }
}
