//! Autocalls's requests and answers: free text, templates and the state of the window. Pure.

pub(crate) mod lists;

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use transom::request::RequestBuilder;
use transom::time::rfc3339;
use transom::transport::unreadable;
use transom::{
    Error, ErrorKind, Limits, Message, PhoneNumber, Purpose, Receipt, Result, Session, SessionSource, Template, Text,
    WINDOW, Window, json,
};

use crate::NAME;
use crate::config::Config;
use crate::error;

/// Texts are held to 4096 characters by the page of free-form messages [seed].
const LIMITS: Limits = Limits::WHATSAPP;

/// The request that sends free text: `POST /user/whatsapp/send-freeform` [seed].
pub(crate) fn encode_text(config: &Config, message: &Message, text: &Text) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        sender_id: u64,
        recipient_phone: &'a str,
        message: &'a str,
    }
    LIMITS.check(message)?;
    let body = Body { sender_id: config.sender_id, recipient_phone: message.to.as_str(), message: &text.body };
    post(config, &["send-freeform"]).json(Purpose::Send, &body)
}

/// A template checked for what Autocalls can carry, in its terms, but for the id where the channel gives none.
#[derive(Debug)]
pub(crate) struct Wanted<'t> {
    /// The id in the channel's templates table.
    pub(crate) id: Option<u64>,
    pub(crate) name: &'t str,
    pub(crate) language: &'t str,
    variables: BTreeMap<String, &'t str>,
}

impl<'t> Wanted<'t> {
    /// What the channel calls `template`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for values of the header or of buttons, for which the body of a send has no field
    /// [docs, Send Template Message]; [`ErrorKind::InvalidRequest`] for values that do not fit or are empty, since no
    /// page says what becomes of those.
    pub(crate) fn of(config: &'t Config, template: &'t Template) -> Result<Self> {
        if template.header.is_some() || !template.buttons.is_empty() {
            let why = "this provider takes values for a template's body only, none for its header or buttons";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let resolved = config.templates.resolve(template);
        let variables = resolved.named()?;
        if let Some((name, _)) = variables.iter().find(|(_, value)| value.trim().is_empty()) {
            let problem = format!("template `{}`: parameter `{name}` is empty", resolved.name);
            return Err(Error::problems(ErrorKind::InvalidRequest, vec![problem]));
        }
        let (id, name, language) = (resolved.id, resolved.name, resolved.language);
        Ok(Self { id, name, language, variables: variables.into_iter().collect() })
    }
}

/// The request that sends a template: `POST /user/whatsapp/send`. The page is called send-template, its path is not
/// [docs, Send Template Message].
pub(crate) fn encode_template(
    config: &Config,
    to: &PhoneNumber,
    wanted: &Wanted<'_>,
    id: u64,
) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        sender_id: u64,
        template_id: u64,
        recipient_phone: &'a str,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        variables: &'a BTreeMap<String, &'a str>,
    }
    let body = Body {
        sender_id: config.sender_id,
        template_id: id,
        recipient_phone: to.as_str(),
        variables: &wanted.variables,
    };
    post(config, &["send"]).json(Purpose::Send, &body)
}

/// What the answer to a send says.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime, to: &PhoneNumber) -> Result<Receipt> {
    #[derive(Deserialize)]
    struct Taken {
        success: Option<bool>,
        /// The key that the callbacks carry [docs, Read Receipts Webhook]. `message_id` is another table's.
        #[serde(default, deserialize_with = "json::text_or_number")]
        whatsapp_message_id: Option<String>,
        session_status: Option<Value>,
    }
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Purpose::Send, to));
    }
    let taken: Taken = json::decode(response, Purpose::Send)?;
    if taken.success == Some(false) {
        return Err(error::refusal(response, now, Purpose::Send, to));
    }
    let id = taken.whatsapp_message_id.ok_or_else(|| {
        unreadable(response.status(), Purpose::Send, "there is no `whatsapp_message_id` in the answer")
    })?;
    Ok(Receipt::new(NAME, id).with_session(taken.session_status.and_then(|status| Status::of(&status)?.session(to))))
}

