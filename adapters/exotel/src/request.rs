//! Requests of Exotel: `/v2/accounts/{account_sid}/…`. Pure: no network, no clock.

pub(crate) mod calls;
pub(crate) mod interactive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};
use transom::account::TemplateInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::cloud_api::TemplateStyle;
use transom::adapter::{Limits, Operation, check_recipient, cloud_api, unsupported};
use transom::message::{MediaSource, StatusCallback};
use transom::{Capability, Content, Error, ErrorKind, Message, Result, Secret};

use crate::config::{Config, NAME};
use crate::media_limits::MEDIA;

/// Texts are held to 4096 characters by the session-messages page (seed), the rest to WhatsApp's own limits (docs,
/// Message Types), and media to the formats of a page of their own. The filled body of a template has 1024 characters at
/// the most (seed), and links are https (docs, Media Messages).
pub(crate) const LIMITS: Limits = Limits::WHATSAPP.with_media(MEDIA).with_https_links();
/// `policy` is mandatory on one page and absent from the samples of another, so it goes along; carousels are in capitals
/// (docs, Template Messages).
const STYLE: TemplateStyle = TemplateStyle::new().with_policy("deterministic").with_capital_carousel();
/// How many messages one request may hold (docs, Bulk WhatsApp Messages, WhatsApp Status Codes).
const BATCH_MAX: usize = 100;

/// How many templates a page is asked to hold.
const PER_PAGE: &str = "100";

/// The body that one request is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Flat,
    Wrapped,
}

/// The request that sends `message`, whose template has this `definition` as far as that is known.
pub(crate) fn encode_send(
    config: &Config,
    shape: Shape,
    message: &Message,
    definition: Option<&TemplateInfo>,
) -> Result<Request<Bytes>> {
    post_shaped(config, shape, message_object(config, message, definition)?)
}

/// The request that sends `object` as content of the type `kind`, in the envelope of `message`.
pub(crate) fn encode_content(
    config: &Config,
    shape: Shape,
    message: &Message,
    kind: &str,
    object: &Value,
) -> Result<Request<Bytes>> {
    post_shaped(config, shape, envelope(config, message, kind, object))
}

fn post_shaped(config: &Config, shape: Shape, object: Value) -> Result<Request<Bytes>> {
    match shape {
        Shape::Flat => post(config, &object),
        Shape::Wrapped => post(config, &wrapped(&[object])),
    }
}

/// Checks what can be checked without the definitions of templates: that there are 1 to 100 messages, and each of them.
///
/// # Errors
/// What is wrong with each of them, by its place in the list; or that there are none, or too many.
pub(crate) fn check_batch(config: &Config, messages: &[Message]) -> Result<()> {
    let refused = |line: String| Err(Error::invalid(ErrorKind::InvalidRequest, vec![line]));
    match messages.len() {
        0 => return refused("messages: at least 1 is needed, got 0".to_owned()),
        1..=BATCH_MAX => {}
        count => return refused(format!("messages: {count} are over the limit of {BATCH_MAX}")),
    }
    indexed(messages, |message| check(config, message)).map(drop)
}

/// The request that sends `messages` together, always wrapped: the flat shape has room for one. `definition` finds that
/// of a message's template.
///
/// # Errors
/// What is wrong with each of them, by its place in the list.
pub(crate) fn encode_batch<'d>(
    config: &Config,
    messages: &[Message],
    definition: impl Fn(&Message) -> Result<Option<&'d TemplateInfo>>,
) -> Result<Request<Bytes>> {
    let objects = indexed(messages, |message| message_object(config, message, definition(message)?))?;
    post(config, &wrapped(&objects))
}

/// What `encode` makes of each message, or one error for all that it refuses.
fn indexed<T>(messages: &[Message], encode: impl Fn(&Message) -> Result<T>) -> Result<Vec<T>> {
    let (mut made, mut problems) = (Vec::with_capacity(messages.len()), Vec::new());
    for (index, message) in messages.iter().enumerate() {
        match encode(message) {
            Ok(one) => made.push(one),
            Err(error) => problems.push((index, error)),
        }
    }
    combine_indexed(&problems).map_or(Ok(made), Err)
}

