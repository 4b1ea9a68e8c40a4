//! The answer to an upload: `POST /v1/media`.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use transom::Result;
use transom::adapter::{Operation, json};
use transom::transport::unreadable;

use crate::error;
use crate::types::parse;

/// The media id, bare or within `data` [docs, Messages; the latter inferred].
pub(crate) fn decode_upload(response: &Response<Bytes>, now: SystemTime) -> Result<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        #[serde(deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(alias = "mediaId", deserialize_with = "json::text_or_number")]
        media_id: Option<String>,
        data: Option<Box<RawValue>>,
    }
    if !response.status().is_success() {
        return Err(error::of_read(response, now));
    }
    let answer: Answer = json::decode(response, Operation::Read)?;
    let within: Answer = answer.data.as_deref().and_then(parse).unwrap_or_default();
    let id = answer.id.or(answer.media_id).or(within.id).or(within.media_id);
    id.ok_or_else(|| unreadable(response.status(), Operation::Read, "there is no media id in the answer"))
}

#[cfg(test)]
mod tests {
    use transom::ErrorKind;

    use super::*;
    use crate::error::tests::answer;

    #[test]
    fn the_media_id_is_read_wherever_it_stands() {
        for body in [r#"{"id":"770011"}"#, r#"{"id":770011}"#, r#"{"data":{"id":"770011"}}"#, r#"{"mediaId":"770011"}"#]
        {
            assert_eq!(decode_upload(&answer(201, body), SystemTime::UNIX_EPOCH).unwrap(), "770011", "{body}");
        }
        for (status, body, kind) in [
            (200, "{}", ErrorKind::MalformedResponse),
            (413, "", ErrorKind::InvalidRequest),
            (403, r#"{"message":"Outside the 24h window"}"#, ErrorKind::PermissionDenied),
            (503, "", ErrorKind::ProviderUnavailable),
        ] {
            let error = decode_upload(&answer(status, body), SystemTime::UNIX_EPOCH).unwrap_err();
            assert_eq!((error.kind(), error.may_have_been_sent()), (kind, false), "{status} {body}");
        }
    }
}