/// The request that asks for the window: `GET /user/whatsapp/session-status`. It costs nothing [seed].
pub(crate) fn encode_session(config: &Config, contact: &PhoneNumber) -> Result<Request<Bytes>> {
    get(config, &["whatsapp", "session-status"])
        .query("sender_id", &config.sender_id.to_string())
        .query("recipient_phone", contact.as_str())
        .empty(Purpose::Read)
}

/// What the answer says of the window. It is a 200 whatever the window; only a send is refused for it [seed].
pub(crate) fn decode_session(response: &Response<Bytes>, now: SystemTime, contact: &PhoneNumber) -> Result<Session> {
    #[derive(Deserialize)]
    struct Answer {
        success: Option<bool>,
        has_conversation: Option<bool>,
        last_customer_message_at: Option<String>,
        session_status: Option<Status>,
    }
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Purpose::Read, contact));
    }
    let answer: Answer = json::decode(response, Purpose::Read)?;
    if answer.success == Some(false) {
        return Err(error::refusal(response, now, Purpose::Read, contact));
    }
    let malformed =
        || unreadable(response.status(), Purpose::Read, "there is no `session_status.can_send_freeform` in the answer");
    let status = answer.session_status.ok_or_else(malformed)?;
    let last_message = answer.last_customer_message_at.filter(|text| !text.is_empty());
    let last = last_message.as_deref().and_then(rfc3339::parse);
    let has_written = answer.has_conversation != Some(false) && (last_message.is_some() || status.expired_at.is_some());
    let window = match status.can_send_freeform.ok_or_else(malformed)? {
        true => Window::Open { until: status.expires_at() },
        // A template of ours begins a conversation too, in which nobody has written to us.
        false if !has_written => Window::Never,
        false => Window::Expired { since: status.expired_at().or_else(|| last?.checked_add(WINDOW)) },
    };
    Ok(Session::new(contact.clone(), window, SessionSource::Provider).with_last_inbound_at(last))
}

/// The state of the window, in answers to queries, in receipts and in refusals.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// What decides. `is_open` and `requires_template` say the same in every sample, and nowhere is that promised
    /// [seed].
    can_send_freeform: Option<bool>,
    /// There when the window is open, or when the customer has never written: it does not imply open [seed].
    expires_at: Option<String>,
    expired_at: Option<String>,
}

impl Status {
    /// Reads one that is a bonus: what cannot be read is not there.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }

    /// What it says for sure without the rest of a session query: open, or expired since a known time.
    pub(crate) fn session(&self, contact: &PhoneNumber) -> Option<Session> {
        let window = match (self.can_send_freeform?, self.expired_at()) {
            (true, _) => Window::Open { until: self.expires_at() },
            (false, Some(since)) => Window::Expired { since: Some(since) },
            (false, None) => return None,
        };
        Some(Session::new(contact.clone(), window, SessionSource::Provider))
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at.as_deref().and_then(rfc3339::parse)
    }

    fn expired_at(&self) -> Option<SystemTime> {
        self.expired_at.as_deref().and_then(rfc3339::parse)
    }
}

fn get(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::get(&config.base_url, &[&["api", "user"], path].concat()))
}

fn post(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::post(&config.base_url, &[&["api", "user", "whatsapp"], path].concat()))
}

