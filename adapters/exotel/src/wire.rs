//! Exotel's requests and answers: `POST /v2/accounts/{account_sid}/messages`. Pure.

mod answer;
mod definition;
mod media;
mod templates;

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use transom::adapter::RateLimitInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::{Limits, Operation, cloud_api, json, unsupported};
use transom::message::MediaSource;
use transom::transport::unreadable;
use transom::{Capability, Error, ErrorKind, Message, Receipt, Result};

pub(crate) use answer::{Answer, ErrorData, Item, Verdict};
pub(crate) use definition::Wanted;
pub(crate) use templates::{decode_templates, encode_templates};

use crate::NAME;
use crate::config::Config;
use crate::error::{self, Asked};

/// Texts are held to 4096 characters by the session-messages page (seed), the rest to WhatsApp's own limits (docs,
/// Message Types), and media to the formats of a page of their own.
const LIMITS: Limits = Limits::WHATSAPP.with_media(media::MEDIA);
/// How many messages one request may hold (docs, Bulk WhatsApp Messages, WhatsApp Status Codes).
const BATCH_MAX: usize = 100;

/// The body that one request is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Flat,
    Wrapped,
}

/// The request that sends `message`.
pub(crate) fn encode_send(config: &Config, shape: Shape, message: &Message) -> Result<Request<Bytes>> {
    let object = message_object(config, message)?;
    match shape {
        Shape::Flat => post(config, &object),
        Shape::Wrapped => post(config, &wrapped(&[object])),
    }
}

/// The request that sends `messages` together, always wrapped: the flat shape has room for one.
///
/// # Errors
/// What is wrong with each of them, by its place in the list; or that there are none, or too many.
pub(crate) fn encode_batch(config: &Config, messages: &[Message]) -> Result<Request<Bytes>> {
    let refused = |line: String| Err(Error::invalid(ErrorKind::InvalidRequest, vec![line]));
    match messages.len() {
        0 => return refused("messages: at least 1 is needed, got 0".to_owned()),
        1..=BATCH_MAX => {}
        count => return refused(format!("messages: {count} are over the limit of {BATCH_MAX}")),
    }
    let mut objects = Vec::with_capacity(messages.len());
    let mut problems = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        match message_object(config, message) {
            Ok(object) => objects.push(object),
            Err(error) => problems.push((index, error)),
        }
    }
    match in_their_places(&problems) {
        None => post(config, &wrapped(&objects)),
        Some(error) => Err(error),
    }
}

/// One error for those of several messages of a batch, each line of which begins with its message's place; its kind is
/// that of the first. `None` if there are none.
pub(crate) fn in_their_places(errors: &[(usize, Error)]) -> Option<Error> {
    let (_, first) = errors.first()?;
    let lines = errors.iter().flat_map(|(index, error)| {
        let lines = match error.problems() {
            [] => vec![error.message()],
            lines => lines.iter().map(String::as_str).collect(),
        };
        lines.into_iter().map(move |line| format!("messages[{index}]: {line}"))
    });
    Some(Error::invalid(first.kind(), lines.collect()))
}

/// What the answer to a send says.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Result<Receipt> {
    let verdicts = decode_batch(response, now, std::slice::from_ref(message))?;
    let none = || unreadable(response.status(), Operation::Send, "there is no verdict in the answer");
    verdicts.into_iter().next().unwrap_or_else(|| Err(none()))
}

