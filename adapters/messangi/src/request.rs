//! Requests of Messangi: `POST /notification`, which serves all of its channels, and the login. Pure: no network, no clock.

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use transom::adapter::RequestBuilder;
use transom::adapter::{Limits, Operation, check_recipient, cloud_api, unsupported};
use transom::message::{Header, Media, MediaSource, Parameters, TemplateButton};
use transom::{Capability, Content, Error, ErrorKind, Message, Result, Secret, Template};

use crate::config::{Config, NAME};
use crate::media_limits::MEDIA;
use crate::types::{Envelope, SendRequest};

/// A text has 1024 characters at the most [docs, Text Message], fewer than at WhatsApp itself. No page gives a limit for
/// the titles of buttons and rows; the rest is held to WhatsApp's own limits [inferred].
/// The filled body of a template has 1024 characters at the most [docs, Text Message Template].
const LIMITS: Limits = Limits::WHATSAPP.with_text(1024).without_titles().with_media(MEDIA);

/// The body that sends `message`. Whatever can be refused here is refused here, before a key is asked for.
pub(crate) fn encode_body<'m>(config: &'m Config, message: &'m Message) -> Result<Envelope<'m>> {
    LIMITS.check(message)?;
    check_recipient(&config.from, message)?;
    let mut request = SendRequest {
        // Digits here, a `+` there [docs, Text Message]; the page's own samples break the second rule.
        from: config.from.digits(),
        to: message.to.as_str(),
        reply_to: message.reply_to.as_ref().map(transom::message::MessageId::as_str),
        external_id: message.reference.as_deref(),
        client_id: config.client_id.as_deref(),
        ..SendRequest::default()
    };
    fill(&mut request, &message.content, config)?;
    let callbacks = match &message.status_callback {
        Some(url) => vec![url.as_str()],
        None => config.callbacks.iter().map(Secret::expose).collect(),
    };
    Ok(Envelope { channel: "WHATSAPP", request, callbacks })
}

/// The request that sends `body` under `key`.
pub(crate) fn encode_send(config: &Config, key: &Secret, body: &Envelope<'_>) -> Result<Request<Bytes>> {
    RequestBuilder::post(&config.base_url, &segments(&config.notification_path))
        .secret_header(AUTHORIZATION, &format!("Bearer {}", key.expose()))
        .json(Operation::Send, body)
}

/// The request that turns a username and a password into a key. It sends no message.
pub(crate) fn encode_login(config: &Config, username: &Secret, password: &Secret) -> Result<Request<Bytes>> {
    let body = json!({ "username": username.expose(), "password": password.expose() });
    RequestBuilder::post(&config.base_url, &segments(&config.login_path)).json(Operation::Read, &body)
}

fn fill<'m>(request: &mut SendRequest<'m>, content: &'m Content, config: &'m Config) -> Result<()> {
    if content.media().any(|media| !matches!(media.source, MediaSource::Link(_))) {
        return unsupported(NAME, Capability::MediaUpload);
    }
    match content {
        Content::Text(text) => {
            request.kind = Some("text");
            request.message = Some(&text.body);
        }
        Content::Image(file) => media(request, "image", file),
        Content::Video(file) => media(request, "video", file),
        Content::Audio(file) => media(request, "audio", file),
        Content::Document(file) => media(request, "document", file),
        Content::Location(place) => {
            // The page of this type was not found; contacts and interactive messages copy WhatsApp's own objects, so
            // this one should [inferred].
            request.kind = Some("location");
            request.location = Some(cloud_api::location(place));
        }
        Content::Contacts(cards) => {
            request.kind = Some("contacts");
            request.contacts = Some(cloud_api::contacts(cards));
        }
        Content::Buttons(question) => {
            request.kind = Some("interactive");
            request.interactive = Some(cloud_api::buttons(question));
        }
        Content::List(question) => {
            // Documented in prose only, up to ten rows; the shape is WhatsApp's own [inferred].
            request.kind = Some("interactive");
            request.interactive = Some(cloud_api::list(question));
        }
        Content::Template(template) => return fill_template(request, template, config),
        // Stickers and reactions are not among the documented types.
        other => return unsupported(NAME, other.capability()),
    }
    Ok(())
}