/// One error for those of several messages of a batch, each line of which begins with its message's place; its kind is
/// that of the first. `None` if there are none.
fn combine_indexed(errors: &[(usize, Error)]) -> Option<Error> {
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

/// The request for the part of the list that begins at `after`.
pub(crate) fn encode_templates(config: &Config, waba_id: &str, after: Option<&str>) -> Result<Request<Bytes>> {
    let request = RequestBuilder::get(&config.base_url, &["v2", "accounts", &config.account_sid, "templates"])
        .query("waba_id", waba_id)
        .query("limit", PER_PAGE);
    let request = match after {
        Some(after) => request.query("after", after),
        None => request,
    };
    with_credential(config, request).empty(Operation::Read)
}

/// A message in the form that both shapes contain.
fn message_object(config: &Config, message: &Message, definition: Option<&TemplateInfo>) -> Result<Value> {
    let (kind, object) = cloud_api::content(&message.content, |template| {
        cloud_api::template(template, &config.templates.resolve(template), STYLE, definition)
    })?;
    Ok(envelope(config, message, kind, &object))
}

/// Content with sender, contact, reference and address for delivery reports.
fn envelope(config: &Config, message: &Message, kind: &str, object: &Value) -> Value {
    let mut body = Map::new();
    body.insert("from".into(), config.from.as_str().into());
    body.insert("to".into(), message.to.as_str().into());
    body.insert("content".into(), json!({ "type": kind, kind: object }));
    if let Some(reference) = &message.reference {
        body.insert("custom_data".into(), reference.clone().into());
    }
    // The most specific address wins, so the message's stands in place of the channel's (docs, Receive Messages).
    let own = message.status_callback.as_ref().map(StatusCallback::as_str);
    if let Some(url) = own.or_else(|| config.status_callback.as_ref().map(Secret::expose)) {
        body.insert("status_callback".into(), url.into());
    }
    body.into()
}

/// Checks Exotel's own limits, and for batches the checks that a client makes before a send.
pub(crate) fn check(config: &Config, message: &Message) -> Result<()> {
    if message.reply_to.is_some() {
        return unsupported(NAME, Capability::Reply);
    }
    // Outbound media go by link only (docs, Media Messages).
    if message.content.media().any(|media| !matches!(media.source, MediaSource::Link(_))) {
        return unsupported(NAME, Capability::MediaUpload);
    }
    message.check()?;
    check_recipient(&config.from, message)?;
    if let Content::Template(template) = &message.content {
        let resolved = config.templates.resolve(template);
        resolved.check_names()?;
        if !config.reads_definitions() {
            resolved.positional()?;
        }
    }
    check_cards(&message.content)?;
    LIMITS.check(message)
}

/// The documented card has names, phones and e-mail addresses (docs, Message Types). What else it holds could be lost unseen.
fn check_cards(content: &Content) -> Result<()> {
    let Content::Contacts(cards) = content else { return Ok(()) };
    let mut problems = Vec::new();
    for (index, card) in cards.contacts.iter().enumerate() {
        for (member, is_set) in [
            ("addresses", !card.addresses.is_empty()),
            ("org", card.org.is_some()),
            ("urls", !card.urls.is_empty()),
            ("birthday", card.birthday.is_some()),
        ] {
            if is_set {
                problems.push(format!("content.contacts[{index}].{member}: this provider documents no such member"));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(ErrorKind::Unsupported, problems)) }
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
    use crate::error::tests::config;

    fn hello() -> Message {
        Message::text("+919876543210".parse().unwrap(), "Hi")
    }

    fn encode(message: &Message) -> Result<Request<Bytes>> {
        super::check(&config(), message)?;
        encode_send(&config(), Shape::Flat, message, None)
    }

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    fn check(message: &Message, content: &Value) {
        let request = encode(message).unwrap();
        assert_eq!(body(&request), json!({ "from": "+919876500001", "to": "+919876543210", "content": content }));
    }

    #[test]
    fn the_flat_shape_is_the_session_messages_page() {
        let request = encode(&hello()).unwrap();
        assert_eq!(request.uri(), "https://api.in.exotel.com/v2/accounts/acme/messages");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic a2V5OnRva2Vu");
        check(&hello(), &json!({ "type": "text", "text": { "body": "Hi" } }));
    }

    #[test]
    fn the_wrapped_shape_holds_the_same_message_and_its_reference() {
        let request = encode_send(&config(), Shape::Wrapped, &hello().with_reference("job-7781"), None).unwrap();
        let message = json!({
            "from": "+919876500001", "to": "+919876543210", "custom_data": "job-7781",
            "content": { "type": "text", "text": { "body": "Hi" } },
        });
        assert_eq!(body(&request), json!({ "whatsapp": { "messages": [message] } }));
    }

    #[test]
    fn address_of_the_message_wins_over_the_channels() {
        let mut config = config();
        let callback = |config: &Config, message: &Message| {
            let flat = body(&encode_send(config, Shape::Flat, message, None).unwrap());
            let wrapped = body(&encode_send(config, Shape::Wrapped, message, None).unwrap());
            assert_eq!(wrapped["whatsapp"]["messages"][0], flat);
            flat.get("status_callback").cloned()
        };
        let own = hello().with_status_callback("https://hooks.example.net/own");
        assert_eq!(callback(&config, &hello()), None);
        assert_eq!(callback(&config, &own), Some("https://hooks.example.net/own".into()));
        config.status_callback = Some(Secret::new("https://hooks.example.net/exo/wa"));
        assert_eq!(callback(&config, &hello()), Some("https://hooks.example.net/exo/wa".into()));
        assert_eq!(callback(&config, &own), Some("https://hooks.example.net/own".into()));
    }

    #[test]
    fn template_is_positional_with_button_indexes_as_text() {
        let template = Template::new("parcel_eta").body(["Asha", "Fri 10:00"]);
        let template = template.button(transom::message::TemplateButton::quick_reply(0, "OK"));
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
    fn undocumented_content_is_refused_before_the_request() {
        let by_id = transom::Content::Image(transom::message::Media::id("7"));
        for message in [hello().with_reply_to("wamid.1"), Message::new(hello().to, by_id)] {
            let error = encode(&message).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Unsupported, Sent::No));
        }
        let card = r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Ana"}},{"name":{"formatted_name":"Ana"},"org":{"company":"Acme"},"birthday":"1990-02-03"}]}"#;
        let message = Message::new(hello().to, serde_json::from_str(card).unwrap());
        let error = encode(&message).unwrap_err();
        let lines = ["org", "birthday"]
            .map(|name| format!("content.contacts[1].{name}: this provider documents no such member"));
        assert_eq!((error.kind(), error.problems()), (ErrorKind::Unsupported, &lines[..]));
        let title = format!(r#"{{"type":"buttons","body":"?","buttons":[{{"id":"a","title":"{}"}}]}}"#, "x".repeat(21));
        let message = Message::new(hello().to, serde_json::from_str(&title).unwrap());
        let error = encode(&message).unwrap_err();
        assert_eq!(error.message(), "content.buttons[0].title: 21 characters are over the limit of 20");
    }

    #[test]
    fn the_list_is_asked_for_page_by_page_under_the_credential() {
        let uri = |after| encode_templates(&config(), "10/20", after).unwrap().uri().to_string();
        let first = "https://api.in.exotel.com/v2/accounts/acme/templates?waba_id=10%2F20&limit=100";
        assert_eq!(uri(None), first);
        assert_eq!(uri(Some("MTA=")), format!("{first}&after=MTA%3D"));
        let request = encode_templates(&config(), "8", None).unwrap();
        assert_eq!(request.headers()["authorization"], "Basic a2V5OnRva2Vu");
        assert!(request.headers()["authorization"].is_sensitive());
        assert_eq!(Operation::of(&request), Operation::Read);
    }
}
