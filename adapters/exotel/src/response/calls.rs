//! Answers to the calls that only Exotel offers.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use transom::Result;
use transom::adapter::{Operation, json};
use transom::transport::unreadable;

use crate::error::{self, RequestKind};
use crate::types::{Answer, Item};

/// A file that a contact sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaFile {
    /// Its MIME type, if the answer says so.
    pub media_type: Option<String>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The bytes are the answer (docs, Media Messages).
pub(crate) fn decode_media(response: &Response<Bytes>, now: SystemTime) -> Result<MediaFile> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, RequestKind::LIST));
    }
    let media_type = json::header(response.headers(), CONTENT_TYPE.as_str()).map(str::to_owned);
    Ok(MediaFile { media_type, bytes: response.body().clone() })
}

/// The page names `file_handle` and not its place, so it is read wherever it stands (docs, Templates API; inferred).
pub(crate) fn decode_sample(response: &Response<Bytes>, now: SystemTime) -> Result<String> {
    refusal_in(response, now)?;
    let body: Value = json::decode(response, Operation::Read)?;
    let without = || unreadable(response.status(), Operation::Read, "there is no `file_handle` in the answer");
    handle(&body).map(str::to_owned).ok_or_else(without)
}

/// No page shows the answer; any success is one (docs, Receive Messages).
pub(crate) fn decode_webhook(response: &Response<Bytes>, now: SystemTime) -> Result<()> {
    refusal_in(response, now)
}

/// The failure of an answer, inside a success, too.
fn refusal_in(response: &Response<Bytes>, now: SystemTime) -> Result<()> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, RequestKind::LIST));
    }
    let answer: Answer = json::decode_lenient(response);
    match answer.items().into_iter().find(Item::is_refused) {
        Some(refused) => Err(error::of_item(&refused, response, now, RequestKind::LIST)),
        None => Ok(()),
    }
}

fn handle(value: &Value) -> Option<&str> {
    match value {
        Value::Object(members) => match members.get("file_handle").and_then(Value::as_str) {
            Some(handle) if !handle.is_empty() => Some(handle),
            _ => members.values().find_map(handle),
        },
        Value::Array(items) => items.iter().find_map(handle),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use transom::ErrorKind;
    use transom::transport::BodyLimit;

    use super::*;
    use crate::error::tests::{answer, config};
    use crate::request::calls::{WebhookUrls, encode_media, encode_sample, encode_webhook};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const BASE: &str = "https://api.in.exotel.com/v2/accounts/acme";
    const REFUSED: &str =
        r#"{"response":{"code":404,"error_data":{"code":1000,"message":"Not Found"},"status":"failure","data":null}}"#;

    #[test]
    fn file_is_the_answers_bytes_with_their_type() {
        let request = encode_media(&config(), "7700/1", 5_000_000).unwrap();
        assert_eq!(request.uri(), &*format!("{BASE}/media/7700%2F1"));
        assert_eq!(
            (&request.headers()["accept"], &request.headers()["authorization"]),
            (&"*/*".parse().unwrap(), &"Basic a2V5OnRva2Vu".parse().unwrap())
        );
        assert_eq!(request.extensions().get(), Some(&BodyLimit(5_000_000)));
        let mut response = answer(200, "\u{89}PNG");
        response.headers_mut().insert("content-type", "image/png".parse().unwrap());
        let file = decode_media(&response, NOW).unwrap();
        assert_eq!((file.media_type.as_deref(), file.bytes), (Some("image/png"), response.body().clone()));
        assert_eq!(decode_media(&answer(404, REFUSED), NOW).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn sample_is_uploaded_with_length_and_type() {
        let request = encode_sample(&config(), "image/png", Bytes::from_static(b"1234")).unwrap();
        assert_eq!(request.uri(), &*format!("{BASE}/templates/sample?file_length=4&file_type=image%2Fpng"));
        assert_eq!(
            (request.headers()["content-type"].as_bytes(), request.body().as_ref()),
            (&b"image/png"[..], &b"1234"[..])
        );
        for (media_type, bytes, line) in [
            (
                "image/gif",
                &b"1"[..],
                "type: expected one of application/pdf, image/jpeg, image/png, video/mp4, got \"image/gif\"",
            ),
            ("image/png", b"", "file: expected its bytes, got none"),
        ] {
            let error = encode_sample(&config(), media_type, Bytes::from_static(bytes)).unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, line));
        }
        for body in [
            r#"{"response":{"whatsapp":{"templates":[{"code":200,"status":"success","data":{"file_handle":"4::aW1"}}]}}}"#,
            r#"{"response":{"code":200,"status":"success","data":{"file_handle":"4::aW1"}}}"#,
            r#"{"file_handle":"4::aW1"}"#,
        ] {
            assert_eq!(decode_sample(&answer(200, body), NOW).unwrap(), "4::aW1", "{body}");
        }
        assert_eq!(decode_sample(&answer(200, "{}"), NOW).unwrap_err().kind(), ErrorKind::MalformedResponse);
        assert_eq!(decode_sample(&answer(200, REFUSED), NOW).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn webhook_addresses_are_put_as_the_page_shows() {
        let urls = WebhookUrls::new("https://hooks.example.net/in").status_callback("https://hooks.example.net/dlr");
        let request = encode_webhook(&config(), &urls).unwrap();
        assert_eq!((request.method().as_str(), request.uri().to_string()), ("PUT", format!("{BASE}/whatsapp/webhook")));
        let expected = serde_json::json!({ "whatsapp": { "webhook": {
            "incoming_message_url": "https://hooks.example.net/in", "status_callback_url": "https://hooks.example.net/dlr",
        } } });
        assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), expected);
        assert!(decode_webhook(&answer(204, ""), NOW).is_ok());
        assert_eq!(decode_webhook(&answer(200, REFUSED), NOW).unwrap_err().kind(), ErrorKind::NotFound);
        let error = encode_webhook(&config(), &WebhookUrls::new("hooks.example.net")).unwrap_err();
        assert_eq!(error.message(), "incoming_message_url: expected an http:// or https:// URL");
    }
}