/// Media go by link only, and the link stands where a text would [docs, Media Message].
fn media<'m>(request: &mut SendRequest<'m>, kind: &'static str, file: &'m Media) {
    request.kind = Some(kind);
    request.message = link(file);
    request.caption = file.caption.as_deref();
    request.file_name = file.filename.as_deref();
}

fn link(file: &Media) -> Option<&str> {
    match &file.source {
        MediaSource::Link(link) => Some(link),
        _ => None,
    }
}

/// A template has no `type`; its name makes it one [inferred: the reference lists none].
fn fill_template<'m>(request: &mut SendRequest<'m>, template: &'m Template, config: &'m Config) -> Result<()> {
    if !template.buttons.is_empty() && !config.template_buttons {
        let line = "content.buttons: this provider documents no values for the buttons of a template; the key \
                    `template_buttons` sends them all the same";
        return Err(Error::invalid(ErrorKind::Unsupported, vec![line.to_owned()]));
    }
    if template.limited_time_offer.is_some() || !template.carousel.is_empty() {
        let line = "content: this provider documents no values for an offer or the cards of a template";
        return Err(Error::invalid(ErrorKind::Unsupported, vec![line.to_owned()]));
    }
    let resolved = config.templates.resolve(template);
    request.template_name = Some(resolved.name);
    request.template_language = Some(resolved.language);
    let values = resolved.named()?;
    request.placeholders =
        Parameters::Named(values.into_iter().map(|(name, value)| (name, value.to_owned())).collect());
    request.template_namespace = config.template_namespace.as_deref();
    request.template_buttons = (!template.buttons.is_empty()).then(|| template_buttons(template)).transpose()?;
    request.template_header = template.header.as_ref().map(template_header).transpose()?;
    Ok(())
}

/// The values of a template's buttons. The layout is a judgement: no page shows one [inferred].
fn template_buttons(template: &Template) -> Result<Value> {
    let button = |button: &TemplateButton| match button {
        TemplateButton::Url { index, text } => {
            Ok(json!({ "index": index, "type": "url", "placeholders": { "1": text } }))
        }
        TemplateButton::QuickReply { index, payload } => {
            Ok(json!({ "index": index, "type": "quick_reply", "placeholders": { "1": payload } }))
        }
        _ => unsupported(NAME, Capability::Template),
    };
    template.buttons.iter().map(button).collect()
}

/// `templateHeader` is documented by name only; the layout is inferred. A text header has at most one placeholder, and
/// positions are named by their number.
fn template_header(header: &Header) -> Result<Value> {
    Ok(match header {
        Header::Text(line) => json!({ "type": "text", "placeholders": { "1": line.text } }),
        Header::Image(file) => json!({ "type": "image", "image": { "link": link(file) } }),
        Header::Video(file) => json!({ "type": "video", "video": { "link": link(file) } }),
        Header::Document(file) => json!({ "type": "document", "document": { "link": link(file) } }),
        _ => return unsupported(NAME, Capability::Template),
    })
}