fn with_key(config: &Config, request: RequestBuilder) -> RequestBuilder {
    request.secret_header(AUTHORIZATION, &format!("Bearer {}", config.api_key.expose()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use transom::{Content, Header, HeaderText, Sent};

    use super::*;
    use crate::error::tests::{answer, config, to};

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    fn templates(mapping: &str) -> Config {
        let values = format!(r#"{{"api_key":"k","sender_id":12,"templates":{mapping}}}"#);
        let values = serde_json::from_str(&values).unwrap();
        let env: transom::config::Env = std::sync::Arc::new(|_| None);
        Config::read(&transom::config::ChannelConfig::new("support", NAME, values, env)).unwrap()
    }

    fn check(config: &Config, template: &Template, expected: &Value) {
        let wanted = Wanted::of(config, template).unwrap();
        let request = encode_template(config, &to(), &wanted, wanted.id.unwrap_or(310)).unwrap();
        assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/whatsapp/send");
        assert_eq!(body(&request), *expected);
    }

    #[test]
    fn a_text_is_the_free_form_page() {
        let message = Message::text(to(), "Your parcel is at the front desk.");
        let Content::Text(text) = &message.content else { panic!() };
        let request = encode_text(&config(), &message, text).unwrap();
        assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/whatsapp/send-freeform");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer 7|key");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        assert_eq!(request.headers()["accept"], "application/json");
        let expected = json!({
            "sender_id": 77, "recipient_phone": "+447700900123", "message": "Your parcel is at the front desk.",
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn a_text_over_4096_characters_is_refused() {
        for (length, fits) in [(4096, true), (4097, false)] {
            let message = Message::text(to(), "é".repeat(length));
            let Content::Text(text) = &message.content else { panic!() };
            assert_eq!(encode_text(&config(), &message, text).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn positional_values_are_keyed_by_their_places() {
        check(
            &templates(r#"{"visit":{"id":310}}"#),
            &Template::new("visit", "en").body(["Mara", "12 May", "16:30"]),
            &json!({
                "sender_id": 12, "template_id": 310, "recipient_phone": "+447700900123",
                "variables": { "1": "Mara", "2": "12 May", "3": "16:30" },
            }),
        );
    }

    #[test]
    fn values_are_keyed_by_the_names_that_the_channel_gives() {
        check(
            &templates(r#"{"visit":{"id":311,"params":["first_name","day"]}}"#),
            &Template::new("visit", "en").body(["Mara", "12 May"]),
            &json!({
                "sender_id": 12, "template_id": 311, "recipient_phone": "+447700900123",
                "variables": { "first_name": "Mara", "day": "12 May" },
            }),
        );
    }

    #[test]
    fn a_template_without_values_has_no_variables() {
        check(
            &templates(r#"{"again":{"id":312}}"#),
            &Template::new("again", "en"),
            &json!({ "sender_id": 12, "template_id": 312, "recipient_phone": "+447700900123" }),
        );
    }

    #[test]
    fn what_a_template_cannot_carry_is_refused() {
        let config = config();
        let refused = |template: &Template| Wanted::of(&config, template).unwrap_err();
        let mut header = Template::new("visit", "en");
        header.header = Some(Header::Text(HeaderText { text: "x".into() }));
        let mut button = Template::new("visit", "en");
        button.buttons = vec![transom::TemplateButton::QuickReply { index: 0, payload: "OK".into() }];
        assert_eq!(refused(&header).kind(), ErrorKind::Unsupported);
        assert_eq!(refused(&button).kind(), ErrorKind::Unsupported);
        let empty = refused(&Template::new("visit", "en").body(["Mara", " "]));
        assert_eq!(empty.kind(), ErrorKind::InvalidRequest);
        assert!(empty.message().contains("`2` is empty"), "{empty}");
    }

    fn send(status: u16, body: &str) -> Result<Receipt> {
        decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &to())
    }

    #[test]
    fn the_id_on_a_receipt_is_the_one_that_callbacks_carry() {
        let receipt = send(
            200,
            r#"{"success":true,"conversation_id":50412,"message_id":880121,"whatsapp_message_id":9007199254740993,"message_sid":null,"session_status":{"is_open":true,"can_send_freeform":true,"requires_template":false,"message":"x","minutes_remaining":1379,"expires_at":"2026-05-12T08:20:00+00:00"}}"#,
        )
        .unwrap();
        assert_eq!(receipt.message_id.as_str(), "9007199254740993");
        let until = rfc3339::parse("2026-05-12T08:20:00Z");
        assert_eq!(receipt.session.unwrap().window, Window::Open { until });
    }

    #[test]
    fn a_template_is_taken_without_a_word_about_the_window() {
        let body = r#"{"success":true,"whatsapp_message_id":"640090","status":"queued"}"#;
        assert_eq!(send(200, body).unwrap().session, None);
        // A bonus that cannot be read makes no failure of a success.
        let body = r#"{"success":true,"whatsapp_message_id":640090,"session_status":{"can_send_freeform":"yes"}}"#;
        assert_eq!(send(201, body).unwrap().session, None);
    }

    #[test]
    fn a_success_that_cannot_be_read_may_have_been_sent() {
        for body in ["", "{", "<html>", "[]", "{}", r#"{"success":true}"#, r#"{"success":true,"message_id":880121}"#] {
            let error = send(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }

    #[test]
    fn a_no_inside_a_success_proves_nothing_unless_its_code_does() {
        let refused = send(200, r#"{"success":false,"error":"x","error_code":"INSUFFICIENT_BALANCE"}"#).unwrap_err();
        assert_eq!((refused.kind(), refused.sent()), (ErrorKind::InsufficientBalance, Sent::No));
        for body in [r#"{"success":false}"#, r#"{"success":false,"error_code":"NEW","whatsapp_message_id":1}"#] {
            let error = send(200, body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::InvalidRequest, Sent::Maybe), "{body}");
        }
    }

    fn session(body: &str) -> Result<Session> {
        decode_session(&answer(200, body), SystemTime::UNIX_EPOCH, &to())
    }

    #[test]
    fn the_plus_of_a_number_is_encoded_in_the_query() {
        let request = encode_session(&config(), &to()).unwrap();
        let expected =
            "https://app.autocalls.ai/api/user/whatsapp/session-status?sender_id=77&recipient_phone=%2B447700900123";
        assert_eq!(request.uri(), expected);
        assert_eq!(Purpose::of(&request), Purpose::Read);
    }

    #[test]
    fn each_state_of_the_window_is_read_from_what_decides_it() {
        const LAST: &str = r#""has_conversation":true,"last_customer_message_at":"2026-05-08T17:05:00+00:00""#;
        let edge = rfc3339::parse("2026-05-09T17:05:00Z");
        for (body, window) in [
            (format!(r#"{{{LAST},"session_status":{{"is_open":false,"can_send_freeform":true,"expires_at":"2026-05-09T17:05:00+00:00"}}}}"#), Window::Open { until: edge }),
            (format!(r#"{{{LAST},"session_status":{{"can_send_freeform":true}}}}"#), Window::Open { until: None }),
            (format!(r#"{{{LAST},"session_status":{{"is_open":true,"can_send_freeform":false,"expired_at":"2026-05-09T17:05:00+00:00"}}}}"#), Window::Expired { since: edge }),
            (format!(r#"{{{LAST},"session_status":{{"can_send_freeform":false}}}}"#), Window::Expired { since: edge }),
            (r#"{"has_conversation":true,"last_customer_message_at":"long ago","session_status":{"can_send_freeform":false}}"#.into(), Window::Expired { since: None }),
            (r#"{"success":true,"has_conversation":false,"session_status":{"can_send_freeform":false}}"#.into(), Window::Never),
            (r#"{"has_conversation":true,"last_customer_message_at":null,"session_status":{"can_send_freeform":false,"expires_at":null}}"#.into(), Window::Never),
            (r#"{"has_conversation":true,"session_status":{"can_send_freeform":false,"expires_at":"2026-05-09T17:05:00Z"}}"#.into(), Window::Never),
        ] {
            let session = session(&body).unwrap();
            assert_eq!((session.window, session.source), (window, SessionSource::Provider), "{body}");
        }
        let open = format!(r#"{{{LAST},"session_status":{{"can_send_freeform":true}}}}"#);
        assert_eq!(session(&open).unwrap().last_inbound_at, rfc3339::parse("2026-05-08T17:05:00Z"));
    }

    #[test]
    fn a_session_that_cannot_be_read_is_no_session() {
        for body in ["", "{}", r#"{"session_status":{}}"#, r#"{"session_status":{"can_send_freeform":"no"}}"#] {
            let error = session(body).unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::No), "{body}");
        }
        let refused = session(r#"{"success":false,"error_code":"SENDER_NOT_FOUND"}"#).unwrap_err();
        assert_eq!((refused.kind(), refused.sent()), (ErrorKind::SenderNotFound, Sent::No));
    }
}