/// What the answer to a send says of each message. A 2xx is not yet a yes: each message has a verdict of its own inside,
/// and a 207 may hold nothing but failures (docs, Bulk WhatsApp Messages; the 207 from a sister API).
pub(crate) fn decode_batch(
    response: &Response<Bytes>,
    now: SystemTime,
    messages: &[Message],
) -> Result<Vec<Result<Receipt>>> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Asked::to_send(messages)));
    }
    let answer: Answer = json::decode(response, Operation::Send)?;
    let malformed = |what: &str| unreadable(response.status(), Operation::Send, what);
    let Some(items) = answer.items() else {
        let refused = error::refused_outright(&answer, response, now, Asked::to_send(messages));
        return Err(refused.unwrap_or_else(|| malformed("there is no `response` in the answer")));
    };
    // Nothing in an item names its message, so another count than ours leaves every verdict in doubt.
    if items.len() != messages.len() {
        return Err(malformed(&format!("{} verdicts for {} messages", items.len(), messages.len())));
    }
    let verdict = |(item, message): (&Item, &Message)| match item.verdict() {
        Verdict::Taken(sid) => {
            Ok(Receipt::new(NAME, sid).with_limits(RateLimitInfo::from_headers(response.headers(), now)))
        }
        Verdict::Refused => {
            let asked = Asked::to_send(std::slice::from_ref(message));
            Err(error::of_item(item, response, now, asked))
        }
        Verdict::Unclear(why) => Err(malformed(why)),
    };
    Ok(items.iter().zip(messages).map(verdict).collect())
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

/// One message as both shapes hold it.
fn message_object(config: &Config, message: &Message) -> Result<Value> {
    check(message)?;
    let (kind, object) = cloud_api::content(&message.content, |template| {
        // `policy` is mandatory on one page and absent from the samples of another, so it goes along (docs, Template
        // Messages).
        cloud_api::template(template, &config.templates.resolve(template), Some("deterministic"))
    })?;
    let mut body = Map::new();
    body.insert("from".into(), config.from.as_str().into());
    body.insert("to".into(), message.to.as_str().into());
    body.insert("content".into(), json!({ "type": kind, kind: object }));
    if let Some(reference) = &message.reference {
        body.insert("custom_data".into(), reference.clone().into());
    }
    Ok(body.into())
}

/// What a client checks before it calls an adapter, for the batches that come past it, and Exotel's own limits.
fn check(message: &Message) -> Result<()> {
    if message.reply_to.is_some() {
        return unsupported(NAME, Capability::Reply);
    }
    // Outbound media go by link only (docs, Media Messages).
    if message.content.media().any(|media| matches!(media.source, MediaSource::Id(_))) {
        return unsupported(NAME, Capability::MediaUpload);
    }
    message.check()?;
    LIMITS.check(message)
}

fn wrapped(messages: &[Value]) -> Value {
    json!({ "whatsapp": { "messages": messages } })
}

fn post(config: &Config, body: &Value) -> Result<Request<Bytes>> {
    let request = RequestBuilder::post(&config.base_url, &["v2", "accounts", &config.account_sid, "messages"]);
    with_credential(config, request).json(Operation::Send, body)
}

