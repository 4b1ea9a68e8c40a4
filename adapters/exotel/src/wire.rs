//! Exotel's requests and answers: `POST /v2/accounts/{account_sid}/messages`. Pure.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use transom::request::RequestBuilder;
use transom::transport::unreadable;
use transom::{Error, ErrorKind, Limits, Message, Purpose, Receipt, Result, cloud_api, json};

use crate::NAME;
use crate::config::Config;
use crate::error::{self, Said};

/// Texts are held to 4096 characters by the session-messages page (seed), the rest to WhatsApp's own limits [docs,
/// Message Types].
const LIMITS: Limits = Limits::WHATSAPP;

/// The body that one request is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Flat,
    Wrapped,
}

/// The request that sends `message`.
pub(crate) fn encode_send(config: &Config, shape: Shape, message: &Message) -> Result<Request<Bytes>> {
    LIMITS.check(message)?;
    let (kind, object) = cloud_api::content(&message.content, |template| {
        // `policy` is mandatory on one page and absent from the samples of another, so it goes along [docs, Template
        // Messages].
        cloud_api::template(template, &config.templates.resolve(template), Some("deterministic"))
    })?;
    let mut body = Map::new();
    body.insert("from".into(), config.from.as_str().into());
    body.insert("to".into(), message.to.as_str().into());
    body.insert("content".into(), json!({ "type": kind, kind: object }));
    if let Some(reference) = &message.reference {
        body.insert("custom_data".into(), reference.clone().into());
    }
    let body = match shape {
        Shape::Flat => Value::from(body),
        Shape::Wrapped => json!({ "whatsapp": { "messages": [body] } }),
    };
    // The page puts the credential into the URL [seed]; the header is its documented equal [docs, Authentication], and
    // URLs end up in logs.
    let credential = format!("{}:{}", config.api_key.expose(), config.api_token.expose());
    RequestBuilder::post(&config.base_url, &["v2", "accounts", &config.account_sid, "messages"])
        .secret_header(AUTHORIZATION, &format!("Basic {}", STANDARD.encode(credential)))
        .json(Purpose::Send, &body)
}

/// What the answer to a send says. A 2xx is not yet a yes: each message has a verdict of its own inside, and a 207 may
/// hold nothing but failures (docs, Bulk WhatsApp Messages; the 207 from a sister API).
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, message));
    }
    let answer: Answer = json::decode(response, Purpose::Send)?;
    let malformed = |what: &str| unreadable(response.status(), Purpose::Send, what);
    let items =
        answer.response.as_deref().and_then(items).ok_or_else(|| malformed("there is no `response` in the answer"))?;
    // Nothing in an item names its message, so another count than ours leaves every verdict in doubt.
    let [item] = items.as_slice() else {
        return Err(malformed(&format!("{} verdicts for 1 message", items.len())));
    };
    if item.says_nothing() {
        return Err(malformed("the verdict in the answer says neither yes nor no"));
    }
    if !item.is_success() {
        return Err(error::of_item(item.http_status(), &item.said(), response.status(), message));
    }
    let data = item.data.as_ref();
    let sid = data.and_then(|data| data.sid.clone().or_else(|| data.message_id.clone()));
    sid.map(|sid| Receipt::new(NAME, sid)).ok_or_else(|| malformed("there is no `sid` in the answer"))
}

/// Whether this is exactly the refusal with which the live endpoint asks for the wrapped shape (field). It sends
/// nothing.
pub(crate) fn wants_wrapped(error: &Error) -> bool {
    error.kind() == ErrorKind::InvalidRequest
        && !error.may_have_been_sent()
        && error.status() == Some(StatusCode::BAD_REQUEST.as_u16())
        && error.code() == Some("1001")
        && error.message().contains("at least one channel is mandatory")
}

/// The envelope of every answer. Members that nothing here needs are left out: they are missing from some pages'
/// samples, and vary.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) response: Option<Box<RawValue>>,
    #[serde(rename = "RestException")]
    pub(crate) rest_exception: Option<RestException>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) error: Option<ErrorData>,
}

/// The dialect of the authentication and throttling pages (docs, Rate Limiting).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RestException {
    #[serde(rename = "Message")]
    pub(crate) message: Option<String>,
    #[serde(rename = "Code", deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
}