/// The segments of a configured path, which starts with a slash.
fn segments(path: &str) -> Vec<&str> {
    path.trim_start_matches('/').split('/').collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use transom::Sent;
    use transom::message::TemplateButton;

    use super::*;
    use crate::Credential;
    use crate::error::tests::text;

    pub(crate) fn config() -> Config {
        Config::new(Credential::ApiKey(Secret::new("key")), "+5215500001111".parse().unwrap())
    }

    fn message(content: &str) -> Message {
        Message::new("+5215599992222".parse().unwrap(), serde_json::from_str(content).unwrap())
    }

    fn encode(message: &Message) -> Result<Request<Bytes>> {
        let config = config();
        encode_send(&config, &Secret::new("key"), &encode_body(&config, message)?)
    }

    /// The request for `message` holds `from`, `to` and exactly these members.
    fn check(message: &Message, members: &str) {
        let expected =
            format!(r#"{{"channel":"WHATSAPP","request":{{"from":"5215500001111","to":"+5215599992222",{members}}}}}"#);
        let request = encode(message).unwrap();
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(sent, serde_json::from_str::<Value>(&expected).unwrap());
    }

    #[test]
    fn text_request_has_endpoint_reference_and_quote() {
        let message = text().with_reference("order 7/81").with_reply_to("a1b2c3d4e5f6");
        let request = encode(&message).unwrap();
        assert_eq!(request.uri(), "https://elastic.messangi.me/oberyn/v2/notification");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer key");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        assert_eq!(Operation::of(&request), Operation::Send);
        check(&message, r#""type":"text","message":"Hi","externalId":"order 7/81","replyTo":"a1b2c3d4e5f6""#);
    }

    #[test]
    fn callbacks_stand_beside_the_request_and_a_messages_own_win() {
        let mut config = config();
        config.client_id = Some("cust42".to_owned());
        config.template_namespace = Some("ns1".to_owned());
        let body =
            |config: &Config, message: &Message| serde_json::to_value(encode_body(config, message).unwrap()).unwrap();
        assert_eq!(body(&config, &text()).get("callbacks"), None);
        config.callbacks = ["https://a.example/dlr", "https://b.example/dlr"].map(Secret::new).to_vec();
        let sent = body(&config, &text());
        assert_eq!(sent["callbacks"], json!(["https://a.example/dlr", "https://b.example/dlr"]));
        assert_eq!((&sent["request"]["clientId"], sent["request"].get("templateNamespace")), (&json!("cust42"), None));
        let own = text().with_status_callback("https://c.example/dlr");
        assert_eq!(body(&config, &own)["callbacks"], json!(["https://c.example/dlr"]));
        let template = message(r#"{"type":"template","name":"t"}"#);
        assert_eq!(body(&config, &template)["request"]["templateNamespace"], "ns1");
    }

    #[test]
    fn template_buttons_are_sent_only_where_they_are_switched_on() {
        let template = message(
            r#"{"type":"template","name":"t","buttons":[{"type":"url","index":0,"text":"88"},{"type":"quick_reply","index":1,"payload":"OK"}]}"#,
        );
        let mut config = config();
        let refused = encode_body(&config, &template).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert!(refused.message().contains("`template_buttons`"), "{refused}");
        config.template_buttons = true;
        let sent = serde_json::to_value(encode_body(&config, &template).unwrap()).unwrap();
        let expected = json!([
            { "index": 0, "type": "url", "placeholders": { "1": "88" } },
            { "index": 1, "type": "quick_reply", "placeholders": { "1": "OK" } },
        ]);
        assert_eq!(sent["request"]["templateButtons"], expected);
    }

    #[test]
    fn a_text_over_1024_characters_is_refused_before_the_request() {
        let long = |n: usize| encode(&Message::text("+5215599992222".parse().unwrap(), "ñ".repeat(n)));
        assert!(long(1024).is_ok());
        let error = long(1025).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::InvalidRequest, Sent::No));
        assert_eq!(error.message(), "content.body: 1025 characters are over the limit of 1024");
    }

    #[test]
    fn the_link_of_a_medium_stands_where_a_text_would() {
        for (content, members) in [
            (
                r#"{"type":"image","link":"https://f.example/a.png","caption":"Shelf 3"}"#,
                r#""type":"image","message":"https://f.example/a.png","caption":"Shelf 3""#,
            ),
            (
                r#"{"type":"video","link":"https://f.example/b.mp4"}"#,
                r#""type":"video","message":"https://f.example/b.mp4""#,
            ),
            (
                r#"{"type":"audio","link":"https://f.example/c.mp3"}"#,
                r#""type":"audio","message":"https://f.example/c.mp3""#,
            ),
            (
                r#"{"type":"document","link":"https://f.example/i.pdf","filename":"i.pdf"}"#,
                r#""type":"document","message":"https://f.example/i.pdf","fileName":"i.pdf""#,
            ),
        ] {
            check(&message(content), members);
        }
    }

    #[test]
    fn places_cards_buttons_and_lists_go_in_whatsapps_own_shapes() {
        for (content, members) in [
            (
                r#"{"type":"location","latitude":19.4326,"longitude":-99.1332,"name":"Depot 4"}"#,
                r#""type":"location","location":{"latitude":19.4326,"longitude":-99.1332,"name":"Depot 4"}"#,
            ),
            (
                r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz"},"phones":[{"phone":"+5215588887777","type":"WORK"}]}]}"#,
                r#""type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz"},"phones":[{"phone":"+5215588887777","type":"WORK"}]}]"#,
            ),
            (
                r#"{"type":"buttons","body":"Keep Friday?","footer":"Clinic","header":{"type":"image","link":"https://f.example/h.png"},"buttons":[{"id":"yes","title":"Keep the appointment"}]}"#,
                r#""type":"interactive","interactive":{"type":"button","header":{"type":"image","image":{"link":"https://f.example/h.png"}},"body":{"text":"Keep Friday?"},"footer":{"text":"Clinic"},"action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Keep the appointment"}}]}}"#,
            ),
            (
                r#"{"type":"list","body":"Pick","button":"Branches","sections":[{"title":"North","rows":[{"id":"n1","title":"Lindavista"}]}]}"#,
                r#""type":"interactive","interactive":{"type":"list","body":{"text":"Pick"},"action":{"button":"Branches","sections":[{"title":"North","rows":[{"id":"n1","title":"Lindavista"}]}]}}"#,
            ),
        ] {
            check(&message(content), members);
        }
    }

    #[test]
    fn title_over_whatsapps_limit_is_sent() {
        let title = "x".repeat(21);
        let content = format!(r#"{{"type":"buttons","body":"?","buttons":[{{"id":"a","title":"{title}"}}]}}"#);
        assert!(encode(&message(&content)).is_ok());
    }

    #[test]
    fn template_placeholders_are_named_and_keep_order() {
        let template = message(r#"{"type":"template","name":"order_ready","language":"es","body":{"pickup":"18:30","customer":"Ana"},"header":{"type":"image","link":"https://f.example/h.png"}}"#)
            .with_reference("ord7781");
        check(
            &template,
            r#""templateName":"order_ready","templateLanguage":"es","placeholders":{"pickup":"18:30","customer":"Ana"},"templateHeader":{"type":"image","image":{"link":"https://f.example/h.png"}},"externalId":"ord7781""#,
        );
        let body = String::from_utf8(encode(&template).unwrap().body().to_vec()).unwrap();
        assert!(body.find("pickup") < body.find("customer"), "{body}");
    }

    #[test]
    fn positional_parameters_are_named_by_number() {
        check(
            &message(r#"{"type":"template","name":"t","body":["Ana","12/02"],"header":{"type":"text","text":"Hi"}}"#),
            r#""templateName":"t","templateLanguage":"en","placeholders":{"1":"Ana","2":"12/02"},"templateHeader":{"type":"text","placeholders":{"1":"Hi"}}"#,
        );
        check(&message(r#"{"type":"template","name":"t"}"#), r#""templateName":"t","templateLanguage":"en""#);
    }

    #[test]
    fn own_number_and_over_long_values_are_refused() {
        let own = encode(&Message::text("+525500001111".parse().unwrap(), "Hi")).unwrap_err();
        assert_eq!((own.kind(), own.sent()), (ErrorKind::RecipientInvalid, Sent::No));
        let long = format!(r#"{{"type":"template","name":"t","body":["{}","b"]}}"#, "x".repeat(1024));
        let error = encode(&message(&long)).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidRequest && error.message().contains("1025 characters"), "{error}");
    }

    #[test]
    fn what_messangi_cannot_do_is_refused_before_the_request() {
        let template = Template::new("t").button(TemplateButton::url(0, "88"));
        for refused in [
            message(r#"{"type":"sticker","link":"https://f.example/s.webp"}"#),
            message(r#"{"type":"reaction","message_id":"m1","emoji":"👍"}"#),
            message(r#"{"type":"image","id":"77"}"#),
            message(r#"{"type":"template","name":"t","header":{"type":"image","id":"77"}}"#),
            message(r#"{"type":"template","name":"t","limited_time_offer":{"expires_at":"2026-05-12T08:20:00Z"}}"#),
            message(r#"{"type":"template","name":"t","carousel":[{"body":["5"]}]}"#),
            message(r#"{"type":"template","name":"t","buttons":[{"type":"copy_code","index":0,"coupon_code":"A"}]}"#),
            Message::template("+5215599992222".parse().unwrap(), template),
        ] {
            let error = encode(&refused).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Unsupported, Sent::No), "{refused:?}");
        }
    }
}