/// The page puts the credential into the URL (seed); the header is its documented equal (docs, Authentication), and URLs
/// end up in logs.
fn with_credential(config: &Config, request: RequestBuilder) -> RequestBuilder {
    let credential = format!("{}:{}", config.api_key.expose(), config.api_token.expose());
    request.secret_header(AUTHORIZATION, &format!("Basic {}", STANDARD.encode(credential)))
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
        template.buttons = vec![transom::message::TemplateButton::QuickReply { index: 0, payload: "OK".into() }];
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

    #[test]
    fn every_kind_of_content_goes_in_its_documented_shape() {
        for (content, shape) in [
            (
                r#"{"type":"text","body":"See https://x.example","preview_url":true}"#,
                r#"{"type":"text","text":{"body":"See https://x.example","preview_url":true}}"#,
            ),
            (
                r#"{"type":"image","link":"https://f.example/a.png","caption":"c"}"#,
                r#"{"type":"image","image":{"link":"https://f.example/a.png","caption":"c"}}"#,
            ),
            (
                r#"{"type":"video","link":"https://f.example/b.mp4"}"#,
                r#"{"type":"video","video":{"link":"https://f.example/b.mp4"}}"#,
            ),
            (
                r#"{"type":"audio","link":"https://f.example/c.mp3"}"#,
                r#"{"type":"audio","audio":{"link":"https://f.example/c.mp3"}}"#,
            ),
            (
                r#"{"type":"document","link":"https://f.example/402.pdf","filename":"r.pdf","caption":"Receipt"}"#,
                r#"{"type":"document","document":{"link":"https://f.example/402.pdf","filename":"r.pdf","caption":"Receipt"}}"#,
            ),
            (
                r#"{"type":"sticker","link":"https://f.example/s.webp"}"#,
                r#"{"type":"sticker","sticker":{"link":"https://f.example/s.webp"}}"#,
            ),
            (
                r#"{"type":"location","latitude":13.0827,"longitude":80.2707,"name":"Pier 4","address":"Harbour Rd"}"#,
                r#"{"type":"location","location":{"latitude":13.0827,"longitude":80.2707,"name":"Pier 4","address":"Harbour Rd"}}"#,
            ),
            (
                r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Desk Two","first_name":"Desk","last_name":"Two"},"phones":[{"phone":"+914440002222","type":"WORK"}],"emails":[{"email":"a@f.example","type":"WORK"}]}]}"#,
                r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Desk Two","first_name":"Desk","last_name":"Two"},"phones":[{"phone":"+914440002222","type":"WORK"}],"emails":[{"email":"a@f.example","type":"WORK"}]}]}"#,
            ),
            (
                r#"{"type":"reaction","message_id":"wamid.1","emoji":"👍"}"#,
                r#"{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}"#,
            ),
            (
                r#"{"type":"buttons","body":"?","header":{"type":"image","link":"https://f.example/h.png"},"footer":"f","buttons":[{"id":"yes","title":"Yes"}]}"#,
                r#"{"type":"interactive","interactive":{"type":"button","header":{"type":"image","image":{"link":"https://f.example/h.png"}},"body":{"text":"?"},"footer":{"text":"f"},"action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}}}"#,
            ),
            (
                r#"{"type":"list","body":"Pick a slot","button":"Slots","sections":[{"title":"Friday","rows":[{"id":"f9","title":"09:00","description":"d"}]}]}"#,
                r#"{"type":"interactive","interactive":{"type":"list","body":{"text":"Pick a slot"},"action":{"button":"Slots","sections":[{"title":"Friday","rows":[{"id":"f9","title":"09:00","description":"d"}]}]}}}"#,
            ),
            (
                r#"{"type":"template","name":"t","header":{"type":"document","link":"https://f.example/a.pdf","filename":"a.pdf"},"buttons":[{"type":"url","index":1,"text":"88"}]}"#,
                r#"{"type":"template","template":{"name":"t","language":{"code":"en","policy":"deterministic"},"components":[{"type":"header","parameters":[{"type":"document","document":{"link":"https://f.example/a.pdf","filename":"a.pdf"}}]},{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"88"}]}]}}"#,
            ),
        ] {
            let content = serde_json::from_str(content).unwrap();
            check(&Message::new(hello().to, content), &serde_json::from_str(shape).unwrap());
        }
    }

    #[test]
    fn what_exotel_documents_no_way_for_is_refused_before_the_request() {
        let by_id = transom::Content::Image(transom::message::Media::id("7"));
        for message in [hello().with_reply_to("wamid.1"), Message::new(hello().to, by_id)] {
            let error = encode_send(&config(), Shape::Flat, &message).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Unsupported, Sent::No));
        }
        let title = format!(r#"{{"type":"buttons","body":"?","buttons":[{{"id":"a","title":"{}"}}]}}"#, "x".repeat(21));
        let message = Message::new(hello().to, serde_json::from_str(&title).unwrap());
        let error = encode_send(&config(), Shape::Flat, &message).unwrap_err();
        assert_eq!(error.message(), "content.buttons[0].title: 21 characters are over the limit of 20");
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
    fn a_failure_without_a_reason_is_told_by_its_own_status_and_in_doubt_without_one() {
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
    fn a_documented_refusal_in_the_place_of_the_verdicts_is_one_under_a_success_too() {
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
    fn an_id_under_a_word_that_no_page_has_is_a_receipt_and_keeps_every_digit() {
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
        assert!(wants_wrapped(&refusal("1001", "at least one channel is mandatory")));
        assert!(!wants_wrapped(&refusal("1001", "to is mandatory")));
        assert!(!wants_wrapped(&refusal("1002", "at least one channel is mandatory")));
    }
}