/// The verdict on one message, or on the whole request.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    /// Like an HTTP status, but of this message.
    #[serde(deserialize_with = "json::text_or_number")]
    code: Option<String>,
    status: Option<String>,
    error_data: Option<ErrorData>,
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorData {
    /// A number where a page shows it; the window's symbols are words (seed).
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(deserialize_with = "json::text_or_number")]
    sid: Option<String>,
    /// Where the pages of flows and payments put the id (docs).
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
}

impl Item {
    fn says_nothing(&self) -> bool {
        self.status.is_none() && self.error_data.is_none() && self.data.is_none()
    }

    fn is_success(&self) -> bool {
        match self.status.as_deref() {
            Some("success") => self.error_data.is_none(),
            Some(_) => false,
            None => self.error_data.is_none() && self.data.is_some(),
        }
    }

    fn http_status(&self) -> Option<StatusCode> {
        self.code.as_ref()?.parse().ok()
    }

    /// What it says of the failure.
    pub(crate) fn said(&self) -> Said {
        self.error_data.as_ref().map(Said::of).unwrap_or_default()
    }
}

/// The verdicts in `response`, which comes in three forms: `whatsapp.messages`, one bare verdict, or a bare list.
pub(crate) fn items(response: &RawValue) -> Option<Vec<Item>> {
    #[derive(Deserialize)]
    struct Wrapped {
        whatsapp: Option<Messages>,
    }
    #[derive(Deserialize)]
    struct Messages {
        messages: Vec<Item>,
    }
    let text = response.get();
    if text.starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    let wrapped: Wrapped = serde_json::from_str(text).ok()?;
    match wrapped.whatsapp {
        Some(whatsapp) => Some(whatsapp.messages),
        None => Some(vec![serde_json::from_str(text).ok()?]),
    }
}

#[cfg(test)]
mod tests {
    use transom::{Sent, Template};

    use super::*;
    use crate::error::tests::{answer, config};

    fn hello() -> Message {
        Message::text("+919876543210".parse().unwrap(), "Hi")
    }

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    fn check(message: &Message, content: &Value) {
        let request = encode_send(&config(), Shape::Flat, message).unwrap();
        assert_eq!(body(&request), json!({ "from": "+919876500001", "to": "+919876543210", "content": content }));
    }

    #[test]
    fn the_flat_shape_is_the_session_messages_page() {
        let request = encode_send(&config(), Shape::Flat, &hello()).unwrap();
        assert_eq!(request.uri(), "https://api.in.exotel.com/v2/accounts/acme/messages");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic a2V5OnRva2Vu");
        check(&hello(), &json!({ "type": "text", "text": { "body": "Hi" } }));
    }

    #[test]
    fn the_wrapped_shape_holds_the_same_message_and_its_reference() {
        let request = encode_send(&config(), Shape::Wrapped, &hello().with_reference("job-7781")).unwrap();
        let message = json!({
            "from": "+919876500001", "to": "+919876543210", "custom_data": "job-7781",
            "content": { "type": "text", "text": { "body": "Hi" } },
        });
        assert_eq!(body(&request), json!({ "whatsapp": { "messages": [message] } }));
    }

    #[test]
    fn a_template_goes_by_position_with_its_buttons_indexes_as_texts() {
        let mut template = Template::new("parcel_eta", "en").body(["Asha", "Fri 10:00"]);
        template.buttons = vec![transom::TemplateButton::QuickReply { index: 0, payload: "OK".into() }];
        check(
            &Message::template("+919876543210".parse().unwrap(), template),
            &json!({ "type": "template", "template": {
                "name": "parcel_eta", "language": { "code": "en", "policy": "deterministic" },
                "components": [
                    { "type": "body", "parameters": [{ "type": "text", "text": "Asha" }, { "type": "text", "text": "Fri 10:00" }] },
                    { "type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{ "type": "payload", "payload": "OK" }] },
                ],
            }}),
        );
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
        assert!(wants_wrapped(&refusal("1001", "at least one channel is mandatory")));
        assert!(!wants_wrapped(&refusal("1001", "to is mandatory")));
        assert!(!wants_wrapped(&refusal("1002", "at least one channel is mandatory")));
    }
}
